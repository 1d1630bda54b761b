"""The units and examples, as `cmake --install` puts them."""

import pathlib
import re
import shlex
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))

import promshm_testing as testing  # noqa: E402

PROGRAMS = ("promshm-serve", "promshm-gc")
EXAMPLES = "share/doc/promshm/examples"


def options_of_help(program):
    path = getattr(testing.options, program.removeprefix("promshm-"))
    text = testing.run([path, "--help"]).stdout.decode()
    return {option for words in re.findall(r"^ {1,4}(-\S+)", text, re.M)
            for option in words.split(",")}


def options_in(words):
    """Of a command's arguments, without their values."""
    return {word.partition("=")[0] for word in words if word.startswith("-")}


class InstalledTest(unittest.TestCase):
    """A test case with what is installed, below `root`.

    Where the paths of the programs stand there, those of the build tree are
    put.
    """
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        temporary = tempfile.TemporaryDirectory(prefix="promshm-test-")
        cls.addClassCleanup(temporary.cleanup)
        cls.root = pathlib.Path(temporary.name)
        for component in "units", "examples":
            result = testing.run(
                [testing.options.cmake, "--install", testing.options.build,
                 "--component", component],
                env=testing.environment(DESTDIR=str(cls.root)))
            if result.returncode != 0:
                raise AssertionError(result.stderr.decode())
        cls.examples, = cls.root.rglob(EXAMPLES)
        cls.units = cls._folder_of("*.service")
        cls.programs = cls._program_links()

    @classmethod
    def _folder_of(cls, pattern):
        folder, = {path.parent for path in cls.root.rglob(pattern)}
        return folder

    @classmethod
    def _program_links(cls):
        """A folder with the programs; units name them there."""
        folder = cls.root / "programs"
        folder.mkdir()
        for program in PROGRAMS:
            path = getattr(testing.options, program.removeprefix("promshm-"))
            (folder / program).symlink_to(path)
        cls.named_folders = set()
        for path in cls.units.glob("*.service"):
            text = path.read_text()
            cls.named_folders.update(
                re.findall(r"(/\S*)/promshm-(?:serve|gc) ", text))
            path.write_text(re.sub(r"/\S*(/promshm-(?:serve|gc) )",
                                   rf"{folder}\1", text))
        return folder

    def example(self, name):
        return (self.examples / name).read_text()


class Unit:
    """A unit file: what stands behind each `NAME=`, in order."""

    def __init__(self, path):
        self._settings = {}
        text = path.read_text().replace("\\\n", " ")
        for name, value in re.findall(r"^(\w+)=(.*)$", text, re.M):
            self._settings.setdefault(name, []).append(value)

    def all(self, name):
        return self._settings.get(name, [])

    def one(self, name):
        value, = self._settings[name]
        return value

    def command(self):
        """The words of ExecStart=, variables as they are."""
        return shlex.split(self.one("ExecStart"))

    def environment(self, instance):
        settings = shlex.split(self.one("Environment").replace("%i", instance))
        return dict(setting.split("=", 1) for setting in settings)


def environment_file(text):
    """The settings of a file for EnvironmentFile=, those in comments too."""
    return [tuple(shlex.split(line.lstrip("#"))[0].split("=", 1))
            for line in text.splitlines() if re.match(r"#?[A-Z_]+=", line)]


def require_unit_tools():
    path = shutil.which("systemd-analyze")
    if path is None:
        testing.skip("systemd-analyze is not installed")
    return path
