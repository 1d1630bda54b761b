"""The worked example of promshm(5) is a file, and holds what the page says."""

import pathlib
import re
import tempfile
import unittest

import option_lists as lists
from option_lists import testing

NAME = "gauge_livesum_4101.db"


class ManExampleTest(unittest.TestCase):
    def setUp(self):
        page = lists.page_path("promshm.5").read_text()
        self.example = page.split(".Sh EXAMPLES\n")[1].split("\n.Sh ")[0]
        self.assertIn(NAME, self.example)
        rows = re.findall(r"^([0-9a-f]{2}) ((?: +[0-9a-f]{2})+)$",
                          self.example, re.M)
        self.bytes = b"".join(bytes.fromhex(row) for _, row in rows)
        self.offsets = [int(offset, 16) for offset, _ in rows]

    def test_rows_have_sixteen_bytes(self):
        self.assertEqual(self.offsets, list(range(0, len(self.bytes), 16)))

    def test_explained_ranges_cover_all_bytes_in_order(self):
        ranges = [(int(first, 16), int(last, 16)) for first, last in
                  re.findall(r"^\.It (\w\w)\\-(\w\w)$", self.example, re.M)]
        starts = [first for first, _ in ranges]
        ends = [last + 1 for _, last in ranges]
        self.assertEqual(starts, [0, *ends[:-1]])
        self.assertEqual(ends[-1], len(self.bytes))

    def test_dump_reads_the_entry_that_is_explained(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, NAME)
            path.write_bytes(self.bytes)
            result = testing.dump("-o", "raw", path)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        fields = result.stdout.decode().rstrip("\n").split("\t")
        key = re.search(r"^\[.*\]$", self.example, re.M)[0]
        value = re.search(r"^The value: (\S+)$", self.example, re.M)[1]
        timestamp = re.search(r"^The timestamp: (\S+)$", self.example, re.M)[1]
        self.assertEqual(fields, [str(path), "8", key, value, timestamp])


if __name__ == "__main__":
    testing.main()
