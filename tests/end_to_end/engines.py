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

PACKAGES = {"docker": ("dockerd", ["docker.io"]), "podman": ("podman", ["podman", "runc"]), "rootless": ("newuidmap", ["uidmap"]),
            "runsc": ("runsc", ["runsc"])}
START = 60  # seconds


def need(driver):
    """Has the programs of a driver installed, or skips."""
    if float(os.environ.get("SWARMLAB_TEST_PATIENCE", "1")) > 1:
        raise unittest.SkipTest("container engines are tried in release builds only")
    program, packages = PACKAGES[driver]
    if shutil.which(program) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        # Another test may be installing what it needs.
        subprocess.run(["apt-get", "-o", "DPkg::Lock::Timeout=240", "install", "-y", "-qq", "--no-install-recommends", *packages],
                       capture_output=True, check=False, timeout=300, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, stdin=subprocess.DEVNULL)
    if shutil.which(program) is None:
        raise unittest.SkipTest(f"no {program} here, and it cannot be installed")
    if os.geteuid() != 0:
        raise unittest.SkipTest(f"{driver} of its own needs root")


# Only processes that are started by this know of the user: these have another /etc mounted, and nobody else's is touched. Not another
# /etc/passwd: whoever adds a user puts a new one there, and a mount over the old one would go.
AS_SOMEBODY = """
mount --bind "$1/etc" /etc
user=$2 groups=$3
shift 3
exec setpriv --reuid "$user" --regid "$user" --groups "$groups" "$@"
"""
FIRST_OF_OTHERS = 600_000_000  # users that are none: those of the containers of an ordinary user


class Somebody:
    """An ordinary user for a while, with a home, and users of its own for containers (subuid). `inside` goes before what is run as that
    one, with `environment`."""

    def __init__(self, root):
        need("rootless")
        for program in ("setpriv", "unshare"):
            if shutil.which(program) is None:
                raise unittest.SkipTest(f"no {program} here")
        self.folder = pathlib.Path(root)
        self.folder.chmod(0o755)
        self.user = 20_000 + os.getpid() % 40_000
        subprocess.run(["cp", "-a", "/etc", self.folder], capture_output=True, check=False)
        others = f"somebody:{FIRST_OF_OTHERS}:65536\n"
        for name, line in (("passwd", f"somebody:x:{self.user}:{self.user}::{self.folder}/home:/bin/sh\n"),
                           ("group", f"somebody:x:{self.user}:\n"), ("subuid", others), ("subgid", others)):
            with open(self.folder / "etc" / name, "a", encoding="ascii") as file:
                file.write(line)
        self.environment = {"USER": "somebody"}
        for variable, name in (("HOME", "home"), ("TMPDIR", "tmp"), ("TEST_TMPDIR", "tmp"), ("XDG_RUNTIME_DIR", "run")):
            self.own(self.folder / name)
            self.environment[variable] = str(self.folder / name)
        self.inside = ["unshare", "--mount", "sh", "-ec", AS_SOMEBODY, "sh", str(self.folder), str(self.user), str(self.user)]
        done = subprocess.run([*self.inside, "unshare", "--user", "true"], capture_output=True, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest(f"an ordinary user can make no user namespace here: {done.stderr.decode(errors='replace')[-300:]}")

    def own(self, folder):
        """Makes it, with all in it, that user's."""
        folder.mkdir(mode=0o700, exist_ok=True)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.user, self.user, follow_symlinks=False)

    def copy(self, file):
        """Where we were built that user may have no way in."""
        return shutil.copy(file, self.folder)


class Docker:
    """A daemon of its own; `environment` leads its client there."""
    name = "docker"
    inside = []

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


class DockerOfSomebody(Docker):
    """Root's daemon, whose socket an ordinary user may write to, as those in the group docker may."""

    def __init__(self, root):
        self.somebody = Somebody(root)
        super().__init__(root)
        os.chown(self.folder / "docker.sock", self.somebody.user, -1)
        self.inside = self.somebody.inside
        self.environment |= self.somebody.environment


class Podman:
    """No daemon: it keeps all of its own below the folder."""
    name = "podman"
    inside = []
    environment = {}

    def __init__(self, root):
        need("podman")
        self.folder = pathlib.Path(root)
        self.folder.mkdir(exist_ok=True)
        (self.folder / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{self.folder}/graph"\nrunroot = "{self.folder}/run"\n')
        (self.folder / "containers.conf").write_text(
            '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\nruntime = "runc"\n')
        self.environment = {**self.environment, "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
                            "CONTAINERS_CONF": str(self.folder / "containers.conf")}
        done = self.tell("info")
        if done.returncode != 0:
            raise unittest.SkipTest(f"podman does not work here: {done.stderr.decode(errors='replace')[-300:]}")

    def tell(self, *words, data=None):
        return subprocess.run([*self.inside, "podman", *map(str, words)], capture_output=True, check=False, input=data,
                              env={**os.environ, **self.environment})

    def end(self):
        self.tell("rm", "--all", "--force")
        subprocess.run(["umount", "-q", self.folder / "graph/overlay"], capture_output=True, check=False)


class PodmanOfSomebody(Podman):
    """Without any rights of root."""

    def __init__(self, root):
        self.somebody = Somebody(root)
        self.inside = self.somebody.inside
        self.environment = self.somebody.environment
        self.somebody.own(pathlib.Path(root) / "engine")
        super().__init__(pathlib.Path(root) / "engine")

    def end(self):
        super().end()
        self.tell("system", "migrate")  # ends the process that keeps its user namespace


class Runsc(Podman):
    """gVisor, by a podman of its own: no daemon of the machine is asked."""
    name = "runsc"

    def __init__(self, root):
        need("runsc")
        super().__init__(root)
        self.environment["DOCKER_HOST"] = f"unix://{self.folder}/nobody.sock"

    def tell(self, *words, data=None):
        return super().tell("--runtime", shutil.which("runsc"), "--runtime-flag", "network=none", *words, data=data)


ENGINES = {"docker": Docker, "podman": Podman, "somebody's docker": DockerOfSomebody, "somebody's podman": PodmanOfSomebody,
           "runsc": Runsc}


class OfAnEngine(unittest.TestCase):
    """Each class of tests has one engine; those without one have no tests."""
    engine_kind = None  # its driver
    of_whom = ""        # "somebody's ": an ordinary user's

    @classmethod
    def setUpClass(cls):
        if cls.engine_kind is None:
            raise unittest.SkipTest("has no tests of its own")
        folder = tempfile.TemporaryDirectory(prefix="swarmlab-engine-", ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        cls.engine = ENGINES[cls.of_whom + cls.engine_kind](folder.name)
        cls.addClassCleanup(cls.engine.end)
