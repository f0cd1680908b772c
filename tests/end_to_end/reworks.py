"""An agent whose candidate fails the guard gets the failure, and may repair it."""
import swarm

# The guard wants every candidate tested. The agent forgets that, and reads it in what it is told.
AGENT = r"""
printf '{"type":"result","total_cost_usd":0.5}\n'
case "$SWARMLAB_REWORK" in
  "") echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt ;;
  1) [ "$SWARMLAB_EXPERIMENT" = 3 ] && exit 0
     grep -q "value.txt is not tested" "$SWARMLAB_GUARD_LOG" || exit 4
     grep -q "> value.txt is not tested" "$SWARMLAB_BRIEF" || exit 5
     [ "$SWARMLAB_EXPERIMENT" = 4 ] && { echo wrong > artifact/tested; exit 0; }
     cp artifact/value.txt artifact/tested ;;
  2) cp artifact/value.txt artifact/tested ;;
esac
"""


class Reworks(swarm.OneLabTest):
    @classmethod
    def build(cls, stage):
        lab = stage.shell_lab(
            agent=AGENT, stop="max_iterations = 3", editable=("artifact/value.txt", "artifact/tested"),
            files={"artifact/tested": "1\n", "artifact/value.txt": "1\n"},
            extra="""
            [guard]
            command = "cmp -s artifact/value.txt artifact/tested || { echo value.txt is not tested; exit 9; }"
            """)
        stage.swarmlab("run", "--workers", "1", cwd=lab)
        cls.experiments = {e["number"]: e for e in stage.json("experiments", cwd=lab)}
        return lab

    def test_what_the_agent_repairs_is_measured_and_says_how_often_it_took(self):
        self.assertEqual({n: (e["verdict"], e["reworks"]) for n, e in self.experiments.items()},
                         {1: ("keep", 0), 2: ("keep", 1), 3: ("guard_failed", 1), 4: ("keep", 2)})
        self.assertIn("reworks", self.swarmlab("show", "4", cwd=self.lab).stdout)
        self.assertNotIn("reworks", self.swarmlab("show", "1", cwd=self.lab).stdout)

    def test_a_repair_that_changes_nothing_ends_it(self):
        self.assertIn("rework 1 made what had failed before", self.experiments[3]["reason"])
        self.assertIn("value.txt is not tested", self.json("show", 3, cwd=self.lab)["guardLog"])

    def test_all_rounds_are_paid_for(self):
        self.assertEqual([self.experiments[n]["costUsd"] for n in (2, 4)], [1.0, 1.5])


if __name__ == "__main__":
    swarm.main()
