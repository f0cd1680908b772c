"""The disk fails to sync, once: no reply leaves after that, the process says why and ends, and the next one has all.

Whether the write that failed is there nobody knows before; whichever it is, it counts once.
SWARMLAB_SYNCS: which syncs fail, as "FROM-TO" (scripts/faults.sh: 1-200).
"""
import os

import ledger
import swarm

SHIM = os.environ.get("SWARMLAB_FAILING_DISK")
WISH = os.environ.get("SWARMLAB_SYNCS")


class FailingDisks(ledger.KillTest):
    def syncs(self, part):
        if WISH:
            first, last = map(int, WISH.split("-"))
            return range(first, last + 1)
        # The first ones are of the start; the others are of turns.
        return [1, 2, self.random.randrange(3, 8), self.random.randrange(8, 30)] if part == ".log" else [1, 2, self.random.randrange(3, 12)]

    def fail_syncs_of(self, part):
        for name in ("w1", "w2"):
            self.start_worker(name)
        # The first syncs of a store that is not there yet leave none: there is nothing to lose then.
        self.start_coordinator()
        self.wait_until(lambda: self.reports() > 5, "some experiments")
        self.kill(self.coordinator)
        failed = 0
        went_on = 0
        syncs = self.syncs(part)
        for number in syncs:
            if went_on == 3:  # in a row: more do not come in so short a life
                break
            with self.subTest(f"sync {number} of {part}"):
                self.start_coordinator(env={"LD_PRELOAD": SHIM, "FAIL_SYNC_AT": str(number), "FAIL_SYNC_OF": part,
                                            "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"})
                # So many syncs of this kind may not come: then it just goes on.
                enough = self.reports() + 40 + 2 * number
                self.wait_until(lambda: self.coordinator.poll() is not None or self.reports() > enough, "it ends, or goes on",
                                timeout=180)
                if self.coordinator.poll() is None:
                    self.kill(self.coordinator)
                    went_on += 1
                    continue
                failed += 1
                went_on = 0
                told = self.coordinator.log.read_text(errors="replace")
                self.assertEqual(self.coordinator.returncode, 1, told[-2000:])
                # Why it ended: one line, the last that is no log line.
                why = [line for line in told.splitlines() if line.startswith("swarmlab: ")]
                self.assertEqual(len(why), 1, told[-2000:])
                self.assertRegex(why[0], "(?i)input/output error|restart")
        self.assertGreater(failed, 0)
        print(f"{failed} failed of {len(syncs)} syncs that were to, of {part}; the last was to be number {number}", flush=True)
        self.check_ledger(self.finish(more=20), each_log_once=True)

    def test_of_the_log_of_the_store(self):
        self.fail_syncs_of(".log")

    def test_of_tables_and_the_manifest(self):
        self.fail_syncs_of("MANIFEST")

    def test_of_packs(self):
        self.fail_syncs_of("objects.git/objects/pack")

    def test_of_anything(self):
        self.fail_syncs_of(".swarmlab/")


if __name__ == "__main__":
    if SHIM:
        swarm.main()
