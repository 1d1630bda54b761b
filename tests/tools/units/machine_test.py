"""The units do their work, confined as they are, where systemd is running.

It runs in namespaces of its own, for root only.
"""

import json
import os
import pathlib
import shutil
import sys
import tempfile
import textwrap
import unittest

import installed
from installed import testing

MACHINE = pathlib.Path(__file__).resolve().parent / "machine"
USER = "daemon"  # who is there on every Debian
DIRECTORY = f"/run/{USER}/metrics"
CAP_LEASE = 1 << 28
TOGETHER, ALONE = 9464, 9465  # the ports of the two exporters

APPLICATION = """
    import os, signal
    from prometheus_client import Counter
    jobs = Counter("jobs", "Jobs done")
    for _ in range(2):
        if os.fork() == 0:
            jobs.inc(2)
            os._exit(0)
        os.wait()
    jobs.inc()
    open(os.environ["PROMETHEUS_MULTIPROC_DIR"] + "/ready", "w").close()
    signal.pause()
"""

# What is done in there; each step leaves what it has seen.
STEPS = """
    import glob, json, os, subprocess, time, urllib.error, urllib.request

    DIRECTORY, USER = {DIRECTORY!r}, {USER!r}
    TOGETHER, ALONE = {TOGETHER}, {ALONE}
    seen = {{}}

    def systemctl(*words):
        return subprocess.run(["systemctl", *words], timeout=60,
                              capture_output=True).returncode

    def show(unit):
        text = subprocess.run(
            ["systemctl", "show", unit, "-p",
             "Result,ActiveState,NRestarts,MainPID,ExecMainStatus"],
            timeout=60, capture_output=True, text=True).stdout
        return dict(line.split("=", 1) for line in text.split())

    def scrape(port):
        try:
            with urllib.request.urlopen(
                    f"http://127.0.0.1:{{port}}/metrics", timeout=20) as answer:
                return [answer.status, answer.read().decode()]
        except urllib.error.HTTPError as error:
            return [error.code, ""]

    def wait_for(condition):
        for _ in range(400):
            if condition():
                return True
            time.sleep(0.05)
        return False

    def identifiers():
        return sorted(os.path.basename(path)[len("counter_"):-len(".db")]
                      for path in glob.glob(DIRECTORY + "/counter_*.db"))

    def start_application():
        systemctl("restart", USER)
        wait_for(lambda: os.path.exists(DIRECTORY + "/ready"))

    def status_of(unit):
        with open(f"/proc/{{show(unit)['MainPID']}}/status") as status:
            return dict(line.rstrip("\\n").split(":\\t", 1) for line in status)

    try:
        start_application()
        systemctl("start", "promshm-serve.socket")
        seen["together"] = scrape(TOGETHER)
        seen["together_status"] = status_of("promshm-serve.service")
        systemctl("start", f"promshm-gc@{{USER}}.service")
        seen["clean"] = show(f"promshm-gc@{{USER}}.service")
        seen["cleaned"] = identifiers()
        seen["after_clean"] = scrape(TOGETHER)
        seen["alone_start"] = systemctl(
            "start", f"promshm-serve@{{USER}}.service")
        seen["alone"] = scrape(ALONE)
        seen["alone_status"] = status_of(f"promshm-serve@{{USER}}.service")
        systemctl("stop", USER)
        seen["directory_after_stop"] = os.path.isdir(DIRECTORY)
        seen["without_directory"] = scrape(ALONE)[0]
        start_application()
        seen["compacted"] = wait_for(
            lambda: len(identifiers()) == 2 and "promshm" in identifiers())
        seen["alone_again"] = scrape(ALONE)
        seen["together_again"] = scrape(TOGETHER)
        seen["reload"] = systemctl("reload", f"promshm-serve@{{USER}}.service",
                                   "promshm-serve.service")
        # More than what is given between signs of life.
        time.sleep(4)
        seen["together_unit"] = show("promshm-serve.service")
        seen["alone_unit"] = show(f"promshm-serve@{{USER}}.service")
        systemctl("stop", f"promshm-serve@{{USER}}.service",
                  "promshm-serve.socket", "promshm-serve.service")
        seen["together_end"] = show("promshm-serve.service")
        seen["alone_end"] = show(f"promshm-serve@{{USER}}.service")
        systemctl("start", "promshm-gc@who-is-not-there.service")
        seen["no_user"] = show("promshm-gc@who-is-not-there.service")
        systemctl("start", "promshm-gc@root.service")
        seen["no_directory"] = show("promshm-gc@root.service")
        systemctl("start", f"promshm-gc@{{USER}}.timer")
        seen["timer"] = show(f"promshm-gc@{{USER}}.timer")
    finally:
        with open("/run/test/seen.json", "w") as file:
            json.dump(seen, file)
        systemctl("exit", "0")
"""


def setUpModule():
    if os.geteuid() != 0:
        testing.skip("namespaces need root")
    installed.require_unit_tools()
    testing.require_program("unshare")


class MachineTest(installed.InstalledTest):
    @classmethod
    def setUpClass(cls):
        environment = testing.client_environment()
        super().setUpClass()
        temporary = tempfile.TemporaryDirectory(prefix="promshm-test-")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.folder.chmod(0o755)
        cls.fill(environment)
        cls.seen = cls.run_machine()

    @classmethod
    def fill(cls, environment):
        result = testing.run(
            [testing.options.cmake, "--install", testing.options.build],
            env=testing.environment(DESTDIR=str(cls.folder / "installed")))
        if result.returncode != 0:
            raise AssertionError(result.stderr.decode())
        program, = (cls.folder / "installed").rglob("bin/promshm-serve")
        cls.prefix = "/" + str(program.parents[1].relative_to(
            cls.folder / "installed"))
        program.parents[1].rename(cls.folder / "prefix")
        where = testing.run(
            [testing.PYTHON, "-c",
             "import prometheus_client as c; print(c.__path__[0])"],
            env=environment).stdout.decode().strip()
        shutil.copytree(where, cls.folder / "client/prometheus_client")
        (cls.folder / "application.py").write_text(
            textwrap.dedent(APPLICATION))
        (cls.folder / "steps.py").write_text(textwrap.dedent(STEPS.format(
            DIRECTORY=DIRECTORY, USER=USER, TOGETHER=TOGETHER, ALONE=ALONE)))
        cls.write_units()

    @classmethod
    def write_units(cls):
        def write(path, text):
            path = cls.folder / path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

        bare = "[Unit]\nDefaultDependencies=no\n"
        said = "StandardError=append:/run/test/said\n"
        write("units/test.target", f"{bare}Wants=test.service\n")
        write("units/test.service", f"{bare}[Service]\n{said}"
              f"ExecStart={testing.PYTHON} -B /run/test/steps.py\n")
        write(f"units/{USER}.service", f"{bare}[Service]\n{said}User={USER}\n"
              "Environment=PYTHONPATH=/run/test/client "
              f"PROMETHEUS_MULTIPROC_DIR={DIRECTORY}\n"
              f"RuntimeDirectory={USER}/metrics\n"
              f"ExecStart={testing.PYTHON} -B /run/test/application.py\n")
        for unit in ("promshm-serve.service", "promshm-serve.socket",
                     "promshm-serve@.service", "promshm-gc@.service",
                     "promshm-gc@.timer"):
            text = bare
            if unit.endswith(".service"):
                text += f"[Service]\n{said}"
            if "serve" in unit and unit.endswith(".service"):
                text += "WatchdogSec=2s\n"
            write(f"units/{unit}.d/test.conf", text)
        write("etc/default/promshm-serve", f"ARGS={DIRECTORY}\n")
        write(f"etc/default/promshm-{USER}",
              f'ARGS="--web.listen-address=127.0.0.1:{ALONE} --compact=1"\n')

    @classmethod
    def run_machine(cls):
        cgroup = f"promshm-test-{os.getpid()}"
        unshare = ["unshare", "--mount"]
        try:
            result = testing.run(
                [*unshare, "--pid", "--net", "--uts", "--ipc", "--fork",
                 "--kill-child", MACHINE, cls.folder, cls.prefix, cgroup])
        finally:
            testing.run([*unshare, MACHINE, "--remove", cgroup])
        said = cls.folder / "said"
        if not said.exists():
            testing.skip("no namespaces like those of a machine: "
                         + result.stderr.decode().strip())
        print(said.read_text(errors="replace"), file=sys.stderr)
        return json.loads((cls.folder / "seen.json").read_text())

    def check_sum(self, answer):
        status, text = answer
        self.assertEqual(status, 200)
        self.assertRegex(text, r"(?m)^jobs_total 5\.0$")

    def test_exporter_of_all_is_started_by_a_scrape(self):
        self.check_sum(self.seen["together"])

    def test_exporter_of_all_has_no_right_but_one(self):
        status = self.seen["together_status"]
        self.assertEqual(int(status["CapEff"], 16), CAP_LEASE)
        self.assertEqual(int(status["CapBnd"], 16), CAP_LEASE)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertGreater(int(status["Uid"].split()[0]), 60000)

    def test_clean_up_folds_the_dead(self):
        self.assertEqual((self.seen["clean"]["Result"],
                          self.seen["clean"]["ExecMainStatus"]),
                         ("success", "0"))
        self.assertEqual(len(self.seen["cleaned"]), 2)
        self.assertIn("promshm", self.seen["cleaned"])
        self.check_sum(self.seen["after_clean"])

    def test_exporter_of_one_is_its_user(self):
        self.assertEqual(self.seen["alone_start"], 0)
        self.check_sum(self.seen["alone"])
        status = self.seen["alone_status"]
        self.assertEqual(int(status["CapEff"], 16), 0)
        self.assertEqual(len(set(status["Uid"].split())), 1)

    def test_exporters_outlive_the_directory(self):
        self.assertFalse(self.seen["directory_after_stop"])
        self.assertEqual(self.seen["without_directory"], 503)
        self.check_sum(self.seen["alone_again"])
        self.check_sum(self.seen["together_again"])

    def test_exporter_of_one_cleans_up_in_the_new_directory(self):
        self.assertTrue(self.seen["compacted"])

    def test_exporters_are_reloaded_watched_and_stopped(self):
        self.assertEqual(self.seen["reload"], 0)
        for name in "together", "alone":
            unit, end = self.seen[f"{name}_unit"], self.seen[f"{name}_end"]
            self.assertEqual((unit["ActiveState"], unit["NRestarts"]),
                             ("active", "0"))
            self.assertEqual((end["ActiveState"], end["Result"]),
                             ("inactive", "success"))

    def test_a_user_that_is_not_there_is_a_failure(self):
        self.assertEqual(self.seen["no_user"]["ActiveState"], "failed")

    def test_a_directory_that_is_not_there_is_none(self):
        self.assertEqual(self.seen["no_directory"]["Result"], "success")

    def test_timer_runs(self):
        self.assertEqual(self.seen["timer"]["ActiveState"], "active")


if __name__ == "__main__":
    testing.main()
