"""The hostile agents and candidates of the other files in the containers of a pod, and what only such a layout has to fear: one user, one
network and one set of processes for the runner and for what it runs."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

import attacks
import engines
import swarm
from attacks import Attack

HERE = pathlib.Path(__file__).resolve().parent
FILES = ("hostile_agents.py", "hostile_scope.py", "hostile_candidates.py", "hostile_pods.py")

# Of agents and candidates alike: `attempt` notes what came of it.
TOOLS = """
import ctypes, errno, glob, os, pathlib, signal, socket, struct, subprocess, sys, threading, time

libc = ctypes.CDLL(None, use_errno=True)
notes = []


def attempt(name, function, *args):
    try:
        value = function(*args)
    except OSError as error:
        notes.append(f"{name}: " + errno.errorcode.get(error.errno, str(error.errno)))
    except Exception as error:
        notes.append(f"{name}: {type(error).__name__} {error}")
    else:
        notes.append(f"{name}: done {value if value is not None else ''}".strip())


def system_call(number, *args):
    found = libc.syscall(number, *[ctypes.c_long(one) if isinstance(one, int) else one for one in args])
    if found < 0:
        raise OSError(ctypes.get_errno(), "system call")


def connect(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as one:
        one.settimeout(3)
        one.connect(address)


def send_fast():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.sendto(b"GET /metrics HTTP/1.0\\r\\n\\r\\n", socket.MSG_FASTOPEN, ("127.0.0.1", 9464))


def undo_device():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"")


def own_server():
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind(("127.0.0.1", 0))
    server.listen(8)
    server.settimeout(20)
    def serve():
        one, _ = server.accept()
        one.sendall(one.recv(100)[::-1])
        one.close()
    threading.Thread(target=serve, daemon=True).start()
    client = socket.create_connection(server.getsockname(), timeout=20)
    client.sendall(b"olleh")
    return client.recv(100).decode()


def own_unix_server():
    path = "/tmp/own.sock"
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(1)
    connect(socket.AF_UNIX, path)


def race(port):
    '''An address that changes while it is looked at.'''
    room = ctypes.create_string_buffer(struct.pack("=HH4s8x", socket.AF_INET, 0, b"\\x7f\\0\\0\\1"))
    ends = time.monotonic() + 3
    over = threading.Event()
    def change():
        while not over.is_set():
            for other in (4100, port):
                ctypes.memmove(ctypes.addressof(room) + 2, struct.pack("!H", other), 2)
    threading.Thread(target=change, daemon=True).start()
    reached = 0
    while time.monotonic() < ends:
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if libc.connect(one.fileno(), room, 16) == 0 and one.getpeername()[1] == port:
            reached += 1
        one.close()
    over.set()
    if reached: raise Exception(f"reached {reached} times")
    raise OSError(errno.ECONNREFUSED, "never")


def ancestors():
    '''The runner, and who is above it: a command's parent's parent at most.'''
    others = []
    for path in glob.glob("/proc/[0-9]*"):
        pid = int(path[6:])
        try: line = pathlib.Path(path, "cmdline").read_bytes()
        except OSError: line = b""
        if pid == 1 or b"runner" in line: others.append(pid)
    return sorted(set(others) | {1})


def everything():
    for port in (7000, 9464, 4100, 4101, 22):
        attempt(f"loopback {port}", connect, socket.AF_INET, ("127.0.0.1", port))
        attempt(f"loopback6 {port}", connect, socket.AF_INET6, ("::ffff:127.0.0.1", port))
        attempt(f"any {port}", connect, socket.AF_INET, ("0.0.0.0", port))
    for address in ("10.0.0.1", "169.254.169.254", "8.8.8.8"):
        attempt(f"away {address}", connect, socket.AF_INET, (address, 80))
    attempt("away6", connect, socket.AF_INET6, ("2001:4860:4860::8888", 53))
    attempt("race", race, 9464)
    attempt("fast open", send_fast)
    attempt("device", undo_device)
    for name, family, kind in (("udp", socket.AF_INET, socket.SOCK_DGRAM), ("udp6", socket.AF_INET6, socket.SOCK_DGRAM),
                               ("raw", socket.AF_INET, socket.SOCK_RAW), ("netlink", socket.AF_NETLINK, socket.SOCK_RAW),
                               ("packet", socket.AF_PACKET, socket.SOCK_RAW), ("vsock", 40, socket.SOCK_STREAM),
                               ("datagrams", socket.AF_UNIX, socket.SOCK_DGRAM)):
        attempt(name, lambda: socket.socket(family, kind).close())
    attempt("io_uring", system_call, 425, 8, ctypes.create_string_buffer(256))
    attempt("abstract", connect, socket.AF_UNIX, "\\0swarmlab-of-the-pod")
    for path in ("/run/swarmlab/agent/runner.sock", "/run/swarmlab/evaluator/runner.sock", "/run/swarmlab/here/runner.sock"):
        attempt("runner's socket", connect, socket.AF_UNIX, path, socket.SOCK_SEQPACKET)
    for folder in ("/run/swarmlab/agent", "/run/swarmlab/evaluator", "/run/swarmlab/here"):
        attempt("list", os.listdir, folder)
        attempt("make", open, folder + "/x", "w")
        attempt("unlink", os.unlink, folder + "/inside")
        attempt("list work", os.listdir, folder + "/work")
        attempt("make in work", os.mkdir, folder + "/work/x")
    for pid in ancestors():
        for name in ("environ", "mem", "maps", "stack"):
            attempt(f"read {name}", lambda: open(f"/proc/{pid}/{name}", "rb").read(1))
        attempt("names of descriptors", os.listdir, f"/proc/{pid}/fd")
        for one in (0, 1, 2, 3, 4): attempt("descriptor", open, f"/proc/{pid}/fd/{one}", "rb+")
        attempt("root", os.listdir, f"/proc/{pid}/root/run")
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, 0):
            attempt("kill", os.kill, pid, number)
            attempt("kill group", os.kill, -pid, number)
        attempt("pidfd", lambda: os.pidfd_open(pid))
        attempt("pidfd of /proc", lambda: signal.pidfd_send_signal(os.open(f"/proc/{pid}", os.O_RDONLY), signal.SIGKILL))
        attempt("queue", system_call, 129, pid, 9, ctypes.create_string_buffer(128))
        attempt("limit", system_call, 302, pid, 0, ctypes.create_string_buffer(16), 0)
        attempt("priority", os.setpriority, os.PRIO_PROCESS, pid, 19)
        attempt("affinity", os.sched_setaffinity, pid, {0})
        attempt("scheduler", os.sched_setscheduler, pid, os.SCHED_IDLE, os.sched_param(0))
        attempt("trace", system_call, 101, 16, pid, 0, 0)  # PTRACE_ATTACH
        attempt("write memory", system_call, 311, pid, 0, 0, 0, 0, 0)
    attempt("kill all", os.kill, -1, signal.SIGKILL)
    attempt("priority of the user", os.setpriority, os.PRIO_USER, 0, 19)
    import fcntl
    with open("/tmp/owned", "w") as one:
        for pid in ancestors():
            attempt("owner", fcntl.fcntl, one, fcntl.F_SETOWN, pid)
        attempt("owner by memory", fcntl.fcntl, one, 15, struct.pack("ii", 1, 1))
    for name, number in (("shmget", 29), ("msgget", 68), ("semget", 64), ("mq_open", 240)):
        attempt(name, system_call, number, 77, 4096, 0o1600)
    for path in ("/tmp/left", "/var/tmp/left", "/dev/shm/left", os.environ["HOME"] + "/left"):
        attempt("left by another", lambda: open(path).read())
        open(path, "w").write("left")
    attempt("own server", own_server)
    attempt("own unix server", own_unix_server)
    return notes
"""

# What may be done; all else is an error.
ALLOWED = {"own server: done hello", "own unix server: done"}
# Questions that give nothing away.
HARMLESS = ("names of descriptors: done",)

MEASURE = """
import json, os, subprocess, sys
sys.path.insert(0, "harness")
import tools
value = float(open("artifact/value.txt").read())
# As a candidate that is run as a child; then as the evaluator itself, which nobody may look into.
child = "import json, sys; sys.path.insert(0, 'harness'); import tools; print(json.dumps(tools.everything()))"
notes = subprocess.run([sys.executable, "-I", "-c", child], stdout=subprocess.PIPE, check=True, text=True).stdout
print("NOTES " + notes.strip())
for path in ("/tmp/left", "/var/tmp/left", "/dev/shm/left", os.environ["HOME"] + "/left", "/tmp/own.sock"): os.unlink(path)
print("NOTES " + json.dumps(tools.everything()))
print(f"METRIC score={value}")
"""


@unittest.skipUnless(attacks.Attacked.sandbox == "runner", "run by the tests below, with an engine")
class WhoSharesAPod(attacks.Attacked):
    toml = attacks.LAB_TOML.replace('timeout = "20s"', 'timeout = "60s"')
    files = {"harness/measure.py": MEASURE, "harness/tools.py": TOOLS}
    attacks = (
        Attack("touches all that it shares", """
            sys.path.insert(0, "harness")
            import tools
            note(json.dumps(tools.everything()))"""),
        Attack("touches it again", """
            sys.path.insert(0, "harness")
            import tools
            note(json.dumps(tools.everything()))"""),
    )

    @classmethod
    def prepare_pod(cls, pod):
        """Somebody of the pod has an abstract socket."""
        listens = ("import socket, sys, time\none = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)\n"
                   "one.bind('\\0swarmlab-of-the-pod')\none.listen()\nsys.stdin.read()")
        other = subprocess.Popen([*pod.inside, sys.executable, "-c", listens], stdin=subprocess.PIPE)
        cls.addClassCleanup(other.wait)
        cls.addClassCleanup(other.stdin.close)

    def check_notes(self, notes, allowed=ALLOWED):
        self.assertGreater(len(notes), 100)
        done = [note for note in notes if ": done" in note]
        self.assertEqual(allowed - set(done), set(), notes)
        wrong = [note for note in done if note not in ALLOWED and not note.startswith(HARMLESS)]
        self.assertEqual(wrong, [], json.dumps(notes, indent=1))
        strange = [note for note in notes if "Error" in note or "Exception" in note]
        self.assertEqual(strange, [], json.dumps(notes, indent=1))

    def test_an_agent_gets_hold_of_nothing(self):
        for number in (2, 3):
            self.check_notes(json.loads(self.experiments[number]["notes"].strip().splitlines()[-1]))

    def test_an_evaluator_gets_hold_of_nothing(self):
        for number in (2, 3):
            log = self.swarmlab("show", number, "--all", "--lab", self.lab).stdout
            child, own = (line for line in log.splitlines() if "NOTES [" in line)
            self.check_notes(json.loads(child[child.index("["):]))
            # Whose memory cannot be read connects to gates only.
            self.check_notes(json.loads(own[own.index("["):]), {"own unix server: done"})

    def test_nobody_was_lost(self):
        self.assertNotIn("goes back", self.run_output.stderr)
        for number, attack in enumerate(self.attacks, start=2):
            self.check(number, attack)


@unittest.skipIf(attacks.Attacked.sandbox == "runner", "is what runs the others")
class InDocker(engines.OfAnEngine):
    engine_kind = "docker"

    def test_hostile_agents_and_candidates_are_stopped(self):
        environment = {**os.environ, **self.engine.environment, "SWARMLAB_TEST_SANDBOX": "runner"}
        for pair in (FILES[:2], FILES[2:]):  # each has a pod of four containers
            started = [subprocess.Popen([sys.executable, str(HERE / file)], env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") for file in pair]
            for process in started:
                output, _ = process.communicate(timeout=800)
                with self.subTest(command=process.args):
                    self.assertEqual(process.returncode, 0, output[-8000:])


if __name__ == "__main__":
    swarm.main()
