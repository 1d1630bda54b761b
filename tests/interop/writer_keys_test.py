"""The C++ writer and the real client write the same bytes for the same series.

The old client stores no timestamps: of it, keys and values are compared.
"""

import json
import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402
import writers  # noqa: E402
from writers import series  # noqa: E402

# Beside those of golden/text: every character that JSON escapes in a way of
# its own, the ends of the ranges of UTF-8, and what looks like a key.
TEXTS = ("", " ", "\0", "\x01\x1f", "\b\f\n\r\t", '"', "\\", '\\"', "/", "'",
         "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd",
         "\uffff", "\U00010000", "\U0010ffff", "🙂🙃", "e\u0301", "\u2028",
         "a=b", "%41", "]", '", "', "\\u0041", "ünïcode 漢字", "x" * 5000)
LABEL_NAMES = ("Zone", "_under", "a1", "a10", "a2", "alpha", "kind", "lf",
               "z_9")
# Not from 1e10 to 1e16, which clients up to at least 0.21 spell otherwise.
BOUNDS = (-2.5, -1, 0, 1e-07, 1e-05, 0.005, 0.1, 0.30000000000000004, 1, 2.5,
          10, 100000, 999999.5, 1e6, 1234567, 1.5e6, 123456789, 1.5e16, 1e21,
          1e100)

client_environment = None
client_modes = ()


def setUpModule():
    global client_environment, client_modes
    client_environment = testing.client_environment()
    client_modes = writers.modes_of_client(client_environment)


def texts():
    """Those of golden/text and some more."""
    entries = json.loads(
        (testing.options.golden / "text" / "entries.json").read_text())
    for key, *_ in next(iter(entries.values())):
        _, _, labels, help_text = json.loads(key)
        yield from labels.values()
        yield help_text
    yield from TEXTS


def text_commands(kind, how, count):
    """Families and series with all texts, as help and in labels."""
    for number, text in enumerate(dict.fromkeys(texts())):
        name = f"{kind}_{how if kind == 'gauge' else ''}{number}"
        yield ["family", kind, name, text, how]
        yield count(name, {})
        yield ["family", kind, f"{name}_labels", "help", how, *LABEL_NAMES]
        yield count(f"{name}_labels",
                    {label: text + label for label in LABEL_NAMES})
        yield count(f"{name}_labels", dict.fromkeys(LABEL_NAMES, text))


def entries(path):
    """Its entries as promshm-dump prints them, without the path."""
    result = testing.dump("-o", "raw", path)
    if result.stderr or result.returncode != 0:
        raise AssertionError(result.stderr.decode())
    return [line.split("\t")[1:]
            for line in result.stdout.decode().split("\n")[:-1]]


def used_part(path):
    data = path.read_bytes()
    return data[:int.from_bytes(data[:4], sys.byteorder)]


class Keys(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.client = pathlib.Path(temporary.name) / "client"
        self.ours = pathlib.Path(temporary.name) / "ours"

    def write(self, commands):
        """Has both write the same, as process `same`."""
        commands = list(commands)
        for directory, make in (
                (self.client, lambda path: writers.client_writer(
                    path, client_environment, "text:same")),
                (self.ours, lambda path: writers.promshm_writer(
                    path, "text:same"))):
            directory.mkdir()
            with make(directory) as writer:
                writer.do_all(commands)
                writer.settle()
                self.assertEqual(writer.errors(), "")

    def check(self, *names):
        """Compares the files, of which there are no others."""
        for directory in self.client, self.ours:
            self.assertEqual(sorted(path.name for path in directory.iterdir()),
                             sorted(names))
        for name in names:
            theirs, ours = entries(self.client / name), entries(
                self.ours / name)
            self.assertGreater(len(theirs), 3)
            ours = [(key, float(value)) for _, key, value, _ in ours]
            theirs = [(key, float(value)) for _, key, value, _ in theirs]
            self.assertEqual(testing.differences(ours, theirs), [])
            self.assertTrue(ours == theirs, f"{name}: another order")

    def check_bytes(self, *names):
        self.check(*names)
        if testing.options.client == "current":
            for name in names:
                same = used_part(self.ours / name) == used_part(
                    self.client / name)
                self.assertTrue(same, f"{name}: other bytes")

    def test_counter(self):
        self.write(text_commands(
            "counter", "", lambda name, labels: series(
                "inc", name, 1.25, **labels)))
        self.check_bytes("counter_same.db")

    def test_counter_whose_name_ends_in_total(self):
        self.write([["family", "counter", name, "help", "", "k"]
                    for name in ("a_total", "b", "c_total_x", "total")] +
                   [series("inc", name, 2, k="v")
                    for name in ("total", "a_total", "c_total_x", "b")])
        self.check_bytes("counter_same.db")

    def test_histogram(self):
        bounds = ",".join(map(repr, BOUNDS))
        self.write(text_commands(
            "histogram", bounds, lambda name, labels: series(
                "observe", name, 2.5, **labels)))
        self.check_bytes("histogram_same.db")

    def test_summary(self):
        self.write(text_commands(
            "summary", "", lambda name, labels: series(
                "observe", name, -0.5, **labels)))
        self.check_bytes("summary_same.db")

    def test_info(self):
        self.write(text_commands(
            "info", "", lambda name, labels: series("add", name, **labels)))
        self.check_bytes("gauge_max_same.db")

    def test_gauge_in_every_mode(self):
        modes = [mode for mode in client_modes if "mostrecent" not in mode]
        commands = []
        for mode in modes:
            commands += text_commands(
                "gauge", mode, lambda name, labels: series(
                    "set", name, -7.5, **labels))
        self.write(commands)
        self.check_bytes(*(f"gauge_{mode}_same.db" for mode in modes))

    def test_gauge_of_the_most_recent_with_its_time(self):
        modes = [mode for mode in client_modes if "mostrecent" in mode]
        if not modes:
            self.skipTest("the old client has no such mode")
        commands = []
        for mode in modes:
            commands += text_commands(
                "gauge", mode, lambda name, labels: series(
                    "set" if labels else "add", name, -7.5, **labels))
        begin = time.time()
        self.write(commands)
        end = time.time()
        names = [f"gauge_{mode}_same.db" for mode in modes]
        self.check(*names)
        for name in names:
            for directory in self.client, self.ours:
                for _, key, value, timestamp in entries(directory / name):
                    if float(value) == 0:
                        self.assertEqual(float(timestamp), 0, key)
                    else:
                        self.assertGreaterEqual(float(timestamp), begin, key)
                        self.assertLessEqual(float(timestamp), end, key)


if __name__ == "__main__":
    testing.main()
