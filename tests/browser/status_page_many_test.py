"""The status page of 100,000 series."""

import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from browser_testing import PageTest, testing  # noqa: E402

from metric_file import MetricFile, key  # noqa: E402

PROCESSES = 100
SERIES_OF_BIG = 600  # a process
SERIES_OF_OTHERS = 400
FAMILIES = 500  # beside `big`
SERIES = PROCESSES * (SERIES_OF_BIG + SERIES_OF_OTHERS)

# Generous: it is a fraction of a second where nothing else runs.
USABLE_SECONDS = 20


def write(directory):
    """Every process has series that no other one has."""
    for process in range(PROCESSES):
        file = MetricFile()
        for i in range(SERIES_OF_BIG):
            number = process * SERIES_OF_BIG + i
            file.add(key("big", "big_total",
                         {"path": f"/items/{number:06}", "code": "200"}), 1)
        for i in range(SERIES_OF_OTHERS):
            number = process * SERIES_OF_OTHERS + i
            name = f"family_{number % FAMILIES:03}"
            file.add(key(name, f"{name}_total", {"number": str(number)}), 2)
        pathlib.Path(directory, f"counter_{process}.db").write_bytes(
            file.bytes(0))


class ManyTest(PageTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        write(directory)
        cls.server = cls.enterClassContext(testing.Server(directory))

    def setUp(self):
        super().setUp()
        begin = time.monotonic()
        self.open(self.server)
        self.wait_for(self.family_names, "families")
        self.seconds = time.monotonic() - begin

    def test_is_usable_at_once_and_stays_small(self):
        self.assertLess(self.seconds, USABLE_SECONDS)
        self.assertIn(f"{SERIES:,}", self.text("#summary"))
        self.assertIn(f"{PROCESSES:,}", self.text("#summary"))
        self.assertEqual(self.figure("big_total"), PROCESSES * SERIES_OF_BIG)
        self.assertLess(
            self.js("return document.querySelectorAll('*').length"), 5000)
        self.screenshots("many")

    def test_families_come_in_pages(self):
        self.assertEqual(len(self.family_names()), 50)
        section = self.element("#families")
        self.assertIn(f"1–50 of {FAMILIES + 1}", self.text("#families"))
        self.press("Next", section)
        self.wait_for(lambda: f"51–100 of {FAMILIES + 1}" in
                      self.text("#families > .pager"), "the second page")
        self.wait_for_family("family_049_total")
        self.press("Last", section)
        self.wait_for(lambda: self.family_names() == ["family_499_total"],
                      "the last page")
        self.press("Previous", section)
        self.wait_for_family("family_449_total")
        self.press("First", section)
        self.wait_for_family("big_total")

    def test_series_come_in_pages(self):
        self.open_family("big_total")
        row = self.family("big_total")
        self.assertEqual(len(self.series("big_total")), 50)
        self.assertIn('path="/items/000000"', self.series("big_total")[0])
        self.press("Last", row)
        last = f"/items/{PROCESSES * SERIES_OF_BIG - 1:06}"
        self.wait_for(lambda: last in self.series("big_total")[-1],
                      "the last series")
        self.press("First", row)
        self.wait_for(lambda: 'path="/items/000000"' in
                      self.series("big_total")[0], "the first again")

    def test_a_filter_finds_one_series_among_all(self):
        self.filter("/ITEMS/031415")
        self.wait_for(lambda: self.family_names() == ["big_total"],
                      "its family")
        self.open_family("big_total")
        self.assertEqual(self.series("big_total"),
                         ['code="200", path="/items/031415"'])
        self.filter("")
        self.wait_for(lambda: len(self.series("big_total")) == 50,
                      "all others")

    def test_a_filter_leads_back_to_the_first_page(self):
        self.press("Last", self.element("#families"))
        self.wait_for_family("family_499_total")
        self.filter("family_1")
        self.wait_for_family("family_100_total")
        self.assertIn("1–50 of 100", self.text("#families > .pager"))

    def test_processes_come_in_pages_and_in_order(self):
        section = self.element("#processes")
        def identifiers():
            return [int(text) for text in self.texts("#processes tbody th")]
        self.assertEqual(identifiers(), list(range(10)))
        self.press("Next", section)
        self.wait_for(lambda: identifiers() == list(range(10, 20)),
                      "the second page")
        sort = self.element("#processes th[data-sort=identifier] button")
        self.js("arguments[0].click()", sort)
        self.wait_for(lambda: identifiers() == list(range(99, 89, -1)),
                      "the other order, from its begin")
        self.assertEqual(
            self.js("return arguments[0].parentNode.ariaSort", sort),
            "descending")


if __name__ == "__main__":
    testing.main()
