"""A cleaner is killed at any of its system calls: nothing is lost or doubled.

First at each of them in turn, then at random ones, those of the repair, too:
several times one after the other, in directories of random processes, of which
some come back in the middle.
"""

import collections
import functools
import mmap
import os
import pathlib
import random
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import clean_testing as clean  # noqa: E402
import promshm_testing as testing  # noqa: E402

SEED = 20160601
PROCESSES = 6  # whose files are there to be taken
RANDOM_KILLS = 1000
MOST_STOPS = 20000
# Where a thousand commits do not wait for a disk, if there is such a place.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
KILLED = 137
COUNTED, TOO_LATE = 0, 1
LONGEST_DELAY = 0.1  # seconds from a cleaner's start to a process's

client = None
client_environment = None
remains = None
nobody = None


def setUpModule():
    global client, client_environment, remains, nobody
    client_environment = testing.client_environment()
    client = testing.import_client()
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    remains = clean.Remains(folder.name, client_environment, PROCESSES)
    nobody = clean.as_nobody()
    with tempfile.TemporaryDirectory() as empty:
        if run_killed(0, [testing.options.merge, empty])[0] != 0:
            testing.skip("programs cannot be traced here")
    if nobody is None:
        print("without an unprivileged reader: needs root and setpriv")


def run_killed(stop, command):
    """The exit status, and how many stops there were."""
    result = testing.run([testing.options.killer, stop, *command],
                         env=testing.environment(
                             ASAN_OPTIONS="detect_leaks=0"))
    last_line = result.stderr.splitlines()[-1:]
    # 1: something was left alone, as a process had come back.
    if result.returncode not in (0, 1, KILLED) or not last_line:
        raise AssertionError((result.returncode, result.stderr.decode()))
    return result.returncode, int(last_line[0])


def traces(directory):
    """What cannot be the same after anything was done to the directory."""
    result = {}
    for folder, names, files in os.walk(directory):
        for path in [folder, *(os.path.join(folder, name) for name in files)]:
            status = os.lstat(path)
            result[path] = (status.st_ino, status.st_size, status.st_ctime_ns)
    return result


def count_a_job(_):
    client.Counter("jobs", "Jobs", ["queue"], registry=None).labels("a").inc()
    return COUNTED


def count_late(found, _):
    file = clean.open_late(client, found)
    if file is None:
        return TOO_LATE
    clean.count_in(file, client.mmap_dict.mmap_key(
        "jobs", "jobs_total", ["queue"], ["a"], "Jobs"))
    file.close()
    return COUNTED


class Living:
    """A process that counts: this one, with a file open for writing."""

    def __init__(self, directory):
        self.name = f"counter_{os.getpid()}.db"
        path = remains.files(remains.processes[0])[0]
        assert path.name.startswith("counter_"), path
        shutil.copy(path, directory / self.name)
        self._file = open(directory / self.name, "r+b")
        self._memory = mmap.mmap(self._file.fileno(), 0)

    def close(self):
        self._memory.close()
        self._file.close()


class Round:
    """A directory, and what it has to hold."""

    def __init__(self, test, processes):
        self._test = test
        self._folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self.directory = pathlib.Path(self._folder.name)
        self.directory.chmod(0o755)
        self.processes = set()
        self.living = Living(self.directory)
        self._returned = 0
        self._base = clean.lasting(clean.collected(client, self.directory))
        self.add(processes)

    def close(self):
        self.living.close()
        self._folder.cleanup()

    def add(self, processes):
        """More processes end."""
        remains.copy(self.directory, processes)
        self.processes.update(processes)

    def come_back(self, dice):
        """One of the processes counts one job more, soon."""
        process = dice.choice(sorted(self.processes))
        delay = dice.random() * LONGEST_DELAY
        path = self.directory / f"counter_{process}.db"
        if dice.random() < 0.5 or not path.exists():
            return clean.Returning(client, self.directory, str(process),
                                   delay, count_a_job)
        found = os.open(path, os.O_PATH)
        try:
            return clean.Returning(client, self.directory, str(process),
                                   delay, functools.partial(count_late, found))
        finally:
            os.close(found)

    def has_come_back(self, process):
        if process.end() == COUNTED:
            self._returned += 1

    def expected(self):
        """The sums, to which the living process adds the base."""
        result = remains.samples(self.processes)
        for key, value in self._base.items():
            result[key] = result.get(key, 0) + value
        result["jobs_total", frozenset({("queue", "a")})] += self._returned
        return result

    def check(self, at):
        expected = self.expected()
        # The client cannot see what a process counted in a file that had been
        # set aside when it opened it; promshm can.
        if self._returned == 0:
            self.check_collector(expected, f"{at}: before the repair", (
                IsADirectoryError, FileNotFoundError))
        if nobody is not None:
            self.check_dump(expected, f"{at}: before the repair", nobody)
        self.check_dump(expected, f"{at}: with the repair")
        self.check_collector(expected, f"{at}: after the repair", ())
        self.check_names(at)

    def check_dump(self, expected, at, prefix=()):
        result = testing.run([*prefix, testing.options.dump, "-o",
                              "prometheus", self.directory])
        self._test.assertIn(result.returncode, (0, 1), (at, result.stderr))
        self.compare(clean.samples(result.stdout), expected,
                     f"{at}: {result.stderr}")

    def check_collector(self, expected, at, errors):
        try:
            found = clean.collected(client, self.directory)
        except errors:
            return
        self.compare(found, expected, at)

    def compare(self, found, expected, at):
        self._test.assertEqual(
            testing.differences(clean.lasting(found).items(),
                                expected.items()), [], at)

    def check_names(self, at):
        names = os.listdir(self.directory)
        self._test.assertNotIn(clean.FENCE, names, at)
        self._test.assertNotIn(clean.JOURNAL, names, at)
        self._test.assertEqual(
            os.fstat(self.living._file.fileno()).st_ino,
            os.stat(self.directory / self.living.name).st_ino, at)
        kinds = collections.Counter(
            name.rpartition("_")[0] for name in names if "_promshm" in name)
        self._test.assertLessEqual(set(kinds.values()), {1}, (at, names))
        # What is put back where its process has made a new file gets a number.
        self._test.assertLessEqual(
            {identifier.split("-")[0]
             for identifier in clean.identifiers(self.directory)},
            {str(process) for process in [*self.processes, os.getpid()]}, at)


class Kill(unittest.TestCase):
    maxDiff = None

    def round(self, processes):
        result = Round(self, processes)
        self.addCleanup(result.close)
        return result

    def check_every_stop(self, command):
        """A directory in which nothing happened is used for the next stop."""
        processes = remains.processes[:2]
        killed, checked = 0, 0
        this = self.round(processes)
        before = traces(this.directory)
        for stop in range(1, MOST_STOPS):
            status, _ = run_killed(stop, [*command, this.directory])
            killed += status == KILLED
            if traces(this.directory) != before:
                this.check(f"stop {stop}")
                checked += 1
                this.close()
                this = self.round(processes)
                before = traces(this.directory)
            if status != KILLED:
                self.assertEqual(status, 0)
                break
        else:
            self.fail(f"still runs after {MOST_STOPS} stops")
        print(f"killed at {killed} stops, "
              f"{checked} of them after something was done")
        self.assertGreater(checked, 50)

    def test_merge_at_every_call(self):
        self.check_every_stop([testing.options.merge])

    def test_gc_at_every_call(self):
        self.check_every_stop([testing.options.gc, "--compact"])

    def test_at_random_calls(self):
        """More processes end between a kill and the next."""
        dice = random.Random(SEED)
        print(f"seed {SEED}")
        commands = {
            name: (command, *self.stops_of_work(command))
            for name, command in (
                ("merge", [testing.options.merge]),
                ("gc", [testing.options.gc, "--compact"]),
                ("dump", [testing.options.dump, "-o", "prometheus"]))}
        kills = collections.Counter()
        finished, returns = 0, 0
        for number in range(RANDOM_KILLS):
            if kills.total() >= RANDOM_KILLS:
                break
            this = self.round(some(dice, remains.processes))
            at = []
            for _ in range(dice.randint(1, 4)):
                name = dice.choice(list(commands))
                command, first, last = commands[name]
                stop = dice.randint(first, last)
                returned = [this.come_back(dice)
                            for _ in range(dice.randint(0, 1))]
                status, _ = run_killed(stop, [*command, this.directory])
                kills[name] += status == KILLED
                finished += status != KILLED
                at.append((name, stop, status, len(returned)))
                for process in returned:
                    this.has_come_back(process)
                returns += len(returned)
                self.maybe_end_more(dice, this)
            this.check(f"seed {SEED}, round {number}: {at}")
            this.close()
        print(f"{dict(kills)} kills in {number} directories; {finished} "
              f"programs ran to their end, {returns} processes came back")
        self.assertGreaterEqual(kills.total(), RANDOM_KILLS)
        self.assertGreater(finished, 10)

    def stops_of_work(self, command):
        """The first and the last stop between which it works.

        It begins with what another left at three quarters of its way.
        """
        this = self.round(remains.processes)
        _, stops = run_killed(0, [testing.options.merge, this.directory])
        this.close()
        this = self.round(remains.processes)
        run_killed(stops * 3 // 4, [testing.options.merge, this.directory])
        _, first = run_killed(0, [command[0], "--version"])
        _, last = run_killed(0, [*command, this.directory])
        this.check("not killed")
        this.close()
        return first, last

    def maybe_end_more(self, dice, this):
        if dice.random() < 0.5:
            others = set(remains.processes) - this.processes
            this.add(some(dice, sorted(others)) if others else [])


def some(dice, processes):
    return dice.sample(processes, dice.randint(1, len(processes)))


if __name__ == "__main__":
    testing.main()
