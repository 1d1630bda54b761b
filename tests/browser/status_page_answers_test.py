"""What the status page makes of answers that a server rarely gives.

They are made up in the browser, of those that a server gives.
"""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from browser_testing import PageTest, testing  # noqa: E402

from metric_file import MetricFile, key  # noqa: E402

# From now on the status tells of the directories in window.names: `broken`
# cannot be read, the others are as the one that there is.
SEVERAL_DIRECTORIES = """
window.names = ['broken', 'jobs', '<b>web</b>'];
window.asked = [];
const realFetch = window.fetch;
window.fetch = async (path, options) => {
  const url = new URL(path, location.href);
  const directory = url.searchParams.get('directory');
  url.searchParams.delete('directory');
  window.asked.push([url.pathname, directory]);
  const answer = await (await realFetch(url, options)).json();
  const respond = (status, body) =>
      new Response(JSON.stringify(body), {status});
  if (directory !== null && !window.names.includes(directory)) {
    return respond(404, {error: `${directory}: no such directory`});
  }
  if (!url.pathname.endsWith('/status')) {
    return directory !== null ? respond(200, answer) :
        respond(503, {error: 'x: counter here, gauge there'});
  }
  answer.directories = window.names
      .filter((name) => directory === null || name === directory)
      .map((name) => name === 'broken' ?
          {name, path: '/broken', error: '/broken: cannot open: why'} :
          {...answer.directories[0], name});
  return respond(200, answer);
};
"""

# Answers come late; counts how many are waited for at once.
SLOW_SERVER = """
window.waiting = 0;
window.mostWaiting = 0;
window.begun = 0;
const realFetch = window.fetch;
window.fetch = async (path, options) => {
  ++window.begun;
  window.mostWaiting = Math.max(window.mostWaiting, ++window.waiting);
  await new Promise((done) => setTimeout(done, 1500));
  --window.waiting;
  return realFetch(path, options);
};
"""


class AnswersTest(PageTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        file = MetricFile().add(key("requests", "requests_total"), 1)
        pathlib.Path(directory, "counter_1.db").write_bytes(file.bytes())
        cls.server = cls.enterClassContext(testing.Server(directory))

    def setUp(self):
        super().setUp()
        self.open(self.server)
        self.wait_for_family("requests_total")

    def rows(self):
        return self.texts("#directories tbody tr")

    def choose(self, name):
        self.js("[...document.querySelectorAll('.choice')].find("
                "(button) => button.innerText === arguments[0]).click()", name)

    def chosen(self):
        return self.texts(".choice[aria-pressed=true]")

    def become_several(self):
        self.js(SEVERAL_DIRECTORIES)
        self.wait_for(lambda: len(self.rows()) == 4, "three and all together")

    def test_one_directory_is_no_choice(self):
        self.assertEqual(self.rows(), [])

    def test_a_directory_is_chosen_among_several(self):
        self.become_several()
        self.wait_for(lambda: self.chosen() == ["broken"], "the first one")
        self.wait_for(lambda: "/broken: cannot open: why" in
                      self.text("#summary"), "why it cannot be read")
        self.assertEqual(self.text("#processes"), "")
        self.choose("<b>web</b>")
        self.wait_for(lambda: self.text("#summary h2") == "<b>web</b>",
                      "what was chosen")
        self.assertIn("1 family", self.text("#summary"))
        self.wait_for_family("requests_total")
        self.assertIn("directory=%3Cb%3Eweb%3C%2Fb%3E",
                      self.js("return location.hash"))
        self.assertIn("metrics/%3Cb%3Eweb%3C%2Fb%3E", self.js(
            "return document.querySelector('#formats a').href"))
        self.screenshots("directories")

    def test_all_together_may_be_refused(self):
        self.become_several()
        self.choose("all together")
        self.wait_for(lambda: "x: counter here, gauge there" in
                      self.text("#families"), "the reason")
        self.assertEqual(self.text("#summary"), "")
        self.assertEqual(self.text("#notice"), "")
        self.choose("jobs")
        self.wait_for_family("requests_total")

    def test_a_chosen_directory_goes(self):
        self.become_several()
        self.choose("jobs")
        self.wait_for(lambda: self.text("#summary h2") == "jobs", "jobs")
        self.js("window.names = ['<b>web</b>', 'other']")
        self.wait_for(lambda: self.chosen() == ["<b>web</b>"], "another one")
        self.wait_for(lambda: self.text("#notice") == "", "no trouble")
        self.js("window.names = []")
        self.wait_for(lambda: "No directory" in self.text("#summary"), "none")

    def test_others_are_asked_for_seldom(self):
        self.become_several()
        self.choose("jobs")
        self.js("window.asked = []")
        self.wait_for(lambda: self.js("return window.asked.length") > 12,
                      "some polls")
        asked = self.js("return window.asked")
        of_one = asked.count(["/api/v1/status", "jobs"])
        of_all = asked.count(["/api/v1/status", None])
        self.assertGreater(of_one, 3 * of_all)
        self.assertNotIn(["/api/v1/families", None], asked)

    def test_a_slow_server_is_asked_one_thing_at_a_time(self):
        self.js(SLOW_SERVER)
        self.wait_for(lambda: self.js("return window.begun") > 4, "requests")
        self.assertEqual(self.js("return window.mostWaiting"), 1)

    def test_a_counter_that_fell_has_no_rate(self):
        rates = self.js("""
            const rates = new Rates();
            for (const [time, value] of [[100, 10], [102, 14], [104, 3],
                                         [104.1, 90], [106, 5], [140, 500],
                                         [142, NaN], [144, 7], [146, 7]]) {
              rates.add('x', time, value);
            }
            return rates.points('x').map(({time, rate}) => [time, rate]);""")
        self.assertEqual(rates, [[102, 2], [104, None], [106, 1], [140, None],
                                 [142, None], [144, None], [146, 0]])

    def test_rates_are_forgotten(self):
        self.assertEqual(self.js("""
            const rates = new Rates();
            for (let time = 0; time < 1000; time += 2) {
              rates.add('x', time, time);
            }
            for (let i = 0; i < 5000; ++i) rates.add(`y${i}`, 0, 0);
            rates.add('z', 0, 0);
            rates.add('z', 2, 4);
            return [rates.points('x').length, rates.points('z').length,
                    rates.histories.size];"""), [0, 1, 1000])

    def test_numbers_as_people_read_them(self):
        for value, text in ((0, "0"), (1234567, "1,234,567"), (0.1, "0.1"),
                            (1234.5, "1,235"), (12345.6, "12,346"),
                            (1e-9, "1.000e-9"), (1e21, "1.000e+21"),
                            (-2.5, "-2.5")):
            self.assertEqual(self.js("return valueText(arguments[0])", value),
                             text)
        for value in "NaN", "+Inf", "-Inf":
            self.assertEqual(
                self.js("return valueText(toNumber(arguments[0]))", value),
                value)
        for seconds, text in ((0, "0 s"), (59.9, "59 s"), (60, "1 min"),
                              (3661, "1 h 1 min"), (90000, "1 d 1 h"),
                              (86400, "1 d")):
            self.assertEqual(
                self.js("return durationText(arguments[0])", seconds), text)
        for size, text in ((0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"),
                           (10 * 2**20, "10 MiB")):
            self.assertEqual(self.js("return bytesText(arguments[0])", size),
                             text)


if __name__ == "__main__":
    testing.main()
