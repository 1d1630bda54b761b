"""Compares numbers and keys with what Python itself writes.

usage: python_spelling_test.py PYTHON_SPELLING
"""

import json
import math
import random
import struct
import subprocess
import sys
import unittest

PROGRAM = sys.argv.pop(1)
SEED = 20240229


def ask(lines):
    answer = subprocess.run(
        [PROGRAM], input="\n".join(lines) + "\n", text=True, encoding="utf-8",
        stdout=subprocess.PIPE, check=True, timeout=120).stdout
    return answer.splitlines()


def bits(value):
    return struct.pack(">d", value).hex()


def float_to_go_string(value):
    """prometheus_client's rule, over Python's repr.

    Releases up to at least 0.21 pad the exponent to 1e+010; 0.25 does not.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    dot = text.find(".")
    if value > 0 and dot > 6:
        mantissa = f"{text[0]}.{text[1:dot]}{text[dot + 1:]}".rstrip("0.")
        return f"{mantissa}e+{dot - 1:02d}"
    return text


def numbers():
    choose = random.Random(SEED)
    for exponent in range(-1074, 1024):
        power = math.ldexp(1.0, exponent)
        yield from (power, -power)
        yield math.nextafter(power, 0) if hasattr(math, "nextafter") else power
    for exponent in range(-324, 309):
        yield float(f"1e{exponent}")
        yield float(f"-9.5e{exponent}")
    for _ in range(50000):
        yield struct.unpack("d", choose.randbytes(8))[0]
    for _ in range(50000):
        yield choose.uniform(-2, 2) * 10.0 ** choose.randint(-8, 18)
    for _ in range(20000):
        yield float(choose.randint(-(10 ** 17), 10 ** 17))
    for _ in range(20000):
        yield round(choose.uniform(-1e7, 1e7), choose.randint(0, 4))


def random_text(choose):
    alphabets = (
        (0x20, 0x7e), (0x00, 0x1f), (0x7f, 0xff), (0x100, 0xd7ff),
        (0xe000, 0xffff), (0x10000, 0x10ffff))
    ascii_only = choose.random() < 0.5
    return "".join(
        chr(choose.randint(*(alphabets[0] if ascii_only
                             else choose.choice(alphabets))))
        for _ in range(choose.randint(1, 12)))


def keys():
    """Pairs of a key's parts and of its labels in another order."""
    choose = random.Random(SEED)
    for _ in range(5000):
        labels = {random_text(choose): random_text(choose)
                  for _ in range(choose.randint(0, 5))}
        parts = [random_text(choose), random_text(choose), labels]
        if choose.random() < 0.7:
            parts.append(random_text(choose))
        yield parts


class PythonSpellingTest(unittest.TestCase):

    def test_numbers_are_spelled_alike(self):
        values = list(numbers())
        answers = ask([f"number {bits(value)}" for value in values])
        self.assertEqual(len(answers), len(values))
        for value, answer in zip(values, answers):
            self.assertEqual(answer, float_to_go_string(value), bits(value))

    def test_keys_are_written_alike(self):
        spelled = [json.dumps(parts, sort_keys=True) for parts in keys()]
        self.assertEqual(ask([f"key {text}" for text in spelled]), spelled)

    def test_keys_spelled_otherwise_mean_the_same(self):
        all_keys = list(keys())
        expected = [json.dumps(parts, sort_keys=True) for parts in all_keys]
        for options in ({"separators": (",", ":")}, {"ensure_ascii": False},
                        {"separators": (" ,\t", " :  ")}):
            lines = [f"key {json.dumps(parts, **options)}"
                     for parts in all_keys]
            self.assertEqual(ask(lines), expected, options)

    def test_array_labels_mean_the_same(self):
        all_keys = list(keys())
        lines, expected = [], []
        for family, sample, labels, *_ in all_keys:
            names = list(labels)
            lines.append("key " + json.dumps(
                [family, sample, names, [labels[name] for name in names]]))
            expected.append(
                json.dumps([family, sample, labels], sort_keys=True))
        self.assertEqual(ask(lines), expected)


if __name__ == "__main__":
    unittest.main()
