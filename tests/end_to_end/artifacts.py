"""Large data and large candidates on their way, while either side is killed: they go on where they were.

SWARMLAB_DATA_MB says how large the data is.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import swarm

MEGABYTES = int(os.environ.get("SWARMLAB_DATA_MB", "48"))
RELAY = pathlib.Path(__file__).parent / "relay.py"
DELAY_MS = 40  # each way: so that there is a time to kill somebody in

COMES_IN = re.compile(r"pack (\w+) comes in bytes=(\d+) from=(\d+)")
GOES_OUT = re.compile(r"pack (\w+) goes out bytes=(\d+) from=(\d+)")

# Scores 1 if the data is all there, in both places, and cannot be written.
MEASURE = """
set -e
test "$(cat "$SWARMLAB_DATA"/noise | wc -c)" -eq SIZE
cmp "$SWARMLAB_DATA/noise" data/noise
! touch data/new 2>/dev/null
! touch "$SWARMLAB_DATA/new" 2>/dev/null
echo "METRIC score=1"
"""


class ArtifactTest(swarm.SwarmTest):
    def setUp(self):
        super().setUp()
        self.address = self.address_of_our_own()
        self.starts = 0

    def lab_with_data(self, **kwargs):
        """The data is in the repository, and does not get smaller."""
        measure = MEASURE.replace("SIZE", str(MEGABYTES << 20))
        lab = self.shell_lab(measure=measure, stop="max_iterations = 1", **kwargs)
        text = (lab / "lab.toml").read_text().replace('[evaluator]', '[evaluator]\ndata = "data"')
        (lab / "lab.toml").write_text(text)
        self.write_noise(lab / "data/noise", MEGABYTES << 20)
        self.git(lab, "config", "core.compression", "0")
        self.commit(lab, "data")
        return lab

    @staticmethod
    def write_noise(path, size):
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            for _ in range(size >> 20):
                file.write(os.urandom(1 << 20))

    def start_coordinator(self, lab):
        self.starts += 1
        self.coordinator = self.start("coordinator", lab, "--listen", self.address, log=f"coordinator-{self.starts}.log")
        self.wait_until(lambda: b"listens" in self.coordinator.log.read_bytes(), "the coordinator listens")

    def start_relay(self):
        port = int(self.address.rpartition(":")[2]) + 1
        relay = subprocess.Popen([sys.executable, str(RELAY), str(port), self.address.removeprefix("tcp://"), str(DELAY_MS), "0"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        relay.log = self.root / "relay.log"
        relay.log.write_text("")
        self.processes.append(relay)
        return f"tcp://127.0.0.1:{port}"

    def start_worker(self, name="w", address=None, *flags):
        return self.start("worker", "--connect", address or self.relayed, "--name", name, "--folder", self.root / "workers" / name,
                          *flags, "--log-file", self.root / f"{name}.log", log=f"{name}.out")

    def log_of(self, name="w"):
        path = self.root / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def on_the_way(self, folder, least):
        """A part of a pack that has at least so many bytes."""
        def find():
            for path in pathlib.Path(folder).glob("*.part"):
                try:
                    if path.stat().st_size >= least:
                        return path
                except OSError:
                    pass
            return None
        deadline = time.monotonic() + 60 * swarm.PATIENCE
        while time.monotonic() < deadline:
            if find():
                return
            time.sleep(0.002)
        self.fail(f"nothing came into {folder}: {self.log_of()}")

    def wait_for_experiments(self, lab, count):
        def measured():
            done = self.swarmlab("experiments", "--json", "--connect", self.address, cwd=lab, expect=None)
            return done.returncode == 0 and len([e for e in json.loads(done.stdout) if e["score"] is not None]) >= count
        self.wait_until(measured, f"{count} experiments", timeout=90)


class DataThatIsLarge(ArtifactTest):
    def test_goes_on_to_come_in_when_coordinator_and_worker_were_killed_and_is_checked_out_once(self):
        lab = self.lab_with_data()
        self.start_coordinator(lab)
        self.relayed = self.start_relay()
        worker = self.start_worker()
        incoming = self.root / "workers/w/objects.git/incoming"
        self.on_the_way(incoming, (MEGABYTES << 20) // 5)
        self.kill(self.coordinator)
        self.start_coordinator(lab)
        self.on_the_way(incoming, (MEGABYTES << 20) // 2)
        self.kill(worker)
        self.start_worker()
        self.wait_for_experiments(lab, 2)
        tries = [(int(size), int(start)) for _, size, start in COMES_IN.findall(self.log_of())]
        size = tries[0][0]
        self.assertGreaterEqual(size, MEGABYTES << 20)
        self.assertEqual([start for total, start in tries if total == size][0], 0)
        self.assertGreaterEqual(max(start for _, start in tries), (MEGABYTES << 20) // 2 - (1 << 20), "the second process went on")
        starts = [start for total, start in tries if total == size]
        self.assertEqual(starts, sorted(starts), "nothing began anew")
        self.assertEqual(self.log_of().count("is checked out"), 1)
        self.assertEqual(list(incoming.glob("*")), [], "nothing stays")
        print(f"{size} bytes, begun at {starts}", flush=True)

    def test_that_is_no_part_of_the_repository_is_shipped(self):
        lab = self.shell_lab(measure='test -f "$SWARMLAB_DATA/deep/noise" && echo "METRIC score=1"\n', stop="max_iterations = 1")
        data = self.root / "elsewhere"
        self.write_noise(data / "deep/noise", 6 << 20)
        self.coordinator = self.start("coordinator", lab, "--listen", self.address, "--data", data)
        self.wait_until(lambda: b"listens" in self.coordinator.log.read_bytes(), "the coordinator listens")
        data.rename(self.root / "gone")  # as on another machine
        self.start_worker("w", self.address)
        self.wait_for_experiments(lab, 2)
        self.assertEqual(self.log_of().count("is checked out"), 1)


class ACandidateThatIsLarge(ArtifactTest):
    def test_goes_on_to_go_out_when_the_coordinator_was_killed(self):
        agent = """
        head -c 70000000 /dev/urandom > artifact/model.bin
        echo 2 > artifact/value.txt
        """
        lab = self.shell_lab(agent=agent, stop="max_iterations = 1")
        text = (lab / "lab.toml").read_text().replace("[metric]", "max_file_size = \"80MB\"\n\n[metric]")
        (lab / "lab.toml").write_text(text)
        self.commit(lab, "larger files")
        self.start_coordinator(lab)
        self.relayed = self.start_relay()
        self.start_worker()
        self.on_the_way(lab / ".swarmlab/inbox", 8_000_000)
        self.kill(self.coordinator)
        self.start_coordinator(lab)
        self.wait_for_experiments(lab, 2)
        starts = [int(start) for _, _, start in GOES_OUT.findall(self.log_of())]
        self.assertEqual(starts[0], 0)
        self.assertGreaterEqual(max(starts), 8_000_000, self.log_of())
        self.assertEqual(list((lab / ".swarmlab/inbox").glob("*")), [])
        self.git(lab / ".swarmlab/objects.git", "fsck", "--strict")
        print(f"begun at {starts}", flush=True)

    def test_that_is_small_on_its_way_counts_like_others(self):
        lab = self.shell_lab(agent="head -c 70000000 /dev/zero > artifact/model.bin\necho 2 > artifact/value.txt\n",
                             stop="max_iterations = 1")
        text = (lab / "lab.toml").read_text().replace("[metric]", "max_file_size = \"80MB\"\n\n[metric]")
        (lab / "lab.toml").write_text(text)
        self.commit(lab, "larger files")
        self.start_coordinator(lab)
        self.start_worker("w", self.address)
        self.wait_for_experiments(lab, 2)

    def test_beyond_the_workers_limit_is_invalid_and_says_why(self):
        agent = """
        head -c 6000000 /dev/urandom > artifact/model.bin
        echo 2 > artifact/value.txt
        """
        lab = self.shell_lab(agent=agent, stop="max_iterations = 1")
        self.start_coordinator(lab)
        self.start_worker("w", self.address, "--max-candidate", "5MB")
        self.wait_until(lambda: "goes" in self.log_of() or "invalid" in self.log_of(), "a verdict")
        shown = self.json("show", "2", "--connect", self.address, cwd=lab)
        self.assertEqual(shown["verdict"], "invalid")
        self.assertIn("expected 5", shown["reason"])
        self.assertIn("--max-candidate", shown["reason"])
        self.assertEqual(list((self.root / "workers/w/spool").glob("*")), [], "nothing stays")


class DataOfEachWorker(ArtifactTest):
    def test_that_differs_is_found_out_and_the_file_is_named(self):
        data = self.root / "srv"
        (data / "deep").mkdir(parents=True)
        (data / "deep/train").write_text("1 2 3")
        (data / "test").write_text("4")
        lab = self.shell_lab(stop="max_iterations = 50")
        text = (lab / "lab.toml").read_text().replace("[evaluator]", f'[evaluator]\ndata = "path:{data}"')
        (lab / "lab.toml").write_text(text)
        self.commit(lab, "data")
        self.start_coordinator(lab)
        self.relayed = self.address
        self.start_worker("good")
        self.wait_for_experiments(lab, 2)
        (data / "deep/train").write_text("1 2 4")
        self.start_worker("bad")
        self.wait_until(lambda: "deep/train has other bytes" in self.log_of("bad"), "the file is named")
        self.assertIn("goes back, this worker failed", self.log_of("bad"))


if __name__ == "__main__":
    swarm.main()
