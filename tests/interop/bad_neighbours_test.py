"""Files that are none, among good ones: all that is good is still served."""

import os
import pathlib
import re
import shutil
import socket
import sqlite3
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402
from metric_file import (MetricFile, key, key_of_lists,  # noqa: E402
                         key_of_ruby, key_without_help)

QUICKLY = 5  # seconds
ENTRY_KEY = 4  # where the key begins in an entry

permissions_prefix = None


def setUpModule():
    global permissions_prefix
    permissions_prefix = testing.bound_by_permissions()


class Neighbourhood:
    """A directory: a copy of good files, and whatever is added to them.

    `findings` has a line's end for each bad file, by name, as a regular
    expression; `lines` what the other files add to the exposition.
    """

    def __init__(self, directory, good):
        self.path = pathlib.Path(directory)
        self.findings = {}
        shutil.copytree(good / "db", self.path, dirs_exist_ok=True)
        self.lines = (good / "expected.prometheus.txt").read_bytes().split(
            b"\n")

    def add_bad(self, name, data, finding):
        (self.path / name).write_bytes(data)
        self.findings[name] = finding

    def add_damaged(self, stem, spoil, reason, offset=ENTRY_KEY, cut=0):
        """A good entry, then a bad one, made by `spoil(file)`.

        The damage lies `offset` bytes into the bad entry.
        """
        file = MetricFile().add(key(stem, f"{stem}_total"), 2.5)
        begin = file.end
        spoil(file)
        data = file.bytes(size=0)
        self.add_bad(f"counter_{stem}.db", data[:len(data) - cut],
                     f"byte {begin + offset}: damaged: {reason}")
        self.expect(stem, "help", f"{stem}_total 2.5")

    def add_good(self, stem, make_key, value_size, help_text):
        """A file of another generation: it shows from the second entry on."""
        file = MetricFile(value_size)
        file.add(make_key(stem, f"{stem}_total", {"k": "a"}), 0.5)
        file.add(make_key(stem, f"{stem}_total", {"k": "b"}), 1.0)
        (self.path / f"counter_{stem}.db").write_bytes(file.bytes())
        self.expect(stem, help_text, f'{stem}_total{{k="a"}} 0.5',
                    f'{stem}_total{{k="b"}} 1.0')

    def expect(self, stem, help_text, *samples):
        """Lines of a counter in the exposition."""
        lines = (f"# HELP {stem}_total {help_text}",
                 f"# TYPE {stem}_total counter", *samples)
        self.lines += [line.encode() for line in lines]


def add_damaged_files(place):
    place.add_damaged(
        "used_above_size", lambda file: file.claim_used(1_000_000),
        "the file ends here, but used is 1000000", offset=0)
    place.add_damaged(
        "cut_entry", lambda file: file.add(key("x", "x_total"), 1.0),
        "key length .* does not fit", offset=0, cut=5)
    for name, length in (("huge_length", 1919251561), ("no_length", 0),
                         ("negative_length", -8), ("least_length", -2**31)):
        place.add_damaged(
            name, lambda file, length=length: file.add(
                key("x", "x_total"), 1.0, claimed_length=length),
            f"key length {length}", offset=0)
    for name, text, reason in (
            ("name_not_utf8", b'["x\xff", "x_total", {}, "help"]', ".*UTF-8"),
            ("not_json", b'["x", "x_total", {, "help"]', ".*JSON"),
            ("not_an_array", b'{"family": "x"}', ".*JSON array"),
            ("too_short", b'["x", "x_total"]', ""),
            ("labels_missing", b'["x", "x_total", "k", "help"]', ""),
            ("name_is_number", b'[1, "x_total", {}, "help"]', ""),
            ("label_is_number", b'["x", "x_total", {"k": 1}, "help"]', ""),
            ("no_name", b'["", "", {}, "help"]', "")):
        place.add_damaged(
            name, lambda file, text=text: file.add(text, 1.0), reason)


def add_bad_beginnings(place):
    damaged = "byte 0: damaged: "
    place.add_bad("counter_empty.db", b"", damaged + "the file is empty")
    place.add_bad("counter_short.db", b"\x08\0\0\0\0",
                  damaged + "the file is shorter than its header")
    place.add_bad("counter_used4.db", MetricFile().claim_used(4).bytes(),
                  damaged + "used is 4")
    place.add_bad("counter_minus.db", MetricFile().claim_used(-1).bytes(),
                  damaged + "used is -1")
    place.add_bad("counter_text.db", b"# nothing of the kind\n" * 9, "byte")
    for name in ("app.db", "gauge_average_1.db", "counter.db", "gauge_all.db",
                 "info_1.db"):
        place.add_bad(name, MetricFile().bytes(), "not a metric file")
    place.add_bad("new\nline.db", b"", "not a metric file")


def add_databases(place):
    """A SQLite database, once with a name like a metric file's."""
    for name, finding in (("cache.db", "not a metric file"),
                          ("counter_cache.db", "byte ")):
        database = sqlite3.connect(place.path / name)
        database.execute("create table t (a, b)")
        database.execute("insert into t values (1, 'x')")
        database.commit()
        database.close()
        place.findings[name] = finding


def add_what_is_no_file(place):
    def finding(what):
        return f"not a regular file: {what}"
    (place.path / "counter_directory.db").mkdir()
    place.findings["counter_directory.db"] = finding("a directory")
    os.mkfifo(place.path / "counter_fifo.db")
    place.findings["counter_fifo.db"] = finding("a fifo")
    (place.path / "counter_dangling.db").symlink_to("gone.db")
    place.findings["counter_dangling.db"] = finding("a symbolic link")
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(place.path / "counter_socket.db"))
    unix.close()
    place.findings["counter_socket.db"] = finding("a socket")


def add_link(place, outside):
    """A link to a good file that is none of the directory's business."""
    target = pathlib.Path(outside) / "counter_1.db"
    target.write_bytes(
        MetricFile().add(key("linked", "linked_total"), 1.0).bytes())
    (place.path / "counter_link.db").symlink_to(target)
    place.findings["counter_link.db"] = "not a regular file: a symbolic link"


def add_unreadable(place):
    place.add_bad("counter_secret.db", MetricFile().bytes(),
                  "cannot open: permission denied")
    (place.path / "counter_secret.db").chmod(0)


def add_other_generations(place):
    """Other clients' files, files just created, and some not meant for us."""
    no_help = "Multiprocess metric"
    place.add_good("value_only", key, 8, "help")
    place.add_good("no_help", key_without_help, 8, no_help)
    place.add_good("lists", key_of_lists, 8, no_help)
    place.add_good("ruby", key_of_ruby, 8, no_help)
    (place.path / "counter_created.db").write_bytes(bytes(65536))
    (place.path / "counter_header.db").write_bytes(MetricFile().bytes())
    (place.path / "counter_1.db.tmp").write_bytes(b"another suffix")
    (place.path / "README").write_bytes(b"no suffix at all")
    # What is not Unicode in a value is replaced, for a server to accept it.
    (place.path / "counter_value.db").write_bytes(MetricFile().add(
        b'["value", "value_total", {"k": "a\xffb"}, "help"]', 1.0).bytes())
    place.expect("value", "help", 'value_total{k="a\ufffdb"} 1.0')


class BadNeighbours(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.outside = tempfile.TemporaryDirectory()
        self.addCleanup(self.outside.cleanup)
        self.place = Neighbourhood(directory.name,
                                   testing.options.golden / "web")
        add_damaged_files(self.place)
        add_bad_beginnings(self.place)
        add_databases(self.place)
        add_what_is_no_file(self.place)
        add_link(self.place, self.outside.name)
        add_unreadable(self.place)
        add_other_generations(self.place)

    def test_scrape_has_everything_good(self):
        with testing.Server(self.place.path, permissions_prefix) as server:
            for _ in range(3):
                begin = time.monotonic()
                response = server.scrape()
                self.assertLess(time.monotonic() - begin, QUICKLY)
                self.assertEqual(response.status, 200)
                self.assertEqual(testing.sorted_lines(response.body),
                                 sorted(self.place.lines))

    def test_dump_prints_everything_good_and_names_each_bad_file(self):
        result = testing.run([*permissions_prefix, testing.options.dump,
                              "-o", "prometheus", self.place.path])
        self.assertEqual(testing.sorted_lines(result.stdout),
                         sorted(self.place.lines))
        self.assertEqual(result.returncode, 1)
        self.check_findings(result.stderr)

    def test_raw_prints_the_entries_before_the_damage(self):
        result = testing.run([*permissions_prefix, testing.options.dump,
                              "-o", "raw", self.place.path])
        self.assertEqual(result.returncode, 1)
        self.check_findings(result.stderr)
        keys = [line.split(b"\t")[2] for line in result.stdout.splitlines()]
        self.assertIn(key("not_json", "not_json_total").encode(), keys)
        self.assertNotIn(b"linked", result.stdout)

    def check_findings(self, stderr):
        lines = stderr.decode().splitlines()
        for name, finding in self.place.findings.items():
            with self.subTest(name=name):
                shown = str(self.place.path / name).replace("\n", r"\x0a")
                about = [line for line in lines if f"{shown}: " in line]
                self.assertEqual(len(about), 1, stderr.decode())
                self.assertRegex(about[0], f": {finding}")
        self.assertEqual(len(lines), len(self.place.findings), lines)

    def test_a_file_that_vanishes_takes_nothing_along(self):
        stop = threading.Event()
        come_and_go = threading.Thread(
            target=self.let_files_come_and_go, args=(stop,), daemon=True)
        with testing.Server(self.place.path, permissions_prefix) as server:
            come_and_go.start()
            try:
                for _ in range(200):
                    response = server.scrape()
                    self.assertEqual(response.status, 200)
                    lines = [line for line in response.body.split(b"\n")
                             if b"fleeting" not in line]
                    self.assertEqual(sorted(lines), sorted(self.place.lines))
            finally:
                stop.set()
                come_and_go.join(timeout=30)
            self.assertFalse(come_and_go.is_alive())

    def let_files_come_and_go(self, stop):
        data = MetricFile().add(key("fleeting", "fleeting_total"), 1.0).bytes()
        paths = [self.place.path / f"counter_fleeting{number}.db"
                 for number in range(20)]
        while not stop.is_set():
            for path in paths:
                path.write_bytes(data)
            for path in paths:
                path.unlink()


if __name__ == "__main__":
    testing.main()
