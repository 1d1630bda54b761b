"""What the tests of the OpenTelemetry provider share.

opentelemetry_program.cc is started with the provider's options, `default` or
`python`, and changes to them, `gauge_mode=MODE` and
`observe_interval=MILLISECONDS`. Its commands are written as those of
writers.py:

    instrument KIND NAME DESCRIPTION UNIT
        Makes an instrument. KIND is the API's: DoubleCounter, UInt64Histogram.
    measure NAME VALUE KEY=TYPE:VALUE...
        Adds, records or sets. Of an observable instrument: what its callback
        says from now on, whenever it is asked.
    collect, shutdown
        Ends the program when it fails.
    refused, dropped
        Answers how many measurements were.
    abi
        Answers the version of the API's ABI.
    fork, hold, say
        As in writers.py.
    release
        Lets the held workers end.
    reap
        Waits for a worker's end and marks it dead; answers its PID and status.
"""

import typing

import exposition_text
import promshm_testing as testing
import writers
from writer_testing import WriterTest

# prometheus_client's default bounds.
PYTHON_BOUNDS = (.005, .01, .025, .05, .075, .1, .25, .5, .75, 1.0, 2.5, 5.0,
                 7.5, 10.0)


class Instrument(typing.NamedTuple):
    """An instrument, and the family of prometheus_client that it becomes."""
    kind: str
    name: str
    unit: str
    description: str
    type: str
    family: str
    how: str  # as in writers.py

    def create(self):
        """The command for our program."""
        return ["instrument", self.kind, self.name, self.description,
                self.unit]

    def measure(self, value, attributes=None):
        """The command for our program."""
        return ["measure", self.name, repr(value),
                *(f"{key}={typed(attribute)}"
                  for key, attribute in (attributes or {}).items())]

    def register(self, attributes=None):
        """The command of writers.py that makes the family."""
        return ["family", self.type, self.family, self.description, self.how,
                *map(label_name, attributes or {})]

    def count(self, value, attributes=None):
        """The command of writers.py that does what measure() does."""
        command = {"counter": "inc", "histogram": "observe"}.get(self.type)
        if command is None:
            command = "inc" if self.kind.endswith("UpDownCounter") else "set"
        return [command, self.family, repr(value),
                *(f"{label_name(key)}={attribute}"
                  for key, attribute in (attributes or {}).items())]


def label_name(key):
    """Of the attribute keys in these tests."""
    return key.replace(".", "_")


def typed(value):
    """An attribute's value in the language of our program."""
    if isinstance(value, bool):
        return f"bool:{str(value).lower()}"
    if isinstance(value, int):
        return f"int:{value}"
    if isinstance(value, float):
        return f"double:{value!r}"
    if isinstance(value, str):
        return f"text:{value}"
    if isinstance(value, bytes):
        return f"bytes:{value.hex()}"
    if isinstance(value, tuple):
        return "texts:" + "".join(f"{text}\0" for text in value)
    of = "doubles" if isinstance(value[0], float) else "ints"
    return f"{of}:" + ",".join(map(repr, value))


class OpenTelemetryTest(WriterTest):
    """A WriterTest with our program."""

    def program(self, base, *settings):
        """`base` is `default` or `python`."""
        return writers.Writer([testing.options.writer, base, *settings],
                              self.directory, testing.environment())

    def collect(self, program):
        """Has its callbacks asked."""
        program.do("collect")
        program.settle()

    def samples(self):
        """What promshm-dump says of the directory."""
        result = testing.dump("-o", "prometheus", self.directory)
        self.assertEqual((result.stderr, result.returncode), (b"", 0))
        return exposition_text.samples(
            exposition_text.parse(result.stdout.decode()))

    def names(self):
        """Of all files."""
        return {path.name for path in self.directory.iterdir()}
