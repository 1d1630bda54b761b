"""What the tests of the finished programs share.

A test script imports this module, defines unittest cases and ends with
`promshm_testing.main()`. The paths it needs come as options.
"""

import argparse
import collections
import gzip
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

PYTHON = "/usr/bin/python3"
SKIPPED = 77

TEXT_004 = "text/plain;version=0.0.4"
TEXT_100_UTF8 = "text/plain;version=1.0.0;escaping=allow-utf-8"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
OPENMETRICS_UTF8 = OPENMETRICS + ";escaping=allow-utf-8"

_COLLECT = """
import sys
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
if sys.argv[2] == "openmetrics":
    from prometheus_client.openmetrics.exposition import generate_latest
registry = CollectorRegistry()
MultiProcessCollector(registry, sys.argv[1])
sys.stdout.buffer.write(generate_latest(registry))
"""

# Client generation -> whether a version (major, minor) belongs to it.
_GENERATIONS = {
    "old": lambda version: version < (0, 18),
    "current": lambda version: version >= (0, 18),
}

options = argparse.Namespace()


def main():
    """Reads the options, then runs the test cases of the calling script."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dump", help="promshm-dump")
    parser.add_argument("--serve", help="promshm-serve")
    parser.add_argument("--gc", help="promshm-gc")
    parser.add_argument("--merge", help="promshm-merge")
    parser.add_argument("--guest", help="promshm_python_guest")
    parser.add_argument("--killer", help="promshm_kill_at_call")
    parser.add_argument("--no-lease", help="promshm_no_lease")
    parser.add_argument("--screenshots", type=pathlib.Path,
                        help="folder for pictures of the status page")
    parser.add_argument("--writer", help="promshm_writer_program")
    parser.add_argument("--cmake", help="cmake, to install with")
    parser.add_argument("--build", help="the build folder, to install from")
    parser.add_argument("--golden", type=pathlib.Path,
                        help="the golden directories")
    parser.add_argument("--clients", default="",
                        help="folder with the Python clients old and current")
    parser.add_argument("--client", choices=sorted(_GENERATIONS),
                        help="which of the clients to test with")
    _, rest = parser.parse_known_args(namespace=options)
    unittest.main(module="__main__", argv=[sys.argv[0], *rest], verbosity=2)


def skip(reason):
    """Ends the script: it cannot run on this machine. For setUpModule."""
    print(f"SKIP: {reason}", flush=True)
    sys.exit(SKIPPED)


def require_program(name):
    """The path of an installed program; skips the script without it."""
    path = shutil.which(name)
    if path is None:
        skip(f"{name} is not installed")
    return path


def golden_directories():
    expected = options.golden.glob("*/expected.prometheus.txt")
    directories = sorted(path.parent for path in expected)
    if not directories:
        raise FileNotFoundError(f"{options.golden}: no golden directory")
    return directories


def sorted_lines(data):
    return sorted(data.split(b"\n"))


def differences(these, those, most=10):
    """What only one of two long lists has, each as often as it has it more.

    unittest takes minutes to say as much of thousands of lines.
    """
    these, those = collections.Counter(these), collections.Counter(those)
    return [*(("first", item) for item in (these - those).elements()),
            *(("second", item) for item in (those - these).elements())][:most]


def wait_for(condition, seconds, what):
    """Polls until `condition()` is true and returns what it gave."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise TimeoutError(f"{what}: not within {seconds} s")


# Programs


def environment(**changes):
    """The environment without what would change the programs' behaviour."""
    kept = {name: value for name, value in os.environ.items()
            if name not in ("PROMETHEUS_MULTIPROC_DIR",
                            "prometheus_multiproc_dir", "PYTHONPATH")}
    return {**kept, **changes}


def run(command, **keywords):
    """Runs a program to its end, bounded; output is bytes."""
    keywords.setdefault("env", environment())
    return subprocess.run([str(word) for word in command], timeout=60,
                          capture_output=True, check=False, **keywords)


def dump(*arguments, **keywords):
    return run([options.dump, *arguments], **keywords)


def gc(*arguments, **keywords):
    return run([options.gc, *arguments], **keywords)


def merge(*arguments, **keywords):
    return run([options.merge, *arguments], **keywords)


def bound_by_permissions():
    """A command prefix that makes file permissions count, for root too."""
    if os.geteuid() != 0:
        return []
    prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    with tempfile.NamedTemporaryFile() as secret:
        os.chmod(secret.name, 0)
        result = run([*prefix, "cat", secret.name])
    if b"Permission denied" not in result.stderr:
        skip("root's right to read every file cannot be taken away here")
    return prefix


class Background:
    """A program running beside the test, with its output in a file.

    Ended at the end of the `with` block by SIGTERM, by its own PID.
    """

    def __init__(self, command, **keywords):
        self._log = tempfile.NamedTemporaryFile(prefix="promshm-test-log-")
        keywords.setdefault("env", environment())
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=self._log,
            stderr=subprocess.STDOUT, **keywords)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        try:
            status = self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        output = self.output()
        self._log.close()
        if kind is not None or status != 0:
            print(f"{self.process.args[0]}: status {status}\n{output}",
                  file=sys.stderr)
        if kind is None and status != 0:
            raise AssertionError(f"status {status} after SIGTERM")

    def output(self):
        return pathlib.Path(self._log.name).read_text(errors="replace")

    def wait_for_line(self, pattern, seconds=30):
        """The match of a regular expression in the output."""
        def find():
            match = re.search(pattern, self.output(), re.MULTILINE)
            if match is None and self.process.poll() is not None:
                raise AssertionError(f"ended early:\n{self.output()}")
            return match
        return wait_for(find, seconds, f"output {pattern!r}")


# What promshm-serve tells of the application and of nothing else.
APPLICATION_ONLY = ("--web.disable-exporter-metrics", "--process-metrics=off")


class Server(Background):
    """promshm-serve, of one directory unless `arguments` name more, on a free
    port unless one is named."""

    _LISTENING = (r"^promshm-serve: listening on "
                  r"https?://127\.0\.0\.1:(\d+)/metrics$")

    def __init__(self, directory, prefix=(), port=0,
                 arguments=APPLICATION_ONLY, **keywords):
        super().__init__([*prefix, options.serve, "--web.listen-address",
                          f"127.0.0.1:{port}", *arguments, directory],
                         **keywords)
        self.port = None

    def __enter__(self):
        try:
            self.port = int(self.wait_for_line(self._LISTENING)[1])
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def scrape(self, accept=TEXT_004, **headers):
        return get(self.port, "/metrics", Accept=accept, **headers)


class Response:
    """An HTTP answer; `body` is unpacked."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()
        if response.headers.get("Content-Encoding") == "gzip":
            self.body = gzip.decompress(self.body)

    @property
    def text(self):
        return self.body.decode("utf-8")


def get(port, target, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(
            "GET", target,
            headers={name.replace("_", "-"): value
                     for name, value in headers.items()})
        return Response(connection.getresponse())
    finally:
        connection.close()


# The Python clients


def client_environment(**changes):
    """The environment in which Python imports the client of --client.

    From --clients, else the system's own if it is of that generation; without
    either the script is skipped.
    """
    folder = pathlib.Path(options.clients or os.devnull) / options.client
    if folder.is_dir():
        changes["PYTHONPATH"] = str(folder)
    result = environment(**changes)
    version = _client_version(result)
    if version is None or not _GENERATIONS[options.client](version):
        skip(f"the {options.client} Python client is not here "
             f"(found: {version})")
    return result


def import_client():
    """The client of --client, in this process, which counts nothing itself."""
    folder = client_environment().get("PYTHONPATH")
    if folder is not None:
        sys.path.insert(0, folder)
    import prometheus_client.multiprocess
    return prometheus_client


def collected_by_client(directory, output, env):
    """What the client's own collector says of a directory.

    `output` is prometheus or openmetrics; `env` that of client_environment().
    """
    result = run([PYTHON, "-c", _COLLECT, directory, output], env=env)
    if result.returncode != 0:
        raise AssertionError(result.stderr.decode())
    return result.stdout


def _client_version(env):
    code = ("import importlib.metadata, json;"
            "print(json.dumps("
            "importlib.metadata.version('prometheus_client').split('.')[:2]))")
    result = run([PYTHON, "-c", code], env=env)
    if result.returncode != 0:
        return None
    return tuple(int(part) for part in json.loads(result.stdout))
