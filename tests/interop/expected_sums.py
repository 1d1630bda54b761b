"""What the sums have to be, from what the processes were told to do.

Nothing here knows how a file looks or what a collector does.
"""

import itertools

INFINITY = float("inf")


class ExpectedSums:
    """Remembers the commands (see writers.py) that each process was given."""

    def __init__(self):
        self._order = itertools.count()
        self._families = {}
        # (family, labels) -> process -> its commands, (order, name, argument)
        self._series = {}

    def record(self, process, commands):
        """`process` is its identifier, which is its label `pid`."""
        for command, family, *rest in commands:
            if command == "family":
                name, _, how, *_ = rest
                self._families[name] = (family, how)
                continue
            argument, *labels = rest
            labels = frozenset(tuple(label.split("=", 1)) for label in labels)
            self._series.setdefault((family, labels), {}).setdefault(
                str(process), []).append(
                    (next(self._order), command, argument))

    def forget_live_gauges(self, process):
        """As when a process of the same identifier comes after it."""
        for (family, _), processes in self._series.items():
            if self._families[family][1].startswith("live"):
                processes.pop(str(process), None)

    def samples(self):
        """As exposition_text.samples() gives them."""
        result = {}
        for (family, labels), processes in self._series.items():
            kind, how = self._families[family]
            add = getattr(self, f"_add_{kind}")
            add(result, family, how, labels, processes)
        return result

    def _add_counter(self, result, family, _, labels, processes):
        result[f"{family}_total", labels] = sum(arguments(processes, "inc"))

    def _add_summary(self, result, family, _, labels, processes):
        observed = arguments(processes, "observe")
        result[f"{family}_count", labels] = len(observed)
        result[f"{family}_sum", labels] = sum(observed)

    def _add_histogram(self, result, family, how, labels, processes):
        self._add_summary(result, family, how, labels, processes)
        observed = arguments(processes, "observe")
        for bound in [*map(float, how.split(",")), INFINITY]:
            le = "+Inf" if bound == INFINITY else str(bound)
            result[f"{family}_bucket", labels | {("le", le)}] = sum(
                value <= bound for value in observed)

    def _add_info(self, result, family, _, labels, __):
        result[f"{family}_info", labels] = 1.0

    def _add_gauge(self, result, family, how, labels, processes):
        mode = how.removeprefix("live")
        if mode == "all":
            for process, commands in processes.items():
                result[family, labels | {("pid", process)}] = gauge_value(
                    commands)
        elif mode == "mostrecent":
            sets = [(order, float(argument))
                    for commands in processes.values()
                    for order, command, argument in commands
                    if command == "set"]
            if sets:
                result[family, labels] = max(sets)[1]
        elif processes:
            merge = {"min": min, "max": max, "sum": sum}[mode]
            result[family, labels] = merge(
                gauge_value(commands) for commands in processes.values())


def arguments(processes, name):
    """What all processes gave to one command."""
    return [float(argument) for commands in processes.values()
            for _, command, argument in commands if command == name]


def gauge_value(commands):
    value = 0.0
    for _, command, argument in commands:
        if command == "set":
            value = float(argument)
        elif command == "inc":
            value += float(argument)
        elif command == "dec":
            value -= float(argument)
    return value
