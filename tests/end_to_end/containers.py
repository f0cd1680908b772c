"""Whole labs in containers of a real engine: on the machine's own files, in an image of the lab's, and when things go wrong."""
import http.server
import os
import pathlib
import signal
import subprocess
import threading

import engines
import handshakes
import swarm

# What an agent sees, for the test to read.
LOOK = """
echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
printf '{"hypothesis": "look", "notes": "%s"}' "$(id -u) $(hostname) $(cat /made 2>/dev/null) $(pwd)" > "$SWARMLAB_OUTCOME"
"""

# Uses what agents use: files, a pipe, Python, the evaluator, a host that its lab names and one that it does not.
ASK = """
set -e
echo "$((SWARMLAB_EXPERIMENT * 10))" > artifact/value.txt
cat artifact/value.txt | python3 -c 'import sys; sys.stdout.write(sys.stdin.read())' > /tmp/value
sh measure.sh > /tmp/measured
python3 - << 'END'
import http.client, json, os, urllib.parse
proxy = urllib.parse.urlsplit(os.environ["HTTP_PROXY"])
heard = []
for port in ({named}, {other}):
    asked = http.client.HTTPConnection(proxy.hostname, proxy.port, timeout=60)
    asked.request("GET", f"http://127.0.0.1:{port}/")
    answer = asked.getresponse()
    heard.append(answer.read().decode() if answer.status == 200 else str(answer.status))
file, measured = (open(f"/tmp/{name}").read().strip() for name in ("value", "measured"))
notes = f"file {file}; {measured}; heard {'; '.join(heard)}"
json.dump({"hypothesis": "ask", "notes": notes}, open(os.environ["SWARMLAB_OUTCOME"], "w"))
END
"""


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"word")

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class OfAnEngine(engines.OfAnEngine, handshakes.HandshakeTest):
    def swarmlab(self, *args, env=None, **kwargs):
        return super().swarmlab(*args, env={**self.engine.environment, **(env or {})}, **kwargs)

    def containers(self):
        """Those of swarmlab that are there, running or not."""
        done = self.engine.tell("ps", "--all", "--quiet", "--filter", "label=swarmlab.owner")
        return done.stdout.split()

    def base_image(self):
        """The machine's own programs as an image: engines have no registry here."""
        if self.engine.tell("image", "inspect", "test/base:1").returncode == 0:
            return "test/base:1"
        root = self.root / "base"
        root.mkdir()
        for tool in ("sh", "cat", "id", "hostname", "printf", "env", "sleep", "mkdir"):
            self.copy_program(tool, root)
        (root / "tmp").mkdir()
        packed = subprocess.run(["tar", "-C", root, "-c", "."], capture_output=True, check=True).stdout
        done = self.engine.tell("import", "-", "test/base:1", data=packed)
        self.assertEqual(done.returncode, 0, done.stderr)
        return "test/base:1"

    def copy_program(self, name, root):
        program = subprocess.run(["sh", "-c", f"command -v {name}"], capture_output=True, text=True, check=True).stdout.strip()
        if not program.startswith("/"):
            program = f"/bin/{name}"
        program = os.path.realpath(program)
        libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
        files = [program] + [word for word in libraries.split() if word.startswith("/")]
        for file in files:
            target = root / file.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                target.write_bytes(pathlib.Path(file).read_bytes())
                target.chmod(0o755)
        link = root / "bin" / name
        link.parent.mkdir(exist_ok=True)
        if not link.exists():
            link.symlink_to(program)


class Labs:
    """Of every engine."""

    def test_a_lab_goes_through_with_its_driver_named_in_its_file(self):
        lab = self.shell_lab(agent=LOOK, extra=f'\n[sandbox]\ndriver = "{self.engine_kind}"\n')
        self.swarmlab("run", lab, "--workers", 2)
        experiments = self.json("experiments", lab)
        self.assertEqual(sorted(e["score"] for e in experiments), [1, 2, 3, 4])
        looked = [e["notes"].split() for e in experiments if e["kind"] == "explore"]
        self.assertEqual(looked, [["1000", "swarmlab", "/workspace"]] * 3)
        self.assertEqual(self.containers(), [])

    def test_a_worker_without_the_driver_gets_no_work_and_status_says_why(self):
        lab = self.shell_lab(extra=f'\n[sandbox]\ndriver = "{self.engine_kind}"\n')
        run = self.start("run", lab, "--workers", 1, "--sandbox", "bubblewrap", env=self.engine.environment)

        def reason():
            done = self.swarmlab("status", cwd=lab, expect=None)
            return f"needs label sandbox={self.engine_kind}" in done.stdout + done.stderr
        self.wait_until(reason, "status says what is missing")
        self.end(run, signal.SIGINT)
        self.assertEqual(self.json("experiments", lab), [])

    def test_an_agent_that_lives_on_is_held_in_its_container(self):
        lab = self.living_lab({"3": {"value": 0}}, per_session=3, iterations=3)
        self.swarmlab("run", lab, "--workers", 1, "--sandbox", self.engine_kind, timeout=300)
        said = self.what_it_said(lab)
        self.assertEqual([(e["verdict"], w["count"], w["found"], w["left"]) for e, _, w in said.values()],
                         [("keep", 1, "1", []), ("discard", 2, "2", ["more-2"]), ("keep", 3, "2", ["more-2"])])
        self.assertEqual(len({w["brief"] for _, _, w in said.values()}), 1, "it is one process")
        self.assertTrue(all(said[n][2]["held"] for n in (3, 4)), "nothing of it runs while others measure")
        self.assertEqual(self.containers(), [])

    def test_a_dockerfile_is_built_once_and_its_image_is_what_all_see(self):
        base = self.base_image()
        lab = self.shell_lab(agent=LOOK, stop="max_iterations = 2", extra="""
            [sandbox]
            dockerfile = "image/Dockerfile"
            """, files={"image/Dockerfile": f"FROM {base}\nCOPY made /made\n", "image/made": "in-the-image\n"})
        self.swarmlab("run", lab, "--workers", 2, "--sandbox", self.engine_kind)
        looked = [e["notes"].split() for e in self.json("experiments", lab) if e["kind"] == "explore"]
        self.assertEqual(looked, [["1000", "swarmlab", "in-the-image", "/workspace"]] * 2)
        listed = self.engine.tell("images", "--format", "{{.Repository}}", ).stdout.decode().split()
        self.assertEqual(len([name for name in listed if name.endswith("swarmlab/lab")]), 1, listed)

    def test_a_dockerfile_that_cannot_be_built_ends_the_lab_with_the_engines_words(self):
        lab = self.shell_lab(extra='\n[sandbox]\ndockerfile = "Dockerfile"\n', files={"Dockerfile": "FROM no/such-image:1\n"})
        done = self.swarmlab("run", lab, "--workers", 1, "--sandbox", self.engine_kind, expect=None)
        shown = done.stdout + done.stderr + self.swarmlab("show", 1, "--lab", lab, expect=None).stdout
        self.assertIn("[sandbox] dockerfile Dockerfile: " + self.engine_kind + " build: exit code", shown)

    def test_containers_end_with_a_worker_that_is_killed(self):
        lab = self.shell_lab(agent='echo x > artifact/value.txt\nsleep 98765\n', stop="max_iterations = 1")
        run = self.start("run", lab, "--workers", 1, "--sandbox", self.engine_kind, env=self.engine.environment)
        self.wait_until(lambda: self.running(lab), "an agent works")
        self.wait_until(lambda: self.sleeping("98765") and self.has_written(lab, "x\n"), "it sleeps")
        for child in self.children(run.pid):
            os.kill(child, signal.SIGKILL)
        os.kill(run.pid, signal.SIGKILL)
        self.wait_until(lambda: not self.sleeping("98765"), "the agent dies with its worker")
        self.wait_until(lambda: not self.containers() or self.engine_kind != "docker", "its container goes away")
        run.wait()

    @staticmethod
    def has_written(lab, text):
        return any(path.read_text() == text for path in lab.glob(".swarmlab/**/artifact/value.txt") if path.is_file())

    @staticmethod
    def sleeping(seconds):
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if path.read_bytes() == b"sleep\0" + seconds.encode() + b"\0":
                    return True
            except OSError:
                pass
        return False

    def test_an_engine_that_is_not_there_is_said_and_nothing_stands_in_for_it(self):
        lab = self.shell_lab()
        nowhere = {"DOCKER_HOST": f"unix://{self.root}/nobody.sock", "CONTAINERS_STORAGE_CONF": "/no/such/file"}
        done = self.swarmlab("run", lab, "--workers", 1, "--sandbox", self.engine_kind, env=nowhere, expect=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(self.engine_kind, done.stderr)
        self.assertEqual(self.json("experiments", lab), [])


class InDocker(Labs, OfAnEngine):
    engine_kind = "docker"


class InPodman(Labs, OfAnEngine):
    engine_kind = "podman"


class InGvisor(Labs, OfAnEngine):
    engine_kind = "runsc"

    def test_an_agent_that_lives_on_is_held_in_its_container(self):
        """It is not: gVisor's processes cannot be, so each experiment has an agent of its own, ended at its signal."""
        lab = self.living_lab({"3": {"value": 0}}, per_session=3, iterations=3)
        self.swarmlab("run", lab, "--workers", 1, "--sandbox", self.engine_kind, timeout=300)
        self.assertEqual([(e["verdict"], w["count"], w["found"]) for e, _, w in self.what_it_said(lab).values()],
                         [("keep", 1, "1"), ("discard", 1, "2"), ("keep", 1, "2")])

    def sleeping(self, seconds):
        """Its processes are none of the host's; their kernel is."""
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"runsc-sandbox") and any(os.fsencode(self.engine.folder) in word for word in words):
                return True
        return False

    def test_an_agent_measures_itself_and_reaches_its_one_host_only(self):
        named, other = (http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) for _ in range(2))
        for server in (named, other):
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            self.addCleanup(thread.join)
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
        lab = self.shell_lab(agent=ASK.replace("{named}", str(named.server_port)).replace("{other}", str(other.server_port)),
                             stop="max_iterations = 2", extra='\n[sandbox]\ndriver = "runsc"\n')
        file = lab / "lab.toml"
        file.write_text(file.read_text().replace("[agent]\n", f'[agent]\nnetwork = ["127.0.0.1:{named.server_port}"]\n'))
        self.commit(lab, "one host")
        self.swarmlab("run", lab, "--workers", 2)
        explored = [e for e in self.json("experiments", lab) if e["kind"] == "explore"]
        self.assertEqual(sorted(e["score"] for e in explored), [20, 30])
        for experiment in explored:
            score = f"{experiment['score']:g}"
            self.assertEqual(experiment["notes"], f"file {score}; METRIC score={score}; heard word; 403", experiment)


if __name__ == "__main__":
    swarm.main()
