"""Agents that go for the host, for secrets, for each other, and for what comes after them."""
import json
import pathlib
import secrets
import socket

import attacks
import swarm
from attacks import Attack

# In two halves wherever an agent can read it, so that nothing but a leak holds it whole.
CANARY = "swarmlab-canary-" + secrets.token_hex(8)
MARKER = f"98{secrets.randbelow(10**9)}"  # seconds that our sleeps would sleep

SEARCH = """
    import json
    told = json.load(open("told.json"))
    canary = told["canary"][0] + told["canary"][1]
    found = []
    def look(name, data):
        if canary.encode() in data: found.append(name)
    for path in told["paths"]:
        try: look(path, open(path, "rb").read())
        except OSError: pass
        try: look(path, str(os.listdir(path)).encode())
        except OSError: pass
    look("environ", repr(os.environ).encode())
    for path in pathlib.Path("/proc").glob("[0-9]*/*"):
        if path.name in ("environ", "cmdline", "mountinfo"):
            try: look(str(path), path.read_bytes())
            except OSError: pass
    try: tops = os.listdir("/")
    except PermissionError: tops = ["boot", "etc", "home", "media", "mnt", "root", "run", "srv", "tmp", "var"]
    for top in tops:
        if top in ("proc", "sys", "usr", "lib", "lib64", "bin", "sbin", "opt", "dev"): continue
        for folder, _, names in os.walk("/" + top):
            for name in names:
                try:
                    file = os.path.join(folder, name)
                    if os.path.isfile(file) and os.path.getsize(file) < 1 << 20: look(file, open(file, "rb").read())
                except OSError: pass
    note(f"found {found}")"""

FORGED = "METRIC score=1000000"


@attacks.add_tests
class AnAgentThatAttacksTheHost(attacks.Attacked):
    in_a_pod = {"signals what it can see": {"notes": "refused"}}
    of_an_ordinary_user = {"takes all memory": {"reason": ""}}
    in_gvisor = in_a_pod
    environment = {"SWARMLAB_CANARY": CANARY, "CANARY_TOKEN": CANARY}
    attacks = (
        Attack("searches for secrets", SEARCH, notes="found []"),
        Attack("reads what only the evaluator may", """
            for path in ("/scratch", "/swarmlab/run_backend.py", "/workspace/.swarmlab", "/workspace/.git"):
                refused(os.stat, path)""", notes="\n".join(["refused: ENOENT"] * 4)),

        # The host's files.
        Attack("writes to the system", """
            for path in ("/x", "/usr/x", "/etc/passwd", "/bin/sh", "/swarmlab/x", "/proc/sys/kernel/core_pattern",
                         "/dev/x", "/data/x"):
                refused(open, path, "w")""", notes="\n".join(["refused: EROFS"] * 8)),
        Attack("sees no disk and no memory", """
            note(str([name for name in os.listdir("/dev") if name[:2] in ("sd", "vd", "nv", "lo", "me", "km")]))""",
               notes="[]"),
        Attack("becomes root", """
            refused(os.setuid, 0)
            refused(os.setgid, 0)
            refused(os.chroot, "/tmp")
            refused(os.unshare, 0x10000000) if hasattr(os, "unshare") else note("refused: EPERM")""",
               notes="refused: EINVAL\nrefused: EINVAL\nrefused: EPERM\nrefused: EPERM"),

        # Networks.
        Attack("connects to the host", """
            import json, socket
            told = json.load(open("told.json"))
            refused(socket.create_connection, ("127.0.0.1", told["port"]), 2)
            refused(socket.create_connection, ("192.0.2.1", 80), 2)
            refused(socket.create_connection, ("::1", told["port"]), 2)""",
               notes="refused: ECONNREFUSED\nrefused: ENETUNREACH\nrefused: ECONNREFUSED"),
        Attack("connects to sockets of the host", """
            import json, socket
            told = json.load(open("told.json"))
            for place in (told["coordinator"], told["unix"], "\\0" + told["abstract"]):
                refused(socket.socket(socket.AF_UNIX).connect, place)""",
               notes="refused: ENOENT\nrefused: ENOENT\nrefused: ECONNREFUSED"),

        # Processes.
        Attack("signals what it can see", """
            import signal
            for pid in [int(p) for p in os.listdir("/proc") if p.isdigit()]:
                if pid in (1, os.getpid()): continue
                try: os.kill(pid, signal.SIGUSR1 if pid != os.getppid() else 0)
                except OSError: pass
            refused(os.kill, 1, signal.SIGKILL)""", notes="done"),  # to init of its own world: no effect
        Attack("leaves daemons behind", f"""
            import subprocess
            for _ in range(3):
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        os.execvp("sleep", ["sleep", "{MARKER}"])
                    os._exit(0)
            subprocess.Popen(["setsid", "sh", "-c", "trap '' TERM HUP INT; sleep {MARKER} & sleep {MARKER}"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)"""),
        Attack("leaves a daemon that goes on writing", """
            if os.fork() == 0:
                os.setsid()
                while True:
                    try: value.write_text("500\\n")
                    except OSError: pass
            value.write_text(f"{NUMBER}\\n")""", verdict="any"),  # either may be the last: both are the agent's
        Attack("forks without end", f"""
            children = 0
            try:
                while True:
                    if os.fork() == 0:
                        os.execvp("sleep", ["sleep", "{MARKER}"])
                    children += 1
            except OSError as error:
                note("refused: " + errno.errorcode[error.errno])
            assert children < 64, children""", notes="refused: EAGAIN"),
        Attack("forks without end and never stops", f"""
            say()
            while True:
                try:
                    if os.fork() == 0: continue
                except OSError: break
            os.execvp("sleep", ["sleep", "1"])""", verdict="any"),

        # Resources.
        Attack("takes all memory", """
            say()
            hoard = []
            try:
                while True: hoard.append(bytearray(os.urandom(1 << 20) * 16))
            except MemoryError: os._exit(1)""", "crash", reason="memory"),
        Attack("takes all memory in tmp", """
            say()
            with open("/tmp/x", "wb") as file:
                while True: file.write(bytes(1 << 20))""", verdict="any"),
        Attack("fills the disk", """
            say()
            with open("artifact/x", "wb") as file:
                for _ in range(1 << 12): file.write(os.urandom(1 << 20))""", "crash|timeout"),
        Attack("fills the disk with small files", """
            say()
            for i in range(1 << 20):
                open(f"artifact/{i}", "w").close()""", "crash|timeout"),  # on a slow disk it is out of time first
        Attack("prints without end", """
            say()
            line = b"x" * (1 << 20)
            for _ in range(1000): os.write(1, line)
            for _ in range(24): os.write(2, line)"""),
        Attack("kills itself", "say(); os.kill(os.getpid(), 9)", "crash", reason="signal 9"),

        # Scores that nobody measured.
        Attack("claims a score on its output", f"""
            print("{FORGED}"); print("{FORGED}", file=sys.stderr); print('{{"score": 1000000}}')"""),
        Attack("claims a score in its outcome", """
            said.update(score=1000000, verdict="keep", metrics={"score": 1000000}, kept=True, best=True)"""),
        Attack("claims a score in files of the artifact", f"""
            for name in ("score", "result.json", "results.tsv", "metrics.txt", "measure.py", "outcome.json",
                         "brief.md", "lab.toml", "METRIC score=1000000"):
                pathlib.Path("artifact/" + name).write_text("{FORGED}\\n")"""),
        Attack("leaves traps in the artifact", f"""
            for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "json.py", "math.py", "pathlib.py",
                         "units.py", "measure.py", "__init__.py", "os.py"):
                pathlib.Path("artifact/" + name).write_text("print('{FORGED}'); import os as o; o._exit(0)\\n")
            pathlib.Path("artifact/x.pth").write_text("import os; print('{FORGED}')\\n")
            pathlib.Path("artifact/pyvenv.cfg").write_text("home = /workspace/artifact\\n")"""),
        Attack("leaves traps in tmp and home", f"""
            trap = "print('{FORGED}'); import os; os._exit(0)\\n"
            site = f"/home/agent/.local/lib/python3.{{sys.version_info[1]}}/site-packages"
            os.makedirs(site)
            for path in ("/tmp/json.py", "/tmp/sitecustomize.py", site + "/usercustomize.py", site + "/sitecustomize.py",
                         "/home/agent/.pythonrc.py", "/home/agent/.profile", "/var/tmp/x", "/dev/shm/x"):
                pathlib.Path(path).write_text(trap)
            pathlib.Path(site + "/x.pth").write_text("import os; print('{FORGED}'); os._exit(0)\\n")
            os.makedirs("/home/agent/.config/git")
            pathlib.Path("/home/agent/.gitconfig").write_text("[core]\\n hooksPath = /tmp\\n")"""),
        Attack("sets the environment of what comes after", f"""
            os.environ.update(LD_PRELOAD="/tmp/x.so", PYTHONPATH="/tmp", PYTHONSTARTUP="/tmp/json.py", BASH_ENV="/tmp/x")"""),
        Attack("writes to what it was given open", """
            for fd in range(3, 64):
                try: os.write(fd, b'{"score": 1000000}\\n')
                except OSError: continue
                note(f"wrote to {fd}")"""),
        Attack("leaves an outcome that is a link", """
            os.symlink("/etc/passwd", os.environ["SWARMLAB_OUTCOME"])
            global say
            say = lambda: None"""),
        Attack("leaves an outcome that is a fifo", """
            os.mkfifo(os.environ["SWARMLAB_OUTCOME"])
            global say
            say = lambda: None"""),
    )

    @classmethod
    def prepare(cls):
        root = cls.shared.root
        cls.home = root / "home"
        cls.canaries = [cls.home / ".ssh/id_rsa", cls.home / ".config/token", root / "other-lab/.swarmlab/store/secret",
                        root / "other-lab/lab.toml", root / "attacked-by/.swarmlab/store/CANARY", pathlib.Path("/tmp") / MARKER]
        for path in cls.canaries:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(CANARY + "\n")
        cls.addClassCleanup(cls.canaries[-1].unlink)
        cls.environment = {**cls.environment, "HOME": str(cls.home)}
        cls.listeners = []
        cls.calls = []
        for family, place in ((socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_UNIX, str(root / "socket")),
                              (socket.AF_UNIX, "\0" + MARKER)):
            listener = socket.socket(family)
            cls.addClassCleanup(listener.close)
            listener.bind(place)
            listener.listen()
            listener.setblocking(False)
            cls.listeners.append(listener)
        half = len(CANARY) // 2
        lab = root / "attacked"
        cls.files = {"told.json": json.dumps({
            "canary": [CANARY[:half], CANARY[half:]],
            "paths": [*map(str, cls.canaries), str(lab / ".swarmlab"), str(lab / ".swarmlab/store"), str(root), "/proc/1/root"],
            "port": cls.listeners[0].getsockname()[1], "unix": str(root / "socket"), "abstract": MARKER,
            "coordinator": str(lab / ".swarmlab/coordinator.sock")})}

    def check(self, number, attack):
        if attack.verdict != "any":
            return super().check(number, attack)
        experiment = self.experiments[number]  # how it ends depends on who is faster; a score is the evaluator's
        if experiment["score"] is not None:
            self.check_score(experiment)
        return None

    def test_no_canary_was_touched(self):
        for path in self.canaries:
            self.assertEqual(path.read_text(), CANARY + "\n")

    def test_no_canary_is_in_what_was_recorded(self):
        told = self.swarmlab("show", 2, "--lab", self.lab, "--all", "--json").stdout
        self.assertNotIn(CANARY, told)

    def test_nobody_was_called(self):
        for listener in self.listeners:
            self.assertRaises(BlockingIOError, listener.accept)

    def test_no_process_is_left(self):
        self.assertEqual(attacks.processes_with(MARKER), [])

    def test_no_score_was_forged(self):
        for experiment in self.experiments.values():
            if experiment["score"] is not None:
                self.assertLess(experiment["score"], 1000, experiment["hypothesis"])

    def test_logs_are_bounded(self):
        number = next(n for n, a in enumerate(self.attacks, start=2) if a.name == "prints without end")
        self.assertLess(len(self.json("show", number, "--lab", self.lab)["agentLog"]), 100_000)

    def test_nothing_is_left_to_do_for_the_worker(self):
        for folder in (self.lab / ".swarmlab/workers").glob("*/work"):
            self.assertEqual(list(folder.iterdir()), [])


@attacks.add_tests
class AnAgentThatDoesNotEnd(attacks.Attacked):
    toml = attacks.LAB_TOML.replace('command = "python3 -I -B agent.py"\ntimeout = "20s"',
                                    f'command = "python3 -I -B agent.py"\ntimeout = "{int(4 * swarm.PATIENCE)}s"')
    attacks = (
        Attack("ignores signals", f"""
            import signal
            for number in range(1, 65):
                try: signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError): pass
            say()
            os.system("sleep {MARKER} &")
            while True: time.sleep(1)""", "timeout"),
        Attack("stops itself", "say(); import signal; os.kill(os.getpid(), signal.SIGSTOP)", "timeout"),
        Attack("keeps its output open", f"""
            say()
            if os.fork() == 0: os.setsid(); os.execvp("sleep", ["sleep", "{MARKER}"])"""),
    )

    def test_no_process_is_left(self):
        self.assertEqual(attacks.processes_with(MARKER), [])


if __name__ == "__main__":
    swarm.main()
