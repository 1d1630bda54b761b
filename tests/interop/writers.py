"""Two programs that write metrics and take the same commands.

writer_program.cc counts with promshm, writer_program.py with prometheus_client.
A command is a line of words with single spaces between them, percent-encoded:

    family TYPE NAME HELP HOW LABEL...
        Registers a family, once. TYPE is counter, gauge, histogram, summary or
        info; HOW a gauge's mode, or a histogram's bounds, separated by commas.
    COMMAND FAMILY ARGUMENT LABEL=VALUE...
        Makes the series, then does what COMMAND says:
        add               nothing more
        inc, dec, set     changes a counter or gauge by, or sets it to, ARGUMENT
        now               sets a gauge to the time
        observe           observes ARGUMENT
        observe_multiple  adds bucket counts and a sum, with commas (C++ only)
        value             answers with the value
    fork
        Forks a child, for which the commands up to `end` are.
    hold
        In a child: stays until its parent waits.
    wait
        Waits for the children; answers `ended` and their exit statuses.
    say WORD
        Answers WORD and the process ID.
    dropped
        Answers how many increments were dropped (C++ only).

An answer is one line of standard output. The programs end when their standard
input does.
"""

import contextlib
import pathlib
import select
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402

PATIENCE = 60  # seconds for an answer
MODES = "from prometheus_client import Gauge; print(*Gauge._MULTIPROC_MODES)"

# Of prometheus_client 0.18 and later.
GAUGE_MODES = ("all", "liveall", "min", "livemin", "max", "livemax", "sum",
               "livesum", "mostrecent", "livemostrecent")


def line(*words):
    """A command as it is sent."""
    return " ".join(urllib.parse.quote(str(word), safe="=,:/+")
                    for word in words)


def series(command, family, argument="", **labels):
    """A command for one series."""
    return [command, family, argument,
            *(f"{name}={value}" for name, value in labels.items())]


class Writer:
    """One of the two programs, running.

    Ends at the end of the `with` block, where its standard input does. Another
    status than `ends_with`, a signal being a negative one, is a failure.
    """

    def __init__(self, command, directory, env, ends_with=0, **keywords):
        self._ends_with = ends_with
        self._errors = tempfile.NamedTemporaryFile(prefix="promshm-test-log-")
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._errors, text=True,
            env={**env, "PROMETHEUS_MULTIPROC_DIR": str(directory)},
            **keywords)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.process.kill()
        with contextlib.suppress(BrokenPipeError):  # It has died.
            self.process.stdin.close()
        status = self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()
        errors = self.errors()
        self._errors.close()
        if kind is None and status != self._ends_with:
            raise AssertionError(f"status {status}, errors: {errors}")

    @property
    def pid(self):
        return self.process.pid

    def do(self, *words):
        print(line(*words), file=self.process.stdin)

    def do_all(self, commands):
        for words in commands:
            self.do(*words)

    def ask(self, *words):
        self.do(*words)
        return self.answer()

    def answer(self):
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        answer = self.process.stdout.readline() if ready else ""
        if not answer.endswith("\n"):
            raise AssertionError(f"no answer, errors: {self.errors()}")
        return answer[:-1]

    def settle(self):
        """Returns once all commands have been carried out."""
        self.ask("say", "settled")

    def fork(self, commands):
        """The PID of a child that carried the commands out and is held."""
        self.do_all([["fork"], *commands, ["say", "done"], ["hold"], ["end"]])
        return int(self.answer().removeprefix("done "))

    def errors(self):
        """Standard error so far."""
        return pathlib.Path(self._errors.name).read_text(errors="replace")


def promshm_writer(directory, identifier="pid", prefix=(), **keywords):
    """`identifier` is `pid`, `slot` or `text:IDENTIFIER`."""
    return Writer([*prefix, testing.options.writer, identifier], directory,
                  testing.environment(), **keywords)


def client_writer(directory, env, identifier="pid", **keywords):
    """`env` is that of testing.client_environment()."""
    program = pathlib.Path(__file__).with_name("writer_program.py")
    return Writer([testing.PYTHON, "-B", program, identifier], directory, env,
                  **keywords)


def modes_of_client(env):
    """Those of GAUGE_MODES that the client knows."""
    known = testing.run([testing.PYTHON, "-c", MODES],
                        env=env).stdout.decode().split()
    return [mode for mode in GAUGE_MODES if mode in known]
