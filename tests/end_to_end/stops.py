"""When a lab stops: each condition, from lab.toml and as a flag; and from where it goes on."""
import os
import signal

import swarm

DRAWS_A_BLANK = 'echo "-$SWARMLAB_EXPERIMENT" > artifact/value.txt'


class Stops(swarm.SwarmTest):
    def stops(self, lab, *flags, reason, experiments):
        output = self.swarmlab("run", "--workers", "1", *flags, cwd=lab).stdout
        self.assertIn(f"stopped: {reason}", output)
        [status] = self.json("status", cwd=lab)["labs"]
        self.assertEqual((status["state"], status["stopReason"], status["experiments"]),
                         ("stopped", reason, experiments))

    def test_after_so_many_experiments_as_lab_toml_says(self):
        self.stops(self.shell_lab(stop="max_iterations = 2"), reason="2 of 2 experiments are done", experiments=3)

    def test_after_so_many_experiments_as_the_flag_says(self):
        self.stops(self.shell_lab(stop="max_iterations = 9"), "--max-iterations", "1",
                   reason="1 of 1 experiments are done", experiments=2)

    def test_when_the_target_is_reached(self):
        self.stops(self.shell_lab(stop="target_score = 3"),
                   reason="the target score 3 is reached: 3 of #3", experiments=3)

    def test_when_the_target_of_the_flag_is_reached_by_the_baseline_already(self):
        self.stops(self.shell_lab(), "--target-score", "0.5",
                   reason="the target score 0.5 is reached: 1 of #1", experiments=1)

    def test_a_target_below_zero_is_no_flag(self):
        self.stops(self.shell_lab(stop="max_iterations = 2"), "--target-score", "-2.5",
                   reason="the target score -2.5 is reached: 1 of #1", experiments=1)

    def test_after_a_plateau(self):
        lab = self.shell_lab(agent=DRAWS_A_BLANK, stop="max_iterations = 0")
        self.stops(lab, "--plateau-threshold", "2", reason="2 experiments in a row without a new best", experiments=3)

    def test_after_the_plateau_of_lab_toml(self):
        lab = self.shell_lab(agent=DRAWS_A_BLANK, stop="max_iterations = 9")
        toml = lab / "lab.toml"
        toml.write_text(toml.read_text().replace("plateau_threshold = 0", "plateau_threshold = 3"))
        self.commit(lab, "give up sooner")
        self.stops(lab, reason="3 experiments in a row without a new best", experiments=4)

    def test_when_the_hours_are_over(self):
        # 1.8 s: enough for a first experiment, not for a thousand.
        lab = self.shell_lab(agent="sleep 1; echo $SWARMLAB_EXPERIMENT > artifact/value.txt", stop="max_hours = 0.0005\nmax_iterations = 0")
        output = self.swarmlab("run", "--workers", "1", cwd=lab).stdout
        self.assertRegex(output, r"stopped: [\d.]+ s of 1\.8 s are over")
        again = self.swarmlab("run", "--workers", "1", cwd=lab)
        self.assertIn("raise --max-hours or [stop] max_hours", again.stderr)

    def test_when_the_hours_of_the_flag_are_over(self):
        lab = self.shell_lab(agent="sleep 1; echo $SWARMLAB_EXPERIMENT > artifact/value.txt", stop="max_iterations = 0")
        output = self.swarmlab("run", "--workers", "1", "--max-hours", "0.0003", cwd=lab).stdout
        self.assertRegex(output, r"stopped: [\d.]+ s of 1\.08 s are over")

    def test_when_the_money_is_spent(self):
        agent = """
        echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
        echo '{"type": "result", "total_cost_usd": 0.4, "usage": {"input_tokens": 10, "output_tokens": 3}}'
        """
        lab = self.shell_lab(agent=agent, stop="max_cost = 1.0")
        self.stops(lab, reason="$1.2 of $1 are spent", experiments=4)
        [status] = self.json("status", cwd=lab)["labs"]
        self.assertAlmostEqual(status["spentUsd"], 1.2)
        self.assertEqual([e["costUsd"] for e in self.json("experiments", cwd=lab)], [0, 0.4, 0.4, 0.4])

    def test_when_it_is_told_to(self):
        gate = self.root / "gate"
        gate.mkdir()
        lab = self.shell_lab(agent=f"until test -e {gate}/open; do sleep 0.05; done\necho 5 > artifact/value.txt",
                             stop="max_iterations = 0")
        run = self.start("run", "--workers", "1", "--expose", gate, cwd=lab)
        self.wait_until(lambda: self.running(lab), "an agent that works")
        self.swarmlab("stop", cwd=lab)
        (gate / "open").touch()
        self.assertEqual(run.wait(timeout=60 * swarm.PATIENCE), 0, run.log.read_text())
        self.assertEqual([e["score"] for e in self.json("experiments", cwd=lab)], [1, 5])
        [status] = self.json("status", cwd=lab)["labs"]
        self.assertEqual(status["state"], "stopped")

    def test_an_experiment_that_takes_its_workers_down_is_given_up(self):
        lab = self.shell_lab(agent="sleep 600", stop="max_iterations = 1", agent_timeout="600s")
        run = self.start("run", "--workers", "1", "--max-restarts", "1", cwd=lab)
        for attempt in (1, 2):
            self.wait_until(lambda n=attempt: [e for e in self.running(lab) if e["attempts"] == n], f"attempt {attempt}")
            [worker] = self.children(run.pid)
            os.kill(worker, signal.SIGKILL)
        self.assertEqual(run.wait(timeout=60 * swarm.PATIENCE), 0, run.log.read_text())
        lost = self.json("experiments", cwd=lab)[1]
        self.assertEqual((lost["verdict"], lost["attempts"]), ("crash", 2))
        self.assertRegex(lost["reason"], "w1")


class Policies(swarm.SwarmTest):
    def parents(self, lab, *flags):
        self.swarmlab("run", "--workers", "1", *flags, cwd=lab)
        experiments = self.json("experiments", cwd=lab)
        return [e["parent"] for e in experiments], [e["pickedBecause"] for e in experiments]

    def test_greedy_goes_on_from_the_best(self):
        parents, because = self.parents(self.shell_lab(stop="max_iterations = 3"))
        self.assertEqual(parents, [None, 1, 2, 3])
        self.assertIn("best so far: #3", because[3])

    def test_best_of_n_always_goes_on_from_the_baseline(self):
        lab = self.shell_lab(stop="max_iterations = 3", search='policy = "best-of-n"')
        parents, because = self.parents(lab)
        self.assertEqual(parents, [None, 1, 1, 1])
        self.assertIn("best-of-n", because[3])
        self.assertEqual(self.json("status", cwd=lab)["labs"][0]["policy"], "best-of-n")

    def test_the_flag_goes_before_lab_toml(self):
        lab = self.shell_lab(stop="max_iterations = 2", search='policy = "best-of-n"')
        parents, _ = self.parents(lab, "--policy", "greedy")
        self.assertEqual(parents, [None, 1, 2])


if __name__ == "__main__":
    swarm.main()
