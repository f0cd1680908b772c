"""What is no worse and smaller is kept, and kept changes are taken out of the best again if the score holds."""

import swarm

# The largest number in any file.
MEASURE = """
echo "METRIC score=$(cat artifact/* | sort -n | tail -1)"
echo "METRIC bytes=$(cat artifact/* | wc -c)"
"""

# The first three improve, each by five lines of a file of its own; nobody finds more.
ADDS = """
[ "$SWARMLAB_EXPERIMENT" -le 4 ] || exit 1
grep -q 'is kept, too, if it is smaller' "$SWARMLAB_BRIEF" || exit 1
for line in 1 2 3 4 5; do echo "$((SWARMLAB_EXPERIMENT * 10))"; done > artifact/FILE.txt
"""

REMOVES = """
[ "$SWARMLAB_EXPERIMENT" != 3 ] || { echo 0 > artifact/more.txt; exit; }
head -n -2 artifact/more.txt > /tmp/kept
cat /tmp/kept > artifact/more.txt
"""


class Simplicity(swarm.SwarmTest):
    def run_lab(self, agent, search, iterations, files=None):
        lab = self.shell_lab(agent=agent, measure=MEASURE, search=search, files=files,
                             stop=f"max_iterations = {iterations}")
        self.swarmlab("run", lab, "--workers", 1)
        return lab, {e["number"]: e for e in self.json("experiments", lab)}

    def test_changes_that_are_of_no_use_any_more_are_taken_out_again(self):
        lab, experiments = self.run_lab(ADDS.replace("FILE", "$SWARMLAB_EXPERIMENT"),
                                        'simplicity = true\nsimplify_after = 1', 8)
        self.assertEqual([experiments[n]["size"] for n in (1, 2, 3, 4)], [1, 6, 11, 16])
        self.assertEqual([experiments[n]["verdict"] for n in (2, 3, 4, 5)], ["keep", "keep", "keep", "crash"])
        for number, undone, size in ((6, 3, 11), (7, 2, 6)):
            one = experiments[number]
            self.assertEqual((one["kind"], one["undoes"], one["size"]), ("simplify", undone, size), one)
            self.assertEqual((one["verdict"], one["score"], one["simpler"]), ("keep", 40, True), one)
            self.assertNotIn("agent", one["stages"])
            self.assertEqual(one["costUsd"], 0)
        self.assertIn("smaller than #6: 6 lines instead of 11", experiments[7]["reason"])
        self.assertEqual([experiments[n]["kind"] for n in (8, 9)], ["explore", "explore"], "nothing is left to take out")
        status = self.json("status", cwd=lab)["labs"][0]
        self.assertEqual((status["bestExperiment"], status["best"], status["bestSize"]), (7, 40, 6), status)

        shown = self.swarmlab("show", 7, cwd=lab).stdout
        self.assertIn("6: kept for being smaller", shown)
        self.assertIn("#6, the best, without the 5 lines that #2 added", shown)
        self.swarmlab("export", "--branch", "won", cwd=lab)
        files = self.git(lab, "ls-tree", "--name-only", "won", "artifact/").split()
        self.assertEqual(files, ["artifact/4.txt", "artifact/value.txt"])

    def test_what_later_changes_stand_on_cannot_be_taken_out(self):
        _, experiments = self.run_lab(ADDS.replace("FILE", "value").replace("1 2 3 4 5", '$(seq "$SWARMLAB_EXPERIMENT")'),
                                      'simplicity = true\nsimplify_after = 1', 7)
        for number, undone in ((6, 3), (7, 2)):
            one = experiments[number]
            self.assertEqual((one["kind"], one["undoes"], one["verdict"]), ("simplify", undone, "no_change"), one)
            self.assertIn("cannot be taken out: what came after it changed the same lines of artifact/value.txt", one["reason"])
        self.assertEqual(experiments[8]["kind"], "explore", "each is tried once")

    def test_agents_may_make_it_smaller_by_a_metric_of_the_lab(self):
        _, experiments = self.run_lab(REMOVES, 'simplicity = "metric:bytes"\nsimplify_after = 0', 3,
                                      files={"artifact/more.txt": "0\n" * 9, "artifact/value.txt": "5\n"})
        told = [(experiments[n]["verdict"], experiments[n]["size"], experiments[n]["simpler"]) for n in (1, 2, 3, 4)]
        self.assertEqual(told, [("keep", 20, False), ("keep", 16, True), ("keep", 4, True), ("keep", 2, True)])
        self.assertIn("5 is no worse than 5 of #1; smaller than #1: 16 bytes instead of 20", experiments[2]["reason"])


if __name__ == "__main__":
    swarm.main()
