"""Workers that stop reading in the middle of a large pack: they cost the coordinator little, nobody else waits for them,
and what they held is done by others.

SWARMLAB_READERS and SWARMLAB_DATA_MB say how many they are, and how large the pack is.
"""
import os
import pathlib
import signal
import time

import swarm

READERS = int(os.environ.get("SWARMLAB_READERS", "5"))
MEGABYTES = int(os.environ.get("SWARMLAB_DATA_MB", "64"))
EXPERIMENTS = READERS + 10

MEASURE = """
set -e
test "$(cat data/noise | wc -c)" -eq SIZE
echo "METRIC score=$(cat artifact/value.txt)"
"""


class WorkersThatStopReading(swarm.SwarmTest):
    def setUp(self):
        super().setUp()
        self.address = self.address_of_our_own()

    def large_lab(self):
        lab = self.shell_lab(measure=MEASURE.replace("SIZE", str(MEGABYTES << 20)),
                             stop=f"max_iterations = {EXPERIMENTS}")
        (lab / "data").mkdir()
        with open(lab / "data/noise", "wb") as file:
            for _ in range(MEGABYTES):
                file.write(os.urandom(1 << 20))
        self.git(lab, "config", "core.compression", "0")
        self.commit(lab, "data")
        return lab

    def start_worker(self, name):
        worker = self.start("worker", "--connect", self.address, "--name", name, "--folder", self.root / name, log=f"{name}.log")
        worker.incoming = self.root / name / "objects.git/incoming"
        return worker

    def stop_reading(self, worker):
        """Once some of the pack is there. Gives how much, or nothing if all of it came before it could be stopped."""
        deadline = time.monotonic() + 60 * swarm.PATIENCE
        while time.monotonic() < deadline:
            for part in worker.incoming.glob("*.part"):
                if self.size(part) >= 1 << 20:
                    worker.send_signal(signal.SIGSTOP)
                    return self.size(part)
            if list((worker.incoming.parent / "objects/pack").glob("*.pack")):
                return None
            time.sleep(0.001)
        self.fail(f"no pack came: {worker.log.read_text()}")
        return None

    @staticmethod
    def size(part):
        try:
            return part.stat().st_size
        except OSError:
            return 0

    def rss_mb(self):
        status = pathlib.Path("/proc", str(self.coordinator.pid), "status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def done(self):
        found = self.json("experiments", "--connect", self.address)
        return len([e for e in found if e["verdict"] in ("keep", "discard")])

    def tearDown(self):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
        super().tearDown()

    def test_cost_little_and_hold_nobody_up(self):
        lab = self.large_lab()
        self.coordinator = self.start("coordinator", lab, "--listen", self.address, "--lease", "10s", log="coordinator.log")
        self.wait_until(lambda: b"listens" in self.coordinator.log.read_bytes(), "the coordinator listens")
        self.start_worker("healthy")
        self.wait_until(lambda: self.done() >= 2, "the healthy one has the pack", timeout=120)
        before = self.rss_mb()
        most = before
        stuck = []
        for i in range(READERS):
            worker = self.start_worker(f"stuck{i}")
            if self.stop_reading(worker) is not None:
                stuck.append(worker)
            most = max(most, self.rss_mb())
        self.assertGreater(len(stuck), READERS // 2, "they could be stopped in time")
        done = self.done()
        self.wait_until(lambda: self.done() >= min(done + 3, EXPERIMENTS + 1), "the healthy one goes on")
        self.wait_until(lambda: self.done() == EXPERIMENTS + 1, "what the others held is done by it", timeout=120 + 20 * READERS)
        most = max(most, self.rss_mb())
        if swarm.PATIENCE == 1:  # sanitizers keep what is freed
            self.assertLess(most - before, 100)
        print(f"{len(stuck)} workers stopped reading: {most - before:.1f} MB more at most", flush=True)
        for worker in stuck:
            worker.send_signal(signal.SIGCONT)
        for worker in stuck:
            self.assertEqual(self.end(worker, timeout=60), 0, worker.log.read_text())
        numbers = [e["number"] for e in self.json("experiments", "--connect", self.address)]
        self.assertEqual(numbers, list(range(1, EXPERIMENTS + 2)))


if __name__ == "__main__":
    swarm.main()
