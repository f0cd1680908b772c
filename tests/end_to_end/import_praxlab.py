"""A tree of leaves as PraxLab has it, with its database, from its untouched directory to the winners.

Where ours differs on purpose: the agent's verdict is a note beside the swarm's; ids are of the
experiment that the agent does, not of a database; the change of a reward is no new baseline by itself.
"""
import pathlib
import shutil
import sqlite3

import swarm

LAB = pathlib.Path(__file__).parent.parent / "predecessors" / "praxlab"

SCHEMA = """
CREATE TABLE hypotheses (id TEXT PRIMARY KEY, title TEXT NOT NULL, mechanism TEXT NOT NULL, status TEXT DEFAULT 'proposed', created_at TEXT NOT NULL);
CREATE TABLE experiments (id TEXT PRIMARY KEY, hypothesis_id TEXT REFERENCES hypotheses(id), task_id TEXT NOT NULL, status TEXT DEFAULT 'running', created_at TEXT NOT NULL);
CREATE TABLE results (experiment_id TEXT PRIMARY KEY REFERENCES experiments(id), metrics_json TEXT DEFAULT '{}', mechanism_confirmed INTEGER, theory_revision TEXT, verdict TEXT NOT NULL, created_at TEXT NOT NULL);
INSERT INTO hypotheses VALUES ('h1', 'ten times the data', 'more points, less noise', 'tested', '2025-11-18T10:00:00+00:00');
INSERT INTO experiments VALUES ('e1', 'h1', 'tinker-sl', 'discard', '2025-11-18T10:01:00+00:00');
INSERT INTO results VALUES ('e1', '{"eval_loss": 21.5}', 0, 'the points have no noise', 'discard', '2025-11-18T10:02:00+00:00');
INSERT INTO hypotheses VALUES ('h2', 'a longer prompt', 'says more', 'tested', '2025-11-18T11:00:00+00:00');
INSERT INTO experiments VALUES ('e2', 'h2', 'gepa', 'discard', '2025-11-18T11:01:00+00:00');
INSERT INTO results VALUES ('e2', '{"val_score": 0.5}', NULL, NULL, 'discard', '2025-11-18T11:02:00+00:00');
"""

# Does as program.md says, with its own program, by the path that it always had.
AGENT = """
set -e
grep -q "Leave git, logs and repeating to the swarm" "$SWARMLAB_BRIEF"
if [ -e train.py ]; then
  lab=../../lab
  grep -q "the points have no noise" "$SWARMLAB_BRIEF"
  ! grep -q "a longer prompt" "$SWARMLAB_BRIEF"
  case $SWARMLAB_EXPERIMENT in
    2) set -- "learn faster" "the loss still falls" 's/^LEARNING_RATE = .*/LEARNING_RATE = 0.1/' ;;
    3) set -- "diverge" "larger is better" 's/^LEARNING_RATE = .*/LEARNING_RATE = 9.0/' ;;
    *) set -- "no steps" "fewer is better" 's/^STEPS = .*/STEPS = 0/' ;;
  esac
  file=train.py
else
  lab=../lab
  set -- "ask for sources ($SWARMLAB_EXPERIMENT)" "they are wanted" "s/^PROMPT = .*/PROMPT = 'answer in short with sources $SWARMLAB_EXPERIMENT'/"
  file=optimize.py
fi
test "$($lab hypothesis "$1" --mechanism "$2")" = "h$SWARMLAB_EXPERIMENT"
test "$($lab experiment "h$SWARMLAB_EXPERIMENT")" = "e$SWARMLAB_EXPERIMENT"
! $lab experiment h999
$lab context > /tmp/context
head -n 1 /tmp/context | grep -Eq '^## Research Context: (tinker-sl|gepa)$'
case $SWARMLAB_EXPERIMENT in
  2) lab failures | grep -q '^No failures yet.$' ;;
  4) if [ $file = train.py ]; then
       grep -q '^  learn faster: keep | {"score":' /tmp/context
       $lab failures | grep -q '^- diverge.*: '
     fi ;;
esac
sed -i "$3" $file
test "$($lab result "e$SWARMLAB_EXPERIMENT" -v keep --metrics '{"x": 1}' --mechanism-confirmed --theory-revision "it was so")" = keep
"""


class Praxlab(swarm.OneLabTest):
    @classmethod
    def build(cls, stage):
        lab = stage.root / "labs"
        shutil.copytree(LAB, lab)
        (stage.root / "tools").mkdir()
        (stage.root / "tools" / "agent.sh").write_text(AGENT)
        stage.git(lab, "init", "-q", "-b", "main")
        stage.commit(lab, "a tree of leaves")
        (lab / "data").mkdir()
        database = sqlite3.connect(lab / "data" / "experiments.db")
        database.executescript(SCHEMA)
        database.close()
        stage.swarmlab("import", "--agent", f"sh {stage.root}/tools/agent.sh", cwd=lab)
        cls.changed = stage.git(lab, "status", "--porcelain")
        stage.commit(lab, "Let swarmlab run it")
        cls.output = stage.swarmlab("run", "--workers", "1", "--max-iterations", "3", "--expose", stage.root / "tools", cwd=lab)
        stage.swarmlab("export", "tinker/sl", cwd=lab)
        stage.swarmlab("export", "gepa", cwd=lab)
        return lab

    def test_each_leaf_is_a_lab_below_the_root(self):
        self.assertEqual(sorted(self.changed.splitlines()), ["?? gepa/lab.toml", "?? lab.toml", "?? tinker/sl/lab.toml"])
        self.assertIn("abstract = true", (self.lab / "lab.toml").read_text())
        toml = (self.lab / "tinker" / "sl" / "lab.toml").read_text()
        for line in ('editable = ["data.jsonl", "train.py"]', "# tinker/sl/program.md:13-14", 'name = "eval_loss"', 'direction = "minimize"',
                     "# tinker/sl/program.md:7", "python3 train.py", "# from tinker/sl/program.md:28"):
            self.assertIn(line, toml)
        toml = (self.lab / "gepa" / "lab.toml").read_text()
        for line in ('editable = ["optimize.py"]', 'name = "val_score"', 'direction = "maximize"', "python3 optimize.py"):
            self.assertIn(line, toml)

    def test_its_experiments_have_the_verdicts_that_its_own_rules_give(self):
        experiments = self.json("experiments", "tinker/sl", cwd=self.lab)
        self.assertEqual(swarm.verdicts(experiments)[:2], ["keep", "keep"], self.output.stdout)
        self.assertIn(experiments[2]["verdict"], ("crash", "invalid"), "it diverges")
        self.assertEqual(experiments[3]["verdict"], "discard")
        self.assertEqual(swarm.verdicts(self.json("experiments", "gepa", cwd=self.lab)), ["keep", "keep", "discard", "discard"])

    def test_what_its_agent_told_lab_is_in_the_swarms_memory(self):
        one = self.json("show", "2", "--lab", "tinker/sl", cwd=self.lab)
        self.assertEqual((one["hypothesis"], one["mechanism"], one["mechanismConfirmed"]), ("learn faster", "the loss still falls", True))
        self.assertIn("its agent says keep", one["notes"])
        self.assertIn("it was so", one["notes"])

    def test_its_database_is_told_to_agents_leaf_by_leaf(self):
        self.assertIn("tinker/sl: hint 1 tells agents what was tried before", self.output.stderr)
        hints = self.swarmlab("hint", "gepa", "--list", cwd=self.lab).stdout
        self.assertIn("a longer prompt", hints)
        self.assertNotIn("ten times the data", hints)

    def test_its_tables_go_on_and_the_winners_are_exported(self):
        table = self.git(self.lab, "show", "swarmlab/tinker-sl:tinker/sl/results.tsv").splitlines()
        self.assertEqual(table[:2], ["commit\teval_loss\tstatus\tdescription", "9a8b7c6\t21.5000\tkeep\tbaseline"])
        rows = [line.split("\t") for line in table[2:]]
        self.assertEqual([row[2:] for row in rows][:2], [["keep", "baseline"], ["keep", "learn faster"]])
        self.assertIn("LEARNING_RATE = 0.1", self.git(self.lab, "show", "swarmlab/tinker-sl:tinker/sl/train.py"))
        self.assertIn("with sources", self.git(self.lab, "show", "swarmlab/gepa:gepa/optimize.py"))


if __name__ == "__main__":
    swarm.main()
