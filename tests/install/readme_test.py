"""The programs in README.md, compiled and run as a reader would."""

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

    def compiled(self, header):
        """The program that includes this header, made with the library of the
        build tree."""
        source, = [block for block in blocks("cpp")
                   if "int main" in block and f"#include <{header}>" in block]
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

    def families_after_each_run(self, program):
        """Runs it twice."""
        metrics = self.folder / "metrics"
        metrics.mkdir()
        with testing.Server(metrics) as server:
            for _ in range(2):
                result = testing.run([program], env=testing.environment(
                    PROMETHEUS_MULTIPROC_DIR=str(metrics)))
                self.assertEqual((result.stderr, result.returncode), (b"", 0))
                yield exposition_text.parse(server.scrape().text)

    def test_the_workers_of_the_example_are_summed(self):
        program = self.compiled("promshm/registry.h")
        for run, families in enumerate(
                self.families_after_each_run(program), start=1):
            family = families["jobs_total"]
            self.assertEqual(family.type, "counter")
            self.assertEqual(sum(family.samples.values()),
                             run * WORKERS * JOBS)

    def test_the_example_counts_with_opentelemetry(self):
        if testing.run([testing.options.compiler, "-E", "-xc++", "-"],
                       input=b"#include <opentelemetry/version.h>"
                       ).returncode != 0:
            self.skipTest("OpenTelemetry is not installed")
        program = self.compiled("promshm/meter_provider.h")
        for run, families in enumerate(
                self.families_after_each_run(program), start=1):
            family, = families.values()
            self.assertEqual((family.type, family.help),
                             ("counter", "Requests served"))
            self.assertEqual(family.samples, {
                ("requests_total", frozenset({("code", "200")})): run})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--flag", action="append", default=[],
                        help="for the compiler")
    _, rest = parser.parse_known_args(namespace=testing.options)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
