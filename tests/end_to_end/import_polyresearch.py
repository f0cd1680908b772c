"""A lab of polyresearch, from its untouched directory to the winner.

Its rule: a candidate counts if its metric beats the baseline by more than metric_tolerance, and the best
accepted one. Ours: it beats the best by metric_tolerance. So a step that is within the tolerance of the
best is a discard here too, even if it beats the first baseline by far. Theses, claims and reviews are
the swarm's business: parents, leases and repeated runs.
"""
import pathlib
import shutil

import swarm

LAB = pathlib.Path(__file__).parent.parent / "predecessors" / "polyresearch"

AGENT = """
set -e
grep -q "Leave git, logs and repeating to the swarm" "$SWARMLAB_BRIEF"
grep -q "A clock hand: index error" "$SWARMLAB_BRIEF"
give_up() { sed -i "s/^            .*\\(popitem\\|del\\|return\\).*/            $1/" cache.py; }
case $SWARMLAB_EXPERIMENT in
  2) give_up 'return'; why="give up nothing" ;;
  3) give_up 'del self.keys[min(self.keys, key=self.keys.get)]'; why="give up what was hit least" ;;
  4) give_up 'del self.keys[next(iter(self.keys))]'; why="give up the oldest" ;;
  5) give_up 'return'; printf '        self.keys[0] = self.missing\\n' >> cache.py; why="a name that is not there" ;;
  6) echo 'print("hit_rate: 1.0")' > .polyresearch/evaluate.py || echo 'x = 1' > policies/oracle.py || true; why="print it" ;;
  7) give_up 'del self.keys[min(self.keys, key=lambda one: (self.keys[one], -one))]'; why="of those the largest" ;;
esac
printf '{"hypothesis": "%s"}' "$why" > "$SWARMLAB_OUTCOME"
"""


class Polyresearch(swarm.OneLabTest):
    @classmethod
    def build(cls, stage):
        lab = stage.root / "cache"
        shutil.copytree(LAB, lab)
        (stage.root / "tools").mkdir()
        (stage.root / "tools" / "agent.sh").write_text(AGENT)
        stage.git(lab, "init", "-q", "-b", "main")
        stage.commit(lab, "a project of polyresearch")
        stage.swarmlab("import", "--agent", f"sh {stage.root}/tools/agent.sh", cwd=lab)
        cls.changed = stage.git(lab, "status", "--porcelain")
        stage.commit(lab, "Let swarmlab run it")
        cls.output = stage.swarmlab("run", "--workers", "1", "--max-iterations", "6", "--expose", stage.root / "tools", cwd=lab)
        stage.swarmlab("export", cwd=lab)
        return lab

    def test_import_reads_both_files(self):
        self.assertEqual(self.changed, "?? lab.toml")
        toml = (self.lab / "lab.toml").read_text()
        for line in ('editable = ["cache.py", "policies/**"]', "# PROGRAM.md:21-22",
                     'frozen = [".polyresearch/**", "PREPARE.md", "results.tsv", "policies/oracle.py", "POLYRESEARCH.md"]',
                     'name = "hit_rate"', 'direction = "maximize"', "# PROGRAM.md:7", "min_improvement = 0.05", "# PROGRAM.md:6",
                     "python3 .polyresearch/evaluate.py > run.log 2>&1", "# from PREPARE.md:17, PREPARE.md:34", 'timeout = "60s"',
                     "cpus = 1", 'memory = "1GiB"'):
            self.assertIn(line, toml)

    def test_its_experiments_have_the_verdicts_that_its_own_rules_give(self):
        experiments = self.json("experiments", cwd=self.lab)
        self.assertEqual(swarm.verdicts(experiments), ["keep", "discard", "keep", "discard", "crash", "no_change", "discard"],
                         self.output.stdout)
        self.assertEqual([e["score"] for e in experiments], [0.3325, 0.36, 0.4825, 0.285, None, None, 0.4975])
        self.assertEqual(experiments[0]["metrics"], {"entries": 16, "requests": 400})
        self.assertIn("AttributeError", experiments[4]["reason"])

    def test_its_table_goes_on(self):
        before = (LAB / "results.tsv").read_text()
        table = self.git(self.lab, "show", "swarmlab/cache:results.tsv") + "\n"
        self.assertTrue(table.startswith(before))
        rows = [line.split("\t") for line in table[len(before):].splitlines()]
        self.assertEqual([row[2:] for row in rows],
                         [["0.3325", "0.3325", "accepted", "baseline"], ["0.3600", "0.3325", "discarded", "give up nothing"],
                          ["0.4825", "0.3325", "accepted", "give up what was hit least"],
                          ["0.2850", "0.4825", "discarded", "give up the oldest"],
                          ["0.0000", "0.4825", "crashed", rows[4][5]], ["0.4975", "0.4825", "discarded", "of those the largest"]])

    def test_the_winner_is_exported(self):
        self.assertIn("key=self.keys.get", self.git(self.lab, "show", "swarmlab/cache:cache.py"))


class Unsaid(swarm.SwarmTest):
    def test_without_a_tolerance_import_asks_for_one(self):
        lab = self.root / "cache"
        shutil.copytree(LAB, lab)
        program = lab / "PROGRAM.md"
        program.write_text(program.read_text().replace("metric_tolerance: 0.05\n", ""))
        self.git(lab, "init", "-q")
        self.commit(lab, "it")
        refused = self.swarmlab("import", cwd=lab, expect=1).stderr
        self.assertIn("PROGRAM.md has no metric_tolerance: give it by --set 'metric.min_improvement=0.01'", refused)
        self.swarmlab("import", "--set", "metric.min_improvement=0.02", cwd=lab)
        self.assertIn("min_improvement = 0.02", (lab / "lab.toml").read_text())


if __name__ == "__main__":
    swarm.main()
