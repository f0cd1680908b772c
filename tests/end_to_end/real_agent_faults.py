"""Providers of real agents that fail: the experiment ends in bounded time, is not lost, and people are told."""
import json
import pathlib
import sys

import swarm

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "agents"))
import real_agent  # noqa: E402
from model_server import Fault  # noqa: E402


class Faults(real_agent.RealAgentTest):
    def check_backs_off(self, kind, fault, ends, timeout="25s"):
        self.model.fault = fault
        lab = self.lab_of(kind, iterations=1, timeout=timeout)
        process = self.start_lab(lab)
        waiting = self.wait_for(lab, lambda state: state["provider"])
        self.assertIn(waiting["provider"], ends)
        self.assertEqual(waiting["iterations"], 0)
        self.model.fault = None
        self.assertEqual(process.wait(timeout=120 * swarm.PATIENCE), 0)
        experiment = self.json("experiments", cwd=lab)[1]
        self.assertEqual((experiment["verdict"], experiment["number"]), ("keep", 2), experiment["reason"])
        events = self.swarmlab("events", "--json", cwd=lab).stdout.splitlines()
        self.assertIn("provider_answered", [json.loads(event)["kind"] for event in events])

    def test_a_rate_limit_makes_the_lab_wait_and_costs_nothing(self):
        self.check_backs_off("claude", Fault(status=429, retry_after=1), ["rate_limited"])

    def test_an_outage_makes_the_lab_wait_and_costs_nothing(self):
        self.check_backs_off("codex", Fault(status=500), ["unavailable"])

    def test_a_stream_that_breaks_off_makes_the_lab_wait(self):
        self.check_backs_off("pi", Fault(drop=True), ["unavailable"])

    def test_a_program_that_tries_again_without_end_is_ended(self):
        self.check_backs_off("opencode", Fault(status=500), ["unavailable"], timeout="90s")

    def test_a_key_that_is_refused_stops_the_lab_with_the_words_of_the_provider(self):
        self.model.fault = Fault(status=401, message="this key was revoked in spring")
        for kind in ("claude", "codex"):
            with self.subTest(kind):
                lab = self.lab_of(kind, timeout="60s")
                self.run_lab(lab, expect=1)
                state = self.json("status", cwd=lab)["labs"][0]
                self.assertEqual(state["state"], "stopped")
                self.assertRegex(state["stopReason"], "authentication_failed: .")
                self.assertEqual(state["iterations"], 0)

    def test_a_provider_that_never_answers_ends_in_bounded_time(self):
        self.model.fault = Fault(hang=True)
        lab = self.lab_of("opencode", iterations=1, timeout="6s")
        self.run_lab(lab)
        experiment = self.json("experiments", cwd=lab)[1]
        self.assertEqual((experiment["verdict"], experiment["agent"]["end"]), ("timeout", "timed_out"))


if __name__ == "__main__":
    swarm.main()
