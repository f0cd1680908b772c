"""Disks that are full: of space, or of files; on the coordinator's side, or on a worker's.

Needs to mount a small file system of its own: skipped where that is not allowed.
"""
import json
import os
import subprocess
import unittest

import ledger
import swarm

MIB = 1 << 20
RESERVE = 8  # MiB; the marks are at 24, 16 and 8
TIMES = int(os.environ.get("SWARMLAB_TIMES", "1"))


class SmallDisk:
    """A tmpfs, and a filler that leaves so much of it."""

    def __init__(self, path, files=None):
        self.path = path
        path.mkdir(parents=True)
        options = "size=64m" + (f",nr_inodes={files}" if files else "")
        self.mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], check=False,
                                      capture_output=True).returncode == 0

    def free(self):
        room = os.statvfs(self.path)
        return room.f_bavail * room.f_frsize

    def leave(self, mib):
        filler = self.path / "filler"
        size = filler.stat().st_size if filler.exists() else 0
        with open(filler, "ab") as out:
            os.posix_fallocate(out.fileno(), 0, max(1, size + self.free() - mib * MIB))

    def leave_files(self, count):
        folder = self.path / "fillers"
        folder.mkdir()
        for number in range(os.statvfs(self.path).f_favail - count):
            (folder / str(number)).touch()

    def clear(self):
        (self.path / "filler").unlink(missing_ok=True)
        subprocess.run(["rm", "-rf", self.path / "fillers"], check=True)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.path], check=False)


class FullDisks(ledger.KillTest):
    def disk(self, name, **kwargs):
        disk = SmallDisk(self.root / name, **kwargs)
        self.addCleanup(disk.close)
        if not disk.mounted:
            raise unittest.SkipTest("may not mount a tmpfs")
        return disk

    def start_on(self, disk):
        """The coordinator's own folder is on the disk; the repository is not."""
        state = disk.path / "swarmlab"
        state.mkdir(exist_ok=True)
        (self.lab / ".swarmlab").symlink_to(state)
        self.start_coordinator("--disk-reserve", RESERVE)
        self.wait_until(self.listens, "it listens")

    def disk_now(self):
        """What the coordinator says of it; empty while it is too busy to answer."""
        done = self.swarmlab("status", "--connect", self.address, "--json", expect=None)
        return json.loads(done.stdout)["coordinator"]["disk"] if done.returncode == 0 else ""

    def goes_on(self):
        before = self.reports()
        self.wait_until(lambda: self.reports() > before + 5, "it goes on")

    def stands_still(self):
        """What was under way has ended, and nothing comes after it."""
        self.wait_until(lambda: (self.status() or {}).get("running") == 0, "nothing is given out")
        before = self.experiments_now()
        self.pause(0.5)
        self.assertEqual(self.experiments_now(), before)

    def experiments_now(self):
        return self.wait_until(self.status, "it answers")["experiments"]

    def test_of_a_coordinator_by_its_three_marks(self):
        disk = self.disk("disk")
        self.start_on(disk)
        for name in ("w1", "w2"):
            self.start_worker(name)
        self.goes_on()
        for _ in range(TIMES):
            disk.leave(20)
            self.wait_until(lambda: self.disk_now().startswith("no new work is given out: "), "the first mark")
            self.stands_still()
            disk.clear()
            self.goes_on()
            disk.leave(12)
            self.wait_until(lambda: "workers keep their candidates" in self.disk_now(), "the second mark")
            disk.clear()
            self.goes_on()
            disk.leave(6)
            self.wait_until(lambda: self.disk_now().startswith("nothing is written: "), "the third mark")
            self.wait_until(lambda: self.swarmlab("experiments", "--connect", self.address, "--lab", self.name,
                                                  expect=None).returncode == 0, "it answers queries")
            self.pause(1)
            self.assertIsNone(self.coordinator.poll())
            disk.clear()
            self.goes_on()
        self.wait_until(lambda: self.disk_now() == "ok", "it says that all is well")
        self.check_full(disk)

    def check_full(self, disk):
        iterations = self.wait_until(self.status, "it answers")["iterations"] + 20
        self.end(self.coordinator)
        self.start_coordinator("--disk-reserve", RESERVE, "--max-iterations", iterations)
        self.wait_until(lambda: (self.status() or {}).get("state") == "stopped", "the lab stops by itself", timeout=100)
        for worker in self.workers.values():
            self.assertEqual(self.end(worker), 0)
        self.assertEqual(self.end(self.coordinator), 0)
        self.check_ledger(iterations, each_log_once=True)

    def test_of_a_coordinator_that_may_make_no_more_files(self):
        disk = self.disk("disk", files=2000)
        self.start_on(disk)
        self.start_worker("w1")
        self.goes_on()
        disk.leave_files(45)  # below the last mark, above what a turn that looked before may still take
        self.wait_until(lambda: "room for" in self.disk_now(), "it says so")
        self.pause(1)
        self.assertIsNone(self.coordinator.poll())
        disk.clear()
        self.goes_on()
        self.check_full(disk)

    def test_of_a_worker(self):
        disk = self.disk("workers")
        self.start_coordinator()
        self.wait_until(self.listens, "it listens")
        self.start_worker("w1")
        self.goes_on()
        log = self.root / "w1.log"
        for _ in range(TIMES):
            disk.leave(2)
            said = log.read_text().count("no experiments are taken")
            self.wait_until(lambda: log.read_text().count("no experiments are taken") > said
                            or "no experiments are taken" in log.read_text()[-3000:], "it says so")
            self.wait_until(lambda: (self.status() or {}).get("running") == 0, "what it had is delivered or handed back")
            self.assertIsNone(self.workers["w1"].poll())
            disk.clear()
            self.goes_on()
        self.check_ledger(self.finish(more=20))


if __name__ == "__main__":
    swarm.main()
