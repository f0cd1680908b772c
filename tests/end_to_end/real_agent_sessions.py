"""The real agents go on in one session over several experiments: each resumes it by its own means."""
import pathlib
import sys

import swarm

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "agents"))
import real_agent  # noqa: E402
from model_server import INPUT_TOKENS, Say, Shell  # noqa: E402
from real_agent import CHANGE  # noqa: E402


class Sessions(real_agent.RealAgentTest):
    def check_session(self, kind):
        """Three experiments in one session; a fourth begins another."""
        def script(turn):
            asked = "".join(turn.prompts).count("You do one experiment of the lab")
            return Say("I made it one larger.") if len(turn.results) >= asked else Shell(CHANGE)
        self.model.script = script
        lab = self.lab_of(kind, iterations=4)
        toml = (lab / "lab.toml").read_text().replace("[agent]", "[agent]\nexperiments_per_session = 3", 1)
        (lab / "lab.toml").write_text(toml)
        self.git(lab, "commit", "-qam", "three at a time")
        self.run_lab(lab)
        _, *others = self.json("experiments", cwd=lab)
        self.assertEqual([e["verdict"] for e in others], ["keep"] * 4, [e["reason"] for e in others])
        self.assertEqual([e["agent"]["sessionExperiment"] for e in others], [1, 2, 3, 1])
        sessions = [e["agent"]["session"] for e in others]
        self.assertTrue(sessions[0])
        self.assertNotEqual(sessions[3], sessions[0])
        # It remembers what it was asked before; each experiment is paid for by itself.
        self.assertTrue(any("What became of it: keep" in prompt and turn.results
                            for turn in self.model.turns for prompt in turn.prompts))
        for experiment in others:
            self.assertLessEqual(experiment["inputTokens"], 4 * INPUT_TOKENS, others)
            self.assertGreaterEqual(experiment["inputTokens"], 2 * INPUT_TOKENS)

    def test_claude_code_keeps_a_session(self):
        self.check_session("claude")

    def test_codex_keeps_a_session(self):
        self.check_session("codex")

    def test_pi_keeps_a_session(self):
        self.check_session("pi")

    def test_opencode_keeps_a_session(self):
        self.check_session("opencode")


if __name__ == "__main__":
    swarm.main()
