"""promshm-dump as a user meets it: sources, formats, exit statuses."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import termios
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))

import exposition_text  # noqa: E402
import promshm_testing as testing  # noqa: E402
from metric_file import MetricFile, key  # noqa: E402

FINE, FINDINGS, TROUBLE = 0, 1, 2

permissions_prefix = None


def setUpModule():
    global permissions_prefix
    permissions_prefix = testing.bound_by_permissions()


class DumpTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.web = testing.options.golden / "web"

    def write(self, name, *entries):
        """A metric file of entries (family, sample, labels, help, value)."""
        file = MetricFile()
        for *parts, value in entries:
            file.add(key(*parts), value)
        path = self.directory / name
        path.write_bytes(file.bytes())
        return path

    def check(self, result, status, stdout=None, stderr=None):
        """The exit status and, as regular expressions, what was said."""
        self.assertEqual(result.returncode, status, result.stderr)
        if stdout is not None:
            self.assertEqual(result.stdout.decode(), stdout)
        if stderr is None:
            self.assertEqual(result.stderr, b"")
        else:
            self.assertRegex(result.stderr.decode(), stderr)


class Sources(DumpTest):
    def test_several_are_merged(self):
        one = self.write("counter_1.db", ("a", "a_total", {}, "h", 1.0))
        other = self.directory / "other"
        other.mkdir()
        self.write("other/counter_1.db", ("a", "a_total", {}, "h", 2.0))
        self.write("other/counter_2.db", ("a", "a_total", {}, "h", 4.0))
        text = "# HELP a_total h\n# TYPE a_total counter\na_total {}\n"
        for sources, total in (([one], 1.0), ([other], 6.0),
                               ([one, other], 7.0), ([one, one], 2.0),
                               ([other / "counter_2.db", one], 5.0)):
            with self.subTest(sources=sources):
                self.check(testing.dump("-o", "prometheus", *sources), FINE,
                           text.format(total))

    def test_raw_takes_them_one_after_the_other(self):
        first = self.write("counter_9.db", ("b", "b_total", {}, "h", 1.0))
        second = self.write("counter_1.db", ("a", "a_total", {}, "h", 0.5))
        self.check(
            testing.dump("-o", "raw", first, second), FINE,
            f'{first}\t8\t["b", "b_total", {{}}, "h"]\t1.0\t0\n'
            f'{second}\t8\t["a", "a_total", {{}}, "h"]\t0.5\t0\n')

    def test_raw_is_a_line_an_entry_whatever_the_key(self):
        file = MetricFile()
        file.add('["a",\n"a_total",\t{}, "h"]', 1.0)
        file.add('["a", "a_total", {"k": "\x7f\x9b31m"}, "h"]', 2.0)
        (self.directory / "counter_1.db").write_bytes(file.bytes())
        result = testing.dump("-o", "raw", self.directory)
        self.check(result, FINE)
        text = result.stdout.decode()
        self.assertNotRegex(text, "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]")
        self.assertEqual(
            [line.split("\t")[3:] for line in text.splitlines()],
            [["1.0", "0"], ["2.0", "0"]])

    def test_the_default_is_the_environments(self):
        upper = {"PROMETHEUS_MULTIPROC_DIR": str(self.web / "db")}
        lower = {"prometheus_multiproc_dir": str(self.web / "db")}
        expected = testing.dump(self.web / "db").stdout.decode()
        wrong = {"prometheus_multiproc_dir": "/nonexistent"}
        for variables in (upper, lower, {**upper, **wrong}):
            with self.subTest(variables=variables):
                self.check(testing.dump(env=testing.environment(**variables)),
                           FINE, expected)

    def test_an_empty_directory_is_fine(self):
        for output, expected in (("prometheus", ""), ("raw", ""),
                                 ("openmetrics", "# EOF\n"),
                                 ("json", '{"schema":1,"families":[]}\n')):
            with self.subTest(output=output):
                self.check(testing.dump("-o", output, self.directory), FINE,
                           expected)


class Trouble(DumpTest):
    def test_no_directory(self):
        missing = self.directory / "missing"
        for output in ("table", "raw"):
            with self.subTest(output=output):
                self.check(
                    testing.dump("-o", output, missing), TROUBLE, "",
                    rf"^promshm-dump: {missing}: .*no such file or directory$")

    def test_none_named(self):
        self.check(testing.dump(), TROUBLE, "", "PROMETHEUS_MULTIPROC_DIR")

    def test_no_permission(self):
        secret = self.directory / "secret"
        secret.mkdir(mode=0)
        file = self.write("counter_1.db", ("a", "a_total", {}, "h", 1.0))
        file.chmod(0)
        for source in (secret, file):
            with self.subTest(source=source):
                result = testing.run(
                    [*permissions_prefix, testing.options.dump, source])
                self.check(result, TROUBLE, "",
                           f"^promshm-dump: {source}: .*permission denied$")

    def test_usage(self):
        for wrong in (["--no-such-option"], ["-o"], ["-o", "yaml"]):
            with self.subTest(wrong=wrong):
                self.check(testing.dump(self.web / "db", *wrong), TROUBLE, "",
                           "-o|--no-such-option")

    def test_what_was_printed_is_lost(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run(
                [testing.options.dump, "-o", "prometheus", self.web / "db"],
                stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(result.returncode, TROUBLE)
        self.assertRegex(result.stderr.decode(),
                         r"(?i)^promshm-dump: .*no space left on device$")

    def test_a_reader_that_has_enough_is_no_trouble_to_speak_of(self):
        with subprocess.Popen(
                [testing.options.dump, "-o", "raw",
                 testing.options.golden / "large" / "db"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            self.assertIn(b"counter_3000.db\t8\t", process.stdout.readline())
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
            process.wait(timeout=60)


class Conflicts(DumpTest):
    """The first file has its way; the second is named, and why."""

    def check_conflict(self, second, words, text):
        result = testing.dump("-o", "prometheus", self.directory)
        self.check(result, FINDINGS, text, f"^{second}: {words}.*\n$")

    def test_of_type(self):
        self.write("counter_1.db", ("x", "x", {}, "h", 1.0))
        second = self.write("gauge_sum_1.db", ("x", "x", {}, "h", 2.0),
                            ("y", "y", {}, "h", 4.0))
        self.check_conflict(
            second, "type conflict: .*x",
            "# HELP x h\n# TYPE x counter\nx 1.0\n"
            "# HELP y h\n# TYPE y gauge\ny 4.0\n")

    def test_of_mode(self):
        self.write("gauge_max_1.db", ("x", "x", {}, "h", 1.0))
        second = self.write("gauge_min_2.db", ("x", "x", {}, "h", 2.0))
        self.check_conflict(second, "mode conflict: .*x",
                            "# HELP x h\n# TYPE x gauge\nx 1.0\n")

    def test_of_help(self):
        self.write("counter_1.db", ("x", "x_total", {}, "first", 1.0))
        second = self.write("counter_2.db", ("x", "x_total", {}, "other", 2.0))
        self.check_conflict(
            second, "help conflict: .*x",
            "# HELP x_total first\n# TYPE x_total counter\nx_total 3.0\n")

    def test_of_escaped_names(self):
        self.write("gauge_max_1.db", ("x.y", "x.y", {}, "h", 1.0),
                   ("x_y", "x_y", {}, "h", 2.0))
        self.check(testing.dump("-o", "prometheus", self.directory), FINDINGS,
                   "# HELP x_y h\n# TYPE x_y gauge\nx_y 2.0\n",
                   "^name conflict: .*x_y.*\n$")


class Json(DumpTest):
    def parse(self, directory):
        result = testing.dump("-o", "json", directory)
        self.check(result, FINE)
        return json.loads(result.stdout, parse_constant=self.fail)

    def samples_of(self, family):
        """A family's samples as those of an exposition: (name, labels)."""
        for metric in family["metrics"]:
            labels = metric["labels"]
            if family["type"] in ("COUNTER", "GAUGE"):
                yield family["name"], labels, metric["value"]
                continue
            name = family["name"]
            yield f"{name}_sum", labels, metric["sum"]
            yield f"{name}_count", labels, metric["count"]
            for bound, value in metric.get("buckets", {}).items():
                yield f"{name}_bucket", {**labels, "le": bound}, value

    def test_says_what_the_text_says(self):
        for directory in testing.golden_directories():
            if directory.name == "utf8":
                continue  # Its names are not escaped in JSON.
            with self.subTest(directory=directory.name):
                document = self.parse(directory / "db")
                self.assertEqual(document["schema"], 1)
                families = exposition_text.parse(testing.dump(
                    "-o", "prometheus", directory / "db").stdout.decode())
                self.assertEqual(
                    [(family["name"], family["type"].lower(), family["help"])
                     for family in document["families"]],
                    [(family.name, family.type, family.help)
                     for family in families.values()])
                self.assertEqual(
                    {(name, frozenset(labels.items())): repr(float(value))
                     for family in document["families"]
                     for name, labels, value in self.samples_of(family)},
                    {sample: repr(value) for sample, value
                     in exposition_text.samples(families).items()})

    def test_keeps_names_as_they_are(self):
        document = self.parse(testing.options.golden / "utf8" / "db")
        self.assertEqual(
            [family["name"] for family in document["families"]],
            ["http.server.requests_total", "my-histo.gram", "température"])

    def test_spells_what_json_cannot_as_strings(self):
        inf, nan = float("inf"), float("nan")
        self.write("gauge_max_1.db", *[
            ("x", "x", {"k": str(value)}, "h", value)
            for value in (nan, inf, -inf, 0.1)])
        family, = self.parse(self.directory)["families"]
        self.assertEqual(family["mode"], "max")
        self.assertEqual(
            {metric["labels"]["k"]: metric["value"]
             for metric in family["metrics"]},
            {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf", "0.1": 0.1})


class Table(DumpTest):
    def on_a_terminal(self, directory, columns):
        """The lines that a terminal of so many columns gets."""
        master, terminal = os.openpty()
        termios.tcsetwinsize(terminal, (24, columns))
        with subprocess.Popen([testing.options.dump, directory],
                              stdout=terminal) as dump:
            os.close(terminal)
            output = b""
            # The end of a terminal that nobody writes to any more is an error.
            with contextlib.suppress(OSError):
                while chunk := os.read(master, 65536):
                    output += chunk
            self.assertEqual(dump.wait(timeout=60), FINE)
        os.close(master)
        return output.decode().splitlines()

    def test_has_a_line_a_family(self):
        expected = pathlib.Path(__file__).with_name("web.table").read_text()
        self.check(testing.dump(self.web / "db"), FINE, expected)
        self.assertEqual(self.on_a_terminal(self.web / "db", 200),
                         expected.splitlines())

    def test_leaves_nan_out_of_a_range(self):
        values = (float("nan"), 1.0, 5.0, float("nan"), 0.5)
        self.write("gauge_max_1.db", *[("x", "x", {"k": str(place)}, "h", value)
                                       for place, value in enumerate(values)])
        self.assertRegex(testing.dump(self.directory).stdout.decode(),
                         r"\nx +gauge max +5 +1 +0\.5 to 5\n")

    def test_fits_the_terminal(self):
        self.write("gauge_max_1.db",
                   ("long" * 30, "long" * 30, {}, "h", 1.0))
        for directory in (self.web / "db", self.directory):
            for columns in (80, 60):
                with self.subTest(directory=directory, columns=columns):
                    lines = self.on_a_terminal(directory, columns)
                    self.assertRegex(
                        lines[0],
                        "^FAMILY +TYPE +SERIES +PROCS +VALUE *$")
                    self.assertGreater(len(lines), 1)
                    for line in lines:
                        self.assertLessEqual(len(line), columns, line)


if __name__ == "__main__":
    testing.main()
