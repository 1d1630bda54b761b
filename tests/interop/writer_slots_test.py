"""Processes of ours that take slots for identifiers."""

import contextlib
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402
from writer_testing import FAMILIES, WriterTest, work  # noqa: E402


class Slots(WriterTest):

    def slots(self):
        return [name.removeprefix("counter_").removesuffix(".db")
                for name in self.counter_files()]

    def test_workers_that_follow_one_another_share_a_slot(self):
        for step in range(1, 6):
            with self.ours("slot") as writer:
                self.sums.forget_live_gauges("slot0")
                self.do(writer, "slot0", [*FAMILIES, *work(step)])
                self.assertEqual(writer.errors(), "")
            self.assertEqual(self.slots(), ["slot0"])
            self.check_sums()
        self.check_no_entry_twice()

    def test_workers_beside_one_another_have_slots_of_their_own(self):
        with contextlib.ExitStack() as stack:
            for slot in range(4):
                writer = stack.enter_context(self.ours("slot"))
                self.do(writer, f"slot{slot}", [*FAMILIES, *work(slot + 1)])
            self.assertEqual(self.slots(),
                             ["slot0", "slot1", "slot2", "slot3"])
            self.check_sums()

    def test_forked_workers_have_slots_of_their_own(self):
        with self.ours("slot") as writer:
            self.do(writer, "slot0", [*FAMILIES, *work(1)])
            for _ in range(2):
                for slot in 1, 2, 3:
                    self.sums.forget_live_gauges(f"slot{slot}")
                    commands = list(work(slot + 1))
                    writer.fork(commands)
                    self.sums.record(f"slot{slot}", commands)
                self.check_sums()
                self.assertEqual(writer.ask("wait"), "ended 0 0 0")
            self.assertEqual(self.slots(),
                             ["slot0", "slot1", "slot2", "slot3"])

    def test_a_killed_worker_leaves_its_slot_to_the_next(self):
        with self.ours("slot") as stays:
            self.do(stays, "slot0", [*FAMILIES, *work(1)])
            with self.ours("slot", ends_with=-signal.SIGKILL) as killed:
                self.do(killed, "slot1", [*FAMILIES, *work(2)])
                killed.process.kill()
            self.check_sums()
            with self.ours("slot") as heir:
                self.sums.forget_live_gauges("slot1")
                self.do(heir, "slot1", [*FAMILIES, *work(3)])
                self.check_sums()
            self.assertEqual(self.slots(), ["slot0", "slot1"])

    def test_the_lowest_free_slot_is_taken(self):
        with self.ours("slot") as first, contextlib.ExitStack() as stack:
            self.do(first, "slot0", [*FAMILIES, *work(1)])
            with self.ours("slot") as second:
                self.do(second, "slot1", [*FAMILIES, *work(2)])
                third = stack.enter_context(self.ours("slot"))
                self.do(third, "slot2", [*FAMILIES, *work(3)])
            fourth = stack.enter_context(self.ours("slot"))
            self.sums.forget_live_gauges("slot1")
            self.do(fourth, "slot1", [*FAMILIES, *work(4)])
            self.check_sums()


if __name__ == "__main__":
    testing.main()
