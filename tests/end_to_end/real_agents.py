"""The real agents, installed from the npm registry, do whole experiments in the sandbox; what they take for
their provider is a scripted server on loopback (tests/agents/model_server.py) behind the worker's bridge.
Skipped, and said so, where npm cannot be reached.
"""
import pathlib
import sys

import swarm

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "agents"))
import real_agent  # noqa: E402
from model_server import CACHED_TOKENS, INPUT_TOKENS, OUTPUT_TOKENS, Say, Shell  # noqa: E402
from real_agent import CHANGE, KEY  # noqa: E402


class WholeExperiments(real_agent.RealAgentTest):
    def check_whole_experiments(self, kind):
        lab = self.lab_of(kind)
        self.run_lab(lab)
        first, *others = self.json("experiments", cwd=lab)
        self.assertEqual([e["verdict"] for e in others], ["keep", "keep"], [e["reason"] for e in others])
        for number, experiment in enumerate(others, 2):
            experiment = self.json("show", number, cwd=lab)
            self.assertEqual(experiment["score"], number)
            self.assertEqual(experiment["hypothesis"], "one more")
            agent = experiment["agent"]
            steps = experiment["transcript"]
            self.assertEqual((steps[0]["kind"], steps[-1]["kind"], steps[-1]["text"]),
                             ("prompt", "words", "I made it one larger."))
            tool = next(step for step in steps if step["kind"] == "tool")
            self.assertIn("artifact/value.new", tool["text"])
            self.assertIsNotNone(tool["atMs"])
            self.assertEqual((agent["end"], agent["finalMessage"]), ("finished", "I made it one larger."))
            self.assertGreaterEqual(agent["toolCalls"], 1)
            self.assertTrue(agent["session"])
            # The bridge counted: at least the two answers of the script.
            self.assertGreaterEqual(experiment["inputTokens"], 2 * INPUT_TOKENS)
            self.assertGreaterEqual(experiment["outputTokens"], 2 * OUTPUT_TOKENS)
            self.assertGreater(experiment["costUsd"], 0)
            if kind == "opencode":
                continue  # it hangs up on some answers before their usage came
            self.assertEqual(agent["costSource"], "measured")
            answers = experiment["inputTokens"] / INPUT_TOKENS
            price = (INPUT_TOKENS - CACHED_TOKENS) * 1 + CACHED_TOKENS * 0.1 + OUTPUT_TOKENS * 10
            self.assertAlmostEqual(experiment["costUsd"], answers * price / 1e6, places=6)
        # No process in there sees the key, and the server got it.
        self.swarmlab("export", "--branch", "won", cwd=lab, expect=None)
        seen = self.git(lab, "show", "won:artifact/env.txt")
        self.assertIn("SWARMLAB_LAB=", seen)
        self.assertNotIn(KEY, seen)
        self.assertNotIn(KEY, self.swarmlab("show", "2", "--json", cwd=lab).stdout)
        self.assertIn("one experiment of the lab", "".join(self.model.turns[0].prompts))

    def test_claude_code_does_whole_experiments(self):
        self.check_whole_experiments("claude")

    def test_codex_does_whole_experiments(self):
        self.check_whole_experiments("codex")

    def test_pi_does_whole_experiments(self):
        self.check_whole_experiments("pi")

    def test_opencode_does_whole_experiments(self):
        self.check_whole_experiments("opencode")

    def test_final_words_are_not_believed(self):
        self.model.script = lambda turn: Say("I made it a hundred times better!")
        lab = self.lab_of("pi", iterations=1)
        self.run_lab(lab)
        self.assertEqual(swarm.verdicts(self.json("experiments", cwd=lab)), ["keep", "no_change"])

    def test_a_rework_goes_on_with_the_session(self):
        def script(turn):
            repaired = any("guard of the lab failed" in prompt for prompt in turn.prompts)
            wanted = 2 if repaired else 1
            if len(turn.results) >= wanted:
                return Say("Done.")
            return Shell("touch artifact/tested") if repaired else Shell(CHANGE)
        self.model.script = script
        lab = self.lab_of("claude", iterations=1, guard="sh guard.sh", extra={
            "guard.sh": "test -e artifact/tested || test $(cat artifact/value.txt) = 1\n"})
        self.run_lab(lab)
        experiment = self.json("experiments", cwd=lab)[1]
        self.assertEqual((experiment["verdict"], experiment["reworks"]), ("keep", 1), experiment["reason"])
        # The second round knew what the first had been asked.
        self.assertTrue(any(len(turn.prompts) > 1 and turn.results for turn in self.model.turns))


if __name__ == "__main__":
    swarm.main()
