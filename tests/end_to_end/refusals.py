"""What `run` refuses, and in which words: where it is, what it is, what was expected."""
import swarm


class Refused(swarm.SwarmTest):
    def refused(self, folder, *fragments, command=("run", "--workers", "1"), code=1):
        done = self.swarmlab(*command, cwd=folder, expect=code)
        self.assertEqual(done.stdout, "")
        for fragment in fragments:
            self.assertIn(fragment, done.stderr)
        return done.stderr

    def nothing_was_written(self, repository):
        self.assertFalse((repository / ".swarmlab").exists(), "a run that was refused leaves nothing behind")


class Repositories(Refused):
    def test_no_git_repository(self):
        folder = self.root / "plain"
        folder.mkdir()
        (folder / "lab.toml").write_text("[evaluator]\ncommand = 'true'\n")
        # A folder above could be a repository.
        env = {"GIT_CEILING_DIRECTORIES": str(self.root)}
        done = self.swarmlab("run", cwd=folder, expect=1, env=env)
        self.assertIn("no git repository", done.stderr)
        self.assertIn("git init", done.stderr)

    def test_no_commit_yet(self):
        lab = self.shell_lab()
        self.git(lab, "checkout", "-q", "--orphan", "fresh")
        self.refused(lab, "no commit", "git commit")
        self.nothing_was_written(lab)

    def test_no_lab_here(self):
        lab = self.shell_lab()
        self.git(lab, "rm", "-q", "lab.toml")
        self.commit(lab, "no lab any more")
        self.refused(lab, f"no lab.toml in {lab} or above; make a lab with: swarmlab init my-lab")
        self.nothing_was_written(lab)

    def test_a_file_of_the_lab_that_differs_from_the_last_commit(self):
        lab = self.shell_lab()
        (lab / "measure.sh").write_text("echo METRIC score=99\n")
        self.refused(lab, "1 file of the lab differs from the last commit, which is what experiments start from; "
                          "commit or stash them first:\n  measure.sh")
        (lab / "artifact" / "value.txt").unlink()
        self.refused(lab, "2 files of the lab differ from the last commit", "\n  artifact/value.txt", "\n  measure.sh")
        self.nothing_was_written(lab)

    def test_a_file_that_is_not_in_git_is_warned_of(self):
        lab = self.shell_lab(stop="max_iterations = 0\ntarget_score = 1")
        (lab / "artifact" / "new.txt").write_text("x\n")
        done = self.swarmlab("run", "--workers", "1", cwd=lab)
        self.assertIn("warning: 1 file is not in git, so no experiment sees it:\n  artifact/new.txt", done.stderr)

    def test_a_lab_toml_that_is_not_committed(self):
        lab = self.shell_lab()
        toml = (lab / "lab.toml").read_text()
        self.git(lab, "rm", "-q", "--cached", "lab.toml")
        self.git(lab, "commit", "-q", "-m", "take the lab out")
        self.assertEqual((lab / "lab.toml").read_text(), toml)
        self.refused(lab, "lab.toml is not in the last commit, which is what experiments start from; commit it with: "
                          "git add . && git commit")
        self.nothing_was_written(lab)


class LabFiles(Refused):
    def refused_when(self, old, new, *fragments):
        lab = self.shell_lab(name=f"lab{len(list(self.root.iterdir()))}")
        toml = lab / "lab.toml"
        text = toml.read_text()
        self.assertIn(old, text)
        toml.write_text(text.replace(old, new, 1))
        self.commit(lab, "make a mistake")
        line = toml.read_text().splitlines().index(new.splitlines()[-1]) + 1 if new else None
        said = self.refused(lab, *(fragment.replace("LINE", str(line)) for fragment in fragments))
        self.nothing_was_written(lab)
        return said

    def test_an_unknown_key(self):
        self.refused_when("max_iterations = 3", "max_iteration = 3",
                          "lab.toml:LINE: [stop] max_iteration is no known key, expected max_iterations")

    def test_an_unknown_table(self):
        self.refused_when("[stop]", "[stopp]", "lab.toml:LINE: [stopp] is no known table, expected [stop]")

    def test_a_wrong_type(self):
        self.refused_when("max_iterations = 3", 'max_iterations = "three"',
                          'lab.toml:LINE: [stop] max_iterations is "three", expected a whole number, 0 (no limit) or more')
        self.refused_when('timeout = "60s"', "timeout = 60", 'lab.toml:LINE: [evaluator] timeout is 60, expected a duration')

    def test_a_value_that_cannot_be(self):
        self.refused_when("max_iterations = 3", "max_iterations = -3",
                          "lab.toml:LINE: [stop] max_iterations is -3, expected a whole number, 0 (no limit) or more")
        self.refused_when('direction = "maximize"', 'direction = "up"',
                          'lab.toml:LINE: [metric] direction is "up", expected "minimize" or "maximize"')
        self.refused_when('editable = ["artifact/**"]', 'editable = ["../other/**"]', "lab.toml:LINE: [artifact] editable")

    def test_several_mistakes_at_once_are_told_at_once(self):
        said = self.refused_when('direction = "maximize"', 'direction = "up"\nmin_improvement = -1',
                                 '[metric] direction is "up"', "[metric] min_improvement is -1")
        self.assertEqual(said.count("lab.toml:"), 2)

    def test_what_is_no_toml(self):
        self.refused_when("[stop]", "[stop", "lab.toml:LINE")

    def test_globs_that_match_nothing(self):
        self.refused_when('editable = ["artifact/**"]', 'editable = ["artefact/**"]',
                          'lab.toml:LINE: [artifact] editable "artefact/**" matches no file of the commit')

    def test_an_evaluator_that_runs_all_that_is_editable_says_why_nothing_is_left(self):
        self.refused_when('command = "sh measure.sh"', 'command = "cat artifact/value.txt"',
                          "[artifact] editable matches only frozen files",
                          "lab.toml:LINE: [evaluator] command runs artifact/value.txt, so it is frozen; if agents are to "
                          "edit it, add just it to [artifact] editable")

    def test_a_backend_that_is_missing(self):
        self.refused_when('[evaluator]\ncommand = "sh measure.sh"', '[backend]\nmodule = "scores.py"\n[evaluator]',
                          '[backend] module is "scores.py", expected a file: scores.py is not in the commit')

    def test_data_that_is_missing(self):
        self.refused_when('command = "sh measure.sh"', 'command = "sh measure.sh"\ndata = "data"',
                          'lab.toml:LINE: [evaluator] data is "data", expected a folder with files')
        lab = self.shell_lab()
        self.refused(lab, "data /no/such/folder: is no folder of this machine, expected one",
                     command=("run", "--data", "path:/no/such/folder"))
        self.nothing_was_written(lab)

    def test_no_agent(self):
        self.refused_when('[agent]\ncommand = "sh agent.sh"\ntimeout = "60s"', "",
                          'lab.toml: no agent, expected [agent] kind = "claude" (or "codex", "pi", "opencode"), or [agent] command = "..." in it to run the lab')

    def test_nothing_that_scores(self):
        self.refused_when('command = "sh measure.sh"', "", "nothing scores a candidate, expected [evaluator] command")


class Usage(Refused):
    def test_a_flag_that_is_none_is_wrong_usage(self):
        lab = self.shell_lab()
        self.refused(lab, "run: ", "--workrs", "see: swarmlab run --help", command=("run", "--workrs", "4"), code=2)
        self.nothing_was_written(lab)

    def test_a_value_of_the_wrong_kind_is_wrong_usage(self):
        lab = self.shell_lab()
        for flags in (["--workers", "many"], ["--max-iterations", "-1"], ["--max-hours", "soon"],
                      ["--sandbox", "chroot"], ["--policy", "lucky"], ["--workers", "513"], ["--max-hours", "-1"]):
            with self.subTest(flags=flags):
                self.refused(lab, flags[0], command=("run", *flags), code=2)
        self.nothing_was_written(lab)

    def test_a_command_that_is_none_is_wrong_usage(self):
        self.refused(self.root, "unknown command 'runn'; did you mean run?", command=("runn",), code=2)

    def test_no_command_prints_the_help(self):
        done = self.swarmlab(expect=2)
        self.assertIn("Usage: swarmlab", done.stderr)


class Workers(Refused):
    def test_workers_that_cannot_start_say_why_and_are_not_started_again(self):
        lab = self.shell_lab()
        nowhere = self.root / "nowhere"
        said = self.refused(lab, "no worker is left: worker w", str(nowhere),
                            command=("run", "--workers", "2", "--expose", nowhere))
        for name in ("w1", "w2"):
            log = (lab / ".swarmlab" / "workers" / f"{name}.log").read_text()
            self.assertEqual(log.count(" error "), 1, said + log)


class Environment(Refused):
    def test_a_variable_for_the_agent_that_is_not_set_is_named(self):
        lab = self.shell_lab(stop="max_iterations = 1")
        toml = lab / "lab.toml"
        toml.write_text(toml.read_text().replace('command = "sh agent.sh"', 'command = "sh agent.sh"\nenv = ["SOME_API_KEY"]'))
        self.commit(lab, "let a key in")
        self.refused(lab, "variable SOME_API_KEY of [agent] env is not set, expected it in the environment of swarmlab run")
        self.nothing_was_written(lab)

    def test_a_variable_that_is_let_in_reaches_the_agent_and_no_other_does(self):
        lab = self.shell_lab(agent='echo 5 > artifact/value.txt\n'
                                   'printf \'{"notes": "%s|%s"}\' "$SOME_API_KEY" "$OTHER" > "$SWARMLAB_OUTCOME"',
                             stop="max_iterations = 1")
        toml = lab / "lab.toml"
        toml.write_text(toml.read_text().replace('command = "sh agent.sh"', 'command = "sh agent.sh"\nenv = ["SOME_API_KEY"]'))
        self.commit(lab, "let a key in")
        self.swarmlab("run", "--workers", "1", cwd=lab, env={"SOME_API_KEY": "s3cret", "OTHER": "no"})
        self.assertEqual(self.json("experiments", cwd=lab)[1]["notes"], "s3cret|")


if __name__ == "__main__":
    swarm.main()
