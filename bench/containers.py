#!/usr/bin/env python3
"""Sizes of the images, and how long it takes from `docker run` of a worker to its first lease.

    SWARMLAB=build/release/swarmlab bench/containers.py [TIMES]

A lab waits at a coordinator in a container; the containers of the worker's agent and evaluator run already.
"""
import datetime
import json
import pathlib
import statistics
import sys
import time
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "end_to_end"))
import images  # noqa: E402

TIMES = int(sys.argv[1]) if len(sys.argv) > 1 else 9


class Measure(images.InContainers):
    def runTest(self):
        for name, tag in self.images.items():
            print(f"{name}: {json.loads(self.engine.must('image', 'inspect', tag))[0]['Size'] / 1e6:.0f} MB", flush=True)
        who = self.as_operator(self.start_coordinator())
        self.swarmlab("run", self.shell_lab(stop="max_iterations = 100000"), "--detach", env=who)
        took = []
        for number in range(TIMES):
            name = f"w{number}"
            shared = self.start_runners(name)
            began = time.time()
            self.start_worker_alone(name, shared)
            started = time.time()
            lease = self.wait_until(lambda name=name: self.first_lease(name), "a lease")
            took.append(lease - began)
            print(f"{name}: {took[-1]:.2f} s, of which docker run {started - began:.2f} s", flush=True)
            self.engine.must("rm", "-f", "-v", name, f"{name}-agent", f"{name}-evaluator")
            self.names = [n for n in self.names if not n.startswith(name)]
        print(f"from docker run to the first lease: median {statistics.median(took):.2f} s, {min(took):.2f} to {max(took):.2f}, {TIMES} times")

    def first_lease(self, worker):
        """As the coordinator's log has it."""
        for line in self.container_log("coordinator").splitlines():
            told = json.loads(line) if line.startswith("{") else {}
            if told.get("msg", "").startswith("lease granted") and told.get("worker") == worker:
                return datetime.datetime.fromisoformat(told["ts"].replace("Z", "+00:00")).timestamp()
        return None


if __name__ == "__main__":
    result = unittest.TextTestRunner().run(unittest.TestSuite([Measure()]))
    sys.exit(0 if result.wasSuccessful() else 1)
