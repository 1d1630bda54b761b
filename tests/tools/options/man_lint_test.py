"""The man pages are sound mdoc and fit a terminal of 80 columns."""

import re
import unittest

import option_lists as lists
from option_lists import testing

COLUMNS = 80


def setUpModule():
    testing.require_program("mandoc")


class ManLintTest(unittest.TestCase):
    pages = sorted((lists.ROOT / "man").glob("*.[1-9]"))

    def test_every_tool_has_a_page(self):
        self.assertLessEqual({tool + ".1" for tool in lists.TOOLS},
                             {page.name for page in self.pages})

    def test_lint_finds_nothing(self):
        for page in self.pages:
            with self.subTest(page=page.name):
                result = testing.run(
                    ["mandoc", "-T", "lint", "-W", "warning", page])
                self.assertEqual((result.stdout + result.stderr).decode(), "")
                self.assertEqual(result.returncode, 0)

    def test_no_line_is_wider_than_a_terminal(self):
        for page in self.pages:
            with self.subTest(page=page.name):
                result = testing.run(["mandoc", "-T", "utf8", page])
                # Bold and underlined letters are overstruck.
                text = re.sub(".\b", "", result.stdout.decode())
                self.assertRegex(text, "(?m)^SEE ALSO$")
                self.assertEqual([line for line in text.splitlines()
                                  if len(line) > COLUMNS], [])

    def test_pages_of_ours_that_are_referred_to_exist(self):
        for page in self.pages:
            with self.subTest(page=page.name):
                for name, section in re.findall(
                        r"^\.Xr (\S*promshm\S*) (\d)", page.read_text(), re.M):
                    self.assertIn(lists.page_path(f"{name}.{section}"),
                                  self.pages)


if __name__ == "__main__":
    testing.main()
