"""Workers that are killed, with and without the coordinator, and one that sleeps past its leases."""
import os
import signal

import ledger
import swarm

KILLS = int(os.environ.get("SWARMLAB_KILLS", "10"))


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


class AWorkerThatSleepsPastItsLeases(ledger.KillTest):
    def test_its_late_report_does_not_count(self):
        (self.lab / "agent.sh").write_text("""
            [ -e artifact/fast ] || sleep 3
            """ + ledger.AGENT)
        self.git(self.lab, "commit", "-qam", "slow agents")
        self.start_coordinator("--lease-seconds", "3", "--max-iterations", "3")
        self.start_worker("sleeper", slots=1)
        explores = lambda: "kind=explore" in self.log_of("sleeper")
        self.wait_until(explores, "the sleeper has an experiment")
        sleeper = self.workers["sleeper"]
        sleeper.send_signal(signal.SIGSTOP)
        self.start_worker("other", slots=1)
        self.wait_until(lambda: "experiment 2 counts" in self.log_of("other"), "the other one gets its experiment")
        sleeper.send_signal(signal.SIGCONT)
        self.wait_until(lambda: "does not count here" in self.log_of("sleeper"), "the sleeper is told")
        self.wait_until(lambda: (self.status() or {}).get("state") == "stopped", "the lab stops")
        for worker in self.workers.values():
            self.assertEqual(self.end(worker), 0)
        self.assertEqual(self.end(self.coordinator), 0)
        self.check_ledger(3)
        experiment = self.json("show", 2, "--lab", self.lab)
        self.assertEqual((experiment["worker"], experiment["attempts"]), ("other", 2))

    def log_of(self, name):
        path = self.root / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""


if __name__ == "__main__":
    swarm.main()
