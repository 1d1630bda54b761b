"""The workers' process metrics beside what ps, prlimit and procfs say."""

import contextlib
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))

import exposition_text  # noqa: E402
import promshm_testing as testing  # noqa: E402

WORKER = pathlib.Path(__file__).parent / "figures_worker.py"
FIGURES = {
    "process_cpu_seconds_total", "process_resident_memory_bytes",
    "process_virtual_memory_bytes", "process_open_fds", "process_max_fds",
    "process_threads", "process_start_time_seconds"}

environment = None


def setUpModule():
    global environment
    environment = testing.client_environment()
    testing.require_program("ps")
    testing.require_program("prlimit")


class Worker:
    """A figures_worker.py, idle from the start of the `with` block on."""

    def __init__(self, directory, cpu_seconds=0.3, threads=3, descriptors=20,
                 prefix=(), limit=None):
        def set_limit():
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        self._process = subprocess.Popen(
            [*prefix, testing.PYTHON, WORKER, str(cpu_seconds), str(threads),
             str(descriptors)],
            env={**environment, "PROMETHEUS_MULTIPROC_DIR": str(directory)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=set_limit)
        self.identifier = None
        self.pid = self._process.pid

    def __enter__(self):
        self.identifier = self._process.stdout.readline().split()[0]
        if self.identifier != str(self.pid):
            # Of a namespace of its own; the child of who made it.
            self.pid = int(pathlib.Path(
                f"/proc/{self.pid}/task/{self.pid}/children").read_text())
        before = None

        def is_idle():
            nonlocal before
            after, before = before, self.ticks()
            return before == after
        testing.wait_for(is_idle, 30, "an idle worker")
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)

    def ticks(self):
        stat = pathlib.Path(f"/proc/{self.pid}/stat").read_text()
        words = stat.rpartition(")")[2].split()
        return int(words[11]) + int(words[12])

    def ps(self, column):
        return subprocess.run(
            ["ps", "-o", f"{column}=", "-p", str(self.pid)], check=True,
            env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True,
            timeout=30).stdout.strip()

    def figures(self):
        """What the system's own programs show."""
        limit = subprocess.run(
            ["prlimit", "--pid", str(self.pid), "--nofile", "--output", "SOFT",
             "--noheadings", "--raw"], check=True, capture_output=True,
            text=True, timeout=30).stdout
        started = time.mktime(time.strptime(self.ps("lstart")))
        return {
            "process_cpu_seconds_total":
                self.ticks() / os.sysconf("SC_CLK_TCK"),
            "process_resident_memory_bytes": int(self.ps("rss")) * 1024,
            "process_virtual_memory_bytes": int(self.ps("vsz")) * 1024,
            "process_open_fds": len(os.listdir(f"/proc/{self.pid}/fd")),
            "process_max_fds": int(limit),
            "process_threads": int(self.ps("nlwp")),
            "process_start_time_seconds": started}


class ProcFigures(unittest.TestCase):
    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.enter = stack.enter_context
        self.directory = self.new_directory()

    def new_directory(self):
        return pathlib.Path(self.enter(tempfile.TemporaryDirectory()))

    def serve(self, *arguments):
        return self.enter(testing.Server(self.directory, arguments=arguments))

    def worker(self, directory=None, **keywords):
        return self.enter(Worker(directory or self.directory, **keywords))

    def scrape(self, server):
        """The samples of process families: name -> labels -> value."""
        response = server.scrape()
        self.assertEqual(response.status, 200, response.text)
        result = {}
        for (name, labels), value in exposition_text.samples(
                exposition_text.parse(response.text)).items():
            if name.startswith("process_"):
                result.setdefault(name, {})[labels] = value
        return result

    def assert_figures(self, samples, expected):
        # ps knows whole seconds only.
        start = "process_start_time_seconds"
        self.assertEqual(int(samples[start]), expected[start])
        for name in FIGURES - {start}:
            self.assertEqual(samples[name], expected[name], name)

    def sums(self, samples):
        """The values of families with one series without labels."""
        for name, series in samples.items():
            self.assertEqual(list(series), [frozenset()], name)
        return {name: series[frozenset()] for name, series in samples.items()}

    def test_equals_what_the_system_shows(self):
        worker = self.worker(limit=333)
        expected = worker.figures()
        self.assertGreaterEqual(expected["process_cpu_seconds_total"], 0.25)
        self.assertEqual(expected["process_threads"], 4)
        self.assertGreater(expected["process_open_fds"], 20)
        self.assertEqual(expected["process_max_fds"], 333)
        samples = self.sums(self.scrape(self.serve()))
        self.assertEqual(samples.keys(), FIGURES)
        self.assert_figures(samples, expected)
        self.assertEqual(int(samples["process_cpu_seconds_total"]),
                         int(worker.ps("cputimes")))

    def test_adds_workers_up_and_keeps_the_time_of_the_ended(self):
        workers = [self.worker(cpu_seconds=seconds) for seconds in (0.1, 0.4)]
        figures = [worker.figures() for worker in workers]
        expected = {name: sum(one[name] for one in figures)
                    for name in FIGURES}
        start = "process_start_time_seconds"
        expected[start] = min(one[start] for one in figures)
        server = self.serve("--process-metrics=sum")
        self.assert_figures(self.sums(self.scrape(server)), expected)
        workers[0].end()
        after = self.sums(self.scrape(server))
        self.assertGreaterEqual(after["process_cpu_seconds_total"],
                                expected["process_cpu_seconds_total"])
        self.assertEqual(after["process_threads"],
                         figures[1]["process_threads"])
        workers[1].end()
        last = self.sums(self.scrape(server))
        self.assertEqual(last.keys(), {"process_cpu_seconds_total"})
        self.assertGreaterEqual(last["process_cpu_seconds_total"],
                                expected["process_cpu_seconds_total"])

    def test_gives_each_worker_a_series(self):
        workers = [self.worker(threads=threads) for threads in (1, 5)]
        samples = self.scrape(self.serve("--process-metrics=pid"))
        self.assertEqual(samples.keys(), FIGURES)
        for worker in workers:
            labels = frozenset({("pid", worker.identifier)})
            self.assert_figures(
                {name: series[labels] for name, series in samples.items()},
                worker.figures())

    def test_names_the_directory_where_there_are_several(self):
        jobs = self.new_directory()
        worker = self.worker(jobs)
        server = self.serve("--process-metrics=pid", f"jobs={jobs}")
        self.assertEqual(
            set(self.scrape(server)["process_threads"]),
            {frozenset({("pid", worker.identifier), ("directory", "jobs")})})

    def test_gives_none_when_off(self):
        self.worker()
        self.assertEqual(self.scrape(self.serve("--process-metrics=off")), {})

    def test_finds_a_worker_in_a_pid_namespace_of_its_own(self):
        unshare = ["unshare", "--pid", "--fork", "--kill-child"]
        if testing.run([*unshare, "true"]).returncode != 0:
            self.skipTest("a PID namespace may not be made here")
        worker = self.worker(prefix=unshare)
        self.assertEqual(worker.identifier, "1")
        samples = self.scrape(self.serve("--process-metrics=pid"))
        labels = frozenset({("pid", "1")})
        self.assert_figures(
            {name: series[labels] for name, series in samples.items()},
            worker.figures())

    def test_gives_what_promtool_has_no_complaint_of(self):
        promtool = shutil.which("promtool")
        if promtool is None:
            self.skipTest("promtool is not installed")
        self.worker()
        server = self.serve("--process-metrics=pid")
        text = server.scrape().text
        self.assertIn("\nprocess_threads{", text)
        self.assertIn("\npromshm_build_info{", text)
        result = testing.run([promtool, "check", "metrics"],
                             input=text.encode())
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (0, b"", b""))
        openmetrics = server.scrape(accept=testing.OPENMETRICS).text
        self.assertEqual(openmetrics.count("# EOF"), 1)
        self.assertTrue(openmetrics.endswith("\n# EOF\n"))


if __name__ == "__main__":
    testing.main()
