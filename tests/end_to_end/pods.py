"""A pod as Kubernetes makes it, of containers of a real engine: they share a network, each with its own files and processes.

A worker, a runner for agents and a runner for evaluators, with the security context that is called `restricted`: an ordinary user,
a read-only root, no capability, no new privileges, the engine's own seccomp profile. Program and system are those of this machine.
"""
import io
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import uuid

import swarm

USER = 65532
PROGRAM = "/opt/swarmlab"
IMAGE = "swarmlab/pod:test"
# What an image needs for the paths of a sandbox to be there inside.
PLACES = ("workspace", "swarmlab", "data", "scratch", "home/agent")
PARTIES = ("agent", "evaluator")
RESTRICTED = ["--user", f"{USER}:{USER}", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]


def image():
    """The root file system of all containers, as a tar: folders to mount at, and links."""
    bytes_ = io.BytesIO()
    with tarfile.open(fileobj=bytes_, mode="w") as tar:
        def add(name, kind, target=""):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target
            entry.mode = 0o1777 if name.endswith("tmp") else 0o755  # a tmpfs there takes it over
            tar.addfile(entry)
        for name in ("usr", "etc", "opt", "tmp", "var", "var/tmp", "var/lib", "var/lib/swarmlab", "proc", "sys", "dev", "home", "run", "run/swarmlab",
                     "sbin"):
            add(name, tarfile.DIRTYPE)
        add("sbin/docker-init", tarfile.REGTYPE)  # the engine lays its init over it
        for name in ("bin", "lib", "lib32", "lib64"):
            if os.path.islink(f"/{name}"):
                add(name, tarfile.SYMTYPE, os.readlink(f"/{name}"))
        for place in PLACES:
            add(place, tarfile.SYMTYPE, f"/run/swarmlab/here/inside/{place}")
    return bytes_.getvalue()


class Pod:
    """`tell(*words)` runs the engine's command line. Containers are removed with end()."""

    def __init__(self, tell, root, memory="1g", pids=512):
        self.tell, self.root, self.memory, self.pids = tell, pathlib.Path(root), memory, pids
        self.id = uuid.uuid4().hex[:12]
        self.containers = []
        if self.tell("image", "inspect", IMAGE).returncode != 0:
            self.do("import", "-", IMAGE, data=image())
        for name in (*PARTIES, "state"):
            folder = self.root / name
            folder.mkdir(parents=True)
            os.chown(folder, USER, USER)
        # Holds the network, as a pod's pause container does.
        self.run("network", ["--network", "none"], ["/bin/sleep", "infinity"])
        self.pid = int(self.do("inspect", "--format", "{{.State.Pid}}", self.name("network")))
        self.inside = ["nsenter", f"--net=/proc/{self.pid}/ns/net"]

    def name(self, which):
        return f"swarmlab-test-{self.id}-{which}"

    def do(self, *words, data=None):
        done = self.tell(*words, data=data)
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.stderr.decode(errors='replace')}{done.stdout.decode(errors='replace')}")
        return done.stdout.decode(errors="replace").strip()

    def words(self, which, how, options=()):
        memory, pids = (self.memory, self.pids) if which in PARTIES else ("1g", 512)
        return ["run", "--detach", "--name", self.name(which), "--pull", "never", "--init", *RESTRICTED, "--memory", memory,
                "--memory-swap", memory, "--pids-limit", pids, "--tmpfs", "/tmp:mode=1777,size=96m,exec", "--tmpfs", "/var/tmp:mode=1777,size=16m", "--volume", "/usr:/usr:ro", "--volume", "/etc:/etc:ro",
                "--volume", f"{pathlib.Path(swarm.PROGRAM).resolve()}:{PROGRAM}:ro", *how, *options, IMAGE]

    def run(self, which, how, command, options=()):
        self.tell("rm", "--force", self.name(which))
        self.containers.append(which)
        self.do(*self.words(which, how, options), *command)

    @property
    def shared(self):
        return ["--network", f"container:{self.name('network')}"]

    def start_runner(self, party, *flags, options=()):
        """A container that the engine starts again when it ends, as a pod's."""
        folder = self.root / party
        self.run(party, [*self.shared, "--restart", "always", "--volume", f"{folder}:/run/swarmlab/{party}", "--volume", f"{folder}:/run/swarmlab/here"],
                 [PROGRAM, "runner", "--listen", f"/run/swarmlab/{party}/runner.sock", *flags], options)

    def start_worker(self, address, *flags, options=()):
        volumes = [word for party in PARTIES for word in ("--volume", f"{self.root / party}:/run/swarmlab/{party}")]
        self.run("worker", [*self.shared, *volumes, "--volume", f"{self.root / 'state'}:/var/lib/swarmlab", "--workdir", "/var/lib/swarmlab"],
                 [PROGRAM, "worker", "--connect", address, "--name", "pod", "--folder", "/var/lib/swarmlab/worker", "--sandbox", "runner",
                  "--runners", "/run/swarmlab", *flags], options)

    def start_all(self, address, *flags, options=()):
        for party in PARTIES:
            self.start_runner(party)
        self.start_worker(address, *flags, options=options)

    def wait_for_lab(self, test, lab, timeout):
        """Until all labs there are stopped; when they are not, what the containers say is printed."""
        def stopped():
            done = test.swarmlab("status", "--json", cwd=lab, expect=None)
            return done.returncode == 0 and all(one["state"] == "stopped" for one in json.loads(done.stdout)["labs"])
        try:
            test.wait_until(stopped, "the lab stops", timeout)
        except AssertionError:
            print(self.all_logs(), flush=True)
            raise

    def logs(self, which):
        done = self.tell("logs", self.name(which))
        return (done.stdout + done.stderr).decode(errors="replace")

    def all_logs(self):
        return "\n".join(f"--- {which}\n{self.logs(which)[-3000:]}" for which in dict.fromkeys(self.containers))

    def end(self):
        for which in dict.fromkeys(reversed(self.containers)):
            self.tell("rm", "--force", "--volumes", self.name(which))
        shutil.rmtree(self.root, ignore_errors=True)


def of_environment():
    """Tells the engine that the environment leads to."""
    def tell(*words, data=None):
        return subprocess.run(["docker", *map(str, words)], capture_output=True, check=False, input=data)
    return tell
