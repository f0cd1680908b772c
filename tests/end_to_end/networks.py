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
import network
import swarm

EXPERIMENTS = int(os.environ.get("SWARMLAB_EXPERIMENTS", "120"))
OLD_WORKERS = os.environ.get("SWARMLAB_OLD_WORKERS", "")
MISSING = network.why_not()
LEASE_SECONDS = 5
PORT = 7000
CENTS = 3

AGENT = ledger.AGENT + """
echo '{"type": "result", "total_cost_usd": 0.03}'
"""


@unittest.skipIf(MISSING, f"no networks here: {MISSING}")
class ASwarmOfManyMachines(ledger.KillTest):
    agent = AGENT

    def setUp(self):
        super().setUp()
        self.network = network.Network()
        self.addCleanup(self.network.close)
        self.home = self.network.add("home")
        self.way = self.network.add("way")
        self.machines = {f"w{i}": self.network.add(f"w{i}") for i in range(1, 9)}
        self.network.relay(self.way, PORT, f"{self.home.address}:{PORT}", delay_ms=50, jitter_ms=40)
        self.direct = f"tcp://{self.home.address}:{PORT}"
        self.inside = self.home.inside()
        self.make_keys()

    def make_keys(self):
        for name in self.machines:
            self.swarmlab("keys", "new", name, "--role", "worker", cwd=self.lab)
        self.swarmlab("keys", "new", "operator", "--role", "operator", cwd=self.lab)
        self.keys = self.lab / ".swarmlab/keys"
        self.server_key = self.keys / "server.pub"
        self.address = self.direct  # of those who look
        self.as_operator = {"SWARMLAB_KEY": str(self.key("operator")), "SWARMLAB_SERVER_KEY": str(self.server_key)}

    def key(self, name):
        found = [path for path in self.keys.rglob(f"{name}*") if path.suffix != ".pub"]
        self.assertEqual(len(found), 1, found)
        return found[0]

    def swarmlab(self, *args, env=None, **kwargs):
        return super().swarmlab(*args, env={**getattr(self, "as_operator", {}), **(env or {})}, **kwargs)

    def start_coordinator(self, *flags):
        self.coordinators += 1
        self.coordinator = self.start(
            "coordinator", self.lab, "--listen", self.direct, "--lease-seconds", LEASE_SECONDS, *flags,
            log=f"coordinator-{self.coordinators}.log")

    def start_worker(self, name, slots=2):
        machine = self.machines[name]
        older = ["--speak-protocol", "1"] if OLD_WORKERS and int(name[1:]) % 2 == 0 else []
        self.workers[name] = self.start(
            "worker", "--connect", f"tcp://{self.way.address}:{PORT}", "--name", name, "--folder", self.root / "workers" / name,
            "--slots", slots, "--key", self.key(name), "--server-key", self.server_key, *older,
            "--log-file", self.root / f"{name}.log", log=f"{name}.out", inside=machine.inside())

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
        for machine in [self.way, *self.machines.values()]:
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
        reconnect = [self.cut_off(name, LEASE_SECONDS * 2) for name in ("w7", "w8")]
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

    def check_costs(self):
        """All that was spent is in the budget, by whole attempts, and each experiment has its own share."""
        lab = self.json("labs", cwd=self.lab)
        lab = (lab["labs"] if isinstance(lab, dict) else lab)[0]
        experiments = self.json("experiments", self.lab, "--last", 1_000_000)
        cents = {e["number"]: round(e["costUsd"] * 100, 6) for e in experiments}
        for e in experiments:
            least = 0 if e["kind"] == "baseline" else CENTS
            self.assertGreaterEqual(cents[e["number"]], least, e)
            self.assertLessEqual(cents[e["number"]], e["attempts"] * CENTS, e)
            self.assertEqual(cents[e["number"]] % CENTS, 0, e)
        self.assertAlmostEqual(lab["spentUsd"] * 100, sum(cents.values()), places=4)


if __name__ == "__main__":
    swarm.main()
