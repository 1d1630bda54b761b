"""promshm-serve's options, over what workers of the real client write."""

import contextlib
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))

import exposition_text  # noqa: E402
import promshm_testing as testing  # noqa: E402

COUNT = """
import sys
from prometheus_client import Counter, Gauge, Histogram
jobs = Counter("jobs", "Jobs", ["queue"])
jobs.labels("mail").inc(3)
jobs.labels("sms").inc(4)
Histogram("job_seconds", "Time", buckets=(1, 2)).observe(1.5)
Gauge("temperature", "Now", multiprocess_mode="all").set(20)
Gauge("busy", "Now", multiprocess_mode="livesum").set(1)
Gauge("load", "Now", multiprocess_mode="liveall").set(5)
if len(sys.argv) > 1:
    exec(sys.argv[1])
print("ready", flush=True)
sys.stdin.read()
"""

client_environment = None


def setUpModule():
    global client_environment
    client_environment = testing.client_environment()


class Worker:
    """A process that has counted, and lives as long as the `with` block."""

    def __init__(self, directory, more=""):
        self._process = subprocess.Popen(
            [testing.PYTHON, "-c", COUNT, *([more] if more else [])],
            env={**client_environment,
                 "PROMETHEUS_MULTIPROC_DIR": str(directory)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = str(self._process.pid)

    def __enter__(self):
        assert self._process.stdout.readline() == b"ready\n"
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)


class OptionsTest(unittest.TestCase):

    def setUp(self):
        root = self.enterContext(tempfile.TemporaryDirectory())
        self.root = pathlib.Path(root)
        self.directory = self.new_directory("shop")

    def new_directory(self, name):
        directory = self.root / name
        directory.mkdir()
        return directory

    def worker(self, directory=None, more=""):
        return self.enterContext(Worker(directory or self.directory, more))

    def dead_worker(self, directory=None, more=""):
        with Worker(directory or self.directory, more) as worker:
            return worker

    def serve(self, *arguments, directory=None):
        return self.enterContext(testing.Server(
            directory or self.directory,
            arguments=(*testing.APPLICATION_ONLY, *arguments)))

    def samples(self, server, target="/metrics"):
        """Value by name and labels, the latter as a text."""
        answer = testing.get(server.port, target)
        self.assertEqual(answer.status, 200, answer.text)
        values = exposition_text.samples(exposition_text.parse(answer.text))
        return {name + ",".join(f"{label}={value}" for label, value
                                in sorted(labels)): value
                for (name, labels), value in values.items()}


class ViewTest(OptionsTest):

    def test_keep_and_drop(self):
        self.worker()
        server = self.serve("--keep=job*", "--drop=job_seconds_bucket")
        self.assertEqual(self.samples(server),
                         {"jobs_totalqueue=mail": 3, "jobs_totalqueue=sms": 4})

    def test_a_label_is_dropped(self):
        for _ in range(2):
            self.worker()
        samples = self.samples(self.serve("--drop-label=queue",
                                          "--drop-label", "pid"))
        self.assertEqual(samples["jobs_total"], 14)
        self.assertEqual(samples["temperature"], 40)
        self.assertEqual(samples["load"], 10)
        self.assertEqual(samples["job_seconds_bucketle=2.0"], 2)

    def test_a_gauge_is_merged_otherwise(self):
        one = self.worker()
        two = self.worker(more="Gauge('x', 'X').set(1)")
        samples = self.samples(self.serve(
            "--gauge-mode=temperature=max", "--gauge-mode=busy=all"))
        self.assertEqual(
            {name: value for name, value in samples.items()
             if name.startswith(("temperature", "busy"))},
            {"temperature": 20, f"busypid={one.pid}": 1,
             f"busypid={two.pid}": 1})

    def test_live_gauges_of_the_dead_are_left_out_and_stay(self):
        living, dead = self.worker(), self.dead_worker()
        files = sorted(path.name for path in self.directory.iterdir())
        plain = self.samples(self.serve())
        self.assertEqual(plain["busy"], 2)
        self.assertEqual(plain[f"loadpid={dead.pid}"], 5)
        server = self.serve("--leave-out-dead")
        samples = self.samples(server)
        self.assertEqual(samples["busy"], 1)
        self.assertEqual(samples[f"loadpid={living.pid}"], 5)
        self.assertNotIn(f"loadpid={dead.pid}", samples)
        self.assertEqual(samples[f"temperaturepid={dead.pid}"], 20)
        self.assertEqual(samples["jobs_totalqueue=sms"], 8)
        living.end()
        testing.wait_for(lambda: "busy" not in self.samples(server), 30,
                         "the worker's end")
        self.assertEqual(files, sorted(
            path.name for path in self.directory.iterdir()))


class DirectoriesTest(OptionsTest):

    def test_each_and_all_together(self):
        self.worker()
        mail = self.new_directory("mail")
        worker = self.worker(mail)
        server = self.serve(f"web={self.directory}", f"jobs={mail}",
                            directory=str(self.new_directory("empty")))
        self.assertEqual(
            self.samples(server, "/metrics/web")["jobs_totalqueue=sms"], 4)
        self.assertEqual(self.samples(server, "/metrics/jobs")
                         [f"loadpid={worker.pid}"], 5)
        self.assertEqual(self.samples(server, "/metrics/empty"), {})
        together = self.samples(server)
        self.assertEqual(together["jobs_totalqueue=sms"], 8)
        self.assertEqual(together["busy"], 2)
        self.assertEqual(together[f"loaddirectory=jobs,pid={worker.pid}"], 5)
        self.assertEqual(testing.get(server.port, "/metrics/shop").status, 404)

    def test_two_that_disagree_are_served_apart(self):
        self.worker(more="Counter('x', 'X').inc()")
        mail = self.new_directory("mail")
        self.worker(mail, "Histogram('x', 'X').observe(1)")
        server = self.serve(str(mail))
        answer = testing.get(server.port, "/metrics")
        self.assertEqual(answer.status, 500)
        self.assertRegex(answer.text, r"\bx is a (counter|histogram)\b")
        self.assertEqual(self.samples(server, "/metrics/shop")["x_total"], 1)
        self.assertEqual(self.samples(server, "/metrics/mail")["x_count"], 1)

    def test_those_of_a_pattern_come_and_go(self):
        run = self.new_directory("run")
        server = self.serve(directory=str(run / "*"))
        self.assertEqual(self.samples(server), {})
        one = run / "one"
        one.mkdir()
        self.dead_worker(one)
        self.assertEqual(self.samples(server)["jobs_totalqueue=sms"], 4)
        two = run / "two"
        two.mkdir()
        self.dead_worker(two)
        self.assertEqual(self.samples(server)["jobs_totalqueue=sms"], 8)
        self.assertEqual(
            self.samples(server, "/metrics/two")["jobs_totalqueue=sms"], 4)
        shutil.rmtree(one)
        self.assertEqual(self.samples(server)["jobs_totalqueue=sms"], 4)
        self.assertEqual(testing.get(server.port, "/metrics/one").status, 404)

    def test_what_was_named_and_is_gone_is_told(self):
        mail = self.new_directory("mail")
        server = self.serve(str(mail))
        mail.rmdir()
        answer = testing.get(server.port, "/metrics")
        self.assertEqual(answer.status, 503)
        self.assertIn(str(mail), answer.text)
        self.assertEqual(testing.get(server.port, "/metrics/shop").status, 200)


class UpkeepTest(OptionsTest):

    def test_the_dead_are_folded_and_no_sum_changes(self):
        living = self.worker()
        for _ in range(3):
            self.dead_worker()
        server = self.enterContext(testing.Server(
            self.directory, arguments=["--compact=0.1"]))
        testing.wait_for(
            lambda: not any(
                path.stem.rpartition("_")[2] not in (living.pid, "promshm")
                for path in self.directory.glob("counter_*.db"))
            and self.samples(server).get(
                "promshm_compacted_files_totaldirectory=shop"),
            30, "a clean-up")
        samples = self.samples(server)
        self.assertEqual(samples["jobs_totalqueue=sms"], 16)
        self.assertEqual(samples["job_seconds_count"], 4)
        self.assertEqual(samples["busy"], 1)
        self.assertIn(f"temperaturepid={living.pid}", samples)
        self.assertIn('msg="cleaned up"', server.output())

    def test_each_file_of_the_dead_is_counted_once(self):
        server = self.enterContext(testing.Server(
            self.directory, arguments=["--compact=0.1"]))
        counted = [0]
        for _ in range(3):
            self.dead_worker()
            counted.append(testing.wait_for(
                lambda: self.more_folded(server, counted[-1]), 30,
                "a clean-up"))
        self.assertEqual(counted[2], 2 * counted[1])
        self.assertEqual(counted[3], 3 * counted[1])

    def more_folded(self, server, before):
        files = self.samples(server).get(
            "promshm_compacted_files_totaldirectory=shop", 0)
        return files if files > before else None


class OperationTest(OptionsTest):

    def test_sighup_reads_the_configuration_again(self):
        config = self.root / "web.yml"
        config.write_text("{}\n")
        server = self.serve(f"--web.config.file={config}")
        config.write_text("no_such_key: 1\n")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_line(r"level=ERROR .*no_such_key")
        self.assertEqual(testing.get(server.port, "/metrics").status, 200)

    def test_sighup_without_a_configuration_changes_nothing(self):
        self.dead_worker()
        server = self.serve()
        before = self.samples(server)
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual(self.samples(server), before)

    def test_logs_are_json(self):
        (self.directory / "counter_1.db").write_bytes(b"damaged")
        server = self.serve("--log.format=json", "--log.level=debug")
        self.samples(server)
        lines = [json.loads(line) for line in server.output().splitlines()
                 if not line.startswith("promshm-serve: listening")]
        self.assertIn("WARN", [line["level"] for line in lines])
        self.assertTrue(all({"time", "level", "msg"} <= line.keys()
                            for line in lines))

    def test_an_address_for_strangers_is_warned_of(self):
        server = self.enterContext(testing.Background(
            [testing.options.serve, "--web.listen-address=0.0.0.0:0",
             self.directory]))
        server.wait_for_line("listening on")
        self.assertEqual(server.output().count("level=WARN"), 1)
        self.assertIn("other machines can read the metrics", server.output())

    def test_the_address_comes_from_the_environment(self):
        server = self.enterContext(testing.Background(
            [testing.options.serve, self.directory],
            env=testing.environment(OTEL_EXPORTER_PROMETHEUS_HOST="127.0.0.2",
                                    OTEL_EXPORTER_PROMETHEUS_PORT="0")))
        server.wait_for_line(r"listening on http://127\.0\.0\.2:\d+/metrics$")

    def test_requests_above_the_limit_are_503(self):
        server = self.serve("--web.max-requests=1")
        with contextlib.ExitStack() as stack:
            hold = stack.enter_context(subprocess.Popen(
                ["flock", "--exclusive", self.directory, "sh", "-c",
                 "echo locked; cat"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE))
            self.assertEqual(hold.stdout.readline(), b"locked\n")
            waiting = stack.enter_context(subprocess.Popen(
                ["curl", "--silent", "--output", "/dev/null", "--write-out",
                 "%{http_code}", f"http://127.0.0.1:{server.port}/metrics"],
                stdout=subprocess.PIPE))
            testing.wait_for(
                lambda: testing.get(server.port, "/-/healthy").status == 503,
                5, "the limit")
            self.assertEqual(waiting.communicate(timeout=30)[0], b"503")
            hold.communicate()
        self.assertEqual(testing.get(server.port, "/-/healthy").status, 200)
        self.assertEqual(testing.get(server.port, "/metrics").status, 200)


if __name__ == "__main__":
    testing.main()
