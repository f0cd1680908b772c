"""The process dies at every named point there is (SWARMLAB_FAIL_AT), and nothing that was acknowledged is lost.

The list of points comes from the program: one that no test here dies at is a failure.
SWARMLAB_TIMES says how often at each (scripts/faults.sh: 5).
"""
import os
import pathlib
import shutil
import signal
import tarfile

import ledger
import swarm

TIMES = int(os.environ.get("SWARMLAB_TIMES", "1"))
GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "store-1" / "store.tar.gz"

# By which test dies at them. The second of a pair: the highest pass to die at.
IN_A_TURN = {"objects-before-sync": 8, "objects-after-sync": 8, "batch-before": 20, "batch-after": 20, "mark-after": 20,
             "reply-before": 20, "refs-before": 3, "refs-between": 3}
IN_A_REPACK = {"repack-written": 1, "repack-half-removed": 5}
IN_A_MIGRATION = ["migration-before", "migration-between", "migration-after"]
IN_A_BACKUP = ["backup-after-checkpoint", "backup-after-store", "backup-before-rename", "backup-after-rename"]
IN_A_RESTORE = ["restore-begun", "restore-between", "restore-copied", "restore-before-end"]
IN_A_WORKER = {"spool-before": 4, "spool-after": 4, "spool-before-remove": 4}


class CrashPoints(ledger.KillTest):
    def dies(self, process):
        self.wait_until(lambda: process.poll() is not None, "it dies at the point")
        self.assertEqual(process.returncode, -signal.SIGKILL, process.log.read_text(errors="replace")[-2000:])

    def die_at(self, points):
        """Kills the coordinator at each of the points while two workers work."""
        for name in ("w1", "w2"):
            self.start_worker(name)
        for point, most in points.items():
            for _ in range(TIMES):
                where = f"{point}:{self.random.randint(1, most)}"
                with self.subTest(where):
                    self.start_coordinator(env={"SWARMLAB_FAIL_AT": where})
                    self.dies(self.coordinator)
        iterations = self.finish(more=20)
        self.check_ledger(iterations, each_log_once=True)

    def test_none_is_untested(self):
        told = {line.split()[0] for line in self.swarmlab("version", "--fail-points").stdout.splitlines()}
        tested = {*IN_A_TURN, *IN_A_REPACK, *IN_A_MIGRATION, *IN_A_BACKUP, *IN_A_RESTORE, *IN_A_WORKER}
        self.assertEqual(told, tested)

    def test_in_a_turn(self):
        self.die_at(IN_A_TURN)

    def test_while_packs_are_folded(self):
        self.die_at(IN_A_REPACK)

    def test_in_a_worker(self):
        self.start_coordinator()
        for point, most in IN_A_WORKER.items():
            for _ in range(TIMES):
                where = f"{point}:{self.random.randint(1, most)}"
                with self.subTest(where):
                    self.start_worker("w1", env={"SWARMLAB_FAIL_AT": where})
                    self.dies(self.workers["w1"])
        self.start_worker("w1")
        self.check_ledger(self.finish(more=20))

    def test_in_a_migration(self):
        for point in IN_A_MIGRATION:
            for turn in range(TIMES):
                with self.subTest(point):
                    repository = self.root / f"{point}-{turn}"
                    with tarfile.open(GOLDEN) as packed:
                        packed.extractall(repository / ".swarmlab")
                    before = self.swarmlab("experiments", "--lab", "ended", "--json", cwd=self.initialized(repository)).stdout
                    died = self.swarmlab("coordinator", "running", cwd=repository, expect=None, env={"SWARMLAB_FAIL_AT": point})
                    self.assertEqual(died.returncode, -signal.SIGKILL, died.stderr)
                    process = self.start("coordinator", "running", cwd=repository)
                    self.wait_until(lambda: "listens" in process.log.read_text(), "the next one serves it")
                    after = self.swarmlab("experiments", "--lab", "ended", "--json", cwd=repository).stdout
                    self.assertEqual(after, before)
                    self.end(process)

    def initialized(self, repository):
        """The golden lab's repository, made of its objects."""
        self.git(repository, "init", "-q", "-b", "main")
        self.git(repository, "commit", "-q", "--allow-empty", "-m", "empty")
        shutil.copytree(repository / ".swarmlab/objects.git/objects", repository / ".git/objects", dirs_exist_ok=True)
        baseline = next(e for e in self.json("experiments", "--lab", "running", cwd=repository) if e["kind"] == "baseline")
        self.git(repository, "reset", "-q", "--hard", baseline["commit"])
        return repository

    def test_in_a_backup(self):
        for name in ("w1", "w2"):
            self.start_worker(name)
        for point in IN_A_BACKUP:
            for turn in range(TIMES):
                with self.subTest(point):
                    place = self.root / f"{point}-{turn}"
                    self.start_coordinator(env={"SWARMLAB_FAIL_AT": point})
                    self.wait_until(self.listens, "it listens")
                    asking = self.start("backup", place, cwd=self.lab)
                    self.dies(self.coordinator)
                    self.end(asking)
                    self.assertEqual(place.exists(), point == "backup-after-rename")
                    if place.exists():
                        self.swarmlab("backup", place, "--verify")
                    self.start_coordinator()
                    self.wait_until(self.listens, "the next one listens")
                    self.swarmlab("backup", self.root / f"sound-{point}-{turn}", cwd=self.lab)
                    self.swarmlab("backup", self.root / f"sound-{point}-{turn}", "--verify")
                    self.kill(self.coordinator)
        self.check_ledger(self.finish(more=20), each_log_once=True)

    def test_in_a_restore(self):
        self.start_coordinator()
        self.start_worker("w1")
        self.wait_until(lambda: self.reports() > 5, "some experiments")
        self.swarmlab("backup", self.root / "backup", cwd=self.lab)
        self.finish(more=1)
        for point in IN_A_RESTORE:
            for turn in range(TIMES):
                with self.subTest(point):
                    into = self.root / f"{point}-{turn}" / ".swarmlab"
                    died = self.swarmlab("restore", self.root / "backup", "--into", into, expect=None,
                                         env={"SWARMLAB_FAIL_AT": point})
                    self.assertEqual(died.returncode, -signal.SIGKILL, died.stderr)
                    self.git(into.parent, "init", "-q")
                    self.git(into.parent, "commit", "-q", "--allow-empty", "-m", "empty")
                    shut = self.swarmlab("labs", cwd=into.parent, expect=1)
                    self.assertIn("run swarmlab restore again", shut.stderr)
                    self.swarmlab("restore", self.root / "backup", "--into", into)
                    restored = [line for line in self.swarmlab("events", "--last", 100_000, cwd=into.parent).stdout.splitlines()
                                if "a backup was restored" in line]
                    self.assertEqual(len(restored), 1)


if __name__ == "__main__":
    swarm.main()
