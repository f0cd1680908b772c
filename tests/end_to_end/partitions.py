"""Links that go away: of one worker, of half of them or of all, one way or both, shorter and longer than a lease.

SWARMLAB_CUTS says how often (scripts/lost_machines.sh), SWARMLAB_SEED repeats a run's choices.
"""
import os
import time
import unittest

import ledger
import machines
import network
import swarm

CUTS = int(os.environ.get("SWARMLAB_CUTS", "4"))
MISSING = network.why_not()


@unittest.skipIf(MISSING, f"no networks here: {MISSING}")
class ASwarmWhoseLinksGoAway(machines.MachinesTest):
    workers_to_be = 6
    lease_seconds = 4

    def reports_of(self, name):
        """How many reports of a worker were answered."""
        said = (self.root / f"{name}.log").read_text(errors="replace")
        return len(ledger.COUNTS.findall(said)) + said.count("does not count here")

    def cut(self, name, how):
        """Cuts a worker off, and says how to undo it."""
        machine = self.machines[name]
        if how == "both ways":
            machine.pull_the_cable()
            return machine.plug_it_in
        deaf, silent = (machine, self.home) if how == "it hears nothing" else (self.home, machine)
        deaf.drop_from(silent.address)
        return lambda: deaf.hear_again(silent.address)

    def test_does_each_experiment_once_and_goes_on_when_they_are_back(self):
        begin = time.monotonic()
        self.start_coordinator()
        for name in self.machines:
            self.start_worker(name)
        self.wait_until(lambda: all((self.root / f"{name}.log").exists() and self.reports_of(name) for name in self.machines),
                        "all work")
        waits = []
        for _ in range(CUTS):
            victims = self.random.sample(sorted(self.machines), self.random.choice([1, 3, 6]))
            how = self.random.choice(["both ways", "it hears nothing", "nobody hears it"])
            undo = [self.cut(name, how) for name in victims]
            away = self.random.uniform(1, 2 * self.lease_seconds)
            time.sleep(away)
            before = {name: self.reports_of(name) for name in victims}
            for reconnect in undo:
                reconnect()
            healed = time.monotonic()
            self.wait_until(lambda: all(self.reports_of(name) > before[name] for name in victims), f"{victims} are back ({how})",
                            timeout=120)
            waits.append(time.monotonic() - healed)
            print(f"{len(victims)} away for {away:.1f} s, {how}: all have delivered after {waits[-1]:.1f} s", flush=True)
        iterations = self.finish(more=20)
        self.check_ledger(iterations)
        experiments = self.json("experiments", self.lab, "--last", 1_000_000)
        print(f"{CUTS} cuts; {iterations} experiments, {sum(e['attempts'] - 1 for e in experiments)} given again; all that were cut "
              f"off have delivered after {sorted(waits)[len(waits) // 2]:.1f} s (median), {max(waits):.1f} s (longest); "
              f"{time.monotonic() - begin:.1f} s", flush=True)


if __name__ == "__main__":
    swarm.main()
