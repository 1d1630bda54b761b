"""The C++ writer makes the bytes that the client of the golden directories
made, entry for entry."""

import json
import math
import pathlib
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402
import writers  # noqa: E402
from metric_file import MetricFile  # noqa: E402

# Values without timestamps; another dialect; names that are not allowed.
OTHERS = ("legacy016", "ruby", "utf8")


class Series:
    """The entries of one series, one after the other in a file."""

    def __init__(self, family, labels, help_text):
        self.family = family
        self.labels = labels
        self.help_text = help_text
        self.values = []
        self.bounds = []

    def belongs(self, family, labels):
        return (family, labels) == (self.family, self.labels)


def series_of(entries):
    """Their Series, in order."""
    result = []
    for key, value, timestamp in entries:
        family, _, labels, help_text = json.loads(key)
        bound = labels.pop("le", None)
        if not result or not result[-1].belongs(family, labels):
            result.append(Series(family, labels, help_text))
        result[-1].values.append((value, timestamp))
        if bound not in (None, "+Inf"):
            result[-1].bounds.append(bound)
    return result


def is_positive_zero(value):
    return struct.pack("=d", value) == struct.pack("=d", 0.0)


def commands(kind, mode, one):
    """What makes the entries of a series."""
    labels = [f"{name}={value}" for name, value in one.labels.items()]
    yield ["family", kind, one.family, one.help_text,
           ",".join(one.bounds) if kind == "histogram" else mode]
    yield ["add", one.family, "", *labels]
    values = [value for value, _ in one.values]
    if kind == "counter":
        yield ["inc", one.family, values[0], *labels]
    elif kind == "gauge" and not is_positive_zero(values[0]):
        yield ["set", one.family, values[0], *labels]
    elif kind == "histogram":
        total, *counts = values
        yield ["observe_multiple", one.family,
               ",".join(map(repr, [*counts, total])), *labels]
    elif kind == "summary":
        count, total = values
        for number in range(int(count)):
            yield ["observe", one.family, 0 if number else total, *labels]


def kind_and_mode(name):
    kind, *mode, _ = name.split("_")
    return kind, "".join(mode)


class Golden(unittest.TestCase):
    maxDiff = None

    def test_the_bytes_are_the_clients(self):
        directories = [directory for directory in testing.golden_directories()
                       if directory.name not in OTHERS]
        self.assertGreaterEqual(len(directories), 6)
        for directory in directories:
            files = json.loads((directory / "entries.json").read_text())
            with tempfile.TemporaryDirectory() as made:
                self.write(files, made)
                self.assertEqual(
                    sorted(path.name
                           for path in pathlib.Path(made).glob("*.db")),
                    sorted(files))
                for name, entries in files.items():
                    with self.subTest(directory=directory.name, name=name):
                        self.check(pathlib.Path(made) / name, entries)

    def write(self, files, directory):
        """Each process of the files by a process of ours."""
        identifiers = {name.rpartition("_")[2].removesuffix(".db")
                       for name in files}
        for identifier in sorted(identifiers):
            with writers.promshm_writer(
                    directory, f"text:{identifier}") as writer:
                for name, entries in files.items():
                    if name.endswith(f"_{identifier}.db"):
                        for one in series_of(entries):
                            writer.do_all(commands(*kind_and_mode(name), one))
                writer.settle()
                self.assertEqual(writer.errors(), "")

    def check(self, path, entries):
        """All bytes but the times, which have to be later."""
        data = path.read_bytes()
        expected = MetricFile()
        for key, value, timestamp in entries:
            begin = expected.end
            expected.add(key, value, timestamp)
            if timestamp != 0:
                at = slice(expected.end - 8, expected.end)
                self.assertGreater(struct.unpack("=d", data[at])[0], timestamp)
                data = data[:at.start] + struct.pack("=d", timestamp) + \
                    data[at.stop:]
            if math.isnan(value):
                self.assertTrue(math.isnan(struct.unpack_from(
                    "=d", data, expected.end - 16)[0]))
            self.assertEqual(data[begin:expected.end],
                             expected.bytes(size=0)[begin:])
        self.assertEqual(data[:expected.end], expected.bytes(size=0))
        self.assertFalse(any(data[expected.end:]))


if __name__ == "__main__":
    testing.main()
