"""OpenTelemetry in C++ and prometheus_client in Python share a directory.

The Python workers count under the names and labels that the Python package
makes of the same instruments. The old client cannot read files with
timestamps: with it promshm-dump alone adds up the two generations.
"""

import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import exposition_text  # noqa: E402
import promshm_testing as testing  # noqa: E402
import writers  # noqa: E402
from opentelemetry_testing import (Instrument, OpenTelemetryTest,  # noqa: E402
                                   PYTHON_BOUNDS)

WORKERS = 3  # of each language, beside those that fork them
BOUNDS = ",".join(map(repr, PYTHON_BOUNDS))

REQUESTS = Instrument("UInt64Counter", "http.requests", "{request}", "Served",
                      "counter", "http_requests", "")
JOBS = Instrument("DoubleCounter", "jobs", "", "Jobs — all of them", "counter",
                  "jobs", "")
SENT = Instrument("Int64ObservableCounter", "net.sent", "By", "Sent",
                  "counter", "net_sent_bytes", "")
QUEUE_SIZE = Instrument("Int64UpDownCounter", "queue.size", "{items}", "Queue",
                        "gauge", "queue_size", "all")
TEMPERATURE = Instrument("DoubleObservableGauge", "temp", "Cel", "Warmth",
                         "gauge", "temp_celsius", "all")
DURATION = Instrument("DoubleHistogram", "http.client.duration", "ms", "Time",
                      "histogram", "http_client_duration_milliseconds", BOUNDS)
SIZE = Instrument("UInt64Histogram", "job.size", "{line}", "Lines",
                  "histogram", "job_size", BOUNDS)
INSTRUMENTS = (REQUESTS, JOBS, SENT, QUEUE_SIZE, TEMPERATURE, DURATION, SIZE)

# Of every instrument the same labels in all processes, as prometheus_client
# demands.
LABELS = {REQUESTS: {"http.method": "GET", "code": 200},
          DURATION: {"http.method": "GET", "code": 200},
          QUEUE_SIZE: {"queue": "漢字"}}


def work(worker):
    """(instrument, value, attributes); the values are small multiples of 1/8,
    so that their sums are exact."""
    for code in 200, 404, 500 + worker:
        attributes = {"http.method": "GET", "code": code}
        yield REQUESTS, 1, attributes
        # The order of attributes is of no importance.
        yield REQUESTS, 3 * worker, dict(reversed(attributes.items()))
        for value in 0.125, 0.5, worker, worker * 10.0 + 1:
            yield DURATION, value, attributes
    yield JOBS, worker + 0.625, {}
    yield JOBS, 1, {}
    yield SENT, 1000 * worker, {}
    yield QUEUE_SIZE, 5, LABELS[QUEUE_SIZE]
    yield QUEUE_SIZE, -2 * worker, LABELS[QUEUE_SIZE]
    yield TEMPERATURE, 20.5 + worker, {}
    for value in 0, 1, 2, 100 * worker:
        yield SIZE, value, {}


class Shared(OpenTelemetryTest):

    def check_sums(self):
        if testing.options.client == "current":
            super().check_sums()
            return
        self.assertEqual(testing.differences(
            self.samples().items(), self.sums.samples().items()), [])

    def record(self, pid, worker):
        self.sums.record(pid, [
            *(one.register(LABELS.get(one)) for one in INSTRUMENTS),
            *(one.count(value, attributes)
              for one, value, attributes in work(worker))])

    def test_series_of_both_languages_are_one(self):
        creations = [one.create() for one in INSTRUMENTS]
        families = [one.register(LABELS.get(one)) for one in INSTRUMENTS]
        with contextlib.ExitStack() as stack:
            ours = stack.enter_context(self.program("python",
                                                    "observe_interval=0"))
            client = stack.enter_context(self.client())
            ours.do_all(creations)
            for worker in range(1, 2 * WORKERS, 2):
                pid = ours.fork([
                    *(one.measure(value, attributes)
                      for one, value, attributes in work(worker)),
                    ["collect"]])
                self.record(pid, worker)
                pid = client.fork([*families, *(
                    one.count(value, attributes)
                    for one, value, attributes in work(worker + 1))])
                self.record(pid, worker + 1)
            self.check_sums()
            self.check_families()
            ours.do("release")
            for _ in range(WORKERS):
                self.assertRegex(ours.ask("reap"), r"^\d+ 0$")
            self.assertEqual(client.ask("wait"), "ended" + " 0" * WORKERS)
            self.check_sums()
            self.assertEqual(ours.ask("dropped"), "0")
            self.assertEqual(ours.errors(), "")

    def check_families(self):
        result = testing.dump("-o", "prometheus", self.directory)
        families = exposition_text.parse(result.stdout.decode())
        self.assertEqual(
            {(family.name, family.type, family.help)
             for family in families.values()},
            {(one.family + ("_total" if one.type == "counter" else ""),
              one.type, one.description) for one in INSTRUMENTS})

    def test_a_client_continues_the_file_and_counts_on(self):
        if testing.options.client == "old":
            self.skipTest("the old client is not of our generation")
        with self.program("python") as ours:
            pid = ours.pid
            ours.do_all(one.create() for one in INSTRUMENTS)
            ours.do_all(one.measure(value, attributes)
                        for one, value, attributes in work(1))
            self.collect(ours)
            self.record(pid, 1)
            self.assertEqual(ours.errors(), "")
        files = self.names()
        with self.client(f"text:{pid}") as client:
            self.do(client, pid, [
                *(one.register(LABELS.get(one)) for one in INSTRUMENTS),
                *(one.count(value, attributes)
                  for one, value, attributes in work(2))])
            self.assertEqual(self.names(), files)
            self.check_sums()
            self.check_no_entry_twice()


if __name__ == "__main__":
    testing.main()
