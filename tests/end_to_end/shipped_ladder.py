"""The shipped lab with two scales, with a twentieth of its budgets: real training at both."""
import pathlib
import shutil
import unittest

import swarm

TINY_LM = pathlib.Path(__file__).resolve().parents[2] / "examples/tiny-lm"


@unittest.skipIf(swarm.PATIENCE > 1, "the training is the same under sanitizers")
class TinyLm(swarm.SwarmTest):
    def make(self):
        lab = self.root / "tiny-lm"
        shutil.copytree(TINY_LM, lab, ignore=shutil.ignore_patterns(".swarmlab", "__pycache__"))
        for budget, less in (("harness/budget.h", ("3.0e9", "1.5e8")), ("scales/large/harness/budget.h", ("1.2e10", "6.0e8"))):
            text = (lab / budget).read_text()
            self.assertIn(less[0], text)
            (lab / budget).write_text(text.replace(*less))
        self.git(lab, "init", "-q", "-b", "main")
        self.commit(lab, "the lab as it is shipped, with smaller budgets")
        return lab

    def test_its_promoted_champion_beats_the_baseline_at_the_large_scale(self):
        lab = self.make()
        self.swarmlab("run", lab, "--workers", 2, "--max-iterations", 12, timeout=400)
        ladder = self.json("ladder", cwd=lab)
        small, large = ladder["rungs"]
        self.assertEqual(ladder["championScale"], "large", ladder)
        self.assertGreaterEqual(large["measured"], 1)
        self.assertLess(large["score"], large["baseline"])
        self.assertLess(large["baseline"], small["baseline"], "four times the training makes a better model")
        champion = self.json("show", ladder["champion"], cwd=lab)
        self.assertLess(champion["climbs"][0]["score"], champion["score"])


if __name__ == "__main__":
    swarm.main()
