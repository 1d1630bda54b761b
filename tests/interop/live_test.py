"""Workers of the real client write while promshm-serve is scraped."""

import contextlib
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import exposition_text  # noqa: E402
import promshm_testing as testing  # noqa: E402

WORKERS = 6
SECONDS = 4
SCRAPERS = (
    {"accept": testing.TEXT_004},
    {"accept": testing.OPENMETRICS},
    {"accept": testing.TEXT_100_UTF8, "Accept_Encoding": "gzip"},
)

client_environment = None


def setUpModule():
    global client_environment
    client_environment = testing.client_environment()


@contextlib.contextmanager
def workers(directory):
    """The running workers; their standard output says `paused`."""
    script = pathlib.Path(__file__).with_name("live_workers.py")
    with subprocess.Popen(
            [testing.PYTHON, "-B", str(script), str(WORKERS), str(SECONDS)],
            env={**client_environment, "PROMETHEUS_MULTIPROC_DIR": directory},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


class Scraper(threading.Thread):
    """Scrapes until told to stop, and checks each answer against the last."""

    def __init__(self, server, request):
        super().__init__(daemon=True)
        self.scrapes = 0
        self.series = []
        self.failure = None
        self._server = server
        self._request = request
        self._stop_requested = threading.Event()
        self._monotonic = {}

    def run(self):
        try:
            while not self._stop_requested.is_set():
                self._scrape()
        except Exception as error:  # The test's thread reports it.
            self.failure = error

    def stop(self):
        self._stop_requested.set()
        self.join(timeout=60)

    def _scrape(self):
        response = self._server.scrape(**self._request)
        if response.status != 200:
            raise AssertionError(f"status {response.status}")
        families = exposition_text.parse(response.text)
        self._check_nothing_fell(families)
        for family in families.values():
            if family.type == "histogram":
                check_histogram(family)
        self.scrapes += 1
        self.series.append(len(exposition_text.samples(families)))

    def _check_nothing_fell(self, families):
        now = {key: value for family in families.values()
               if family.type != "gauge"
               for key, value in family.samples.items()}
        for key, before in self._monotonic.items():
            if key not in now:
                raise AssertionError(f"{key}: is gone")
            if now[key] < before:
                raise AssertionError(
                    f"{key}: fell from {before} to {now[key]}")
        self._monotonic = now


def check_histogram(family):
    """Buckets in order of the bound never fall; +Inf is the count."""
    last = {}
    for (sample, labels), value in family.samples.items():
        labels = dict(labels)
        bound = float(labels.pop("le", "nan"))
        series = frozenset(labels.items())
        if sample.endswith("_bucket"):
            before = last.get(series, (float("-inf"), 0.0))
            if bound <= before[0] or value < before[1]:
                raise AssertionError(f"{sample} {labels}: {before}, "
                                     f"then {(bound, value)}")
            last[series] = (bound, value)
        elif sample.endswith("_count") and last[series] != (
                float("inf"), value):
            raise AssertionError(f"{sample} {labels}: {value}, "
                                 f"but the last bucket is {last[series]}")


class Live(unittest.TestCase):
    maxDiff = None

    def test_scrapes_are_sound_and_the_final_totals_are_the_clients(self):
        with tempfile.TemporaryDirectory() as directory, \
                testing.Server(directory) as server:
            scrapers = [Scraper(server, request) for request in SCRAPERS]
            with workers(directory) as process:
                for scraper in scrapers:
                    scraper.start()
                line = process.stdout.readline()
                for scraper in scrapers:
                    scraper.stop()
                self.assertEqual(line, b"paused\n")
                self.check_scrapers(scrapers)
                self.check_the_run(directory, server)
                self.check_totals(directory, server)
                process.stdin.close()
                self.assertEqual(process.wait(timeout=30), 0)

    def check_scrapers(self, scrapers):
        for scraper in scrapers:
            self.assertIsNone(scraper.failure)
            self.assertFalse(scraper.is_alive())
            self.assertGreater(scraper.scrapes, 3)
            self.assertGreater(len(set(scraper.series)), 3,
                               "series appeared during the run")

    def check_the_run(self, directory, server):
        names = [path.name for path in pathlib.Path(directory).iterdir()]
        pids = {name.rpartition("_")[2] for name in names}
        self.assertEqual(len(pids), WORKERS + 1, "workers and their parent")
        self.assertTrue(
            any(path.stat().st_size > 65536
                for path in pathlib.Path(directory).iterdir()),
            "a file outgrew its first size")
        families = exposition_text.parse(server.scrape().text)
        self.assertEqual(
            len([labels for (_, labels) in families["live_gauge_all"].samples
                 if ("shard", "a") in labels]), WORKERS)

    def check_totals(self, directory, server):
        for output, accept in (("prometheus", testing.TEXT_004),
                               ("openmetrics", testing.OPENMETRICS)):
            expected = testing.sorted_lines(
                testing.collected_by_client(directory, output,
                                            client_environment))
            with self.subTest(output=output, program="serve"):
                self.assertEqual(
                    testing.sorted_lines(server.scrape(accept).body), expected)
            with self.subTest(output=output, program="dump"):
                result = testing.dump("-o", output, directory)
                self.assertEqual((result.stderr, result.returncode), (b"", 0))
                self.assertEqual(testing.sorted_lines(result.stdout), expected)


if __name__ == "__main__":
    testing.main()
