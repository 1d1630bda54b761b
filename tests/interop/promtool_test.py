"""promtool reads what promshm-dump prints."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402

FINE, ONLY_STYLE = 0, 3

promtool = None


def setUpModule():
    global promtool
    promtool = testing.require_program("promtool")


def check(text):
    return testing.run([promtool, "check", "metrics"], input=text)


class Promtool(unittest.TestCase):
    def test_finds_no_parse_error(self):
        for directory in testing.golden_directories():
            with self.subTest(directory=directory.name):
                text = self.printed(directory)
                self.assertNotEqual(text, b"")
                result = check(text)
                self.assertIn(result.returncode, (FINE, ONLY_STYLE),
                              result.stderr)
                self.assertNotIn(b"error", result.stderr.lower())

    def test_would_find_one(self):
        text = self.printed(testing.options.golden / "web")
        result = check(text.replace(b'"', b"'", 1))
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"error", result.stderr.lower())

    def printed(self, directory):
        return testing.dump("-o", "prometheus", directory / "db").stdout


if __name__ == "__main__":
    testing.main()
