"""Workers in C++ and workers with the real client count side by side.

The old client cannot read files with timestamps: with it promshm-dump alone
adds up the two generations.
"""

import contextlib
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

WORKERS = 3  # of each language

client_environment = None
client_modes = ()


def setUpModule():
    global client_environment, client_modes
    client_environment = testing.client_environment()
    client_modes = writers.modes_of_client(client_environment)


def is_current():
    return testing.options.client == "current"


def families(modes):
    return [["family", "counter", "mix_requests", "Requests", "", "shard"],
            ["family", "histogram", "mix_latency", "Latency", "0.5,1,2.5,10",
             "shard"],
            ["family", "summary", "mix_size", "Sizes", "", "shard"],
            ["family", "info", "mix_build", "Build", "", "version"],
            *(["family", "gauge", f"mix_{mode}", f"Mode {mode}", mode, "shard"]
              for mode in modes)]


def first_series(modes):
    """What a parent makes before it forks."""
    return [series("add", "mix_requests", shard="first"),
            series("add", "mix_latency", shard="first"),
            series("add", "mix_size", shard="first"),
            series("add", "mix_build", version="1.2"),
            *(series("add", f"mix_{mode}", shard=shard)
              for mode in modes for shard in ("first", "never set"))]


def work(worker, modes):
    """What a worker does: with the first series, and with series of its own.

    All amounts are multiples of 1/8 and small: their sums are exact.
    """
    for shard in "first", f"w{worker}", f"w{worker + 1}":
        yield series("inc", "mix_requests", 1, shard=shard)
        yield series("inc", "mix_requests", worker + 0.625, shard=shard)
        for value in (worker / 8, 0.5, 1, 1.125, 10, worker * 100):
            yield series("observe", "mix_latency", value, shard=shard)
            yield series("observe", "mix_size", -value, shard=shard)
        for mode in modes:
            name = f"mix_{mode}"
            yield series("set", name, worker * 1.25 - 2, shard=shard)
            if not mode.endswith("mostrecent"):
                yield series("inc", name, 0.5, shard=shard)
                yield series("dec", name, 0.125, shard=shard)


class Sums(unittest.TestCase):
    maxDiff = None

    def test_workers_of_both_languages_are_summed_in_every_kind_and_mode(self):
        with contextlib.ExitStack() as stack:
            directory = stack.enter_context(tempfile.TemporaryDirectory())
            client = stack.enter_context(
                writers.client_writer(directory, client_environment))
            ours = stack.enter_context(writers.promshm_writer(directory))
            sums = ExpectedSums()
            sides = ((client, client_modes), (ours, writers.GAUGE_MODES))
            for writer, modes in sides:
                begin = [*families(modes), *first_series(modes)]
                sums.record(writer.pid, begin)
                writer.do_all(begin)
                writer.settle()
            for worker in range(2 * WORKERS):
                writer, modes = sides[worker % 2]
                commands = list(work(worker, modes))
                pid = writer.fork(commands)
                # The client's children begin with all of their parent's series.
                if writer is client:
                    sums.record(pid, first_series(modes))
                sums.record(pid, commands)
            self.check(directory, sums)
            for writer, _ in sides:
                self.assertEqual(writer.ask("wait"), "ended" + " 0" * WORKERS)
            self.check(directory, sums)
            self.assertEqual(ours.ask("dropped"), "0")
            self.assertEqual(ours.errors(), "")

    def check(self, directory, sums):
        result = testing.dump("-o", "prometheus", directory)
        self.assertEqual((result.stderr, result.returncode), (b"", 0))
        self.assert_samples(result.stdout, sums)
        if not is_current():
            return
        for output in "prometheus", "openmetrics":
            collected = testing.collected_by_client(directory, output,
                                                    client_environment)
            result = testing.dump("-o", output, directory)
            self.assertEqual(testing.differences(
                result.stdout.split(b"\n"), collected.split(b"\n")), [])
            if output == "prometheus":
                self.assert_samples(collected, sums)

    def assert_samples(self, text, sums):
        samples = exposition_text.samples(exposition_text.parse(text.decode()))
        self.assertEqual(testing.differences(
            samples.items(), sums.samples().items()), [])


class Generations(unittest.TestCase):

    def test_a_file_of_the_old_client_is_left_as_it_is(self):
        if is_current():
            self.skipTest("the current client is of our generation")
        commands = [*families(["sum"]), *work(2, ["sum"])]
        sums = ExpectedSums()
        with tempfile.TemporaryDirectory() as directory:
            for make, identifier in (
                    (lambda: writers.client_writer(
                        directory, client_environment, "text:same"), "same"),
                    (lambda: writers.promshm_writer(
                        directory, "text:same"), "same-2"),
                    (lambda: writers.promshm_writer(
                        directory, "text:same"), "same-2")):
                with make() as writer:
                    writer.do_all(commands)
                    sums.record(identifier, commands)
            names = [f"{stem}_{identifier}.db"
                     for stem in ("counter", "gauge_sum", "histogram",
                                  "summary")
                     for identifier in ("same", "same-2")]
            self.assertEqual(
                sorted(path.name for path in pathlib.Path(directory).iterdir()),
                sorted(names))
            result = testing.dump("-o", "prometheus", directory)
            self.assertEqual((result.stderr, result.returncode), (b"", 0))
            self.assertEqual(exposition_text.samples(
                exposition_text.parse(result.stdout.decode())), sums.samples())


if __name__ == "__main__":
    testing.main()
