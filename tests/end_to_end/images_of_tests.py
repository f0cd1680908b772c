"""The images of docker/ for tests: built once from a base that is made here, then kept below the build folder, with an
engine of their own that has networks.

    class Mine(images_of_tests.OfImages):       # skips where no engine, no root or no packages are to be had
        def test_...(self):
            coordinator = self.images["coordinator"]                     # a tag; wanted = ("coordinator", "worker")
            box = self.container("c", coordinator, "coordinator", "--insecure", options=["--read-only"])
            self.wait_until(lambda: self.state(box)["Health"]["Status"] == "healthy", "it is healthy")

All containers, networks and volumes of a test go with it. Tests that use this hold RESOURCE_LOCK `images` (tests/CMakeLists.txt).
"""
import ctypes
import fcntl
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import engines
import swarm

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEPT = pathlib.Path(os.path.realpath(swarm.PROGRAM)).parent / "images"
VERSION = "0.1.0"
# A network that fails is not what is tested.
NO_NETWORK = ("Failed to fetch", "Temporary failure resolving", "Unable to fetch", "Could not resolve", "ETIMEDOUT", "ENOTFOUND",
              "ECONNREFUSED", "ECONNRESET", "EAI_AGAIN", "network timeout", "Some index files failed to download", "Couldn't download")


def say(words):
    print(f"images: {words}", file=sys.stderr, flush=True)


def die_with_parent():
    """A test that is killed leaves no daemon: dockerd hears SIGTERM then, and ends its containers."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Engine(engines.Docker):
    """A dockerd that keeps its images from one test to the next, and has networks: bridges without a way out."""

    def __init__(self, folder):
        engines.need("docker")
        KEPT.mkdir(parents=True, exist_ok=True)
        self.lock = open(KEPT / "lock", "w", encoding="utf-8")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.folder = pathlib.Path(folder)  # a short path: sockets are in it
        self.socket = f"unix://{self.folder}/docker.sock"
        self.environment = {"DOCKER_HOST": self.socket}
        self.log = self.folder / "dockerd.log"
        networks = f"base=198.{random.choice((18, 19))}.{16 * random.randrange(16)}.0/20,size=24"
        with open(self.log, "wb") as log:
            self.daemon = subprocess.Popen(
                ["dockerd", "--storage-driver=overlay2", "--data-root", KEPT / "data", "--exec-root", self.folder / "exec", "-H", self.socket,
                 "--pidfile", self.folder / "dockerd.pid", "--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false",
                 "--default-address-pool", networks],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=die_with_parent)
        try:
            self.wait_until_it_answers()
            self.forget()
        except BaseException:
            self.end()
            raise

    def wait_until_it_answers(self):
        deadline = time.monotonic() + 2 * engines.START * swarm.PATIENCE
        while self.tell("version").returncode != 0:
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                raise unittest.SkipTest(f"dockerd does not start here: {self.log.read_text(errors='replace').strip()[-300:]}")
            time.sleep(0.1)

    def must(self, *words, data=None):
        done = self.tell(*words, data=data)
        if done.returncode != 0:
            raise AssertionError(f"docker {' '.join(map(str, words))}: {done.stderr.decode(errors='replace')[-2000:]}")
        return done.stdout.decode(errors="replace").strip()

    def forget(self):
        """All containers, networks and volumes: those that an earlier test left, too."""
        for kind, listed in (("container", ["ps", "-aq"]), ("network", ["network", "ls", "-q", "--filter", "type=custom"]),
                             ("volume", ["volume", "ls", "-q"])):
            found = self.tell(*listed).stdout.decode().split()
            if found:
                self.tell(kind, "rm", *(["-f", "-v"] if kind == "container" else []), *found)

    def end(self):
        if self.daemon.poll() is None:
            self.forget()
        super().end()
        mounts = [line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
        ours = [m for m in mounts if m.startswith((str(KEPT / "data"), str(self.folder)))]
        subprocess.run(["umount", "-q", "-l", *reversed(ours)], capture_output=True, check=False)
        self.lock.close()

    def run(self, command, timeout=1200, **environment):
        """A script of docker/ with this engine; where it is the network that fails, the tests are skipped."""
        done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, errors="replace", check=False,
                              timeout=timeout * swarm.PATIENCE, stdin=subprocess.DEVNULL,
                              env={**os.environ, "DOCKER_BUILDKIT": "0", **self.environment, **environment})
        words = done.stdout + done.stderr
        if done.returncode != 0:
            if any(sign in words for sign in NO_NETWORK):
                raise unittest.SkipTest(f"{command[0]} needs packages that cannot be had here: {words.strip()[-300:]}")
            raise AssertionError(f"{' '.join(map(str, command))}:\n{words[-4000:]}")
        return words

    # Images.

    def has(self, tag):
        return self.tell("image", "inspect", tag).returncode == 0

    def made_of(self, *files):
        """A mark for what is kept: it changes with what it was made of."""
        mark = hashlib.sha256()
        for file in files:
            mark.update((ROOT / file).read_bytes())
        return mark.hexdigest()[:12]


def make_base(engine):
    """A Debian of this machine's own mirror, and the versions that it has now; gives (tag, lock file)."""
    if shutil.which("debootstrap") is None and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "debootstrap"], capture_output=True, check=False,
                       timeout=300, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, stdin=subprocess.DEVNULL)
    if shutil.which("debootstrap") is None:
        raise unittest.SkipTest("no debootstrap here, and it cannot be installed")
    tag = f"swarmlab-test/base:{engine.made_of('docker/base.sh')}"
    lock = KEPT / f"debian-{engine.made_of('docker/base.sh', 'docker/pin.sh', 'scripts/packages.txt')}.lock"
    if not engine.has(tag):
        say("makes a base with debootstrap")
        try:
            engine.run(["docker/base.sh", tag], timeout=600)
        except AssertionError as failed:
            raise unittest.SkipTest(f"no Debian base can be made here: {str(failed)[-400:]}") from failed
    if not lock.exists():
        say("asks the mirror for versions")
        engine.run(["docker/pin.sh", "--base", tag, "--mirror", "base", "--network", "host", "--out", lock], timeout=600)
    return tag, lock


def build(engine, *names, options=()):
    """Builds images of docker/ around the program that is tested; gives {name: tag}."""
    base, lock = make_base(engine)
    begun = time.monotonic()
    engine.run(["docker/build.sh", "--program", os.path.realpath(swarm.PROGRAM), "--base", base, "--mirror", "base", "--lock", lock,
                "--network", "host", *options, *names])
    say(f"built {', '.join(names)} in {time.monotonic() - begun:.0f} s")
    return {name: f"swarmlab/{name}:{VERSION}" for name in names}


class OfImages(swarm.SwarmTest):
    wanted = ("coordinator", "worker")

    @classmethod
    def setUpClass(cls):
        if swarm.PATIENCE > 1:
            raise unittest.SkipTest("images are made of release builds only")
        folder = tempfile.TemporaryDirectory(prefix="swarmlab-images-", ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        cls.engine = Engine(folder.name)
        cls.addClassCleanup(cls.engine.end)
        cls.images = build(cls.engine, *cls.wanted, options=cls.build_options())

    @classmethod
    def build_options(cls):
        """More words for docker/build.sh."""
        return []

    def setUp(self):
        super().setUp()
        self.names = []

    def tearDown(self):
        self.engine.forget()
        super().tearDown()

    # Containers.

    def container(self, name, image, *words, options=()):
        """Starts one, named so that its log is told when a test fails."""
        own = [] if any(str(word).startswith("container:") for word in options) else ["--hostname", name]  # else it is the other's
        self.engine.must("run", "--detach", "--name", name, *own, *options, image, *words)
        self.names.append(name)
        return name

    def inspect(self, name):
        return json.loads(self.engine.must("inspect", name))[0]

    def state(self, name):
        return self.inspect(name)["State"]

    def exec_in(self, name, *words):
        return self.engine.must("exec", name, *words)

    def address(self, name):
        """Of its (only) network, as the test's machine reaches it."""
        return next(iter(self.inspect(name)["NetworkSettings"]["Networks"].values()))["IPAddress"]

    def container_log(self, name):
        done = self.engine.tell("logs", name)
        return (done.stdout + done.stderr).decode(errors="replace")

    def wait_until(self, condition, what, timeout=300):
        deadline = time.monotonic() + timeout * swarm.PATIENCE
        while time.monotonic() < deadline:
            value = condition()
            if value:
                return value
            time.sleep(0.1)
        logs = "\n".join(f"--- {name}\n{self.container_log(name)[-3000:]}" for name in self.names)
        self.fail(f"{what}: not within {timeout} s\n{logs}")
        return None
