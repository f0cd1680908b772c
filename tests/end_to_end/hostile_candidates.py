"""Candidates that attack the evaluator that runs them.

An evaluator that runs the candidate as a process of its own is safe from it. One that imports the candidate trusts it:
then only the ways around are closed, which docs/security.md tells.
"""
import re

import attacks
import swarm
from attacks import Attack

FORGED = "METRIC score=1000000"


def candidate(name, code, verdict="honest", reason=""):
    """An agent that writes a hostile artifact/solution.py; `honest()` there prints the value, as an honest one does."""
    body = f"""
import os, pathlib, sys
def honest(): print(float(pathlib.Path("artifact/value.txt").read_text()), flush=True)
def tell(what): print("TOLD", what, file=sys.stderr, flush=True)
{swarm.textwrap.dedent(code)}
"""
    return Attack(name, f"pathlib.Path('artifact/solution.py').write_text({body!r})", verdict, reason=reason)


class Candidates:
    def number_of(self, name):
        return next(n for n, attack in enumerate(self.attacks, start=2) if attack.name == name)

    def told(self, name):
        log = self.json("show", self.number_of(name), "--lab", self.lab)["evaluatorLog"]
        return [line[5:] for line in log.splitlines() if line.startswith("TOLD ")]

    def test_no_score_was_forged(self):
        for experiment in self.experiments.values():
            if experiment["score"] is not None:
                self.assertLess(experiment["score"], 1000, experiment["hypothesis"])


@attacks.add_tests
class ACandidateThatIsRunAsAChild(Candidates, attacks.Attacked):
    files = {"artifact/solution.py": "import pathlib\nprint(pathlib.Path('artifact/value.txt').read_text())\n",
             "harness/measure.py": """
        import json, math, subprocess, sys, units
        done = subprocess.run([sys.executable, "-I", "artifact/solution.py"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=5)
        sys.stderr.write(done.stderr[-10_000:])
        print(f"METRIC score={json.loads(json.dumps(units.read(done.stdout.split()[-1])))}")
        """}
    in_gvisor = {"writes to every descriptor of every process": {"verdict": "crash|honest"}}
    attacks = (
        candidate("writes to every descriptor of every process", f"""
            honest()
            for path in pathlib.Path("/proc").glob("[0-9]*/fd/*"):
                if int(path.parts[2]) == os.getpid() or path.name in "02": continue  # stderr is only a log
                try:
                    with open(path, "w") as file: file.write("\\n{FORGED}\\n")
                    tell(f"wrote to {{path}}")
                except OSError: pass"""),
        candidate("writes to what it inherited", f"""
            honest()
            for fd in range(3, 256):
                try: os.write(fd, b"{FORGED}\\n"); tell(fd)
                except OSError: pass"""),
        candidate("writes into the memory of the evaluator", """
            honest()
            import ctypes
            libc = ctypes.CDLL(None, use_errno=True)
            pid = os.getppid()
            for file in ("mem", "environ", "fd/1", "cwd/x", "root/x"):
                try: open(f"/proc/{pid}/{file}", "r+b"); tell(file)
                except OSError: pass
            for call, request in ((libc.ptrace, 16), (libc.ptrace, 0x4206)):  # attach, seize
                if call(request, pid, 0, 0) == 0: tell(f"traces by {request}")
            word = ctypes.create_string_buffer(8)
            vector = (ctypes.c_void_p * 2)(ctypes.addressof(word), 8)
            if libc.process_vm_readv(pid, vector, 1, vector, 1, 0) > 0: tell("reads")"""),
        candidate("kills the evaluator", f"print('{FORGED}', flush=True); os.kill(os.getppid(), 9)", "crash"),
        candidate("kills all", f"print('{FORGED}', flush=True); os.kill(-1, 9)", "crash|invalid"),
        candidate("prints a score", f"print('{FORGED}', flush=True); honest()"),
        candidate("prints nothing", "os._exit(0)", "crash"),
        candidate("prints no number", "print('nan ' * 3 + 'inf')", "invalid"),
        candidate("leaves a process that prints later", f"""
            honest()
            own = f"/proc/{{os.getpid()}}/"
            if os.fork() == 0:
                os.setsid()
                for fd in (0, 1, 2): os.close(fd)
                while True:
                    for path in pathlib.Path("/proc").glob("[0-9]*/fd/1"):
                        if str(path).startswith(own): continue  # what it prints itself
                        try: open(path, "w").write("{FORGED}\\n")
                        except OSError: pass"""),
        candidate("changes the evaluator", """
            honest()
            for path in ("harness/measure.py", "lab.toml", "/data/samples.txt", "/usr/lib/python3/x", "/swarmlab/x"):
                try: open(path, "a"); tell(path)
                except OSError: pass"""),
        candidate("hangs", "import time; time.sleep(1000)", "crash"),
        candidate("calls home", """
            honest()
            import socket
            try: socket.create_connection(("192.0.2.1", 80), 2); tell("connected")
            except OSError: pass"""),
    )

    def test_nothing_was_reached(self):
        for attack in self.attacks:
            told = self.told(attack.name)
            if self.sandbox == "runsc":  # there it may open the evaluator's end of its own output, and a /dev/null
                told = [line for line in told if not re.fullmatch(r"wrote to /proc/\d+/fd/\d+", line)]
            self.assertEqual(told, [], attack.name)


@attacks.add_tests
class ACandidateThatIsImported(Candidates, attacks.Attacked):
    """Nothing that it says counts as a score of its own accord, and a candidate that ends the evaluator has none."""
    toml = attacks.LAB_TOML.replace("""[evaluator]
command = "python3 harness/measure.py"
parse = "metric-lines"
timeout = "20s"
data = "data"
""", """[evaluator]
data = "data"

[backend]
module = "harness/backend.py"
class = "Backend"
""")
    files = {"artifact/solution.py": "import pathlib\nprint(pathlib.Path('artifact/value.txt').read_text())\n",
             "harness/backend.py": """
        import contextlib, importlib.util, io, json, math
        from autoresearch_lab.harness.backend import EvalBackend, EvalResult

        class Backend(EvalBackend):
            def evaluate(self, pipeline_dir, data_dir, sample_ids=None):
                printed = io.StringIO()
                spec = importlib.util.spec_from_file_location("solution", "artifact/solution.py")
                with contextlib.redirect_stdout(printed):
                    spec.loader.exec_module(importlib.util.module_from_spec(spec))
                return EvalResult(score=json.loads(json.dumps(float(printed.getvalue().split()[-1]))), metrics={})
        """}
    attacks = (
        candidate("prints a result", """
            os.write(1, b'{"score": 1000000}\\n'); os.write(2, b'{"score": 1000000}\\n'); honest()"""),
        candidate("writes to the channel of results", """
            for fd in range(3, 50):
                try: os.write(fd, b'{"score": 1000000}\\n')
                except OSError: pass
            honest()"""),
        candidate("ends the evaluator", "os._exit(0)", "crash|invalid"),
        candidate("ends the evaluator politely", "sys.exit(0)", "crash|invalid"),
        candidate("raises", "raise KeyboardInterrupt('METRIC score=1000000')", "crash|invalid"),
        candidate("breaks the evaluator's own words", """
            import json
            json.dumps = lambda *a, **k: '{"score": NaN}'
            honest()""", "crash|invalid"),
    )


@attacks.add_tests
class AnArtifactAroundTheEvaluator(Candidates, attacks.Attacked):
    """The lab lets agents edit all but a few files: what they put beside those is not taken for the standard library."""
    toml = attacks.LAB_TOML.replace('editable = ["artifact/**"]', """editable = ["**"]
frozen = ["harness/measure.py", "harness/units.py", "harness/guard.py", "data/**", "agent.py", "attacks/**"]""")
    files = {"harness/__pycache__/kept": "a folder that the lab has by mistake\n",
             "harness/measure.py": """
        import json, math, pathlib, random, statistics
        import units
        value = units.read(pathlib.Path("artifact/value.txt").read_text())
        print(f"METRIC score={statistics.mean([json.loads(json.dumps(value))])}")
        """}
    attacks = (
        Attack("shadows the standard library", f"""
            for name in ("json", "math", "pathlib", "random", "statistics", "re", "os", "io", "abc", "encodings", "site"):
                for folder in ("harness", "."):
                    pathlib.Path(f"{{folder}}/{{name}}.py").write_text("print('{FORGED}')\\nimport os; os._exit(0)\\n")"""),
        Attack("shadows the standard library by packages", f"""
            for name in ("json", "math", "statistics", "random"):
                os.makedirs(f"harness/{{name}}")
                pathlib.Path(f"harness/{{name}}/__init__.py").write_text("print('{FORGED}')\\nimport os; os._exit(0)\\n")"""),
        Attack("customizes python", f"""
            trap = "print('{FORGED}'); import os; os._exit(0)\\n"
            for folder in ("harness", "."):
                for name in ("sitecustomize.py", "usercustomize.py", "x.pth", "pyvenv.cfg", "python3._pth"):
                    pathlib.Path(f"{{folder}}/{{name}}").write_text(trap if name.endswith("py") else "home = /tmp\\n")"""),
        Attack("leaves byte code", f"""
            import importlib._bootstrap_external as external, _imp
            code = compile("print('{FORGED}'); import os; os._exit(0)", "units.py", "exec")
            data = external._code_to_hash_pyc(code, _imp.source_hash(0, b""), False)  # python never checks it
            tag = sys.implementation.cache_tag
            for name in ("units", "json", "measure"):
                pathlib.Path(f"harness/__pycache__/{{name}}.{{tag}}.pyc").write_bytes(data)"""),
    )

    def check_score(self, experiment):  # all is editable but what is frozen
        self.assertEqual(experiment["score"], float(self.objects("show", f"{experiment['commit']}:artifact/value.txt")))


if __name__ == "__main__":
    swarm.main()
