"""Directories that a cleaner refuses, and what it leaves in others."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import clean_testing as clean  # noqa: E402
import promshm_testing as testing  # noqa: E402

HOLD = 0.5  # seconds that a lock is held before a cleaner that waits


class Directories(clean.CleanTest):

    @clean.with_each_cleaner
    def test_one_that_everybody_may_write_to_is_refused(self, command):
        self.fill()
        self.directory.chmod(0o777)
        before = clean.contents(self.directory)
        result = self.run_cleaner(command)
        self.assertEqual(result.returncode, 2)
        self.assertRegex(
            result.stderr.decode(),
            rf"^promshm-\w+: {self.directory}: [^\n]+\n$")
        self.assertEqual(result.stdout, b"")
        self.assertEqual(clean.contents(self.directory), before)
        self.check_all_folded(self.run_cleaner([*command, "--force"]))

    @clean.with_each_cleaner
    def test_with_the_sticky_bit_it_is_not(self, command):
        self.fill()
        self.directory.chmod(0o1777)
        self.check_all_folded(self.run_cleaner(command))

    def test_one_that_is_not_there_is_trouble(self):
        for command in clean.cleaners():
            for path in (self.directory / "gone", __file__):
                result = testing.run([*command, path])
                self.assertEqual((result.returncode, result.stdout), (2, b""))
                self.assertRegex(result.stderr.decode(),
                                 rf"^promshm-\w+: {path}: [^\n]+\n$")


class NoFiles(clean.CleanTest):
    """What is named like a metric file, but is none."""

    @clean.with_each_cleaner
    def test_is_left_where_it_is(self, command):
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        target = elsewhere / "counter_1.db"
        self.fill()
        shutil.copy(self.remains.files(self.dead[0])[0], target)
        (self.directory / "counter_7000001.db").symlink_to(target)
        (self.directory / "gauge_livesum_7000001.db").symlink_to(target)
        (self.directory / "gauge_max_7000002.db").symlink_to("nothing")
        os.mkfifo(self.directory / "gauge_all_7000003.db")
        os.mkfifo(self.directory / "summary_7000003.db")
        (self.directory / "histogram_7000004.db").mkdir()
        (self.directory / "histogram_7000004.db" / "file").touch()
        (self.directory / "notes.db").write_bytes(b"SQLite format 3\0")
        (self.directory / "gauge_odd_7000005.db").write_bytes(
            target.read_bytes())
        (self.directory / "counter_7000006.db.bak").write_bytes(
            target.read_bytes())
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.directory / "counter_7000007.db"))
            names = {path.name for path in self.directory.iterdir()
                     if "_700000" in path.name or path.name == "notes.db"}
            before = {
                name: what for name, what in
                clean.contents(self.directory).items()
                if name.split("/")[0] in names}
            self.assertEqual(len(before), 11)
            outside = clean.contents(elsewhere)
            result = self.run_cleaner(command)
            self.assertIn(result.returncode, (0, 1), result.stderr)
            now = clean.contents(self.directory)
            self.assertEqual({name: now.get(name) for name in before},
                             before)
            self.assertEqual(clean.contents(elsewhere), outside)
            self.check_folded(self.dead)

    @clean.with_each_cleaner
    def test_a_damaged_file_is_kept_by_another_name(self, command):
        self.fill()
        broken = {"counter_7000001.db": b"\xff" * 100,
                  "histogram_7000002.db": b"\x10\0\0",
                  "summary_7000003.db": b"SQLite format 3\0" * 10}
        for name, data in broken.items():
            (self.directory / name).write_bytes(data)
        result = self.run_cleaner(command)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(
            result.stderr.decode(),
            "^" + "".join(rf"{self.directory}/{name}: damaged: [^\n]+\n"
                          for name in broken) + "$")
        for name, data in broken.items():
            self.assertFalse((self.directory / name).exists())
            self.assertEqual(
                (self.directory / f"{name}.damaged").read_bytes(), data)
        self.check_folded(self.dead)
        self.check_samples()


class TwoCleaners(clean.CleanTest):

    @contextlib.contextmanager
    def held(self):
        """Another cleaner is at work here."""
        journal = self.directory / clean.JOURNAL
        journal.mkdir()
        fd = os.open(journal, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    @clean.with_each_cleaner
    def test_the_second_says_so(self, command):
        self.fill()
        with self.held():
            before = clean.contents(self.directory)
            result = self.run_cleaner(command)
            self.assertEqual((result.returncode, result.stdout), (2, b""))
            self.assertRegex(
                result.stderr.decode(),
                rf"^promshm-\w+: {self.directory}[^:]*: [^\n]+\n$")
            self.assertEqual(clean.contents(self.directory), before)
        self.check_all_folded(self.run_cleaner(command))

    @clean.with_each_cleaner
    def test_with_wait_it_waits(self, command):
        self.fill()
        with self.held():
            before = clean.contents(self.directory)
            process = subprocess.Popen(
                [*map(str, command), "--wait", str(self.directory)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.addCleanup(process.kill)
            time.sleep(HOLD)
            self.assertIsNone(process.poll())
            self.assertEqual(clean.contents(self.directory), before)
        _, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, errors), (0, b""))
        self.check_folded(self.dead)
        self.check_samples()


if __name__ == "__main__":
    testing.main()
