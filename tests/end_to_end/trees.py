"""Trees of labs: inherited settings, runs of all labs below a folder, branches, parts of the tree steered as one."""
import json
import re

import swarm

ROOT = """
[lab]
abstract = true

[metric]
direction = "maximize"

[evaluator]
command = "sh measure.sh"
timeout = "60s"

[agent]
command = "sh agent.sh"
timeout = "60s"

[stop]
max_iterations = 3
plateau_threshold = 0
"""

LAB = """
[artifact]
editable = ["artifact/**"]
"""


class TreeTest(swarm.SwarmTest):
    def tree(self, agent=swarm.SHELL_AGENT, measure=swarm.SHELL_MEASURE, labs=("nets/tiny", "nets/base", "parser"), files=None):
        """Labs below an abstract root that has their evaluator and their agent; gives the repository."""
        content = {"lab.toml": ROOT, "agent.sh": agent, "measure.sh": measure, **(files or {})}
        for lab in labs:
            content.setdefault(f"{lab}/lab.toml", LAB)
            content.setdefault(f"{lab}/artifact/value.txt", "1\n")
        repository = self.root / "tree"
        for path, text in content.items():
            file = repository / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.lstrip("\n"))
        self.git(repository, "init", "-q", "-b", "main")
        self.commit(repository, "the labs as they start")
        return repository

    def labs(self, repository):
        return {lab["name"]: lab for lab in self.json("labs", cwd=repository)}

    def states(self, repository):
        return {name: lab["state"] for name, lab in self.labs(repository).items()}


class Running(TreeTest):
    def test_all_labs_of_a_tree_run_at_once_and_to_their_end(self):
        repository = self.tree(files={"nets/lab.toml": "[lab]\nabstract = true\n[stop]\nmax_iterations = 4\n"})
        output = self.swarmlab("run", "--workers", "2", cwd=repository).stdout
        labs = self.labs(repository)
        self.assertEqual({name: (lab["state"], lab["iterations"]) for name, lab in labs.items()},
                         {"nets/base": ("stopped", 4), "nets/tiny": ("stopped", 4), "parser": ("stopped", 3)})
        for name, most in (("nets/base", 5), ("nets/tiny", 5), ("parser", 4)):
            self.assertEqual(labs[name]["best"], most)
            self.assertEqual([e["score"] for e in self.json("experiments", name, cwd=repository)], list(range(1, most + 1)))
            self.assertIn(f"{name}: {most - 1}/{most - 1} experiments", output)
            self.assertRegex(output, rf"(?m)^{name} #1 +keep")
        self.assertEqual({e["worker"] for name in labs for e in self.json("experiments", name, cwd=repository)}, {"w1", "w2"})
        self.assertEqual(labs["nets/tiny"]["path"], ["nets", "tiny"])
        self.assertEqual([lab["parent"] for lab in labs.values()], ["", "", ""])

    def test_a_folder_or_a_name_runs_its_part_and_flags_hold_for_each(self):
        repository = self.tree()
        self.swarmlab("run", "nets", "--workers", "2", "--max-iterations", "1", cwd=repository)
        self.assertEqual({n: lab["iterations"] for n, lab in self.labs(repository).items()}, {"nets/base": 1, "nets/tiny": 1})
        self.swarmlab("run", "--workers", "1", "--max-iterations", "2", cwd=repository / "nets" / "tiny")
        self.assertEqual({n: lab["iterations"] for n, lab in self.labs(repository).items()}, {"nets/base": 1, "nets/tiny": 2})
        self.swarmlab("run", "nets/base", "--workers", "1", "--max-iterations", "2", cwd=repository / "parser")
        self.assertEqual(self.labs(repository)["nets/base"]["iterations"], 2)

    def test_labs_are_shown_as_a_tree(self):
        repository = self.tree()
        self.swarmlab("run", "--workers", "2", "--max-iterations", "1", cwd=repository)
        lines = self.swarmlab("labs", cwd=repository).stdout.splitlines()
        self.assertEqual([re.split(r"  +", line.strip())[0] for line in lines[1:5]], ["nets/", "base", "tiny", "parser"])
        self.assertTrue(lines[2].startswith("  base"), lines[2])

    def test_check_tries_every_lab(self):
        repository = self.tree(files={"parser/artifact/value.txt": "no number\n"})
        done = self.swarmlab("check", "--repeats", "1", "--json", cwd=repository, expect=1)
        checked = {lab["lab"]: lab for lab in json.loads(done.stdout)}
        self.assertEqual(set(checked), {"nets/base", "nets/tiny", "parser"})
        self.assertEqual(checked["nets/tiny"]["mean"], 1)
        self.assertIn("error", checked["parser"])
        self.assertIn("1 of 3 labs", done.stderr)

    def test_a_wrong_value_is_told_with_the_file_that_it_came_from(self):
        repository = self.tree(files={"nets/lab.toml": "[lab]\nabstract = true\n[stop]\nmax_hours = -1\n"})
        done = self.swarmlab("run", "--workers", "1", cwd=repository, expect=1)
        self.assertIn("nets/lab.toml:4: [stop] max_hours is -1", done.stderr)
        self.assertFalse((repository / ".swarmlab").exists())

    def test_labs_of_the_same_name_are_refused(self):
        named = LAB + "[lab]\nname = 'x'\n"
        repository = self.tree(files={"parser/lab.toml": named, "other/lab.toml": named, "other/artifact/value.txt": "1\n"})
        done = self.swarmlab("run", "--workers", "1", cwd=repository, expect=1)
        self.assertIn("two labs are named x", done.stderr)

    def test_an_abstract_folder_is_no_lab_itself(self):
        repository = self.tree()
        done = self.swarmlab("eval", cwd=repository, expect=1)
        self.assertIn("no lab itself", done.stderr)
        self.assertIn("nets/base, nets/tiny, parser", done.stderr)

    def test_agents_cannot_change_or_plant_the_files_above_their_lab(self):
        agent = """
chmod u+w ../.. ../../lab.toml
echo '[stop]' >> ../../lab.toml
echo '[stop]' > ../lab.toml
echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
"""
        open_lab = "[artifact]\neditable = ['../../**']\n"
        repository = self.tree(agent=agent, labs=("nets/tiny",), files={"nets/tiny/lab.toml": open_lab})
        self.swarmlab("run", "--workers", "1", "--max-iterations", "1", cwd=repository)
        experiment = self.json("experiments", cwd=repository)[1]
        if experiment["verdict"] != "keep":  # else the sandbox kept it from all of it
            self.assertEqual(experiment["verdict"], "out_of_scope")
            self.assertLessEqual(set(experiment["paths"]), {"lab.toml", "nets/lab.toml"})
        self.assertEqual(self.git(repository, "status", "--porcelain"), "")

    def test_what_is_inherited_makes_scores_what_they_are(self):
        repository = self.tree(labs=("nets/tiny", "parser"))
        self.swarmlab("run", "--workers", "2", "--max-iterations", "1", cwd=repository)
        (repository / "lab.toml").write_text(ROOT.replace("max_iterations = 3", "max_iterations = 2"))
        self.commit(repository, "stop earlier")
        self.swarmlab("run", "--workers", "2", cwd=repository)
        self.assertEqual([lab["segment"] for lab in self.labs(repository).values()], [1, 1])
        (repository / "measure.sh").write_text(swarm.SHELL_MEASURE + "# finer\n")
        self.commit(repository, "measure finer")
        self.swarmlab("run", "--workers", "2", cwd=repository)
        self.assertEqual([lab["segment"] for lab in self.labs(repository).values()], [2, 2])


class Branching(TreeTest):
    def test_a_branch_starts_from_its_experiment_and_runs_on_with_its_lab(self):
        repository = self.tree(labs=("nets/tiny", "parser"))
        self.swarmlab("run", "--workers", "2", cwd=repository)
        (self.root / "WIDE.md").write_text("go wide\n")
        made = self.swarmlab("branch", "2", "wide", "--lab", "nets/tiny", "--set", "search.policy=best-of-n", "--set",
                             "stop.max_iterations=2", "--instructions", self.root / "WIDE.md", cwd=repository)
        self.assertEqual(made.stdout, "nets/tiny/wide\n")
        wide = self.labs(repository)["nets/tiny/wide"]
        self.assertEqual((wide["parent"], wide["branchedFrom"], wide["policy"], wide["state"], wide["maxIterations"]),
                         ("nets/tiny", 2, "best-of-n", "running", 2))
        self.assertEqual(wide["set"], ["search.policy=best-of-n", "stop.max_iterations=2"])

        output = self.swarmlab("run", "nets", "--workers", "2", cwd=repository).stdout
        experiments = self.json("experiments", "nets/tiny/wide", cwd=repository)
        # The agent writes the number of its experiment: the first one finds a 2 and changes nothing.
        self.assertEqual([(e["kind"], e["score"]) for e in experiments], [("baseline", 2), ("explore", None), ("explore", 3)])
        self.assertIn("branched from experiment 2 of nets/tiny", self.swarmlab("show", "1", "--lab", "nets/tiny/wide", cwd=repository).stdout)
        self.assertIn("nets/tiny/wide: 2/2 experiments", output)
        self.assertEqual(self.labs(repository)["nets/tiny"]["iterations"], 3)
        self.assertIn("wide (from #2)", self.swarmlab("labs", cwd=repository).stdout)
        self.assertIn("exp_003", self.swarmlab("results", "nets/tiny/wide", cwd=repository).stdout)
        self.swarmlab("plot", "nets/tiny/wide", "--out", self.root / "wide.svg", cwd=repository)

        again = self.swarmlab("run", "--workers", "1", "--max-iterations", "4", cwd=repository)
        self.assertEqual(self.labs(repository)["nets/tiny/wide"]["iterations"], 4, again.stderr)
        self.assertEqual(self.labs(repository)["nets/tiny/wide"]["policy"], "best-of-n")

        self.swarmlab("export", "nets/tiny/wide", "--branch", "wide", cwd=repository)
        self.assertEqual(self.git(repository, "show", "wide:nets/tiny/AGENT.md"), "go wide")
        best = self.labs(repository)["nets/tiny/wide"]["best"]
        self.assertEqual(float(self.git(repository, "show", "wide:nets/tiny/artifact/value.txt")), best)
        subjects = self.git(repository, "log", "--format=%s", "main..wide").splitlines()
        self.assertIn("nets/tiny/wide: other instructions", subjects)
        self.assertEqual(self.git(repository, "merge-base", "main", "wide"), self.git(repository, "rev-parse", "main"))

    def test_what_cannot_be_branched_is_refused_with_why(self):
        repository = self.tree(labs=("nets/tiny",))
        self.swarmlab("run", "--workers", "1", "--max-iterations", "1", cwd=repository)
        for args, why in ((("9", "x"), "no experiment 9"), (("1", "a/b"), "cannot be named"),
                          (("1", "x", "--set", "search.policy=no"), "--set search.policy=no: [search] policy"),
                          (("1", "x", "--set", "metric.nam=no"), "metric.nam=no: [metric] nam is no known key"),
                          (("1", "x", "--instructions", "gone.md"), "gone.md")):
            done = self.swarmlab("branch", *args, "--lab", "nets/tiny", cwd=repository, expect=1)
            self.assertIn(why, done.stderr)
        self.assertEqual(list(self.labs(repository)), ["nets/tiny"])
        self.swarmlab("branch", "1", "x", "--lab", "nets/tiny", cwd=repository)
        self.swarmlab("branch", "1", "x", "--lab", "nets/tiny", cwd=repository)
        self.assertIn("is a branch already", self.swarmlab("branch", "2", "x", "--lab", "nets/tiny", cwd=repository, expect=1).stderr)


class Steering(TreeTest):
    WAITS = """
while [ ! -e %s/go ]; do sleep 0.05; done
echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
"""

    def test_a_part_of_the_tree_is_paused_and_resumed_while_it_runs_and_a_branch_joins_in(self):
        gate = self.root / "gate"
        gate.mkdir()
        repository = self.tree(agent=self.WAITS % gate)
        run = self.start("run", "--workers", "3", "--expose", gate, cwd=repository)
        self.wait_until(lambda: len([1 for lab in ("nets/tiny", "nets/base", "parser") if self.swarmlab(
            "show", "2", "--lab", lab, cwd=repository, expect=None).returncode == 0]) == 3, "an agent of each lab works")
        paused = self.json("pause", "nets", "--reason", "later", cwd=repository)
        self.assertEqual([(lab["lab"], lab["before"], lab["after"]) for lab in paused],
                         [("nets/base", "running", "paused"), ("nets/tiny", "running", "paused")])
        self.assertEqual([lab["before"] for lab in self.json("pause", "nets", cwd=repository)], ["paused", "paused"])
        branch = self.json("branch", "1", "side", "--lab", "parser", "--set", "stop.max_iterations=1", cwd=repository)
        self.assertEqual((branch["lab"], branch["new"]), ("parser/side", True))
        (gate / "go").touch()
        self.wait_until(lambda: self.states(repository)["parser"] == "stopped" and self.states(repository)["parser/side"] == "stopped",
                        "the rest runs on to its end")
        states = self.states(repository)
        self.assertEqual((states["nets/tiny"], states["nets/base"]), ("paused", "paused"))
        self.assertEqual([self.labs(repository)[lab]["iterations"] for lab in ("nets/tiny", "nets/base")], [1, 1])
        self.assertIsNone(run.poll())
        self.assertEqual([lab["after"] for lab in self.json("resume", "nets/base", cwd=repository)], ["running"])
        self.json("stop", "nets/tiny", "--only", cwd=repository)
        self.assertEqual(run.wait(timeout=60 * swarm.PATIENCE), 0, run.log.read_text())
        self.assertEqual({n: (lab["state"], lab["iterations"]) for n, lab in self.labs(repository).items()},
                         {"nets/base": ("stopped", 3), "nets/tiny": ("stopped", 1), "parser": ("stopped", 3),
                          "parser/side": ("stopped", 1)})


if __name__ == "__main__":
    swarm.main()
