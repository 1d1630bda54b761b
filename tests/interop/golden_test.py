"""Files of real clients, read, printed and served: what the client said."""

import json
import math
import pathlib
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import exposition_text  # noqa: E402
import metric_file  # noqa: E402
import promshm_testing as testing  # noqa: E402

# Golden file -> Accept header, and the Content-Type of the answer.
HTTP_VARIANTS = {
    "expected.prometheus.txt":
        (testing.TEXT_004, "text/plain; version=0.0.4; charset=utf-8"),
    "expected.openmetrics.txt":
        (testing.OPENMETRICS, "application/openmetrics-text; version=1.0.0; "
                              "charset=utf-8; escaping=underscores"),
    "expected.prometheus-utf8.txt":
        (testing.TEXT_100_UTF8, "text/plain; version=1.0.0; charset=utf-8; "
                                "escaping=allow-utf-8"),
    "expected.openmetrics-utf8.txt":
        (testing.OPENMETRICS_UTF8, "application/openmetrics-text; "
                                   "version=1.0.0; charset=utf-8; "
                                   "escaping=allow-utf-8"),
}


def spelled_by_python():
    return [directory for directory in testing.golden_directories()
            if directory.name != "ruby"]


def with_entries():
    return [directory for directory in testing.golden_directories()
            if (directory / "entries.json").exists()]


def bits(number):
    """Tells 0.0 from -0.0, and one NaN is as good as another."""
    return "nan" if math.isnan(number) else struct.pack("=d", number)


def by_meaning(text):
    """Families without help; bounds as numbers."""
    families = {}
    for name, family in exposition_text.parse(text).items():
        families[name] = (family.type, {
            (sample, frozenset(
                (label, float(value) if label == "le" else value)
                for label, value in labels)): bits(value)
            for (sample, labels), value in family.samples.items()})
    return families


class Golden(unittest.TestCase):
    maxDiff = None

    def assert_same_lines(self, got, directory, name):
        expected = (directory / name).read_bytes()
        self.assertEqual(testing.sorted_lines(got),
                         testing.sorted_lines(expected))

    def test_dump_prints_what_the_client_printed(self):
        for directory in spelled_by_python():
            for output in ("prometheus", "openmetrics"):
                with self.subTest(directory=directory.name, output=output):
                    result = testing.dump("-o", output, directory / "db")
                    self.assertEqual(result.stderr, b"")
                    self.assertEqual(result.returncode, 0)
                    self.assert_same_lines(result.stdout, directory,
                                           f"expected.{output}.txt")

    def test_serve_answers_what_the_client_answered(self):
        for directory in spelled_by_python():
            with testing.Server(directory / "db") as server:
                for name, (accept, content_type) in HTTP_VARIANTS.items():
                    if not (directory / name).exists():
                        # The client of legacy016 knew no quoted names.
                        self.assertEqual(directory.name, "legacy016")
                        continue
                    with self.subTest(directory=directory.name, name=name):
                        response = server.scrape(accept)
                        self.assertEqual(response.status, 200)
                        self.assertEqual(response.headers["Content-Type"],
                                         content_type)
                        self.assert_same_lines(response.body, directory, name)

    def test_ruby_means_the_same(self):
        directory = testing.options.golden / "ruby"
        expected = by_meaning(
            (directory / "expected.prometheus.txt").read_bytes().decode())
        result = testing.dump("-o", "prometheus", directory / "db")
        self.assertEqual((result.stderr, result.returncode), (b"", 0))
        self.assertEqual(by_meaning(result.stdout.decode()), expected)
        with testing.Server(directory / "db") as server:
            self.assertEqual(by_meaning(server.scrape().text), expected)

    def test_families_stand_in_one_block_and_series_once(self):
        for directory in testing.golden_directories():
            for output in ("prometheus", "openmetrics"):
                with self.subTest(directory=directory.name, output=output):
                    text = testing.dump("-o", output, directory / "db").stdout
                    families = exposition_text.parse(text.decode())
                    names = [family.name.removesuffix("_total")
                             for family in families.values()]
                    self.assertEqual(names, sorted(names))

    def test_raw_prints_every_entry_of_every_file(self):
        for directory in with_entries():
            with self.subTest(directory=directory.name):
                files = json.loads((directory / "entries.json").read_text())
                expected = []
                for name, entries in sorted(files.items()):
                    path = directory / "db" / name
                    expected += self.raw_fields(path, entries)
                result = testing.dump("-o", "raw", directory / "db")
                self.assertEqual((result.stderr, result.returncode), (b"", 0))
                self.assertEqual(self.parsed_raw(result.stdout), expected)

    def test_raw_prints_the_entries_of_ruby(self):
        directory = testing.options.golden / "ruby"
        expected = []
        for path in sorted((directory / "db").iterdir()):
            expected += self.raw_fields(path, self.entries_of_ruby(path))
        result = testing.dump("-o", "raw", directory / "db")
        self.assertEqual((result.stderr, result.returncode), (b"", 0))
        self.assertEqual(self.parsed_raw(result.stdout), expected)

    def raw_fields(self, path, entries):
        offset = metric_file.HEADER_SIZE
        for key, value, *timestamp in entries:
            yield (str(path), offset, key, bits(value),
                   bits(timestamp[0]) if timestamp else "-")
            offset += metric_file.entry_size(
                len(key.encode()), 16 if timestamp else 8)

    def parsed_raw(self, output):
        lines = output.decode().split("\n")
        self.assertEqual(lines.pop(), "")
        entries = []
        for line in lines:
            path, offset, key, value, timestamp = line.split("\t")
            entries.append((
                path, int(offset), key, bits(float(value)),
                "-" if timestamp == "-" else bits(float(timestamp))))
        return entries

    def entries_of_ruby(self, path):
        data = path.read_bytes()
        used, = struct.unpack_from("=i", data)
        position = metric_file.HEADER_SIZE
        while position < used:
            length, = struct.unpack_from("=i", data, position)
            key = data[position + 4:position + 4 + length].decode()
            position += metric_file.entry_size(length, 8)
            yield key, struct.unpack_from("=d", data, position - 8)[0]


class Builder(unittest.TestCase):
    """The tests' own files are as real as the client's."""

    def test_makes_the_bytes_the_client_wrote(self):
        for directory in with_entries():
            files = json.loads((directory / "entries.json").read_text())
            for name, entries in files.items():
                with self.subTest(directory=directory.name, name=name):
                    real = (directory / "db" / name).read_bytes()
                    built = metric_file.MetricFile(8 * (len(entries[0]) - 1))
                    for entry in entries:
                        built.add(*entry)
                    self.assertEqual(built.bytes(len(real)), real)


if __name__ == "__main__":
    testing.main()
