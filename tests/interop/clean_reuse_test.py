"""A process comes back under an identifier whose files are being folded.

It opens its file at a random moment of the work and counts once. Every second
one stays until the cleaner has ended and counts again: into a file that a
careless cleaner would have removed from under it. Every third has found its
file before, and opens it where it is by then.
"""

import functools
import os
import pathlib
import random
import resource
import statistics
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import clean_testing as clean  # noqa: E402
import metric_file  # noqa: E402
import promshm_testing as testing  # noqa: E402

SEED = 20160602
ROUNDS = 1000
DEAD = 40  # processes a round, each with a file to fold
LEAST_BLOCKED = 50
REUSED = "9000000"
SAMPLE = ("reused_total", frozenset())
BLOCKED, TOO_LATE = 1, 2

client = None
client_environment = None


def setUpModule():
    global client, client_environment
    client_environment = testing.client_environment()
    client = testing.import_client()


def dead_file():
    """The bytes of a file in which a process counted once."""
    value_size = 16 if testing.options.client == "current" else 8
    return metric_file.MetricFile(value_size).add(
        metric_file.key("reused", "reused_total", {}, "Counted"), 1).bytes()


def count(stays, hold):
    """Whether somebody made it wait when it opened its file."""
    before = waits()
    counter = client.Counter("reused", "Counted", registry=None)
    blocked = waits() > before
    counter.inc()
    if stays:
        hold()
        counter.inc()
    return int(blocked)


def count_late(found, stays, hold):
    """As count()."""
    before = waits()
    file = clean.open_late(client, found)
    blocked = waits() > before
    if file is None:
        return TOO_LATE
    key = client.mmap_dict.mmap_key("reused", "reused_total", [], [],
                                    "Counted")
    clean.count_in(file, key)
    if stays:
        hold()
        clean.count_in(file, key)
    file.close()
    return int(blocked)


def waits():
    """How often this process has given up the processor to wait."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


class Reuse(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.total = 0
        self.blocked = 0
        self.seen = 0
        self.too_late = 0
        self.durations = [0.02]

    def test_no_increment_is_lost(self):
        dice = random.Random(SEED)
        cleaners = clean.cleaners()
        for number in range(ROUNDS):
            at = f"seed {SEED}, round {number}"
            self.fill()
            self.play(at, dice.random(), stays=number % 2 == 1,
                      late=number % 3 == 2,
                      command=cleaners[number // 2 % 2])
            self.assertEqual(clean.dumped(self.directory),
                             {SAMPLE: self.total}, at)
            self.assertEqual(clean.collected(client, self.directory),
                             {SAMPLE: self.total}, at)
        print(f"seed {SEED}: of {ROUNDS} that came back, {self.blocked} had "
              f"to wait when they opened their file, {self.seen} were noticed "
              f"in the middle of the work, and {self.too_late} found that "
              f"their file was gone")
        self.assertGreater(self.blocked, LEAST_BLOCKED)

    def fill(self):
        """Processes end, and one of the identifier to be used again."""
        data = dead_file()
        names = [f"counter_{int(REUSED) + 1 + index}.db"
                 for index in range(DEAD)]
        reused = self.directory / f"counter_{REUSED}.db"
        if not reused.exists():
            names.append(reused.name)
        for name in names:
            (self.directory / name).write_bytes(data)
        self.total += len(names)

    def play(self, at, moment, stays, late, command):
        found = os.open(self.directory / f"counter_{REUSED}.db", os.O_PATH)
        worker = clean.Returning(
            client, self.directory, REUSED,
            moment * statistics.median(self.durations[-50:]),
            functools.partial(count_late, found, stays) if late else
            functools.partial(count, stays))
        os.close(found)
        started = time.monotonic()
        try:
            result = testing.run([*command, self.directory])
        finally:
            self.durations.append(time.monotonic() - started)
            status = worker.end()
        self.blocked += status == BLOCKED
        if status == TOO_LATE:
            self.too_late += 1
        else:
            self.total += 2 if stays else 1
        self.check_report(result, at)
        self.assertLessEqual(clean.identifiers(self.directory), {REUSED}, at)

    def check_report(self, result, at):
        """Nothing but, at most, that the one came back."""
        self.assertIn(result.returncode, (0, 1), at)
        self.assertRegex(
            result.stderr.decode(),
            rf"^(?:{self.directory}/counter_{REUSED}\.db: left alone: "
            r"its writer (?:came|is) back\n)?$", at)
        self.seen += result.returncode



if __name__ == "__main__":
    testing.main()
