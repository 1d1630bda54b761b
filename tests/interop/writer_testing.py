"""What the tests share that look at several writers of one directory."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import exposition_text  # noqa: E402
import promshm_testing as testing  # noqa: E402
import writers  # noqa: E402
from expected_sums import ExpectedSums  # noqa: E402
from writers import series  # noqa: E402

FAMILIES = [
    ["family", "counter", "jobs", "Jobs", "", "queue"],
    ["family", "histogram", "seconds", "Seconds", "0.5,2", "queue"],
    ["family", "summary", "bytes", "Bytes", "", "queue"],
    *(["family", "gauge", f"gauge_{mode}", f"Mode {mode}", mode, "queue"]
      for mode in writers.GAUGE_MODES)]


def work(step):
    """Something in every kind; gauges are changed by an amount, not set."""
    for queue in "a", "b" if step % 2 else "c":
        yield series("inc", "jobs", step + 0.25, queue=queue)
        yield series("observe", "seconds", step / 2, queue=queue)
        yield series("observe", "bytes", step * 100, queue=queue)
        for mode in writers.GAUGE_MODES:
            recent = mode.endswith("mostrecent")
            yield series("set" if recent else "inc", f"gauge_{mode}",
                         step * 1.5, queue=queue)


class WriterTest(unittest.TestCase):
    """A test case with a directory, and what its sums have to be."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.client_environment = testing.client_environment()

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.sums = ExpectedSums()

    def client(self, identifier="pid"):
        return writers.client_writer(self.directory, self.client_environment,
                                     identifier)

    def ours(self, identifier="pid", **keywords):
        return writers.promshm_writer(self.directory, identifier, **keywords)

    def do(self, writer, process, commands):
        """Has the writer, which is that process, do it."""
        commands = list(commands)
        self.sums.record(process, commands)
        writer.do_all(commands)
        writer.settle()

    def metric_files(self):
        return sorted(path.name for path in self.directory.glob("*.db"))

    def counter_files(self):
        return [name for name in self.metric_files()
                if name.startswith("counter_")]

    def check_sums(self):
        """Both readers say what is expected, in the same words."""
        collected = testing.collected_by_client(
            self.directory, "prometheus", self.client_environment)
        result = testing.dump("-o", "prometheus", self.directory)
        self.assertEqual((result.stderr, result.returncode), (b"", 0))
        self.assertEqual(testing.differences(
            result.stdout.split(b"\n"), collected.split(b"\n")), [])
        samples = exposition_text.samples(
            exposition_text.parse(collected.decode()))
        self.assertEqual(testing.differences(
            samples.items(), self.sums.samples().items()), [])

    def check_no_entry_twice(self):
        result = testing.dump("-o", "raw", self.directory)
        self.assertEqual((result.stderr, result.returncode), (b"", 0))
        entries = [(path, key) for path, _, key, *_ in (
            line.split("\t") for line in result.stdout.decode().splitlines())]
        self.assertGreater(len(entries), 10)
        self.assertEqual(len(entries), len(set(entries)))
