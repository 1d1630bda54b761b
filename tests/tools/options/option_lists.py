"""Which options --help, the man pages and the completions speak of."""

import pathlib
import re
import shlex
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/support"))

import promshm_testing as testing  # noqa: E402

TOOLS = ("promshm-dump", "promshm-serve", "promshm-gc", "promshm-merge")
TOOLS_WITH_FORMATS = ("promshm-dump", "promshm-gc", "promshm-merge")


def program(tool):
    return getattr(testing.options, tool.removeprefix("promshm-"))


def page_path(name):
    return ROOT / "man" / name


def completion_path(shell, tool):
    names = {"bash": tool, "zsh": "_" + tool, "fish": tool + ".fish"}
    return ROOT / "completions" / shell / names[shell]


# --help


def _help_lines(tool):
    result = testing.run([program(tool), "--help"])
    if result.returncode != 0:
        raise AssertionError(f"{tool} --help: status {result.returncode}")
    return result.stdout.decode().splitlines()


def spellings_of_help(tool):
    """For each option the set of its spellings."""
    matches = [re.match(r" {1,4}(-\S+)", line) for line in _help_lines(tool)]
    return [set(match[1].split(",")) for match in matches if match]


def of_help(tool):
    return set().union(*spellings_of_help(tool))


def values_of_help(tool, option):
    """The values an option is said to take, one a line: `VALUE: meaning`."""
    values = set()
    inside = False
    for line in _help_lines(tool):
        match = re.match(r" {1,4}(-\S+) +\S+ +(.*)", line)
        if match:
            inside = option in match[1].split(",")
            line = match[2]
        value = re.match(r"\s*(\w+): ", line)
        if inside and value:
            values.add(value[1])
        inside = inside and line.strip() != ""
    return values


# mdoc


class Page:
    """The options in an mdoc page."""

    def __init__(self, name):
        self._lines = page_path(name).read_text().splitlines()

    def described(self):
        """The options that an item of a list begins with."""
        return set().union(*(self._flags(line) for line in self._lines
                             if line.startswith(".It Fl")))

    def in_synopsis(self):
        lines = iter(self._lines)
        options = set()
        for line in lines:
            if line == ".Sh SYNOPSIS":
                break
        for line in lines:
            if line.startswith(".Sh"):
                break
            options |= self._flags(line)
        return options

    def mentioned(self, tool):
        """All options marked as such, and those in commands shown."""
        options = set().union(*(self._flags(line) for line in self._lines))
        text = "\n".join(self._lines).replace("\\e\n", " ")
        for arguments in re.findall(rf"\b{tool}( [^|\n]*)", text):
            options.update(word.partition("=")[0]
                           for word in arguments.split()
                           if word.startswith("-"))
        return options

    def formats(self):
        """The values of -o: what the list inside its item describes."""
        lines = iter(self._lines)
        for line in lines:
            if line.startswith(".It Fl o "):
                break
        values = set()
        for line in lines:
            if line.startswith(".It Cm "):
                values.add(line.split()[2])
            elif line.startswith(".El"):
                break
        return values

    @staticmethod
    def _flags(line):
        flags = set()
        if not line.startswith("."):
            return flags
        after_flag_macro = False
        for token in line[1:].split():
            if token == "Fl":
                after_flag_macro = True
            elif re.fullmatch(r"[A-Z][a-z]|[.,:;|()\[\]?!]", token):
                after_flag_macro = False
            elif after_flag_macro:
                flags.add("-" + token.replace("\\-", "-"))
        return flags


# Completions


def _shell_words(shell, tool):
    text = completion_path(shell, tool).read_text()
    text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    return shlex.split(text.replace("\\\n", " "))


def of_bash(tool):
    """The words offered, and those looked for on the command line."""
    words = _shell_words("bash", tool)
    offered = {word for flag, words in zip(words, words[1:]) if flag == "-W"
               for word in words.split() if word.startswith("-")}
    looked_for = {match[0] for word in words
                  for match in [re.match(r"--\w[\w.-]*", word)] if match}
    return offered, looked_for


def of_zsh(tool):
    """The options of the _arguments specs, and those they exclude."""
    words = _shell_words("zsh", tool)
    offered, excluded = set(), set()
    for spec in words[words.index("_arguments") + 1:]:
        match = re.match(r"(?:\(([^)]*)\))?\*?(\{[^}]*\}|-[^\[:]*)", spec)
        if match is None or len(spec) < 3:
            continue
        offered.update(name.rstrip("+=")
                       for name in match[2].strip("{}").split(","))
        excluded.update(name for name in (match[1] or "").split()
                        if len(name) > 1)
    return offered - {"-s", "-S"}, excluded


def of_fish(tool):
    """The options of the `complete` commands, and the commands they name."""
    words = _shell_words("fish", tool)
    prefixes = {"-s": "-", "-l": "--", "-o": "-"}
    options = {prefixes[flag] + name for flag, name in zip(words, words[1:])
               if flag in prefixes}
    commands = {name for flag, name in zip(words, words[1:]) if flag == "-c"}
    return options, commands
