"""The status page beside workers that write."""

import contextlib
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from browser_testing import PageTest, testing  # noqa: E402

WORKERS = 4
SECONDS = 30

client_environment = None


def setUpModule():
    global client_environment
    client_environment = testing.client_environment()


@contextlib.contextmanager
def workers(directory):
    """Workers of the real client, which write for a while."""
    script = (pathlib.Path(__file__).parents[1] / "interop" /
              "live_workers.py")
    with subprocess.Popen(
            [testing.PYTHON, "-B", str(script), str(WORKERS), str(SECONDS)],
            env={**client_environment, "PROMETHEUS_MULTIPROC_DIR": directory},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.stdin.close()
            process.kill()


class LiveTest(PageTest):

    def setUp(self):
        super().setUp()
        self.directory = self.enterContext(tempfile.TemporaryDirectory())
        self.server = self.enterContext(testing.Server(self.directory))

    def test_an_empty_directory_says_so(self):
        self.open(self.server)
        self.wait_for(lambda: "Nothing has been counted here yet." in
                      self.text("#families"), "no family")
        self.assertIn("No process has left a file here.",
                      self.text("#processes"))
        self.assertIn(self.directory, self.text("#summary"))
        self.screenshot("empty")

    def test_shows_and_follows_what_workers_write(self):
        self.open(self.server)
        with workers(self.directory):
            self.wait_for_family("live_requests_total")
            self.check_figures()
            self.check_processes()
            self.check_pictures()
            self.check_it_follows()
            self.check_what_is_open_follows()
            self.js("window.scrollTo(0, 0)")
            self.screenshots("live")

    def check_figures(self):
        summary = self.text("#summary")
        self.assertIn(self.directory, summary)
        self.assertIn("16 families", summary)
        for name in ("Series", "Files", "Entries", "Bytes", "Processes alive",
                     "File system"):
            self.assertIn(name, summary)
        row = self.js("return arguments[0].innerText",
                      self.family("live_gauge_livesum"))
        self.assertIn("Mode livesum", row)
        self.assertIn("gauge, livesum", row)

    def check_processes(self):
        # The parent has created metrics, too.
        self.wait_for(lambda: len(self.identifiers()) == WORKERS + 1,
                      "a row a process")
        self.assertEqual(self.texts("#processes .state"),
                         ["alive"] * (WORKERS + 1))
        self.assertEqual(self.texts("#processes td:nth-child(2) .note"),
                         ["a process has its files open for writing"] *
                         (WORKERS + 1))

        self.wait_for(lambda: all(
            "live_workers.py" in command
            for command in self.texts("#processes td.command")),
            "their commands")
        for since in self.texts("#processes td:nth-child(4)"):
            self.assertRegex(since, r"^([0-9-]+ )?[0-9]{2}:[0-9]{2}:[0-9]{2}$")

    def identifiers(self):
        return self.texts("#processes tbody th")

    def check_pictures(self):
        row = self.family("live_latency_seconds")
        self.wait_for(lambda: self.js(
            "return arguments[0].querySelectorAll('rect.bar').length",
            row) > 2, "bars of a histogram")
        self.wait_for(lambda: self.js(
            "return arguments[0].querySelector('path.line')"
            ".getAttribute('d').split('L').length",
            self.family("live_requests_total")) >= 3, "points of a rate")
        self.assertRegex(
            self.js("return arguments[0].querySelector('svg')"
                    ".getAttribute('aria-label')",
                    self.family("live_requests_total")),
            r"^Rate of the last .*: now [0-9,.]+ per second, at most ")

    def check_it_follows(self):
        before = self.figure("live_requests_total")
        first = self.wait_for(
            lambda: max(self.figure("live_requests_total"), before) - before,
            "a value that rises")
        self.wait_for(
            lambda: self.figure("live_requests_total") > before + first,
            "and rises again")
        self.assertRegex(self.js("return arguments[0].innerText",
                                 self.family("live_requests_total")),
                         r"[0-9,.]+/s")

    def check_what_is_open_follows(self):
        self.open_family("live_gauge_livesum")
        labels = self.series("live_gauge_livesum")
        self.assertIn('shard="a"', labels)
        self.assertIn('shard="w0"', labels)
        value = ("return arguments[0].querySelector('.series .figures span')"
                 ".innerText")
        row = self.family("live_gauge_livesum")
        before = self.js(value, row)
        self.wait_for(lambda: self.js(value, row) != before,
                      "the value of a series changes")

    def test_the_dead_are_told_from_the_living(self):
        with workers(self.directory) as process:
            self.open(self.server)
            self.wait_for(lambda: "alive" in self.texts("#processes .state"),
                          "somebody alive")
            process.kill()
            self.wait_for(lambda: "dead" in self.texts("#processes .state"),
                          "the parent dead")
            self.assertIn("1 dead", self.text("#summary"))

    def test_what_is_damaged_is_shown_until_it_is_gone(self):
        path = pathlib.Path(self.directory, "counter_1.db")
        path.write_bytes(b"no metric file")
        self.open(self.server)
        self.wait_for(lambda: "counter_1.db" in self.text("#issues"),
                      "the issue")
        path.unlink()
        self.wait_for(lambda: self.text("#issues") == "", "its end")

    def test_the_server_stops_and_starts_again(self):
        port = self.free_port()
        with testing.Server(self.directory, port=port) as server:
            self.open(server)
            self.wait_for(lambda: self.text("#summary"), "the summary")
            self.assertEqual(self.text("#notice"), "")
        self.wait_for(lambda: "does not answer" in self.text("#notice"),
                      "the notice")
        self.screenshot("stopped")
        with testing.Server(self.directory, port=port):
            self.wait_for(lambda: self.text("#notice") == "", "its end")
            self.assertIn(self.directory, self.text("#summary"))
        refused = [line for line in self.console()
                   if "ERR_CONNECTION_REFUSED" not in line
                   and "ERR_CONNECTION_RESET" not in line
                   and "ERR_EMPTY_RESPONSE" not in line]
        self.assertEqual(refused, [])

    def free_port(self):
        with testing.Server(self.directory) as server:
            return server.port


if __name__ == "__main__":
    testing.main()
