"""promshm-serve on unix sockets and on those that systemd has opened."""

import contextlib
import pathlib
import shutil
import signal
import socket
import stat
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))

import promshm_testing as testing  # noqa: E402


def setUpModule():
    testing.require_program("curl")


class SocketTest(unittest.TestCase):

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="promshm-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        web = testing.options.golden / "web"
        self.directory = self.folder / "db"
        shutil.copytree(web / "db", self.directory)
        self.expected = testing.sorted_lines(
            (web / "expected.prometheus.txt").read_bytes())
        self.path = self.folder / "socket"

    def start(self, *command, **keywords):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        return stack.enter_context(testing.Background(command, **keywords))

    def serve(self, *options):
        return self.start(testing.options.serve, *testing.APPLICATION_ONLY,
                          *options, self.directory)

    def stop(self, program):
        program.process.send_signal(signal.SIGTERM)
        self.assertEqual(program.process.wait(timeout=20), 0, program.output())

    def assert_scrape(self, *curl_options):
        result = testing.run(["curl", "--silent", "--show-error", "--fail",
                              "--max-time", "20", *curl_options])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(testing.sorted_lines(result.stdout), self.expected)

    def assert_scrape_of_path(self):
        self.assert_scrape("--unix-socket", self.path, "http://x/metrics")


class UnixSocketTest(SocketTest):

    def listen(self):
        server = self.serve(f"--web.listen-address=unix:{self.path}")
        server.wait_for_line("listening")
        return server

    def test_it_serves_and_removes_its_file(self):
        server = self.listen()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o660)
        for _ in range(3):
            self.assert_scrape_of_path()
        self.stop(server)
        self.assertFalse(self.path.exists())

    def test_beside_tcp(self):
        server = self.serve(f"--web.listen-address=unix:{self.path}",
                            "--web.listen-address=127.0.0.1:0")
        port = server.wait_for_line(r"127\.0\.0\.1:(\d+)")[1]
        self.assert_scrape_of_path()
        self.assert_scrape(f"http://127.0.0.1:{port}/metrics")

    def test_one_that_was_killed_leaves_no_obstacle(self):
        first = testing.Background(
            [testing.options.serve, *testing.APPLICATION_ONLY,
             f"--web.listen-address=unix:{self.path}",
             self.directory])
        first.wait_for_line("listening")
        first.process.kill()
        first.process.wait()
        self.assertTrue(self.path.exists())
        self.listen()
        self.assert_scrape_of_path()

    def test_a_second_one_is_refused_and_harms_not(self):
        self.listen()
        second = testing.run(
            [testing.options.serve, *testing.APPLICATION_ONLY,
             f"--web.listen-address=unix:{self.path}",
             self.directory])
        self.assertEqual(second.returncode, 2)
        self.assertIn(f"unix:{self.path}: cannot listen: address already in use"
                      .encode(), second.stderr)
        self.assert_scrape_of_path()

    def test_a_file_is_left_alone(self):
        self.path.write_text("text")
        result = testing.run(
            [testing.options.serve, *testing.APPLICATION_ONLY,
             f"--web.listen-address=unix:{self.path}",
             self.directory])
        self.assertEqual(result.returncode, 2)
        self.assertIn(f"unix:{self.path}: cannot listen: not a socket".encode(),
                      result.stderr)
        self.assertEqual(self.path.read_text(), "text")


class SystemdSocketTest(SocketTest):

    def test_sockets_that_systemd_has_opened(self):
        activate = testing.require_program("systemd-socket-activate")
        port = free_port()
        server = self.start(
            activate, f"--listen=127.0.0.1:{port}", f"--listen={self.path}",
            "--", testing.options.serve, *testing.APPLICATION_ONLY,
            "--web.systemd-socket", self.directory)
        server.wait_for_line("Listening on .*socket")
        # It starts the program at the first connection, and hands both over.
        self.assert_scrape(f"http://127.0.0.1:{port}/metrics")
        self.assert_scrape_of_path()
        for _ in range(3):
            self.assert_scrape(f"http://127.0.0.1:{port}/metrics")
        self.assertIn(f"127.0.0.1:{port}", server.output())
        self.stop(server)
        self.assertTrue(self.path.exists(), "the file is systemd's")

    def test_none_is_an_error(self):
        result = testing.run(
            [testing.options.serve, "--web.systemd-socket", self.directory])
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"promshm-serve: no socket from systemd: ", result.stderr)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


if __name__ == "__main__":
    testing.main()
