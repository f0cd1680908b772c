"""Labs that are given to a coordinator elsewhere: `run --connect`, contexts, and closing the laptop."""
import json
import signal

import swarm


class ElsewhereTest(swarm.SwarmTest):
    """A coordinator without a lab, with one worker; nothing of it is in the repository of the lab."""

    def setUp(self):
        super().setUp()
        self.address = self.address_of_our_own()
        self.there = self.root / "there"
        self.home = self.root / "home"
        self.there.mkdir(mode=0o700)
        self.home.mkdir()
        self.me = {"HOME": str(self.home)}
        self.serve()
        self.start("worker", "--connect", self.address, "--name", "w1", "--slots", "2", "--folder", self.root / "w1")

    def serve(self):
        self.coordinator = self.start("coordinator", "--folder", self.there, "--listen", self.address, cwd=self.there)
        self.wait_until(lambda: "listens" in self.coordinator.log.read_text(), "the coordinator")

    def state(self):
        labs = {lab["name"]: lab for lab in self.json("status", "--connect", self.address)["labs"]}
        return labs["lab"]["state"] if "lab" in labs else None


class RunningElsewhere(ElsewhereTest):
    def test_follows_the_lab_to_its_end_from_here(self):
        lab = self.shell_lab(stop="max_iterations = 4")
        ran = self.swarmlab("run", "--connect", self.address, cwd=lab)
        self.assertIn("lab: 4/4 experiments", ran.stdout)
        self.assertIn("lab was submitted", ran.stderr)
        self.assertFalse((lab / ".swarmlab").exists(), "nothing is kept here")
        experiments = self.json("experiments", "--connect", self.address, cwd=lab)
        self.assertEqual([e["score"] for e in experiments], [1, 2, 3, 4, 5])

    def test_goes_on_when_the_one_who_follows_leaves(self):
        lab = self.shell_lab(stop="max_iterations = 8", agent="sleep 0.3\n" + swarm.SHELL_AGENT)
        follower = self.start("run", "--connect", self.address, cwd=lab)
        self.wait_until(lambda: "#2 " in follower.log.read_text(), "a verdict")
        self.assertEqual(self.end(follower, signal.SIGINT), 130)
        self.assertIn("it goes on without you", follower.log.read_text())
        self.wait_until(lambda: self.state() == "stopped", "the end of the lab")
        self.assertEqual(len(self.json("experiments", "lab", "--connect", self.address)), 9)

    def test_with_detach_it_does_not_follow(self):
        lab = self.shell_lab(stop="max_iterations = 3")
        done = self.swarmlab("run", "--connect", self.address, "--detach", cwd=lab)
        self.assertEqual(done.stdout, "")
        self.wait_until(lambda: self.state() == "stopped", "the end of the lab")

    def test_goes_on_where_it_was_with_a_higher_limit_and_begins_anew_with_another_evaluator(self):
        lab = self.shell_lab(stop="max_iterations = 2")
        self.swarmlab("run", "--connect", self.address, cwd=lab)
        again = self.swarmlab("run", "--connect", self.address, "--max-iterations", "4", cwd=lab)
        self.assertIn("goes on where it was", again.stderr)
        self.assertEqual(len(self.json("experiments", "--connect", self.address, cwd=lab)), 5)
        (lab / "measure.sh").write_text(swarm.SHELL_MEASURE + "# finer\n")
        self.commit(lab, "measure finer")
        anew = self.swarmlab("run", "--connect", self.address, "--max-iterations", "6", cwd=lab)
        self.assertIn("a new baseline comes first", anew.stderr)
        segments = {e["segment"] for e in self.json("experiments", "--connect", self.address, cwd=lab)}
        self.assertEqual(segments, {1, 2})

    def test_waits_for_a_coordinator_that_restarts(self):
        lab = self.shell_lab(stop="max_iterations = 6", agent="sleep 0.3\n" + swarm.SHELL_AGENT)
        follower = self.start("run", "--connect", self.address, cwd=lab)
        self.wait_until(lambda: "#2 " in follower.log.read_text(), "a verdict")
        self.coordinator.kill()
        self.coordinator.wait()
        self.serve()
        self.assertEqual(follower.wait(timeout=60 * swarm.PATIENCE), 0, follower.log.read_text())
        self.assertIn("lab: 6/6 experiments", follower.log.read_text())

    def test_says_what_makes_no_sense(self):
        lab = self.shell_lab()
        workers = self.swarmlab("run", "--connect", self.address, "--workers", "2", cwd=lab, expect=1)
        self.assertIn("--workers starts workers here", workers.stderr)
        detached = self.swarmlab("run", "--detach", cwd=lab, expect=1)
        self.assertIn("--detach needs a coordinator elsewhere", detached.stderr)


class WithContexts(ElsewhereTest):
    def test_nobody_types_addresses(self):
        lab = self.shell_lab(stop="max_iterations = 2")
        self.swarmlab("context", "add", "night", "--connect", self.address, env=self.me)
        self.swarmlab("run", cwd=lab, env=self.me)
        status = json.loads(self.swarmlab("status", "--json", cwd=self.root, env=self.me).stdout)
        self.assertEqual(status["coordinator"]["address"], self.address)
        self.assertEqual(status["labs"][0]["state"], "stopped")
        self.swarmlab("context", "use", "local", env=self.me)
        here = self.swarmlab("run", "--workers", "1", "--max-iterations", "1", cwd=lab, env=self.me)
        self.assertTrue((lab / ".swarmlab").exists(), here.stderr)


if __name__ == "__main__":
    swarm.main()
