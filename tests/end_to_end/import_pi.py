"""A lab of pi-autoresearch, in .auto/ and in the older layout, from its directory to the winner.

Where ours differs on purpose: the checks run before the measurement, not after it, and an agent may
repair what they refuse; the measuring scripts are frozen; the metric comes from the METRIC lines, not
from what the agent says; a file off limits cannot be written.
"""
import json
import pathlib
import shutil

import swarm

LAB = pathlib.Path(__file__).parent.parent / "predecessors" / "pi"

AGENT = """
set -e
grep -q "Leave git, logs and repeating to the swarm" "$SWARMLAB_BRIEF"
grep -q "merge sort was not tried yet" "$SWARMLAB_BRIEF"
grep -q "sort by hashing" "$SWARMLAB_BRIEF"
head='def sort(words):\\n    '
case $SWARMLAB_EXPERIMENT in
  2) printf 'from bisect import insort\\n\\n\\n'"$head"'done = []\\n    for word in words:\\n        insort(done, word)\\n    return done\\n' > src/sort.py; why="binary insertion" ;;
  3) printf "$head"'return list(words)\\n' > src/sort.py; why="do not sort" ;;
  4) printf "$head"'assert len(words) < 10\\n    return sorted(words)\\n' > src/sort.py; why="only short texts" ;;
  5) echo 'TEXT = "a"' > src/words/fixed.py || true; why="a shorter text" ;;
  6) printf "$head"'return sorted(sorted(words, reverse=True) + [])[:] if sorted(words) else words\\n' > src/sort.py; why="sort three times" ;;
  7) printf "$head"'return sorted(words, key=lambda word: str(word))\\n' > src/sort.py; why="compare plain texts" ;;
esac
printf '{"hypothesis": "%s"}' "$why" > "$SWARMLAB_OUTCOME"
"""


class PiLab(swarm.OneLabTest):
    @classmethod
    def build(cls, stage):
        lab = stage.root / "words"
        shutil.copytree(LAB, lab)
        (stage.root / "tools").mkdir()
        (stage.root / "tools" / "agent.sh").write_text(AGENT)
        stage.git(lab, "init", "-q", "-b", "main")
        stage.commit(lab, "a session of pi")
        cls.imported = stage.swarmlab("import", "--agent", f"sh {stage.root}/tools/agent.sh", cwd=lab)
        cls.changed = stage.git(lab, "status", "--porcelain")
        stage.commit(lab, "Let swarmlab run it")
        cls.output = stage.swarmlab("run", "--workers", "1", "--hooks", "--expose", stage.root / "tools", cwd=lab)
        stage.swarmlab("export", cwd=lab)
        cls.journal = (stage.root / "journal.txt").read_text().splitlines()
        return lab

    def log(self):
        return [json.loads(line) for line in self.git(self.lab, "show", "swarmlab/words:.auto/log.jsonl").splitlines()]

    def test_import_reads_prompt_log_and_config(self):
        self.assertEqual(self.changed, "?? lab.toml")
        toml = (self.lab / "lab.toml").read_text()
        for line in ('editable = ["src/sort.py", "src/words/**"]', "# .auto/prompt.md:18-19",
                     'frozen = ["src/words/fixed.py", ".auto/**"]', "# .auto/prompt.md:23", 'name = "comparisons"', "# .auto/log.jsonl:1",
                     "bash .auto/measure.sh 2>&1", "bash .auto/checks.sh 2>&1", 'timeout = "10m"', 'timeout = "5m"', "max_iterations = 6"):
            self.assertIn(line, toml)

    def test_its_experiments_have_the_verdicts_that_its_own_rules_give(self):
        experiments = self.json("experiments", cwd=self.lab)
        self.assertEqual(swarm.verdicts(experiments),
                         ["keep", "keep", "guard_failed", "crash", "no_change", "discard", "keep"], self.output.stdout)
        self.assertEqual(experiments[0]["metrics"], {"lines": 9}, "METRIC lines on stderr count, too")
        self.assertIn("AssertionError", experiments[2]["reason"])
        self.assertEqual(experiments[6]["score"], 0)

    def test_its_log_goes_on_as_a_segment_of_its_own(self):
        log = self.log()
        self.assertEqual(log[:4], [json.loads(line) for line in (LAB / ".auto" / "log.jsonl").read_text().splitlines()])
        self.assertEqual(log[4], {"type": "config", "name": "sort words faster", "metricName": "comparisons", "metricUnit": "",
                                  "bestDirection": "lower"})
        runs = log[5:]
        self.assertEqual([(run["run"], run["segment"], run["status"], run["description"]) for run in runs][:2],
                         [(3, 1, "keep", "baseline"), (4, 1, "keep", "binary insertion")])
        self.assertEqual([run["status"] for run in runs], ["keep", "keep", "checks_failed", "crash", "discard", "keep"])
        self.assertEqual(runs[0]["confidence"], None)
        self.assertEqual(runs[3]["metric"], 0, "a crash has no metric")
        self.assertTrue(all(len(run["commit"]) == 7 and run["timestamp"] > 1.7e12 for run in runs))

    def test_hooks_run_with_its_line_of_json_and_their_words_reach_agents(self):
        self.assertEqual([line.split()[:3] for line in self.journal],
                         [["after", "3", "keep"], ["after", "4", "keep"], ["after", "5", "checks_failed"], ["after", "6", "crash"],
                          ["after", "7", "discard"], ["after", "8", "keep"]])
        self.assertTrue(self.journal[-1].endswith("best 0 of 6"), self.journal)

    def test_the_winner_is_exported(self):
        self.assertIn("str(word)", self.git(self.lab, "show", "swarmlab/words:src/sort.py"))


class OlderLayout(swarm.SwarmTest):
    def test_flat_files_are_read_as_the_newer_ones(self):
        lab = self.root / "flat"
        lab.mkdir()
        (lab / "autoresearch.sh").write_text('echo "METRIC total_µs=$(cat value)"\n')
        (lab / "autoresearch.md").write_text("# Autoresearch: faster\n\n## Metrics\n- **Primary**: total_µs (µs, lower is better)\n\n"
                                             "## Files in Scope\n- `value`\n")
        (lab / "autoresearch.hooks").mkdir()
        (lab / "autoresearch.hooks" / "after.sh").write_text("touch ../ran\n")
        (lab / "autoresearch.hooks" / "after.sh").chmod(0o755)
        (lab / "value").write_text("5\n")
        self.git(lab, "init", "-q", "-b", "main")
        self.commit(lab, "it")
        self.swarmlab("import", "--agent", 'printf %s\\\\n "$((6 - SWARMLAB_EXPERIMENT))" > value', cwd=lab)
        self.assertIn('name = "total_µs"', (lab / "lab.toml").read_text())
        self.commit(lab, "Let swarmlab run it")
        done = self.swarmlab("run", "--workers", "1", "--max-iterations", "2", cwd=lab)
        self.assertIn("its hooks are left out; --hooks runs them", done.stderr)
        self.assertFalse((self.root / "ran").exists(), "a script of the lab ran outside of any sandbox")
        self.assertEqual([e["score"] for e in self.json("experiments", cwd=lab)], [5, 4, 3])
        self.swarmlab("export", cwd=lab)
        log = [json.loads(line) for line in self.git(lab, "show", "swarmlab/flat:autoresearch.jsonl").splitlines()]
        self.assertEqual([record.get("metric", record.get("metricName")) for record in log], ["total_µs", 5, 4, 3])
        self.assertEqual(log[3]["confidence"], 2, "|3 - 5| in median absolute deviations of 5, 4, 3")

    def test_what_no_file_says_is_asked_for(self):
        lab = self.root / "bare"
        (lab / ".auto").mkdir(parents=True)
        (lab / ".auto" / "measure.sh").write_text("echo METRIC ms=1\n")
        (lab / "x").write_text("1\n")
        self.git(lab, "init", "-q")
        self.commit(lab, "it")
        refused = self.swarmlab("import", cwd=lab, expect=1).stderr
        self.assertIn("says what the metric is: give it by --set 'metric.name=total_ms' --set 'metric.direction=minimize'", refused)
        self.assertIn("pi does not know which model to use: give it by --set 'agent.model=gpt-5'", refused)
        self.assertFalse((lab / "lab.toml").exists())
        self.swarmlab("import", "--set", "metric.name=ms", "--set", "metric.direction=minimize", "--set", "agent.model=gpt-5", cwd=lab)
        toml = (lab / "lab.toml").read_text()
        self.assertIn('kind = "pi"', toml)
        self.assertIn('editable = ["**"]', toml)


if __name__ == "__main__":
    swarm.main()
