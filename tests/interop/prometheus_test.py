"""A real Prometheus server scrapes promshm-serve: what it then knows."""

import contextlib
import json
import math
import pathlib
import sys
import tempfile
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import exposition_text  # noqa: E402
import promshm_testing as testing  # noqa: E402

PATIENCE = 30  # seconds from a server's start to its first sample

prometheus = None


def setUpModule():
    global prometheus
    prometheus = testing.require_program("prometheus")


def configuration(servers):
    """Scrapes each server, and labels what it gets with the directory."""
    targets = [{"targets": [f"127.0.0.1:{server.port}"],
                "labels": {"golden": name}}
               for name, server in servers.items()]
    # JSON is YAML.
    return json.dumps({
        "global": {"scrape_interval": "1s", "scrape_timeout": "900ms"},
        "scrape_configs": [{"job_name": "promshm",
                            "static_configs": targets}]})


class Prometheus(testing.Background):
    """A Prometheus server with a storage of its own, on a free port."""

    def __init__(self, folder, servers):
        config = pathlib.Path(folder) / "prometheus.yml"
        config.write_text(configuration(servers))
        super().__init__([
            prometheus, f"--config.file={config}",
            f"--storage.tsdb.path={folder}/data",
            "--web.listen-address=127.0.0.1:0"])

    def port(self):
        return int(self.wait_for_line(
            r'"Listening on".* address=127\.0\.0\.1:(\d+)$')[1])

    def get(self, target, **parameters):
        response = testing.get(
            self.port(), f"{target}?{urllib.parse.urlencode(parameters)}")
        answer = json.loads(response.text)
        if answer["status"] != "success":
            raise AssertionError(answer)
        return answer["data"]

    def query(self, expression):
        """An instant vector: frozenset of label items -> value."""
        results = self.get("/api/v1/query", query=expression)["result"]
        return {frozenset(result["metric"].items()): float(result["value"][1])
                for result in results}

    def wait_for_targets(self, count):
        """Waits until each target was scraped; all that was scraped counts."""
        testing.wait_for(
            lambda: testing.get(self.port(), "/-/ready").status == 200,
            PATIENCE, "a Prometheus that is ready")
        testing.wait_for(
            lambda: len(self.query('up{job="promshm"}')) == count,
            PATIENCE, f"samples of {count} targets")


class ScrapedByPrometheus(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            servers = {
                directory.name: stack.enter_context(
                    testing.Server(directory / "db"))
                for directory in testing.golden_directories()}
            cls.server = stack.enter_context(Prometheus(folder, servers))
            cls.server.wait_for_targets(len(servers))
            # Ended after the last test, or right here if the above failed.
            cls.addClassCleanup(stack.pop_all().close)

    def test_up_is_1(self):
        up = self.server.query("up")
        self.assertEqual(len(up), len(testing.golden_directories()))
        self.assertEqual(set(up.values()), {1.0})
        targets = self.server.get("/api/v1/targets")["activeTargets"]
        self.assertEqual({target["lastError"] for target in targets}, {""})

    def test_every_value_is_right(self):
        for directory in testing.golden_directories():
            with self.subTest(directory=directory.name):
                self.assertEqual(self.stored(directory.name),
                                 self.expected(directory))

    def stored(self, name):
        own = ("up", "scrape_duration_seconds", "scrape_series_added",
               "scrape_samples_scraped",
               "scrape_samples_post_metric_relabeling")
        result = {}
        for labels, value in self.server.query(f'{{golden="{name}"}}').items():
            labels = dict(labels)
            metric = labels.pop("__name__")
            for label in ("instance", "job", "golden"):
                del labels[label]
            if metric not in own:
                result[as_stored(metric, labels)] = str(value)
        return result

    def expected(self, directory):
        text = (directory / "expected.prometheus.txt").read_bytes().decode()
        result = {}
        for (metric, labels), value in exposition_text.samples(
                exposition_text.parse(text)).items():
            result[as_stored(metric, dict(labels))] = str(value)
        return result

    def test_quantile_of_a_histogram(self):
        quantiles = self.server.query(
            "histogram_quantile(0.5, sum by (le) "
            "(http_request_duration_seconds_bucket{golden='web'}))")
        (labels, value), = quantiles.items()
        self.assertEqual(labels, frozenset())
        # Of 162 requests 66 took up to 0.5 s, 91 up to 0.75 s.
        median = 0.5 + (0.75 - 0.5) * (162 / 2 - 66) / (91 - 66)
        self.assertTrue(math.isclose(value, median), value)

    def test_metadata_has_types_and_help(self):
        metadata = self.server.get("/api/v1/targets/metadata",
                                   match_target='{golden="web"}')
        self.assertEqual(
            {item["metric"]: (item["type"], item["help"])
             for item in metadata},
            {family.name: (family.type, family.help)
             for family in exposition_text.parse(
                 (testing.options.golden / "web" / "expected.openmetrics.txt")
                 .read_bytes().decode()).values()})


def as_stored(metric, labels):
    """The identity of a series: bounds as numbers, no empty label."""
    if "le" in labels:
        labels["le"] = float(labels["le"])
    return (metric, frozenset(
        (name, value) for name, value in labels.items() if value != ""))


if __name__ == "__main__":
    testing.main()
