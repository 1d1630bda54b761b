"""What the tests share that clean up after processes that have ended."""

import glob
import hashlib
import os
import pathlib
import shutil
import stat
import sys
import tempfile

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


def public_directory(test):
    """A directory of a test case in which other users may look."""
    temporary = tempfile.TemporaryDirectory()
    test.addCleanup(temporary.cleanup)
    os.chmod(temporary.name, 0o755)
    return pathlib.Path(temporary.name)


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
