"""promshm-serve with a web configuration: TLS, passwords, and their changes."""

import base64
import contextlib
import errno
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import sys
import tempfile
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))

import promshm_testing as testing  # noqa: E402
from certificates import Authority  # noqa: E402

# Of "secret" and "other", by bcrypt at its lowest cost.
SECRET = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
OTHER = "$2b$04$zyxwvutsrqponmlkjihgfeoEG75ieRiMxivbt62jo80oWmRUDHZ.e"

# By TLS 1.3 a client sends its request before it is told that it is refused,
# and may find the connection closed at that.
CUT_OFF = "[Bb]roken pipe|reset by peer|EOF"

PATIENCE = 30  # seconds from Prometheus' start to its first samples

openssl = None
curl = None


def setUpModule():
    global openssl, curl
    openssl = testing.require_program("openssl")
    curl = testing.require_program("curl")


class TlsTest(unittest.TestCase):
    """Each test has a folder with an authority and a server's certificate."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="promshm-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.directory = self.folder / "db"
        web = testing.options.golden / "web"
        shutil.copytree(web / "db", self.directory)
        self.expected = testing.sorted_lines(
            (web / "expected.prometheus.txt").read_bytes())
        self.config_file = self.folder / "web.yml"
        self.authority = Authority(self.folder / "authority")
        self.install(self.authority.issue("server", names=["DNS:localhost"]))

    def install(self, identity):
        """Makes it the server's, as a program does that renews it."""
        for source, name in ((identity.certificate, "server.crt"),
                             (identity.key, "server.key")):
            fresh = self.folder / "fresh"
            shutil.copyfile(source, fresh)
            fresh.rename(self.folder / name)

    def configure(self, tls=None, **sections):
        """Writes the configuration; JSON is YAML."""
        if tls is not None:
            sections["tls_server_config"] = {
                "cert_file": "server.crt", "key_file": "server.key", **tls}
        fresh = self.folder / "fresh"
        fresh.write_text(json.dumps(sections, indent=1))
        fresh.rename(self.config_file)

    def serve(self, **keywords):
        server = testing.Server(
            self.directory,
            arguments=(*testing.APPLICATION_ONLY,
                       f"--web.config.file={self.config_file}"),
            **keywords)
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        return stack.enter_context(server)

    def connect(self, server, identity=None, versions=()):
        """A connection that takes any of the authority's certificates."""
        context = ssl.create_default_context(
            cafile=self.authority.certificate)
        if identity is not None:
            context.load_cert_chain(identity.certificate, identity.key)
        if versions:
            context.minimum_version, context.maximum_version = versions
        connection = http.client.HTTPSConnection(
            "localhost", server.port, timeout=20, context=context)
        self.addCleanup(connection.close)
        return connection

    def get(self, server, user=None, **keywords):
        connection = self.connect(server, **keywords)
        with contextlib.closing(connection):
            return ask(connection, user)

    def curl(self, server, *options):
        return testing.run([
            curl, "--silent", "--show-error", "--max-time", "20",
            "--cacert", self.authority.certificate, *options,
            f"https://localhost:{server.port}/metrics"])

    def s_client(self, server, *options):
        """Whether openssl's client can make the connection."""
        result = testing.run(
            [openssl, "s_client", "-connect", f"127.0.0.1:{server.port}",
             "-CAfile", self.authority.certificate, "-verify_return_error",
             *options], input=b"")
        return result.returncode == 0

    def serial(self, connection):
        """The serial number of the server's certificate."""
        return connection.sock.getpeercert()["serialNumber"]

    def assert_scrape(self, answer):
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(testing.sorted_lines(answer.body), self.expected)


def ask(connection, user=None):
    headers = {} if user is None else {"Authorization": basic(*user)}
    connection.request("GET", "/metrics", headers=headers)
    return testing.Response(connection.getresponse())


def basic(name, password):
    pair = base64.b64encode(f"{name}:{password}".encode()).decode()
    return f"Basic {pair}"


class VersionTest(TlsTest):

    OLD = ("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")

    def test_tls_1_2_and_1_3_are_spoken(self):
        self.configure(tls={})
        server = self.serve()
        self.assert_scrape(self.get(server))
        self.assertTrue(self.s_client(server, "-tls1_2"))
        self.assertTrue(self.s_client(server, "-tls1_3"))
        self.assertFalse(self.s_client(server, *self.OLD))
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            self.assert_scrape(
                self.get(server, versions=(version, version)))

    def test_min_version(self):
        self.configure(tls={"min_version": "TLS13"})
        server = self.serve()
        self.assertTrue(self.s_client(server, "-tls1_3"))
        self.assertFalse(self.s_client(server, "-tls1_2"))

    def test_max_version(self):
        self.configure(tls={"max_version": "TLS12"})
        server = self.serve()
        self.assertTrue(self.s_client(server, "-tls1_2"))
        self.assertFalse(self.s_client(server, "-tls1_3"))

    def test_old_versions_are_spoken_if_asked_for(self):
        self.configure(tls={"min_version": "TLS11"})
        self.assertTrue(self.s_client(self.serve(), *self.OLD))

    def test_old_versions_that_the_system_forbids_are_refused(self):
        self.configure(tls={"min_version": "TLS11"})
        policy = self.folder / "policy"
        policy.write_text("[overrides]\ndisabled-version = tls1.1\n")
        result = testing.run(
            [testing.options.serve, f"--web.config.file={self.config_file}",
             self.directory],
            env=testing.environment(
                GNUTLS_SYSTEM_PRIORITY_FILE=str(policy)))
        self.assertEqual(result.returncode, 2)
        self.assertEqual(
            result.stderr.decode(),
            f"promshm-serve: {self.config_file}: tls_server_config."
            "min_version: GnuTLS does without it on this system\n")

    def test_cipher_suites(self):
        suite = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
        self.configure(tls={"cipher_suites": [suite]})
        server = self.serve()
        self.assertTrue(self.s_client(
            server, "-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"))
        self.assertFalse(self.s_client(
            server, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"))

    def test_others_than_tls_clients_harm_nobody(self):
        self.configure(tls={})
        server = self.serve()
        for request in b"GET /metrics HTTP/1.1\r\n\r\n", os.urandom(5000), b"":
            with socket.create_connection(
                    ("127.0.0.1", server.port), timeout=20) as client:
                try:
                    client.sendall(request)
                    client.shutdown(socket.SHUT_WR)
                    self.assertNotIn(b"HTTP/1.1 200", client.recv(10000))
                except OSError as error:
                    # The server may cut it off at any of these.
                    self.assertIn(error.errno, (
                        errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN))
        self.assert_scrape(self.get(server))


class ClientCertificateTest(TlsTest):

    def setUp(self):
        super().setUp()
        self.clients = Authority(self.folder / "clients")
        self.right = self.clients.issue("right", names=["DNS:a.example"])
        shutil.copyfile(self.clients.certificate, self.folder / "clients.crt")

    def require(self, **tls):
        self.configure(tls={
            "client_auth_type": "RequireAndVerifyClientCert",
            "client_ca_file": "clients.crt", **tls})
        return self.serve()

    def assert_accepted(self, server, identity):
        for version in "--tlsv1.3", "--tls-max=1.2":
            result = self.curl_as(server, identity, version)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(testing.sorted_lines(result.stdout),
                             self.expected)

    def assert_refused(self, server, identity, reason):
        for version, refusal in (("--tlsv1.3", f"{reason}|{CUT_OFF}"),
                                 ("--tls-max=1.2", reason)):
            result = self.curl_as(server, identity, version)
            self.assertNotEqual(result.returncode, 0)
            self.assertEqual(result.stdout, b"")
            self.assertRegex(result.stderr.decode(), refusal)

    def curl_as(self, server, identity, version):
        options = version.split("=")
        if identity is not None:
            options += ["--cert", identity.certificate, "--key", identity.key]
        return self.curl(server, *options)

    def test_only_the_right_one_gets_in(self):
        server = self.require()
        self.assert_accepted(server, self.right)
        self.assert_refused(server, None,
                            "certificate required|bad certificate")
        self.assert_refused(server, self.authority.issue("other"),
                            "unknown ca")
        self.assert_refused(
            server, self.clients.issue("expired", days=(-2, -1)),
            "certificate expired|certificate verification failed")
        self.assert_refused(
            server, self.clients.issue("early", days=(1, 2)),
            "bad certificate")
        self.assert_refused(
            server, self.clients.issue("server", purpose="serverAuth"),
            "bad certificate")
        self.assert_accepted(server, self.right)

    def test_allowed_names(self):
        server = self.require(
            client_allowed_sans=["a.example", "10.1.2.3", "spiffe://x/y"])
        self.assert_accepted(server, self.right)
        self.assert_accepted(
            server, self.clients.issue("ip", names=["IP:10.1.2.3"]))
        self.assert_accepted(
            server, self.clients.issue("uri", names=["URI:spiffe://x/y"]))
        self.assert_refused(server, self.clients.issue("a.example"),
                            "access denied")
        self.assert_refused(
            server, self.clients.issue("b", names=["DNS:b.example"]),
            "access denied")

    def test_one_may_be_left_out_if_only_a_given_one_is_checked(self):
        server = self.require(client_auth_type="VerifyClientCertIfGiven")
        self.assert_accepted(server, None)
        self.assert_accepted(server, self.right)
        self.assert_refused(server, self.authority.issue("other"),
                            "unknown ca")

    def test_authorities_change_without_a_restart(self):
        server = self.require()
        kept = self.connect(server, self.right)
        self.assert_scrape(ask(kept))
        shutil.copyfile(self.authority.certificate,
                        self.folder / "clients.crt")
        self.assert_refused(server, self.right, "unknown ca")
        self.assert_accepted(server, self.authority.issue("other"))
        self.assert_scrape(ask(kept))


class RotationTest(TlsTest):

    def test_the_next_connection_gets_the_new_certificate(self):
        self.configure(tls={})
        server = self.serve()
        kept = []
        serials = []
        for number in range(6):
            connection = self.connect(server)
            self.assert_scrape(ask(connection))
            kept.append(connection)
            serials.append(self.serial(connection))
            # Those of all certificates so far go on.
            for before in kept:
                socket_before = before.sock
                self.assert_scrape(ask(before))
                self.assertIs(before.sock, socket_before)
            self.install(self.authority.issue(f"next{number}",
                                              names=["DNS:localhost"]))
        self.assertEqual(len(set(serials)), 6)

    def test_what_is_broken_is_not_used(self):
        self.configure(tls={})
        server = self.serve()
        first = self.connect(server)
        self.assert_scrape(ask(first))
        good = (self.folder / "server.key").read_bytes()
        for broken in b"", good[:-100]:
            (self.folder / "server.key").write_bytes(broken)
            for _ in range(3):
                connection = self.connect(server)
                self.assert_scrape(ask(connection))
                self.assertEqual(self.serial(connection), self.serial(first))
        self.assertEqual(len(self.errors(server)), 2, server.output())
        self.install(self.authority.issue("good", names=["DNS:localhost"]))
        connection = self.connect(server)
        self.assert_scrape(ask(connection))
        self.assertNotEqual(self.serial(connection), self.serial(first))

    def test_a_broken_configuration_is_not_used(self):
        self.configure(tls={}, basic_auth_users={"alice": SECRET})
        server = self.serve()
        self.config_file.write_text("tls_server_config: [")
        for _ in range(3):
            self.assertEqual(self.get(server).status, 401)
            self.assert_scrape(self.get(server, ("alice", "secret")))
        (self.folder / "web.yml").unlink()
        self.assertEqual(self.get(server).status, 401)
        self.assertEqual(len(self.errors(server)), 2, server.output())

    def test_tls_is_not_turned_off_while_it_runs(self):
        self.configure(tls={})
        server = self.serve()
        self.configure()
        for _ in range(3):
            self.assert_scrape(self.get(server))
        error, = self.errors(server)
        self.assertIn("turning TLS on or off needs a restart", error)

    def errors(self, server):
        return re.findall(r"^.*level=ERROR.*$", server.output(), re.MULTILINE)


class GateTest(TlsTest):

    def test_passwords(self):
        self.configure(tls={}, basic_auth_users={"alice": SECRET})
        server = self.serve()
        self.assert_scrape(self.get(server, ("alice", "secret")))
        for user in (None, ("alice", "wrong"), ("bob", "secret"),
                     ("alice", "")):
            answer = self.get(server, user)
            self.assertEqual(answer.status, 401)
            self.assertEqual(answer.body, b"unauthorized\n")
            self.assertRegex(answer.headers["WWW-Authenticate"],
                             r"\ABasic realm=")
        result = self.curl(server, "--user", "alice:secret")
        self.assertEqual(testing.sorted_lines(result.stdout), self.expected)
        result = self.curl(server, "--user", "alice:wrong", "--fail")
        self.assertEqual(result.returncode, 22)
        self.assertIn(b"401", result.stderr)

    def test_users_change_without_a_restart(self):
        self.configure(tls={}, basic_auth_users={"alice": SECRET})
        server = self.serve()
        kept = self.connect(server)
        self.assert_scrape(ask(kept, ("alice", "secret")))
        self.configure(tls={}, basic_auth_users={"alice": OTHER})
        self.assertEqual(ask(kept, ("alice", "secret")).status, 401)
        self.assert_scrape(ask(kept, ("alice", "other")))
        self.configure(tls={})
        self.assert_scrape(ask(kept))

    def test_plain_http_can_have_passwords_too(self):
        self.configure(basic_auth_users={"alice": SECRET})
        server = self.serve()
        self.assertEqual(testing.get(server.port, "/metrics").status, 401)
        self.assertEqual(testing.get(server.port, "/-/healthy").status, 401)
        self.assert_scrape(testing.get(
            server.port, "/metrics", Authorization=basic("alice", "secret")))

    def test_headers(self):
        self.configure(tls={}, http_server_config={"headers": {
            "Strict-Transport-Security": "max-age=60",
            "X-Frame-Options": "deny"}})
        headers = self.get(self.serve()).headers
        self.assertEqual(headers["Strict-Transport-Security"], "max-age=60")
        self.assertEqual(headers["X-Frame-Options"], "deny")

    def test_rate_limit(self):
        self.configure(tls={}, rate_limit={"interval": "1h", "burst": 2})
        server = self.serve()
        self.assert_scrape(self.get(server))
        self.assert_scrape(self.get(server))
        answer = self.get(server)
        self.assertEqual(answer.status, 429)
        self.assertEqual(answer.headers["Retry-After"], "3600")


class RefusalTest(TlsTest):

    def assert_refused(self, message):
        result = testing.run([
            testing.options.serve, f"--web.config.file={self.config_file}",
            "--web.listen-address=127.0.0.1:0", self.directory])
        self.assertEqual(result.returncode, 2, result)
        self.assertEqual(result.stdout, b"")
        self.assertEqual(result.stderr.decode(),
                         f"promshm-serve: {self.config_file}: {message}\n")

    def test_what_is_wrong_is_told_at_the_start(self):
        self.assert_refused("cannot open: no such file or directory")
        self.config_file.write_text("tls_server_config:\n  certfile: a\n")
        self.assert_refused("line 2: unknown key: tls_server_config.certfile")
        self.configure(tls={"key_file": "missing"})
        self.assert_refused(
            f"tls_server_config.key_file: {self.folder}/missing: "
            "cannot open: no such file or directory")


class PrometheusTest(TlsTest):

    def test_a_real_one_scrapes(self):
        prometheus = shutil.which("prometheus")
        if prometheus is None:
            self.skipTest("prometheus is not installed")
        clients = Authority(self.folder / "clients")
        shutil.copyfile(clients.certificate, self.folder / "clients.crt")
        self.configure(
            tls={"client_auth_type": "RequireAndVerifyClientCert",
                 "client_ca_file": "clients.crt"},
            basic_auth_users={"alice": SECRET})
        server = self.serve()
        identity = clients.issue("prometheus")
        with_certificate = {"cert_file": str(identity.certificate),
                            "key_file": str(identity.key)}
        jobs = {
            "good": ("secret", with_certificate),
            "wrong_password": ("wrong", with_certificate),
            "no_certificate": ("secret", {})}
        config = self.folder / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "900ms"},
            "scrape_configs": [
                {"job_name": name, "scheme": "https",
                 "tls_config": {"ca_file": str(self.authority.certificate),
                                "server_name": "localhost", **files},
                 "basic_auth": {"username": "alice", "password": password},
                 "static_configs": [
                     {"targets": [f"127.0.0.1:{server.port}"]}]}
                for name, (password, files) in jobs.items()]}))
        with testing.Background([
                prometheus, f"--config.file={config}",
                f"--storage.tsdb.path={self.folder}/data",
                "--web.listen-address=127.0.0.1:0"]) as background:
            port = int(background.wait_for_line(
                r'"Listening on".* address=127\.0\.0\.1:(\d+)$')[1])
            targets = testing.wait_for(lambda: scraped_targets(port, jobs),
                                       PATIENCE, "scrapes of all targets")
            self.assertEqual(targets["good"]["health"], "up", targets)
            self.assertEqual(targets["good"]["lastError"], "")
            self.assertEqual(
                targets["wrong_password"]["lastError"],
                "server returned HTTP status 401 Unauthorized")
            self.assertRegex(targets["no_certificate"]["lastError"],
                             f"certificate required|{CUT_OFF}")
            self.assertEqual(query(port, 'up{job="good"}'), [1.0])
            self.assertEqual(query(port, 'up{job!="good"}'), [0.0, 0.0])
            name, value = next(
                line.rsplit(" ", 1) for line in
                self.expected_text().splitlines()
                if line.startswith("http_requests_total{"))
            self.assertEqual(query(port, name), [float(value)])

    def expected_text(self):
        return (testing.options.golden / "web" /
                "expected.prometheus.txt").read_text()


def scraped_targets(port, jobs):
    """By job, once each was scraped."""
    with contextlib.suppress(OSError):
        answer = testing.get(port, "/api/v1/targets")
        if answer.status == 200:
            targets = json.loads(answer.text)["data"]["activeTargets"]
            by_job = {target["labels"]["job"]: target for target in targets}
            if by_job.keys() == jobs.keys() and all(
                    target["health"] != "unknown"
                    for target in by_job.values()):
                return by_job
    return None


def query(port, expression):
    """The values of an instant vector."""
    def ask_once():
        answer = testing.get(port, "/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression}))
        results = json.loads(answer.text)["data"]["result"]
        return [float(result["value"][1]) for result in results]
    return testing.wait_for(ask_once, PATIENCE, expression)


if __name__ == "__main__":
    testing.main()
