"""gunicorn recycles its workers all the time, and promshm-gc cleans up.

It knows nothing of the application, nor that of it. Every scrape, by
promshm-serve and by prometheus_client, has all requests that were answered
before it began, and none that was sent after it ended.
"""

import contextlib
import http.client
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import clean_testing as clean  # noqa: E402
import promshm_testing as testing  # noqa: E402

WORKERS = 2
REQUESTS = 4000
CLIENTS = 4
MAX_REQUESTS = 15
JITTER = 5
PATHS = ("/a", "/b", "/c")
MOST_FILES_OF_THE_DEAD = 8
IN_NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"]
# The last one is met without a cleaner, too: a file that a worker has made and
# not yet given a size.
EXPECTED_ERRORS = {"builtins.IsADirectoryError", "builtins.FileNotFoundError",
                   "struct.error"}
PATIENCE = 60
PAUSE = 0.01  # seconds between two scrapes
LEAST_SCRAPES = 20

gunicorn = None
client_environment = None


def setUpModule():
    global gunicorn, client_environment
    gunicorn = testing.require_program("gunicorn")
    client_environment = testing.client_environment()


def child_of(parent):
    """The PID of the only child of a process."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (folder / "stat").read_text()
            if int(status.rpartition(")")[2].split()[1]) == parent:
                return int(folder.name)
    return None


class Gunicorn(testing.Background):
    """The application, on a free port."""

    def __init__(self, directory, prefix):
        super().__init__(
            [*prefix, gunicorn, "--preload", f"--workers={WORKERS}",
             f"--max-requests={MAX_REQUESTS}",
             f"--max-requests-jitter={JITTER}", "--bind=127.0.0.1:0",
             f"--worker-tmp-dir={directory.parent}",
             f"--chdir={pathlib.Path(__file__).parent}",
             "clean_app:application"],
            env={**client_environment, "PYTHONDONTWRITEBYTECODE": "yes",
                 "PROMETHEUS_MULTIPROC_DIR": str(directory)})
        self._has_prefix = bool(prefix)

    def __enter__(self):
        try:
            self.port = int(self.wait_for_line(
                r"Listening at: http://127\.0\.0\.1:(\d+) ")[1])
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def __exit__(self, *arguments):
        # unshare does not hand a signal on.
        if self._has_prefix and self.process.poll() is None:
            os.kill(child_of(self.process.pid), signal.SIGTERM)
            self.process.wait(timeout=30)
        super().__exit__(*arguments)

    def workers(self):
        """How many have been started so far."""
        return len(re.findall("Booting worker with pid", self.output()))


class Collector:
    """prometheus_client's collector, in a process of its own."""

    def __init__(self, directory):
        self._process = subprocess.Popen(
            [testing.PYTHON, "-B",
             pathlib.Path(__file__).with_name("clean_collector.py"),
             directory], env=client_environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.errors = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=PATIENCE)

    def scrape(self):
        """The text; None where the collector failed as it is allowed to."""
        self._process.stdin.write("collect\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if isinstance(answer, str):
            return answer
        if not EXPECTED_ERRORS.intersection(answer):
            raise AssertionError(answer)
        self.errors.append(answer[0])
        return None


class Load:
    """Requests from several threads, each on a connection of its own."""

    def __init__(self, port):
        self._port = port
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self.sent = 0
        self.answered = 0
        self.failures = []

    def run(self):
        threads = [threading.Thread(target=self._run, daemon=True)
                   for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=4 * PATIENCE)

    def _run(self):
        while (number := next(self._numbers)) < REQUESTS:
            try:
                self._request(number)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))

    def _request(self, number):
        with self._lock:
            self.sent += 1
        response = testing.get(
            self._port, f"{PATHS[number % len(PATHS)]}?{number % 5}")
        if response.status != 200:
            raise http.client.HTTPException(response.status)
        with self._lock:
            self.answered += 1


class Judge:
    """Holds what is scraped, one way, against the load."""

    def __init__(self, load, scrape):
        self._load = load
        self._scrape = scrape
        self._last = (0, 0)

    def check(self):
        """Whether there was something to judge."""
        answered = self._load.answered
        text = self._scrape()
        sent = self._load.sent
        if text is None:
            return False
        now = totals(clean.samples(text))
        for before, value in zip(self._last, now):
            if not max(answered, before) <= value <= sent:
                raise AssertionError(
                    f"{now}: had been {self._last}, {answered} were answered "
                    f"before and {sent} sent until after the scrape")
        self._last = now
        return True


def totals(samples):
    """The requests by the counter, and by the histogram."""
    return (sum(value for (name, _), value in samples.items()
                if name == "app_requests_total"),
            samples.get(("app_seconds_count", frozenset()), 0))


def served(server):
    response = server.scrape()
    if response.status != 200:
        raise AssertionError(f"status {response.status}")
    return response.text


class Recycled(unittest.TestCase):
    """Not a case of its own."""
    maxDiff = None
    prefix = ()

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name) / "metrics"
        self.directory.mkdir()

    def check_everything(self):
        with Gunicorn(self.directory, self.prefix) as app, \
                testing.Background([testing.options.gc, "--compact",
                                    "--watch=1", self.directory]) as gc, \
                testing.Server(self.directory) as server, \
                Collector(self.directory) as collector:
            load = Load(app.port)
            with clean.Loop(Judge(load, lambda: served(server)).check,
                            PAUSE) as serving, \
                    clean.Loop(Judge(load, collector.scrape).check,
                               PAUSE) as collecting:
                load.run()
            self.assertGreater(serving.times, LEAST_SCRAPES)
            self.assertGreater(collecting.times, LEAST_SCRAPES)
            self.assertEqual(load.failures, [])
            self.assertEqual(load.answered, REQUESTS)
            self.assertGreater(app.workers(),
                               REQUESTS // (MAX_REQUESTS + JITTER))
            testing.wait_for(self.is_clean, PATIENCE, "files of the living")
            self.check_samples(clean.samples(served(server)))
            self.check_samples(clean.samples(testing.wait_for(
                collector.scrape, PATIENCE, "a collect beside the cleaner")))
            self.check_samples(clean.dumped(self.directory))
            print(f"{load.answered} requests, {app.workers()} workers, "
                  f"{len(collector.errors)} failed collects: "
                  f"{set(collector.errors)}; cleaner:\n{gc.output()}")

    def is_clean(self):
        """Files are of living processes, or the few of all the others."""
        files = clean.metric_files(self.directory)
        merged = [name for name in files if "_promshm" in name]
        return (clean.FENCE not in files
                and len(merged) <= MOST_FILES_OF_THE_DEAD
                and self.are_living(clean.identifiers(self.directory)))

    def are_living(self, identifiers):
        """The workers, and the master that loaded the application."""
        return len(identifiers) <= WORKERS + 1

    def check_samples(self, samples):
        expected = {}
        for index, path in enumerate(PATHS):
            expected["app_requests_total", frozenset({("path", path)})] = len(
                range(index, REQUESTS, len(PATHS)))
        expected["app_in_progress", frozenset()] = 0
        expected["app_seconds_count", frozenset()] = REQUESTS
        expected["app_seconds_sum", frozenset()] = REQUESTS * (0 + 4) / 2
        # Of each five requests, two took up to 1, and three up to 2.
        for bound, share in (("1.0", 2), ("2.0", 3), ("4.0", 5), ("+Inf", 5)):
            expected["app_seconds_bucket", frozenset({("le", bound)})] = (
                REQUESTS * share / 5)
        self.assertEqual(samples, expected)


class OneNamespace(Recycled):

    def test_recycled_workers(self):
        self.check_everything()

    def are_living(self, identifiers):
        return super().are_living(identifiers) and all(
            os.path.exists(f"/proc/{identifier}")
            for identifier in identifiers)


class NamespaceOfItsOwn(Recycled):
    prefix = IN_NAMESPACE

    @classmethod
    def setUpClass(cls):
        result = testing.run([*IN_NAMESPACE, "true"])
        if result.returncode != 0:
            testing.skip(f"{' '.join(IN_NAMESPACE)}: {result.stderr.decode()}")

    def test_recycled_workers(self):
        self.check_everything()


if __name__ == "__main__":
    testing.main()
