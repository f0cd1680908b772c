"""The swarm in containers of a real engine: images of docker/ built from a base that is made here, then a lab to its end, while
a worker's container is killed and the coordinator's is replaced.
"""
import json
import pathlib
import signal
import subprocess
import time
import unittest

import images_of_tests
import swarm

# As docker/compose.yaml has them.
HARD = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true", "--tmpfs", "/tmp", "--pids-limit", "512",
        "--health-interval", "1s"]
RUNNER = [*HARD[:HARD.index("--tmpfs")], "--tmpfs", "/tmp:exec,mode=1777,size=1g", "--pids-limit", "512"]
KEYS = """
set -e
cd /etc/swarmlab/keys
swarmlab keys new worker --role worker --keys . >/dev/null
swarmlab keys new operator --role operator --keys . >/dev/null
mv worker.key /run/swarmlab/agent/
cp server.pub /run/swarmlab/agent/
"""
SLEEPY_AGENT = """
sleep {seconds}
echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
"""


class InContainers(images_of_tests.OfImages):
    def setUp(self):
        super().setUp()
        if type(self) is InContainers:
            self.skipTest("has no tests of its own")
        self.engine.must("network", "create", "swarm")
        # What a new volume holds and who owns it is as in the image, below where it is mounted.
        self.engine.must("run", "--rm", "--name", "keys", "--network", "none", "-v", "keys:/etc/swarmlab/keys", "-v", "worker-keys:/run/swarmlab/agent",
                         *HARD, "--entrypoint", "sh", self.images["coordinator"], "-c", KEYS)

    def start_coordinator(self, name="coordinator"):
        self.container(name, self.images["coordinator"], "coordinator", "--http", "0.0.0.0:9464", "--http-anywhere",
                       options=["--network", "swarm", "--network-alias", "coordinator", "-v", "store:/var/lib/swarmlab",
                                "-v", "keys:/etc/swarmlab/keys", *HARD])
        self.wait_until(lambda: self.state(name)["Health"]["Status"] == "healthy", f"{name} is healthy")
        return name

    def start_runners(self, name, agent="worker"):
        """What has the network of a worker, the containers of agents and of evaluators; gives the volumes that it shares with them."""
        self.container(f"{name}-pod", self.images["worker"], "--", "sleep", "infinity",
                       options=["--network", "swarm", "--no-healthcheck", "--entrypoint", "tini", *RUNNER])
        shared = []
        for party in ("agent", "evaluator"):
            volume = f"{name}-{party}:/run/swarmlab/{party}"
            shared += ["-v", volume]
            self.container(f"{name}-{party}", self.images[agent if party == "agent" else "worker"], "runner", "--listen",
                           f"/run/swarmlab/{party}/runner.sock",
                           options=["--network", f"container:{name}-pod", "--no-healthcheck", "--restart", "unless-stopped", "-v", volume,
                                    "-v", f"{name}-{party}:/run/swarmlab/here", *RUNNER])
        return shared

    def start_worker_alone(self, name, shared, options=()):
        return self.container(name, self.images["worker"], "worker", "--sandbox", "runner", "--runners", "/run/swarmlab",
                              options=["--network", f"container:{name}-pod", "-v", "worker-keys:/etc/swarmlab/keys:ro", *shared, *HARD, *options])

    def start_worker(self, name, agent="worker", options=()):
        return self.start_worker_alone(name, self.start_runners(name, agent), options)

    def as_operator(self, coordinator):
        """What the program of this machine needs to speak to it."""
        for name in ("operator.key", "server.pub"):
            (self.root / name).write_text(self.exec_in(coordinator, "cat", f"/etc/swarmlab/keys/{name}") + "\n")
            (self.root / name).chmod(0o600)
        return {"SWARMLAB_CONNECT": f"tcp://{self.address(coordinator)}:7000", "SWARMLAB_KEY": str(self.root / "operator.key"),
                "SWARMLAB_SERVER_KEY": str(self.root / "server.pub")}

    def status(self, who):
        done = self.swarmlab("status", "--json", env=who, expect=None)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def lab_of(self, who):
        labs = (self.status(who) or {"labs": []})["labs"]
        return labs[0] if labs else {"state": "unknown", "iterations": 0}

    def experiments(self, who, *words):
        done = self.swarmlab("experiments", "--last", 1000, "--json", *words, "lab", env=who, expect=None)
        return json.loads(done.stdout) if done.returncode == 0 else []

    def is_complete(self, who, count):
        self.wait_until(lambda: self.lab_of(who)["state"] == "stopped", "the lab ends")
        experiments = self.experiments(who)
        self.assertEqual(sorted(e["number"] for e in experiments), list(range(1, count + 2)))
        self.assertEqual({e["verdict"] for e in experiments} - {"keep", "discard"}, set())
        self.assertEqual(max(e["score"] for e in experiments), count + 1)


class Swarm(InContainers):
    def test_a_lab_goes_to_its_end_though_a_worker_is_killed_and_the_coordinator_replaced(self):
        coordinator = self.start_coordinator()
        who = self.as_operator(coordinator)
        lab = self.shell_lab(agent=SLEEPY_AGENT.replace("{seconds}", "2"), stop="max_iterations = 12")
        self.swarmlab("run", lab, "--detach", env=who)
        for name in ("w1", "w2"):
            self.start_worker(name)
        self.wait_until(lambda: self.lab_of(who)["iterations"] >= 2, "two experiments")
        for name in ("w1", "w2"):
            self.wait_until(lambda name=name: self.state(name)["Health"]["Status"] == "healthy", f"{name} is healthy")

        self.engine.must("kill", "--signal", "KILL", "w1")
        self.engine.must("rm", "-f", "-v", "w1")
        self.names.remove("w1")
        self.start_worker("w3")

        # A newer coordinator takes the volume over; its address is another, its name the same.
        self.engine.must("stop", "--time", 60, coordinator)
        self.assertEqual(self.state(coordinator)["ExitCode"], 0, self.container_log(coordinator))
        before = self.container_log(coordinator)
        self.engine.must("rm", coordinator)
        self.names.remove(coordinator)
        coordinator = self.start_coordinator("coordinator-2")
        who = self.as_operator(coordinator)
        self.wait_until(lambda: self.lab_of(who)["iterations"] >= 2, f"it knows what the first one knew:\n{before}")
        self.is_complete(who, 12)

    def test_containers_run_as_nobody_on_a_file_system_that_is_read_only(self):
        coordinator = self.start_coordinator()
        self.start_worker("w1")
        self.wait_until(lambda: self.state("w1")["Health"]["Status"] == "healthy", "the worker is healthy")
        for name in (coordinator, "w1"):
            self.assertEqual(self.exec_in(name, "id", "-u", "-n"), "swarmlab")
            self.assertEqual(self.exec_in(name, "id", "-G"), "65532")
            for folder in ("/", "/usr/bin", "/etc/swarmlab", "/run/swarmlab"):
                self.assertNotEqual(self.engine.tell("exec", name, "touch", f"{folder}/x").returncode, 0, folder)
            status = self.exec_in(name, "cat", "/proc/1/status")
            self.assertIn("CapEff:\t0000000000000000", status)
            self.assertIn("NoNewPrivs:\t1", status)
            self.assertEqual(self.exec_in(name, "cat", "/proc/1/comm"), "tini")
        self.assertEqual(self.exec_in(coordinator, "stat", "-c", "%a %u", "/var/lib/swarmlab", "/etc/swarmlab/keys/server.key"), "700 65532\n600 65532")
        # A worker sees its own key only.
        self.assertEqual(self.exec_in("w1", "ls", "/etc/swarmlab/keys").split(), ["server.pub", "worker.key"])

    def test_health_says_what_holds(self):
        coordinator = self.start_coordinator()
        self.assertIn("/readyz: ok", self.exec_in(coordinator, "swarmlab", "health", "--ready"))
        done = self.engine.tell("run", "--rm", "--network", "none", self.images["worker"], "health")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"nobody answers there. Does a coordinator or worker run here, with --http?", done.stderr)
        # The whole process stands still: so does what asks it.
        self.container("hung", self.images["coordinator"], "coordinator",
                       options=["--network", "none", "-v", "keys:/etc/swarmlab/keys", *HARD, "--health-retries", "2", "--health-timeout", "10s"])
        self.wait_until(lambda: self.state("hung")["Health"]["Status"] == "healthy", "it is healthy first")
        pid = self.pid_of_the_program("hung")
        self.signal(pid, signal.SIGSTOP)
        self.wait_until(lambda: self.state("hung")["Health"]["Status"] == "unhealthy", "it is unhealthy")
        self.signal(pid, signal.SIGCONT)
        self.wait_until(lambda: self.state("hung")["Health"]["Status"] == "healthy", "it is healthy again")

    def pid_of_the_program(self, name):
        """On this machine: the child of the container's tini."""
        return self.wait_until(lambda: self.children(self.state(name)["Pid"]), "tini started the program")[0]

    @staticmethod
    def signal(pid, number):
        subprocess.run(["kill", f"-{int(number)}", str(pid)], check=True)

    def test_a_worker_that_is_stopped_ends_what_it_began(self):
        coordinator = self.start_coordinator()
        who = self.as_operator(coordinator)
        lab = self.shell_lab(agent=SLEEPY_AGENT.replace("{seconds}", "6"), stop="max_iterations = 1")
        self.swarmlab("run", lab, "--detach", env=who)
        self.start_worker("w1")
        self.wait_until(lambda: [e for e in self.experiments(who, "--verdict", "running") if e["kind"] == "explore"], "an agent works")
        self.engine.must("stop", "--time", 300, "w1")
        self.assertEqual(self.state("w1")["ExitCode"], 0, self.container_log("w1"))
        self.is_complete(who, 1)
        self.assertEqual(len([e for e in self.experiments(who) if e["kind"] == "explore"]), 1)

    def test_orphans_of_agents_are_reaped(self):
        coordinator = self.start_coordinator()
        who = self.as_operator(coordinator)
        # Children whose parents end before them are tini's to wait for.
        lab = self.shell_lab(agent="for i in 1 2 3 4 5; do (setsid sleep 0.2 >/dev/null 2>&1 &) ; done\n" + swarm.SHELL_AGENT, stop="max_iterations = 3")
        self.swarmlab("run", lab, "--detach", env=who)
        self.start_worker("w1")
        self.is_complete(who, 3)
        self.engine.must("exec", "w1", "sh", "-c", "(setsid sleep 0.2 &) ; exit 0")
        for name in ("w1", "w1-agent", "w1-evaluator"):
            self.wait_until(lambda name=name: not self.zombies(name), f"no zombie stays in {name}")

    def zombies(self, name):
        """As this machine sees them: a process that would look from inside a runner would end as others there do."""
        listed = self.engine.must("top", name, "-eo", "pid,stat,comm").splitlines()[1:]
        return [line for line in listed if line.split()[1].startswith("Z")]


class Images(images_of_tests.OfImages):
    def test_they_are_small_labelled_and_hold_no_secret(self):
        for name, most in (("coordinator", 250), ("worker", 450)):
            about = self.inspect_image(self.images[name])
            megabytes = about["Size"] / 1e6
            images_of_tests.say(f"{name}: {megabytes:.0f} MB")
            self.assertLess(megabytes, most)
            labels = about["Config"]["Labels"]
            self.assertEqual(labels["org.opencontainers.image.version"], images_of_tests.VERSION)
            for label in ("title", "description", "source", "documentation", "revision"):
                self.assertTrue(labels[f"org.opencontainers.image.{label}"])
            self.assertEqual(about["Config"]["User"], "65532:65532")
            self.assertEqual(about["Config"]["Healthcheck"]["Test"], ["CMD", "swarmlab", "health"])
            self.assertEqual(self.engine.must("run", "--rm", "--network", "none", self.images[name], "version").split()[1], images_of_tests.VERSION)
            keys = self.engine.must("run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "find", self.images[name],
                                    "/", "-xdev", "-name", "*.key", "-o", "-xdev", "-path", "/swarmlab-build", "-o", "-xdev", "-path", "/root/.*rc.bak")
            self.assertEqual(keys, "")

    def inspect_image(self, tag):
        return json.loads(self.engine.must("image", "inspect", tag))[0]

    def test_the_program_finds_its_libraries_and_nothing_is_there_for_no_reason(self):
        """What scripts/packages.txt lists as `library` is what the program is linked to."""
        linked = self.engine.must("run", "--rm", "--network", "none", "--entrypoint", "ldd", self.images["coordinator"], "/usr/bin/swarmlab")
        self.assertNotIn("not found", linked)
        files = [word for word in linked.split() if word.startswith("/")]
        owners = self.engine.must("run", "--rm", "--network", "none", "--entrypoint", "sh", self.images["coordinator"], "-c",
                                  "for f in \"$@\"; do dpkg -S \"$f\" 2>/dev/null || dpkg -S \"/usr$f\" 2>/dev/null || dpkg -S \"${f#/usr}\"; done", "sh", *files)
        owners = {line.split(":")[0] for line in owners.splitlines()}
        lines = [line.split() for line in (images_of_tests.ROOT / "scripts" / "packages.txt").read_text().splitlines() if not line.startswith("#")]
        listed = {package for kinds, package in lines if "library" in kinds.split(",")}
        self.assertEqual(listed - owners, set())

    def test_built_twice_they_have_the_same_files(self):
        once = self.files_of(self.images["coordinator"])
        base, lock = images_of_tests.make_base(self.engine)
        self.engine.run(["docker/build.sh", "--program", swarm.PROGRAM, "--base", base, "--mirror", "base", "--lock", lock, "--network", "host",
                         "--no-cache", "--prefix", "again", "coordinator"])
        twice = self.files_of(f"again/coordinator:{images_of_tests.VERSION}")
        self.engine.tell("image", "rm", f"again/coordinator:{images_of_tests.VERSION}", f"again/program:{images_of_tests.VERSION}")
        self.assertGreater(len(once), 1000)
        self.assertEqual({path: (one, twice.get(path)) for path, one in once.items() if twice.get(path) != one}, {})
        self.assertEqual(set(twice) - set(once), set())

    def files_of(self, tag):
        """Each path with its kind, mode, owner, and content; times only of files."""
        script = "find / -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o -type f -printf '%p|f|%m|%U:%G|%Ts|' -exec sha256sum -b {} \\; " \
                 "-o -printf '%p|%y|%m|%U:%G|%l\\n'"
        listed = self.engine.must("run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "sh", tag, "-c", script)
        skipped = ("/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/.dockerenv")  # the engine's, of each container
        found = dict(line.split("|", 1) for line in listed.splitlines())
        return {path: rest for path, rest in found.items() if path not in skipped}

    def test_the_lock_that_is_shipped_knows_each_package(self):
        lock = (images_of_tests.ROOT / "docker" / "debian-amd64.lock").read_text().splitlines()
        packages = {line.split()[1] for line in lock if line.startswith("package ")}
        for tag in self.images.values():
            there = self.engine.must("run", "--rm", "--network", "none", "--entrypoint", "dpkg-query", tag, "-W", "-f", "${Package}\\n").split()
            self.assertEqual(set(there) - packages, set())


if __name__ == "__main__":
    swarm.main()
