"""A lab of Autoresearch Lab with its lab.toml untouched: import gives it an agent, from above.

Where ours differs on purpose: its agent's verdict is a note; the score is measured apart from what the
agent saw of `arl eval`; a crash is a verdict, not a restart.
"""
import csv
import io
import json
import pathlib
import shutil

import swarm

LAB = pathlib.Path(__file__).parent.parent / "predecessors" / "autoresearch_lab"

SAMPLES = [("a", "since 1990", 1990), ("b", "in 2004 it was", 2004), ("c", "'87", 1987)]

# As its instructions say: diagnose, one change, eval, verdict.
AGENT = """
set -e
grep -q "Leave git, logs and repeating to the swarm" "$SWARMLAB_BRIEF"
grep -q "guess the year" "$SWARMLAB_BRIEF"
arl diagnose --data /workspace/data --top 1 > /tmp/worst
digits='import re\\n\\n\\ndef year(text):\\n    found = re.search(r"\\\\d{4}", text)\\n    return int(found[0]) if found else 0\\n'
case $SWARMLAB_EXPERIMENT in
  2) grep -q '"sample_id": "b"' /tmp/worst; printf "$digits" > pipeline/extract.py; notes="four digits" ;;
  3) grep -q '"sample_id": "c"' /tmp/worst; printf 'def year(text):\\n    return 2004\\n' > pipeline/extract.py; notes="always 2004" ;;
  4) printf 'def year(text):\\n    raise ValueError(text)\\n' > pipeline/extract.py; notes="raise" ;;
esac
arl eval --data /workspace/data > /tmp/eval || test "$SWARMLAB_EXPERIMENT" = 4
test "$SWARMLAB_EXPERIMENT" != 2 || grep -q '"num_samples": 3' /tmp/eval
arl results --last 1 | grep -q score=
test "$(arl verdict --action keep --notes "$notes" --verdict-path /workspace/verdicts/verdict.json)" = keep
"""


class AutoresearchLab(swarm.OneLabTest):
    @classmethod
    def build(cls, stage):
        repository = stage.root / "repository"
        lab = repository / "labs" / "dates"
        shutil.copytree(LAB, lab)
        (stage.root / "tools").mkdir()
        (stage.root / "tools" / "agent.sh").write_text(AGENT)
        (stage.root / "data").mkdir()
        (stage.root / "data" / "samples.jsonl").write_text(
            "".join(json.dumps({"id": i, "text": text, "year": year}) + "\n" for i, text, year in SAMPLES))
        stage.git(repository, "init", "-q", "-b", "main")
        stage.commit(repository, "a lab of arl")
        cls.imported = stage.swarmlab("import", "--agent", f"sh {stage.root}/tools/agent.sh", cwd=lab)
        cls.changed = stage.git(repository, "status", "--porcelain")
        stage.commit(repository, "Let swarmlab run it")
        cls.output = stage.swarmlab("run", "--workers", "1", "--max-iterations", "3", "--data", stage.root / "data", "--expose",
                                    stage.root / "tools", cwd=lab)
        stage.swarmlab("export", cwd=lab)
        return repository

    def test_its_own_file_stays_and_the_root_gets_one_with_an_agent(self):
        self.assertEqual(self.changed, "?? lab.toml")
        self.assertIn("Autoresearch Lab: lab.toml:7, backend.py, results.tsv", self.imported.stderr)
        self.assertIn("abstract = true", (self.lab / "lab.toml").read_text())
        self.assertEqual((self.lab / "labs" / "dates" / "lab.toml").read_text(), (LAB / "lab.toml").read_text())

    def test_its_experiments_have_the_verdicts_that_its_own_rules_give(self):
        experiments = self.json("experiments", cwd=self.lab)
        self.assertEqual(swarm.verdicts(experiments), ["keep", "keep", "discard", "crash"], self.output.stdout)
        self.assertEqual([e["hypothesis"] for e in experiments[1:]], ["four digits", "always 2004", "raise"])
        self.assertIn("its agent says keep", self.json("show", "3", cwd=self.lab)["notes"])

    def test_its_table_goes_on_and_the_winner_is_exported(self):
        branch = self.git(self.lab, "for-each-ref", "--format=%(refname:short)", "refs/heads/swarmlab")
        text = self.git(self.lab, "show", f"{branch}:labs/dates/results.tsv")
        rows = list(csv.DictReader(io.StringIO(text), delimiter="\t"))
        self.assertEqual([(row["experiment_id"], row["kept"], row["notes"].split(" (")[0]) for row in rows],
                         [("exp_004", "no", "guess the year"), ("exp_005", "yes", "baseline"), ("exp_006", "yes", "four digits"),
                          ("exp_007", "no", "always 2004"), ("exp_008", "no", "raise")])
        self.assertIn("re.search", self.git(self.lab, "show", f"{branch}:labs/dates/pipeline/extract.py"))


if __name__ == "__main__":
    swarm.main()
