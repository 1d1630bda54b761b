"""Counts with prometheus_client, as its standard input says; see writers.py.

usage: writer_program.py pid|text:IDENTIFIER
"""

import functools
import os
import sys
import urllib.parse

from prometheus_client import Counter, Gauge, Histogram, Summary, values


class Children:
    """Children that end when they are told to."""

    def __init__(self):
        self._release = None
        self._pids = []

    def fork(self, work):
        if self._release is None:
            self._release = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(self._release[1])
            work()
            sys.stdout.flush()
            os._exit(0)
        self._pids.append(pid)

    def hold(self):
        os.read(self._release[0], 1)

    def wait(self):
        for descriptor in self._release:
            os.close(descriptor)
        self._release = None
        statuses = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    for pid in self._pids]
        self._pids = []
        print("ended", *statuses, flush=True)


class Program:

    def __init__(self):
        self._families = {}
        self._infos = set()
        self._children = Children()

    def run(self):
        while (words := read_command()) is not None:
            if words[0] == "fork":
                block = []
                while (inner := read_command())[0] != "end":
                    block.append(inner)
                self._children.fork(functools.partial(self._run_block, block))
            else:
                self._execute(*words)

    def _run_block(self, block):
        for words in block:
            self._execute(*words)

    def _execute(self, command, *arguments):
        if command == "say":
            print(arguments[0], os.getpid(), flush=True)
        elif command == "hold":
            self._children.hold()
        elif command == "wait":
            self._children.wait()
        elif command == "family":
            self._register(*arguments)
        else:
            self._count(command, *arguments)

    def _register(self, kind, name, help_text, how, *labels):
        if name in self._families:
            return
        if kind == "counter":
            family = Counter(name, help_text, labels)
        elif kind == "gauge":
            family = Gauge(name, help_text, labels, multiprocess_mode=how)
        elif kind == "histogram":
            bounds = [float(bound) for bound in how.split(",")]
            family = Histogram(name, help_text, labels, buckets=bounds)
        elif kind == "summary":
            family = Summary(name, help_text, labels)
        elif kind == "info":
            # The client's own Info does not work with several processes.
            family = Gauge(f"{name}_info", help_text, labels,
                           multiprocess_mode="max")
            self._infos.add(name)
        else:
            raise ValueError(f"unknown type {kind}")
        self._families[name] = family

    def _count(self, command, family, argument, *labels):
        series = self._families[family]
        if labels:
            series = series.labels(**dict(label.split("=", 1)
                                          for label in labels))
        if family in self._infos:
            series.set(1)
        elif command in ("inc", "dec", "set", "observe"):
            getattr(series, command)(float(argument))
        elif command == "now":
            series.set_to_current_time()
        elif command == "value":
            print(series._value.get(), flush=True)
        elif command != "add":
            raise ValueError(f"unknown command {command}")


def read_command():
    line = sys.stdin.readline()
    if not line:
        return None
    return [urllib.parse.unquote(word) for word in line[:-1].split(" ")]


def main():
    identifier = sys.argv[1]
    if identifier != "pid":
        text = identifier.removeprefix("text:")
        values.ValueClass = values.MultiProcessValue(
            process_identifier=lambda: text)
    Program().run()


if __name__ == "__main__":
    main()
