"""The program in README.md, compiled and run as a reader would."""

import argparse
import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import exposition_text  # noqa: E402
import promshm_testing as testing  # noqa: E402

WORKERS = 4
JOBS = 1000  # a worker's


def blocks(language):
    """The code blocks of README.md in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$",
                      (ROOT / "README.md").read_text(),
                      re.MULTILINE | re.DOTALL)


class ReadmeTest(unittest.TestCase):

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="promshm-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def compiled(self, source):
        """The program, made with the library of the build tree."""
        build = pathlib.Path(testing.options.build)
        (self.folder / "example.cc").write_text(source)
        result = testing.run([
            testing.options.compiler, "-std=c++17", "-Wall", "-Wextra",
            "-Werror", *testing.options.flag, self.folder / "example.cc",
            f"-I{ROOT}/lib/include", f"-I{build}/lib/include",
            f"-L{build}/lib", f"-Wl,-rpath,{build}/lib", "-lpromshm",
            "-o", self.folder / "example"])
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return self.folder / "example"

    def test_the_workers_of_the_example_are_summed(self):
        example, = [block for block in blocks("cpp")
                    if "int main" in block and "fork" in block]
        program = self.compiled(example)
        metrics = self.folder / "metrics"
        metrics.mkdir()
        with testing.Server(metrics) as server:
            for run in 1, 2:
                result = testing.run([program], env=testing.environment(
                    PROMETHEUS_MULTIPROC_DIR=str(metrics)))
                self.assertEqual((result.stderr, result.returncode), (b"", 0))
                family = exposition_text.parse(
                    server.scrape().text)["jobs_total"]
                self.assertEqual(family.type, "counter")
                self.assertEqual(sum(family.samples.values()),
                                 run * WORKERS * JOBS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--flag", action="append", default=[],
                        help="for the compiler")
    _, rest = parser.parse_known_args(namespace=testing.options)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
