"""No room, no directory, no right to write: a program that counts runs on.

The cases that need a mount are skipped where neither root nor a user namespace
may make one; a private one, which ends with this script.
"""

import collections
import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import exposition_text  # noqa: E402
import promshm_testing as testing  # noqa: E402
import writers  # noqa: E402
from writers import series  # noqa: E402

TMPFS_SIZE = 200 * 1024
BALLAST_SIZE = 100 * 1024
FILE_SIZE_LIMIT = 100 * 1024
SERIES = 3000  # need more room than there is
PATIENCE = 30  # seconds until it is noticed that the obstacle is gone
RETRY_AFTER = 1.2  # seconds; a file is tried again once a second

FAMILIES = [["family", "counter", "jobs", "Jobs", "", "number"],
            ["family", "gauge", "level", "Level", "sum", "number"],
            ["family", "histogram", "seconds", "Seconds", "1,2", "number"]]

MAY_MOUNT = "PROMSHM_TEST_MAY_MOUNT"


def enter_mount_namespace():
    """Starts this script again in a mount namespace, where that is allowed."""
    for prefix in (["unshare", "--mount"],
                   ["unshare", "--user", "--map-root-user", "--mount"]):
        with tempfile.TemporaryDirectory() as directory:
            result = testing.run(
                [*prefix, "mount", "-t", "tmpfs", "tmpfs", directory])
        if result.returncode == 0:
            os.environ[MAY_MOUNT] = "yes"
            os.execvp(prefix[0], [*prefix, sys.executable, "-B", *sys.argv])


def needs_mount(case):
    return unittest.skipUnless(
        MAY_MOUNT in os.environ, "a mount is not allowed here")(case)


@contextlib.contextmanager
def mounted(options=f"size={TMPFS_SIZE}"):
    """A tmpfs; its directory."""
    with tempfile.TemporaryDirectory() as directory:
        def mount(*arguments):
            result = testing.run([*arguments, directory])
            if result.returncode != 0:
                raise OSError(result.stderr.decode())
        mount("mount", "-t", "tmpfs", "-o", options, "tmpfs")
        try:
            yield pathlib.Path(directory)
        finally:
            mount("umount", "--lazy")


def count(numbers):
    """Counts once in each kind, in the series of these numbers."""
    for number in numbers:
        yield series("inc", "jobs", 1, number=number)
        yield series("inc", "level", 1, number=number)
        yield series("observe", "seconds", 1, number=number)


def dropped(writer):
    return int(writer.ask("dropped"))


class Counting(unittest.TestCase):
    maxDiff = None

    def samples(self, directory):
        """The files must be in order."""
        result = testing.dump("-o", "prometheus", directory)
        self.assertEqual((result.stderr, result.returncode), (b"", 0))
        return exposition_text.samples(
            exposition_text.parse(result.stdout.decode()))

    def counted(self, directory):
        """How often the files say that something was counted."""
        return sum(value for (name, _), value in
                   self.samples(directory).items()
                   if name in ("jobs_total", "level", "seconds_count"))

    def reports(self, writer, reason):
        """Path -> how many reports of it there were."""
        found = collections.Counter()
        for line in writer.errors().splitlines():
            match = re.fullmatch(rf"(/[^:]*): [^:]+: {reason}", line)
            self.assertIsNotNone(match, line)
            found[match[1]] += 1
        return found

    def count_until_nothing_is_dropped(self, writer, numbers):
        """How often it had to count."""
        deadline = time.monotonic() + PATIENCE
        times = 0
        while time.monotonic() < deadline:
            before = dropped(writer)
            writer.do_all(count(numbers))
            times += 1
            if dropped(writer) == before:
                return times
            time.sleep(0.1)
        raise AssertionError(f"still drops increments: {writer.errors()}")


class NoRoom(Counting):

    def check_that_ours_runs_on(self, directory, reason, **keywords):
        with writers.promshm_writer(directory, **keywords) as writer:
            writer.do_all([*FAMILIES, *count(range(SERIES))])
            lost = dropped(writer)
            self.assertGreater(lost, 0)
            self.assertEqual(self.counted(directory), 3 * SERIES - lost)
            self.assertGreater(self.counted(directory), SERIES / 3)
            self.assertEqual(set(self.samples(directory).values()), {1.0})
            # What has its place goes on; what has none is tried again.
            time.sleep(RETRY_AFTER)
            writer.do_all(count(range(10)))
            self.assertEqual(dropped(writer), lost)
            writer.do_all(count(range(SERIES - 10, SERIES)))
            self.assertGreater(dropped(writer), lost)
            lost = dropped(writer)
            reports = self.reports(writer, reason)
        self.assertEqual(self.counted(directory), 3 * (SERIES + 20) - lost)
        self.assertEqual(set(reports.values()), {1}, reports)
        self.assertLessEqual(set(reports), set(map(
            str, directory.glob("*.db"))))

    @needs_mount
    def test_the_client_dies_of_a_full_tmpfs(self):
        with mounted() as directory, writers.client_writer(
                directory, testing.client_environment(),
                ends_with=-signal.SIGBUS) as writer, \
                contextlib.suppress(BrokenPipeError):
            writer.do_all([*FAMILIES, *count(range(SERIES))])

    @needs_mount
    def test_ours_runs_on_with_a_full_tmpfs(self):
        with mounted() as directory:
            self.check_that_ours_runs_on(directory, "no space left on device")

    @needs_mount
    def test_ours_goes_on_when_there_is_room_again(self):
        with mounted() as directory:
            ballast = directory / "ballast"
            ballast.write_bytes(b"x" * BALLAST_SIZE)
            numbers = range(200)
            with writers.promshm_writer(directory) as writer:
                writer.do_all([*FAMILIES, *count(numbers)])
                self.assertGreater(dropped(writer), 0)
                ballast.unlink()
                times = 1 + self.count_until_nothing_is_dropped(writer,
                                                                numbers)
                self.assertEqual(
                    self.counted(directory),
                    3 * times * len(numbers) - dropped(writer))

    def test_ours_runs_on_with_a_limit_of_the_file_size(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE,
                               (FILE_SIZE_LIMIT, FILE_SIZE_LIMIT))
        with tempfile.TemporaryDirectory() as directory:
            directory = pathlib.Path(directory)
            control = testing.run(
                ["sh", "-c", f"exec head -c {2 * FILE_SIZE_LIMIT} /dev/zero "
                             f"> {directory}/control"], preexec_fn=limit)
            self.assertEqual(control.returncode, -signal.SIGXFSZ)
            self.check_that_ours_runs_on(directory, "file too large",
                                         preexec_fn=limit)


class NoDirectory(Counting):

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name) / "metrics"

    def check_that_all_is_dropped(self, writer):
        """In a child too, which counts its own drops."""
        writer.do_all([*FAMILIES, *count(range(5))])
        self.assertEqual(dropped(writer), 15)
        time.sleep(RETRY_AFTER)
        writer.do_all(count(range(5)))
        self.assertEqual(dropped(writer), 30)
        writer.do_all([["fork"], *count(range(2)), ["dropped"], ["end"]])
        self.assertEqual(writer.answer(), "6")
        self.assertEqual(writer.ask("wait"), "ended 0")

    def check_that_it_goes_on(self, writer, numbers=range(5)):
        before = dropped(writer)
        times = self.count_until_nothing_is_dropped(writer, numbers)
        self.assertEqual(
            self.counted(self.directory),
            3 * len(numbers) * times - (dropped(writer) - before))

    def check_one_report_a_file(self, writer, reason):
        """The parent's three and those of its child."""
        reports = self.reports(writer, reason)
        self.assertEqual(set(reports.values()), {1}, reports)
        self.assertEqual(
            sorted(re.sub(r"_\d+\.db$", "", path) for path in reports),
            sorted(2 * [f"{self.directory}/{kind}" for kind in (
                "counter", "gauge_sum", "histogram")]))

    def test_one_that_is_not_there_and_then_is(self):
        with writers.promshm_writer(self.directory) as writer:
            self.check_that_all_is_dropped(writer)
            self.assertEqual(
                self.reports(writer, "no such file or directory"),
                {str(self.directory): 2}, "the parent's and its child's")
            self.directory.mkdir()
            self.check_that_it_goes_on(writer)

    def test_a_file_in_its_place(self):
        self.directory.write_text("not a directory\n")
        with writers.promshm_writer(self.directory) as writer:
            self.check_that_all_is_dropped(writer)
            self.assertEqual(self.reports(writer, "not a directory"),
                             {str(self.directory): 2})

    def test_none_is_named(self):
        with writers.promshm_writer("") as writer:
            self.check_that_all_is_dropped(writer)
            self.assertEqual(writer.errors(),
                             "PROMETHEUS_MULTIPROC_DIR: not set\n")

    def test_one_that_may_not_be_written(self):
        self.directory.mkdir(mode=0o555)
        with writers.promshm_writer(
                self.directory,
                prefix=testing.bound_by_permissions()) as writer:
            self.check_that_all_is_dropped(writer)
            self.check_one_report_a_file(writer, "permission denied")
            self.directory.chmod(0o755)
            self.check_that_it_goes_on(writer)

    @needs_mount
    def test_one_on_a_file_system_that_is_read_only(self):
        with mounted("ro") as self.directory:
            with writers.promshm_writer(self.directory) as writer:
                self.check_that_all_is_dropped(writer)
                self.check_one_report_a_file(writer, "read-only file system")
                result = testing.run(["mount", "-o", "remount,rw", "tmpfs",
                                      self.directory])
                self.assertEqual(result.returncode, 0, result.stderr)
                self.check_that_it_goes_on(writer)

    def test_one_that_is_deleted_and_then_made_again(self):
        """Out of sight until a series is added; from then on all is dropped."""
        self.directory.mkdir()
        with writers.promshm_writer(self.directory) as writer:
            writer.do_all([*FAMILIES, *count(range(5))])
            self.assertEqual(dropped(writer), 0)
            self.assertEqual(self.counted(self.directory), 15)
            shutil.rmtree(self.directory)
            writer.do_all(count(range(100)))
            self.assertEqual(dropped(writer), 3 * 95)
            time.sleep(RETRY_AFTER)
            writer.do_all(count(range(100)))
            self.assertEqual(dropped(writer), 3 * 95 + 3 * 100)
            self.assertFalse(self.directory.exists())
            lines = writer.errors().splitlines()
            self.assertEqual(collections.Counter(lines)[
                f"{self.directory}: cannot open the directory: "
                "no such file or directory"], 1, lines)
            self.directory.mkdir()
            self.check_that_it_goes_on(writer, range(105))


if __name__ == "__main__":
    if MAY_MOUNT not in os.environ:
        enter_mount_namespace()
    testing.main()
