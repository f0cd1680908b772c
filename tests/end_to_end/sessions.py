"""What agents did is told step by step, and a session goes on over several experiments: Claude Code, stood in for by
a script that speaks its stream and remembers its sessions as it does."""
import json
import stat

import swarm

CANARY = "canary-77f1c0ffee-canary"

CLAUDE = r"""
#!/bin/sh
prompt=$(cat)
session=
while [ $# -gt 0 ]; do [ "$1" = --resume ] && session=$2; shift; done
if [ -n "$session" ] && { [ ! -f "$HOME/$session" ] || [ "$SWARMLAB_EXPERIMENT" = "$(cat lose)" ]; }; then
  echo "No conversation found with session ID: $session" >&2
  exit 1
fi
session=${session:-s$SWARMLAB_EXPERIMENT}
found=$(cat artifact/value.txt)
echo "$SWARMLAB_EXPERIMENT" >> "$HOME/$session"
case "$SWARMLAB_EXPERIMENT" in 3) echo 0 ;; *) echo "$SWARMLAB_EXPERIMENT" ;; esac > artifact/value.txt
news=$(printf '%s' "$prompt" | sed -n 's/.*What became of it: \([a-z_]*\).*/\1/p')
event() { printf '%s\n' "$1"; }
event '{"type":"system","subtype":"init","session_id":"'$session'","model":"fake-1"}'
event '{"type":"assistant","message":{"id":"m1","model":"fake-1","content":[{"type":"thinking","thinking":"What is there?"}]}}'
event '{"type":"assistant","message":{"id":"m1","model":"fake-1","content":[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"cat artifact/value.txt"}}],"usage":{"input_tokens":10,"output_tokens":2}}}'
event '{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","content":"'$found' '$CANARY_TOKEN'"}]}}'
remembers=$(echo $(cat "$HOME/$session"))
event '{"type":"assistant","message":{"id":"m2","model":"fake-1","content":[{"type":"text","text":"remembers '"$remembers"'; before: '$news'"}],"usage":{"input_tokens":30,"output_tokens":4}}}'
event '{"type":"result","subtype":"success","is_error":false,"result":"remembers '"$remembers"'; before: '$news'","session_id":"'$session'","total_cost_usd":0.25,"usage":{"input_tokens":40,"output_tokens":6}}'
"""

MEASURE = """
echo "METRIC score=$(cat artifact/value.txt)"
"""


class Told(swarm.SwarmTest):
    def lab_with(self, per_session, iterations, lose="never"):
        bin_folder = self.root / "agents" / "bin"
        bin_folder.mkdir(parents=True)
        program = bin_folder / "claude"
        program.write_text(CLAUDE.lstrip())
        program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        lab = self.shell_lab(measure=MEASURE, stop=f"max_iterations = {iterations}", files={"lose": lose + "\n"})
        toml = (lab / "lab.toml").read_text().replace(
            'command = "sh agent.sh"',
            f'kind = "claude"\nenv = ["CANARY_TOKEN"]\nexperiments_per_session = {per_session}')
        (lab / "lab.toml").write_text(toml)
        self.git(lab, "commit", "-qam", "an agent by name")
        return lab

    def run_lab(self, lab):
        self.swarmlab("run", "--workers", "1", "--expose", str(self.root / "agents"), cwd=lab,
                      env={"CANARY_TOKEN": CANARY, "ANTHROPIC_API_KEY": ""})

    def agents_of(self, lab):
        shown = {e["number"]: self.json("show", e["number"], cwd=lab) for e in self.json("experiments", cwd=lab)[1:]}
        return {number: (e["verdict"], e["agent"]["sessionExperiment"], e["agent"]["finalMessage"])
                for number, e in shown.items()}

    def test_show_tells_what_an_agent_did_step_by_step(self):
        lab = self.lab_with(1, iterations=1)
        self.run_lab(lab)
        detail = self.json("show", 2, cwd=lab)
        steps = detail["transcript"]
        self.assertEqual([s["kind"] for s in steps], ["prompt", "thinking", "tool", "words"])
        self.assertIn("one experiment of the lab lab", steps[0]["text"])
        tool = steps[2]
        self.assertEqual((tool["tool"], tool["text"], tool["result"]), ("Bash", "cat artifact/value.txt", "1 [redacted]"))
        self.assertEqual((tool["inputTokens"], tool["outputTokens"]), (10, 2))
        times = [s["atMs"] for s in steps]
        self.assertEqual(times, sorted(times))
        self.assertEqual(detail["costUsd"], 0.25)
        text = self.swarmlab("show", "2", cwd=lab).stdout
        self.assertRegex(text, r"Transcript \(4 of 4 steps\)")
        self.assertRegex(text, r"Bash +cat artifact/value.txt -> 1 \[redacted\]")
        whole = self.swarmlab("show", "2", "--transcript", cwd=lab).stdout
        self.assertIn("Leave git, results and logs to the swarm", whole)
        self.assertNotIn("Evaluator's output", whole)
        for told in (text, whole, json.dumps(detail)):
            self.assertNotIn(CANARY, told)

    def test_the_output_of_a_command_is_its_transcript(self):
        lab = self.shell_lab(agent="echo 2 > artifact/value.txt; echo I did it\n", stop="max_iterations = 1")
        self.swarmlab("run", "--workers", "1", cwd=lab)
        self.assertEqual([(s["kind"], s["text"]) for s in self.json("show", 2, cwd=lab)["transcript"]],
                         [("words", "I did it")])
        self.assertIn("I did it", self.swarmlab("show", "2", "--transcript", cwd=lab).stdout)

    def test_a_session_goes_on_over_as_many_experiments_as_the_lab_says(self):
        lab = self.lab_with(3, iterations=5)
        self.run_lab(lab)
        self.assertEqual(self.agents_of(lab), {
            2: ("keep", 1, "remembers 2; before:"),
            3: ("discard", 2, "remembers 2 3; before: keep"),
            4: ("keep", 3, "remembers 2 3 4; before: discard"),
            5: ("keep", 1, "remembers 5; before:"),
            6: ("keep", 2, "remembers 5 6; before: keep")})
        # Each starts from its own parent, is paid for by itself, and says so in its transcript.
        for number, found in {3: 2, 4: 2, 5: 4}.items():
            detail = self.json("show", number, cwd=lab)
            self.assertEqual(detail["costUsd"], 0.25)
            tool = next(s for s in detail["transcript"] if s["kind"] == "tool")
            self.assertTrue(tool["result"].startswith(f"{found} "), tool)
        self.assertIn("experiment 2 of its session", self.swarmlab("show", "3", cwd=lab).stdout)

    def test_a_command_keeps_its_home_for_as_long(self):
        agent = """
        echo "$SWARMLAB_EXPERIMENT" >> "$HOME/seen"
        echo "$SWARMLAB_SESSION: $(echo $(cat "$HOME/seen")) ${SWARMLAB_LAST%%:*}"
        echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
        """
        lab = self.shell_lab(agent=agent, stop="max_iterations = 3")
        toml = (lab / "lab.toml").read_text().replace("[agent]", "[agent]\nexperiments_per_session = 2")
        (lab / "lab.toml").write_text(toml)
        self.git(lab, "commit", "-qam", "two at a time")
        self.swarmlab("run", "--workers", "1", cwd=lab)
        said = {n: self.json("show", n, cwd=lab)["transcript"][0]["text"] for n in (2, 3, 4)}
        self.assertEqual(said, {2: "1: 2", 3: "2: 2 3 keep", 4: "1: 4"})

    def test_a_session_that_its_program_lost_begins_anew(self):
        lab = self.lab_with(9, iterations=3, lose="3")
        self.run_lab(lab)
        self.assertEqual(self.agents_of(lab), {
            2: ("keep", 1, "remembers 2; before:"),
            3: ("discard", 1, "remembers 3; before:"),
            4: ("keep", 2, "remembers 3 4; before: discard")})

    def test_a_key_that_is_refused_fails_the_run_with_the_words_of_the_provider(self):
        lab = self.lab_with(1, iterations=3)
        (self.root / "agents" / "bin" / "claude").write_text(
            """#!/bin/sh
            echo '{"type":"result","subtype":"success","is_error":true,"api_error_status":401,"result":"revoked in spring"}'
            """)
        done = self.swarmlab("run", "--workers", "1", "--expose", str(self.root / "agents"), cwd=lab, expect=1,
                             env={"CANARY_TOKEN": CANARY, "ANTHROPIC_API_KEY": ""})
        self.assertRegex(done.stderr, "lab stopped: the agents' provider, .*authentication_failed: revoked in spring")
        self.assertEqual(self.json("status", cwd=lab)["labs"][0]["state"], "stopped")


if __name__ == "__main__":
    swarm.main()
