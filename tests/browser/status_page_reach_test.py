"""The status page by keyboard, in both colour schemes, on every width."""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from browser_testing import NARROW, PageTest, SCHEMES, WIDE, testing  # noqa

from metric_file import MetricFile, key  # noqa: E402

# The ratio of WCAG 2, level AA, for texts of every size.
LEAST_CONTRAST = 4.5

# The lowest contrast of all texts that are shown, and where it is.
CONTRAST = """
const channels = (colour) => colour.match(/[0-9.]+/g).map(Number);
const luminance = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((c) => c / 255).map(
      (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const ground = (node) => {
  for (; node !== null; node = node.parentElement) {
    const colour = channels(getComputedStyle(node).backgroundColor);
    if (colour[3] !== 0) return colour;
  }
  return [255, 255, 255];
};
let worst = [100, ''];
for (const node of document.querySelectorAll('body *')) {
  const own = [...node.childNodes].some(
      (child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
  if (!own || node.getClientRects().length === 0) continue;
  if (node.closest('svg, noscript, script, style') !== null) continue;
  const [a, b] = [luminance(channels(getComputedStyle(node).color)),
                  luminance(ground(node))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < worst[0]) worst = [ratio, node.outerHTML.slice(0, 200)];
}
return worst;
"""


def write(directory):
    file = MetricFile()
    for path in "/a", "/b":
        file.add(key("requests", "requests_total",
                     {"path": path, "agent": "x" * 300}, "Help " * 100), 1.5)
    file.add(key("unbroken" + "_x" * 100, "unbroken_total"), 12345678.9)
    pathlib.Path(directory, "counter_1.db").write_bytes(file.bytes())
    histogram = MetricFile()
    for le, count in (("0.1", 3), ("0.5", 9), ("1.0", 4), ("+Inf", 1)):
        histogram.add(key("seconds", "seconds_bucket", {"le": le}), count)
    histogram.add(key("seconds", "seconds_sum"), 7.5)
    pathlib.Path(directory, "histogram_1.db").write_bytes(histogram.bytes())
    pathlib.Path(directory, "gauge_all_2.db").write_bytes(b"damaged")


class ReachTest(PageTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        write(directory)
        cls.server = cls.enterClassContext(testing.Server(directory))

    def setUp(self):
        super().setUp()
        self.open(self.server)
        self.wait_for(self.family_names, "families")

    def focused(self):
        """The text, or else the name, of what has the focus."""
        return self.js("const node = document.activeElement;"
                       "return node.innerText || node.id || node.tagName")

    def type(self, *keys):
        from selenium.webdriver.common.action_chains import ActionChains
        ActionChains(self.driver).send_keys(*keys).perform()

    def tab_to(self, text):
        """Goes there as a reader without a mouse does."""
        from selenium.webdriver.common.keys import Keys
        for _ in range(40):
            if self.focused() == text:
                return
            self.type(Keys.TAB)
        self.fail(f"{text}: not reached, but {self.focused()}")

    def test_every_control_is_reached_by_keyboard(self):
        from selenium.webdriver.common.keys import Keys
        for text in ("Skip to the families", "metrics (text)",
                     "metrics (OpenMetrics)", "status (JSON)",
                     "families (JSON)", "Identifier", "Bytes", "filter",
                     "requests_total"):
            self.tab_to(text)
        self.type(Keys.ENTER)
        self.wait_for(lambda: len(self.series("requests_total")) == 2,
                      "the series")
        self.assertEqual(
            self.js("return document.activeElement.ariaExpanded"), "true")
        polls = "return performance.getEntriesByType('resource').length"
        before = self.js(polls)
        self.wait_for(lambda: self.js(polls) > before + 6, "two more polls")
        self.assertEqual(self.focused(), "requests_total", "it kept the focus")
        self.type(Keys.ENTER)
        self.wait_for(lambda: not self.series("requests_total"), "closed")

    def test_the_filter_is_typed(self):
        self.tab_to("filter")
        self.type("SECONDS")
        self.wait_for(lambda: self.family_names() == ["seconds"], "the family")
        self.assertIn("q=SECONDS", self.js("return location.hash"))
        self.driver.refresh()
        self.wait_for(lambda: self.family_names() == ["seconds"],
                      "the family is chosen still")

    def test_tables_and_pictures_are_told_to_those_who_do_not_see(self):
        self.assertEqual(self.js("return document.documentElement.lang"), "en")
        for landmark in "header", "main", "header > nav[aria-label]", "h1":
            self.assertEqual(
                self.js("return document.querySelectorAll(arguments[0]).length",
                        landmark), 1, landmark)
        self.assertEqual(
            self.js("return [...document.querySelectorAll('thead th')].filter("
                    "(th) => th.scope !== 'col').length"), 0)
        self.assertEqual(
            self.js("return [...document.querySelectorAll('tbody th')].filter("
                    "(th) => th.scope !== 'row').length"), 0)
        self.assertEqual(
            self.js("return [...document.querySelectorAll('svg')].filter("
                    "(svg) => svg.getAttribute('role') !== 'img' ||"
                    " !svg.ariaLabel).length"), 0)
        self.assertEqual(
            self.js("return arguments[0].querySelector('svg').ariaLabel",
                    self.family("seconds")),
            "Histogram: half ≤ 0.5, 95 % ≤ +Inf")

    def test_contrast(self):
        self.open_family("requests_total")
        grounds = set()
        for scheme in SCHEMES:
            with self.subTest(scheme):
                self.show(WIDE, scheme)
                ratio, where = self.js(CONTRAST)
                self.assertGreaterEqual(ratio, LEAST_CONTRAST, where)
                grounds.add(self.js(
                    "return getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(len(grounds), 2, "two schemes")
        self.screenshots("opened")

    def test_nothing_is_wider_than_the_window(self):
        self.open_family("requests_total")
        for width in 320, NARROW[0], 640, 833, WIDE[0], 2560:
            self.show((width, 900), "light")
            self.assertLessEqual(
                self.js("return document.documentElement.scrollWidth"), width)

    def test_a_histogram_shows_what_each_bucket_holds(self):
        titles = self.js(
            "return [...arguments[0].querySelectorAll('rect title')].map("
            "(title) => title.textContent)", self.family("seconds"))
        self.assertEqual(titles, ["3 up to 0.1", "9 up to 0.5", "4 up to 1.0",
                                  "1 up to +Inf"])

    def test_a_hidden_page_asks_nothing(self):
        polls = "return performance.getEntriesByType('resource').length"
        self.js("Object.defineProperty(document, 'hidden',"
                " {value: true, configurable: true})")
        self.js("return new Promise((done) => setTimeout(done, 3000))")
        before = self.js(polls)
        self.js("return new Promise((done) => setTimeout(done, 5000))")
        self.assertEqual(self.js(polls), before)
        self.js("delete document.hidden;"
                "document.dispatchEvent(new Event('visibilitychange'))")
        self.wait_for(lambda: self.js(polls) > before, "it asks again")

    def test_what_is_out_of_view_is_not_asked_for(self):
        self.show((WIDE[0], 150), "light")
        self.js("window.scrollTo(0, 0);"
                "document.querySelector('#families').style.marginTop = '3000px'")
        asked = ("return performance.getEntriesByType('resource').filter("
                 "(entry) => entry.name.includes(arguments[0])).length")
        status = self.js(asked, "/status")
        self.wait_for(lambda: self.js(asked, "/status") > status + 1, "polls")
        families = self.js(asked, "/families")
        status = self.js(asked, "/status")
        self.wait_for(lambda: self.js(asked, "/status") > status + 1, "polls")
        self.assertEqual(self.js(asked, "/families"), families)


if __name__ == "__main__":
    testing.main()
