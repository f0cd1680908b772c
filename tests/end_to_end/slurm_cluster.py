"""A Slurm cluster of a test's own: real munged, slurmctld and three slurmd from Debian's packages on this machine.

Each has ports and folders of its own, and all daemons end with the test. Skipped where they cannot be had.
"""
import ctypes
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import swarm

PACKAGES = ["slurm-wlm", "munge"]
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo"]
NODES = 3
START = 120  # seconds
LIBC = ctypes.CDLL(None)


def end_with_us():
    """A test that is killed leaves no daemons: the kernel tells them."""
    pr_set_pdeathsig = 1
    LIBC.prctl(pr_set_pdeathsig, signal.SIGTERM)


CONF = """
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={port}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
KillWait=60
MessageTimeout=60
SlurmdTimeout=900
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_interval=5,bf_interval=5
NodeName=n[1-{nodes}] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=cpu Nodes=n[1-{nodes}] Default=YES MaxTime=INFINITE DefaultTime=60 State=UP OverSubscribe=NO
"""


def need():
    """Has the programs installed, or skips."""
    if swarm.PATIENCE > 1:
        raise unittest.SkipTest("Slurm is tried in release builds only: it shows nothing more with sanitizers")
    if os.geteuid() != 0:
        raise unittest.SkipTest("a Slurm cluster of its own needs root")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = lambda: [p for p in PROGRAMS if shutil.which(p, path=path) is None]
    if missing() and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES], capture_output=True, check=False,
                       timeout=600, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, stdin=subprocess.DEVNULL)
    if missing():
        raise unittest.SkipTest(f"no {', '.join(missing())} here, and the packages {' '.join(PACKAGES)} cannot be installed")
    os.environ["PATH"] = path


def free_ports(count):
    """A row of ports that nobody listens at now, below those that the system gives out itself."""
    for _ in range(100):
        first = random.randrange(15000, 30000 - count)
        sockets = []
        try:
            for port in range(first, first + count):
                sockets.append(socket.socket())
                sockets[-1].bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise unittest.SkipTest("no free ports")


class Cluster:
    def __init__(self, root):
        need()
        self.folder = pathlib.Path(root)
        self.daemons = []
        port = free_ports(NODES + 1)
        for name in ("munge", "state", "spool"):
            (self.folder / name).mkdir(mode=0o700)
        for node in range(1, NODES + 1):
            (self.folder / "spool" / f"n{node}").mkdir(mode=0o755)
        conf = self.folder / "slurm.conf"
        conf.write_text(CONF.format(folder=self.folder, port=port, nodes=NODES, first=port + 1, last=port + NODES).lstrip())
        self.environment = {"SLURM_CONF": str(conf)}
        key = self.folder / "munge" / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        munge = self.folder / "munge"
        try:
            self.start("munged", "--foreground", "--force", f"--socket={munge}/socket", f"--key-file={key}", f"--pid-file={munge}/pid",
                       f"--seed-file={munge}/seed")
            self.wait(lambda: (munge / "socket").exists(), "munged")
            self.start("slurmctld", "-D", "-f", conf)
            for node in range(1, NODES + 1):
                self.start("slurmd", "-D", "-N", f"n{node}", "-f", conf)
            self.wait(lambda: self.idle_nodes() == NODES, "its nodes")
        except BaseException:
            self.end()
            raise

    def start(self, program, *words):
        with open(self.folder / f"{program}.{len(self.daemons)}.out", "wb") as log:
            self.daemons.append(subprocess.Popen([program, *map(str, words)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                 start_new_session=True, cwd=self.folder, preexec_fn=end_with_us, env={**os.environ, **self.environment}))

    def wait(self, condition, what):
        deadline = time.monotonic() + START * swarm.PATIENCE
        while not condition():
            ended = [d.args[0] for d in self.daemons if d.poll() is not None]
            if ended or time.monotonic() > deadline:
                logs = "\n".join(f"{f.name}: {f.read_text(errors='replace')[-1500:]}" for f in self.folder.glob("*.out"))
                raise unittest.SkipTest(f"Slurm does not start here: {what}; ended: {ended}\n{logs}")
            time.sleep(0.1)

    def idle_nodes(self):
        return self.tell("sinfo", "-h", "-N", "-o", "%t", check=False).split().count("idle")

    def tell(self, *words, check=True):
        done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, timeout=120,
                              env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, words))}: {done.stderr}")
        return done.stdout

    def jobs(self):
        """State by array task, as Slurm says it; a job that completes is no new one."""
        return dict(re.findall(r"^(\d+_\d+) (\S+)$", self.tell("squeue", "-h", "-r", "-o", "%F_%K %T"), re.MULTILINE))

    def end(self):
        if len(self.daemons) > 2:
            self.tell("scancel", "--user=root", check=False)
            deadline = time.monotonic() + 30
            while self.tell("squeue", "-h", check=False).strip() and time.monotonic() < deadline:
                time.sleep(0.2)
        for daemon in reversed(self.daemons):
            if daemon.poll() is None:
                daemon.send_signal(signal.SIGTERM)
        for daemon in self.daemons:
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self.end_steps()

    def end_steps(self):
        """What a daemon that was killed left: the stepds of this cluster, known by its folder in their environment."""
        mark = f"SLURM_CONF={self.folder}/".encode()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if int(pid) != os.getpid() and mark in pathlib.Path("/proc", pid, "environ").read_bytes():
                    os.kill(int(pid), signal.SIGKILL)
            except OSError:
                continue


class SlurmTest(swarm.SwarmTest):
    """One cluster for the tests of a class; a coordinator, a lab and a folder of seats of each test's own."""

    @classmethod
    def setUpClass(cls):
        if cls is SlurmTest:
            raise unittest.SkipTest("has no tests of its own")
        folder = tempfile.TemporaryDirectory(prefix="swarmlab-slurm-", ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        cls.cluster = Cluster(folder.name)
        cls.addClassCleanup(cls.cluster.end)

    def setUp(self):
        super().setUp()
        self.home = self.root / "home"
        self.home.mkdir()
        self.seats = self.root / "seats"
        self.environment = {**self.cluster.environment, "HOME": str(self.home)}
        self.address = self.address_of_our_own()

    def tearDown(self):
        self.cluster.tell("scancel", "--user=root", check=False)
        try:
            self.wait_until(lambda: not self.cluster.jobs() and self.cluster.idle_nodes() == NODES, "all jobs are gone", timeout=180)
        finally:
            super().tearDown()

    def wait_until(self, condition, what, timeout=300):
        try:
            return super().wait_until(condition, what, timeout)
        except AssertionError as error:
            logs = "\n".join(f"--- {p.name}\n{p.read_text(errors='replace')[-3000:]}" for p in sorted(self.seats.glob("*.log")))
            queue = self.cluster.tell("squeue", "-r", "-o", "%F_%K %T %r %S %M %L", check=False)
            raise AssertionError(f"{error}\n{queue}\n{logs}") from None

    def coordinator(self, lab, *flags):
        process = self.start("coordinator", lab, "--listen", self.address, *flags)
        self.wait_until(lambda: "swarmlab worker --connect" in process.log.read_text() or process.poll() is not None, "the coordinator")
        return process

    def slurm(self, *words, expect=0):
        return self.swarmlab("slurm", *words, env=self.environment, expect=expect)

    def up(self, *words, nodes=NODES, slots=2, after=()):
        return self.slurm("up", "--partition", "cpu", "--nodes", nodes, "--slots", slots, "--connect", self.address, "--folder", self.seats,
                          "--look-every", "10s", *words, "--", *after).stdout.strip()

    def status(self):
        return json.loads(self.slurm("status", "--json", "--connect", self.address, "--folder", self.seats).stdout)

    def down(self, *words):
        return self.slurm("down", "--connect", self.address, "--folder", self.seats, *words)

    def labs(self):
        done = self.swarmlab("labs", "--json", "--connect", self.address, expect=None)
        return json.loads(done.stdout)[0] if done.returncode == 0 and json.loads(done.stdout) else None

    def experiments(self):
        return self.json("experiments", "--connect", self.address)

    def finish(self, timeout=600):
        self.wait_until(lambda: (self.labs() or {}).get("state") == "stopped", "the lab stops", timeout)

    def leased(self):
        found = self.json("experiments", "--verdict", "running", "--connect", self.address)
        return {e["number"]: e for e in found if e["kind"] == "explore"}

    def log_of(self, seat):
        path = self.seats / f"slurm-cpu-{seat}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def all_done_once(self, count):
        """Every experiment is there, once, and none was blamed for what happened to its worker."""
        found = self.experiments()
        self.assertEqual([e["number"] for e in found], list(range(1, count + 2)))
        self.assertEqual({e["verdict"] for e in found} - {"keep", "discard"}, set(), [e for e in found if e["verdict"] not in ("keep", "discard")])
        return found
