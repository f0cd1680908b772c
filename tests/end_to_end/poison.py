"""An experiment whose workers always die, and a machine on which everything crashes: the others go on.

SWARMLAB_POISONS says how many experiments (scripts/lost_workers.sh), SWARMLAB_SEED repeats a run's choices.
"""
import os
import re
import shutil
import unittest

import ledger
import swarm

POISONS = int(os.environ.get("SWARMLAB_POISONS", "2"))
RESTARTS = 2

# On a machine where this fails, no experiment can be measured.
MEASURE = "awk 'BEGIN { exit 0 }' || exit 1\n" + ledger.MEASURE
WITHOUT_AWK = ["unshare", "--mount", "sh", "-c", 'mount --bind /dev/null "$(readlink -f "$(command -v awk)")" && exec "$@"', "sh"]


class AnExperimentWhoseWorkersDie(ledger.KillTest):
    poisons = [10 * i for i in range(1, POISONS + 1)]
    # Such an experiment lasts until its worker dies.
    agent = f'case "$SWARMLAB_EXPERIMENT" in {"|".join(map(str, poisons))}) sleep 1000 ;; esac\n' + ledger.AGENT

    def setUp(self):
        super().setUp()
        toml = self.lab / "lab.toml"
        text = re.sub("max_restarts = .*", f"max_restarts = {RESTARTS}", toml.read_text())
        toml.write_text(text.replace('timeout = "60s"', 'timeout = "900s"') + "\n[search]\nmerge = false\n")  # each has an agent
        self.git(self.lab, "commit", "-qam", "few restarts")

    def test_is_given_up_and_names_them_while_the_others_go_on(self):
        self.start_coordinator("--lease-seconds", 3)
        for i in range(1, 6):
            self.start_worker(f"w{i}", slots=1)
        for poison in self.poisons:
            self.kill_whoever_begins(poison)
        iterations = self.finish(more=20)
        experiments = self.json("experiments", self.lab, "--last", 1_000_000)
        crashed = {e["number"]: e for e in experiments if e["verdict"] == "crash"}
        # Who was killed at it had nothing else, so nobody else's experiment is given up.
        self.assertEqual(sorted(crashed), self.poisons)
        for e in crashed.values():
            self.assertEqual(e["attempts"], RESTARTS + 1, e)
            self.assertRegex(e["reason"], r"w\d", "the workers are named")
        self.assertEqual(sorted(e["number"] for e in experiments), list(range(1, len(experiments) + 1)))
        self.assertEqual([w["name"] for w in self.json("workers", cwd=self.lab) if w["quarantine"]], [], "none of them is to blame")
        print(f"{POISONS} experiments that killed {RESTARTS + 1} workers each, of {iterations}", flush=True)

    def begun(self):
        """Each attempt that began: its experiment's number and its worker."""
        return [(int(number), path.stem) for path in self.root.glob("w*.log")
                for number in re.findall(r"experiment (\d+) begins", path.read_text(errors="replace"))]

    def kill_whoever_begins(self, poison):
        for death in range(1, RESTARTS + 2):
            attempts = lambda: [name for number, name in self.begun() if number == poison]
            self.wait_until(lambda: len(attempts()) >= death, f"attempt {death} at #{poison} begins", timeout=120)
            name = self.last_to_begin(poison)
            self.kill(self.workers[name])
            self.start_worker(name, slots=1)

    def last_to_begin(self, poison):
        lines = [line for path in self.root.glob("w*.log") for line in path.read_text(errors="replace").splitlines()
                 if f"experiment {poison} begins" in line]
        return re.search(r"worker=(\w+)", max(lines))[1]


@unittest.skipIf(os.geteuid() != 0 or not shutil.which("unshare"), "needs root and unshare, for a machine that lacks something")
class AMachineOnWhichEverythingCrashes(ledger.KillTest):
    measure = MEASURE

    def test_is_put_aside_and_the_others_go_on(self):
        self.start_coordinator()
        for name in ("good", "fine"):
            self.start_worker(name, slots=2)
        self.wait_until(lambda: self.reports() >= 10, "the swarm goes on")
        self.start_worker("bad", slots=2, inside=WITHOUT_AWK)
        self.wait_until(lambda: "in quarantine" in self.coordinator.log.read_text(errors="replace"), "it is put aside")
        goal = self.reports() + 20
        self.wait_until(lambda: self.reports() >= goal, "the others go on")
        workers = {w["name"]: w for w in self.json("workers", "--connect", self.address)}
        self.assertIn("in a row", workers["bad"]["quarantine"])
        crashed = [e for e in self.json("experiments", "--connect", self.address, "--last", 1000) if e["verdict"] == "crash"]
        self.assertEqual({e["worker"] for e in crashed}, {"bad"})
        self.assertLess(len(crashed), 15, "it did not burn the frontier")
        for worker in self.workers.values():
            self.assertEqual(self.end(worker), 0)
        self.assertEqual(self.end(self.coordinator), 0)


if __name__ == "__main__":
    swarm.main()
