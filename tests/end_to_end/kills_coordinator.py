"""The coordinator is killed again and again while its workers live on.

SWARMLAB_KILLS says how often (scripts/kill_coordinator.sh), SWARMLAB_SEED repeats a run's choices.
"""
import os
import time

import ledger
import swarm

KILLS = int(os.environ.get("SWARMLAB_KILLS", "25"))


class ACoordinatorThatIsKilled(ledger.KillTest):
    def test_loses_nothing_that_it_acknowledged_and_counts_nothing_twice(self):
        begin = time.monotonic()
        self.start_coordinator()
        for name in ("w1", "w2"):
            self.start_worker(name)
        while_it_starts = 0
        for _ in range(KILLS):
            if self.random.random() < 0.25:
                while_it_starts += 1
                self.pause(0.1)
            else:
                before = self.reports()
                self.wait_until(lambda: self.reports() > before, "the swarm goes on")
                self.pause(0.2)
            self.kill(self.coordinator)
            self.start_coordinator()
        iterations = self.finish(more=20)
        self.check_ledger(iterations, each_log_once=True)
        again = sum(path.read_text().count("welcomes") for path in self.root.glob("w*.log"))
        print(f"{KILLS} kills, {while_it_starts} of them while it started; {iterations} experiments, "
              f"{again} welcomes, {time.monotonic() - begin:.1f} s", flush=True)
        self.assertGreater(iterations, 20 + KILLS // 5, "it did get on between the kills")


if __name__ == "__main__":
    swarm.main()
