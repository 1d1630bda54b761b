"""What --help lists stands in the man page and in every completion."""

import tempfile
import unittest

import option_lists as lists
from option_lists import testing


class OptionsTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.tools = [(tool, lists.of_help(tool)) for tool in lists.TOOLS]

    def test_help_is_understood(self):
        for tool, options in self.tools:
            with self.subTest(tool=tool):
                self.assertLessEqual({"-h", "--help", "--version"}, options)

    def test_man_page_describes_the_options_of_help(self):
        for tool, options in self.tools:
            with self.subTest(tool=tool):
                page = lists.Page(tool + ".1")
                self.assertEqual(page.described(), options)
                self.assertEqual(page.mentioned(tool), options)

    def test_synopsis_has_every_option_in_one_spelling_at_least(self):
        for tool, options in self.tools:
            with self.subTest(tool=tool):
                synopsis = lists.Page(tool + ".1").in_synopsis()
                self.assertLessEqual(synopsis, options)
                for spellings in lists.spellings_of_help(tool):
                    self.assertTrue(spellings & synopsis, spellings)

    def test_bash_completion_offers_the_options_of_help(self):
        for tool, options in self.tools:
            with self.subTest(tool=tool):
                offered, looked_for = lists.of_bash(tool)
                self.assertEqual(offered, options)
                self.assertLessEqual(looked_for, options)

    def test_zsh_completion_offers_the_options_of_help(self):
        for tool, options in self.tools:
            with self.subTest(tool=tool):
                offered, excluded = lists.of_zsh(tool)
                self.assertEqual(offered, options)
                self.assertLessEqual(excluded, options)

    def test_fish_completion_offers_the_options_of_help(self):
        for tool, options in self.tools:
            with self.subTest(tool=tool):
                offered, commands = lists.of_fish(tool)
                self.assertEqual(offered, options)
                self.assertEqual(commands, {tool})

    def test_man_page_describes_the_formats_of_help(self):
        for tool in lists.TOOLS_WITH_FORMATS:
            with self.subTest(tool=tool):
                formats = lists.Page(tool + ".1").formats()
                self.assertTrue(formats)
                self.assertEqual(formats, lists.values_of_help(tool, "-o"))

    def test_tools_take_the_formats_and_no_others(self):
        for tool in lists.TOOLS_WITH_FORMATS:
            for name in lists.Page(tool + ".1").formats():
                for option in (["-o", name], [f"-o{name}"],
                               ["--output", name], [f"--output={name}"]):
                    with self.subTest(tool=tool, option=option):
                        self.assertEqual(self.status(tool, *option), 0)
            with self.subTest(tool=tool):
                self.assertEqual(self.status(tool, "-o", "no"), 2)

    @staticmethod
    def status(tool, *options):
        """How the tool ends on a directory without a file."""
        with tempfile.TemporaryDirectory() as directory:
            return testing.run(
                [lists.program(tool), *options, directory]).returncode


if __name__ == "__main__":
    testing.main()
