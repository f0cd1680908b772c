"""Every verdict, from a candidate that earns it: seen by `experiments --json` and by `show`."""
import json
import re

import swarm

# What becomes of the candidate hangs on the value that the agent leaves.
MEASURE = r"""
value=$(cat artifact/value.txt)
case $value in
  broken) echo "no such layer" >&2; exit 3 ;;
  slow) exec sleep 600 ;;
  missing) echo "METRIC loss=0.5" ;;
  garbage) printf 'METRIC score=12cows\377\000\n' ;;
  silent) ;;
  *) echo "METRIC score=$value" ;;
esac
"""

# One experiment after the other; the baseline is #1.
AGENT = r"""
say() { echo "$1" > artifact/value.txt; }
case $SWARMLAB_EXPERIMENT in
  2) say 2 ;;
  3) say 0 ;;
  4) say 9; echo "out of ideas" >&2; exit 1 ;;
  5) say broken ;;
  6) say 9; echo "no tests" > artifact/untested ;;
  7) say 9; echo x > artifact/elsewhere.txt ;;
  8) say 9; rm artifact/untested; ln -s /etc/passwd artifact/untested ;;
  9) say 0 ;;
  10) ;;
  11) say nan ;;
  12) say inf ;;
  13) say missing ;;
  14) say garbage ;;
  15) say silent ;;
  16) kill -9 $$ ;;
esac
printf '{"hypothesis": "idea %s"}' "$SWARMLAB_EXPERIMENT" > "$SWARMLAB_OUTCOME"
"""

EXPECTED = {
    1: ("keep", r"the baseline: 1"),
    2: ("keep", r"2 beats 1 of #1 by 1"),
    3: ("discard", r"0 does not beat 2 of #2"),
    4: ("crash", r"agent: exit code 1.*out of ideas"),
    5: ("crash", r"evaluator: exit code 3.*no such layer"),
    6: ("guard_failed", r"guard: exit code 1.*there are no tests"),
    7: ("out_of_scope", r"1 path left the scope: artifact/elsewhere\.txt \(.+\)"),
    8: ("out_of_scope", r"1 path left the scope: artifact/untested \(.*link.*\)"),
    9: ("duplicate", r"same tree as #3"),
    10: ("no_change", r"the agent changed nothing that it may change"),
    11: ("invalid", r"score is nan, expected a finite number"),
    12: ("invalid", r"score is inf, expected a finite number"),
    13: ("invalid", r'no line "METRIC score=\.\.\." on stdout, there are METRIC lines of loss'),
    14: ("invalid", r'score is "12cows.*", expected a number'),
    15: ("invalid", r'no line "METRIC score=\.\.\." on stdout'),
    16: ("crash", r"agent: .*signal 9|agent: .*exit code 137"),
}


class EveryVerdict(swarm.OneLabTest):
    @classmethod
    def build(cls, stage):
        lab = stage.shell_lab(
            agent=AGENT, measure=MEASURE, stop=f"max_iterations = {len(EXPECTED) - 1}",
            editable=("artifact/value.txt", "artifact/untested"), files={"artifact/untested": ""},
            extra="""
            [guard]
            command = "test ! -s artifact/untested || { echo there are no tests; exit 1; }"
            """)
        cls.output = stage.swarmlab("run", "--workers", "1", cwd=lab).stdout
        cls.experiments = {e["number"]: e for e in stage.json("experiments", cwd=lab)}
        return lab

    def test_each_experiment_has_the_verdict_and_the_reason_that_it_earned(self):
        self.assertEqual({n: e["verdict"] for n, e in self.experiments.items()},
                         {n: verdict for n, (verdict, _) in EXPECTED.items()})
        for number, (_, reason) in EXPECTED.items():
            with self.subTest(number=number):
                self.assertRegex(self.experiments[number]["reason"], re.compile(reason, re.S))

    def test_run_prints_a_line_for_each_verdict(self):
        for number, (verdict, _) in EXPECTED.items():
            self.assertRegex(self.output, rf"(?m)^#{number} +{verdict} ")
        self.assertEqual(len(re.findall(r"(?m)^#\d+ ", self.output)), len(EXPECTED))

    def test_show_tells_the_verdict_the_reason_and_the_output_of_what_failed(self):
        for number, said in {4: "out of ideas", 5: "no such layer", 6: "there are no tests"}.items():
            with self.subTest(number=number):
                text = self.swarmlab("show", number, cwd=self.lab).stdout
                self.assertIn(EXPECTED[number][0], text)
                self.assertIn(said, text)
                detail = self.json("show", number, cwd=self.lab)
                self.assertEqual(detail["verdict"], EXPECTED[number][0])
                logs = {4: "agentLog", 5: "evaluatorLog", 6: "guardLog"}
                self.assertIn(said, detail[logs[number]])

    def test_only_what_was_measured_has_a_score(self):
        scored = {n: e["score"] for n, e in self.experiments.items() if e["score"] is not None}
        self.assertEqual(scored, {1: 1, 2: 2, 3: 0})

    def test_a_tree_that_is_known_is_not_measured_again(self):
        duplicate = self.experiments[9]
        self.assertEqual(duplicate["duplicateOf"], 3)
        self.assertEqual(duplicate["measurements"], [])
        for stage in ("guard", "evaluate"):
            self.assertNotIn(stage, duplicate["stages"])
            self.assertIn(stage, self.experiments[3]["stages"])
        self.assertNotIn("evaluate", self.experiments[10]["stages"])

    def test_what_left_the_scope_is_named_and_no_candidate(self):
        self.assertEqual(self.experiments[7]["paths"], ["artifact/elsewhere.txt"])
        self.assertEqual(self.experiments[8]["paths"], ["artifact/untested"])
        for number in (7, 8):
            self.assertEqual(self.experiments[number]["commit"], "")

    def test_the_guard_comes_before_the_evaluator(self):
        self.assertNotIn("evaluate", self.experiments[6]["stages"])

    def test_nothing_goes_on_from_what_was_not_kept(self):
        self.assertEqual({e["parent"] for n, e in self.experiments.items() if n > 2}, {2})

    def test_the_hypothesis_stands_beside_every_verdict_that_an_agent_lived_to_tell(self):
        for number, experiment in self.experiments.items():
            if number not in (1, 4, 16):
                self.assertEqual(experiment["hypothesis"], f"idea {number}")

    def test_a_verdict_can_be_asked_for(self):
        crashes = self.json("experiments", "--verdict", "crash", cwd=self.lab)
        self.assertEqual([e["number"] for e in crashes], [4, 5, 16])
        kept = self.json("experiments", "--kept", cwd=self.lab)
        self.assertEqual([e["number"] for e in kept], [1, 2])


class Timeouts(swarm.SwarmTest):
    def test_an_agent_that_takes_too_long_is_a_timeout(self):
        lab = self.shell_lab(agent="exec sleep 600", agent_timeout="200ms", stop="max_iterations = 1")
        self.swarmlab("run", "--workers", "1", cwd=lab)
        late = self.json("experiments", cwd=lab)[1]
        self.assertEqual(late["verdict"], "timeout")
        self.assertRegex(late["reason"], r"agent: timed out after \d+")
        self.assertNotIn("evaluate", late["stages"])

    def test_an_evaluator_that_takes_too_long_is_a_timeout(self):
        # The baseline must make it, on a busy machine, too.
        lab = self.shell_lab(agent="echo slow > artifact/value.txt", measure=MEASURE, stop="max_iterations = 1",
                             evaluator_timeout=f"{int(3 * swarm.PATIENCE)}s")
        self.swarmlab("run", "--workers", "1", cwd=lab)
        late = self.json("experiments", cwd=lab)[1]
        self.assertEqual(late["verdict"], "timeout")
        self.assertRegex(late["reason"], r"evaluator: timed out after \d+")
        self.assertIn("evaluate", late["stages"])


class InvalidJson(swarm.SwarmTest):
    def test_a_score_that_is_no_finite_number_is_invalid_in_json_too(self):
        lines = {2: '{"score": NaN}', 3: '{"score": Infinity}', 4: '{"score": "high"}', 5: '{"loss": 1}', 6: "[1, 2]",
                 7: '{"score": 1'}
        cases = "".join(f"  {number}) echo '{line}' ;;\n" for number, line in lines.items())
        lab = self.shell_lab(measure='case $(cat artifact/value.txt) in\n  1) echo \'{"score": 1, "size": 7}\' ;;\n'
                             + cases + "esac\n", stop=f"max_iterations = {len(lines)}")
        toml = lab / "lab.toml"
        toml.write_text(toml.read_text().replace('command = "sh measure.sh"', 'command = "sh measure.sh"\nparse = "json"'))
        self.commit(lab, "read JSON")
        self.swarmlab("run", "--workers", "1", cwd=lab)
        baseline, *others = self.json("experiments", cwd=lab)
        self.assertEqual(baseline["metrics"], {"size": 7})
        reasons = {e["number"]: e["reason"] for e in others}
        self.assertEqual(swarm.verdicts(others), ["invalid"] * len(lines), json.dumps(reasons, indent=1))
        self.assertIn("score is nan, expected a finite number", reasons[2])
        self.assertIn("score is inf, expected a finite number", reasons[3])
        self.assertIn('score is "high", expected a number', reasons[4])
        self.assertIn('has no "score"', reasons[5])
        self.assertIn('the last line of stdout is "[1, 2]", expected a JSON object', reasons[6])
        self.assertIn("expected a JSON object", reasons[7])


if __name__ == "__main__":
    swarm.main()
