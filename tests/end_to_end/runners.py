"""Agents and evaluators in containers of their own inside one pod: a real worker and coordinator, and two runners."""
import json
import pathlib
import tempfile

import engines
import pods
import swarm

ADDRESS = "tcp://127.0.0.1:7000"
START = 240  # seconds, of containers


class InAPod(engines.OfAnEngine, swarm.SwarmTest):
    """One pod for each test; the coordinator is on its loopback."""

    def setUp(self):
        swarm.SwarmTest.setUp(self)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="swarmlab-pod-"))
        self.pod = pods.Pod(self.engine.tell, folder)
        self.addCleanup(self.pod.end)
        self.inside = self.pod.inside

    def coordinate(self, lab, *flags):
        coordinator = self.start("coordinator", lab, "--listen", ADDRESS, *flags)
        self.wait_until(lambda: "swarmlab worker --connect" in coordinator.log.read_text(), "the coordinator")
        return coordinator

    def stopped(self, lab):
        done = self.swarmlab("status", "--json", cwd=lab, expect=None)
        if done.returncode != 0:
            return False
        return all(one["state"] == "stopped" for one in json.loads(done.stdout)["labs"])

    def finish(self, lab, timeout=START):
        try:
            self.wait_until(lambda: self.stopped(lab), "the lab stops", timeout)
        except AssertionError:
            print(self.pod.all_logs(), flush=True)
            raise


class Walks:
    def test_a_lab_runs_to_its_end(self):
        lab = self.make_lab()
        self.coordinate(lab, "--max-iterations", "4")
        self.pod.start_all(ADDRESS)
        self.finish(lab)
        experiments = self.json("experiments", cwd=lab)
        self.assertEqual([e["verdict"] for e in experiments if e["kind"] != "baseline"], ["keep"] * 4, json.dumps(experiments, indent=1))


class InDocker(Walks, InAPod):
    engine_kind = "docker"


if __name__ == "__main__":
    swarm.main()
