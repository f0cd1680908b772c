"""Backups of a swarm at work, and what comes back from one while the workers know more than it does."""
import shutil

import ledger
import swarm


class Backups(ledger.KillTest):
    # So that a kill meets slots that measure: what they find they report to nobody.
    measure = "sleep 0.5\n" + ledger.MEASURE

    def numbers(self):
        return {e["number"]: e for e in self.json("experiments", self.lab, "--last", 1_000_000)}

    def test_what_was_done_after_the_backup_is_stale_and_never_counted_as_anothers(self):
        self.start_coordinator()
        for name in ("w1", "w2"):
            self.start_worker(name)
        self.wait_until(lambda: self.reports() > 5, "some experiments")
        told = self.json("backup", self.root / "backups", "--keep", 3, cwd=self.lab)
        self.assertTrue(told["path"].startswith(str(self.root / "backups")))
        before = self.reports()
        self.wait_until(lambda: self.reports() >= before + 20, "20 experiments more")
        status = self.json("status", cwd=self.lab)["coordinator"]
        self.assertEqual((status["lastBackup"], status["disk"]), (told["path"], "ok"))
        lost = self.numbers()
        # The slots report to nobody: that stays in their spools, under tokens that the backup does not know.
        self.kill(self.coordinator)
        spools = lambda: list(self.root.rglob("*.report"))
        self.wait_until(lambda: len(spools()) >= 3, "reports wait in the spools")
        state = self.lab / ".swarmlab"
        for part in ("store", "objects.git"):
            shutil.move(state / part, self.root / f"damaged-{part}")
        self.swarmlab("restore", self.root / "backups", cwd=self.lab)
        saved = self.numbers()
        self.assertLess(len(saved), len(lost) - 15)
        without_best = lambda found: {number: {**e, "isBest": None} for number, e in found.items() if number in saved}
        self.assertEqual(without_best(saved), without_best(lost))

        most = self.json("labs", cwd=self.lab)[0]["iterations"] + 30
        self.start_coordinator("--max-iterations", most, "--lease-seconds", 5)
        self.wait_until(self.listens, "it listens")
        self.wait_until(lambda: (self.status() or {}).get("state") == "stopped", "the lab ends", timeout=100)
        self.assertEqual(spools(), [], "each got an answer")
        for worker in self.workers.values():
            self.assertEqual(self.end(worker), 0)
        self.assertEqual(self.end(self.coordinator), 0)

        now = self.numbers()
        last = max(saved)
        for number, experiment in now.items():
            if number in saved:
                self.assertEqual({**experiment, "isBest": None}, {**saved[number], "isBest": None})
            else:
                # What was leased when the backup was taken may end; the rest is new, under new numbers.
                self.assertTrue(number <= last + 12 or number > 10_000, number)
                self.assertEqual(experiment["score"], ledger.score_of(number), experiment)
        self.check_counters(list(now.values()), most)
        self.check_candidates(list(now.values()))
        self.check_events(sorted(now))
        logs = "".join(path.read_text() for path in self.root.glob("w*.log"))
        self.assertIn("does not count here", logs)
        self.assertNotIn("refused the report", logs)

    def test_a_stopped_store_is_backed_up_too_and_neither_may_be_damaged(self):
        lab = self.shell_lab(name="small")
        self.swarmlab("run", lab, "--workers", 1, cwd=lab)
        before = self.swarmlab("experiments", "--json", cwd=lab).stdout
        self.swarmlab("backup", "../one", cwd=lab)
        self.swarmlab("backup", self.root / "one", "--verify")
        taken = self.swarmlab("backup", self.root / "one", cwd=lab, expect=1)
        self.assertIn("is there already", taken.stderr)
        over = self.swarmlab("restore", self.root / "one", cwd=lab, expect=1)
        self.assertIn("move it away", over.stderr)
        self.swarmlab("restore", self.root / "one", "--into", self.root / "other/.swarmlab")
        self.git(self.root / "other", "init", "-q")
        self.git(self.root / "other", "commit", "-q", "--allow-empty", "-m", "empty")
        self.assertEqual(self.swarmlab("experiments", "--json", cwd=self.root / "other").stdout, before)
        pack = next((self.root / "one").rglob("*.pack"))
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 1
        pack.unlink()  # it may be linked to the one in use
        pack.write_bytes(content)
        for command in (["backup", self.root / "one", "--verify"], ["restore", self.root / "one", "--into", self.root / "third"]):
            refused = self.swarmlab(*command, expect=1)
            self.assertIn(f"{pack} is damaged", refused.stderr)
        self.assertFalse((self.root / "third").exists())
        self.swarmlab("run", lab, "--workers", 1, "--max-iterations", 4, cwd=lab)


if __name__ == "__main__":
    swarm.main()
