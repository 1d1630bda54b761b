"""The recipes of promshm-gc(1) work: each is taken from the page and tried."""

import configparser
import os
import pathlib
import re
import shlex
import signal
import subprocess
import tempfile
import unittest

import option_lists as lists
from option_lists import testing

METRICS = "/run/app/metrics"  # the page's
PROGRAM = "/usr/bin/promshm-gc"
DEAD_GAUGE = "gauge_livesum_4101.db"


def recipe(section):
    """The code blocks of a section of the examples."""
    page = lists.page_path("promshm-gc.1").read_text()
    examples = page.split(".Sh EXAMPLES\n")[1].split("\n.Sh ")[0]
    _, _, text = f"\n{examples}".partition(f"\n.Ss {section}\n")
    return [block.replace("\\e\n", "\\\n") for block in re.findall(
        r"^\.Bd .*\n((?:.*\n)*?)\.Ed$", text.split("\n.Ss ")[0], re.M)]


class RecipesTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="promshm-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.metrics = self.folder / "metrics"
        self.metrics.mkdir()
        self.gauge = self.metrics / DEAD_GAUGE
        self.leave_gauge()
        (self.folder / "bin").mkdir()
        self.program = self.folder / "bin/promshm-gc"
        self.program.symlink_to(lists.program("promshm-gc"))

    def leave_gauge(self):
        """As a process leaves it that has set none."""
        self.gauge.write_bytes(bytes([8]).ljust(4096, b"\0"))

    def here(self, text):
        """A recipe with the program and the directory of this test."""
        return text.replace(PROGRAM, str(self.program)).replace(
            METRICS, str(self.metrics))

    def environment(self, **changes):
        path = os.environ.get("PATH", os.defpath)
        return testing.environment(
            PATH=f"{self.folder / 'bin'}{os.pathsep}{path}", **changes)

    def run_quietly(self, command, **changes):
        """A shell's command that cleans the directory up, saying nothing."""
        result = testing.run(["sh", "-c", self.here(command)],
                             env=self.environment(**changes))
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (0, b"", b""))
        self.assertFalse(self.gauge.exists())

    def test_lines_of_cron(self):
        setting, line = recipe("cron")[0].splitlines()
        name, _, value = setting.partition("=")
        fields = line.split(None, 6)
        self.assertEqual(fields[:6], ["*/5", "*", "*", "*", "*", "app"])
        self.assertNotIn("%", line)
        self.run_quietly(fields[6], **{name: self.here(value)})

    def test_unit_of_the_application(self):
        part = recipe("systemd")[-1]
        before = re.search(r"^ExecStartPre=-(.*)$", part, re.M)[1]
        result = testing.run(shlex.split(self.here(before)))
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertEqual(list(self.metrics.iterdir()), [])

    def test_hook_of_gunicorn(self):
        hook, _ = recipe("gunicorn")
        path = self.folder / "gunicorn.conf.py"
        path.write_text(
            hook + "\n\nimport types\n"
            "child_exit(None, types.SimpleNamespace(pid=4101))\n")
        result = testing.run(
            [testing.PYTHON, path],
            env=self.environment(PROMETHEUS_MULTIPROC_DIR=str(self.metrics)))
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertFalse(self.gauge.exists())

    def test_script_beside_gunicorn(self):
        """Gunicorn is played by a program that waits for the clean-up."""
        _, script = recipe("gunicorn")
        gunicorn = self.folder / "bin/gunicorn"
        gunicorn.write_text(
            "#!/bin/sh\n"
            "for _ in $(seq 400); do\n"
            f"  test -e '{self.gauge}' || break\n"
            "  sleep 0.05\n"
            "done\n"
            "echo \"$@\"\n")
        gunicorn.chmod(0o755)
        path = self.folder / "start"
        path.write_text(self.here(script))
        with subprocess.Popen(["sh", path], env=self.environment(),
                              stdout=subprocess.PIPE,
                              start_new_session=True) as process:
            # Gunicorn's is the last; promshm-gc tells what it has done.
            lines = iter(process.stdout.readline, b"")
            found = "--max-requests 1000 app:app\n".encode() in lines
            os.killpg(process.pid, signal.SIGTERM)
        self.assertTrue(found)
        self.assertFalse(self.gauge.exists())

    def test_commands_of_uwsgi(self):
        parser = configparser.ConfigParser()
        parser.read_string(recipe("uWSGI")[0])
        section = parser["uwsgi"]
        self.assertEqual(section["env"], f"PROMETHEUS_MULTIPROC_DIR={METRICS}")
        self.watch_once(section["attach-daemon"])
        self.leave_gauge()
        self.run_quietly(f"({section['exec-asap']}) >/dev/null")

    def test_command_beside_celery(self):
        command = recipe("Celery")[0].splitlines()[0]
        self.assertTrue(command.startswith("$ "), command)
        self.watch_once(command.removeprefix("$ ").removesuffix(" &"))

    def test_containers_of_kubernetes(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        spec = yaml.safe_load(recipe("Kubernetes")[0])["spec"]
        self.assertEqual(set(spec), {"securityContext", "initContainers",
                                     "containers", "volumes"})
        make, clean, serve = spec["initContainers"]
        self.assertNotIn("restartPolicy", make)
        for sidecar in clean, serve:
            self.assertEqual(sidecar["restartPolicy"], "Always")
        volumes = {volume["name"] for volume in spec["volumes"]}
        for container in spec["initContainers"] + spec["containers"]:
            mount, = container["volumeMounts"]
            self.assertIn(mount["name"], volumes)
            self.assertTrue(METRICS.startswith(mount["mountPath"] + "/"))
        self.watch_once(shlex.join(clean["command"]))

    def watch_once(self, command):
        """Lets a command that goes on and on clean up, and ends it."""
        words = shlex.split(self.here(command))
        words[0] = str(self.program)
        with testing.Background(words):
            testing.wait_for(lambda: not self.gauge.exists(), 20, "clean-up")


if __name__ == "__main__":
    testing.main()
