"""A coordinator and workers that were started by hand; and more than one of them at a time."""
import re
import signal

import swarm


class ByHand(swarm.SwarmTest):
    def coordinator(self, lab, *flags):
        """Starts one at an address of its own; gives the process and the address."""
        address = self.address_of_our_own()
        process = self.start("coordinator", "--listen", address, *flags, cwd=lab)
        self.wait_until(lambda: f"swarmlab worker --connect {address}\n" in process.log.read_text(), "the coordinator")
        return process, address

    def worker(self, address, *flags, name="hand"):
        return self.start("worker", "--connect", address, "--name", name, "--folder", self.root / f"worker-{name}", *flags,
                          cwd=self.root)

    def status(self, address):
        return self.json("status", "--connect", address)

    def test_a_worker_with_three_slots_runs_a_lab_to_its_end(self):
        lab = self.shell_lab(stop="max_iterations = 6")
        coordinator, address = self.coordinator(lab)
        worker = self.worker(address, "--slots", "3")
        self.wait_until(lambda: self.status(address)["labs"][0]["state"] == "stopped", "the end of the lab")
        status = self.status(address)
        self.assertEqual([(w["name"], w["slots"]) for w in status["workers"]], [("hand", 3)])
        self.assertEqual(status["coordinator"]["address"], address)
        found = self.json("status", cwd=lab)  # from its repository
        for told in (found, status):
            del told["coordinator"]["freeBytes"]  # others write to the disk as well
        self.assertEqual(found["coordinator"], status["coordinator"])
        self.assertEqual(self.end(worker), 0, worker.log.read_text())
        self.assertEqual(self.end(coordinator), 0, coordinator.log.read_text())
        experiments = self.json("experiments", cwd=lab)
        self.assertEqual([e["number"] for e in experiments], list(range(1, 8)))
        self.assertEqual({e["worker"] for e in experiments}, {"hand"})

    def test_a_port_that_is_left_to_the_system_is_told(self):
        process = self.start("coordinator", "--listen", "tcp://127.0.0.1:0", cwd=self.shell_lab())
        told = self.wait_until(lambda: re.search(r"--connect (tcp://127\.0\.0\.1:[1-9]\d*)\n", process.log.read_text()),
                               "an address to connect to")
        self.assertEqual(self.status(told.group(1))["coordinator"]["address"], told.group(1))
        taken = self.swarmlab("coordinator", self.shell_lab(name="other"), "--listen", told.group(1), expect=1)
        self.assertIn(f"{told.group(1)}: cannot listen: Address already in use", taken.stderr)

    def test_three_slots_work_at_the_same_time(self):
        meet = self.root / "meet"
        meet.mkdir()
        lab = self.shell_lab(agent=f"until test -e {meet}/open; do sleep 0.05; done\n" + swarm.SHELL_AGENT,
                             stop="max_iterations = 3")
        _, address = self.coordinator(lab)
        self.worker(address, "--slots", "3", "--expose", meet)
        self.wait_until(lambda: self.status(address)["labs"][0]["running"] == 3, "three at work")
        self.assertEqual([(w["busy"], w["slots"]) for w in self.status(address)["workers"]], [(3, 3)])
        (meet / "open").touch()
        self.wait_until(lambda: self.status(address)["labs"][0]["state"] == "stopped", "the end of the lab")

    def test_a_worker_that_is_told_to_leave_finishes_what_runs(self):
        gate = self.root / "gate"
        gate.mkdir()
        lab = self.shell_lab(agent=f"until test -e {gate}/open; do sleep 0.05; done\n" + swarm.SHELL_AGENT, stop="max_iterations = 0")
        _, address = self.coordinator(lab)
        worker = self.worker(address, "--expose", gate)
        self.wait_until(lambda: self.status(address)["labs"][0]["experiments"] == 1
                        and self.status(address)["labs"][0]["running"] == 1, "an agent at work")
        worker.send_signal(signal.SIGTERM)
        self.wait_until(lambda: self.status(address)["workers"][0]["state"] == "leaving", "a worker that leaves")
        self.assertIsNone(worker.poll())
        (gate / "open").touch()
        self.assertEqual(worker.wait(timeout=60 * swarm.PATIENCE), 0, worker.log.read_text())
        lab_now = self.status(address)["labs"][0]
        self.assertEqual((lab_now["experiments"], lab_now["running"]), (2, 0))
        self.assertEqual(self.status(address)["workers"][0]["state"], "gone")

    def test_a_worker_that_comes_before_its_coordinator_waits_for_it(self):
        lab = self.shell_lab(stop="max_iterations = 1")
        first, address = self.coordinator(lab)
        self.end(first)
        worker = self.worker(address)
        second = self.start("coordinator", "--listen", address, cwd=lab)
        self.wait_until(lambda: "listens" in second.log.read_text(), "the second coordinator")
        self.wait_until(lambda: self.status(address)["labs"][0]["state"] == "stopped", "the end of the lab")
        self.assertEqual(self.end(worker), 0, worker.log.read_text())

    def test_a_coordinator_that_comes_back_goes_on_with_the_same_worker(self):
        gate = self.root / "gate"
        gate.mkdir()
        lab = self.shell_lab(agent=f"until test -e {gate}/open; do sleep 0.05; done\n" + swarm.SHELL_AGENT, stop="max_iterations = 1")
        first, address = self.coordinator(lab)
        self.worker(address, "--expose", gate)
        self.wait_until(lambda: self.status(address)["labs"][0]["experiments"] == 1
                        and self.status(address)["labs"][0]["running"] == 1, "an agent at work")
        self.assertEqual(self.end(first), 0)
        (gate / "open").touch()
        second = self.start("coordinator", "--listen", address, cwd=lab)
        self.wait_until(lambda: "listens" in second.log.read_text(), "the second coordinator")
        self.wait_until(lambda: self.status(address)["labs"][0]["state"] == "stopped", "the end of the lab")
        experiments = self.json("experiments", cwd=lab)
        self.assertEqual([(e["number"], e["verdict"], e["attempts"]) for e in experiments], [(1, "keep", 1), (2, "keep", 1)])

    def test_an_address_that_others_could_reach_is_refused(self):
        lab = self.shell_lab()
        refused = self.swarmlab("coordinator", "--listen", "tcp://0.0.0.0:7000", cwd=lab, expect=1)
        self.assertIn("which other machines can reach, and there are no keys", refused.stderr)

    def test_a_worker_needs_to_know_where_to_go(self):
        refused = self.swarmlab("worker", expect=1)
        self.assertIn("--connect is missing, expected the coordinator's address", refused.stderr)


class Together(swarm.SwarmTest):
    def gated_lab(self, name):
        gate = self.root / f"gate-{name}"
        gate.mkdir()
        lab = self.shell_lab(name=name, agent=f"until test -e {gate}/open; do sleep 0.05; done\n" + swarm.SHELL_AGENT,
                             stop="max_iterations = 1")
        return lab, gate, self.start("run", "--workers", "1", "--expose", gate, cwd=lab)

    def test_two_repositories_run_at_once_and_do_not_meet(self):
        one, gate_one, run_one = self.gated_lab("one")
        two, gate_two, run_two = self.gated_lab("two")
        self.wait_until(lambda: self.running(one) and self.running(two), "both at work")
        (gate_one / "open").touch()
        self.assertEqual(run_one.wait(timeout=60 * swarm.PATIENCE), 0, run_one.log.read_text())
        self.assertEqual([lab["name"] for lab in self.json("labs", cwd=two)], ["two"])
        self.assertEqual(len(self.running(two)), 1)
        (gate_two / "open").touch()
        self.assertEqual(run_two.wait(timeout=60 * swarm.PATIENCE), 0, run_two.log.read_text())
        self.assertEqual(len(self.json("experiments", cwd=one)), 2)
        self.assertEqual(len(self.json("experiments", cwd=two)), 2)

    def test_a_second_run_in_the_same_repository_is_refused_and_does_no_harm(self):
        lab, gate, run = self.gated_lab("one")
        self.wait_until(lambda: self.running(lab), "an agent at work")
        second = self.swarmlab("run", "--workers", "1", cwd=lab, expect=1)
        self.assertIn(f"a coordinator runs in {lab} already; look at it with: swarmlab status", second.stderr)
        by_hand = self.swarmlab("coordinator", cwd=lab, expect=1)
        self.assertIn(f"a coordinator runs in {lab} already", by_hand.stderr)
        self.assertEqual(len(self.running(lab)), 1)
        (gate / "open").touch()
        self.assertEqual(run.wait(timeout=60 * swarm.PATIENCE), 0, run.log.read_text())
        self.assertEqual(len(self.json("experiments", cwd=lab)), 2)


if __name__ == "__main__":
    swarm.main()
