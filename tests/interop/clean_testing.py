"""What the tests share that clean up after processes that have ended."""

import functools
import glob
import hashlib
import os
import pathlib
import re
import shutil
import stat
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import exposition_text  # noqa: E402
import promshm_testing as testing  # noqa: E402
import writers  # noqa: E402
from expected_sums import ExpectedSums  # noqa: E402
from writer_testing import FAMILIES, work  # noqa: E402

FENCE = "counter_promshm-merge.db"
JOURNAL = ".promshm-merge"
NOBODY = 65534


class Remains:
    """Files that processes left which have ended, and what they counted.

    Each process did work() of a power of two: every choice of them has sums of
    its own.
    """

    def __init__(self, directory, env, processes):
        """`env` is that of testing.client_environment()."""
        self.directory = pathlib.Path(directory)
        self.work = {}
        modes = writers.modes_of_client(env)
        with writers.client_writer(directory, env) as writer:
            writer.do_all(of_modes(FAMILIES, modes))
            for step in range(processes):
                commands = list(of_modes(work(2 ** step), modes))
                self.work[writer.fork(commands)] = commands
            statuses = writer.ask("wait")
        if statuses != " ".join(["ended", *processes * ["0"]]):
            raise AssertionError(statuses)
        self._families = list(of_modes(FAMILIES, modes))

    @property
    def processes(self):
        """In the order of their deaths."""
        return list(self.work)

    def files(self, process):
        return sorted(self.directory.glob(f"*_{process}.db"))

    def copy(self, directory, processes):
        for process in processes:
            for path in self.files(process):
                shutil.copy(path, directory)

    def record(self, sums, processes):
        """Has some ExpectedSums know what these processes did."""
        for process in self.processes:
            if process in processes:
                sums.record(process, [*self._families, *self.work[process]])

    def samples(self, processes):
        """What those files hold that outlives their process."""
        sums = ExpectedSums()
        self.record(sums, processes)
        return lasting(sums.samples())


def of_modes(commands, modes):
    """Without the gauges that the client has no mode for."""
    for command in commands:
        family = command[2 if command[0] == "family" else 1]
        mode = family.removeprefix("gauge_")
        if mode == family or mode in modes:
            yield command


def lasting(samples):
    """Without live gauges, which go when their process does."""
    return {(name, labels): value for (name, labels), value in samples.items()
            if not name.startswith("gauge_live")}


def samples(text):
    if isinstance(text, bytes):
        text = text.decode()
    return exposition_text.samples(exposition_text.parse(text))


def dumped(directory, **keywords):
    """The samples of a directory that is in order."""
    result = testing.dump("-o", "prometheus", directory, **keywords)
    if (result.stderr, result.returncode) != (b"", 0):
        raise AssertionError((result.returncode, result.stderr.decode()))
    return samples(result.stdout)


def collected(client, directory):
    """The samples of testing.import_client()'s collector."""
    registry = client.CollectorRegistry()
    client.multiprocess.MultiProcessCollector(registry, str(directory))
    return samples(client.generate_latest(registry))


def metric_files(directory):
    return sorted(os.path.basename(path)
                  for path in glob.glob(f"{glob.escape(str(directory))}/*.db"))


def identifiers(directory):
    """Of the processes that files are from; promshm's own are not."""
    found = {name.rpartition("_")[2].removesuffix(".db")
             for name in metric_files(directory)}
    return {name for name in found if not name.startswith("promshm")}


def contents(directory):
    """Everything below a directory: path -> what it is, and what is in it.

    Reads no file that is not a regular one. Times of access do not count.
    """
    result = {}
    for folder, names, files in os.walk(directory):
        for name in [*names, *files]:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            inside = None
            if stat.S_ISREG(status.st_mode):
                inside = hashlib.sha256(
                    pathlib.Path(path).read_bytes()).hexdigest()
            elif stat.S_ISLNK(status.st_mode):
                inside = os.readlink(path)
            result[os.path.relpath(path, directory)] = (
                oct(status.st_mode), status.st_uid, status.st_ino,
                status.st_mtime_ns, inside)
    return result


def as_user(user):
    """A command prefix: another user, without rights of root's."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]


def as_nobody():
    """A command prefix; None where this user cannot run the programs so."""
    prefix = as_user(NOBODY)
    if os.geteuid() != 0 or shutil.which(prefix[0]) is None:
        return None
    result = testing.run([*prefix, testing.options.dump, "--version"])
    return prefix if result.returncode == 0 else None


class Loop(threading.Thread):
    """Does something again and again in a `with` block, until it fails."""

    def __init__(self, do, pause):
        """`do` says whether it counts; `pause` is in seconds."""
        super().__init__(daemon=True)
        self.times = 0
        self._do = do
        self._pause = pause
        self._failure = None
        self._end = threading.Event()

    def run(self):
        try:
            while not self._end.wait(self._pause):
                self.times += bool(self._do())
        except Exception as error:  # The test's thread reports it.
            self._failure = error

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self._end.set()
        self.join(timeout=60)
        if self._failure is not None:
            raise self._failure
        if kind is None and self.is_alive():
            raise AssertionError("does not end")


class Returning:
    """A process under an identifier that another had; a child of the test."""

    FAILED = 255

    def __init__(self, client, directory, identifier, delay, count):
        """`count(hold)` counts with the client, and gives the exit status.

        hold() returns where end() is called. `delay` is in seconds.
        """
        self._release = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            status = self.FAILED
            try:
                os.close(self._release[1])
                time.sleep(delay)
                os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
                client.values.ValueClass = client.values.MultiProcessValue(
                    process_identifier=lambda: identifier)
                status = count(lambda: os.read(self._release[0], 1))
            finally:
                os._exit(status)
        os.close(self._release[0])

    def end(self):
        """The exit status."""
        os.close(self._release[1])
        status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        if status == self.FAILED:
            raise AssertionError("the process that came back has failed")
        return status


def open_late(client, found):
    """Opens a file for writing that was found before by os.open(O_PATH).

    As a process does that is interrupted between the two, wherever the file is
    by then. None where it is nowhere any more.
    """
    path = f"/proc/self/fd/{found}"
    file = client.mmap_dict.MmapedDict(path)
    if os.stat(path).st_nlink > 0:
        return file
    file.close()
    return None


def count_in(file, key):
    """One more, for a key of a client's MmapedDict."""
    value, *timestamp = file.read_value(key)
    file.write_value(key, value + 1, *timestamp)


def with_each_cleaner(case):
    """Of a CleanTest; is given each of cleaners(), and an empty directory."""
    @functools.wraps(case)
    def run(self):
        for command in cleaners():
            with self.subTest(command=pathlib.Path(command[0]).name):
                case(self, command)
            self.clear()
    return run


def cleaners():
    """The commands that fold what the dead have counted."""
    return ([testing.options.merge], [testing.options.gc, "--compact"])


class CleanTest(unittest.TestCase):
    """A test case with files of the dead, and a directory to put them in."""
    maxDiff = None
    PROCESSES = 6

    @classmethod
    def setUpClass(cls):
        cls.client_environment = testing.client_environment()
        cls.client = testing.import_client()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.remains = Remains(folder.name, cls.client_environment,
                              cls.PROCESSES)
        cls.dead = cls.remains.processes

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.directory = self.folder / "metrics"
        # Other users may look into both.
        self.folder.chmod(0o755)
        self.directory.mkdir(mode=0o755)

    def fill(self, processes=None):
        """Puts files of all the dead, or of some, into the directory."""
        self.remains.copy(self.directory, processes or self.dead)

    def clear(self):
        for path in self.directory.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def files_of(self, processes):
        return [path for process in processes
                for path in self.directory.glob(f"*_{process}.db")]

    def contents_of(self, processes):
        names = {path.name for path in self.files_of(processes)}
        return {name: what for name, what in
                contents(self.directory).items() if name in names}

    def living(self):
        """A process that counts in the directory; for a `with` statement."""
        return writers.client_writer(self.directory, self.client_environment)

    def run_cleaner(self, command, prefix=(), **changes):
        return testing.run([*prefix, *command, self.directory],
                           env=testing.environment(**changes))

    def check_quiet(self, result):
        """There was nothing to do."""
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (0, b"", b""))

    def check_done(self, result):
        """It says what it did, in one line or, promshm-merge, in three."""
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertRegex(result.stdout, rb"^(?:[^\n]+\n|(?:[^\n]+\n){3})$")

    def check_all_folded(self, result):
        self.check_done(result)
        self.check_folded(self.dead)
        self.check_samples()

    def check_folded(self, processes):
        left = {name.rpartition("_")[0]
                for name in metric_files(self.directory)
                if name.rpartition("_")[2][:-3] in map(str, processes)}
        self.assertLessEqual(left, {
            "gauge_all", *(f"gauge_{mode}" for mode in writers.GAUGE_MODES
                           if mode.startswith("live"))})
        self.assertTrue(any("_promshm" in name for name in
                            metric_files(self.directory)))

    def check_left_alone(self, result, before, processes=None):
        """These files are as they were, which is said of each or of many."""
        self.assertEqual(result.returncode, 1, result.stderr)
        now = contents(self.directory)
        self.assertEqual({name: now.get(name) for name in before}, before)
        *lines, last = result.stderr.decode().splitlines()
        more = re.fullmatch(r"and (\d+) more", last)
        if more is None:
            lines.append(last)
        for line in lines:
            match = re.fullmatch(r"(/[^:]+): [^:]+: .+", line)
            self.assertIsNotNone(match, line)
            self.assertIn(os.path.basename(match[1]), before)
        self.assertGreaterEqual(len(lines) + int(more[1] if more else 0),
                                len(processes or self.dead))

    def check_samples(self, processes=None, prefix=()):
        """`prefix` goes before promshm-dump."""
        result = testing.run([*prefix, testing.options.dump, "-o",
                              "prometheus", self.directory])
        expected = self.remains.samples(processes or self.dead)
        self.assertEqual(
            testing.differences(lasting(samples(result.stdout)).items(),
                                expected.items()), [], result.stderr)
