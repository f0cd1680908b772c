"""`swarmlab export`: what won, as a branch of the user's repository, and nothing else."""
import csv
import io
import subprocess

import swarm

# #2 is kept, #3 is dropped, #4 and #5 are kept: the chain is 1, 2, 4, 5.
AGENT = r"""
test "$SWARMLAB_EXPERIMENT" = 3 && value=0 || value=$SWARMLAB_EXPERIMENT
echo "$value" > artifact/value.txt
printf '{"hypothesis": "Set it to %s", "mechanism": "More is better", "notes": "Took a while"}' "$value" > "$SWARMLAB_OUTCOME"
"""


class Exports(swarm.OneLabTest):
    @classmethod
    def build(cls, stage):
        lab = stage.shell_lab(agent=AGENT, inside="labs/one", stop="max_iterations = 4",
                              files={"../../src/main.c": "int main() {}\n"})
        stage.swarmlab("run", "labs/one", "--workers", "1", cwd=lab)
        return lab

    def exported(self, *flags):
        return self.json("export", *flags, cwd=self.lab / "labs" / "one")

    def state(self):
        git = self.lab / ".git"
        return {"head": (git / "HEAD").read_text(), "index": (git / "index").read_bytes(),
                "status": self.git(self.lab, "status", "--porcelain", "--untracked-files=all"),
                "main": self.git(self.lab, "rev-parse", "main")}

    def refs(self):
        return set(self.git(self.lab, "for-each-ref", "--format=%(refname)").split())

    def test_the_branch_gives_the_same_score_elsewhere(self):
        told = self.exported()
        best = self.json("best", cwd=self.lab)
        self.assertEqual((told["branch"], told["experiments"], told["baseline"], told["score"]),
                         ("swarmlab/lab", [1, 2, 4, 5], 1, best["score"]))
        elsewhere = self.root / "elsewhere"
        self.git(self.lab, "clone", "-q", "--branch", told["branch"], str(self.lab), str(elsewhere))
        score = self.json("eval", cwd=elsewhere / "labs" / "one")["score"]
        self.assertEqual(score, best["score"])
        alone = subprocess.run(["sh", "measure.sh"], cwd=elsewhere / "labs" / "one", capture_output=True, text=True, check=True)
        self.assertEqual(alone.stdout, "METRIC score=5\n")

    def test_its_log_reads_like_a_notebook(self):
        branch = self.exported()["branch"]
        subjects = self.git(self.lab, "log", "--reverse", "--format=%s", f"main..{branch}").splitlines()
        self.assertEqual(subjects, ["Set it to 2", "Set it to 4", "Set it to 5", "Record the results of 5 experiments"])
        body = self.git(self.lab, "log", "-1", "--format=%b", f"{branch}~1")
        self.assertIn("Mechanism: More is better", body)
        self.assertIn("Notes: Took a while", body)
        self.assertIn("score 4 -> 5 (+25.0 %)", body)
        trailers = self.git(self.lab, "log", "-1", "--format=%(trailers:only)", f"{branch}~1").splitlines()
        self.assertIn("Swarmlab-Experiment: 5", trailers)
        self.assertIn("Swarmlab-Parent: 4", trailers)
        self.assertIn("Swarmlab-Score: 5", trailers)
        self.assertIn(f"Swarmlab-Candidate: {self.json('best', cwd=self.lab)['commit']}", trailers)
        self.assertEqual(self.git(self.lab, "merge-base", "main", branch), self.git(self.lab, "rev-parse", "main"))
        self.git(self.lab, "fsck", "--strict")

    def test_it_brings_the_table_of_results_of_all_experiments(self):
        branch = self.exported()["branch"]
        changed = self.git(self.lab, "diff", "--name-only", "main", branch).splitlines()
        self.assertEqual(changed, ["labs/one/artifact/value.txt", "labs/one/results.tsv"])
        table = self.git(self.lab, "show", f"{branch}:labs/one/results.tsv")
        rows = list(csv.reader(io.StringIO(table), delimiter="\t"))
        self.assertEqual([row[0] for row in rows[1:]], [f"exp_{n:03d}" for n in (1, 2, 3, 4, 5)])

    def test_it_touches_nothing_else(self):
        (self.lab / "untracked.txt").write_text("mine\n")
        (self.lab / "src" / "main.c").write_text("changed\n")
        self.addCleanup(self.git, self.lab, "checkout", "-q", "--", "src/main.c")
        self.git(self.lab, "status")
        before, refs = self.state(), self.refs()
        self.exported("--branch", "fresh")
        self.assertEqual(self.state(), before)
        self.assertEqual(self.refs() - refs, {"refs/heads/fresh"})
        self.git(self.lab, "branch", "-q", "-D", "fresh")

    def test_again_is_the_same_commit(self):
        self.assertEqual(self.exported()["commit"], self.exported()["commit"])

    def test_a_branch_that_is_no_export_is_not_overwritten(self):
        self.git(self.lab, "branch", "mine")
        before = self.git(self.lab, "rev-parse", "mine")
        refused = self.swarmlab("export", "--branch", "mine", cwd=self.lab, expect=1)
        self.assertIn("branch mine is there and is no export of lab lab", refused.stderr)
        self.assertIn("--force", refused.stderr)
        self.assertEqual(self.git(self.lab, "rev-parse", "mine"), before)
        self.exported("--branch", "mine", "--force")
        self.assertNotEqual(self.git(self.lab, "rev-parse", "mine"), before)
        self.git(self.lab, "branch", "-q", "-D", "mine")

    def test_the_branch_that_is_checked_out_is_never_moved(self):
        before = self.git(self.lab, "rev-parse", "main")
        refused = self.swarmlab("export", "--branch", "main", "--force", cwd=self.lab, expect=1)
        self.assertIn("branch main is checked out", refused.stderr)
        self.assertEqual(self.git(self.lab, "rev-parse", "main"), before)

    def test_a_name_that_is_none_is_refused(self):
        refused = self.swarmlab("export", "--branch", "no..name", cwd=self.lab, expect=1)
        self.assertIn("--branch no..name", refused.stderr)


class NothingToExport(swarm.SwarmTest):
    def test_a_lab_that_found_nothing_better_has_nothing_to_export(self):
        lab = self.shell_lab(agent="echo 0 > artifact/value.txt", stop="max_iterations = 1")
        self.swarmlab("run", "--workers", "1", cwd=lab)
        refused = self.swarmlab("export", cwd=lab, expect=1)
        self.assertIn("nothing better than the baseline was found yet", refused.stderr)
        self.assertEqual(self.git(lab, "for-each-ref", "--format=%(refname)"), "refs/heads/main")

    def test_a_lab_that_runs_exports_what_it_has(self):
        gate = self.root / "gate"
        gate.mkdir()
        lab = self.shell_lab(agent=f'test "$SWARMLAB_EXPERIMENT" -lt 3 || until test -e {gate}/open; do sleep 0.05; done\n'
                             + swarm.SHELL_AGENT, stop="max_iterations = 2")
        run = self.start("run", "--workers", "1", "--expose", gate, cwd=lab)
        self.wait_until(lambda: [e for e in self.running(lab) if e["number"] == 3], "#3 at work")
        self.assertEqual(self.json("export", cwd=lab)["experiments"], [1, 2])
        (gate / "open").touch()
        self.assertEqual(run.wait(timeout=60 * swarm.PATIENCE), 0)
        self.assertEqual(self.json("export", cwd=lab)["experiments"], [1, 2, 3])


if __name__ == "__main__":
    swarm.main()
