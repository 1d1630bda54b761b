"""Collectors look all the time while files of the dead are folded.

What prometheus_client's collector says is right whenever it says something;
what promshm-serve says is, and it always does.
"""

import collections
import pathlib
import re
import struct
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import clean_testing as clean  # noqa: E402
import promshm_testing as testing  # noqa: E402
from churning import Churn  # noqa: E402

COLLECTS = 5000
MOST_ATTEMPTS = 20 * COLLECTS  # one under the fence fails in no time
COMMITS = COLLECTS // 50
PROCESSES = 10
SERIES_OF_A_CHILD = 9  # apart from its live gauge
PATIENCE = 60

client = None
client_environment = None


def setUpModule():
    global client, client_environment
    client_environment = testing.client_environment()
    client = testing.import_client()


class Judge:
    """Says whether samples are what they have to be."""

    def __init__(self, churn, expected):
        self._churn = churn
        self._expected = expected

    def check(self, look):
        """`look` gives samples, or None where there are none to judge."""
        ended = self._churn.ended
        samples = look()
        begun = self._churn.begun
        if samples is None:
            return False
        fresh, others = {}, {}
        for key, value in clean.lasting(samples).items():
            name, labels = key
            if name == "fresh_live":
                continue
            is_fresh = ("by", "child") in labels
            (fresh if is_fresh else others)[key] = value
        wrong = testing.differences(others.items(), self._expected.items())
        if wrong:
            raise AssertionError(wrong)
        if ended > 0 and len(fresh) != SERIES_OF_A_CHILD:
            raise AssertionError(f"{len(fresh)} series: {fresh}")
        for key, value in fresh.items():
            if not ended <= value <= begun:
                raise AssertionError(
                    f"{key}: {value}, but {ended} children had counted "
                    f"before, and {begun} began to until after")
        return True


class Collectors(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.directory = self.folder / "metrics"
        self.directory.mkdir()

    def test_each_answer_is_exact_while_files_are_folded(self):
        remains = clean.Remains(self.directory, client_environment, PROCESSES)
        expected = remains.samples(remains.processes)
        with testing.Server(self.directory) as server, \
                Churn(self.directory, self.folder, client_environment) as churn:
            judge = Judge(churn, expected)
            with clean.Loop(self.fold, 0) as folding, \
                    clean.Loop(lambda: judge.check(lambda: served(server)),
                               0.01) as serving:
                self.collect(judge)
            churn.stop()
            self.assertGreater(serving.times, 50)
            self.assertGreaterEqual(self.commits(), COMMITS)
            self.assertEqual(churn.begun, churn.ended)
            for look in (lambda: clean.collected(client, self.directory),
                         lambda: clean.dumped(self.directory),
                         lambda: served(server)):
                self.assertTrue(judge.check(look))
            print(f"{churn.ended} children, {self.commits()} commits, "
                  f"{serving.times} scrapes")

    def fold(self):
        """Folds what has come, with the one cleaner and with the other."""
        for command in (testing.merge, testing.gc):
            options = ["--compact"] if command is testing.gc else []
            result = command(*options, self.directory)
            if (result.returncode, result.stderr) != (0, b""):
                raise AssertionError((result.returncode, result.stderr))

    def collect(self, judge):
        """Collects in a tight loop; counts the failures that may be."""
        errors = collections.Counter()

        def look():
            try:
                return clean.collected(client, self.directory)
            except (IsADirectoryError, FileNotFoundError) as error:
                errors[type(error).__name__] += 1
            except struct.error:
                errors["a child's file without a size yet"] += 1
            return None

        started = time.monotonic()
        exact, attempts = 0, 0
        # Slow cleaners have more time.
        while attempts < MOST_ATTEMPTS and (
                exact < COLLECTS or (attempts % 100 != 0 or
                                     self.commits() < COMMITS)):
            exact += judge.check(look)
            attempts += 1
        print(f"{exact} collects in {time.monotonic() - started:.1f} s, "
              f"beside {attempts - exact} that failed: {dict(errors)}")
        self.assertGreaterEqual(exact, COLLECTS)
        self.assertEqual(attempts - exact, sum(errors.values()))

    def commits(self):
        """Each gives the merged file the next number."""
        numbers = (re.fullmatch(r"counter_promshm(?:-(\d+))?\.db", name)
                   for name in clean.metric_files(self.directory))
        return max((int(number[1] or 1) for number in numbers if number),
                   default=0)


def served(server):
    response = server.scrape()
    if response.status != 200:
        raise AssertionError(f"status {response.status}")
    return clean.samples(response.text)


if __name__ == "__main__":
    testing.main()
