"""[backend.host_service]: a service beside the sandboxes, which reach nothing of the machine but its port."""
import os
import pathlib
import signal
import socket

import swarm

LAB_TOML = """
[lab]
name = "{name}"

[backend]
module = "backend.py"

[backend.host_service]
command = "{command}"
port = {port}

[metric]
direction = "maximize"

[agent]
kind = "command"
command = "sh agent.sh"

[stop]
max_iterations = 3
plateau_threshold = 0
"""

# Scores what the service answers; what else there is of the machine must not answer.
BACKEND = """
import os, socket, urllib.request
from autoresearch_lab.harness.backend import EvalBackend, EvalResult

class EvalBackend(EvalBackend):
    def evaluate(self, pipeline_dir, data_dir, sample_ids=None):
        try:
            socket.create_connection(("127.0.0.1", OTHER), 2)
            raise RuntimeError("another port of the machine answers")
        except ConnectionRefusedError:
            pass
        value = (pipeline_dir / "value.txt").read_text().strip()
        answer = urllib.request.urlopen(os.environ["ARL_HOST_SERVICE_URL"] + "/" + value, timeout=20).read()
        return EvalResult(score=float(answer))
"""

SERVICE = """
import http.server, os, pathlib, sys
with open(os.environ["STARTS"], "a") as file: file.write(f"{os.getpid()} {pathlib.Path('lab.toml').exists()} {os.environ['ARL_PIPELINE_DIR']}\\n")

class Doubles(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/666": os._exit(3)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(2 * float(self.path[1:])).encode())
    def log_message(self, *args): pass

http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Doubles).serve_forever()
"""

AGENT = 'echo "$SWARMLAB_EXPERIMENT" > pipeline/value.txt\n'


class Services(swarm.SwarmTest):
    def make(self, command="exec python3 service.py", agent=AGENT):
        self.other = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.other.close)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.starts = self.root / "starts"
        self.variables = {"STARTS": str(self.starts)}
        files = {"backend.py": BACKEND.replace("OTHER", str(self.other.getsockname()[1])), "service.py": SERVICE.replace("PORT", str(self.port)),
                 "agent.sh": agent, "pipeline/value.txt": "1\n", "measure.py": None, "agent.py": None, "artifact/value.txt": None}
        toml = LAB_TOML.replace("{command}", command).replace("{port}", str(self.port))
        return self.make_lab(files=files, toml=toml)

    def pids(self):
        return [int(line.split()[0]) for line in self.starts.read_text().splitlines()]

    def is_gone(self, pid):
        return not pathlib.Path(f"/proc/{pid}").exists()

    def test_one_serves_all_workers_and_ends_with_them(self):
        lab = self.make()
        self.swarmlab("run", lab, "--workers", 2, "--host-services", env=self.variables)
        self.assertEqual(sorted(e["score"] for e in self.json("experiments", lab)), [2, 4, 6, 8])
        self.assertIn(" True ", self.starts.read_text())
        for pid in self.pids():
            self.wait_until(lambda pid=pid: self.is_gone(pid), "the service ends")

    def test_it_is_started_again_when_it_dies(self):
        lab = self.make(agent='[ "$SWARMLAB_EXPERIMENT" = 2 ] && echo 666 > pipeline/value.txt || echo "$SWARMLAB_EXPERIMENT" > pipeline/value.txt\n')
        self.swarmlab("run", lab, "--workers", 1, "--host-services", env=self.variables)
        experiments = self.json("experiments", lab)
        self.assertEqual(sorted(e["score"] for e in experiments if e["score"] is not None), [2, 6, 8], experiments)
        self.assertEqual(len(self.pids()), 2)

    def test_one_that_ends_at_once_is_said_with_its_words(self):
        lab = self.make(command="echo no such thing as port; exit 7")
        done = self.swarmlab("run", lab, "--workers", 1, "--host-services", env=self.variables, expect=None, timeout=300)
        self.assertIn(f"[backend.host_service] port {self.port}: the service: exit code 7", done.stderr)
        self.assertIn("no such thing as port", done.stderr)

    def test_it_is_not_started_unless_somebody_allows_it(self):
        lab = self.make()
        done = self.swarmlab("run", lab, "--workers", 1, env=self.variables, expect=1)
        self.assertIn("expected --host-services", done.stderr)
        self.assertFalse(self.starts.exists())

    def test_it_dies_with_a_run_that_is_killed(self):
        lab = self.make(agent="sleep 100\n")
        run = self.start("run", lab, "--workers", 1, "--host-services", env=self.variables)
        self.wait_until(lambda: self.running(lab), "an agent works")
        pid, = self.pids()
        for child in [*self.children(run.pid), run.pid]:
            os.kill(child, signal.SIGKILL)
        self.wait_until(lambda: self.is_gone(pid), "the service dies")


if __name__ == "__main__":
    swarm.main()
