"""The coordinator is killed again and again while its workers live on.

SWARMLAB_KILLS says how often (scripts/kill_coordinator.sh), SWARMLAB_SEED repeats a run's choices, SWARMLAB_OLD_WORKERS=1
has half of the workers speak the protocol of the release before.
"""
import collections
import datetime
import os
import re
import statistics
import time

import ledger
import swarm

KILLS = int(os.environ.get("SWARMLAB_KILLS", "25"))
OLD_WORKERS = os.environ.get("SWARMLAB_OLD_WORKERS", "")
WORKERS = 8
SLOTS = 2

BEGINS = re.compile(r"experiment (\d+) begins")
GRANTED = re.compile(r"^(\S+) info lease granted", re.MULTILINE)


class ACoordinatorThatIsKilled(ledger.KillTest):
    def setUp(self):
        super().setUp()
        self.started = []

    def start_coordinator(self, *flags, **kwargs):
        self.started.append(time.time())
        super().start_coordinator(*flags, **kwargs)

    def seconds_to_the_first_lease(self):
        """Of each life that got that far."""
        for life, started in enumerate(self.started, 1):
            granted = GRANTED.search((self.root / f"coordinator-{life}.log").read_text(errors="replace"))
            if granted:
                yield datetime.datetime.fromisoformat(granted[1].replace("Z", "+00:00")).timestamp() - started

    def begun_again(self):
        """Attempts at what another attempt was begun at before. A lease that is lost with its answer is given again: nothing of
        it had begun."""
        begun = collections.Counter(number for path in self.root.glob("w*.log") for number in BEGINS.findall(path.read_text()))
        return sum(times - 1 for times in begun.values())

    def test_loses_nothing_that_it_acknowledged_and_counts_nothing_twice(self):
        begin = time.monotonic()
        self.start_coordinator()
        for i in range(WORKERS):
            older = ["--speak-protocol", "1"] if OLD_WORKERS and i % 2 else []
            self.start_worker(f"w{i + 1}", *older, slots=SLOTS)
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
        welcomes = sum(path.read_text().count("welcomes") for path in self.root.glob("w*.log"))
        experiments = self.json("experiments", self.lab, "--last", 1_000_000)
        again = self.begun_again()
        waits = sorted(self.seconds_to_the_first_lease())
        print(f"{KILLS} kills, {while_it_starts} of them while it started; {iterations} experiments, {again} begun again, "
              f"{welcomes} welcomes; from a start to its first lease {statistics.median(waits):.2f} s (median), "
              f"{waits[-1]:.2f} s (longest); {time.monotonic() - begin:.1f} s", flush=True)
        self.assertGreater(iterations, 20 + KILLS // 5, "it did get on between the kills")
        # The workers go on while nobody answers.
        self.assertLessEqual(again, max(1, len(experiments) // 100))


if __name__ == "__main__":
    swarm.main()
