"""A lab of karpathy/autoresearch, from its untouched directory to the winner.

Where ours differs from its rules on purpose: its agent reads the score from its own log and decides
itself, ours is measured twice by the swarm (the noise of the baseline) and decided by it; its agent
commits and resets, ours only edits; a crash is recorded with the words of the program.
"""
import pathlib
import shutil
import subprocess
import sys

import swarm

LAB = pathlib.Path(__file__).parent.parent / "predecessors" / "karpathy"

# A history as program.md asks for: untracked.
RESULTS = ("commit\tval_bpb\tmemory_gb\tstatus\tdescription\n"
           "a1b2c3d\t2.931000\t2.0\tkeep\tbaseline\n"
           "b2c3d4e\t3.100000\t2.0\tdiscard\ta bigram of words\n"
           "c3d4e5f\t0.000000\t0.0\tcrash\tdouble the width (out of memory)\n")

# As its agent would, one change at a time. It also does what the swarm keeps from it: prepare.py.
AGENT = """
set -e
grep -q "Leave git, logs and repeating to the swarm" "$SWARMLAB_BRIEF"
grep -q "a bigram of words" "$SWARMLAB_BRIEF"
case $SWARMLAB_EXPERIMENT in
  2) sed -i 's/^SMOOTHING = .*/SMOOTHING = 1.0/' train.py; why="smooth less" ;;
  3) sed -i 's/^SMOOTHING = .*/SMOOTHING = 64.0/' train.py; why="smooth more" ;;
  4) sed -i 's/^DEPTH = .*/raise MemoryError/' train.py; why="ten times the depth" ;;
  5) sed -i 's/^val_bpb = .*/val_bpb = 1000.0/' train.py; why="diverge" ;;
  6) sed -i 's/^MAX_STEPS = .*/MAX_STEPS = 4000/' prepare.py || true; why="a longer budget" ;;
  7) sed -i 's/^DEPTH = .*/DEPTH = 16/; s/^SMOOTHING = .*/SMOOTHING = 0.2/' train.py; why="deeper" ;;
esac
printf '{"hypothesis": "%s"}' "$why" > "$SWARMLAB_OUTCOME"
"""

# In the place of uv, which has no network in a sandbox: the interpreter that it would start.
UV = "#!/bin/sh\n[ \"$1\" = run ] && shift && exec python3 \"$@\"\n"


class Karpathy(swarm.OneLabTest):
    @classmethod
    def build(cls, stage):
        lab = stage.root / "nano"
        shutil.copytree(LAB, lab)
        tools = stage.root / "tools"
        (tools / "bin").mkdir(parents=True)
        (tools / "agent.sh").write_text(AGENT)
        (tools / "bin" / "uv").write_text(UV)
        (tools / "bin" / "uv").chmod(0o755)
        home = {"HOME": str(stage.root)}
        subprocess.run([sys.executable, "prepare.py"], cwd=lab, check=True, env={"PATH": "/usr/bin:/bin", **home})
        stage.git(lab, "init", "-q", "-b", "autoresearch/nov21")
        stage.commit(lab, "a lab that knows nothing of swarmlab")
        (lab / "results.tsv").write_text(RESULTS)
        cls.cache = stage.root / ".cache" / "autoresearch"
        cls.refused = stage.swarmlab("run", cwd=lab, expect=1).stderr
        cls.dry = stage.swarmlab("import", "--dry-run", cwd=lab, env=home)
        cls.tree_before = sorted(p.name for p in lab.iterdir())
        cls.imported = stage.swarmlab("import", "--agent", f"sh {tools}/agent.sh", cwd=lab, env=home)
        cls.tree_after = sorted(p.name for p in lab.iterdir())
        cls.again = stage.swarmlab("import", "--agent", "sh other.sh", cwd=lab, env=home)
        stage.commit(lab, "Let swarmlab run it")
        cls.output = stage.swarmlab("run", "--workers", "1", "--max-iterations", "6", "--expose", tools, cwd=lab, env=home)
        cls.export = stage.swarmlab("export", cwd=lab)
        return lab

    def test_run_says_that_import_is_what_it_needs(self):
        self.assertIn("is a lab of karpathy/autoresearch: swarmlab import writes one", self.refused)

    def test_import_says_where_each_setting_comes_from_and_writes_lab_toml_alone(self):
        self.assertNotIn("lab.toml", self.tree_before)
        self.assertEqual([name for name in self.tree_after if name not in self.tree_before], ["lab.toml"])
        toml = (self.lab / "lab.toml").read_text()
        for line in ('agent_instructions = "program.md"', 'editable = ["train.py"]', 'name = "val_bpb"', 'direction = "minimize"',
                     f'data = "path:{self.cache}"', "uv run train.py", 'timeout = "10m"', "max_iterations = 0"):
            self.assertIn(line, toml)
        self.assertNotIn("gpus", toml, "it names no GPU")
        for place in ("program.md:10", "program.md:58", "prepare.py:6"):
            self.assertIn(place, toml)
            self.assertIn(place, self.imported.stderr)
        self.assertIn('name = "val_bpb"', self.dry.stdout)

    def test_a_lab_toml_that_is_there_stays_as_it_is(self):
        self.assertIn("lab.toml is there: left as it is", self.again.stderr)
        self.assertNotIn("other.sh", (self.lab / "lab.toml").read_text())

    def test_its_experiments_have_the_verdicts_that_its_own_rules_give(self):
        experiments = self.json("experiments", cwd=self.lab)
        self.assertEqual(swarm.verdicts(experiments),
                         ["keep", "keep", "discard", "crash", "crash", "no_change", "keep"], self.output.stdout)
        self.assertEqual(experiments[0]["metrics"]["peak_vram_mb"], 2048)
        self.assertIn("MemoryError", experiments[3]["reason"])
        self.assertIn("FAIL", experiments[4]["reason"])

    def test_its_history_is_told_to_agents_and_its_table_goes_on(self):
        self.assertIn("tells agents what was tried before the swarm", self.output.stderr)
        table = self.git(self.lab, "show", "swarmlab/nano:results.tsv") + "\n"
        self.assertTrue(table.startswith(RESULTS), table)
        rows = [line.split("\t") for line in table[len(RESULTS):].splitlines()]
        self.assertEqual([(row[2], row[3], row[4]) for row in rows][:3],
                         [("2.0", "keep", "baseline"), ("2.0", "keep", "smooth less"), ("2.0", "discard", "smooth more")])
        self.assertEqual([(row[1], row[2], row[3]) for row in rows][3:5], [("0.000000", "0.0", "crash")] * 2)
        self.assertEqual(rows[5][2:], ["4.0", "keep", "deeper"])
        self.assertEqual({len(row) for row in rows}, {5})
        self.assertEqual(len(rows), 6, "what changed nothing has no commit, so no row")

    def test_the_winner_is_exported_and_an_export_that_came_back_is_not_told_twice(self):
        self.assertIn("SMOOTHING = 0.2", self.git(self.lab, "show", "swarmlab/nano:train.py"))
        table = self.git(self.lab, "show", "swarmlab/nano:results.tsv") + "\n"
        (self.lab / "results.tsv").write_text(table)
        self.swarmlab("export", cwd=self.lab)
        self.assertEqual(self.git(self.lab, "show", "swarmlab/nano:results.tsv") + "\n", table)


class KarpathyOnGpus(swarm.SwarmTest):
    def test_a_lab_that_asks_for_a_gpu_gets_one_for_each_experiment(self):
        lab = self.root / "nano"
        shutil.copytree(LAB, lab)
        (lab / "train.py").write_text('import torch\ndevice = torch.device("cuda")\n')
        self.git(lab, "init", "-q")
        self.commit(lab, "it")
        done = self.swarmlab("import", cwd=lab, env={"HOME": str(self.root)})
        toml = (lab / "lab.toml").read_text()
        self.assertIn("gpus = 1", toml)
        self.assertIn("train.py:2", toml)
        self.assertIn("one GPU of its own", done.stderr)
        self.assertIn("~/.cache/autoresearch, which is not there", done.stderr)


if __name__ == "__main__":
    swarm.main()
