"""Labs that ask for more than one number: several metrics with their frontier, and constraints."""
import swarm

# Speed and size stand in one file; a run may leave the size out.
MEASURE = r"""
set -- $(cat artifact/value.txt)
echo "METRIC speed=$1"
[ -z "$2" ] || echo "METRIC size=$2"
"""

AGENT = r"""
case $SWARMLAB_EXPERIMENT in
  2) echo "8 60" ;;
  3) echo "12 140" ;;
  4) echo "9 110" ;;
  5) echo "11" ;;
  6) echo "13 50" ;;
  7) echo "12 201" ;;
esac > artifact/value.txt
printf '{"hypothesis": "idea %s"}' "$SWARMLAB_EXPERIMENT" > "$SWARMLAB_OUTCOME"
"""


def several(lab_toml):
    return lab_toml.replace('[metric]\nname = "score"\ndirection = "maximize"',
                            '[[metric]]\nname = "speed"\ndirection = "maximize"\n\n[[metric]]\nname = "size"')


class TwoMetrics(swarm.OneLabTest):
    @classmethod
    def build(cls, stage):
        lab = stage.shell_lab(agent=AGENT, measure=MEASURE, stop="max_iterations = 6",
                              files={"artifact/value.txt": "10 100\n"})
        toml = lab / "lab.toml"
        toml.write_text(several(toml.read_text()))
        stage.commit(lab, "two metrics")
        stage.swarmlab("run", "--workers", "1", cwd=lab)
        cls.experiments = {e["number"]: e for e in stage.json("experiments", cwd=lab)}
        return lab

    def test_trades_are_kept_and_what_is_dominated_is_not(self):
        self.assertEqual({n: e["verdict"] for n, e in self.experiments.items()},
                         {1: "keep", 2: "keep", 3: "keep", 4: "discard", 5: "invalid", 6: "keep", 7: "discard"})
        self.assertIn("metric size was not measured", self.experiments[5]["reason"])
        self.assertIn("worse than 200", self.experiments[7]["reason"])
        self.assertEqual(self.experiments[3]["judged"], {"speed": 12, "size": 140})

    def test_the_frontier_is_what_no_other_dominates(self):
        entries = {e["number"]: e for e in self.json("frontier", cwd=self.lab)}
        self.assertEqual({n: e["dominatedBy"] for n, e in entries.items()}, {1: 6, 2: 6, 3: 6, 6: None})
        self.assertEqual(entries[6]["values"], {"speed": 13, "size": 50})
        text = self.swarmlab("frontier", cwd=self.lab).stdout
        self.assertRegex(text, r"#\s+SPEED\s+SIZE\s+HYPERVOLUME")
        self.assertIn("3 kept before are dominated", text)

    def test_progress_is_hypervolume(self):
        volumes = [self.experiments[n]["hypervolume"] for n in (2, 3, 6)]
        self.assertEqual(volumes, sorted(volumes))
        self.assertAlmostEqual(volumes[-1], 1.3 * 1.5)
        lab = self.json("labs", cwd=self.lab)[0]
        self.assertAlmostEqual(lab["hypervolume"], 1.3 * 1.5)
        self.assertEqual([m["worst"] for m in lab["metrics"]], [0, 200])
        self.assertEqual(lab["bestExperiment"], 6)

    def test_plots_draw_it(self):
        for how, has in (("--frontier", 'class="frontier"'), ("--hypervolume", "hypervolume"), ("--quiet", "speed")):
            svg = self.swarmlab("plot", how, cwd=self.lab).stdout
            self.assertTrue(svg.startswith("<svg"))
            self.assertIn(has, svg)


class Constraints(swarm.SwarmTest):
    def test_a_constraint_decides_and_one_that_is_not_measured_stops_the_lab(self):
        lab = self.shell_lab(
            agent='case $SWARMLAB_EXPERIMENT in 2) echo "12 130" ;; 3) echo "11 120" ;; 4) echo 13 ;; esac > artifact/value.txt',
            measure=MEASURE.replace("speed", "score"), stop="max_iterations = 3", files={"artifact/value.txt": "10 100\n"},
            extra='[[constraint]]\nmetric = "size"\nmax = 120\n')
        self.swarmlab("run", "--workers", "1", cwd=lab)
        experiments = self.json("experiments", cwd=lab)
        self.assertEqual(swarm.verdicts(experiments), ["keep", "discard", "keep", "invalid"])
        self.assertEqual(experiments[1]["reason"], "constraint size is 130, at most 120")
        self.assertIn("metric size was not measured", experiments[3]["reason"])
        (lab / "artifact/value.txt").write_text("10\n")
        self.commit(lab, "no size")
        checked = self.swarmlab("check", cwd=lab, expect=None)
        self.assertNotEqual(checked.returncode, 0)
        self.assertIn("does not give metric size", checked.stderr)
        stopped = self.swarmlab("run", "--workers", "1", "--max-iterations", 9, cwd=lab, expect=None)
        self.assertIn("metric size was not measured", stopped.stdout + stopped.stderr)


if __name__ == "__main__":
    swarm.main()
