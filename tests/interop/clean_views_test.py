"""What folding makes of directories: the same sums in fewer files."""

import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import clean_testing as clean  # noqa: E402
import metric_file  # noqa: E402
import promshm_testing as testing  # noqa: E402

# Other keys than those of the clients that are in use.
NEEDS_FORCE = ("ruby",)
# What is expected of ruby is in Ruby's spelling; Debian 13's client takes no
# names as in utf8.
OTHER_WORDS = ("ruby", "utf8")
# Have processes of the same identifiers.
TOGETHER = (("web", "gauges", "numbers", "text", "large", "utf8", "idents"),
            ("web", "legacy016"), ("ruby", "numbers"))


def golden_names():
    return [directory.name for directory in testing.golden_directories()]


def force(name):
    return ["--force"] if name in NEEDS_FORCE else []


def dumped_lines(*directories):
    result = testing.dump("-o", "prometheus", *directories)
    if (result.returncode, result.stderr) != (0, b""):
        raise AssertionError(result)
    return testing.sorted_lines(result.stdout)


class Golden(clean.CleanTest):
    """Copies golden directories before anything is done to them."""

    def copy(self, name):
        return pathlib.Path(shutil.copytree(
            testing.options.golden / name / "db",
            self.folder / "golden" / name, dirs_exist_ok=True))


class Into(Golden):

    def into(self, *sources):
        """Merges directories; the new one."""
        new = self.folder / "+".join(source.name for source in sources)
        before = [clean.contents(source) for source in sources]
        result = testing.merge("--into", new, *sources)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertEqual([clean.contents(source) for source in sources],
                         before)
        self.assertEqual({path.suffix for path in new.iterdir()}, {".db"})
        return new

    def check_into(self, *names):
        sources = [self.copy(name) for name in names]
        self.assertEqual(testing.differences(
            dumped_lines(self.into(*sources)), dumped_lines(*sources)), [])

    def test_each_has_the_same_sums(self):
        for name in golden_names():
            with self.subTest(directory=name):
                self.check_into(name)

    def test_several_have_the_same_sums(self):
        for names in TOGETHER:
            with self.subTest(directories=names):
                self.check_into(*names)

    def test_the_current_client_can_read_all(self):
        if testing.options.client == "old":
            self.skipTest("what is new is as today's client writes it")
        for name in golden_names():
            if name in OTHER_WORDS:
                continue
            with self.subTest(directory=name):
                source = self.copy(name)
                says = self.client_says(self.into(source))
                # It does not know what a client wrote that was older.
                said = ((testing.options.golden / name
                         / "expected.prometheus.txt").read_bytes()
                        if name == "legacy016" else self.client_says(source))
                self.assertEqual(testing.differences(
                    testing.sorted_lines(says), testing.sorted_lines(said)),
                    [])

    def client_says(self, directory):
        return testing.collected_by_client(directory, "prometheus",
                                           self.client_environment)

    def test_the_living_are_merged_and_not_touched(self):
        self.fill()
        new = self.folder / "new"
        with self.living() as living:
            living.do("family", "counter", "living", "Lives", "")
            living.do("inc", "living", 3)
            living.settle()
            before = clean.contents(self.directory)
            result = testing.merge("--into", new, self.directory)
            self.assertEqual((result.returncode, result.stderr), (0, b""))
            self.assertEqual(clean.contents(self.directory), before)
            self.assertEqual(dumped_lines(new), dumped_lines(self.directory))
            self.assertEqual(
                clean.dumped(new)["living_total", frozenset()], 3)

    def test_one_that_is_there_is_not_written_to(self):
        self.fill()
        before = clean.contents(self.directory)
        result = testing.merge("--into", self.directory, self.copy("web"))
        self.assertEqual((result.returncode, result.stdout), (2, b""))
        self.assertRegex(result.stderr.decode(),
                         rf"^promshm-merge: {self.directory}: [^\n]+\n$")
        self.assertEqual(clean.contents(self.directory), before)


class InPlace(Golden):

    def test_the_sums_stay_and_a_second_run_does_nothing(self):
        for name in golden_names():
            with self.subTest(directory=name):
                self.check_sums_stay(name)

    def check_sums_stay(self, name):
        directory = self.copy(name)
        before = dumped_lines(directory)
        files = len(clean.metric_files(directory))
        self.check_done(testing.merge(*force(name), directory))
        self.assertEqual(testing.differences(
            dumped_lines(directory), before), [])
        self.assertLess(len(clean.metric_files(directory)), files)
        merged = clean.contents(directory)
        self.check_quiet(testing.merge(*force(name), directory))
        self.assertEqual(clean.contents(directory), merged)

    def test_gc_folds_the_same(self):
        for name in golden_names():
            with self.subTest(directory=name):
                self.check_gc_folds_the_same(name)

    def check_gc_folds_the_same(self, name):
        directory = self.copy(name)
        other = pathlib.Path(shutil.copytree(directory, self.folder / name))
        self.check_done(testing.gc("--compact", *force(name), directory))
        self.check_done(testing.merge(*force(name), other))
        for path in other.glob("gauge_live*"):
            path.unlink()
        self.assertEqual(*({path.name: path.read_bytes()
                            for path in folder.iterdir()}
                           for folder in (directory, other)))

    def test_other_keys_are_left_without_force(self):
        for name in NEEDS_FORCE:
            directory = self.copy(name)
            before = clean.contents(directory)
            result = testing.merge(directory)
            self.assertEqual((result.returncode, result.stdout), (1, b""))
            self.assertRegex(result.stderr.decode(),
                             rf"^{directory}: left alone: [^\n]+\n$")
            self.assertEqual(clean.contents(directory), before)

    def test_what_the_client_says_stays(self):
        self.fill()
        before = clean.collected(self.client, self.directory)
        self.check_done(testing.merge(self.directory))
        self.assertEqual(testing.differences(
            clean.collected(self.client, self.directory).items(),
            before.items()), [])
        self.check_samples()

    def test_the_number_of_a_merged_file_is_the_next(self):
        kinds = {path.name.rpartition("_")[0]
                 for path in self.remains.files(self.dead[0])}
        for number, process in enumerate(self.dead, 1):
            self.fill([process])
            self.check_done(testing.merge(self.directory))
            self.check_samples(self.dead[:number])
            suffix = "" if number == 1 else f"-{number}"
            self.assertEqual(
                [name for name in clean.metric_files(self.directory)
                 if "_promshm" in name],
                sorted(f"{kind}_promshm{suffix}.db" for kind in kinds
                       if kind != "gauge_all"
                       and not kind.startswith("gauge_live")))

    def test_a_merged_value_knows_when_it_was_set(self):
        if testing.options.client == "old":
            self.skipTest("this client knows no times")
        for process, value, timestamp in ((1, 5, 100), (2, 7, 200)):
            self.set_gauge(process, value, timestamp)
        self.check_done(testing.merge(self.directory))
        self.assertEqual(clean.metric_files(self.directory),
                         ["gauge_mostrecent_promshm.db"])
        for process, value, timestamp, winner in (
                (3, 9, 150, 7), (4, 11, 250, 11), (5, 13, 225, 11)):
            self.set_gauge(process, value, timestamp)
            for samples in (clean.dumped(self.directory),
                            clean.collected(self.client, self.directory)):
                self.assertEqual(samples, {("level", frozenset()): winner})
            self.check_done(testing.merge(self.directory))

    def set_gauge(self, process, value, timestamp):
        data = metric_file.MetricFile().add(
            metric_file.key("level", "level"), value, timestamp).bytes()
        (self.directory / f"gauge_mostrecent_{process}.db").write_bytes(data)

    def test_merged_files_are_of_the_right_size(self):
        self.fill()
        self.check_done(testing.merge(self.directory))
        for path in self.directory.glob("*_promshm.db"):
            with self.subTest(file=path.name):
                used = int.from_bytes(path.read_bytes()[:4], sys.byteorder)
                self.assertGreater(used, 8)
                self.assertLess(path.stat().st_size, used + 4096)


if __name__ == "__main__":
    testing.main()
