"""Workers that come and go."""

import mmap
import pathlib
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402

PATIENCE = 60  # seconds


class Churn:
    """clean_churn.py, running."""

    def __init__(self, directory, folder, env):
        """`env` is that of testing.client_environment(); `folder` another."""
        self.directory = directory
        tally = folder / "tally"
        tally.write_bytes(bytes(16))
        with tally.open("rb") as file:
            self._tally = mmap.mmap(file.fileno(), 16, prot=mmap.PROT_READ)
        self._process = subprocess.Popen(
            [testing.PYTHON, "-B",
             pathlib.Path(__file__).with_name("clean_churn.py"), tally],
            env={**env,
                 "PROMETHEUS_MULTIPROC_DIR": str(directory)},
            stdin=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is None and self._process.returncode != 0:
            raise AssertionError(f"status {self._process.returncode}")

    def stop(self):
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE)

    @property
    def begun(self):
        return struct.unpack("=qq", self._tally)[0]

    @property
    def ended(self):
        return struct.unpack("=qq", self._tally)[1]
