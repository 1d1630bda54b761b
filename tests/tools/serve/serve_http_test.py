"""promshm-serve over real sockets."""

import concurrent.futures
import contextlib
import fcntl
import gzip
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))

import promshm_testing as testing  # noqa: E402
from metric_file import MetricFile, key  # noqa: E402

QUICKLY = 2  # seconds

PAGES = ("/metrics", "/-/healthy", "/", "/api/v1/status", "/api/v1/families")

TEXT_004 = "text/plain; version=0.0.4; charset=utf-8"
TEXT_100 = "text/plain; version=1.0.0; charset=utf-8; escaping="
OPENMETRICS_001 = "application/openmetrics-text; version=0.0.1; charset=utf-8"
OPENMETRICS_100 = ("application/openmetrics-text; version=1.0.0; "
                   "charset=utf-8; escaping=")

# What each version of Prometheus asks for.
PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,"
    "application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
PROMETHEUS_3_0 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;escaping=allow-utf-8;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,"
    "*/*;escaping=allow-utf-8;q=0.2")
PROMETHEUS_3_4 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2")
PROMETHEUS_3_PROTOBUF = (
    "application/vnd.google.protobuf;"
    "proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    "text/plain;version=0.0.4;q=0.2,*/*;q=0.1")
PROMETHEUS_3_LEGACY_NAMES = PROMETHEUS_3_4.replace("allow-utf-8", "underscores")

ACCEPTED = [
    (None, TEXT_004),
    ("", TEXT_004),
    ("*/*", TEXT_004),
    ("text/html", TEXT_004),
    ("text/plain", TEXT_004),
    ("text/plain;version=0.0.4", TEXT_004),
    ("text/plain;version=1.0.0", TEXT_100 + "underscores"),
    ("text/plain;version=1.0.0;escaping=dots", TEXT_100 + "dots"),
    ("text/plain;version=1.0.0;escaping=values", TEXT_100 + "values"),
    ("application/openmetrics-text", OPENMETRICS_001),
    ("application/openmetrics-text;version=0.0.1", OPENMETRICS_001),
    ("application/openmetrics-text;version=1.0.0",
     OPENMETRICS_100 + "underscores"),
    ("application/openmetrics-text;version=1.0.0;q=0.4,"
     "text/plain;version=0.0.4;q=0.6", TEXT_004),
    (PROMETHEUS_2_42, OPENMETRICS_100 + "underscores"),
    (PROMETHEUS_3_0, OPENMETRICS_100 + "allow-utf-8"),
    (PROMETHEUS_3_4, OPENMETRICS_100 + "allow-utf-8"),
    (PROMETHEUS_3_PROTOBUF, OPENMETRICS_100 + "allow-utf-8"),
    (PROMETHEUS_3_LEGACY_NAMES, OPENMETRICS_100 + "underscores"),
]


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()


def send(address, method, target, headers=(), body=None):
    """One request on a connection of its own; `address` is (host, port)."""
    connection = http.client.HTTPConnection(*address, timeout=20)
    with contextlib.closing(connection):
        return send_on(connection, method, target, headers, body)


def send_on(connection, method, target, headers=(), body=None):
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    return Answer(connection.getresponse())


def read_all(connection):
    """What the server sends until it closes."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def run_serve(*arguments, **environment):
    return testing.run([testing.options.serve, *arguments],
                       env=testing.environment(**environment))


class Serve(testing.Background):
    """A running promshm-serve; `addresses` are what it says it listens on."""

    def __init__(self, directory, *options, listen=("127.0.0.1:0",)):
        self._listen = listen
        self.addresses = []
        flags = [f"--web.listen-address={address}" for address in listen]
        super().__init__([testing.options.serve, *flags,
                          *testing.APPLICATION_ONLY, *options, directory])

    def __enter__(self):
        line = (r"^promshm-serve: listening on "
                r"http://(\[[0-9a-f:]+\]|[0-9.]+):(\d+)(/\S*)$")
        try:
            self.wait_for_line(f"(?s)({line}.*){{{len(self._listen)}}}")
        except BaseException as error:
            self.__exit__(type(error))
            raise
        self.addresses = [
            (host.strip("[]"), int(port)) for host, port, _ in
            re.findall(line, self.output(), re.MULTILINE)]
        return self

    @property
    def address(self):
        return self.addresses[0]

    def get(self, target="/metrics", *headers):
        return send(self.address, "GET", target, headers)


class ServeTest(unittest.TestCase):

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="promshm-test-")
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name) / "db"
        web = testing.options.golden / "web"
        shutil.copytree(web / "db", self.directory)
        self.expected = testing.sorted_lines(
            (web / "expected.prometheus.txt").read_bytes())

    def serve(self, *options, **keywords):
        return self.enter(Serve(self.directory, *options, **keywords))

    @contextlib.contextmanager
    def locked_directory(self):
        """As a cleaner holds it while it renames and removes files."""
        folder = os.open(self.directory, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def enter(self, context):
        stack = contextlib.ExitStack()
        entered = stack.enter_context(context)
        self.addCleanup(stack.close)
        return entered

    def connect(self, server):
        connection = socket.create_connection(server.address, timeout=20)
        self.addCleanup(connection.close)
        return connection

    def add_large_family(self):
        """More than the buffers of a connection hold: 12 MB of text."""
        file = MetricFile()
        for number in range(120):
            labels = {"number": str(number), "filling": "x" * 100_000}
            file.add(key("large", "large_total", labels, "h"), 1.0)
        (self.directory / "counter_88.db").write_bytes(file.bytes())

    def assert_scrape(self, answer):
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(testing.sorted_lines(answer.body), self.expected)


class ListenTest(ServeTest):

    def test_ipv4(self):
        server = self.serve()
        self.assertEqual(server.address[0], "127.0.0.1")
        self.assert_scrape(server.get())

    def test_ipv6(self):
        self.require_ipv6()
        server = self.serve(listen=["[::1]:0"])
        self.assertEqual(server.address[0], "::1")
        self.assert_scrape(server.get())

    def test_all_addresses(self):
        server = self.serve(listen=[":0"])
        port = server.address[1]
        self.assert_scrape(send(("127.0.0.1", port), "GET", "/metrics"))
        self.assert_scrape(send(("127.0.0.2", port), "GET", "/metrics"))

    def test_all_addresses_take_ipv6(self):
        self.require_ipv6()
        server = self.serve(listen=[":0"])
        self.assert_scrape(
            send(("::1", server.address[1]), "GET", "/metrics"))

    def test_two_addresses(self):
        server = self.serve(listen=["127.0.0.1:0", "127.0.0.2:0"])
        self.assertEqual([host for host, _ in server.addresses],
                         ["127.0.0.1", "127.0.0.2"])
        for address in server.addresses:
            self.assert_scrape(send(address, "GET", "/metrics"))

    def test_the_chosen_telemetry_path_is_printed(self):
        server = self.serve("--web.telemetry-path=/a/b")
        self.assertRegex(server.output(), r":\d+/a/b\n")
        self.assert_scrape(server.get("/a/b"))
        self.assertEqual(server.get("/metrics").status, 404)

    def test_the_directory_comes_from_the_environment(self):
        for name in "PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir":
            with self.subTest(name), testing.Background(
                    [testing.options.serve,
                     "--web.listen-address=127.0.0.1:0",
                     *testing.APPLICATION_ONLY],
                    env=testing.environment(**{name: str(self.directory)})
                    ) as server:
                port = server.wait_for_line(r"127\.0\.0\.1:(\d+)/metrics$")[1]
                self.assert_scrape(
                    send(("127.0.0.1", int(port)), "GET", "/metrics"))

    def require_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError as error:
            self.skipTest(f"no IPv6 address ::1: {error}")


class RefusalTest(ServeTest):

    def assert_refused(self, message, *arguments, **environment):
        result = run_serve(*arguments, **environment)
        self.assertEqual(result.returncode, 2, result)
        self.assertEqual(result.stdout, b"")
        self.assertRegex(result.stderr.decode(), r"\Apromshm-serve: " + message)

    def test_no_directory(self):
        self.assert_refused("no directory: .*PROMETHEUS_MULTIPROC_DIR")
        self.assert_refused("no directory: ", PROMETHEUS_MULTIPROC_DIR="")

    def test_missing_directory(self):
        missing = self.directory / "missing"
        self.assert_refused(
            f"{missing}: cannot open: no such file or directory\n", missing)

    def test_a_file_for_a_directory(self):
        file = next(self.directory.iterdir())
        self.assert_refused(f"{file}: cannot open: not a directory\n", file)

    def test_unreadable_directory(self):
        prefix = testing.bound_by_permissions()
        self.addCleanup(self.directory.chmod, 0o755)
        for mode in 0o000, 0o444, 0o333:
            self.directory.chmod(mode)
            result = testing.run(
                [*prefix, testing.options.serve, self.directory])
            self.assertEqual(result.returncode, 2)
            self.assertIn(b": cannot open: permission denied\n", result.stderr)

    def test_usage(self):
        for arguments in (
                ["--no-such-option"], ["--web.listen-address"],
                ["--web.telemetry-path"], ["one", "two"], ["-x"]):
            with self.subTest(arguments):
                self.assert_refused(".*\n", *arguments)

    def test_listen_addresses(self):
        for address in "9464", "localhost", "::1:80", "127.0.0.1:65536":
            with self.subTest(address):
                self.assert_refused(
                    re.escape(address) + ": not a listen address: ",
                    f"--web.listen-address={address}", self.directory)

    def test_telemetry_paths(self):
        for path in "", "metrics", "/-/healthy", "/a?b":
            with self.subTest(path):
                self.assert_refused(
                    re.escape(f"{path}: not a telemetry path: "),
                    "--web.telemetry-path", path, self.directory)

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = f"127.0.0.1:{other.getsockname()[1]}"
            self.assert_refused(
                f"{address}: cannot listen: address already in use\n",
                f"--web.listen-address={address}", self.directory)

    def test_help_and_version(self):
        result = run_serve("--help")
        self.assertEqual(result.returncode, 0)
        for text in (b"--web.listen-address", b"127.0.0.1:9464",
                     b"--web.telemetry-path", b"/metrics",
                     b"$PROMETHEUS_MULTIPROC_DIR"):
            self.assertIn(text, result.stdout)
        result = run_serve("--version")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, rb"\Apromshm-serve \d+\.\d+\.\d+\n\Z")


class PagesTest(ServeTest):

    def test_head_tells_the_length_of_get(self):
        server = self.serve()
        for target in "/metrics", "/-/healthy", "/":
            for headers in [], [("Accept-Encoding", "gzip")]:
                with self.subTest(target=target, headers=headers):
                    get = send(server.address, "GET", target, headers)
                    head = send(server.address, "HEAD", target, headers)
                    self.assertEqual(head.status, 200)
                    self.assertEqual(head.body, b"")
                    self.assertEqual(get.headers["Content-Length"],
                                     str(len(get.body)))
                    self.assertEqual(without_date(head), without_date(get))

    def test_head_sends_no_body(self):
        server = self.serve()
        connection = self.connect(server)
        connection.sendall(b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n"
                           b"Connection: close\r\n\r\n")
        received = read_all(connection)
        self.assertTrue(received.startswith(b"HTTP/1.1 200 "), received)
        self.assertTrue(received.endswith(b"\r\n\r\n"), received)
        self.assertEqual(received.count(b"\r\n\r\n"), 1)

    def test_other_paths(self):
        server = self.serve()
        for target in ("/metrics/", "/metrics/x", "/metric", "/metrics%00",
                       "/metrics%00x", "/favicon.ico", "/-/ready"):
            with self.subTest(target):
                self.assertEqual(server.get(target).status, 404)

    def test_a_percent_encoded_path(self):
        self.assert_scrape(self.serve().get("/m%65trics"))

    def test_other_methods(self):
        server = self.serve()
        for target in PAGES:
            for method in "POST", "PUT", "DELETE", "PATCH", "BREW":
                with self.subTest(method=method, target=target):
                    answer = send(server.address, method, target)
                    self.assertEqual(answer.status, 405)
                    self.assertEqual(answer.headers["Allow"],
                                     "GET, HEAD, OPTIONS")
        self.assertEqual(send(server.address, "POST", "/x").status, 404)

    def test_options(self):
        server = self.serve()
        for target in PAGES:
            answer = send(server.address, "OPTIONS", target)
            self.assertEqual(answer.status, 204)
            self.assertEqual(answer.headers["Allow"], "GET, HEAD, OPTIONS")

    def test_health(self):
        answer = self.serve().get("/-/healthy")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"],
                         "text/plain; charset=utf-8")
        self.assertIn(b"healthy", answer.body)

    def test_status_page(self):
        answer = self.serve("--web.telemetry-path=/a&b").get("/")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"],
                         "text/html; charset=utf-8")
        self.assertIn(b'<a href="/a&amp;b">', answer.body)

    def test_what_the_status_page_asks_for(self):
        server = self.serve()
        for target in ("/api/v1/status", "/api/v1/families",
                       "/api/v1/families?q=a+b%26c&limit=5"):
            with self.subTest(target):
                answer = server.get(target)
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.headers["Content-Type"],
                                 "application/json; charset=utf-8")
                self.assertEqual(json.loads(answer.body)["schema"], 1)
        answer = server.get("/api/v1/families?directory=%3Cb%3E+%26")
        self.assertEqual(answer.status, 404)
        self.assertEqual(json.loads(answer.body),
                         {"error": "<b> &: no such directory"})

    def test_the_telemetry_path_may_be_the_root(self):
        self.assert_scrape(self.serve("--web.telemetry-path=/").get("/"))


def without_date(answer):
    return sorted((name, value) for name, value in answer.headers.items()
                  if name != "Date")


class ScrapeTest(ServeTest):

    def test_accept_decides_the_content_type(self):
        server = self.serve()
        for accept, content_type in ACCEPTED:
            with self.subTest(accept):
                headers = [] if accept is None else [("Accept", accept)]
                answer = server.get("/metrics", *headers)
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.headers["Content-Type"], content_type)
                self.assertEqual(answer.headers["Vary"],
                                 "Accept, Accept-Encoding")
                self.assertEqual(answer.body.endswith(b"# EOF\n"),
                                 "openmetrics" in content_type)

    def test_accept_may_come_in_several_fields(self):
        answer = self.serve().get(
            "/metrics", ("Accept", "text/html;q=0.9"),
            ("ACCEPT", "application/openmetrics-text;version=1.0.0"))
        self.assertEqual(answer.headers["Content-Type"],
                         OPENMETRICS_100 + "underscores")

    def test_gzip(self):
        server = self.serve()
        for coding in "gzip", "gzip;q=0.5", "*", "deflate, gzip":
            with self.subTest(coding):
                answer = server.get("/metrics", ("Accept-Encoding", coding))
                self.assertEqual(answer.headers["Content-Encoding"], "gzip")
                answer.body = gzip.decompress(answer.body)
                self.assert_scrape(answer)

    def test_no_gzip(self):
        server = self.serve()
        for coding in "identity", "gzip;q=0", "gzip;q=0, *", "br":
            with self.subTest(coding):
                answer = server.get("/metrics", ("Accept-Encoding", coding))
                self.assertNotIn("Content-Encoding", answer.headers)
                self.assert_scrape(answer)

    def test_a_small_answer_is_not_compressed(self):
        answer = self.serve().get("/metrics?name[]=db_query_seconds",
                                  ("Accept-Encoding", "gzip"))
        self.assertLess(len(answer.body), 1024)
        self.assertNotIn("Content-Encoding", answer.headers)

    def test_names(self):
        server = self.serve()
        for query, families in (
                ("name[]=db_query_seconds", {"db_query_seconds"}),
                ("name%5B%5D=db_query_seconds_sum", {"db_query_seconds"}),
                ("name[]=db_query_seconds&x=y&name[]=http_requests_total",
                 {"db_query_seconds", "http_requests_total"}),
                ("name[]=db%5Fquery_seconds&name[]=none", {"db_query_seconds"}),
                ("name[]=none", set())):
            with self.subTest(query):
                answer = server.get(f"/metrics?{query}")
                self.assertEqual(answer.status, 200)
                self.assertEqual(
                    set(re.findall(r"^# TYPE (\S+)", answer.body.decode(),
                                   re.MULTILINE)), families)
        for query in "", "name[]=", "name[]", "name=db_query_seconds", "&&":
            with self.subTest(query):
                self.assert_scrape(server.get(f"/metrics?{query}"))

    def test_many_names(self):
        names = "&".join(f"name[]=some_family_of_metrics_{number}_seconds"
                         for number in range(500))
        answer = self.serve().get(f"/metrics?{names}&name[]=db_query_seconds")
        self.assertEqual(answer.status, 200)
        self.assertIn(b"# TYPE db_query_seconds summary\n", answer.body)

    def test_a_vanished_directory_comes_back(self):
        server = self.serve()
        aside = self.directory.with_name("aside")
        for _ in range(2):
            self.assert_scrape(server.get())
            self.directory.rename(aside)
            answer = server.get()
            self.assertEqual(answer.status, 503)
            self.assertEqual(answer.headers["Content-Type"],
                             "text/plain; charset=utf-8")
            self.assertIn(f"{self.directory}: ".encode(), answer.body)
            self.assertEqual(server.get("/-/healthy").status, 200)
            aside.rename(self.directory)
        self.assert_scrape(server.get())

    def test_a_file_in_its_place_is_no_directory(self):
        server = self.serve()
        aside = self.directory.with_name("aside")
        self.directory.rename(aside)
        self.directory.write_bytes(b"")
        self.assertEqual(server.get().status, 503)
        self.directory.unlink()
        aside.rename(self.directory)
        self.assert_scrape(server.get())

    def test_a_locked_directory_is_503_until_it_is_free(self):
        server = self.serve()
        with self.locked_directory(), \
                concurrent.futures.ThreadPoolExecutor(3) as pool:
            for answer in pool.map(lambda _: server.get(), range(3)):
                self.assertEqual(answer.status, 503)
                self.assertIn(b"cannot lock", answer.body)
            self.assertEqual(server.get("/-/healthy").status, 200)
        self.assert_scrape(server.get())

    def test_issues_are_told_once(self):
        bad = self.directory / "counter_99.db"
        bad.write_bytes(b"not a metric file")
        server = self.serve()
        for _ in range(5):
            self.assert_scrape(server.get())
        told = re.findall(r"^time=\S+ level=WARN .*counter_99\.db: .*$",
                          server.output(), re.MULTILINE)
        self.assertEqual(len(told), 1, server.output())

    def test_every_scrape_is_fresh(self):
        server = self.serve()
        for value in 1.0, 2.0:
            entry = key("fresh", "fresh", {}, "h")
            data = MetricFile().add(entry, value, 1.0).bytes()
            (self.directory / "gauge_max_77.db").write_bytes(data)
            self.assertIn(f"\nfresh {value}\n".encode(), server.get().body)


class ConnectionTest(ServeTest):

    def test_keep_alive(self):
        server = self.serve()
        connection = http.client.HTTPConnection(*server.address, timeout=20)
        with contextlib.closing(connection):
            self.assert_scrape(send_on(connection, "GET", "/metrics"))
            first = connection.sock
            self.assertEqual(send_on(connection, "GET", "/x").status, 404)
            self.assertEqual(
                send_on(connection, "POST", "/metrics", body=b"x").status, 405)
            self.assertEqual(send_on(connection, "OPTIONS", "/").status, 204)
            self.assertEqual(send_on(connection, "HEAD", "/").status, 200)
            self.assert_scrape(send_on(connection, "GET", "/metrics"))
            self.assertIs(connection.sock, first)

    def test_a_body_is_read_and_dropped(self):
        server = self.serve()
        connection = http.client.HTTPConnection(*server.address, timeout=20)
        with contextlib.closing(connection):
            body = bytes(65536)
            for method, status in ("POST", 405), ("GET", 200):
                answer = send_on(connection, method, "/metrics", body=body)
                self.assertEqual(answer.status, status)

    def test_a_larger_body_is_refused(self):
        connection = self.connect(self.serve())
        connection.sendall(b"POST /metrics HTTP/1.1\r\nHost: x\r\n"
                           b"Content-Length: 65537\r\n\r\n")
        self.assertRegex(read_all(connection), rb"\AHTTP/1\.1 413 ")

    def test_http_1_0(self):
        connection = self.connect(self.serve())
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        header, _, body = read_all(connection).partition(b"\r\n\r\n")
        self.assertRegex(header, rb"\AHTTP/1\.[01] 200 ")
        self.assertEqual(testing.sorted_lines(body), self.expected)

    def test_rubbish_harms_nobody(self):
        server = self.serve()
        for rubbish in (b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03", b"GET\r\n\r\n",
                        b"\0" * 100, b"GET /metrics HTTP/1.1\r\n" + b"x" * 200_000,
                        b"GET /" + b"%" * 100_000 + b" HTTP/1.1\r\n\r\n"):
            with self.connect(server) as connection:
                with contextlib.suppress(ConnectionError):
                    connection.sendall(rubbish)
        self.assert_scrape(server.get())

    def test_idle_and_slow_clients_delay_nobody(self):
        server = self.serve()
        for _ in range(8):
            self.connect(server)
            self.connect(server).sendall(b"GET /metrics HTTP/1.1\r\nHost: ")
        time.sleep(0.2)
        for _ in range(20):
            begin = time.monotonic()
            self.assert_scrape(server.get())
            self.assertLess(time.monotonic() - begin, QUICKLY)

    def test_a_client_that_does_not_read_delays_nobody(self):
        self.add_large_family()
        server = self.serve()
        for _ in range(8):
            self.connect(server).sendall(
                b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        begin = time.monotonic()
        self.assertEqual(server.get("/-/healthy").status, 200)
        self.assertLess(time.monotonic() - begin, QUICKLY)

    def test_concurrent_scrapes(self):
        server = self.serve()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: server.get(), range(200)))
        for answer in answers:
            self.assert_scrape(answer)


class StopTest(ServeTest):

    def stop(self, server, number):
        server.process.send_signal(number)
        return server.process.wait(timeout=20)

    def test_signals_stop_it_with_status_0(self):
        for number in signal.SIGTERM, signal.SIGINT:
            with self.subTest(number):
                server = self.serve()
                self.assert_scrape(server.get())
                begin = time.monotonic()
                self.assertEqual(self.stop(server, number), 0)
                self.assertLess(time.monotonic() - begin, QUICKLY)

    def test_open_connections_do_not_hold_it_up(self):
        server = self.serve()
        self.connect(server)
        self.connect(server).sendall(b"GET /metrics HTTP/1.1\r\n")
        idle = http.client.HTTPConnection(*server.address, timeout=20)
        with contextlib.closing(idle):
            self.assert_scrape(send_on(idle, "GET", "/metrics"))
            begin = time.monotonic()
            self.assertEqual(self.stop(server, signal.SIGTERM), 0)
            self.assertLess(time.monotonic() - begin, QUICKLY)

    def test_an_answer_under_way_is_finished(self):
        self.add_large_family()
        server = self.serve()
        whole = len(server.get().body)
        connection = self.connect(server)
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        received = connection.recv(1000)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        received += read_all(connection)
        self.assertEqual(len(received.partition(b"\r\n\r\n")[2]), whole)
        self.assertEqual(server.process.wait(timeout=20), 0)

    def test_a_client_that_does_not_read_holds_it_up_for_seconds_only(self):
        self.add_large_family()
        server = self.serve()
        connection = self.connect(server)
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.recv(1000)
        begin = time.monotonic()
        self.assertEqual(self.stop(server, signal.SIGTERM), 0)
        self.assertLess(time.monotonic() - begin, 10)

    def test_a_locked_directory_holds_it_up_for_seconds_only(self):
        server = self.serve()

        def scrape(_):
            # One that no thread has taken yet is cut off.
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.assertEqual(server.get().status, 503)

        with self.locked_directory(), \
                concurrent.futures.ThreadPoolExecutor(8) as pool:
            waiting = [pool.submit(scrape, number) for number in range(8)]
            time.sleep(0.3)
            begin = time.monotonic()
            self.assertEqual(self.stop(server, signal.SIGTERM), 0)
            self.assertLess(time.monotonic() - begin, 10)
            for done in waiting:
                done.result()

    def test_it_stops_in_the_middle_of_many_scrapes(self):
        server = self.serve()

        def scrape(_):
            with contextlib.suppress(OSError, http.client.HTTPException):
                for _ in range(1000):
                    self.assert_scrape(server.get())

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            scrapes = [pool.submit(scrape, number) for number in range(8)]
            time.sleep(0.3)
            self.assertEqual(self.stop(server, signal.SIGTERM), 0)
            for done in scrapes:
                done.result()

    def test_a_stopped_server_frees_its_port_at_once(self):
        server = self.serve()
        host, port = server.address
        self.assert_scrape(server.get())
        self.assertEqual(self.stop(server, signal.SIGTERM), 0)
        again = self.serve(listen=[f"{host}:{port}"])
        self.assert_scrape(again.get())

    def test_a_closed_output_does_not_end_it(self):
        port = free_port()
        process = subprocess.Popen(
            [testing.options.serve,
             f"--web.listen-address=127.0.0.1:{port}",
             *testing.APPLICATION_ONLY, self.directory],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=testing.environment())
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.assertIn(b"listening", process.stdout.readline())
        process.stdout.close()
        process.stderr.close()
        (self.directory / "counter_99.db").write_bytes(b"not a metric file")
        for _ in range(2):
            self.assert_scrape(send(("127.0.0.1", port), "GET", "/metrics"))
        process.terminate()
        self.assertEqual(process.wait(timeout=20), 0)

    def test_streams_that_are_closed_from_the_start_are_not_its_files(self):
        port = free_port()
        closing = "exec \"$@\" <&- >&- 2>&-"
        process = subprocess.Popen(
            ["sh", "-c", closing, "sh", testing.options.serve,
             f"--web.listen-address=127.0.0.1:{port}",
             *testing.APPLICATION_ONLY, self.directory],
            env=testing.environment())
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        testing.wait_for(lambda: can_connect(port), 20, "a listening socket")
        self.assert_scrape(send(("127.0.0.1", port), "GET", "/metrics"))
        self.assertEqual(
            [os.readlink(f"/proc/{process.pid}/fd/{number}")
             for number in range(3)],
            ["/dev/null"] * 3)


def can_connect(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


if __name__ == "__main__":
    testing.main()
