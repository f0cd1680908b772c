"""`swarmlab run`: a lab from its first experiment to its stop, again, and from anywhere."""
import json
import re

import swarm


def numbers(experiments):
    return [e["number"] for e in experiments]


class Runs(swarm.SwarmTest):
    def test_one_worker_takes_one_experiment_after_the_other_from_the_best(self):
        lab = self.shell_lab(stop="max_iterations = 3")
        output = self.swarmlab("run", "--workers", "1", cwd=lab).stdout
        experiments = self.json("experiments", cwd=lab)
        self.assertEqual(numbers(experiments), [1, 2, 3, 4])
        self.assertEqual(swarm.verdicts(experiments), ["keep"] * 4)
        self.assertEqual([e["parent"] for e in experiments], [None, 1, 2, 3])
        self.assertEqual([e["score"] for e in experiments], [1, 2, 3, 4])
        lines = [line for line in output.splitlines() if line.startswith("#")]
        self.assertEqual([re.split(r"\s+", line)[:3] for line in lines],
                         [["#1", "keep", "1"], ["#2", "keep", "2"], ["#3", "keep", "3"], ["#4", "keep", "4"]])
        self.assertNotIn("\x1b", output)
        self.assertIn("stopped: 3 of 3 experiments are done", output)

    def test_four_workers_share_the_work(self):
        lab = self.shell_lab(stop="max_iterations = 8")
        output = self.swarmlab("run", "--workers", "4", cwd=lab).stdout
        experiments = self.json("experiments", cwd=lab)
        self.assertEqual(numbers(experiments), list(range(1, 10)))
        self.assertLessEqual({e["worker"] for e in experiments}, {"w1", "w2", "w3", "w4"})
        self.assertEqual(len(self.json("workers", cwd=lab)), 4)
        self.assertLessEqual(set(swarm.verdicts(experiments)), {"keep", "discard"})
        self.assertEqual([e["score"] for e in experiments], numbers(experiments))
        self.assertEqual(sorted(int(n) for n in re.findall(r"(?m)^#(\d+) ", output)), list(range(1, 10)))

    def test_what_runs_prints_json_lines_when_asked(self):
        lab = self.shell_lab(stop="max_iterations = 2")
        output = self.swarmlab("run", "--workers", "1", "--json", cwd=lab).stdout
        told = [json.loads(line) for line in output.splitlines()]
        self.assertEqual(numbers(told), [1, 2, 3])
        self.assertEqual([e["isBest"] for e in told], [True, True, True])  # at that time
        self.assertEqual(told[-1], self.json("best", cwd=lab))

    def test_quiet_runs_print_nothing(self):
        lab = self.shell_lab(stop="max_iterations = 1")
        done = self.swarmlab("run", "--workers", "1", "--quiet", cwd=lab)
        self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_arguments_after_two_dashes_are_for_the_agent(self):
        lab = self.shell_lab(agent='echo 7 > artifact/value.txt; printf \'{"notes": "%s|%s"}\' "$1" "$2" > "$SWARMLAB_OUTCOME"',
                             stop="max_iterations = 1")
        self.swarmlab("run", "--workers", "1", "--", "--effort", "very high", cwd=lab)
        self.assertEqual(self.json("experiments", cwd=lab)[1]["notes"], "--effort|very high")


class Resuming(swarm.SwarmTest):
    def test_a_run_with_more_to_do_goes_on_where_the_last_one_was(self):
        lab = self.shell_lab(stop="max_iterations = 2")
        self.swarmlab("run", "--workers", "1", cwd=lab)
        before = self.json("experiments", cwd=lab)
        again = self.swarmlab("run", "--workers", "1", "--max-iterations", "5", cwd=lab)
        after = self.json("experiments", cwd=lab)
        self.assertIn("lab goes on where it was", again.stderr)
        self.assertEqual(re.findall(r"(?m)^#(\d+) ", again.stdout), ["4", "5", "6"])
        self.assertEqual(numbers(after), [1, 2, 3, 4, 5, 6])
        for experiment in (*before, *after):
            del experiment["isBest"]
        self.assertEqual(after[:3], before)
        self.assertEqual(after[3]["parent"], 3)

    def test_a_lab_that_is_done_stays_stopped_and_says_which_flag_to_raise(self):
        lab = self.shell_lab(stop="max_iterations = 1")
        self.swarmlab("run", "--workers", "1", cwd=lab)
        again = self.swarmlab("run", "--workers", "1", cwd=lab)
        self.assertIn("lab stays stopped: 1 of 1 experiments are done; raise --max-iterations or "
                      "[stop] max_iterations", again.stderr)
        self.assertNotRegex(again.stdout, "(?m)^#")
        self.assertEqual(len(self.json("experiments", cwd=lab)), 2)

    def test_a_new_evaluator_begins_with_a_new_baseline(self):
        lab = self.shell_lab(stop="max_iterations = 1")
        self.swarmlab("run", "--workers", "1", cwd=lab)
        (lab / "measure.sh").write_text('echo "METRIC score=$(( $(cat artifact/value.txt) * 100 ))"\n')
        self.commit(lab, "measure finer")
        again = self.swarmlab("run", "--workers", "1", "--max-iterations", "2", cwd=lab)
        self.assertIn("a new baseline comes first", again.stderr)
        experiments = self.json("experiments", cwd=lab)
        self.assertEqual([e["kind"] for e in experiments], ["baseline", "explore", "baseline", "explore"])
        self.assertEqual([e["segment"] for e in experiments], [1, 1, 2, 2])
        self.assertEqual([e["score"] for e in experiments], [1, 2, 100, 400])

    def test_a_change_that_cannot_change_a_score_begins_nothing_new(self):
        lab = self.shell_lab(stop="max_iterations = 1")
        self.swarmlab("run", "--workers", "1", cwd=lab)
        (lab / "README.md").write_text("what this is\n")
        self.commit(lab, "tell what this is")
        again = self.swarmlab("run", "--workers", "1", "--max-iterations", "2", cwd=lab)
        self.assertIn("goes on where it was", again.stderr)
        self.assertEqual([e["kind"] for e in self.json("experiments", cwd=lab)], ["baseline", "explore", "explore"])


class Places(swarm.SwarmTest):
    def repository_as_it_is(self, repository):
        """All that a run must leave alone; git status would itself refresh the index."""
        git = repository / ".git"
        files = {path.relative_to(repository): path.read_bytes()
                 for path in sorted(repository.rglob("*"))
                 if path.is_file() and ".git" not in path.parts and ".swarmlab" not in path.parts}
        return {
            "files": files,
            "refs": self.git(repository, "for-each-ref"),
            "head": (git / "HEAD").read_text(),
            "index": (git / "index").read_bytes(),
            "stash": (git / "refs" / "stash").exists(),
            "config": (git / "config").read_text(),
            "exclude": (git / "info" / "exclude").read_text() if (git / "info" / "exclude").exists() else None,
            "objects": self.git(repository, "count-objects", "-v"),
            "worktrees": self.git(repository, "worktree", "list"),
        }

    def test_a_run_leaves_the_repository_as_it_was_and_stays_out_of_git(self):
        repository = self.shell_lab(files={".gitignore": "*.o\n"})
        self.git(repository, "branch", "mine")
        (repository / "untracked.txt").write_text("mine, too\n")
        before = self.repository_as_it_is(repository)
        status = self.git(repository, "status", "--porcelain", "--untracked-files=all")
        self.swarmlab("run", "--workers", "2", cwd=repository)
        self.assertEqual(self.repository_as_it_is(repository), before)
        self.assertEqual(self.git(repository, "status", "--porcelain", "--untracked-files=all"), status)
        self.assertEqual((repository / ".gitignore").read_text(), "*.o\n")
        self.assertTrue((repository / ".swarmlab").is_dir())
        self.git(repository, "add", "-A")
        self.assertNotIn(".swarmlab", self.git(repository, "ls-files"))

    def test_what_is_dirty_outside_of_the_lab_does_not_matter(self):
        repository = self.shell_lab(inside="labs/one", files={"../../src/other.c": "int x;\n"})
        (repository / "src" / "other.c").write_text("int y;\n")
        self.git(repository, "add", "-A")
        (repository / "src" / "other.c").write_text("int z;\n")
        before = self.repository_as_it_is(repository)
        self.swarmlab("run", "labs/one", "--workers", "1", cwd=repository)
        self.assertEqual(self.repository_as_it_is(repository), before)
        self.assertEqual((repository / "src" / "other.c").read_text(), "int z;\n")

    def test_a_lab_in_a_subfolder_keeps_its_state_at_the_root(self):
        repository = self.shell_lab(inside="labs/one", stop="max_iterations = 2")
        self.swarmlab("run", "--workers", "1", cwd=repository / "labs" / "one" / "artifact")
        self.assertTrue((repository / ".swarmlab" / "store").is_dir())
        self.assertFalse((repository / "labs" / "one" / ".swarmlab").exists())
        self.assertEqual(self.json("best", cwd=repository)["score"], 3)
        self.assertEqual(self.git(repository, "status", "--porcelain"), "")

    def test_a_lab_is_found_by_its_folder_and_by_its_name(self):
        repository = self.shell_lab(inside="labs/one", stop="max_iterations = 1")
        other = repository / "labs" / "two"
        other.mkdir()
        for file in ("agent.sh", "measure.sh"):
            (other / file).write_text((repository / "labs" / "one" / file).read_text())
        (other / "artifact").mkdir()
        (other / "artifact" / "value.txt").write_text("10\n")
        (other / "lab.toml").write_text(
            (repository / "labs" / "one" / "lab.toml").read_text().replace('name = "lab"', 'name = "second"'))
        self.commit(repository, "another lab")

        unsure = self.swarmlab("run", "--workers", "1", cwd=repository, expect=1)
        self.assertRegex(unsure.stderr, r"which lab\? .* holds lab, second: name one")
        unknown = self.swarmlab("run", "third", "--workers", "1", cwd=repository, expect=1)
        self.assertIn("no lab 'third'", unknown.stderr)
        self.assertIn("the repository holds lab, second", unknown.stderr)

        self.swarmlab("run", "second", "--workers", "1", cwd=repository)
        self.swarmlab("run", repository / "labs" / "one", "--workers", "1", cwd=self.root)
        self.swarmlab("run", "--lab", "lab/labs/two", "--workers", "1", "--max-iterations", "2", cwd=self.root)
        self.assertEqual(self.json("best", "lab", cwd=repository)["score"], 2)
        self.assertEqual(self.json("best", "second", cwd=repository)["score"], 10)
        self.assertEqual([lab["name"] for lab in self.json("labs", cwd=repository)], ["second", "lab"])

    def test_a_repository_whose_socket_path_is_too_long_for_a_socket_works(self):
        repository = self.shell_lab(name="/".join(["a-folder-with-a-rather-long-name"] * 6) + "/lab")
        self.assertGreater(len(str(repository / ".swarmlab" / "coordinator.sock")), 108)
        run = self.start("run", "--workers", "1", "--max-iterations", "0", cwd=repository)
        self.wait_until(lambda: self.swarmlab("best", cwd=repository, expect=None).returncode == 0, "a first score")
        self.assertTrue(self.json("status", cwd=repository)["coordinator"]["running"])
        self.assertEqual(self.end(run), 130)
        self.assertFalse(self.json("status", cwd=repository)["coordinator"]["running"])

    def test_a_path_with_blanks_and_letters_of_all_sorts_works(self):
        repository = self.shell_lab(name="my labs/größer $HOME 'x'", stop="max_iterations = 1")
        self.swarmlab("run", "--workers", "1", cwd=repository)
        self.assertEqual(self.json("best", cwd=repository)["score"], 2)

    def test_a_linked_worktree_is_a_repository_of_its_own(self):
        repository = self.shell_lab(stop="max_iterations = 1")
        self.git(repository, "worktree", "add", "-q", "-b", "side", str(self.root / "side"))
        self.swarmlab("run", "--workers", "1", cwd=self.root / "side")
        self.assertTrue((self.root / "side" / ".swarmlab" / "store").is_dir())
        self.assertFalse((repository / ".swarmlab").exists())
        self.assertEqual(self.git(self.root / "side", "status", "--porcelain"), "")


if __name__ == "__main__":
    swarm.main()
