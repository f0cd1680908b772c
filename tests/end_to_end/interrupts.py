"""Ctrl-C: the first lets what runs end, the second ends it; the next run goes on from the store."""
import os
import signal

import swarm

# Works until it is let go, by a file in a folder that --expose shows it.
WAITING_AGENT = """
echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
until test -e "$GATE"; do sleep 0.05; done
"""


class Interrupted(swarm.SwarmTest):
    def setUp(self):
        super().setUp()
        self.gate = self.root / "gate" / "open"
        self.gate.parent.mkdir()
        self.lab = self.shell_lab(agent=WAITING_AGENT.replace("$GATE", str(self.gate)), stop="max_iterations = 3",
                                  agent_timeout="600s")

    def run_until_an_agent_works(self):
        run = self.start("run", "--workers", "1", "--expose", self.gate.parent, cwd=self.lab)
        self.wait_until(lambda: self.running(self.lab), "an agent that works")
        return run

    def test_the_first_lets_what_runs_end_and_starts_nothing_new(self):
        run = self.run_until_an_agent_works()
        run.send_signal(signal.SIGINT)
        self.wait_until(lambda: "finishing what runs; once more to stop at once" in run.log.read_text(), "a word")
        self.assertIsNone(run.poll())
        self.gate.touch()
        self.assertEqual(run.wait(timeout=30 * swarm.PATIENCE), 130)
        self.assertIn("interrupted; swarmlab run goes on where it was", run.log.read_text())
        experiments = self.json("experiments", cwd=self.lab)
        self.assertEqual([(e["number"], e["verdict"]) for e in experiments], [(1, "keep"), (2, "keep")])

        self.swarmlab("run", "--workers", "1", "--expose", self.gate.parent, cwd=self.lab)
        experiments = self.json("experiments", cwd=self.lab)
        self.assertEqual([e["number"] for e in experiments], [1, 2, 3, 4])
        self.assertEqual([e["attempts"] for e in experiments], [1, 1, 1, 1])

    def test_the_second_ends_it_at_once_and_the_next_run_does_it_again(self):
        run = self.run_until_an_agent_works()
        run.send_signal(signal.SIGINT)
        self.wait_until(lambda: "once more to stop at once" in run.log.read_text(), "a word")
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(timeout=30 * swarm.PATIENCE), 130)
        experiments = self.json("experiments", cwd=self.lab)
        self.assertEqual([(e["number"], e["verdict"]) for e in experiments], [(1, "keep")])

        self.gate.touch()
        self.swarmlab("run", "--workers", "1", "--expose", self.gate.parent, cwd=self.lab)
        experiments = self.json("experiments", cwd=self.lab)
        self.assertEqual([(e["number"], e["verdict"]) for e in experiments], [(n, "keep") for n in (1, 2, 3, 4)])

    def test_nothing_of_it_is_left_running(self):
        run = self.run_until_an_agent_works()
        workers = self.children(run.pid)
        self.assertEqual(len(workers), 1)
        run.send_signal(signal.SIGTERM)
        self.wait_until(lambda: "once more to stop at once" in run.log.read_text(), "a word")
        run.send_signal(signal.SIGTERM)
        run.wait(timeout=30 * swarm.PATIENCE)
        self.assertEqual([pid for pid in workers if os.path.exists(f"/proc/{pid}")], [])

    def test_what_ends_with_its_run_killed_ends_too(self):
        run = self.run_until_an_agent_works()
        workers = self.children(run.pid)
        self.gate.touch()
        run.kill()
        run.wait()
        self.wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers), "the end of its workers")


if __name__ == "__main__":
    swarm.main()
