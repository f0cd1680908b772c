"""Container engines of a test's own: installed where they can be, started with all they keep in a folder that goes away.

Where no engine can be had the tests are skipped with the reason.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import swarm

PACKAGES = {"docker": ("dockerd", ["docker.io"]), "podman": ("podman", ["podman", "runc"])}
START = 60  # seconds


def need(driver):
    """Has the programs of a driver installed, or skips."""
    if float(os.environ.get("SWARMLAB_TEST_PATIENCE", "1")) > 1:
        raise unittest.SkipTest("container engines are tried in release builds only")
    program, packages = PACKAGES[driver]
    if shutil.which(program) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], capture_output=True, check=False,
                       timeout=300, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, stdin=subprocess.DEVNULL)
    if shutil.which(program) is None:
        raise unittest.SkipTest(f"no {program} here, and it cannot be installed")
    if os.geteuid() != 0:
        raise unittest.SkipTest(f"{driver} of its own needs root")


class Docker:
    """A daemon of its own; `environment` leads its client there."""
    name = "docker"

    def __init__(self, root):
        need("docker")
        self.folder = pathlib.Path(root)
        socket = f"unix://{self.folder}/docker.sock"
        self.environment = {"DOCKER_HOST": socket}
        self.log = self.folder / "dockerd.log"
        with open(self.log, "wb") as log:
            self.daemon = subprocess.Popen(
                ["dockerd", "--storage-driver=overlay2", "--data-root", self.folder / "data", "--exec-root", self.folder / "exec", "-H", socket,
                 "--pidfile", self.folder / "dockerd.pid", "--bridge=none", "--iptables=false"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START * swarm.PATIENCE
        while self.tell("version").returncode != 0:
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                why = self.log.read_text(errors="replace").strip()[-300:]
                self.end()
                raise unittest.SkipTest(f"dockerd does not start here: {why}")
            time.sleep(0.1)

    def tell(self, *words, data=None):
        return subprocess.run(["docker", *map(str, words)], capture_output=True, check=False, input=data,
                              env={**os.environ, **self.environment})

    def end(self):
        self.daemon.terminate()
        try:
            self.daemon.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        subprocess.run(["umount", "-q", *self.folder.glob("data/overlay2/*/merged")], capture_output=True, check=False)


class Podman:
    """No daemon: it keeps all of its own below the folder."""
    name = "podman"

    def __init__(self, root):
        need("podman")
        self.folder = pathlib.Path(root)
        self.folder.mkdir(exist_ok=True)
        (self.folder / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{self.folder}/graph"\nrunroot = "{self.folder}/run"\n')
        (self.folder / "containers.conf").write_text(
            '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\nruntime = "runc"\n')
        self.environment = {"CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"), "CONTAINERS_CONF": str(self.folder / "containers.conf")}
        done = self.tell("info")
        if done.returncode != 0:
            raise unittest.SkipTest(f"podman does not work here: {done.stderr.decode(errors='replace')[-300:]}")

    def tell(self, *words, data=None):
        return subprocess.run(["podman", *map(str, words)], capture_output=True, check=False, input=data,
                              env={**os.environ, **self.environment})

    def end(self):
        self.tell("rm", "--all", "--force")
        subprocess.run(["umount", "-q", self.folder / "graph/overlay"], capture_output=True, check=False)


ENGINES = {"docker": Docker, "podman": Podman}


class OfAnEngine(unittest.TestCase):
    """Each class of tests has one engine; those without one have no tests."""
    engine_kind = None

    @classmethod
    def setUpClass(cls):
        if cls.engine_kind is None:
            raise unittest.SkipTest("has no tests of its own")
        folder = tempfile.TemporaryDirectory(prefix="swarmlab-engine-", ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        cls.engine = ENGINES[cls.engine_kind](folder.name)
        cls.addClassCleanup(cls.engine.end)
