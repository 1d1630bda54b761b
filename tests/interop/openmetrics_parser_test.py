"""The client's strict OpenMetrics parser reads what promshm-dump prints."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402

# Numbers become text: NaN equals NaN, and 0.0 does not equal -0.0.
PARSE = """
import io, json, sys
from prometheus_client.openmetrics.parser import (
    text_fd_to_metric_families as parse)
text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="\\n")
try:
    families = list(parse(text))
except ValueError as error:
    sys.exit(str(error))
json.dump({
    family.name: [family.type, family.documentation, family.unit, sorted(
        [sample.name, sorted(sample.labels.items()), repr(sample.value)]
        for sample in family.samples)]
    for family in families}, sys.stdout)
"""

client_environment = None


def setUpModule():
    global client_environment
    client_environment = testing.client_environment()


def parse(text):
    """The families, or None and the parser's reason to refuse them."""
    result = testing.run([testing.PYTHON, "-c", PARSE], input=text,
                         env=client_environment)
    if result.returncode != 0:
        return None, result.stderr.decode()
    return json.loads(result.stdout), ""


class StrictParser(unittest.TestCase):
    maxDiff = None

    def test_reads_ours_as_the_clients_own(self):
        read = 0
        for path in sorted(
                testing.options.golden.glob("*/expected.openmetrics.txt")):
            with self.subTest(directory=path.parent.name):
                ours, reason = parse(self.printed(path.parent))
                expected, known_reason = parse(path.read_bytes())
                self.assertEqual(ours, expected, reason)
                # Negative bounds with a sum: the parser refuses both.
                self.assertEqual(reason, known_reason)
                read += expected is not None
        self.assertGreaterEqual(read, 7)

    def test_reads_the_files_of_ruby(self):
        ours, reason = parse(self.printed(testing.options.golden / "ruby"))
        self.assertIsNotNone(ours, reason)
        self.assertEqual(ours["http_requests"][0], "counter")

    def printed(self, directory):
        result = testing.dump("-o", "openmetrics", directory / "db")
        self.assertEqual((result.stderr, result.returncode), (b"", 0))
        return result.stdout


if __name__ == "__main__":
    testing.main()
