"""The examples of a side-car share what they have to share."""

import configparser
import re
import shlex
import subprocess
import unittest

import installed
from installed import testing

yaml = None


def setUpModule():
    global yaml
    try:
        import yaml
    except ImportError:
        testing.skip("python3-yaml is not installed")


class ContainersTest(installed.InstalledTest):
    def check_options(self, command):
        """A command of ours has only options that are there."""
        self.assertIn(command[0], installed.PROGRAMS)
        self.assertLessEqual(installed.options_in(command),
                             installed.options_of_help(command[0]))

    def check_sidecar(self, command, directory, port):
        self.check_options(command)
        self.assertEqual(command[0], "promshm-serve")
        self.assertIn("--compact=30", command)
        self.assertIn(f"--web.listen-address=:{port}", command)
        self.assertEqual(command[-1], directory)

    def pod(self):
        self.deployment = yaml.safe_load(
            self.example("kubernetes/sidecar.yaml"))
        return self.deployment["spec"]["template"]["spec"]

    def test_side_car_of_kubernetes(self):
        pod = self.pod()
        make, serve = pod["initContainers"]
        application, = pod["containers"]
        self.assertNotIn("restartPolicy", make)
        self.assertEqual(serve["restartPolicy"], "Always")
        variable, = application["env"]
        self.assertEqual(variable["name"], "PROMETHEUS_MULTIPROC_DIR")
        self.assertEqual(make["command"], ["mkdir", "-p", variable["value"]])
        port, = serve["ports"]
        self.check_sidecar(serve["command"], variable["value"],
                           port["containerPort"])
        self.assertEqual(serve["livenessProbe"]["httpGet"],
                         {"path": "/-/healthy", "port": port["name"]})

    def test_containers_share_user_and_volume(self):
        pod = self.pod()
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        self.assertGreater(pod["securityContext"]["runAsUser"], 0)
        volume, = pod["volumes"]
        self.assertEqual(volume["emptyDir"]["medium"], "Memory")
        directory = "/run/shop/metrics"
        for container in pod["initContainers"] + pod["containers"]:
            with self.subTest(container=container["name"]):
                own = container["securityContext"]
                self.assertEqual(own, {"allowPrivilegeEscalation": False,
                                       "readOnlyRootFilesystem": True,
                                       "capabilities": {"drop": ["ALL"]}})
                mount, = container["volumeMounts"]
                self.assertEqual(set(mount), {"name", "mountPath"})
                self.assertEqual(mount["name"], volume["name"])
                # A directory of its own in the volume.
                self.assertTrue(
                    directory.startswith(mount["mountPath"] + "/"))

    def test_monitor_selects_the_pods(self):
        pod = self.pod()
        spec = self.deployment["spec"]
        labels = spec["template"]["metadata"]["labels"]
        self.assertEqual(spec["selector"]["matchLabels"], labels)
        monitor = yaml.safe_load(self.example("kubernetes/podmonitor.yaml"))
        self.assertEqual((monitor["apiVersion"], monitor["kind"]),
                         ("monitoring.coreos.com/v1", "PodMonitor"))
        self.assertEqual(monitor["spec"]["selector"]["matchLabels"], labels)
        endpoint, = monitor["spec"]["podMetricsEndpoints"]
        port, = pod["initContainers"][1]["ports"]
        self.assertEqual(endpoint["port"], port["name"])
        self.assertEqual(endpoint["path"], "/metrics")

    def test_side_car_of_compose(self):
        project = yaml.safe_load(self.example("compose/compose.yaml"))
        application = project["services"]["shop"]
        serve = project["services"]["promshm-serve"]
        self.assertEqual(serve["user"], application["user"])
        self.assertEqual(serve["volumes"], application["volumes"])
        volume, _, directory = serve["volumes"][0].partition(":")
        self.assertIn(volume, project["volumes"])
        self.assertEqual(application["environment"],
                         {"PROMETHEUS_MULTIPROC_DIR": directory})
        self.check_sidecar(serve["command"], directory, 9464)
        user, _, group = serve["user"].partition(":")
        mount = project["volumes"][volume]["driver_opts"]["o"].split(",")
        self.assertLessEqual({f"uid={user}", f"gid={group}", "mode=0755"},
                             set(mount))

    def test_programs_beside_gunicorn(self):
        path = self.examples / "gunicorn/start"
        self.assertTrue(path.stat().st_mode & 0o100)
        subprocess.run(["sh", "-n", path], check=True)
        commands = re.findall(r"^(promshm-[^&\n]*)", path.read_text(), re.M)
        self.assertEqual([command.split()[0] for command in commands],
                         ["promshm-gc", "promshm-serve"])
        for command in commands:
            self.check_options(shlex.split(command))

    def test_programs_beside_uwsgi(self):
        parser = configparser.ConfigParser(strict=False)
        parser.read_string(self.example("uwsgi/shop.ini"))
        section = parser["uwsgi"]
        for name in "exec-asap", "attach-daemon":
            command, _, _ = section[name].partition(" ||")
            self.check_options(shlex.split(command))
            self.assertTrue(section["env"].endswith("=" + command.split()[-1]))


if __name__ == "__main__":
    testing.main()
