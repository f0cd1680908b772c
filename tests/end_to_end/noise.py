"""A lab whose evaluator is noisy: nothing is kept for its luck, and what is really better is."""

import ledger
import swarm

MEASURE = """
import os, random
value = float(open("artifact/value.txt").read().split()[0])
print(f"METRIC score={value + random.gauss(0, 1)}")
"""

# One change of forty is real; the others only touch a comment.
AGENT = """
set -- $(cat artifact/value.txt)
value=$1
[ "$SWARMLAB_EXPERIMENT" != 21 ] || value=$((value + 20))
echo "$value # $SWARMLAB_EXPERIMENT" > artifact/value.txt
echo '{"hypothesis": "this time"}' > "$SWARMLAB_OUTCOME"
"""


class ANoisyLab(swarm.SwarmTest):
    def setUp(self):
        super().setUp()
        toml = ledger.LAB_TOML.replace("confidence = 0\n", "confidence = 0.99\n").replace("sh measure.sh", "python3 measure.py")
        self.lab = self.make_lab(toml=toml, agent="sh agent.sh", files={
            "measure.py": MEASURE, "agent.py": None, "agent.sh": AGENT, "artifact/value.txt": "0\n"})
        self.swarmlab("run", self.lab, "--workers", 3, "--max-iterations", 40)
        self.experiments = {e["number"]: e for e in self.json("experiments", self.lab, "--last", 100)}

    def test_keeps_what_is_better_and_not_what_was_lucky(self):
        explored = [e for e in self.experiments.values() if e["kind"] != "baseline"]
        self.assertEqual(len(explored), 40)
        self.assertEqual(self.experiments[21]["verdict"], "keep", self.experiments[21])
        # At 0.99 one false keep of 39 comes about once in five runs, three once in ten thousand.
        lucky = [e["number"] for e in explored if e["verdict"] == "keep" and e["number"] != 21]
        self.assertLess(len(lucky), 3, lucky)

        kept = self.experiments[21]
        self.assertGreaterEqual(kept["pairs"], 2)
        self.assertGreater(kept["gainLow"], 0)
        self.assertGreater(kept["confidence"], 0.99)
        runs = kept["measurements"]
        self.assertEqual(len(runs), 1 + 2 * kept["pairs"], "all runs are there to see")
        self.assertEqual(len({run["tree"] for run in runs}), 2, "its own, and those of its reference")
        baseline = self.experiments[1]
        self.assertEqual(len(baseline["measurements"]), 3)
        self.assertEqual(baseline["score"], sum(run["score"] for run in baseline["measurements"]) / 3)

        shown = self.swarmlab("show", "21", cwd=self.lab).stdout
        self.assertIn("% sure that it is better", shown)
        worse = next(e for e in explored if len(e["measurements"]) == 1)
        self.assertIn("does not beat", worse["reason"], "one run is enough to say no")


if __name__ == "__main__":
    swarm.main()
