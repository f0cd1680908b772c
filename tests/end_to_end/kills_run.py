"""`swarmlab run` is killed: its workers leave with it, and the next run delivers what they measured."""
import os
import pathlib
import signal

import ledger
import swarm

KILLS = int(os.environ.get("SWARMLAB_KILLS", "3"))


class ARunThatIsKilled(ledger.KillTest):
    def start_run(self, workers, *flags):
        return self.start("run", self.lab, "--workers", workers, *flags)

    def workers_alive(self):
        """Worker processes of this lab, whoever started them."""
        alive = []
        for line in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = line.read_bytes().split(b"\0")
            except OSError:
                continue
            if b"worker" in words and str(self.lab).encode() in b" ".join(words):
                alive.append(int(line.parent.name))
        return alive

    def folders(self):
        return [p for p in (self.lab / ".swarmlab/workers").iterdir() if p.is_dir()]

    def finish_runs(self):
        most = self.json("labs", cwd=self.lab)
        most = (most["labs"] if isinstance(most, dict) else most)[0]["iterations"] + 10
        # All names that there were: each worker gives back or delivers what it had.
        self.swarmlab("run", self.lab, "--workers", len(self.folders()), "--max-iterations", most, timeout=100)
        self.assertEqual(self.workers_alive(), [])
        return most

    def test_goes_on_where_it_was(self):
        for _ in range(KILLS):
            run = self.start_run(2)
            before = self.reports()
            self.wait_until(lambda: self.reports() > before, "the run goes on")
            self.pause(1)
            self.kill(run)
        self.wait_until(lambda: not self.workers_alive(), "the workers leave with their parent")
        iterations = self.finish_runs()
        self.check_ledger(iterations)
        print(f"{KILLS} kills of runs; {iterations} experiments", flush=True)

    def test_what_its_workers_measured_is_delivered_by_the_next_run(self):
        (self.lab / "agent.sh").write_text("""
            [ $SWARMLAB_EXPERIMENT -gt 3 ] || sleep 3
            """ + ledger.AGENT)
        self.git(self.lab, "commit", "-qam", "agents that outlive the run")
        run = self.start_run(2)
        # An agent that has not begun has no brief yet, and nobody is left to ask for it.
        self.wait_until(lambda: {"2", "3"} <= set(self.in_sandboxes()), "both agents are at work")
        self.kill(run)
        spooled = lambda: sorted(p.name for p in self.lab.rglob("*.report"))
        self.wait_until(lambda: not self.workers_alive(), "the workers leave with their parent")
        self.assertEqual(len(spooled()), 2, "what they measured waits")
        self.assertEqual(self.reports(), 1, "nobody acknowledged it: only the baseline was")
        self.check_ledger(self.finish_runs())
        delivered = [e for e in self.json("experiments", self.lab, "--last", 1000) if e["number"] in (2, 3)]
        self.assertEqual([e["attempts"] for e in delivered], [1, 1], "none was done again")


if __name__ == "__main__":
    swarm.main()
