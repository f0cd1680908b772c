"""What must be true of a lab after any number of kills: shared by the kills_* tests and scripts/kill_coordinator.sh.

The workers' logs say what the coordinator acknowledged; the store must hold it, once.
"""
import collections
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import time

import swarm

# Next to nothing to compute: what is killed is to be busy with us, not with Python.
LAB_TOML = """
[lab]
name = "{name}"

[artifact]
editable = ["artifact/**"]

[metric]
name = "score"
direction = "maximize"
confidence = 0

[evaluator]
command = "sh measure.sh"
parse = "metric-lines"
timeout = "60s"

[agent]
kind = "command"
command = "sh agent.sh"
timeout = "60s"

[stop]
max_iterations = 100000
plateau_threshold = 0
max_restarts = 1000
"""

# Of different lengths: a kill is to meet slots that work as well as slots that report.
AGENT = """
sleep 0.$((SWARMLAB_EXPERIMENT * 7 % 5))
echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
echo "{\\"hypothesis\\": \\"number $SWARMLAB_EXPERIMENT\\"}" > "$SWARMLAB_OUTCOME"
"""

# What it costs is told at its end.
CENTS = 3
PAID_AGENT = AGENT + f"""
echo '{{"type": "result", "total_cost_usd": {CENTS / 100}}}'
"""

# Neither always better nor always worse than the parent.
MEASURE = """
number=$(cat artifact/value.txt)
echo "METRIC score=$((number * 7919 % 1009 + number / 10))"
"""

COUNTS = re.compile(r"experiment (\d+) counts: (\w+)")


def score_of(number):
    return number * 7919 % 1009 + number // 10


class KillTest(swarm.SwarmTest):
    agent = AGENT
    measure = MEASURE

    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("SWARMLAB_SEED") or random.SystemRandom().randrange(1 << 31))
        print(f"SWARMLAB_SEED={seed}", flush=True)
        self.random = random.Random(seed)
        self.address = self.address_of_our_own()
        self.name = f"kills-{seed}-{os.getpid()}"
        self.lab = self.make_lab(toml=LAB_TOML, agent="sh agent.sh", name=self.name, files={
            "measure.py": None, "agent.py": None, "agent.sh": self.agent, "measure.sh": self.measure,
            "artifact/value.txt": "0\n"})
        self.workers = {}
        self.coordinator = None
        self.coordinators = 0

    # Processes.

    def start_coordinator(self, *flags, **kwargs):
        self.coordinators += 1
        self.coordinator = self.start("coordinator", self.lab, "--listen", self.address, *flags,
                                      log=f"coordinator-{self.coordinators}.log", **kwargs)

    def listens(self):
        self.assertIsNone(self.coordinator.poll(), self.coordinator.log.read_text(errors="replace"))
        return b"listens" in self.coordinator.log.read_bytes()

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def start_worker(self, name, *flags, slots=6, **kwargs):
        self.workers[name] = self.start(
            "worker", "--connect", self.address, "--name", name, "--folder", self.root / "workers" / name,
            "--slots", slots, *flags, "--log-file", self.root / f"{name}.log", log=f"{name}.out", **kwargs)

    def pause(self, most):
        """A random moment, not a wait for anything."""
        time.sleep(self.random.random() * most)

    # What is known from outside.

    def logs(self):
        return list(self.root.glob("*.log")) + list(self.lab.glob(".swarmlab/workers/*.log"))

    def acknowledged(self):
        """Verdicts by number, as often as a worker says that they were acknowledged."""
        found = collections.defaultdict(list)
        for path in self.logs():
            for number, verdict in COUNTS.findall(path.read_text(errors="replace")):
                found[int(number)].append(verdict)
        return found

    def reports(self):
        """How many lines say that a report was acknowledged."""
        return sum(map(len, self.acknowledged().values()))

    def status(self):
        done = self.swarmlab("labs", "--json", "--connect", self.address, expect=None)
        labs = json.loads(done.stdout or "[]") if done.returncode == 0 else []
        return (labs["labs"] if isinstance(labs, dict) else labs)[0] if labs else None

    def finish(self, more):
        """Lets the lab go on for some experiments, until it stops by itself. Says how many they are in all."""
        if self.coordinator is not None and self.coordinator.poll() is None:
            self.kill(self.coordinator)
        self.coordinator = None
        most = self.json("labs", cwd=self.lab)
        most = (most["labs"] if isinstance(most, dict) else most)[0]["iterations"] + more
        self.start_coordinator("--max-iterations", most)
        self.wait_until(self.listens, "the last coordinator listens")
        self.wait_until(lambda: (self.status() or {}).get("state") == "stopped", "the lab stops by itself", timeout=100)
        for name, worker in self.workers.items():
            self.assertEqual(self.end(worker), 0, (self.root / f"{name}.log").read_text()[-2000:])
        self.assertEqual(self.end(self.coordinator), 0)
        return most

    # The ledger.

    def check_ledger(self, iterations, each_log_once=False):
        experiments = self.json("experiments", self.lab, "--last", 1_000_000)
        numbers = sorted(e["number"] for e in experiments)
        self.assertEqual(numbers, sorted(set(numbers)), "each once")
        gaps = set(range(1, max(numbers) + 1)) - set(numbers)
        self.assertLessEqual(gaps, self.waiting(), "neither decided nor waiting")
        of = {e["number"]: e for e in experiments}
        self.assertNotIn("running", swarm.verdicts(experiments))

        acknowledged = self.acknowledged()
        for number, said in acknowledged.items():
            self.assertIn(number, of, "acknowledged and lost")
            self.assertEqual(set(said), {of[number]["verdict"]}, of[number])
            if each_log_once:
                self.assertEqual(len(said), 1, of[number])
        if each_log_once:  # no worker died, so whatever is in the store was acknowledged to one
            self.assertEqual(sorted(acknowledged), numbers)

        self.check_counters(experiments, iterations)
        self.check_candidates(experiments)
        self.check_events(numbers)
        self.assertEqual([], [p.name for p in self.root.rglob("*.report*")], "undelivered")
        self.wait_until(lambda: not self.in_sandboxes(), "what killed workers ran is dead", timeout=10)

    def waiting(self):
        """Experiments that were planned and never decided: more are planned than may end where a limit is lowered below what is
        open, as finish() does. Those that come back last wait then, and nothing of them was acknowledged."""
        kinds = collections.defaultdict(set)
        for line in self.swarmlab("events", "--last", 1_000_000, "--json", cwd=self.lab).stdout.splitlines():
            event = json.loads(line)
            kinds[event["kind"]].add(event["experiment"])
        return kinds["task_created"] - kinds["experiment_finished"]

    def in_sandboxes(self):
        """The experiment of each process of this lab's agents and evaluators that is alive."""
        alive = []
        for environment in pathlib.Path("/proc").glob("[0-9]*/environ"):
            try:
                variables = environment.read_text(errors="replace").split("\0")
            except OSError:
                continue  # gone, or not ours
            if f"SWARMLAB_LAB={self.name}" in variables:
                alive += [one.partition("=")[2] for one in variables if one.startswith("SWARMLAB_EXPERIMENT=")] or [""]
        return alive

    def check_counters(self, experiments, iterations):
        lab = self.json("labs", cwd=self.lab)
        lab = (lab["labs"] if isinstance(lab, dict) else lab)[0]
        explored = [e for e in experiments if e["kind"] != "baseline"]
        self.assertEqual(len(explored), iterations, "max_iterations is hit exactly")
        self.assertEqual(lab["iterations"], iterations)
        self.assertEqual(lab["experiments"], len(experiments))
        self.assertEqual(lab["kept"], sum(e["verdict"] == "keep" for e in experiments))
        counted = collections.Counter(swarm.verdicts(experiments))
        self.assertEqual({k: v for k, v in lab["verdicts"].items() if v}, dict(counted))
        best = max(experiments, key=lambda e: e["score"] if e["score"] is not None else -1)
        self.assertEqual((lab["bestExperiment"], lab["best"]), (best["number"], best["score"]))
        self.assertEqual(lab["running"], 0)

    def check_candidates(self, experiments):
        objects = self.lab / ".swarmlab/objects.git"
        by_number = {e["number"]: e for e in experiments}
        for e in experiments:
            self.assertIn(e["verdict"], ("keep", "discard"), e)
            self.assertEqual(e["score"], score_of(0 if e["kind"] == "baseline" else e["number"]), e)
            if e["parent"] is not None:
                self.assertEqual(by_number[e["parent"]]["verdict"], "keep", e)
                self.assertEqual(by_number[e["parent"]]["commit"], e["parentCommit"], e)
        commits = [e["commit"] for e in experiments]
        self.assertEqual(len(set(commits)), len(commits))
        checked = subprocess.run(["git", "-C", str(objects), "cat-file", "--batch-check"], capture_output=True,
                                 text=True, input="\n".join(commits), check=True).stdout.splitlines()
        self.assertEqual([line.split()[:2] for line in checked], [[c, "commit"] for c in commits])
        fsck = subprocess.run(["git", "-C", str(objects), "fsck", "--strict", "--full"], capture_output=True,
                              text=True, check=False)
        told = fsck.stdout + fsck.stderr
        self.assertEqual(fsck.returncode, 0, told)
        self.assertNotRegex(told, "missing|corrupt|error|broken", "HEAD is unborn and objects may dangle, no more")
        self.check_refs(experiments)

    def check_refs(self, experiments):
        listed = self.git(self.lab / ".swarmlab/objects.git", "for-each-ref", "--format=%(objectname) %(refname)")
        refs = {name.split("/", 3)[3]: commit for commit, name in map(str.split, listed.splitlines())}
        for e in experiments:
            if e["kind"] == "baseline":
                continue
            self.assertEqual(refs.get(f"exp/{e['number']}"), e["commit"], e["number"])
            kept = refs.get(f"kept/{e['number']}")
            self.assertEqual(kept, e["commit"] if e["verdict"] == "keep" else None, e["number"])

    def check_events(self, numbers):
        lines = self.swarmlab("events", "--last", 1_000_000, "--json", cwd=self.lab).stdout.splitlines()
        events = [json.loads(line) for line in lines]
        sequences = [e["sequence"] for e in events]
        self.assertEqual(sequences, sorted(set(sequences)))
        finished = [e["experiment"] for e in events if e["kind"] == "experiment_finished"]
        self.assertEqual(sorted(finished), numbers, "each finished once")

    def check_costs(self):
        """All that was spent is in the budget, by whole attempts, and each experiment has its own share."""
        lab = self.json("labs", cwd=self.lab)
        lab = (lab["labs"] if isinstance(lab, dict) else lab)[0]
        experiments = self.json("experiments", self.lab, "--last", 1_000_000)
        cents = {e["number"]: round(e["costUsd"] * 100, 6) for e in experiments}
        for e in experiments:
            least = 0 if e["kind"] == "baseline" else CENTS
            self.assertGreaterEqual(cents[e["number"]], least, e)
            self.assertLessEqual(cents[e["number"]], e["attempts"] * CENTS, e)
            self.assertEqual(cents[e["number"]] % CENTS, 0, e)
        self.assertAlmostEqual(lab["spentUsd"] * 100, sum(cents.values()), places=4)
