"""Texts that others chose, and that want to be markup, on the status page."""

import contextlib
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from browser_testing import PageTest, testing  # noqa: E402

from metric_file import MetricFile, key  # noqa: E402

# No `/`, so that it can stand in the name of a file.
IMAGE = "<img src=x onerror=window.hacked=1>"
SCRIPT = "</script><script>window.hacked=1</script>"
ATTRIBUTE = "\"' onmouseover=window.hacked=1 style=color:red x='"
LINK = "javascript:window.hacked=1"
TEMPLATE = "${window.hacked=1}{{telemetry_path}}"
EVERYTHING = (IMAGE, SCRIPT, ATTRIBUTE, LINK, TEMPLATE, "&lt;b&gt;", "%3Cb%3E")
NAMES_OF_OBJECTS = ("__proto__", "constructor", "toString", "hasOwnProperty")


def directory_of_hostile_texts(root):
    """Makes one below `root` and returns it."""
    directory = pathlib.Path(root, IMAGE)
    directory.mkdir()
    file = MetricFile()
    for i, text in enumerate(EVERYTHING):
        file.add(key(text, f"{text}_total", {text: text, "n": str(i)}, text),
                 i + 1)
    for name in NAMES_OF_OBJECTS:
        file.add(key(name, f"{name}_total", {name: name}, name), 1)
    file.add(key("odd", "odd_total", {"a": 'x"\\\n\u202e\u0007'}, "h\ne\u202e"),
             1)
    (directory / f"counter_{IMAGE}.db").write_bytes(file.bytes())
    histogram = MetricFile()
    for le, count in (("0.5", 1), ("+Inf", 2)):
        histogram.add(key("h" + IMAGE, f"h{IMAGE}_bucket",
                          {IMAGE: SCRIPT, "le": le}, IMAGE), count)
    (directory / "histogram_1.db").write_bytes(histogram.bytes())
    (directory / f"gauge_sum_{IMAGE}{ATTRIBUTE}.db").write_bytes(b"damaged")
    return directory


COUNT_AND_WAIT = """
import sys
from prometheus_client import Counter
Counter("own", "Own").inc()
print("ready", flush=True)
sys.stdin.read()
"""

client_environment = None


def setUpModule():
    global client_environment
    client_environment = testing.client_environment()


@contextlib.contextmanager
def process_of_hostile_command(directory):
    """A process that writes, and whose command line wants to be markup."""
    script = directory.with_name("count.py")
    script.write_text(COUNT_AND_WAIT)
    with subprocess.Popen(
            [testing.PYTHON, script, IMAGE, SCRIPT, ATTRIBUTE],
            env={**client_environment,
                 "PROMETHEUS_MULTIPROC_DIR": str(directory)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            yield process
        finally:
            process.kill()


class HostileTextTest(PageTest):

    def setUp(self):
        super().setUp()
        root = self.enterContext(tempfile.TemporaryDirectory())
        self.directory = directory_of_hostile_texts(root)
        self.server = self.enterContext(testing.Server(str(self.directory)))
        self.open(self.server)
        self.wait_for(self.family_names, "families")

    def tearDown(self):
        self.assertIsNone(self.js("return window.hacked ?? null"))
        self.assertEqual(self.js(
            "return [...document.querySelectorAll("
            "'body img, body iframe, body object, [onerror], [onmouseover],"
            " [style], body b')].map((node) => node.outerHTML)"), [])
        self.assertEqual(self.js("return document.scripts.length"), 1)
        super().tearDown()

    def test_every_text_stays_a_text(self):
        names = self.family_names()
        for text in (*EVERYTHING, *NAMES_OF_OBJECTS):
            self.assertIn(f"{text}_total", names)
        self.assertIn("h" + IMAGE, names)
        helps = self.texts("#families .help")
        for text in (*EVERYTHING, *NAMES_OF_OBJECTS):
            self.assertIn(text, helps)
        self.assertEqual(self.text("#summary h2"),
                         re.sub("[^A-Za-z0-9_.-]", "_", IMAGE))
        self.assertIn(IMAGE, self.text("#path"))
        self.assertIn(IMAGE, self.texts("#processes tbody th"))
        self.assertIn(ATTRIBUTE, self.text("#issues"))

    def test_a_command_stays_a_text(self):
        with process_of_hostile_command(self.directory) as process:
            command = f"{IMAGE} {SCRIPT}"
            self.wait_for(lambda: any(
                command in text for text in self.texts("#processes .command")),
                "the command")
            row = self.js(
                "return [...document.querySelectorAll('#processes tbody tr')]"
                ".find((row) => row.cells[0].innerText === arguments[0])"
                ".innerText", str(process.pid))
            self.assertIn(command, row)
            self.assertIn("alive", row)
            self.js("window.scrollTo(0, 0)")
            self.screenshots("hostile")

    def test_labels_stay_texts(self):
        for text in EVERYTHING:
            with self.subTest(text):
                self.open_family(f"{text}_total")
                escaped = text.replace('"', '\\"')
                self.assertIn(f'{text}="{escaped}"',
                              self.series(f"{text}_total")[0])
        self.open_family("h" + IMAGE)
        self.assertEqual(self.series("h" + IMAGE), [f'{IMAGE}="{SCRIPT}"'])
        for name in NAMES_OF_OBJECTS:
            self.open_family(f"{name}_total")
            self.assertEqual(self.series(f"{name}_total"),
                             [f'{name}="{name}"'])

    def test_links_lead_to_the_server_only(self):
        for text in EVERYTHING:
            self.open_family(f"{text}_total")
        origins = self.js(
            "return [...document.querySelectorAll('a')].map("
            "(link) => new URL(link.href).origin)")
        self.assertGreater(len(origins), 2 * len(EVERYTHING))
        self.assertEqual(set(origins),
                         {f"http://127.0.0.1:{self.server.port}"})
        for text in EVERYTHING:
            row = self.family(f"{text}_total")
            body = self.js(
                "const link = [...arguments[0].querySelectorAll('.links a')]"
                ".find((link) => link.innerText === 'JSON');"
                "return fetch(link.href).then((answer) => answer.json())", row)
            self.assertEqual(body["family"]["name"], text)

    def test_what_cannot_be_seen_is_spelled_out(self):
        self.open_family("odd_total")
        self.assertEqual(self.series("odd_total"),
                         ['a="x\\"\\\\\\n\\u202e\\u0007"'])
        self.assertIn("h\\ne\\u202e", self.texts("#families .help"))

    def test_filters_stay_texts(self):
        for text in EVERYTHING:
            with self.subTest(text):
                self.filter(text)
                self.wait_for(lambda: f"{text}_total" in self.family_names()
                              and len(self.family_names()) < 4, "the family")
        self.filter(IMAGE + "nothing")
        self.wait_for(lambda: "No family matches" in self.text("#families"),
                      "none")

    def test_the_address_stays_a_text(self):
        self.driver.get("about:blank")
        self.open(self.server, f"#directory={IMAGE}&q={SCRIPT}")
        self.wait_for(self.family_names, "families")
        self.assertEqual(
            self.js("return document.querySelector('#filter').value"), SCRIPT)
        self.assertIn(f"{SCRIPT}_total", self.family_names())


if __name__ == "__main__":
    testing.main()
