"""What promshm-gc@.service runs cleans up after real workers."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "interop"))

import installed  # noqa: E402
from clean_testing import CleanTest, contents, metric_files  # noqa: E402
from installed import testing  # noqa: E402


class CleanUnitTest(installed.InstalledTest, CleanTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.unit = installed.Unit(cls.units / "promshm-gc@.service")

    def start(self, **changes):
        """As systemd does, without its confinement."""
        settings = {**self.unit.environment("shop"), **changes}
        return testing.run(self.unit.command(),
                           env=testing.environment(**settings))

    def test_it_is_for_the_directory_of_the_application(self):
        self.assertEqual(
            self.unit.environment("shop")["PROMETHEUS_MULTIPROC_DIR"],
            "/run/shop/metrics")
        self.assertEqual(self.unit.one("User"), "%i")

    def test_the_dead_are_folded_and_no_sum_changes(self):
        self.fill()
        with self.living() as worker:
            worker.do("family", "gauge", "gauge_live_here", "Lives", "livesum")
            worker.settle()
            result = self.start(PROMETHEUS_MULTIPROC_DIR=str(self.directory))
            self.assertEqual([name for name in metric_files(self.directory)
                              if name.startswith("gauge_live")],
                             [f"gauge_livesum_{worker.pid}.db"])
        self.check_done(result)
        self.check_folded(self.dead)
        self.check_samples()

    def test_arguments_of_the_example(self):
        self.fill()
        for name, value in installed.environment_file(
                self.example("systemd/promshm-shop.default")):
            if name == "GC_ARGS":
                arguments = value
        self.check_done(self.start(
            PROMETHEUS_MULTIPROC_DIR=str(self.directory), GC_ARGS=arguments))
        self.check_folded(self.dead)
        self.assertFalse([name for name in metric_files(self.directory)
                          if name.startswith("gauge_all")])

    def test_a_directory_that_is_not_there_is_no_failure(self):
        result = self.start(PROMETHEUS_MULTIPROC_DIR=str(self.folder / "none"))
        self.check_quiet(result)

    def test_trouble_is_a_failure(self):
        self.fill()
        self.directory.chmod(0o777)
        before = contents(self.directory)
        result = self.start(PROMETHEUS_MULTIPROC_DIR=str(self.directory))
        self.assertIn(b"unsafe", result.stderr)
        self.assertNotIn(result.returncode,
                         (0, int(self.unit.one("SuccessExitStatus"))))
        self.assertEqual(contents(self.directory), before)


if __name__ == "__main__":
    testing.main()
