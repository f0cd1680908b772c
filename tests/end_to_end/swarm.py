"""A lab of its own for every test, and the real program run on it.

SWARMLAB names the program. Every lab is a git repository in a temporary folder; nothing is shared.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

PROGRAM = os.environ.get("SWARMLAB", "build/release/swarmlab")
# Sanitizers make everything slower; a test must fail for being wrong, not for being slow.
PATIENCE = float(os.environ.get("SWARMLAB_TEST_PATIENCE", "1"))

LAB_TOML = """
[lab]
name = "{name}"

[artifact]
editable = ["artifact/**"]

[metric]
name = "score"
direction = "maximize"

[evaluator]
command = "python3 measure.py"
parse = "metric-lines"
timeout = "20s"

[agent]
kind = "command"
command = "{agent}"
timeout = "20s"

[search]
merge = false

[stop]
max_iterations = 6
plateau_threshold = 0
"""

MEASURE = """
import pathlib
value = float(pathlib.Path("artifact/value.txt").read_text())
print(f"METRIC score={value}")
"""

# Makes the value one larger than in the parent, by the number of the experiment: every tree is new.
AGENT = """
import json, os, pathlib
path = pathlib.Path("artifact/value.txt")
number = int(os.environ["SWARMLAB_EXPERIMENT"])
path.write_text(f"{float(path.read_text()) + number / 1000:.6f}\\n")
json.dump({"hypothesis": f"add {number}/1000"}, open(os.environ["SWARMLAB_OUTCOME"], "w"))
"""


# The same in sh, which starts in a tenth of the time of python.
SHELL_LAB_TOML = """
[lab]
name = "{name}"

[artifact]
editable = {editable}

[metric]
name = "score"
direction = "maximize"

[evaluator]
command = "sh measure.sh"
timeout = "{evaluator_timeout}"

[agent]
command = "sh agent.sh"
timeout = "{agent_timeout}"

[search]
{search}

[stop]
plateau_threshold = 0
{stop}
"""

SHELL_MEASURE = """
echo "METRIC score=$(cat artifact/value.txt)"
"""

# The value becomes the number of the experiment: each is better than all before it.
SHELL_AGENT = """
echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt
printf '{"hypothesis": "set it to %s"}' "$SWARMLAB_EXPERIMENT" > "$SWARMLAB_OUTCOME"
"""


class SwarmTest(unittest.TestCase):
    maxDiff = None

    inside = []  # what goes before the program: the machine that it runs on, if not this one

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="swarmlab-e2e-"))
        self.processes = []

    def tearDown(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    # Labs.

    def make_lab(self, files=None, toml=None, agent="python3 agent.py", name="lab", extra=""):
        folder = self.root / name
        folder.mkdir(parents=True)
        content = {
            "lab.toml": (toml or LAB_TOML).replace("{name}", name).replace("{agent}", agent) + textwrap.dedent(extra),
            "measure.py": MEASURE,
            "agent.py": AGENT,
            "artifact/value.txt": "1.0\n",
        }
        content.update(files or {})
        for path, text in content.items():
            if text is None:
                continue
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text).lstrip("\n"))
        self.git(folder, "init", "-q", "-b", "main")
        self.git(folder, "add", "-A")
        self.git(folder, "commit", "-q", "-m", "the lab as it starts")
        return folder

    def shell_lab(self, agent=SHELL_AGENT, measure=SHELL_MEASURE, stop="max_iterations = 3", name="lab", inside="",
                  editable=("artifact/**",), agent_timeout="60s", evaluator_timeout="60s", search="merge = false", extra="",
                  files=None):
        """A lab of shell scripts in the folder `inside` of a repository of its own; gives the repository."""
        toml = SHELL_LAB_TOML
        for key, value in {"name": pathlib.Path(name).name, "editable": json.dumps(list(editable)), "stop": stop, "search": search,
                           "agent_timeout": agent_timeout, "evaluator_timeout": evaluator_timeout}.items():
            toml = toml.replace("{" + key + "}", value)
        content = {
            "lab.toml": toml.lstrip("\n") + textwrap.dedent(extra),
            "agent.sh": agent,
            "measure.sh": measure,
            "artifact/value.txt": "1\n",
            **(files or {}),
        }
        repository = self.root / name
        for path, text in content.items():
            file = repository / inside / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text).lstrip("\n"))
        self.git(repository, "init", "-q", "-b", "main")
        self.commit(repository, "the lab as it starts")
        return repository

    def commit(self, repository, message):
        self.git(repository, "add", "-A")
        self.git(repository, "commit", "-q", "-m", message)

    def git(self, folder, *args):
        done = subprocess.run(
            ["git", "-c", "user.name=Test", "-c", "user.email=test@localhost", "-C", str(folder), *args],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"git {' '.join(args)}: {done.stderr}")
        return done.stdout.strip()

    # The program.

    def swarmlab(self, *args, cwd=None, timeout=120, expect=0, env=None):
        done = subprocess.run([*self.inside, PROGRAM, *map(str, args)], capture_output=True, text=True, cwd=cwd or self.root,
                              timeout=timeout * PATIENCE, env={**os.environ, **(env or {})}, check=False, stdin=subprocess.DEVNULL)
        if expect is not None:
            self.assertEqual(done.returncode, expect,
                             f"swarmlab {' '.join(map(str, args))}\nstdout:\n{done.stdout}\nstderr:\n{done.stderr}")
        return done

    def json(self, *args, **kwargs):
        return json.loads(self.swarmlab(*args, "--json", **kwargs).stdout)

    def children(self, pid):
        """Processes whose parent is `pid`, as of now."""
        found = []
        for child in filter(str.isdigit, os.listdir("/proc")):
            try:
                stat = pathlib.Path("/proc", child, "stat").read_text(errors="replace")
            except OSError:
                continue  # it ended meanwhile
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                found.append(int(child))
        return found

    def running(self, lab):
        """The experiments of agents at work; none while nobody answers."""
        done = self.swarmlab("experiments", "--verdict", "running", "--json", cwd=lab, expect=None)
        found = json.loads(done.stdout) if done.returncode == 0 else []
        return [e for e in found if e["kind"] == "explore"]

    def start(self, *args, cwd=None, env=None, log=None, inside=None):
        """Starts the program in the background; its output goes to a file, for when the test fails."""
        path = self.root / (log or f"process-{len(self.processes)}.log")
        with open(path, "ab") as output:
            process = subprocess.Popen([*(self.inside if inside is None else inside), PROGRAM, *map(str, args)], cwd=cwd or self.root, stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output, env={**os.environ, **(env or {})})
        process.log = path
        self.processes.append(process)
        return process

    def wait_until(self, condition, what, timeout=60):
        deadline = time.monotonic() + timeout * PATIENCE
        while time.monotonic() < deadline:
            try:
                value = condition()
            except FileNotFoundError:  # it walks through folders that come and go
                value = None
            if value:
                return value
            time.sleep(0.05)
        logs = "\n".join(f"--- {p.log.name}\n{p.log.read_text(errors='replace')[-3000:]}" for p in self.processes)
        self.fail(f"{what}: not within {timeout} s\n{logs}")
        return None

    @staticmethod
    def address_of_our_own():
        """Of the loopback network, where nothing else takes the port while nobody listens there for a moment."""
        a, b, c = (random.randrange(1, 255) for _ in range(3))
        return f"tcp://127.{a}.{b}.{c}:{random.randrange(10000, 30000)}"

    def end(self, process, how=signal.SIGTERM, timeout=30):
        process.send_signal(how)
        return process.wait(timeout=timeout * PATIENCE)


class OneLabTest(SwarmTest):
    """Tests that only look: build() makes and runs one lab for all tests of the class."""

    @classmethod
    def build(cls, stage):
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        if cls is OneLabTest:
            raise unittest.SkipTest("has no tests of its own")
        stage = SwarmTest()
        stage.setUp()
        cls.addClassCleanup(stage.tearDown)
        cls.lab = cls.build(stage)


def verdicts(experiments):
    return [e["verdict"] for e in experiments]


def main():
    """Ends with 77 (of tests/CMakeLists.txt) where nothing could run here, so that nobody takes it for having passed."""
    result = unittest.main(verbosity=2, exit=False).result
    skipped = sum(isinstance(test, unittest.TestCase) for test, _ in result.skipped)
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun == skipped else 0)
