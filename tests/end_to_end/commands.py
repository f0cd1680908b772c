"""The commands beside a running coordinator and after it: the same answers, and what steers it."""
import json
import subprocess

from swarm import PROGRAM, SwarmTest, main


class Commands(SwarmTest):
    def start_run(self, lab, *args):
        process = self.start("run", lab, "--workers", "2", *args)
        self.wait_until(lambda: self.running(lab), "the coordinator answers")
        return process

    def running(self, lab):
        done = self.swarmlab("status", "--json", cwd=lab, expect=None)
        return done.returncode == 0 and json.loads(done.stdout)["coordinator"]["running"]

    def experiments(self, lab):
        done = self.swarmlab("experiments", "--json", cwd=lab, expect=None)
        return json.loads(done.stdout) if done.returncode == 0 else []

    def test_queries_answer_the_same_with_and_without_a_coordinator(self):
        lab = self.make_lab()
        process = self.start_run(lab, "--max-iterations", "300")
        self.wait_until(lambda: len(self.experiments(lab)) > 3, "four experiments")
        self.swarmlab("pause", cwd=lab)
        self.wait_until(lambda: self.json("status", cwd=lab)["labs"][0]["running"] == 0, "all is at rest")
        queries = [("experiments",), ("best",), ("frontier",), ("show", "2"), ("results",)]
        live = [self.swarmlab(*query, "--json", cwd=lab).stdout for query in queries]
        self.assertEqual(self.json("status", cwd=lab)["labs"][0]["state"], "paused")
        self.end(process)
        self.assertFalse(self.json("status", cwd=lab)["coordinator"]["running"])
        self.assertEqual([self.swarmlab(*query, "--json", cwd=lab).stdout for query in queries], live)

    def test_a_lab_goes_on_after_resume_and_ends_after_stop(self):
        lab = self.make_lab()
        process = self.start_run(lab, "--max-iterations", "100000", "--plateau-threshold", "0")
        self.swarmlab("pause", cwd=lab)
        self.wait_until(lambda: self.json("status", cwd=lab)["labs"][0]["running"] == 0, "all is at rest")
        paused = len(self.experiments(lab))
        self.swarmlab("resume", cwd=lab)
        self.wait_until(lambda: len(self.experiments(lab)) > paused + 1, "it goes on")
        self.swarmlab("stop", "--reason", "enough of it", cwd=lab)
        self.assertEqual(process.wait(timeout=60), 0)
        status = self.json("status", cwd=lab)["labs"][0]
        self.assertEqual(status["state"], "stopped")
        self.assertIn("enough of it", status["stopReason"])

    def test_a_drained_worker_leaves_and_is_not_started_again(self):
        lab = self.make_lab()
        self.start_run(lab, "--max-iterations", "100000", "--plateau-threshold", "0")
        names = self.wait_until(lambda: self.workers(lab, "ready"), "workers are there")
        self.swarmlab("drain", names[0], cwd=lab)
        self.wait_until(lambda: names[0] in self.workers(lab, "gone"), "the worker left")
        refused = self.swarmlab("drain", "nobody", cwd=lab, expect=1)
        self.assertIn("no worker nobody", refused.stderr)  # and who is there, if anybody is

    def workers(self, lab, state):
        return [w["name"] for w in self.json("workers", cwd=lab) if w["state"] == state]

    def test_events_are_followed_as_they_happen(self):
        lab = self.make_lab()
        self.start_run(lab, "--max-iterations", "100000", "--plateau-threshold", "0")
        follower = subprocess.Popen([PROGRAM, "events", "--follow", "--json"], cwd=lab, text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            sequences = [json.loads(follower.stdout.readline())["sequence"] for _ in range(30)]
            self.assertEqual(sequences, list(range(1, 31)))
            follower.terminate()
            follower.stdout.read()
            self.assertEqual(follower.wait(timeout=30), 130)
        finally:
            follower.kill()
            follower.wait()
            follower.stdout.close()

    def test_init_check_run_export_make_a_notebook(self):
        self.swarmlab("init", "begun")
        lab = self.root / "begun"
        self.assertEqual(self.json("check", cwd=lab)["sd"], 0)
        self.swarmlab("run", "--workers", "2", "--max-iterations", "8", cwd=lab)
        before = self.git(lab, "status", "--porcelain"), self.git(lab, "rev-parse", "HEAD")
        exported = self.json("export", cwd=lab)
        subjects = self.git(lab, "log", "--format=%s", exported["branch"]).splitlines()
        self.assertEqual(len(subjects), len(exported["experiments"]) + 1)
        self.assertEqual(subjects[-1], "Begin a lab")
        numbers = self.git(lab, "log", "--format=%(trailers:key=Swarmlab-Experiment,valueonly,separator=)",
                           exported["branch"]).split()
        self.assertEqual([int(n) for n in reversed(numbers)], exported["experiments"][1:])
        self.git(lab, "fsck", "--strict")
        self.assertEqual((self.git(lab, "status", "--porcelain"), self.git(lab, "rev-parse", "HEAD")), before)


if __name__ == "__main__":
    main()
