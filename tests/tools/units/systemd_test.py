"""systemd finds nothing wrong with the units, and they name what is there."""

import pathlib
import re
import shlex
import unittest

import installed
from installed import testing

UNITS = {"promshm-gc@.service", "promshm-gc@.timer", "promshm-serve.service",
         "promshm-serve.socket", "promshm-serve@.service"}
# Where the drop-ins among the examples go, and what is verified with them.
DROP_INS = {
    "promshm-serve@shop.conf": ("promshm-serve@shop.service",
                                "promshm-gc@shop.service"),
    "shop.conf": ("shop.service",),
}
MOST_EXPOSED = 2.0  # of 10, as systemd-analyze counts

analyze = None


def setUpModule():
    global analyze
    analyze = installed.require_unit_tools()


class SystemdTest(installed.InstalledTest):
    def test_units_are_at_their_place(self):
        self.assertEqual({path.name for path in self.units.iterdir()}, UNITS)
        self.assertTrue(str(self.units).endswith("/lib/systemd/system"))

    def test_services_run_programs_of_the_prefix(self):
        self.assertEqual(
            self.named_folders,
            {f"/{self.units.parents[2].relative_to(self.root)}/bin"})

    def verify(self, *names):
        """What systemd-analyze says of them; they are found by their names."""
        return testing.run(
            [analyze, "verify", "--man=no", *names],
            env=testing.environment(SYSTEMD_UNIT_PATH=f"{self.units}:"))

    def check_sound(self, *names):
        result = self.verify(*names)
        self.assertEqual(
            (result.returncode, result.stdout, result.stderr), (0, b"", b""))

    def test_units_are_sound(self):
        for name in sorted(UNITS):
            with self.subTest(unit=name):
                self.check_sound(name.replace("@", "@shop"))

    def test_units_are_sound_as_files(self):
        self.check_sound(*(self.units / name for name in sorted(UNITS)))

    def test_units_are_sound_with_drop_ins(self):
        (self.units / "shop.service").write_text(
            "[Service]\nExecStart=/bin/true\n")
        self.addCleanup((self.units / "shop.service").unlink)
        for name, units in DROP_INS.items():
            text = self.example(f"systemd/{name}").replace(
                "promshm-gc", str(self.programs / "promshm-gc"))
            for unit in units:
                folder = self.units / f"{unit}.d"
                folder.mkdir()
                self.addCleanup(folder.rmdir)
                (folder / name).write_text(text)
                self.addCleanup((folder / name).unlink)
                with self.subTest(unit=unit):
                    self.check_sound(unit)

    def test_a_bad_unit_would_be_found(self):
        unit = self.units / "promshm-bad.service"
        self.addCleanup(unit.unlink)
        good = (self.units / "promshm-serve@.service").read_text()
        for old, new in (("PrivateTmp=", "PrivateTemp="),
                         ("/promshm-serve $ARGS", "/promshm-none $ARGS"),
                         ("WatchdogSec=30s", "WatchdogSec=30x")):
            with self.subTest(new=new):
                self.assertIn(old, good)
                unit.write_text(good.replace(old, new))
                self.assertNotEqual(self.verify(unit).stderr, b"")

    def test_services_are_confined(self):
        for name in sorted(UNITS):
            if name.endswith(".service"):
                with self.subTest(unit=name):
                    result = testing.run(
                        [analyze, "security", "--offline=true", "--no-pager",
                         self.units / name])
                    exposed = re.search(rb"exposure level .*: ([\d.]+)",
                                        result.stdout)
                    self.assertIsNotNone(exposed, result.stderr)
                    self.assertLessEqual(float(exposed[1]), MOST_EXPOSED)

    def test_manual_pages_are_there(self):
        manual = pathlib.Path(__file__).resolve().parents[3] / "man"
        for name in sorted(UNITS):
            page, section = re.fullmatch(
                r"man:(\S+)\((\d)\)",
                installed.Unit(self.units / name).one("Documentation")).groups()
            self.assertTrue((manual / f"{page}.{section}").is_file(), page)

    def test_commands_have_only_options_that_are_there(self):
        serve = installed.options_of_help("promshm-serve")
        words = installed.Unit(self.units / "promshm-serve.service").command()
        self.assertLessEqual(installed.options_in(words), serve)
        clean = installed.options_of_help("promshm-gc")
        for name, value in self.settings():
            options = installed.options_in(shlex.split(value))
            if name == "ARGS":
                self.assertLessEqual(options, serve)
            if name == "GC_ARGS":
                self.assertLessEqual(options, clean)

    def settings(self):
        """Of the units, of the comments above them and of the examples."""
        found = []
        for path in self.examples.glob("systemd/*.default"):
            found += installed.environment_file(path.read_text())
        for path in self.units.glob("*.service"):
            comment = re.sub("^# *", "#", path.read_text(), flags=re.M)
            found += installed.environment_file(comment)
        for name in "promshm-serve@.service", "promshm-gc@.service":
            found += installed.Unit(self.units / name).environment(
                "shop").items()
        self.assertLessEqual(
            {"ARGS", "GC_ARGS", "PROMETHEUS_MULTIPROC_DIR"},
            {name for name, _ in found})
        return found

    def test_examples_set_what_the_units_read(self):
        for unit, example in (
                ("promshm-serve.service", "promshm-serve"),
                ("promshm-serve@.service", "promshm-shop"),
                ("promshm-gc@.service", "promshm-shop")):
            file = installed.Unit(self.units / unit).one("EnvironmentFile")
            self.assertEqual(file.lstrip("-").replace("%i", "shop"),
                             f"/etc/default/{example}")
            text = self.example(f"systemd/{example}.default")
            self.assertIn(f"/etc/default/{example}:", text)
            for name, _ in installed.environment_file(text):
                self.assertRegex(
                    "\n".join((self.units / u).read_text() for u in UNITS),
                    rf"\b{name}\b")


if __name__ == "__main__":
    testing.main()
