"""The examples for Prometheus are what Prometheus takes, and find targets."""

import json
import pathlib
import shutil
import tempfile
import unittest

import installed
from installed import testing

SITES = {"prometheus.yml": [], "federation.yml": [], "agent.yml": ["--agent"]}
SIDECAR = {
    "__meta_kubernetes_namespace": "production",
    "__meta_kubernetes_pod_name": "shop-1",
    "__meta_kubernetes_pod_phase": "Running",
    "__meta_kubernetes_pod_label_app_kubernetes_io_name": "shop",
    "__meta_kubernetes_pod_container_name": "promshm-serve",
    "__meta_kubernetes_pod_container_init": "true",
    "__meta_kubernetes_pod_container_port_name": "metrics",
}

promtool = None
yaml = None


def setUpModule():
    global promtool, yaml
    promtool = testing.require_program("promtool")
    try:
        import yaml
    except ImportError:
        testing.skip("python3-yaml is not installed")


class PrometheusTest(installed.InstalledTest):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="promshm-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name) / "prometheus"
        shutil.copytree(self.examples / "prometheus", self.folder)
        for name in "ca.pem", "password":
            (self.folder / name).touch()

    def check(self, what, *arguments):
        result = testing.run([promtool, "check", what, *arguments])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotRegex(result.stdout + result.stderr,
                            b"FAILED|WARNING")
        return result.stdout

    def test_every_file_is_known(self):
        self.assertEqual(
            {path.name for path in self.folder.glob("*.yml")},
            {*SITES, "kubernetes.yml", "rules.yml"})

    def test_configurations_are_valid(self):
        for name, arguments in SITES.items():
            with self.subTest(name=name):
                self.check("config", *arguments, self.folder / name)

    def test_an_agent_would_refuse_rules(self):
        result = testing.run([promtool, "check", "config", "--agent",
                              self.folder / "prometheus.yml"])
        self.assertNotEqual(result.returncode, 0)

    def test_rules_are_valid_and_what_federation_takes(self):
        self.check("rules", self.folder / "rules.yml")
        rules = yaml.safe_load((self.folder / "rules.yml").read_text())
        names = [rule["record"] for group in rules["groups"]
                 for rule in group["rules"]]
        job, = self.jobs("federation.yml")
        selector, = job["params"]["match[]"]
        pattern = selector.removeprefix('{__name__=~"').removesuffix('"}')
        for name in names:
            self.assertRegex(name, f"^(?:{pattern})$")
        self.assertNotRegex("http_requests_total", f"^(?:{pattern})$")

    def jobs(self, name):
        return yaml.safe_load(
            (self.folder / name).read_text())["scrape_configs"]

    def discovered(self, path, job):
        """What becomes of the targets of a job: their labels, or None."""
        output = self.check("service-discovery", "--timeout=1s", path, job)
        text = output[output.index(b"["):]
        return [found.get("labels") for found in json.loads(text)]

    def test_targets_of_files(self):
        found = {labels["__address__"]: labels for labels in
                 self.discovered(self.folder / "prometheus.yml", "machines")}
        self.assertEqual(
            {address: (labels["application"], labels["__metrics_path__"])
             for address, labels in found.items()},
            {"web1.example:9464": ("shop", "/metrics"),
             "web2.example:9464": ("shop", "/metrics"),
             "jobs1.example:9464": ("mail", "/metrics/mail")})

    def test_secured_job_is_for_the_user_of_the_web_config(self):
        web = yaml.safe_load(self.example("web-config.yml"))
        job, = [job for job in self.jobs("prometheus.yml")
                if job.get("scheme") == "https"]
        self.assertIn(job["basic_auth"]["username"], web["basic_auth_users"])

    def test_web_config_is_valid(self):
        shutil.copy(self.examples / "web-config.yml", self.folder)
        openssl = testing.require_program("openssl")
        result = testing.run(
            [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-subj", "/CN=localhost", "-keyout", self.folder / "key.pem",
             "-out", self.folder / "cert.pem"])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.check("web-config", self.folder / "web-config.yml")

    def test_side_cars_are_found_in_a_cluster(self):
        """Of the targets that Kubernetes would have; Debian's Prometheus has
        no Kubernetes discovery."""
        job, = self.jobs("kubernetes.yml")
        role, = job.pop("kubernetes_sd_configs")
        self.assertEqual(role, {"role": "pod"})
        others = [{**SIDECAR, name: value} for name, value in (
            ("__meta_kubernetes_pod_container_name", "shop"),
            ("__meta_kubernetes_pod_container_port_name", "http"),
            ("__meta_kubernetes_pod_phase", "Succeeded"))]
        job["static_configs"] = [
            {"targets": [f"10.0.0.{number}:9464"], "labels": labels}
            for number, labels in enumerate([SIDECAR, *others])]
        path = self.folder / "cluster.yml"
        # JSON is YAML.
        path.write_text(json.dumps({"scrape_configs": [job]}))
        self.check("config", path)
        kept = [labels for labels in self.discovered(path, job["job_name"])
                if labels]
        self.assertEqual(len(kept), 1, kept)
        labels, = kept
        self.assertEqual(
            {name: labels[name] for name in
             ("__address__", "job", "namespace", "pod")},
            {"__address__": "10.0.0.0:9464", "job": "shop",
             "namespace": "production", "pod": "shop-1"})

    def test_the_collector_is_put_together(self):
        config = yaml.safe_load(self.example("opentelemetry/collector.yaml"))
        path = self.folder / "collector.yml"
        path.write_text(json.dumps(config["receivers"]["prometheus"]["config"]))
        self.check("config", path)
        service = config["service"]
        self.assertEqual(service["extensions"], list(config["extensions"]))
        for exporter in config["exporters"].values():
            self.assertIn(exporter["auth"]["authenticator"],
                          service["extensions"])
        self.assertEqual(list(service["pipelines"]), ["metrics"])
        for kind in "receivers", "exporters":
            self.assertEqual(service["pipelines"]["metrics"][kind],
                             list(config[kind]))


if __name__ == "__main__":
    testing.main()
