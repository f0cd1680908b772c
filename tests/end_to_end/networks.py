"""A swarm of machines of their own, over a network that is bad in every way that networks are.

Eight workers on eight addresses reach the coordinator over a relay that is slow and lets connections overtake each
other; packets get lost; cables are pulled for longer than a lease; processes are killed. In the morning every
experiment is there once. SWARMLAB_EXPERIMENTS says how many (scripts/bad_network.sh), SWARMLAB_SEED repeats a run's
choices, SWARMLAB_OLD_WORKERS=1 has half of the workers speak the protocol of the release before.
"""
import os
import time
import unittest

import ledger
import machines
import network
import swarm

EXPERIMENTS = int(os.environ.get("SWARMLAB_EXPERIMENTS", "120"))
OLD_WORKERS = os.environ.get("SWARMLAB_OLD_WORKERS", "")
MISSING = network.why_not()


@unittest.skipIf(MISSING, f"no networks here: {MISSING}")
class ASwarmOfManyMachines(machines.MachinesTest):
    agent = ledger.PAID_AGENT

    def setUp(self):
        super().setUp()
        self.relay = self.network.add("way")
        self.network.relay(self.relay, machines.PORT, f"{self.home.address}:{machines.PORT}", delay_ms=50, jitter_ms=40)
        self.way = f"tcp://{self.relay.address}:{machines.PORT}"

    def start_worker(self, name):
        older = ["--speak-protocol", "1"] if OLD_WORKERS and int(name[1:]) % 2 == 0 else []
        super().start_worker(name, *older)

    def goes_on(self, reports):
        before = self.reports()
        self.wait_until(lambda: self.reports() >= before + reports, "the swarm goes on", timeout=120)

    def cut_off(self, name, seconds):
        """Longer than a lease: its experiments are given to others, and it finds out when it is back."""
        self.machines[name].pull_the_cable()
        until = time.monotonic() + seconds
        return lambda: (time.sleep(max(0.0, until - time.monotonic())), self.machines[name].plug_it_in())

    def test_loses_nothing_and_counts_nothing_twice(self):
        begin = time.monotonic()
        for machine in [self.relay, *self.machines.values()]:
            machine.lose(0.05)
        self.start_coordinator("--max-iterations", EXPERIMENTS)
        for name in self.machines:
            self.start_worker(name)
        step = EXPERIMENTS // 8
        for victim in self.random.sample(["w1", "w2", "w3", "w4", "w5"], 3):
            self.goes_on(step)
            self.kill(self.workers[victim])
            self.kill(self.coordinator)
            self.start_coordinator("--max-iterations", EXPERIMENTS)
            self.start_worker(victim)
        reconnect = [self.cut_off(name, self.lease_seconds * 2) for name in ("w7", "w8")]
        self.goes_on(step)
        for plug_it_in in reconnect:
            plug_it_in()
        self.wait_until(lambda: (self.status() or {}).get("state") == "stopped", "the lab stops by itself", timeout=300)
        for name, worker in self.workers.items():
            self.assertEqual(self.end(worker, timeout=60), 0, (self.root / f"{name}.log").read_text()[-2000:])
        self.assertEqual(self.end(self.coordinator), 0)
        self.check_ledger(EXPERIMENTS)
        self.check_costs()
        print(f"{EXPERIMENTS} experiments, {time.monotonic() - begin:.1f} s", flush=True)


if __name__ == "__main__":
    swarm.main()
