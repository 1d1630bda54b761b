"""The completions, asked the way a person asks: in the shells themselves."""

import os
import pathlib
import pty
import select
import shlex
import signal
import tempfile
import time
import unittest

import option_lists as lists
from option_lists import testing

SECONDS = 20
INSERT_ALL = "\x18a"
REPORT = "\x18p"


class InteractiveShell:
    """A shell on a terminal of its own.

    Its setup binds INSERT_ALL to inserting all completions, and REPORT to
    writing the command line and a NUL to the descriptor $REPORT_TO, and
    clearing it. Reports come through a pipe, so the screen does not matter.
    """

    def __init__(self, command, setup, environment, directory):
        self._reports, report_to = os.pipe()
        os.set_inheritable(report_to, True)
        environment = {**environment, "REPORT_TO": str(report_to)}
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            try:
                os.chdir(directory)
                os.execve(command[0], command, environment)
            finally:
                os._exit(127)
        os.close(report_to)
        self._pending = b""
        self._screen = b""
        try:
            self._type(f"{setup}; printf 'ready\\0' >&$REPORT_TO\n")
            self._next_report()
        except BaseException:
            self.close()
            raise

    def complete(self, line):
        """The command line after all completions were inserted into it."""
        self._type(line + INSERT_ALL + REPORT)
        return self._next_report()

    def close(self):
        os.close(self._terminal)
        os.close(self._reports)
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def _type(self, text):
        os.write(self._terminal, text.encode())

    def _next_report(self):
        deadline = time.monotonic() + SECONDS
        while b"\0" not in self._pending:
            ready, _, _ = select.select(
                [self._reports, self._terminal], [], [],
                max(0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError(f"no report; the screen:\n{self._screen}")
            # A shell that has ended fails the read with an error.
            if self._terminal in ready:
                self._screen += os.read(self._terminal, 4096)
            if self._reports in ready:
                self._pending += os.read(self._reports, 4096)
        report, self._pending = self._pending.split(b"\0", 1)
        return report.decode()


def candidate(word):
    """A completion as all shells would give it."""
    if word.startswith("--") and "=" in word:
        option, _, value = word.partition("=")
        word = value or option
    return word.rstrip("/")


class CompletionCases:
    """What is the same in every shell; `complete` asks a shell."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        home = pathlib.Path(folder.name, "home")
        self.directory = pathlib.Path(folder.name, "work")
        for path in (home, self.directory / "metrics",
                     self.directory / "my dir"):
            path.mkdir(parents=True)
        for name in ("counter_1.db", "notes.txt", "my dir/gauge_all_2.db",
                     "my dir/notes.txt"):
            (self.directory / name).touch()
        programs = {str(pathlib.Path(lists.program(tool)).resolve().parent)
                    for tool in lists.TOOLS}
        path = os.environ.get("PATH", os.defpath)
        self.environment = {
            "PATH": os.pathsep.join([*programs, path]),
            "HOME": str(home), "ZDOTDIR": str(home),
            "INPUTRC": os.devnull, "TERM": "dumb", "LC_ALL": "C.UTF-8"}

    def expect(self, head, word, candidates):
        with self.subTest(line=head + word):
            self.assertEqual(self.complete(head, word), candidates)

    def test_options(self):
        for tool in lists.TOOLS:
            self.expect(f"{tool} ", "-", lists.of_help(tool))

    def test_formats(self):
        for tool in lists.TOOLS_WITH_FORMATS:
            formats = lists.Page(tool + ".1").formats()
            self.expect(f"{tool} ", "--outp", {"--output"})
            self.expect(f"{tool} --output ", "", formats)
            self.expect(f"{tool} -o ", "j", {"json"})
            self.expect(f"{tool} ", "--output=t", {"table"})

    def test_dump_takes_directories_and_metric_files(self):
        self.expect("promshm-dump ", "", {"metrics", "my dir", "counter_1.db"})
        self.expect("promshm-dump -o json ", "c", {"counter_1.db"})
        self.expect("promshm-dump metrics ", "c", {"counter_1.db"})
        self.expect("promshm-dump ", "n", set())
        self.expect("promshm-dump ", "my\\ dir/", {"my dir/gauge_all_2.db"})

    def test_serve_takes_a_directory(self):
        self.expect("promshm-serve ", "m", {"metrics", "my dir"})
        self.expect("promshm-serve ", "c", set())
        self.expect("promshm-serve --web.listen-address :1 ", "me",
                    {"metrics"})
        self.expect("promshm-serve --web.listen-address=:1 ", "me",
                    {"metrics"})

    def test_cleaners_take_directories(self):
        for tool in "promshm-gc", "promshm-merge":
            self.expect(f"{tool} ", "m", {"metrics", "my dir"})
            self.expect(f"{tool} ", "c", set())
            self.expect(f"{tool} -n -o json --min-age=1h ", "me", {"metrics"})
            self.expect(f"{tool} --proc ", "m", {"metrics", "my dir"})
            self.expect(f"{tool} ", "--proc=me", {"metrics"})
        self.expect("promshm-merge --into ", "me", {"metrics"})
        self.expect("promshm-merge ", "--into=me", {"metrics"})
        self.expect("promshm-merge --into new metrics ", "my", {"my dir"})
        self.expect("promshm-gc --compact metrics ", "--watc", {"--watch"})

    def test_nothing_is_offered_for_numbers(self):
        for tool, option in (("promshm-gc", "--pid"), ("promshm-gc", "--watch"),
                             ("promshm-gc", "--min-age"),
                             ("promshm-merge", "--min-age")):
            self.expect(f"{tool} {option} ", "m", set())
            self.expect(f"{tool} ", f"{option}=m", set())

    def test_nothing_is_offered_for_addresses_and_url_paths(self):
        for option in ("--web.listen-address", "--web.telemetry-path"):
            self.expect(f"promshm-serve {option} ", "m", set())
            self.expect("promshm-serve ", f"{option}=m", set())
        self.expect("promshm-serve --web.listen-address ", "127.0.0.1:m",
                    set())


class InteractiveCases(CompletionCases):
    """For shells whose line editor is asked."""

    def complete(self, head, word):
        line = self.shell.complete(head + word)
        self.assertTrue(line.startswith(head), line)
        if line == head + word:
            return set()
        return {candidate(text) for text in shlex.split(line[len(head):])}


class BashTest(InteractiveCases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = testing.require_program("bash")

    def setUp(self):
        super().setUp()
        scripts = [lists.completion_path("bash", tool) for tool in lists.TOOLS]
        report = ("report() { printf '%s\\0' \"$READLINE_LINE\" >&$REPORT_TO;"
                  " READLINE_LINE=; READLINE_POINT=0; }")
        setup = "; ".join([
            *(f"source {shlex.quote(str(script))}" for script in scripts),
            report,
            "bind '\"\\C-xa\": insert-completions'",
            "bind -x '\"\\C-xp\": report'"])
        self.shell = InteractiveShell(
            [self.program, "--norc", "--noprofile", "-i"], setup,
            self.environment, self.directory)
        self.addCleanup(self.shell.close)


class ZshTest(InteractiveCases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = testing.require_program("zsh")

    def setUp(self):
        super().setUp()
        folder = lists.completion_path("zsh", "").parent
        setup = "; ".join([
            f"fpath=({shlex.quote(str(folder))} $fpath)",
            "autoload -Uz compinit", "compinit -u -D", "bindkey -e",
            "zle -C insert-all complete-word _generic",
            "zstyle ':completion:insert-all:*' completer"
            " _all_matches _complete",
            "zstyle ':completion:insert-all:*' insert true",
            "bindkey '^Xa' insert-all",
            "report() { print -rn -- \"$BUFFER\"$'\\0' >&$REPORT_TO;"
            " BUFFER=; }",
            "zle -N report", "bindkey '^Xp' report"])
        self.shell = InteractiveShell(
            [self.program, "-f", "-i"], setup, self.environment,
            self.directory)
        self.addCleanup(self.shell.close)


class FishTest(CompletionCases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = testing.require_program("fish")

    def complete(self, head, word):
        folder = lists.completion_path("fish", "").parent
        result = testing.run(
            [self.program, "--no-config", "--command",
             "set --prepend fish_complete_path $argv[1];"
             "complete --do-complete $argv[2]", folder, head + word],
            env=self.environment, cwd=self.directory)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return {candidate(line.split("\t")[0])
                for line in result.stdout.decode().splitlines()}


if __name__ == "__main__":
    testing.main()
