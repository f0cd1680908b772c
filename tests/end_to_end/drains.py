"""Daemons that are told to end: nothing is lost, nothing counts as a crash, and nobody waits for long."""
import os
import signal
import time

import swarm


class DrainTest(swarm.SwarmTest):
    def setUp(self):
        super().setUp()
        self.gate = self.root / "gate"
        self.gate.mkdir()
        self.address = self.address_of_our_own()

    def gated_lab(self, stop):
        """Its agents wait until the gate is open."""
        wait = f"until test -e {self.gate}/open; do sleep 0.05; done\n"
        return self.shell_lab(agent=wait + swarm.SHELL_AGENT, stop=stop, agent_timeout="600s")

    def open_gate(self):
        (self.gate / "open").touch()

    def coordinator(self, lab, *flags):
        process = self.start("coordinator", lab, "--listen", self.address, *flags)
        self.wait_until(lambda: "swarmlab worker --connect" in process.log.read_text(), "the coordinator")
        return process

    def worker(self, name, *flags):
        return self.start("worker", "--connect", self.address, "--name", name, "--folder", self.root / name, "--expose",
                          self.gate, *flags, log=f"{name}.log")

    def labs(self):
        [lab] = self.json("labs", "--connect", self.address)
        return lab

    def at_work(self, count):
        self.wait_until(lambda: len(self.leased()) == count, f"{count} agents at work")

    def leased(self):
        found = self.json("experiments", "--verdict", "running", "--connect", self.address)
        return {e["number"]: e for e in found if e["kind"] == "explore"}

    def experiments(self):
        return self.json("experiments", "--connect", self.address)

    def finish(self):
        self.wait_until(lambda: self.labs()["state"] == "stopped", "the lab stops")


class WorkersThatAreToldToLeave(DrainTest):
    def test_an_idle_one_leaves_at_once(self):
        self.coordinator(self.gated_lab("max_iterations = 1"), "--max-iterations", "1")
        first = self.worker("first")
        self.at_work(1)
        idle = self.worker("idle", "--drain-timeout", "unlimited")
        here = lambda: [w["name"] for w in self.json("workers", "--connect", self.address) if w["state"] == "ready"]
        self.wait_until(lambda: "idle" in here(), "it is here")
        self.assertEqual(self.end(idle), 0, idle.log.read_text())
        self.assertNotIn("begins", idle.log.read_text())
        self.open_gate()
        self.finish()
        self.assertEqual(self.end(first), 0)

    def test_one_that_found_no_work_for_too_long_leaves_by_itself_and_a_busy_one_stays(self):
        self.coordinator(self.gated_lab("max_iterations = 1"))
        busy = self.worker("busy", "--leave-idle", "600s")
        self.at_work(1)
        for kind in ([], ["--once"]):
            idle = self.worker(f"idle{len(kind)}", "--leave-idle", "2s", *kind)
            self.assertEqual(idle.wait(timeout=120 * swarm.PATIENCE), 0, idle.log.read_text())
            self.assertIn("there is nothing to do: it leaves", idle.log.read_text())
        self.open_gate()
        self.finish()
        self.assertEqual(swarm.verdicts(self.experiments()), ["keep", "keep"], busy.log.read_text())

    def test_one_without_a_coordinator_leaves_when_it_is_useless_for_too_long(self):
        lost = self.worker("lost", "--leave-idle", "2s")
        self.assertEqual(lost.wait(timeout=120 * swarm.PATIENCE), 0, lost.log.read_text())

    def test_a_busy_one_finishes_what_runs_and_takes_nothing_more(self):
        self.coordinator(self.gated_lab("max_iterations = 5"))
        busy = self.worker("busy")
        # Leased is not begun: what the worker has not begun when it is told goes back.
        self.wait_until(lambda: "begins kind=explore" in busy.log.read_text(), "it has begun")
        busy.send_signal(signal.SIGTERM)
        self.wait_until(lambda: "may take 10m more" in busy.log.read_text(), "it has heard")
        self.open_gate()
        self.assertEqual(busy.wait(timeout=60 * swarm.PATIENCE), 0, busy.log.read_text())
        self.assertEqual(swarm.verdicts(self.experiments()), ["keep", "keep"], busy.log.read_text())

    def handed_back(self, leaves, *flags):
        """What runs is done by another worker in the end, although no loss at all would be forgiven."""
        self.coordinator(self.gated_lab("max_iterations = 2"), "--max-restarts", "0")
        leaver = self.worker("leaver", "--slots", "2", *flags)
        self.at_work(2)
        leaver.send_signal(signal.SIGTERM)
        leaves(leaver)
        self.assertEqual(leaver.wait(timeout=60 * swarm.PATIENCE), 0, leaver.log.read_text())
        self.assertEqual(list(self.root.glob("leaver/spool/*")), [], "all is delivered")
        self.worker("other", "--slots", "2")
        self.at_work(2)
        self.open_gate()
        self.finish()
        found = self.experiments()
        self.assertEqual([(e["number"], e["verdict"] in ("keep", "discard"), e["worker"]) for e in found],
                         [(1, True, "leaver"), (2, True, "other"), (3, True, "other")])
        log = self.swarmlab("events", "--last", 100, "--connect", self.address).stdout
        self.assertNotIn("expired", log)
        self.assertNotIn("restarted", log)
        return leaver

    def test_what_a_worker_cannot_finish_in_time_is_handed_back(self):
        leaver = self.handed_back(lambda worker: None, "--drain-timeout", "500ms")
        self.assertIn("the drain timeout is over", leaver.log.read_text())

    def test_what_runs_is_handed_back_when_it_is_told_twice(self):
        def again(worker):
            self.wait_until(lambda: "told to leave" in worker.log.read_text(), "it has heard")
            worker.send_signal(signal.SIGTERM)
        leaver = self.handed_back(again)
        self.assertIn("told again", leaver.log.read_text())

    def test_a_second_signal_may_be_an_interrupt(self):
        def again(worker):
            self.wait_until(lambda: "told to leave" in worker.log.read_text(), "it has heard")
            worker.send_signal(signal.SIGINT)
        self.handed_back(again, "--drain-timeout", "unlimited")

    def test_what_a_signal_to_all_processes_ended_is_handed_back(self):
        """As batch systems send it: agents are told to end with their worker, and did not crash."""
        def everybody(pid):
            return [pid, *(p for child in self.children(pid) for p in everybody(child))]
        def all_others(worker):
            for pid in reversed(everybody(worker.pid)[1:]):
                try:
                    os.kill(pid, signal.SIGTERM)
                except ProcessLookupError:
                    continue  # it ended with another
            return worker.poll() is not None
        def again(worker):  # an agent that was just about to start hears it the next time
            self.wait_until(lambda: all_others(worker), "all have ended")
        leaver = self.handed_back(again)
        self.assertNotIn("crash", leaver.log.read_text())

    def test_one_that_leaves_when_idle_goes_at_once_where_there_is_nothing(self):
        self.coordinator(self.gated_lab("max_iterations = 1"))
        first = self.worker("first", "--leave-idle", "1s")
        self.at_work(1)
        idle = self.worker("idle", "--leave-idle", "10h")
        self.assertEqual(idle.wait(timeout=60 * swarm.PATIENCE), 0, idle.log.read_text())
        self.assertIn("there is nothing to do", idle.log.read_text())
        self.open_gate()
        self.assertEqual(first.wait(timeout=60 * swarm.PATIENCE), 0, first.log.read_text())
        self.assertEqual(swarm.verdicts(self.experiments()), ["keep", "keep"], "it did what there was")

    def test_one_that_is_to_do_one_experiment_leaves_after_it(self):
        self.open_gate()
        self.coordinator(self.gated_lab("max_iterations = 9"))
        worker = self.worker("once", "--once", "--slots", "2")
        self.assertEqual(worker.wait(timeout=60 * swarm.PATIENCE), 0, worker.log.read_text())
        self.assertEqual(swarm.verdicts(self.experiments()), ["keep", "keep"], "one in each slot")


class CoordinatorsThatAreToldToStop(DrainTest):
    WORKERS = 3
    SLOTS = 4

    def stop(self, coordinator, *more):
        begin = time.monotonic()
        coordinator.send_signal(signal.SIGTERM)
        for signal_ in more:
            coordinator.send_signal(signal_)
        self.assertEqual(coordinator.wait(timeout=5 * swarm.PATIENCE), 0, coordinator.log.read_text())
        print(f"the coordinator stopped in {time.monotonic() - begin:.2f} s", flush=True)

    def test_the_next_one_knows_every_lease(self):
        leases = self.WORKERS * self.SLOTS
        lab = self.gated_lab(f"max_iterations = {leases}")
        coordinator = self.coordinator(lab)
        workers = [self.worker(f"w{i}", "--slots", self.SLOTS) for i in range(self.WORKERS)]
        self.at_work(leases)
        # One that waits for what happens must not hold it up.
        self.start("events", "--follow", "--connect", self.address, log="follower.log")
        before = self.leased()
        self.stop(coordinator)
        coordinator = self.coordinator(lab)
        after = self.leased()
        pick = lambda found: {n: (e["worker"], e["attempts"]) for n, e in found.items()}
        self.assertEqual(pick(after), pick(before))
        self.stop(coordinator, signal.SIGTERM)  # told twice: as consistent
        self.coordinator(lab)
        self.assertEqual(pick(self.leased()), pick(before))
        self.open_gate()
        self.finish()
        found = self.experiments()
        self.assertEqual([e["number"] for e in found], list(range(1, leases + 2)))
        self.assertEqual({e["attempts"] for e in found}, {1}, "nobody lost anything")
        for worker in workers:
            self.assertEqual(self.end(worker), 0)


if __name__ == "__main__":
    swarm.main()
