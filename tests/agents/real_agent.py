"""A lab for one of the real agents, and a scripted model server that it takes for its provider."""
import json
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "end_to_end")]
import install  # noqa: E402
import swarm  # noqa: E402
from model_server import ModelServer, Say, Shell  # noqa: E402

KEY = "the-real-key-5a1f0c3e"
KEYS = {"ANTHROPIC_API_KEY": KEY, "OPENAI_API_KEY": KEY}
TOML = """
[lab]
name = "lower"

[artifact]
editable = ["artifact/**"]

[metric]
direction = "maximize"

[evaluator]
command = "sh measure.sh"
timeout = "60s"

[agent]
kind = "{kind}"
model = "{model}"
base_url = "http://127.0.0.1:{port}{path}"
timeout = "{timeout}"

[agent.prices]
"{model}" = { input = 1, output = 10, cached = 0.1 }

[search]
merge = false

[stop]
max_iterations = {iterations}
plateau_threshold = 0
"""
# Looks for a key and other ways out, changes the artifact, says what it tried; as an agent's shell would.
CHANGE = ("env > artifact/env.txt; "
          "expr $(cat artifact/value.txt) + 1 > artifact/value.new; mv artifact/value.new artifact/value.txt; "
          "printf '{\"hypothesis\": \"one more\", \"notes\": \"by the agent\"}' > \"$SWARMLAB_OUTCOME\"")
KINDS = {"claude": ("claude-sonnet-4-5", ""), "codex": ("gpt-5", "/v1"), "pi": ("gpt-5", "/v1"),
         "opencode": ("gpt-5", "/v1")}


class RealAgentTest(swarm.SwarmTest):
    @classmethod
    def setUpClass(cls):
        if swarm.PATIENCE > 1:
            raise unittest.SkipTest("agents take long to start: they run beside the release build only")
        try:
            cls.programs = install.install()
        except install.Missing as missing:
            raise unittest.SkipTest(f"no real agents: {missing}") from missing

    def setUp(self):
        super().setUp()
        self.model = ModelServer()
        self.model.script = lambda turn: Say("I made it one larger.") if turn.results else Shell(CHANGE)

    def tearDown(self):
        self.model.close()
        super().tearDown()

    def lab_of(self, kind, iterations=2, timeout="90s", guard="", extra=None):
        model, path = KINDS[kind]
        toml = TOML
        for key, value in {"kind": kind, "model": model, "port": str(self.model.port), "path": path, "timeout": timeout,
                           "iterations": str(iterations)}.items():
            toml = toml.replace("{" + key + "}", value)
        if guard:
            toml += f'\n[guard]\ncommand = "{guard}"\n'
        files = {"lab.toml": toml, "measure.sh": swarm.SHELL_MEASURE, "artifact/value.txt": "1\n",
                 "artifact/env.txt": "\n", "agent.py": None, "measure.py": None, **(extra or {})}
        return self.make_lab(files=files, name=kind)

    def run_lab(self, lab, **kwargs):
        return self.swarmlab("run", "--workers", "1", "--expose", self.programs, cwd=lab, env=KEYS, timeout=200, **kwargs)

    def wait_for(self, lab, what):
        def found():
            done = self.swarmlab("status", "--json", cwd=lab, expect=None)
            if done.returncode != 0:
                return None
            state = json.loads(done.stdout)["labs"]
            return state[0] if state and what(state[0]) else None
        return self.wait_until(found, "the lab tells it", timeout=90)

    def start_lab(self, lab):
        return self.start("run", "--workers", "1", "--expose", self.programs, cwd=lab, env=KEYS)
