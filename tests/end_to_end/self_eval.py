"""`swarmlab eval` and `diagnose` in an agent's workspace: what it would score, for its own eyes; what counts is measured
elsewhere."""
import re

import swarm

# Tells in its notes what it was told.
AGENT = """
echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
first=$(swarmlab eval --json 2>&1 | tr -d ' \\n"')
echo 1000 > artifact/value.txt
forged=$(swarmlab eval --json 2>&1 | tr -d ' \\n"')
echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
printf '{"hypothesis": "set it", "notes": "%s then %s"}' "$first" "$forged" > "$SWARMLAB_OUTCOME"
"""

BACKEND = """
from autoresearch_lab.harness.backend import EvalBackend, EvalResult, SampleResult


class EvalBackend(EvalBackend):
    def evaluate(self, pipeline_dir, data_dir, sample_ids=None):
        value = float((pipeline_dir / "value.txt").read_text())
        return EvalResult(score=100 - value, sample_results=[SampleResult("low", 1.0), SampleResult("high", value)])
"""

DIAGNOSES = """
echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
told=$(swarmlab diagnose --json 2>&1 | tr -d ' \\n"')
printf '{"hypothesis": "set it", "notes": "%s"}' "$told" > "$SWARMLAB_OUTCOME"
"""


class AnAgentsOwnEvaluation(swarm.SwarmTest):
    def test_by_a_command_is_that_of_what_is_there(self):
        lab = self.shell_lab(agent=AGENT, stop="max_iterations = 2")
        self.swarmlab("run", "--workers", "1", cwd=lab)
        for e in self.json("experiments", cwd=lab)[1:]:
            detail = self.json("show", e["number"], cwd=lab)
            own, forged = (float(score) for score in re.findall(r"score:([0-9.]+)", detail["notes"]))
            self.assertEqual(own, e["score"], detail)
            self.assertEqual(forged, 1000, detail)

    def test_by_a_backend_has_samples(self):
        lab = self.shell_lab(inside="labs/one", agent=DIAGNOSES, files={"backend.py": BACKEND, "AGENT.md": "", "lab.toml": """
            [lab]
            name = "lab"
            pipeline_dir = "artifact"
            [backend]
            [search]
            merge = false
            [agent]
            command = "sh agent.sh"
            """})
        self.swarmlab("run", "--workers", "1", "--max-iterations", "1", cwd=lab / "labs" / "one")
        notes = self.json("show", 2, cwd=lab)["notes"]
        self.assertRegex(notes, r"samples:\[\{id:high,score:2.*id:low,score:1", notes)


if __name__ == "__main__":
    swarm.main()
