"""A swarm that an older release left is served by this one: the same answers, and it goes on. See tests/golden/README.md."""
import json
import pathlib
import shutil
import tarfile
import unittest

import swarm

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "store-1"


def says(now, old):
    """Whether all that `old` says is said by `now`, too."""
    if isinstance(old, dict):
        return all(key in now and says(now[key], value) for key, value in old.items())
    if isinstance(old, list):
        return len(now) == len(old) and all(says(n, o) for n, o in zip(now, old))
    return now == old


def without_time(labs):
    return [{key: value for key, value in lab.items() if key != "activeMs"} for lab in labs]


class GoldenStore(swarm.SwarmTest):
    def setUp(self):
        super().setUp()
        self.repository = self.root / "old"
        state = self.repository / ".swarmlab"
        with tarfile.open(GOLDEN / "store.tar.gz") as packed:
            packed.extractall(state)
        # The repository as it was: what the lab was run from is among the objects.
        baseline = next(e for e in self.golden("experiments-running.json") if e["kind"] == "baseline")
        self.git(self.repository, "init", "-q", "-b", "main")
        shutil.copytree(state / "objects.git/objects", self.repository / ".git/objects", dirs_exist_ok=True)
        self.git(self.repository, "reset", "-q", "--hard", baseline["commit"])

    def golden(self, name):
        return json.loads((GOLDEN / name).read_text())

    def lab_now(self, address):
        labs = self.json("labs", "--connect", address, cwd=self.repository)
        return next(lab for lab in labs if lab["name"] == "running")

    def lines(self, text):
        return [json.loads(line) for line in text.splitlines()]

    def test_answers_as_the_older_release_did(self):
        for lab in ("ended", "running"):
            now = self.json("experiments", "--lab", lab, cwd=self.repository)
            old = self.golden(f"experiments-{lab}.json")
            self.assertTrue(says(now, old), f"now {now}\nthen {old}")
            self.assertTrue(says(self.json("best", "--lab", lab, cwd=self.repository), self.golden(f"best-{lab}.json")))
            results = self.swarmlab("results", "--lab", lab, cwd=self.repository).stdout
            self.assertEqual(results, (GOLDEN / f"results-{lab}.tsv").read_text())
        labs = self.json("labs", cwd=self.repository)
        self.assertTrue(says(without_time(labs), without_time(self.golden("labs.json"))), labs)
        events = self.lines(self.swarmlab("events", "--json", cwd=self.repository).stdout)
        self.assertTrue(says(events, self.lines((GOLDEN / "events.json").read_text())))

    def test_goes_on_where_it_was(self):
        address = self.address_of_our_own()
        self.start("coordinator", "running", "--listen", address, "--max-iterations", "14", cwd=self.repository,
                   env={"GOLDEN_PAUSE": "0"})
        # The name of the worker that was killed: it holds nothing any more, so what it held is free at once.
        self.start("worker", "--connect", address, "--name", "golden", cwd=self.repository, env={"GOLDEN_PAUSE": "0"})
        self.wait_until(lambda: self.lab_now(address)["state"] == "stopped", "the lab ends")
        lab = self.lab_now(address)
        self.assertEqual((lab["iterations"], lab["running"]), (14, 0))
        numbers = [e["number"] for e in self.json("experiments", "--lab", "running", cwd=self.repository)]
        self.assertEqual(sorted(numbers), list(range(1, 16)))


if __name__ == "__main__":
    unittest.main()
