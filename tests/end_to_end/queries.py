"""What is asked of a swarm, and the JSON that others build on: these names do not change."""
import csv
import io
import re
import xml.etree.ElementTree

import swarm

RFC_3339 = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"
NUMBER = (int, float)
OPTIONAL_NUMBER = (int, float, type(None))

# Any one of them missing, or of another kind, breaks somebody's script.
EXPERIMENT = {
    "number": int, "lab": str, "parent": (int, type(None)), "verdict": str, "score": OPTIONAL_NUMBER, "metrics": dict,
    "scale": str, "commit": str, "hypothesis": str, "worker": str, "attempts": int, "costUsd": NUMBER,
    "startedAt": str, "endedAt": (str, type(None)), "reason": str,
}
LAB = {
    "name": str, "state": str, "experiments": int, "kept": int, "best": OPTIONAL_NUMBER, "running": int,
    "stopReason": str,
}
FRONTIER = {"number": int, "score": NUMBER, "priority": NUMBER, "visits": int}

# #2 is kept, #3 crashes, #4 is dropped, #5 is kept.
AGENT = r"""
case $SWARMLAB_EXPERIMENT in
  2) echo 2 > artifact/value.txt ;;
  3) exit 1 ;;
  4) echo 0 > artifact/value.txt ;;
  5) echo 5 > artifact/value.txt ;;
esac
printf '{"hypothesis": "a <b> & \\"c\\",\\twith\\nmore", "mechanism": "luck", "mechanismConfirmed": true, "notes": "n", "ideas": ["one"]}' > "$SWARMLAB_OUTCOME"
"""
MEASURE = r"""
echo "METRIC score=$(cat artifact/value.txt)"
echo "METRIC size=7.5"
"""

COMMANDS = ("init check eval diagnose run coordinator worker status labs workers experiments show best frontier "
            "results plot events export pause resume stop doctor version").split()


def lines_of(text):
    """Events come one by one, each as a line of JSON, so that they can be followed."""
    return [swarm.json.loads(line) for line in text.splitlines()]


class Answers(swarm.SwarmTest):
    def assert_shape(self, value, shape):
        for name, kind in shape.items():
            self.assertIn(name, value)
            self.assertIsInstance(value[name], kind, name)
            self.assertFalse(isinstance(value[name], bool), name)

    def answers(self, lab):
        """All that can be asked, as text."""
        asked = {"status": ["status"], "labs": ["labs"], "experiments": ["experiments"], "best": ["best"],
                 "frontier": ["frontier"], "show": ["show", "2"], "show a crash": ["show", "3"], "events": ["events"]}
        texts = {name: self.swarmlab(*words, "--json", cwd=lab).stdout for name, words in asked.items()}
        texts["tsv"] = self.swarmlab("results", "--format", "tsv", cwd=lab).stdout
        texts["plot"] = self.swarmlab("plot", cwd=lab).stdout
        return texts


class OfAFinishedLab(swarm.OneLabTest, Answers):
    @classmethod
    def build(cls, stage):
        lab = stage.shell_lab(agent=AGENT, measure=MEASURE, stop="max_iterations = 4")
        stage.swarmlab("run", "--workers", "1", cwd=lab)
        return lab

    def test_experiments_are_an_array_of_objects_with_the_promised_names(self):
        experiments = self.json("experiments", cwd=self.lab)
        self.assertEqual([e["number"] for e in experiments], [1, 2, 3, 4, 5])
        for experiment in experiments:
            self.assert_shape(experiment, EXPERIMENT)
            self.assertEqual(experiment["lab"], "lab")
            self.assertEqual(experiment["worker"], "w1")
            self.assertRegex(experiment["startedAt"], RFC_3339)
            self.assertRegex(experiment["endedAt"], RFC_3339)
            self.assertLessEqual(experiment["startedAt"], experiment["endedAt"])
            if experiment["verdict"] not in ("keep", "discard"):
                self.assertNotEqual(experiment["reason"], "")
        self.assertEqual([e["verdict"] for e in experiments], ["keep", "keep", "crash", "discard", "keep"])
        self.assertEqual([e["parent"] for e in experiments], [None, 1, 2, 2, 2])
        self.assertEqual([e["score"] for e in experiments], [1, 2, None, 0, 5])
        self.assertEqual([e["metrics"] for e in experiments], [{"size": 7.5}, {"size": 7.5}, {}, {"size": 7.5}, {"size": 7.5}])
        for number, experiment in enumerate(experiments, 1):
            self.assertRegex(experiment["commit"], "^$" if number == 3 else "^[0-9a-f]{40}$")
        self.assertEqual(experiments[0]["commit"], self.git(self.lab, "rev-parse", "HEAD"))

    def test_what_the_agent_said_is_told_its_hypothesis_on_one_line(self):
        said = self.json("show", "2", cwd=self.lab)
        self.assertEqual(said["hypothesis"], 'a <b> & "c", with more')
        self.assertEqual((said["mechanism"], said["mechanismConfirmed"], said["notes"], said["ideas"]),
                         ("luck", True, "n", ["one"]))
        self.assertIn("+2", said["diff"])

    def test_every_candidate_is_a_commit_of_the_object_store(self):
        objects = self.lab / ".swarmlab" / "objects.git"
        for experiment in self.json("experiments", cwd=self.lab):
            if not experiment["commit"] or experiment["number"] == 1:
                continue
            self.assertEqual(self.git(objects, "rev-parse", f"refs/swarmlab/lab/exp/{experiment['number']}"),
                             experiment["commit"])
            self.assertEqual(self.git(objects, "show", f"{experiment['commit']}:artifact/value.txt"),
                             f"{experiment['score']}")
        self.assertEqual(self.git(objects, "rev-parse", "refs/swarmlab/lab/best"),
                         self.json("best", cwd=self.lab)["commit"])
        self.git(objects, "fsck", "--strict")

    def test_best_is_one_experiment(self):
        best = self.json("best", cwd=self.lab)
        self.assert_shape(best, EXPERIMENT)
        self.assertEqual(best, self.json("experiments", cwd=self.lab)[4])
        self.assertTrue(best["isBest"])

    def test_status_tells_labs_workers_and_the_coordinator(self):
        status = self.json("status", cwd=self.lab)
        [lab] = status["labs"]
        self.assert_shape(lab, LAB)
        self.assertEqual({name: lab[name] for name in LAB},
                         {"name": "lab", "state": "stopped", "experiments": 5, "kept": 3, "best": 5, "running": 0,
                          "stopReason": "4 of 4 experiments are done"})
        self.assertEqual(lab["verdicts"], {"keep": 3, "discard": 1, "crash": 1})
        self.assertEqual([w["name"] for w in status["workers"]], ["w1"])
        self.assertFalse(status["coordinator"]["running"])

    def test_the_frontier_holds_what_was_kept_the_likeliest_parent_first(self):
        frontier = self.json("frontier", cwd=self.lab)
        for entry in frontier:
            self.assert_shape(entry, FRONTIER)
        self.assertEqual({e["number"]: (e["score"], e["visits"]) for e in frontier}, {5: (5, 0), 2: (2, 3), 1: (1, 1)})
        priorities = [e["priority"] for e in frontier]
        self.assertEqual(priorities, sorted(priorities, reverse=True))

    def test_results_are_the_table_of_autoresearch_lab(self):
        text = self.swarmlab("results", "--format", "tsv", cwd=self.lab).stdout
        rows = list(csv.reader(io.StringIO(text), delimiter="\t"))
        self.assertEqual(rows[0], ["experiment_id", "timestamp", "score", "metrics", "kept", "commit_sha", "notes"])
        self.assertEqual([row[0] for row in rows[1:]], [f"exp_{n:03d}" for n in (1, 2, 3, 4, 5)])
        self.assertEqual([row[4] for row in rows[1:]], ["yes", "yes", "no", "no", "yes"])
        self.assertEqual([row[2] for row in rows[1:] if row[0] != "exp_003"], ["1.000000", "2.000000", "0.000000", "5.000000"])
        self.assertEqual(rows[2][3], '{"size": 7.5}')
        for row in rows[1:]:
            self.assertEqual(len(row), 7)
            self.assertRegex(row[1], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$")

    def test_the_plot_is_an_svg_with_a_dot_for_each_scored_experiment(self):
        out = self.root / "progress.svg"
        self.swarmlab("plot", "--out", out, cwd=self.lab)
        picture = xml.etree.ElementTree.parse(out).getroot()
        self.assertEqual(picture.tag, "{http://www.w3.org/2000/svg}svg")
        dots = [dot.get("class") for dot in picture.iter("{http://www.w3.org/2000/svg}circle")]
        self.assertEqual((dots.count("kept"), dots.count("discarded")), (3, 1))

    def test_events_tell_what_happened_in_order(self):
        events = lines_of(self.swarmlab("events", "--json", cwd=self.lab).stdout)
        sequences = [event["sequence"] for event in events]
        self.assertEqual(sequences, sorted(set(sequences)))
        ended = [event["experiment"] for event in events if event["kind"] == "experiment_finished"]
        self.assertEqual(ended, [1, 2, 3, 4, 5])

    def test_text_for_people_names_each_experiment(self):
        text = self.swarmlab("experiments", cwd=self.lab).stdout
        self.assertEqual(re.findall(r"(?m)^ *(\d+) ", text), ["1", "2", "3", "4", "5"])
        last = self.swarmlab("experiments", "--last", "2", cwd=self.lab).stdout
        self.assertEqual(re.findall(r"(?m)^ *(\d+) ", last), ["4", "5"])
        self.assertIn("stopped: 4 of 4 experiments are done", self.swarmlab("status", cwd=self.lab).stdout)

    def test_what_is_not_there_is_an_error_that_says_what_is(self):
        missing = self.swarmlab("show", "6", cwd=self.lab, expect=1)
        self.assertIn("no experiment 6, expected 1 to 5", missing.stderr)
        other = self.swarmlab("best", "other", cwd=self.lab, expect=1)
        self.assertIn("no lab other here, expected one of: lab", other.stderr)
        as_json = self.swarmlab("show", "6", "--json", cwd=self.lab, expect=1)
        self.assertEqual(swarm.json.loads(as_json.stderr)["error"]["code"], "not_found")
        self.assertEqual(as_json.stdout, "")


class WhileItRuns(Answers):
    def test_the_same_is_answered_while_a_coordinator_runs_and_afterwards_from_the_store(self):
        gate = self.root / "gate"
        gate.mkdir()
        lab = self.shell_lab(agent=f'test "$SWARMLAB_EXPERIMENT" -lt 4 || until test -e {gate}/open; do sleep 0.05; done\n'
                             + swarm.SHELL_AGENT, stop="max_iterations = 0")
        run = self.start("run", "--workers", "1", "--expose", gate, cwd=lab)
        self.wait_until(lambda: self.running(lab) and self.running(lab)[0]["number"] == 4, "#4 at work")

        status = self.json("status", cwd=lab)
        self.assertTrue(status["coordinator"]["running"])
        self.assertEqual((status["labs"][0]["state"], status["labs"][0]["running"]), ("running", 1))
        self.assertEqual([(w["name"], w["busy"]) for w in status["workers"]], [("w1", 1)])
        [working] = self.json("experiments", "--verdict", "running", cwd=lab)
        self.assertEqual((working["verdict"], working["score"], working["endedAt"], working["parent"]),
                         ("running", None, None, 3))
        during = self.answers(lab)

        run.send_signal(swarm.signal.SIGINT)
        self.wait_until(lambda: "once more" in run.log.read_text(), "a word")
        run.send_signal(swarm.signal.SIGINT)
        run.wait(timeout=60 * swarm.PATIENCE)
        self.assertFalse(self.json("status", cwd=lab)["coordinator"]["running"])
        after = self.answers(lab)
        for name in ("experiments", "best", "show", "tsv", "plot"):
            self.assertEqual(after[name], during[name], name)
        events = lines_of(during["events"])
        self.assertEqual(lines_of(after["events"])[:len(events)], events)
        scores = [{e["number"]: e["score"] for e in swarm.json.loads(text["frontier"])} for text in (during, after)]
        self.assertEqual(scores[1], scores[0])


class Help(swarm.SwarmTest):
    def test_every_command_has_help_with_an_example(self):
        listed = re.findall(r"(?m)^  ([a-z]+)  +[A-Z]", self.swarmlab("--help").stdout)
        self.assertLessEqual(set(COMMANDS), set(listed))
        for command in listed:
            with self.subTest(command=command):
                text = self.swarmlab(command, "--help").stdout
                self.assertRegex(text, rf"Examples:\n  swarmlab {command}\b")

    def test_where_nothing_was_run_a_query_says_what_to_do(self):
        lab = self.shell_lab()
        for command in ("status", "experiments", "best", "frontier", "results", "plot", "events", "export"):
            with self.subTest(command=command):
                said = self.swarmlab(command, cwd=lab, expect=1)
                self.assertEqual(said.stdout, "")
                self.assertIn("no experiments yet: run swarmlab run", said.stderr)
        self.assertFalse((lab / ".swarmlab").exists())


if __name__ == "__main__":
    swarm.main()
