"""A prefork server that measures with OpenTelemetry: its master makes provider
and instruments, its workers count."""

import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402
from opentelemetry_testing import Instrument, OpenTelemetryTest  # noqa: E402

WORKERS = 4
MANY_WORKERS = 20
SECONDS = 30  # for an observation to appear
BOUNDS = "0.0,5.0,10.0,25.0,50.0,75.0,100.0,250.0,500.0,750.0," \
    "1000.0,2500.0,5000.0,7500.0,10000.0"


def counter(kind, name):
    return Instrument(kind, name, "", f"Of {name}", "counter", name, "")


def gauge(kind, name):
    return Instrument(kind, name, "", f"Of {name}", "gauge", name, "livesum")


def histogram(kind, name):
    return Instrument(kind, name, "", f"Of {name}", "histogram", name, BOUNDS)


COUNTED = (counter("UInt64Counter", "jobs"), counter("DoubleCounter", "work"))
HELD = (gauge("Int64UpDownCounter", "open"),
        gauge("DoubleUpDownCounter", "load"))
RECORDED = (histogram("UInt64Histogram", "lines"),
            histogram("DoubleHistogram", "time"))
OBSERVED = (counter("Int64ObservableCounter", "sent"),
            counter("DoubleObservableCounter", "burnt"),
            gauge("Int64ObservableUpDownCounter", "owned"),
            gauge("DoubleObservableUpDownCounter", "weight"),
            gauge("Int64ObservableGauge", "depth"),
            gauge("DoubleObservableGauge", "temperature"))
INSTRUMENTS = (*COUNTED, *HELD, *RECORDED, *OBSERVED)
CREATIONS = [one.create() for one in INSTRUMENTS]
KINDS = {"counter", "gauge_livesum", "histogram"}


def work(worker):
    """What a worker measures: (instrument, value, attributes)."""
    for attributes in {}, {"queue": "mail"}, {"queue": f"w{worker}", "n": 1}:
        for one in COUNTED:
            for value in 1, worker, 4:
                yield one, value, attributes
        for one in HELD:
            yield one, 3 * worker, attributes
            yield one, -worker, attributes
        for one in RECORDED:
            for value in worker, 30, 20000:
                yield one, value, attributes
        for number, one in enumerate(OBSERVED):
            yield one, 10 * worker + number, attributes


def measured(measurements):
    """The commands for our program."""
    return [one.measure(value, attributes)
            for one, value, attributes in measurements]


class Prefork:
    """What holds whether the workers' threads ask the callbacks, or the
    workers do so themselves."""
    interval = None  # in milliseconds, of the threads; 0: there are none

    def master(self):
        return self.program("default", "gauge_mode=livesum",
                            f"observe_interval={self.interval}")

    def record(self, pid, measurements):
        """What a process measures, for the sums."""
        self.sums.record(pid, [
            *(one.register() for one in INSTRUMENTS),
            *(one.count(value, attributes)
              for one, value, attributes in measurements)])

    def fork(self, master, measurements, *before):
        """The PID of a worker that has measured and now only waits."""
        measurements = list(measurements)
        pid = master.fork([*before, *measured(measurements),
                           *([] if self.interval else [["collect"]])])
        self.record(pid, measurements)
        return pid

    def fork_all(self, master, *before):
        return [self.fork(master, work(worker), *before)
                for worker in range(1, WORKERS + 1)]

    def files(self, *pids):
        return {f"{kind}_{pid}.db" for kind in KINDS for pid in pids}

    def wait_for_observations(self):
        names = {one.family + ("_total" if one.type == "counter" else "")
                 for one in OBSERVED}
        wanted = {key: value for key, value in self.sums.samples().items()
                  if key[0] in names}
        self.assertGreaterEqual(len(wanted), len(OBSERVED))
        testing.wait_for(
            lambda: wanted.items() <= self.samples().items(), SECONDS,
            "observations")

    def check(self):
        self.wait_for_observations()
        self.check_sums()

    def reap(self, master, pid, status):
        self.assertEqual(master.ask("reap"), f"{pid} {status}")
        self.sums.forget_live_gauges(pid)

    def finish(self, master, pids):
        """Lets the workers end; the order is theirs."""
        master.do("release")
        answers = {master.ask("reap") for _ in pids}
        self.assertEqual(answers, {f"{pid} 0" for pid in pids})
        for pid in pids:
            self.sums.forget_live_gauges(pid)
        self.check_sums()
        self.assertEqual(master.ask("dropped"), "0")
        self.assertEqual(master.ask("refused"), "0")
        self.assertEqual(master.errors(), "")

    def test_what_each_worker_measured_is_summed(self):
        with self.master() as master:
            master.do_all(CREATIONS)
            pids = self.fork_all(master)
            self.check()
            self.assertEqual(self.names(), self.files(*pids))
            self.finish(master, pids)

    def test_workers_make_the_instruments_themselves(self):
        with self.master() as master:
            pids = self.fork_all(master, *CREATIONS)
            self.check()
            self.assertEqual(self.names(), self.files(*pids))
            self.finish(master, pids)

    def test_what_the_master_counted_stays_the_masters(self):
        with self.master() as master:
            master.do_all(CREATIONS)
            # What is observed, the workers would inherit.
            measurements = [(one, value, attributes)
                            for one, value, attributes in work(7)
                            if one not in OBSERVED]
            master.do_all(measured(measurements))
            self.record(master.pid, measurements)
            pids = self.fork_all(master)
            self.check()
            self.assertEqual(self.names(), self.files(master.pid, *pids))
            self.finish(master, pids)

    def test_what_the_master_observes_its_workers_observe_too(self):
        observations = [(one, 5 + number, attributes)
                        for number, one in enumerate(OBSERVED)
                        for attributes in ({}, {"queue": "mail"})]
        with self.master() as master:
            master.do_all([*CREATIONS, *measured(observations)])
            self.collect(master)
            self.record(master.pid, observations)
            self.check()
            pids = [self.fork(master, []) for _ in range(WORKERS)]
            for pid in pids:
                self.record(pid, observations)
            self.check()
            self.finish(master, pids)

    def contents(self):
        return {name: (self.directory / name).read_bytes()
                for name in self.names()}

    def test_the_live_gauges_of_a_dead_worker_go_and_nothing_else(self):
        with self.master() as master:
            master.do_all(CREATIONS)
            pids = self.fork_all(master)
            self.check()
            for sent in signal.SIGKILL, signal.SIGTERM:
                before = self.contents()
                killed = pids.pop(1)
                os.kill(killed, sent)
                self.reap(master, killed, -sent)
                del before[f"gauge_livesum_{killed}.db"]
                self.assertTrue(self.contents() == before)
                self.check_sums()
            pids.append(self.fork(master, work(WORKERS + 1)))
            self.check()
            self.finish(master, pids)


class AskedByWorkers(Prefork, OpenTelemetryTest):
    interval = 0


class AskedByThreads(Prefork, OpenTelemetryTest):
    interval = 20

    def test_shutdown_stores_a_last_observation(self):
        with self.program("default", "observe_interval=3600000") as master:
            master.do_all(CREATIONS)
            pids = []
            for worker in range(WORKERS):
                observations = [(one, worker + 1, {}) for one in OBSERVED[:2]]
                pids.append(master.fork([*measured(observations),
                                         ["shutdown"]]))
                self.record(pids[-1], observations)
            self.check_sums()
            self.finish(master, pids)


class AskedWithoutPause(Prefork, OpenTelemetryTest):
    interval = 1

    def test_many_workers(self):
        observations = [(one, 1, {}) for one in OBSERVED]
        with self.master() as master:
            master.do_all([*CREATIONS, *measured(observations)])
            self.collect(master)
            self.record(master.pid, observations)
            pids = [self.fork(master, work(worker))
                    for worker in range(MANY_WORKERS)]
            self.check()
            self.finish(master, pids)


if __name__ == "__main__":
    testing.main()
