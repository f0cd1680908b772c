"""A worker that fails itself: its work goes back, the person hears why, and nothing counts against the lab."""
import os

import swarm

# Stands in front of the real one; refuses while the file BROKEN is there.
BWRAP = """\
#!/bin/sh
if [ -e "{broken}" ]; then echo "bwrap: out of order" >&2; exit 1; fi
exec /usr/bin/bwrap "$@"
"""


class AWorkerThatFails(swarm.SwarmTest):
    def test_hands_its_work_back_says_why_and_goes_on_when_it_can(self):
        lab = self.shell_lab(stop="max_iterations = 12")
        broken = self.root / "broken"
        programs = self.root / "bin"
        programs.mkdir()
        bwrap = programs / "bwrap"
        bwrap.write_text(BWRAP.replace("{broken}", str(broken)))
        bwrap.chmod(0o755)
        run = self.start("run", "--workers", "1", cwd=lab, env={"PATH": f"{programs}:{os.environ['PATH']}"})
        said = lambda text: text in run.log.read_text()
        self.wait_until(lambda: said("#1 "), "the baseline is measured")
        broken.touch()
        self.wait_until(lambda: said("goes back, its worker failed: "), "the reason is told")
        broken.unlink()
        self.assertEqual(run.wait(timeout=60 * swarm.PATIENCE), 0, run.log.read_text())
        experiments = self.json("experiments", cwd=lab)
        self.assertEqual([e["number"] for e in experiments], list(range(1, 14)))
        self.assertEqual([e["reason"] for e in experiments if e["verdict"] == "crash"], [])


if __name__ == "__main__":
    swarm.main()
