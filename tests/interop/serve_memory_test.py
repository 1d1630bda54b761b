"""promshm-serve scrapes on and on while processes come and go.

It cleans up after them itself: one command beside the application.
"""

import http.client
import os
import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import clean_testing as clean  # noqa: E402
import promshm_testing as testing  # noqa: E402
from churning import Churn  # noqa: E402

SCRAPES = 100000
PART = 20000  # scrapes; the first are left aside
SAMPLE = 500  # scrapes from one look at the memory to the next
MOST_GROWTH = 1 << 20  # bytes
MOST_FILES = 200

client_environment = None


def setUpModule():
    global client_environment
    client_environment = testing.client_environment()


def resident_bytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines()
                if line.startswith("VmRSS:"))
    return 1024 * int(line.split()[1])


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Memory(unittest.TestCase):
    def test_memory_does_not_grow_with_scrapes_and_processes(self):
        with tempfile.TemporaryDirectory() as folder:
            directory = pathlib.Path(folder, "metrics")
            directory.mkdir()
            with testing.Server(directory, arguments=["--compact=0.5"]) as \
                    server, Churn(directory, pathlib.Path(folder),
                                  client_environment) as churn:
                testing.wait_for(lambda: churn.ended > 0, 30, "a child")
                self.scrape(server, PART)
                memory_before = self.scrape(server, PART)
                files_before = open_files(server.process.pid)
                ended_before = churn.ended
                self.scrape(server, SCRAPES - 3 * PART)
                memory = self.scrape(server, PART)
                files = open_files(server.process.pid)
                processes = churn.ended - ended_before
                churn.stop()
                self.check_sums(server, churn)
            print(f"{SCRAPES} scrapes, {churn.ended} processes, "
                  f"{memory_before} bytes at first, {memory} at last; "
                  f"{files_before} and {files} descriptors")
            self.assertGreater(processes, 100)
            self.assertLess(memory - memory_before, MOST_GROWTH)
            self.assertLess(files, files_before + MOST_FILES)

    def scrape(self, server, times):
        """Over one connection, as a server does.

        Returns the least memory meanwhile, which a compaction or a scrape
        under way takes no part in.
        """
        least = None
        connection = http.client.HTTPConnection("127.0.0.1", server.port,
                                                timeout=30)
        try:
            for i in range(times):
                connection.request("GET", "/metrics")
                response = connection.getresponse()
                response.read()
                self.assertEqual(response.status, 200)
                if i % SAMPLE == 0:
                    memory = resident_bytes(server.process.pid)
                    least = min(memory, least or memory)
        finally:
            connection.close()
        return least

    def check_sums(self, server, churn):
        """Nothing was lost, and what the dead left was cleaned up."""
        values = [value for (name, _), value
                  in clean.samples(server.scrape().text).items()
                  if name == "fresh_total"]
        self.assertEqual(values, [churn.ended])
        deadline = time.monotonic() + 30
        while len(clean.metric_files(churn.directory)) > 30:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)


if __name__ == "__main__":
    testing.main()
