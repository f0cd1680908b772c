"""`swarmlab mcp` and the official client of the protocol, from npm: outside, and in an agent's workspace."""
import json
import os
import pathlib
import shutil
import subprocess
import unittest

import swarm

HERE = pathlib.Path(__file__).resolve().parent
SDK = "@modelcontextprotocol/sdk@1.20.0"

# By hand, as there is no node in the sandbox: the lines that a client would write.
AGENT = r"""
printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}' \
  '{"jsonrpc":"2.0","method":"notifications/initialized"}' \
  '{"jsonrpc":"2.0","id":2,"method":"tools/list"}' \
  '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"context"}}' \
  '{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"hypothesis","arguments":{"hypothesis":"told by mcp"}}}' \
  | swarmlab mcp > /tmp/answers || exit 1
grep -q '"protocolVersion":"2025-06-18"' /tmp/answers && grep -q 'brief' /tmp/answers && ! grep -q frontier /tmp/answers || exit 1
echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
"""


class Clients(swarm.SwarmTest):
    def setUp(self):
        super().setUp()
        if shutil.which("node") is None or shutil.which("npm") is None:
            raise unittest.SkipTest("no node or npm here")
        self.client = self.root / "client"
        shutil.copytree(HERE / "mcp", self.client)
        done = subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--package-lock=false", SDK],
                              cwd=self.client, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != 0:
            raise unittest.SkipTest(f"npm cannot install {SDK}: {done.stderr.strip()[-300:]}")

    def ask(self, *questions, cwd, args=()):
        lines = "".join(json.dumps(question) + "\n" for question in questions)
        done = subprocess.run(["node", self.client / "client.mjs", swarm.PROGRAM, "mcp", *map(str, args)], input=lines, cwd=cwd,
                              capture_output=True, text=True, check=False, timeout=60 * swarm.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def text(self, answer):
        self.assertFalse(answer.get("isError"), answer)
        return answer["content"][0]["text"]

    def test_a_client_reads_the_memory_of_the_swarm(self):
        lab = self.shell_lab(stop="max_iterations = 3")
        self.swarmlab("run", lab, "--workers", 1)
        tools, frontier, shown, kept, elsewhere, nowhere = self.ask(
            {}, {"tool": "frontier"}, {"tool": "experiment", "arguments": {"number": 4}},
            {"tool": "experiments", "arguments": {"verdict": "keep", "last": 2}},
            {"tool": "status", "arguments": {"lab": "elsewhere"}}, {"tool": "nothing"}, cwd=lab)
        self.assertLessEqual({"context", "failures", "frontier", "experiment", "eval"}, {t["name"] for t in tools["tools"]})
        self.assertEqual([e["number"] for e in json.loads(self.text(frontier))], [e["number"] for e in self.json("frontier", cwd=lab)])
        one = json.loads(self.text(shown))
        self.assertEqual((one["number"], one["verdict"], one["score"]), (4, "keep", 4))
        self.assertIn("+4", one["diff"])
        self.assertEqual(len(json.loads(self.text(kept))), 2)
        self.assertTrue(elsewhere["isError"])
        self.assertIn("elsewhere", elsewhere["content"][0]["text"])
        self.assertIn("no tool nothing", nowhere["refused"])

    def test_it_evaluates_the_working_tree(self):
        lab = self.shell_lab()
        (lab / "artifact/value.txt").write_text("17\n")
        measured, = self.ask({"tool": "eval"}, cwd=lab)
        self.assertEqual(json.loads(self.text(measured))["score"], 17)


class InAWorkspace(swarm.SwarmTest):
    def test_an_agent_is_told_of_its_own_lab_and_announces_what_it_tries(self):
        lab = self.shell_lab(agent=AGENT, stop="max_iterations = 1")
        self.swarmlab("run", lab, "--workers", 1)
        experiment = self.json("show", 2, cwd=lab)
        self.assertEqual((experiment["verdict"], experiment["hypothesis"]), ("keep", "told by mcp"), experiment)


if __name__ == "__main__":
    swarm.main()
