"""Processes that come after one another, and beside one another, in C++ and in
Python: who continues whose files, and what the sums then are."""

import contextlib
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402
import writers  # noqa: E402
from expected_sums import ExpectedSums  # noqa: E402
from writer_testing import FAMILIES, WriterTest, work  # noqa: E402
from writers import series  # noqa: E402


class OneAfterTheOther(WriterTest):

    def check_turns(self, turns, identifier):
        """Each writer, made by a function of `turns`, continues the last."""
        names = sorted(f"{kind}_{identifier}.db" for kind in (
            "counter", "histogram", "summary",
            *(f"gauge_{mode}" for mode in writers.GAUGE_MODES)))
        for step, make in enumerate(turns, start=1):
            with self.subTest(identifier=identifier, step=step), \
                    make(f"text:{identifier}") as writer:
                if make == self.ours:
                    self.sums.forget_live_gauges(identifier)
                self.do(writer, identifier, [*FAMILIES, *work(step)])
                self.assertEqual(self.metric_files(), names)
                self.check_sums()
                self.check_no_entry_twice()
                self.assertEqual(writer.errors(), "")

    def test_the_client_continues_ours(self):
        self.check_turns([self.ours, self.client], "worker7")

    def test_ours_continues_the_clients(self):
        self.check_turns([self.client, self.ours], "worker7")

    def test_many_turns(self):
        self.check_turns(3 * [self.ours, self.client, self.client, self.ours],
                         "12.5")

    def test_any_identifier(self):
        for identifier in "host-3", "archive", "0", "A.b-c", "x" * 100:
            with tempfile.TemporaryDirectory() as directory:
                self.directory = pathlib.Path(directory)
                self.sums = ExpectedSums()
                self.check_turns([self.client, self.ours, self.client],
                                 identifier)

    def test_a_file_that_outgrew_its_first_size(self):
        def fill(writer, numbers):
            self.do(writer, "full", [
                FAMILIES[0], *(series("inc", "jobs", 1, queue=number)
                               for number in numbers)])
            self.check_sums()
        with self.client("text:full") as writer:
            fill(writer, range(1000))
        with self.ours("text:full") as writer:
            fill(writer, range(500, 3000))
        with self.client("text:full") as writer:
            fill(writer, range(1500, 6000))
        self.assertEqual(self.metric_files(), ["counter_full.db"])
        self.check_no_entry_twice()

    def test_a_value_goes_on_where_it_stood(self):
        with self.client("text:w") as writer:
            self.do(writer, "w", [FAMILIES[0],
                                  series("inc", "jobs", 41.5, queue="a")])
        with self.ours("text:w") as writer:
            self.do(writer, "w", [FAMILIES[0],
                                  series("inc", "jobs", 1, queue="a")])
            self.assertEqual(
                float(writer.ask(*series("value", "jobs", queue="a"))), 42.5)
        with self.client("text:w") as writer:
            writer.do(*FAMILIES[0])
            self.assertEqual(
                float(writer.ask(*series("value", "jobs", queue="a"))), 42.5)


class SideBySide(WriterTest):
    """Writers that want the same file at the same time."""

    def count(self, writer, identifier, amount):
        self.do(writer, identifier, [
            FAMILIES[0], series("inc", "jobs", amount, queue="a")])

    def test_a_file_that_the_client_has_open_is_left_to_it(self):
        with self.client() as client:
            identifier = str(client.pid)
            self.count(client, identifier, 1)
            with self.ours(f"text:{identifier}") as ours:
                self.count(ours, f"{identifier}-2", 10)
                self.assertEqual(self.counter_files(), [
                    f"counter_{identifier}-2.db", f"counter_{identifier}.db"])
                self.count(client, identifier, 100)
                self.count(ours, f"{identifier}-2", 1000)
                self.check_sums()
                self.assertEqual(ours.errors(), "")
        self.check_sums()

    def test_a_file_that_a_child_of_the_client_has_open_as_well(self):
        with self.client() as client, contextlib.ExitStack() as stack:
            self.count(client, client.pid, 1)
            inherited = [series("inc", "jobs", 2, queue="a")]
            pids = [client.fork(inherited) for _ in range(2)]
            for pid in pids:
                self.sums.record(pid, inherited)
                ours = stack.enter_context(self.ours(f"text:{pid}"))
                self.count(ours, f"{pid}-2", 10)
            self.check_sums()
            self.assertEqual(len(self.counter_files()), 5)
            self.assertEqual(client.ask("wait"), "ended 0 0")

    def test_two_and_three_of_ours(self):
        with self.ours("text:twin") as first, self.ours("text:twin") as second:
            self.count(first, "twin", 1)
            self.count(second, "twin-2", 10)
            with self.ours("text:twin") as third:
                self.count(third, "twin-3", 100)
            self.count(first, "twin", 1000)
            self.check_sums()
        self.assertEqual(self.counter_files(), [
            "counter_twin-2.db", "counter_twin-3.db", "counter_twin.db"])

    def test_a_client_that_opens_our_file_is_left_alone_with_it(self):
        def add(writer, identifier, queue):
            self.do(writer, identifier, [
                FAMILIES[0], series("inc", "jobs", 1, queue=queue)])
        with self.ours("text:one") as ours:
            add(ours, "one", "ours")
            with self.client("text:one") as client:
                add(client, "one", "client's")
                add(ours, "one-2", "new")
                add(client, "one", "client's other")
                add(ours, "one", "ours")
                add(ours, "one-2", "newer")
                self.check_sums()
            self.assertEqual(ours.errors(), (
                f"{self.directory}/counter_one.db: another process writes to "
                "it; left to itself\n"))
        self.check_sums()

    def test_the_name_is_free_again_when_its_writer_has_ended(self):
        with self.client("text:heir") as client:
            self.count(client, "heir", 1)
            with self.ours("text:heir") as ours:
                self.count(ours, "heir-2", 10)
        with self.ours("text:heir") as ours:
            self.count(ours, "heir", 100)
            self.assertEqual(
                float(ours.ask(*series("value", "jobs", queue="a"))), 101)
        self.check_sums()
        self.assertEqual(self.counter_files(),
                         ["counter_heir-2.db", "counter_heir.db"])

    def test_a_reader_does_not_keep_a_file_from_its_heir(self):
        with self.client("text:read") as client:
            self.count(client, "read", 1)
        with open(self.directory / "counter_read.db", "rb"), \
                self.ours("text:read") as ours:
            self.count(ours, "read", 10)
        self.check_sums()
        self.assertEqual(self.counter_files(), ["counter_read.db"])


if __name__ == "__main__":
    testing.main()
