"""An agent's image, with the real agent from npm in it, does whole experiments in the agent container of a worker; what it takes
for its provider is a scripted server on this machine. Skipped, and said so, where npm cannot be reached.
"""
import json
import os
import pathlib
import sys

import images
import images_of_tests
import swarm

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "agents"))
import real_agent  # noqa: E402
from model_server import ModelServer, Say, Shell  # noqa: E402

AGENTS = images_of_tests.ROOT / "docker" / "agents"


class TheirVersions(swarm.SwarmTest):
    def test_are_those_that_are_known_to_work(self):
        known = json.loads((pathlib.Path(real_agent.__file__).parent / "package.json").read_text())["dependencies"]
        shipped = {}
        for folder in AGENTS.iterdir():
            wanted = json.loads((folder / "package.json").read_text())["dependencies"]
            locked = json.loads((folder / "package-lock.json").read_text())["packages"]
            for name, version in wanted.items():
                shipped[name] = locked[f"node_modules/{name}"]["version"]
                self.assertEqual(shipped[name], version, folder)
            for path, package in locked.items():
                self.assertTrue(not path or package.get("link") or package["integrity"].startswith("sha512-"), path)
                self.assertNotIn("resolved", package)
        self.assertEqual(shipped, known)


class RealAgent(images.InContainers):
    wanted = ("coordinator", "worker", "agent-claude")

    @classmethod
    def build_options(cls):
        more = os.environ.get("NODE_EXTRA_CA_CERTS", "")
        return ["--ca", more] if pathlib.Path(more).is_file() else []

    def test_claude_code_does_whole_experiments(self):
        network = json.loads(self.engine.must("network", "inspect", "swarm"))[0]
        host = network["IPAM"]["Config"][0]["Gateway"]
        model = ModelServer(host)
        self.addCleanup(model.close)
        model.script = lambda turn: Say("I made it one larger.") if turn.results else Shell(real_agent.CHANGE)
        coordinator = self.start_coordinator()
        who = self.as_operator(coordinator)
        toml = real_agent.TOML
        for key, value in {"kind": "claude", "model": "claude-sonnet-4-5", "port": str(model.port), "path": "", "timeout": "300s", "iterations": 2}.items():
            toml = toml.replace("{" + key + "}", str(value))
        toml = toml.replace("127.0.0.1", host).replace('timeout = "60s"', 'timeout = "120s"')
        lab = self.make_lab(files={"lab.toml": toml, "measure.sh": swarm.SHELL_MEASURE, "artifact/value.txt": "1\n", "artifact/env.txt": "\n",
                                   "agent.py": None, "measure.py": None}, name="lab")
        self.swarmlab("run", lab, "--detach", env=who)
        self.start_worker("w1", agent="agent-claude", options=["-e", f"ANTHROPIC_API_KEY={real_agent.KEY}"])
        self.wait_until(lambda: self.lab_of(who)["state"] == "stopped", "the lab ends", timeout=600)
        experiments = self.experiments(who)
        self.assertEqual([(e["verdict"], e["score"], e["hypothesis"]) for e in experiments[1:]], [("keep", 2, "one more"), ("keep", 3, "one more")], experiments)
        # The key stays with the worker: the agent's container never had it.
        self.swarmlab("export", "--branch", "won", "--lab", "lab", cwd=lab, env=who, expect=None)
        self.assertNotIn(real_agent.KEY, json.dumps(self.inspect("w1-agent")))
        self.assertIn("one experiment of the lab", "".join(model.turns[0].prompts))


if __name__ == "__main__":
    swarm.main()
