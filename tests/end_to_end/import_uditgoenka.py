"""A lab of uditgoenka/autoresearch, whose configuration is a block in a Markdown file.

Where ours differs on purpose: a candidate whose guard fails may be repaired before it is given up, as
its guide says (its protocol reverts at once); the guard runs before the measurement; the number is the
last one of the last line with a number, where its protocol has no rule.
"""
import json
import pathlib
import shutil

import swarm

LAB = pathlib.Path(__file__).parent.parent / "predecessors" / "uditgoenka"

AGENT = """
set -e
grep -q "Leave git, logs and repeating to the swarm" "$SWARMLAB_BRIEF"
grep -q "spell the numbers out" "$SWARMLAB_BRIEF"
case $SWARMLAB_EXPERIMENT in
  2) echo 'RULES = [("she", "1")]' > src/rules.py; why="a sign for she" ;;
  3) echo 'RULES = [("she", "1"), ("qu", "2")]' > src/rules.py; why="a sign for qu" ;;
  4) echo 'RULES = [("sea", "x"), ("she", "x")]' > src/rules.py; why="one sign for two" ;;
  5) echo 'RULES = [("she", "1"), (" sea"' > src/rules.py; why="half a line" ;;
  6) echo 'RULES = [("she", "1"), (" sea", "2")]' > src/rules.py; why="and one for sea" ;;
esac
printf '{"hypothesis": "%s"}' "$why" > "$SWARMLAB_OUTCOME"
"""


class Uditgoenka(swarm.OneLabTest):
    @classmethod
    def build(cls, stage):
        lab = stage.root / "packing"
        shutil.copytree(LAB, lab)
        (stage.root / "tools").mkdir()
        (stage.root / "tools" / "agent.sh").write_text(AGENT)
        stage.git(lab, "init", "-q", "-b", "main")
        stage.commit(lab, "a project with a block for the loop")
        stage.swarmlab("import", "--agent", f"sh {stage.root}/tools/agent.sh", cwd=lab)
        cls.changed = stage.git(lab, "status", "--porcelain")
        stage.commit(lab, "Let swarmlab run it")
        cls.output = stage.swarmlab("run", "--workers", "1", "--expose", stage.root / "tools", cwd=lab)
        stage.swarmlab("export", cwd=lab)
        return lab

    def test_import_reads_the_block(self):
        self.assertEqual(self.changed, "?? lab.toml")
        toml = (self.lab / "lab.toml").read_text()
        for line in ('editable = ["src/**/*.txt", "src/rules.py"]', "# autoresearch.md:8", 'name = "size_of_the_packed_text_in_bytes"',
                     'direction = "minimize"', "# autoresearch.md:9", "bash -c 'python3 tests/size.py | grep \"packed\"'",
                     "bash -c 'python3 tests/round_trip.py && echo \"it is the same text\"'", "max_iterations = 5"):
            self.assertIn(line, toml)

    def test_its_experiments_have_the_verdicts_that_its_own_rules_give(self):
        experiments = self.json("experiments", cwd=self.lab)
        self.assertEqual(swarm.verdicts(experiments), ["keep", "keep", "discard", "guard_failed", "guard_failed", "keep"],
                         self.output.stdout)
        self.assertEqual([e["score"] for e in experiments], [83, 77, 80, None, None, 73])
        self.assertIn("AssertionError", experiments[3]["reason"])

    def test_its_table_goes_on(self):
        path = "autoresearch/loop-251118-0930/loop-results.tsv"
        before = (LAB / path).read_text()
        table = self.git(self.lab, "show", f"swarmlab/packing:{path}") + "\n"
        self.assertTrue(table.startswith(before))
        rows = [line.split("\t") for line in table[len(before):].splitlines()]
        self.assertEqual({len(row) for row in rows}, {9})
        self.assertEqual([(row[0], row[3], row[4], row[5], row[7]) for row in rows],
                         [("2", "83", "+0", "pass", "baseline"), ("3", "77", "-6", "pass", "keep"), ("4", "80", "+3", "pass", "discard"),
                          ("5", "-", "+0", "fail", "discard"), ("6", "-", "+0", "fail", "discard"), ("7", "73", "-7", "pass", "keep")])
        self.assertEqual(rows[1][8], "a sign for she")

    def test_the_winner_is_exported(self):
        self.assertIn('(" sea", "2")', self.git(self.lab, "show", "swarmlab/packing:src/rules.py"))


class OtherConfigurations(swarm.SwarmTest):
    def make(self, files):
        lab = self.root / "lab"
        for path, text in {"src/a.txt": "1\n", **files}.items():
            (lab / path).parent.mkdir(parents=True, exist_ok=True)
            (lab / path).write_text(text)
        self.git(lab, "init", "-q")
        self.commit(lab, "it")
        return lab

    def test_the_handoff_of_a_plan_is_a_configuration_too(self):
        config = {"goal": "more", "scope": "src/*.txt", "metric": "count", "direction": "higher_is_better", "verify": "wc -l src/a.txt"}
        lab = self.make({"autoresearch/plan-251118-0900/handoff.json": json.dumps({"version": "2.1.0", "config": config})})
        self.swarmlab("import", cwd=lab)
        toml = (lab / "lab.toml").read_text()
        self.assertIn('editable = ["src/*.txt"]', toml)
        self.assertIn('direction = "maximize"', toml)
        self.assertIn("bash -c 'wc -l src/a.txt'", toml)

    def test_its_own_way_to_take_out_the_number_goes_before_the_last_number(self):
        lab = self.make({"NOTES.md": "Goal: more\nScope: src/**\nMetric: ops\nVerify: echo 'ops 5 of 9'\nExtract: ops (\\d+)\n"})
        self.swarmlab("import", "--agent", "true", cwd=lab)
        self.commit(lab, "Let swarmlab run it")
        self.assertEqual(self.json("eval", cwd=lab)["score"], 5)

    def test_a_text_that_only_speaks_of_goals_is_none(self):
        lab = self.make({"README.md": "Goal: be good\n\nVerify: it works\n"})
        self.assertIn("is no lab that import knows", self.swarmlab("import", cwd=lab, expect=1).stderr)


if __name__ == "__main__":
    swarm.main()
