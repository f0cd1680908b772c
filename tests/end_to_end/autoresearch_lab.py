"""A lab as Autoresearch Lab has it: [lab] and [backend] only. All that is added is an agent."""
import csv
import io

import swarm

LAB_TOML = """
[lab]
name = "ocr"

[backend]
module = "backend.py"
class = "Backend"

[agent]
command = "sh agent.sh"
"""

BACKEND = """
from pathlib import Path

from autoresearch_lab.harness.backend import EvalBackend, EvalResult, SampleResult


class Backend(EvalBackend):
    def setup(self):
        self.is_ready = True

    def evaluate(self, pipeline_dir: Path, data_dir: Path, sample_ids=None) -> EvalResult:
        assert self.is_ready
        threshold = float((pipeline_dir / "threshold.txt").read_text())
        samples = []
        for name in sample_ids or ["a", "b", "c"]:
            wanted = {"a": 0.1, "b": 0.5, "c": 0.9}[name]
            error = "too far off" if abs(threshold - wanted) > 0.5 else None
            samples.append(SampleResult(sample_id=name, score=abs(threshold - wanted), error=error,
                                        extra={"wanted": wanted, "text": "Straße"}))
        score = sum(sample.score for sample in samples) / len(samples)
        return EvalResult(score=score, metrics={"samples": float(len(samples))}, sample_results=samples)

    def teardown(self):
        pass
"""

# As an agent of Autoresearch Lab would: reads its instructions and its table where they always were.
AGENT = """
set -e
grep -q "Lower is better" AGENT.md
head -n 1 results.tsv | grep -q experiment_id
case $SWARMLAB_EXPERIMENT in
  2) echo 0.5 > pipeline/threshold.txt ;;
  *) echo 2.0 > pipeline/threshold.txt ;;
esac
"""


class AutoresearchLab(swarm.OneLabTest):
    @classmethod
    def build(cls, stage):
        lab = stage.shell_lab(inside="labs/ocr", agent=AGENT, files={
            "lab.toml": LAB_TOML, "backend.py": BACKEND, "AGENT.md": "# ocr\nLower is better.\n",
            "results.tsv": "", "pipeline/threshold.txt": "0.9\n"})
        cls.output = stage.swarmlab("run", "--workers", "1", "--max-iterations", "2", cwd=lab / "labs" / "ocr").stdout
        return lab

    def test_it_runs_as_it_is_and_less_is_better(self):
        experiments = self.json("experiments", cwd=self.lab)
        self.assertEqual(swarm.verdicts(experiments), ["keep", "keep", "discard"], self.output)
        for experiment, score in zip(experiments, (0.4, 0.8 / 3, 1.5)):
            self.assertAlmostEqual(experiment["score"], score)
        self.assertEqual(experiments[0]["metrics"], {"samples": 3})

    def test_samples_are_stored_with_each_experiment_the_worst_first(self):
        samples = self.json("show", "1", cwd=self.lab)["samples"]
        self.assertEqual([s["id"] for s in samples], ["a", "b", "c"])
        self.assertAlmostEqual(samples[0]["score"], 0.8)
        self.assertEqual([s["error"] for s in samples], ["too far off", "", ""])
        self.assertEqual(samples[0]["extra"], {"wanted": 0.1, "text": "Straße"})
        text = self.swarmlab("show", "1", cwd=self.lab).stdout
        self.assertIn("too far off", text)

    def test_diagnose_tells_the_samples_of_the_working_tree_the_worst_first(self):
        told = self.json("diagnose", cwd=self.lab / "labs" / "ocr")
        self.assertEqual([s["id"] for s in told["samples"]], ["a", "b", "c"])
        self.assertAlmostEqual(told["score"], 0.4)
        one = self.json("diagnose", "--sample", "b", cwd=self.lab / "labs" / "ocr")
        self.assertEqual([s["id"] for s in one["samples"]], ["b"])
        self.assertAlmostEqual(one["score"], 0.4)

    def test_eval_scores_the_working_tree(self):
        threshold = self.lab / "labs" / "ocr" / "pipeline" / "threshold.txt"
        threshold.write_text("0.5\n")
        self.addCleanup(threshold.write_text, "0.9\n")
        self.assertAlmostEqual(self.json("eval", cwd=self.lab / "labs" / "ocr")["score"], 0.8 / 3)

    def test_results_are_its_table(self):
        text = self.swarmlab("results", "--format", "tsv", cwd=self.lab).stdout
        rows = list(csv.DictReader(io.StringIO(text), delimiter="\t"))
        self.assertEqual([(row["experiment_id"], row["score"], row["metrics"], row["kept"]) for row in rows],
                         [("exp_001", "0.400000", '{"samples": 3.0}', "yes"), ("exp_002", "0.266667", '{"samples": 3.0}', "yes"),
                          ("exp_003", "1.500000", '{"samples": 3.0}', "no")])


class BrokenBackend(swarm.SwarmTest):
    def run_with(self, body, name):
        lab = self.shell_lab(name=name, agent="echo 2 > pipeline/x", files={
            "lab.toml": LAB_TOML, "AGENT.md": "", "pipeline/x": "1\n", "pipeline/y": "1\n",
            "backend.py": "from autoresearch_lab.harness.backend import EvalBackend, EvalResult\n\n\n"
                          "class Backend(EvalBackend):\n"
                          "    def evaluate(self, pipeline_dir, data_dir, sample_ids=None):\n"
                          "        if (pipeline_dir / 'x').read_text() == '1\\n':\n"
                          "            return EvalResult(score=1.0)\n"
                          f"        {body}\n"})
        self.swarmlab("run", "--workers", "1", "--max-iterations", "1", cwd=lab)
        return self.json("experiments", cwd=lab)[1]

    def test_a_backend_that_raises_is_a_crash_with_its_exception(self):
        crash = self.run_with('raise ValueError("no such glyph")', "raises")
        self.assertEqual(crash["verdict"], "crash")
        self.assertIn("ValueError: no such glyph", crash["reason"])

    def test_a_backend_that_gives_no_finite_score_is_invalid(self):
        invalid = self.run_with('return EvalResult(score=float("nan"))', "nan")
        self.assertEqual(invalid["verdict"], "invalid")
        self.assertIn("score is nan, expected a finite number", invalid["reason"])

    def test_a_backend_that_gives_something_else_is_invalid(self):
        invalid = self.run_with("return 0.5", "else")
        self.assertEqual(invalid["verdict"], "invalid", invalid["reason"])
        self.assertIn("EvalResult", invalid["reason"])


if __name__ == "__main__":
    swarm.main()
