"""Agents and evaluators in containers of their own inside one pod: a real worker and coordinator, and two runners."""
import json
import pathlib
import tempfile

import engines
import pods
import swarm

ADDRESS = "tcp://127.0.0.1:7000"
START = 240  # seconds, of containers


class InAPod(engines.OfAnEngine, swarm.SwarmTest):
    """One pod for each test; the coordinator is on its loopback."""

    def setUp(self):
        swarm.SwarmTest.setUp(self)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="swarmlab-pod-"))
        self.pod = pods.Pod(self.engine.tell, folder)
        self.addCleanup(self.pod.end)
        self.inside = self.pod.inside

    def coordinate(self, lab, *flags):
        coordinator = self.start("coordinator", lab, "--listen", ADDRESS, *flags)
        self.wait_until(lambda: "swarmlab worker --connect" in coordinator.log.read_text(), "the coordinator")
        return coordinator

    def finish(self, lab, timeout=START):
        self.pod.wait_for_lab(self, lab, timeout)


# Its proxy refuses what the lab does not name, so it is reached.
ASKS_THE_PROXY = """
import json, os, pathlib, urllib.error, urllib.request
value = pathlib.Path("artifact/value.txt")
number = int(os.environ["SWARMLAB_EXPERIMENT"])
value.write_text(f"{float(value.read_text()) + number / 1000:.6f}\\n")
try:
    urllib.request.urlopen("http://elsewhere.example.org/", timeout=60)
    said = "answered"
except urllib.error.HTTPError as error:
    said = f"refused by the proxy: {error.code}"
except OSError as error:
    said = f"not reached: {error}"
json.dump({"hypothesis": "it asks", "notes": said + " " + os.getcwd()}, open("/swarmlab/out/outcome.json", "w"))
"""

# Long enough to be killed in mid-run; what it started is to die with it.
WORKS_SLOWLY = """
(setsid sleep 1000003 &)
echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
printf '{"hypothesis": "set it to %s"}' "$SWARMLAB_EXPERIMENT" > "$SWARMLAB_OUTCOME"
sleep 6
"""


class Walks:
    def verdicts(self, lab):
        experiments = self.json("experiments", "--last", 1000, cwd=lab)
        return [(e["verdict"], e["attempts"]) for e in sorted(experiments, key=lambda e: e["number"]) if e["kind"] != "baseline"]

    def running_in(self, party):
        """Names of all that runs in a container."""
        done = self.engine.tell("top", self.pod.name(party), "-o", "pid,comm,args")
        return done.stdout.decode(errors="replace") if done.returncode == 0 else "gone"

    def test_a_lab_runs_to_its_end(self):
        lab = self.make_lab(files={"agent.py": ASKS_THE_PROXY}, extra="""
            [guard]
            command = "test -d /workspace/artifact && ! (echo >> lab.toml) 2>/dev/null && echo 1 > /scratch/x"
            """)
        toml = (lab / "lab.toml").read_text().replace('kind = "command"', 'kind = "command"\nnetwork = ["example.org"]')
        (lab / "lab.toml").write_text(toml)
        self.commit(lab, "an agent with a network")
        self.coordinate(lab, "--max-iterations", "4")
        self.pod.start_all(ADDRESS)
        self.finish(lab)
        experiments = [e for e in self.json("experiments", cwd=lab) if e["kind"] != "baseline"]
        self.assertEqual([e["verdict"] for e in experiments], ["keep"] * 4, json.dumps(experiments, indent=1))
        for experiment in experiments:
            self.assertTrue(experiment["notes"].startswith("refused by the proxy: 403"), experiment["notes"])
        labels = self.json("workers", cwd=lab)[0]
        self.assertIn("sandbox=runner", json.dumps(labels))
        for party in pods.PARTIES:  # nothing is left but its init and itself
            self.assertNotIn("python", self.running_in(party))

    def working(self, lab):
        return self.wait_until(lambda: [e["number"] for e in self.running(lab)], "an agent works", START)

    def slow_lab(self):
        return self.shell_lab(agent=WORKS_SLOWLY, stop="max_iterations = 3")

    def test_a_worker_that_is_killed_comes_back(self):
        lab = self.slow_lab()
        self.coordinate(lab, "--lease-seconds", "10")
        self.pod.start_all(ADDRESS)
        self.working(lab)
        self.wait_until(lambda: "sleep" in self.running_in("agent"), "its command runs", START)
        self.pod.do("kill", self.pod.name("worker"))
        self.wait_until(lambda: "sleep" not in self.running_in("agent"), "what it ran is dead", START)
        self.assertIn("runner", self.running_in("agent"))  # and that lives on
        self.pod.do("start", self.pod.name("worker"))
        self.finish(lab)
        self.assertEqual([verdict for verdict, _ in self.verdicts(lab)], ["keep"] * 3)

    def test_a_runner_that_is_killed_comes_back(self):
        lab = self.slow_lab()
        self.coordinate(lab)
        self.pod.start_all(ADDRESS)
        self.working(lab)
        self.wait_until(lambda: "sleep" in self.running_in("agent"), "its command runs", START)
        self.pod.do("restart", "--time", "0", self.pod.name("agent"))
        self.finish(lab)
        self.assertEqual([verdict for verdict, _ in self.verdicts(lab)], ["keep"] * 3)
        self.assertIn("goes back", self.pod.logs("worker"))

    def refused(self, *command, how=(), restricted=True):
        """What a container says that ends at once."""
        words = [w for w in self.pod.words("refused", [*self.pod.shared, "--rm", *how]) if w != "--detach"]
        if not restricted:
            words = [w for w in words if w not in pods.RESTRICTED]
        done = self.engine.tell(*words, *command)
        self.assertNotEqual(done.returncode, 0, done)
        return (done.stdout + done.stderr).decode(errors="replace")

    def test_misuse_is_refused(self):
        runner = [pods.PROGRAM, "runner", "--listen", "/run/swarmlab/agent/runner.sock"]
        worker = [pods.PROGRAM, "worker", "--connect", ADDRESS, "--name", "pod", "--folder", "/tmp/worker", "--sandbox", "runner"]
        self.assertIn("--slots is 2, expected 1", self.refused(*worker, "--runners", "/run/swarmlab", "--slots", "2"))
        self.assertIn("--runners is \"\"", self.refused(*worker))
        self.assertIn("there is no folder /run/swarmlab/agent", self.refused(*worker, "--runners", "/run/swarmlab"))
        self.assertIn("it is not alone in its pid namespace", self.refused("/bin/sh", "-c", "sleep 300 & exec " + " ".join(runner)))
        self.assertIn("its parent is process", self.refused("/bin/sh", "-c", "(" + " ".join(runner) + "); exit 1"))
        self.assertIn("it runs as root", self.refused(*runner, restricted=False))
        self.assertIn("outside of /tmp", self.refused(pods.PROGRAM, "runner", "--listen", "/tmp/runner.sock"))
        here = self.swarmlab("runner", "--listen", "/run/swarmlab/runner.sock", expect=1)
        self.assertIn("it runs as root", here.stderr)


class InDocker(Walks, InAPod):
    engine_kind = "docker"


if __name__ == "__main__":
    swarm.main()
