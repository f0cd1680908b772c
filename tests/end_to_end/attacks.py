"""Labs whose agents attack: one experiment an attack, each a test of its own, one `swarmlab run` for all of them.

The agent of experiment N first does what an honest one does, then runs attacks/N.py. What the sandbox refuses goes to
the notes of the experiment, so that a test can tell "refused" from "never tried".
"""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import textwrap
import types
import typing

import pods
import swarm

LAB_TOML = """
[lab]
name = "{name}"

[artifact]
editable = ["artifact/**"]
max_file_size = "100KB"

[metric]
name = "score"
direction = "maximize"
confidence = 0

[evaluator]
command = "python3 harness/measure.py"
parse = "metric-lines"
timeout = "20s"
data = "data"

[guard]
command = "python3 harness/guard.py"
timeout = "20s"

[agent]
kind = "command"
command = "python3 -I -B agent.py"
timeout = "20s"

[limits]
memory = "300MB"
processes = 64
disk = "60MB"

[search]
merge = false

[stop]
max_iterations = 1000
plateau_threshold = 0
"""

MEASURE = """
import pathlib
import units  # a module beside the evaluator, as many labs have
value = units.read(pathlib.Path("artifact/value.txt").read_text())
assert pathlib.Path("/data/samples.txt").read_text() == "one\\n"
print(f"METRIC score={value}")
"""

AGENT = """
import errno, json, os, pathlib, sys, time

NUMBER = int(os.environ["SWARMLAB_EXPERIMENT"])
said = {"hypothesis": f"attack {NUMBER}", "notes": ""}


def note(text):
    said["notes"] += text + "\\n"


def refused(function, *args, **kwargs):
    \"\"\"Whether it is refused, and how, is noted: never fails.\"\"\"
    try:
        function(*args, **kwargs)
        note("done")
    except OSError as error:
        note("refused: " + errno.errorcode.get(error.errno, str(error.errno)))


def say():
    with open(os.environ["SWARMLAB_OUTCOME"], "w") as file:
        json.dump(said, file)


value = pathlib.Path("artifact/value.txt")
value.write_text(f"{float(value.read_text()) + NUMBER / 1000:.6f}\\n")
attack = pathlib.Path(f"attacks/{NUMBER}.py")
if attack.exists():
    try:
        exec(compile(attack.read_text(), str(attack), "exec"))
    except Exception as error:
        note(f"failed: {type(error).__name__}: {error}")
say()
"""


class Attack(typing.NamedTuple):
    name: str
    code: str
    verdict: str = "honest"  # honest: the score of what it made of artifact/value.txt, and nothing else; or "a|b"
    paths: tuple = ()        # exactly these, of out_of_scope
    notes: str = ""          # exactly these lines, if any are given
    reason: str = ""         # a part of it


class Attacked(swarm.SwarmTest):
    """Runs the attacks of a class once; `add_tests` gives each a test."""
    attacks = ()
    files = {}
    toml = LAB_TOML
    run_args = ("--workers", "3")
    # The driver that the same attacks are tried on.
    sandbox = os.environ.get("SWARMLAB_TEST_SANDBOX", "bubblewrap")
    environment = {}
    # What of an attack comes to something else under the drivers `runner` and `runsc`, by its name.
    in_a_pod = {}
    in_gvisor = {}
    # Likewise where the worker is an ordinary user: he cannot look into what is closed to him, and may have no control groups.
    of_an_ordinary_user = {}

    @classmethod
    def prepare(cls):
        """What the attacks need of the host: overridden."""

    @classmethod
    def prepare_pod(cls, pod):
        """What they need of the pod, before its worker starts: overridden."""

    @classmethod
    def setUpClass(cls):
        cls.shared = swarm.SwarmTest()
        cls.shared.setUp()
        cls.addClassCleanup(cls.shared.tearDown)
        cls.prepare()
        files = {
            "measure.py": None, "harness/measure.py": MEASURE, "harness/units.py": "read = float\n",
            "harness/guard.py": "import pathlib\nassert float(pathlib.Path('artifact/value.txt').read_text()) > 0\n",
            "data/samples.txt": "one\n", "README": "of the lab\n", "agent.py": AGENT, **cls.files}
        for number, attack in enumerate(cls.attacks, start=2):
            files[f"attacks/{number}.py"] = textwrap.dedent(attack.code)
        cls.lab = cls.shared.make_lab(files=files, toml=cls.toml, name="attacked")
        cls.before = cls.shared.git(cls.lab, "status", "--porcelain", "--ignored=no")
        # One more than attacks: whatever they did, the next experiment works.
        cls.run_output = cls.run_in_a_pod() if cls.sandbox == "runner" else cls.run_here()
        cls.experiments = {e["number"]: e for e in cls.shared.json("experiments", cls.lab, "--last", 100000)}

    @classmethod
    def run_here(cls):
        return cls.shared.swarmlab("run", cls.lab, *cls.run_args, "--sandbox", cls.sandbox, "--max-iterations", len(cls.attacks) + 1,
                                   env=cls.environment, timeout=240)

    @classmethod
    def run_in_a_pod(cls):
        """What the lab's [limits] are elsewhere, the limits of the containers are here."""
        with tempfile.TemporaryDirectory(prefix="swarmlab-pod-") as folder:
            pod = pods.Pod(pods.of_environment(), pathlib.Path(folder) / "pod", memory="256m", pids=64)
            cls.addClassCleanup(pod.end)
            cls.shared.inside = pod.inside
            address = "tcp://127.0.0.1:7000"
            coordinator = cls.shared.start("coordinator", cls.lab, "--listen", address, "--max-iterations", len(cls.attacks) + 1)
            cls.shared.wait_until(lambda: "swarmlab worker --connect" in coordinator.log.read_text(), "the coordinator")
            cls.prepare_pod(pod)
            pod.start_all(address, "--http", "9464", options=[word for name, value in cls.environment.items() for word in ("--env", f"{name}={value}")])
            pod.wait_for_lab(cls.shared, cls.lab, 600)
            logs = pod.all_logs()
            cls.shared.end(coordinator)
            pod.end()
            cls.shared.inside = []
        return types.SimpleNamespace(stdout="", stderr=logs)

    def setUp(self):
        self.root = self.shared.root
        self.processes = []

    def tearDown(self):
        pass

    def objects(self, *args):
        done = subprocess.run(["git", "-C", str(self.lab / ".swarmlab/objects.git"), *args], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, f"git {args}: {done.stderr}")
        return done.stdout

    def check(self, number, attack):
        elsewhere = self.of_an_ordinary_user if os.geteuid() != 0 else {}
        elsewhere = {"runner": self.in_a_pod, "runsc": self.in_gvisor}.get(self.sandbox, elsewhere)
        attack = attack._replace(**elsewhere.get(attack.name, {}))
        experiment = self.experiments[number]
        told = json.dumps(experiment, indent=1)
        verdicts = attack.verdict.split("|")
        if verdicts == ["honest"] or "honest" in verdicts and experiment["score"] is not None:
            self.assertIn(experiment["verdict"], ("keep", "discard"), told)
            self.check_score(experiment)
        else:
            self.assertIn(experiment["verdict"], verdicts, told)
            self.assertIsNone(experiment["score"], told)
        if attack.notes:
            self.assertEqual(self.told(experiment["notes"]), self.told(attack.notes), told)
        self.assertNotIn("failed:", experiment["notes"], told)
        self.assertIn(attack.reason, experiment["reason"])
        if attack.verdict == "out_of_scope":
            self.assertEqual(experiment["paths"], sorted(attack.paths), told)
            shown = self.swarmlab("show", number, "--lab", self.lab).stdout
            for path in attack.paths:
                self.assertIn(path, shown)

    def told(self, notes):
        """What was refused; how, each driver has its own way to say."""
        if self.sandbox != "bubblewrap":
            notes = re.sub(r"refused: [A-Z]+", "refused", notes)
        return notes.split("\n")

    def check_score(self, experiment):
        """The score is what the evaluator makes of the candidate, and the candidate differs in the artifact only."""
        commit = experiment["commit"]
        self.assertEqual(experiment["score"], float(self.objects("show", f"{commit}:artifact/value.txt")))
        changed = self.objects("diff-tree", "-r", "-z", "--name-only", experiment["parentCommit"], commit).split(b"\0")
        self.assertTrue(changed)
        for path in filter(None, changed):
            self.assertTrue(path.startswith(b"artifact/"), path)

    def test_the_experiment_after_all_attacks_works(self):
        last = self.experiments[len(self.attacks) + 2]
        self.assertIn(last["verdict"], ("keep", "discard"), json.dumps(last))
        self.check_score(last)

    def test_every_score_is_the_evaluators(self):
        self.assertEqual(sorted(self.experiments), list(range(1, len(self.attacks) + 3)))
        for experiment in self.experiments.values():
            if experiment["score"] is not None and experiment["kind"] != "baseline":
                self.check_score(experiment)

    def test_the_repository_is_as_it_was(self):
        self.assertEqual(self.shared.git(self.lab, "status", "--porcelain", "--ignored=no"), self.before)
        self.assertEqual(self.shared.git(self.lab, "fsck", "--strict"), "")
        self.objects("fsck", "--strict", "--no-dangling")

    def test_no_worker_was_lost(self):
        for experiment in self.experiments.values():
            self.assertEqual(experiment["attempts"], 1, json.dumps(experiment))
        self.assertNotIn("goes back", self.run_output.stderr)


def add_tests(case):
    """A decorator: gives each attack of `case` a test of its name."""
    names = [attack.name for attack in case.attacks]
    assert len(set(names)) == len(names), "two attacks of a name"
    for number, attack in enumerate(case.attacks, start=2):
        def test(self, number=number, attack=attack):
            self.check(number, attack)
        setattr(case, "test_" + attack.name.replace(" ", "_"), test)
    return case


def processes_with(marker):
    """Command lines of this host's processes that hold the marker."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if marker.encode() in line:
            found.append(line.replace(b"\0", b" "))
    return found
