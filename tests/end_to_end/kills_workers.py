"""Workers that are killed, with and without the coordinator, many at once, and some that sleep past their leases.

SWARMLAB_KILLS, SWARMLAB_LOSSES and SWARMLAB_SLEEPS say how often (scripts/lost_workers.sh), SWARMLAB_SEED repeats a
run's choices.
"""
import os
import re
import signal

import ledger
import swarm

KILLS = int(os.environ.get("SWARMLAB_KILLS", "10"))
LOSSES = int(os.environ.get("SWARMLAB_LOSSES", "2"))
SLEEPS = int(os.environ.get("SWARMLAB_SLEEPS", "2"))

STALE = r"experiment {} does not count here"


class WorkersThatAreKilled(ledger.KillTest):
    def kill_worker(self):
        """One at random; it comes back under its name, as a supervisor would start it again."""
        name = self.random.choice(sorted(self.workers))
        self.kill(self.workers[name])
        self.start_worker(name)

    def test_their_experiments_are_given_again_and_count_once(self):
        self.start_coordinator()
        for name in ("w1", "w2", "w3"):
            self.start_worker(name, slots=4)
        for _ in range(KILLS):
            before = self.reports()
            self.wait_until(lambda: self.reports() > before, "the swarm goes on")
            self.pause(0.3)
            self.kill_worker()
        iterations = self.finish(more=20)
        self.check_ledger(iterations)
        experiments = self.json("experiments", self.lab, "--last", 1_000_000)
        again = [e for e in experiments if e["attempts"] > 1]
        self.assertTrue(again, "some were given again")
        print(f"{KILLS} kills of workers; {iterations} experiments, {len(again)} given again", flush=True)

    def test_with_the_coordinator_at_the_same_time(self):
        self.start_coordinator()
        for name in ("w1", "w2", "w3"):
            self.start_worker(name, slots=4)
        for _ in range(KILLS):
            before = self.reports()
            self.wait_until(lambda: self.reports() > before, "the swarm goes on")
            self.pause(0.2)
            victims = [lambda: self.kill(self.coordinator), self.kill_worker]
            self.random.shuffle(victims)
            for victim in victims:
                victim()
                self.pause(0.05)
            self.start_coordinator()
        self.check_ledger(self.finish(more=20))


class ManyWorkersThatAreKilledAtOnce(ledger.KillTest):
    """Half of them or all, for less than a lease and for longer, at times with the coordinator."""

    def start_coordinator(self, *flags):
        super().start_coordinator("--lease-seconds", 3, *flags)

    def test_what_they_had_is_given_again_and_counts_once(self):
        self.start_coordinator()
        names = [f"w{i}" for i in range(1, 9)]
        for name in names:
            self.start_worker(name, slots=2)
        for _ in range(LOSSES):
            before = self.reports()
            self.wait_until(lambda: self.reports() >= before + 16, "the swarm goes on")
            victims = self.random.sample(names, self.random.choice([4, 8]))
            for name in victims:
                self.workers[name].send_signal(signal.SIGKILL)
            if self.random.random() < 0.5:
                self.kill(self.coordinator)
                self.start_coordinator()
            for name in victims:
                self.workers[name].wait()
            self.pause(6)
            for name in victims:
                self.start_worker(name, slots=2)
        iterations = self.finish(more=20)
        self.check_ledger(iterations)
        print(f"{LOSSES} times; {iterations} experiments", flush=True)


class WorkersThatSleepPastTheirLeases(ledger.KillTest):
    agent = "sleep 1\n" + ledger.PAID_AGENT
    sleepers = ("sleeper1", "sleeper2")

    def start_coordinator(self, *flags):
        super().start_coordinator("--lease-seconds", 3, *flags)

    def test_late_reports_cost_and_do_not_count(self):
        self.start_coordinator()
        for name in self.sleepers:
            self.start_worker(name, slots=1)
        self.start_worker("other", slots=5)
        slept = 0
        while slept < SLEEPS:
            slept += sum(map(self.sleeps_past_its_lease, self.sleepers))
        iterations = self.finish(more=10)
        self.check_ledger(iterations)
        self.check_costs()
        print(f"{slept} slept past a lease whose experiment another did meanwhile; {iterations} experiments", flush=True)

    def sleeps_past_its_lease(self, name):
        """Whether another did its experiment meanwhile: it may have reported just before it fell asleep."""
        number = self.wait_until(lambda: self.at_work(name), f"{name} has an experiment")
        sleeper = self.workers[name]
        sleeper.send_signal(signal.SIGSTOP)
        who = self.wait_until(lambda: self.who_did(number), f"somebody does #{number}")
        sleeper.send_signal(signal.SIGCONT)
        self.wait_until(lambda: self.at_work(name) != number, f"{name} is told of #{number}")
        stale = re.search(STALE.format(number), self.log_of(name)) is not None
        self.assertEqual(stale, who != name, self.log_of(name)[-2000:])
        return stale

    def at_work(self, name):
        """The number that it has at hand, if any."""
        said = self.log_of(name)
        begun = re.findall(r"experiment (\d+) begins", said)
        number = int(begun[-1]) if begun else None
        told = begun and re.search(STALE.format(number) + f"|experiment {number} counts", said)
        return None if told else number

    def who_did(self, number):
        said = self.coordinator.log.read_text(errors="replace")
        done = re.search(rf"verdict: .*experiment={number} .*worker=(\w+)", said)
        return done and done[1]

    def log_of(self, name):
        path = self.root / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""


if __name__ == "__main__":
    swarm.main()
