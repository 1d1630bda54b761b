"""The OpenTelemetry provider's files, held against Python to the byte.

The expected bytes are built here with json.dumps() and str(), and once more
written by the real client, with the names that OpenTelemetry's get. The old
client stores no timestamps: of it, keys and values are compared.
"""

import json
import pathlib
import sys
import typing

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402
import writers  # noqa: E402
from metric_file import MetricFile  # noqa: E402
from opentelemetry_testing import (Instrument, OpenTelemetryTest,  # noqa: E402
                                   PYTHON_BOUNDS)

DURATION_BUCKETS = [*map(repr, PYTHON_BOUNDS), "+Inf"]


class Row(typing.NamedTuple):
    """An instrument, its measurements, and what is then in which file."""
    instrument: Instrument
    measurements: list  # (value, attributes)
    file: str
    entries: list  # (key, value)


def counter(kind, name, unit, description, family):
    return Instrument(kind, name, unit, description, "counter", family, "")


def gauge(kind, name, unit, description, family):
    return Instrument(kind, name, unit, description, "gauge", family, "all")


def histogram(kind, name, unit, description, family):
    return Instrument(kind, name, unit, description, "histogram", family,
                      ",".join(map(repr, PYTHON_BOUNDS)))


def histogram_entries(family, labels, description, total, counts):
    """`counts` has a bucket's count where it is not 0."""
    yield [family, f"{family}_sum", labels, description], total
    for le in DURATION_BUCKETS:
        yield ([family, f"{family}_bucket", {**labels, "le": le}, description],
               counts.get(le, 0))


REQUESTS = counter("DoubleCounter", "requests", "", "help text", "requests")
HTTP_REQUESTS = counter("UInt64Counter", "http.requests", "{request}", "h",
                        "http_requests")
QUEUE_SIZE = gauge("Int64UpDownCounter", "queue.size", "{items}", "h",
                   "queue_size")
DURATION = histogram("DoubleHistogram", "http.client.duration", "ms", "h",
                     "http_client_duration_milliseconds")
SIZE = histogram("UInt64Histogram", "http.size", "By", "h", "http_size_bytes")
GET_200 = {"http.method": "GET", "code": 200}

ROWS = [
    Row(REQUESTS, [(3, {}), (1.5, {})], "counter",
        [(["requests", "requests_total", {}, "help text"], 4.5)]),
    Row(HTTP_REQUESTS, [(7, GET_200)], "counter",
        [(["http_requests", "http_requests_total",
           {"code": "200", "http_method": "GET"}, "h"], 7)]),
    Row(QUEUE_SIZE, [(5, {}), (-2, {})], "gauge_all",
        [(["queue_size", "queue_size", {}, "h"], 3)]),
    Row(DURATION, [(7, {}), (20000, {}), (0.005, {})], "histogram",
        [*histogram_entries("http_client_duration_milliseconds", {}, "h",
                            20007.005, {"0.005": 1, "7.5": 1, "+Inf": 1})]),
    Row(SIZE, [(10, GET_200)], "histogram",
        [*histogram_entries("http_size_bytes",
                            {"code": "200", "http_method": "GET"}, "h", 10,
                            {"10.0": 1})]),
    Row(gauge("DoubleObservableGauge", "temp", "Cel", "h", "temp_celsius"),
        [(20.5, {}), (-3.25, {})], "gauge_all",
        [(["temp_celsius", "temp_celsius", {}, "h"], -3.25)]),
]
# Since version 2 of the API's ABI.
GAUGE_ROW = Row(gauge("DoubleGauge", "temp.now", "Cel", "h",
                      "temp_now_celsius"),
                [(20.5, {}), (-3.25, {})], "gauge_all",
                [(["temp_now_celsius", "temp_now_celsius", {}, "h"], -3.25)])

# What JSON escapes in ways of its own, and the ends of the ranges of UTF-8.
TEXTS = ("", " ", "\0", "\x01\x1f", "\b\f\n\r\t", '"', "\\", "/", "\x7f",
         "\x80", "\u07ff", "\u0800", "\ufffd", "\uffff", "\U00010000",
         "\U0010ffff", "\u2028", "naïve 漢字 🙂", '", "', "\\u0041",
         "x" * 5000)

INFINITY = float("inf")
ATTRIBUTES = (
    True, False, 0, -1, 2**53 + 1, 2**63 - 1, -2**63,
    0.0, -0.0, 1.0, -1.0, 1.5, 0.1, 1 / 3, 1e-07, 1e-05, 0.0001, 1e15, 1e16,
    1e17, 123456789012345680.0, 1e22, 1e100, 5e-324, 1.7976931348623157e308,
    float("nan"), INFINITY, -INFINITY,
    b"x", b"", bytes(range(256)), [1, 2], [-1], [2**53],
    [1.0, 0.5, 1e16, float("nan"), -INFINITY],
    ("a", "b"), ("one",), ("", "it's", '"', "'\"", "\\", "\n\r\t\x01\x7f"),
    ("é", "漢字", "🙂"))


def encoded(key):
    return json.dumps(key, sort_keys=True)


def keys_and_values(path):
    """Of a file's entries, as promshm-dump prints them."""
    result = testing.dump("-o", "raw", path)
    if result.stderr or result.returncode != 0:
        raise AssertionError(result.stderr.decode())
    return [tuple(line.split("\t")[2:4])
            for line in result.stdout.decode().split("\n")[:-1]]


def used_part(path):
    data = path.read_bytes()
    return data[:int.from_bytes(data[:4], sys.byteorder)]


class Keys(OpenTelemetryTest):

    def setUp(self):
        super().setUp()
        self.theirs = self.directory / "theirs"
        self.directory = self.directory / "ours"
        self.theirs.mkdir()
        self.directory.mkdir()

    def rows(self, program):
        """Those that the program can be asked for."""
        return ROWS if program.ask("abi") == "1" else [*ROWS, GAUGE_ROW]

    def check(self, pid, files):
        """`files`: file -> its entries in order, a key and a value each."""
        self.assertEqual(self.names(),
                         {f"{file}_{pid}.db" for file in files})
        for file, entries in files.items():
            expected = MetricFile()
            for key, value in entries:
                expected.add(encoded(key), value)
            data = (self.directory / f"{file}_{pid}.db").read_bytes()
            self.assertEqual(data[:expected.end], expected.bytes(size=0))
            self.assertFalse(any(data[expected.end:]))

    def test_each_instrument_alone(self):
        with self.program("python") as program:
            count = len(self.rows(program))
        for number in range(count):
            self.directory = self.directory.with_name(f"row{number}")
            self.directory.mkdir()
            with self.program("python") as program:
                row = self.rows(program)[number]
                with self.subTest(row=row.instrument.name):
                    program.do(*row.instrument.create())
                    for measurement in row.measurements:
                        program.do(*row.instrument.measure(*measurement))
                    self.collect(program)
                    self.assertEqual(program.errors(), "")
                    self.check(program.pid, {row.file: row.entries})

    def test_creating_instruments_writes_nothing(self):
        with self.program("python") as program:
            for row in self.rows(program):
                program.do(*row.instrument.create())
            self.collect(program)
            self.assertEqual(self.names(), set())

    def test_entries_stand_in_the_order_of_first_measurements(self):
        with self.program("python") as program:
            rows = self.rows(program)
            for row in reversed(rows):
                program.do(*row.instrument.create())
            files = {}
            for row in rows:
                # Of an observable instrument, only what it says at the end.
                for measurement in row.measurements:
                    program.do(*row.instrument.measure(*measurement))
                self.collect(program)
                files.setdefault(row.file, []).extend(row.entries)
            self.assertEqual(program.errors(), "")
            self.check(program.pid, files)

    def write_both(self, measurements):
        """Has our program and the client count the same. A tuple is an
        instrument, a value and attributes; the attributes are spelled with
        str() for the client."""
        with self.program("python") as program:
            with writers.client_writer(self.theirs, self.client_environment,
                                       f"text:{program.pid}") as client:
                for instrument, value, attributes in measurements:
                    program.do(*instrument.create())
                    program.do(*instrument.measure(value, attributes))
                    client.do(*instrument.register(attributes))
                    client.do(*instrument.count(value, attributes))
                client.settle()
            program.settle()
            self.assertEqual(program.errors(), "")

    def check_both(self):
        self.assertEqual(self.names(),
                         {path.name for path in self.theirs.iterdir()})
        for name in self.names():
            ours = keys_and_values(self.directory / name)
            theirs = keys_and_values(self.theirs / name)
            self.assertGreater(len(theirs), 0)
            self.assertEqual(testing.differences(ours, theirs), [])
            self.assertTrue(ours == theirs, f"{name}: another order")
            if testing.options.client == "current":
                same = used_part(self.directory / name) == used_part(
                    self.theirs / name)
                self.assertTrue(same, f"{name}: other bytes")

    def test_the_client_writes_the_same(self):
        self.write_both([
            (row.instrument, *measurement)
            for row in ROWS if "Observable" not in row.instrument.kind
            for measurement in row.measurements])
        self.check_both()
        self.assertEqual(len(self.names()), 3)

    def test_the_client_writes_the_same_texts(self):
        measurements = []
        for number, text in enumerate(TEXTS):
            counted = counter("DoubleCounter", f"c{number}", "", text,
                              f"c{number}")
            held = gauge("Int64UpDownCounter", f"g{number}", "", text,
                         f"g{number}")
            attributes = {"some.text": text, "Zone": text + "é", "_a": "ü"}
            measurements += [(counted, 0.5, attributes),
                             (held, -1, attributes)]
        self.write_both(measurements)
        self.check_both()

    def test_attribute_values_are_spelled_as_by_str(self):
        self.write_both([
            (HTTP_REQUESTS, number + 1, {"a.value": value})
            for number, value in enumerate(ATTRIBUTES)])
        self.check_both()


if __name__ == "__main__":
    testing.main()
