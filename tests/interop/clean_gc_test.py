"""What promshm-gc removes and what it leaves, by its options."""

import collections
import json
import os
import pathlib
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import clean_testing as clean  # noqa: E402
import promshm_testing as testing  # noqa: E402
import writers  # noqa: E402

AGE = 2  # seconds
PATIENCE = 60


class Gc(clean.CleanTest):
    """Beside a process that lives, and has something in each kind of file."""

    def setUp(self):
        super().setUp()
        self.fill()
        self.worker = self.enterContext(self.living())
        self.worker.do_all(clean.of_modes(
            [*clean.FAMILIES, *clean.work(1)],
            writers.modes_of_client(self.client_environment)))
        self.worker.settle()

    def names(self, *patterns, processes=None):
        """Of files of the dead, or of these processes."""
        return {path.name for process in processes or self.dead
                for pattern in patterns
                for path in self.remains.directory.glob(
                    f"{pattern}_{process}.db")}

    def check_gone(self, expected, *options, errors=b"^$"):
        """These files are removed; the others are as they were."""
        before = clean.contents(self.directory)
        result = testing.gc(*options, self.directory)
        self.assertRegex(result.stderr, errors)
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, rb"^[^\n]+\n$")
        self.assertGreater(len(expected), 0)
        self.assertEqual(
            clean.contents(self.directory),
            {name: what for name, what in before.items()
             if name not in expected})
        self.check_quiet(testing.gc(*options, self.directory))

    def test_as_the_clients_mark_process_dead(self):
        other = self.folder / "other"
        shutil.copytree(self.directory, other)
        for process in self.dead:
            self.client.multiprocess.mark_process_dead(process, str(other))
        gone = (set(clean.metric_files(self.directory))
                - set(clean.metric_files(other)))
        self.assertEqual(gone, self.names("gauge_live*"))
        self.check_gone(gone)

    def test_gauge_all(self):
        self.check_gone(self.names("gauge_live*", "gauge_all"), "--gauge-all")

    def test_purge(self):
        self.check_gone(self.names("*"), "--purge",
                        errors=rb"^promshm-gc: [^\n]*fall[^\n]*\n$")

    def test_pid(self):
        one = self.dead[2:3]
        self.check_gone(self.names("gauge_live*", processes=one),
                        "--pid", one[0])

    def test_compact(self):
        self.check_done(testing.gc("--compact", self.directory))
        self.assertEqual(
            clean.identifiers(self.directory),
            {str(process) for process in
             [*self.dead, self.worker.pid]})
        left = self.names("*").intersection(clean.metric_files(self.directory))
        self.assertEqual(left, self.names("gauge_all"))

    def test_compact_with_gauge_all(self):
        self.check_done(testing.gc("--compact", "--gauge-all",
                                   self.directory))
        self.assertEqual(clean.identifiers(self.directory),
                         {str(self.worker.pid)})

    def test_startup_removes_what_was_merged_too(self):
        self.check_done(testing.merge(self.directory))
        self.remains.copy(self.directory, self.dead[:2])
        gone = {name for name in clean.metric_files(self.directory)
                if not name.endswith(f"_{self.worker.pid}.db")}
        self.assertTrue(any("_promshm" in name for name in gone))
        self.check_gone(gone, "--startup")

    def test_dry_run_changes_nothing(self):
        for options in ([], ["--compact"], ["--gauge-all"], ["--purge"],
                        ["--startup"]):
            with self.subTest(options=options):
                before = clean.contents(self.directory)
                result = testing.gc("--dry-run", *options, self.directory)
                self.assertEqual(result.returncode, 0, result.stderr)
                for name in self.names("gauge_livesum"):
                    self.assertIn(name, result.stdout.decode())
                self.assertNotIn(f"gauge_livesum_{self.worker.pid}.db",
                                 result.stdout.decode())
                self.assertEqual(clean.contents(self.directory), before)
        before = clean.contents(self.directory)
        result = testing.merge("-n", self.directory)
        self.assertEqual(result.returncode, 0, result.stderr)
        for name in self.names("counter"):
            self.assertIn(name, result.stdout.decode())
        self.assertEqual(clean.contents(self.directory), before)


class Json(clean.CleanTest):
    """What is said and what is done are the same."""

    def said(self, command, *options):
        result = testing.run([*command, "-o", "json", *options,
                              self.directory])
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return json.loads(result.stdout)

    def actions(self, object_):
        """File -> what is said to be done to it."""
        return {file["name"]: file["action"]
                for files in (object_["merged"], object_["leftovers"],
                              *(process["files"]
                                for process in object_["processes"]))
                for file in files}

    @clean.with_each_cleaner
    def test_says_what_happened(self, command):
        self.fill(self.dead[:3])
        self.check_done(testing.merge(self.directory))
        self.fill(self.dead[3:])
        with self.living() as worker:
            worker.do("family", "gauge", "level", "Level", "livesum")
            worker.do("family", "counter", "living", "Lives", "")
            worker.settle()
            self.check_said(command, {
                str(worker.pid): "alive",
                **{str(process): "dead" for process in self.dead}})

    def check_said(self, command, states):
        planned = self.said(command, "-n")
        before = clean.contents(self.directory)
        bytes_before = self.blocks()
        done = self.said(command)
        now = clean.contents(self.directory)
        actions = self.actions(done)
        self.assertEqual((planned["dry_run"], done["dry_run"]), (True, False))
        self.assertEqual(self.actions(planned), actions)
        self.assertEqual({process["identifier"]: process["state"]
                          for process in done["processes"]}, states)
        # Each file is there, and kept unless it is said to be not.
        self.assertEqual(set(actions), set(before))
        self.assertEqual({name for name, action in actions.items()
                          if action == "keep"},
                         {name for name in before
                          if now.get(name) == before[name]})
        counts = collections.Counter(actions.values())
        for report in planned, done:
            self.assertEqual(report["folded"]["files"], counts["fold"])
            self.assertEqual(report["removed"]["files"], counts["remove"])
        self.assertEqual(done["made"]["files"], len(set(now) - set(before)))
        self.assertEqual(done["freed_bytes"], bytes_before - self.blocks())
        self.assertEqual(done["issues"], [])
        again = self.said(command)
        self.assertEqual(set(self.actions(again).values()), {"keep"})
        self.assertEqual(again["freed_bytes"], 0)
        self.assertEqual(clean.contents(self.directory), now)

    def blocks(self):
        """The bytes that the files take up on the disk."""
        return sum(path.stat().st_blocks * 512
                   for path in self.directory.iterdir())


class Age(clean.CleanTest):

    def check(self, command):
        """Born is what counts; when they were written to is not."""
        young, old = self.dead[:3], self.dead[3:]
        for _ in range(5):
            self.fill(old)
            time.sleep(AGE + 0.5)
            self.fill(young)
            born = time.monotonic()
            for process in young:
                for path in self.directory.glob(f"*_{process}.db"):
                    os.utime(path, (0, 0))
            result = testing.run([*command, f"--min-age={AGE}",
                                  self.directory])
            if time.monotonic() < born + AGE:
                break
            self.clear()
        self.check_done(result)
        self.check_samples()
        names = clean.metric_files(self.directory)
        for process in young:
            self.assertEqual(
                [path.name for path in self.remains.files(process)],
                [name for name in names if name.endswith(f"_{process}.db")])
        for process in old:
            self.assertNotIn(f"counter_{process}.db", names)

    def test_merge(self):
        self.check([testing.options.merge])

    def test_gc(self):
        self.check([testing.options.gc, "--compact"])

    def test_nothing_is_as_old(self):
        self.fill()
        before = clean.contents(self.directory)
        for age in ("3600", "3600s", "60m", "1h"):
            self.check_quiet(testing.merge("--min-age", age, self.directory))
            self.check_quiet(testing.gc("--purge", "--min-age", age,
                                        self.directory))
        self.assertEqual(clean.contents(self.directory), before)


class Watch(clean.CleanTest):

    def test_waits_for_a_directory_and_cleans_again_and_again(self):
        for end in signal.SIGTERM, signal.SIGINT:
            with self.subTest(end=end):
                self.directory.rmdir()
                self.check_until(end)
                self.clear()

    def check_until(self, end):
        with testing.Background(
                [testing.options.gc, "--compact", "--gauge-all", "--watch=1",
                 self.directory]) as gc:
            time.sleep(0.5)
            self.directory.mkdir()
            for process in self.dead[:3]:
                self.fill([process])
                testing.wait_for(self.is_clean, PATIENCE, "a clean directory")
            self.assertIsNone(gc.process.poll())
            gc.process.send_signal(end)
            self.assertEqual(gc.process.wait(timeout=PATIENCE), 0)
        self.assertEqual(
            clean.dumped(self.directory),
            {key: value for key, value in
             self.remains.samples(self.dead[:3]).items()
             if key[0] != "gauge_all"})

    def is_clean(self):
        return (not clean.identifiers(self.directory)
                and clean.FENCE not in clean.metric_files(self.directory))


if __name__ == "__main__":
    testing.main()
