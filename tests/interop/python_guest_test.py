"""A native core in a Python worker counts beside prometheus_client.

Both are in one process, of one process ID. Whoever comes first, neither may
touch the other's file.
"""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402

# How many label sets: enough for both files to grow several times.
LABEL_SETS = 400

HOST = """
import ctypes, os, sys
guest = ctypes.CDLL(sys.argv[1])
guest.guest_increment.argtypes = [ctypes.c_char_p, ctypes.c_double]
directory = os.environ["PROMETHEUS_MULTIPROC_DIR"].encode()
if sys.argv[2] == "guest first":
    guest.guest_start(directory)
from prometheus_client import Counter
jobs = Counter("jobs", "Jobs", ["k"])
jobs.labels("first").inc()
if sys.argv[2] == "host first":
    guest.guest_start(directory)

def count(label_sets):
    for i in range(label_sets):
        guest.guest_increment(b"first", 1.0)
        jobs.labels("first").inc()
        guest.guest_increment(b"guest %d" % i, 2.0)
        jobs.labels("host %d" % i).inc(3)

count(int(sys.argv[3]))
if os.fork() == 0:
    count(int(sys.argv[3]))
    os._exit(0)
sys.exit(os.wait()[1])
"""

client_environment = None


def setUpModule():
    global client_environment
    client_environment = testing.client_environment()


class PythonGuest(unittest.TestCase):

    def test_both_are_counted_whoever_is_first(self):
        for order in "guest first", "host first":
            with self.subTest(order), tempfile.TemporaryDirectory() as folder:
                result = testing.run(
                    [testing.PYTHON, "-c", HOST, testing.options.guest, order,
                     str(LABEL_SETS)],
                    env={**client_environment,
                         "PROMETHEUS_MULTIPROC_DIR": folder})
                self.assertEqual((result.returncode, result.stderr), (0, b""))
                lines = testing.collected_by_client(
                    folder, "prometheus", client_environment).decode()
                values = dict(line.rsplit(" ", 1)
                              for line in lines.splitlines()
                              if not line.startswith("#"))
                expected = {
                    'jobs_total{k="first"}': str(4.0 * LABEL_SETS + 1),
                    **{f'jobs_total{{k="guest {i}"}}': "4.0"
                       for i in range(LABEL_SETS)},
                    **{f'jobs_total{{k="host {i}"}}': "6.0"
                       for i in range(LABEL_SETS)}}
                self.assertEqual(testing.differences(
                    values.items(), expected.items()), [])
                dumped = testing.dump("-o", "prometheus", folder)
                self.assertEqual(dumped.returncode, 0, dumped.stderr)
                self.assertEqual(testing.sorted_lines(dumped.stdout),
                                 testing.sorted_lines(lines.encode()))


if __name__ == "__main__":
    testing.main()
