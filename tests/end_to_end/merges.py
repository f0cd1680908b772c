"""Two agents improve the same parent at the same time: both changes come together, without an agent or with one."""

import swarm

MEASURE = """
grep -q '[<>=]' artifact/*.txt && { echo "a mark was left"; exit 1; }
echo "METRIC score=$(cat artifact/*.txt | tr '\\n' '+' | sed 's/+$//' | xargs -I{} sh -c 'echo $(({}))')"
"""

# Whoever is told to settle a conflict takes both sides. Both others work until both have begun; who comes after them fails.
AGENT = """
file=artifact/FILE.txt
if [ -n "$SWARMLAB_CONFLICTS" ]; then
  grep -q 'Two changes in one' "$SWARMLAB_BRIEF" || exit 1
  SETTLE
else
  sleep 2
  [ "$SWARMLAB_EXPERIMENT" != 4 ] || exit 1
  echo "$((SWARMLAB_EXPERIMENT * 10))" > "$file"
fi
echo '{"hypothesis": "larger"}' > "$SWARMLAB_OUTCOME"
"""

TAKE_BOTH = """grep -v '[<>=]' "$SWARMLAB_CONFLICTS/$file" > "$file" """


class TwoAtOnce(swarm.SwarmTest):
    def run_lab(self, file, settle=TAKE_BOTH):
        agent = AGENT.replace("FILE", file).replace("SETTLE", settle)
        lab = self.shell_lab(agent=agent, measure=MEASURE, stop="max_iterations = 4", search="",
                             files={"artifact/value.txt": "1\n", "artifact/2.txt": "1\n", "artifact/3.txt": "1\n"})
        self.swarmlab("run", lab, "--workers", 2)
        experiments = {e["number"]: e for e in self.json("experiments", lab)}
        return lab, experiments, next(e for e in experiments.values() if e["kind"] == "merge")

    def test_changes_of_different_files_are_combined_without_an_agent(self):
        lab, experiments, merge = self.run_lab("$SWARMLAB_EXPERIMENT")
        self.assertEqual([experiments[n]["score"] for n in (1, 2, 3)], [3, 22, 32])
        self.assertEqual((merge["verdict"], merge["score"]), ("keep", 51), merge)
        self.assertEqual({merge["parent"], merge["mergedWith"]}, {2, 3})
        self.assertEqual(merge["hypothesis"], f"what #{merge['parent']} and #{merge['mergedWith']} changed adds up")
        self.assertNotIn("agent", merge["stages"])
        shown = self.swarmlab("show", merge["number"], cwd=lab).stdout
        self.assertIn(f"#{merge['parent']} and #{merge['mergedWith']}", shown)

        self.swarmlab("export", "--branch", "won", cwd=lab)
        self.assertEqual(self.git(lab, "show", "won:artifact/2.txt"), "20")
        self.assertEqual(self.git(lab, "show", "won:artifact/3.txt"), "30")

    def test_an_agent_settles_what_conflicts(self):
        _, _, merge = self.run_lab("value")
        self.assertEqual((merge["verdict"], merge["score"]), ("keep", 52), merge)
        self.assertIn("agent", merge["stages"])

    def test_an_agent_that_knows_nothing_of_conflicts_starts_from_a_whole_tree(self):
        """As any script does: it finds the parent's lines and no marks, and changes them as it would any time."""
        _, experiments, merge = self.run_lab("value", settle='echo 99 > "$file"')
        self.assertEqual((merge["verdict"], merge["score"]), ("keep", 101), merge)
        self.assertEqual(max(e["score"] for e in experiments.values() if e["kind"] != "merge" and e["score"]), 32)


if __name__ == "__main__":
    swarm.main()
