"""promshm-serve among clients that mean no good, or do not know better."""

import concurrent.futures
import contextlib
import pathlib
import random
import re
import resource
import shutil
import socket
import statistics
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))

import promshm_testing as testing  # noqa: E402
from metric_file import MetricFile, key  # noqa: E402

MOST_SECONDS = 0.1
HALF_SENT = b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: text/pl"
WHOLE = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

# One family, so that its time is not that of a large answer.
GOOD = "/metrics?name[]=db_query_seconds"

MEGABYTE = 1_000_000


class HostileTest(unittest.TestCase):

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="promshm-test-")
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name) / "db"
        shutil.copytree(testing.options.golden / "web" / "db", self.directory)

    def serve(self, **keywords):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        server = testing.Server(self.directory, **keywords)
        return stack.enter_context(server)

    def add_large_family(self):
        """An answer of 3 MB."""
        file = MetricFile()
        for number in range(30):
            labels = {"number": str(number), "filling": "x" * 100_000}
            file.add(key("large", "large_total", labels, "h"), 1.0)
        (self.directory / "counter_88.db").write_bytes(file.bytes())

    def connect(self, server, request=b"", receive_buffer=None):
        client = socket.socket()
        self.addCleanup(client.close)
        client.settimeout(20)
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                              receive_buffer)
        client.connect(("127.0.0.1", server.port))
        client.sendall(request)
        return client

    def good_scrape(self, server):
        """The seconds it takes."""
        begin = time.monotonic()
        answer = testing.get(server.port, GOOD)
        taken = time.monotonic() - begin
        self.assertEqual(answer.status, 200, answer.text)
        self.assertIn("\ndb_query_seconds_count", answer.text)
        return taken

    def assert_good_scrapes_are_quick(self, server):
        """The median: a busy machine makes a single one slow."""
        times = [self.good_scrape(server) for _ in range(15)]
        self.assertLess(statistics.median(times), MOST_SECONDS, times)

    def deaf_client(self, server):
        """Takes the begin of an answer and not a byte more."""
        for _ in range(100):
            client = self.connect(server, WHOLE, receive_buffer=4096)
            if client.recv(12) == b"HTTP/1.1 200":
                return client
            client.close()
            time.sleep(0.05)
        raise AssertionError("only refusals")


class CrowdTest(HostileTest):

    def test_idle_half_sent_and_deaf_clients_delay_nobody(self):
        self.add_large_family()
        server = self.serve()
        self.good_scrape(server)
        for _ in range(200):
            self.connect(server)
            self.connect(server, HALF_SENT)
        self.assert_good_scrapes_are_quick(server)
        for _ in range(2):
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda _: self.deaf_client(server), range(200)))
            self.assert_good_scrapes_are_quick(server)
        # Their answers are 1.2 GB.
        self.assertLess(most_resident_bytes(server), 500 * MEGABYTE)

    def test_long_half_sent_lines_delay_nobody(self):
        server = self.serve()
        for _ in range(200):
            self.connect(server, HALF_SENT + b"x" * 100_000)
        self.assert_good_scrapes_are_quick(server)

    def test_bytes_that_drip_in_delay_nobody(self):
        server = self.serve()
        dripping = [self.connect(server, HALF_SENT + b"x" * 50_000)
                    for _ in range(100)]
        times = []
        for _ in range(10):
            for client in dripping:
                client.sendall(b"x")
            times.append(self.good_scrape(server))
        self.assertLess(statistics.median(times), MOST_SECONDS, times)

    def test_good_clients_get_in_at_the_limit_of_connections(self):
        def few_descriptors():
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

        server = self.serve(preexec_fn=few_descriptors)
        for number in range(300):
            self.connect(server, HALF_SENT if number % 2 else b"")
        self.assert_good_scrapes_are_quick(server)
        # Each new one takes the place of the oldest.
        for _ in range(100):
            self.connect(server)
            self.good_scrape(server)
        self.assert_good_scrapes_are_quick(server)
        self.assertLess(open_descriptors(server), 256)

    def test_what_deaf_clients_hold_at_the_limit_is_freed(self):
        self.add_large_family()

        def few_descriptors():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

        server = self.serve(preexec_fn=few_descriptors)
        for _ in range(40):
            self.deaf_client(server)
        self.assert_good_scrapes_are_quick(server)


class Corpus:
    """Requests that are wrong in one way or another, always the same ones."""

    def __init__(self, seed):
        self._dice = random.Random(seed)

    def request(self):
        kinds = (self._line, self._fields, self._chunks, self._bytes,
                 self._pipeline, self._escapes, self._parameters,
                 self._huge_uri, self._body, self._cut)
        return self._dice.choice(kinds)()

    def _line(self):
        method = self._dice.choice(
            ["GET", "get", "", "POST", "G\0T", "GET" * 1000, "\xff", " "])
        target = self._dice.choice(
            ["/metrics", "", "*", "metrics", "//", "/\0", "http://x/metrics",
             "/?", "/??&&==", "\x7f", "/metrics /metrics"])
        version = self._dice.choice(
            ["HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9",
             "HTTP/1.1 x", "http/1.1", "", "HTTP/", "HTTP/1.1\0"])
        end = self._dice.choice(["\r\n", "\n", "\r", "\r\r\n", ""])
        return f"{method} {target} {version}{end}Host: x{end}{end}".encode(
            "latin-1")

    def _fields(self):
        field = self._dice.choice(
            [b"a: b\r\n", b": b\r\n", b"a\r\n", b" folded\r\n", b"\0: \0\r\n",
             b"Accept: " + b"text/plain," * 50 + b"\r\n",
             b"Accept-Encoding: gzip;q=x\r\n", b"Cookie: a=\"b;;=,\r\n",
             b"Content-Length: 5\r\n", b"Connection: close, keep-alive\r\n",
             b"Expect: 100-continue\r\n", b"Authorization: Basic !\r\n",
             b"X-Prometheus-Scrape-Timeout-Seconds: -1e999\r\n"])
        return (b"GET /metrics HTTP/1.1\r\n"
                + field * self._dice.choice([1, 2, 100, 5000]) + b"\r\n")

    def _chunks(self):
        body = self._dice.choice(
            [b"zz\r\n", b"-1\r\nx\r\n", b"ffffffffffffffffffff\r\n", b"5\r\nab",
             b"1;" + b"x" * 5000 + b"\r\na\r\n0\r\n\r\n", b"\r\n\r\n",
             b"3\r\nabcX\r\n0\r\n\r\n", b"0\r\n" + b"t: x\r\n" * 5000 + b"\r\n",
             b"1\r\na\r\n" * 1000 + b"0\r\n\r\n", b"0x5\r\nabcde\r\n",
             b"20000\r\n" + b"x" * 0x20000])
        length = self._dice.choice([b"", b"Content-Length: 7\r\n"])
        return (b"POST /metrics HTTP/1.1\r\nHost: x\r\n" + length
                + b"Transfer-Encoding: chunked\r\n\r\n" + body)

    def _bytes(self):
        return self._dice.randbytes(self._dice.choice([1, 10, 1000, 20_000]))

    def _pipeline(self):
        return b"".join(self._dice.choice(
            [WHOLE, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n",
             b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
             b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b"rubbish\r\n\r\n"])
            for _ in range(self._dice.choice([2, 5, 50])))

    def _escapes(self):
        text = "".join(self._dice.choice(
            ["%", "%0", "%00", "%zz", "%2f", "%25", "%c0%80", "+", "a", "/",
             "..", "?", "&", "=", "#", "name[]="])
            for _ in range(self._dice.choice([3, 30, 300])))
        return f"GET /{text} HTTP/1.1\r\nHost: x\r\n\r\n".encode()

    def _parameters(self):
        one = self._dice.choice(
            ["&", "=", "name[]=x&", "name%5B%5D=%00&", "?&"])
        count = self._dice.choice([100, 2000, 2100, 30_000])
        return (f"GET /metrics?{one * count} HTTP/1.1\r\n"
                "Host: x\r\n\r\n").encode()

    def _huge_uri(self):
        size = self._dice.choice([8000, 130_000, 262_000, 500_000])
        return b"GET /" + b"a" * size + b" HTTP/1.1\r\nHost: x\r\n\r\n"

    def _body(self):
        length = self._dice.choice(
            ["0", "-1", "5", "65536", "65537", "99999999999999999999", "x",
             "5, 5", "0x5", " 5 "])
        body = b"b" * self._dice.choice([0, 5, 65536])
        return (b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: "
                + length.encode() + b"\r\n\r\n" + body)

    def _cut(self):
        whole = self._dice.choice(
            [self._fields, self._chunks, self._escapes, self._pipeline])()
        return whole[:self._dice.randrange(len(whole))]


class CorpusTest(HostileTest):

    def tell(self, server, request, patience):
        """Says whether the server has answered or closed in time."""
        with socket.create_connection(("127.0.0.1", server.port),
                                      timeout=20) as client:
            with contextlib.suppress(ConnectionError):
                client.sendall(request)
                client.settimeout(patience)
                with contextlib.suppress(TimeoutError):
                    return len(client.recv(65536)) >= 0
                return False
            return True

    def run_corpus(self, server, seed, count):
        corpus = Corpus(seed)
        requests = [corpus.request() for _ in range(count)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(
                lambda request: self.tell(server, request, 0.02), requests))

    def test_a_corpus_of_broken_requests_harms_nobody(self):
        server = self.serve()
        self.run_corpus(server, 1, 400)
        before = resident_bytes(server)
        for seed in range(2, 6):
            # Some at once, or there would be nothing to survive.
            answered = self.run_corpus(server, seed, 600)
            self.assertGreater(sum(answered), 50)
            self.good_scrape(server)
        self.assertLess(resident_bytes(server) - before, 50 * MEGABYTE)
        self.assert_good_scrapes_are_quick(server)

    def test_no_whole_request_waits_for_an_answer(self):
        server = self.serve()
        for request in (
                b"GET /" + b"a" * 130_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                *(b"GET /?" + b"name[]=abc&" * count
                  + b" HTTP/1.1\r\nHost: x\r\n\r\n"
                  for count in range(1000, 6000, 500)),
                b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 10_000 + b"\r\n",
                b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1_900 + b"\r\n"):
            with self.subTest(request[:20], size=len(request)):
                self.assertTrue(self.tell(server, request, 10))


def resident_bytes(server):
    return status_bytes(server, "VmRSS")


def most_resident_bytes(server):
    return status_bytes(server, "VmHWM")


def status_bytes(server, field):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return 1024 * int(
        re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)[1])


def open_descriptors(server):
    return len(list(pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir()))


if __name__ == "__main__":
    testing.main()
