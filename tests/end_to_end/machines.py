"""A coordinator and workers on machines of their own, with keys: shared by tests of bad networks."""
import ledger
import network

PORT = 7000


class MachinesTest(ledger.KillTest):
    workers_to_be = 8
    lease_seconds = 5

    def setUp(self):
        super().setUp()
        self.network = network.Network()
        self.addCleanup(self.network.close)
        self.home = self.network.add("home")
        self.inside = self.home.inside()
        self.machines = {f"w{i}": self.network.add(f"w{i}") for i in range(1, self.workers_to_be + 1)}
        self.address = f"tcp://{self.home.address}:{PORT}"
        self.way = self.address  # by which workers reach it
        self.make_keys()

    def make_keys(self):
        for name in self.machines:
            self.swarmlab("keys", "new", name, "--role", "worker", cwd=self.lab)
        self.swarmlab("keys", "new", "operator", "--role", "operator", cwd=self.lab)
        self.keys = self.lab / ".swarmlab/keys"
        self.server_key = self.keys / "server.pub"
        self.as_operator = {"SWARMLAB_KEY": str(self.key("operator")), "SWARMLAB_SERVER_KEY": str(self.server_key)}

    def key(self, name):
        found = [path for path in self.keys.rglob(f"{name}*") if path.suffix != ".pub"]
        self.assertEqual(len(found), 1, found)
        return found[0]

    def swarmlab(self, *args, env=None, **kwargs):
        return super().swarmlab(*args, env={**getattr(self, "as_operator", {}), **(env or {})}, **kwargs)

    def start_coordinator(self, *flags):
        super().start_coordinator("--lease-seconds", self.lease_seconds, *flags)

    def start_worker(self, name, *flags, slots=2, **kwargs):
        of_whom_looks, self.address = self.address, self.way
        super().start_worker(name, "--key", self.key(name), "--server-key", self.server_key, *flags, slots=slots,
                             inside=self.machines[name].inside(), **kwargs)
        self.address = of_whom_looks
