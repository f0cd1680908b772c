"""Agents that look for a way out: their lab names one host, and all else is to be closed."""
import http.server
import json
import pathlib
import secrets
import socket
import subprocess
import textwrap
import threading

import attacks
import swarm
from attacks import Attack

MARKER = f"swarmlab-abstract-{secrets.token_hex(8)}"
CANARY = "canary-" + secrets.token_hex(16)
KEY = "sk-key-" + secrets.token_hex(16)

# What every attack here may use: requests to the proxy, as bytes.
TOOLS = """
    import json, socket, urllib.parse
    told = json.load(open("told.json"))
    proxy = urllib.parse.urlsplit(os.environ["HTTP_PROXY"])
    def ask(text, wait=10, ends=lambda heard: b"\\r\\n\\r\\n" in heard):
        with socket.create_connection((proxy.hostname, proxy.port), wait) as one:
            one.sendall(text if isinstance(text, bytes) else text.encode())
            heard = b""
            try:
                while not ends(heard):
                    more = one.recv(65536)
                    if not more: break
                    heard += more
                return heard.decode(errors="replace")
            except OSError as error: return type(error).__name__
    def connect(place): note(place.rsplit(":", 1)[0] + " " + ask(f"CONNECT {place} HTTP/1.1\\r\\n\\r\\n")[9:12])
    def get(url):  # its body may come after its head
        return ask(f"GET {url} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", ends=lambda heard: not heard.endswith(b"\\r\\n\\r\\n") and b"\\r\\n\\r\\n" in heard)
    def closed(family, kind, place, protocol=0):
        try:
            with socket.socket(family, kind, protocol) as one:
                one.settimeout(3)
                one.connect(place)
                one.send(b"x")
                if kind == socket.SOCK_DGRAM: one.recv(1)  # to itself it may send what nobody hears
            note(f"reached {place}")
        except OSError: pass"""


def attack(name, code, *args, **kwargs):
    return Attack(name, textwrap.dedent(TOOLS) + "\n" + textwrap.dedent(code), *args, **kwargs)


class Answer(http.server.BaseHTTPRequestHandler):
    """Says a word, or leads to another port."""

    def do_GET(self):  # pylint: disable=invalid-name
        leads = self.server.leads_to and self.path == "/elsewhere"
        self.send_response(302 if leads else 200)
        if leads:
            self.send_header("Location", f"http://127.0.0.1:{self.server.leads_to}/")
        self.end_headers()
        self.wfile.write(self.server.word)
        self.server.calls.append(self.path)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def start_server(case, word, leads_to=0):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.word, server.leads_to, server.calls = word, leads_to, []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    case.addClassCleanup(thread.join)
    case.addClassCleanup(server.server_close)
    case.addClassCleanup(server.shutdown)
    return server


@attacks.add_tests
class AnAgentThatLooksForAWayOut(attacks.Attacked):
    attacks = (
        attack("reaches what the lab names", """
            note(get(f"http://127.0.0.1:{told['named']}/").split("\\r\\n\\r\\n")[1])""", notes="named"),
        attack("asks name servers", """
            servers = ["8.8.8.8", "1.1.1.1", "127.0.0.53"]
            if os.path.exists("/etc/resolv.conf"):
                servers += [line.split()[1] for line in open("/etc/resolv.conf") if line.startswith("nameserver")]
            for server in servers:
                closed(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM, (server, 53))
                closed(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_STREAM, (server, 53))
            try: socket.getaddrinfo("example.org", 80); note("resolved")
            except OSError: note("unknown")""", notes="unknown"),
        attack("opens raw sockets", """
            for family, kind, protocol in ((2, 3, 1), (2, 3, 255), (10, 3, 58), (17, 3, 768), (17, 2, 768)):
                try: socket.socket(family, kind, protocol); note("opened")
                except OSError: pass"""),
        attack("goes by IPv6", """
            for host in ("::1", "2606:4700::1111", "fe80::1", "ff02::1", "::ffff:127.0.0.1"):
                closed(socket.AF_INET6, socket.SOCK_STREAM, (host, told["secret"]))
                closed(socket.AF_INET6, socket.SOCK_DGRAM, (host, 53))"""),
        attack("calls sockets of the host", """
            closed(socket.AF_UNIX, socket.SOCK_STREAM, "\\0" + told["abstract"])
            closed(socket.AF_UNIX, socket.SOCK_DGRAM, "\\0" + told["abstract"])
            closed(socket.AF_UNIX, socket.SOCK_STREAM, told["coordinator"])
            closed(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", told["secret"]))
            closed(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", told["named"]))"""),
        attack("calls what is near by", """
            for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"):
                connect(f"{host}:{told['secret']}")
            connect("169.254.169.254:80")
            connect("metadata.google.internal:80")
            connect("10.0.0.1:443")""", notes="""\
127.0.0.1 403
localhost 403
127.1 403
2130706433 403
0.0.0.0 403
[::1] 403
[::ffff:127.0.0.1] 403
169.254.169.254 403
metadata.google.internal 403
10.0.0.1 403"""),
        attack("follows a redirect", """
            answer = get(f"http://127.0.0.1:{told['named']}/elsewhere")
            place = [line[10:] for line in answer.split("\\r\\n") if line.startswith("Location: ")][0]
            note(get(place)[9:12])""", notes="403"),
        attack("hides a host in another", """
            for text in (f"GET http://127.0.0.1:{told['named']}@127.0.0.1:{told['secret']}/ HTTP/1.1\\r\\n\\r\\n",
                         f"GET / HTTP/1.1\\r\\nHost: 127.0.0.1:{told['secret']}\\r\\n\\r\\n",
                         f"CONNECT 127.0.0.1:{told['named']}\\0:{told['secret']} HTTP/1.1\\r\\n\\r\\n",
                         f"CONNECT 127.0.0.1:{told['secret']}#:{told['named']} HTTP/1.1\\r\\n\\r\\n",
                         f"GET http://127.0.0.1:{told['named']}/ HTTP/1.1\\r\\nContent-Length: 1\\r\\n"
                         f"Content-Length: 2\\r\\n\\r\\nx"):
                note(ask(text)[9:12])""", notes="\n".join(["400"] * 5)),
        attack("sends heads without end", """
            try: note(ask(b"GET http://x/ HTTP/1.1\\r\\nx: " + b"x" * (1 << 20))[9:12])
            except OSError: note("400")
            try: note(ask(b"GET http://x/ HTTP/1.1\\r\\n" + b"x: y\\r\\n" * 5000 + b"\\r\\n")[9:12])
            except OSError: note("400")""", notes="400\n400"),
        attack("holds all connections", """
            held = []
            for _ in range(300):
                one = socket.create_connection((proxy.hostname, proxy.port), 5)
                try: one.sendall(b"G")
                except OSError: pass
                held.append(one)"""),
        attack("takes its proxy for itself", """
            import signal
            for pid in [int(p) for p in os.listdir("/proc") if p.isdigit()]:
                if pid not in (1, os.getpid(), os.getppid()): os.kill(pid, signal.SIGKILL)
            try: socket.socket().bind((proxy.hostname, proxy.port)); note("bound")
            except OSError: pass
            note(get(f"http://127.0.0.1:{told['named']}/").split("\\r\\n\\r\\n")[1])""", notes="named"),
    )

    @classmethod
    def prepare(cls):
        cls.secret = start_server(cls, b"secret")
        cls.named = start_server(cls, b"named", leads_to=cls.secret.server_port)
        abstract = socket.socket(socket.AF_UNIX)
        cls.addClassCleanup(abstract.close)
        abstract.bind("\0" + MARKER)
        abstract.listen()
        abstract.setblocking(False)
        cls.abstract = abstract
        cls.toml = attacks.LAB_TOML.replace(
            "[limits]", f'network = ["127.0.0.1:{cls.named.server_port}", "*.example.org"]\n\n[limits]')
        cls.files = {"told.json": json.dumps({
            "named": cls.named.server_port, "secret": cls.secret.server_port, "abstract": MARKER,
            "coordinator": str(cls.shared.root / "attacked/.swarmlab/coordinator.sock")})}

    def number_of(self, name):
        return next(n for n, a in enumerate(self.attacks, start=2) if a.name == name)

    def test_nobody_was_called_but_who_is_named(self):
        self.assertEqual(self.secret.calls, [])
        self.assertRaises(BlockingIOError, self.abstract.accept)
        self.assertIn("/", self.named.calls)

    def test_what_was_refused_is_told(self):
        shown = self.json("show", self.number_of("calls what is near by"), "--lab", self.lab)
        refused = shown["agent"]["refused"]
        self.assertEqual(refused["169.254.169.254:80"], 1)
        self.assertEqual(refused[f"localhost:{self.secret.server_port}"], 1)


EVERYWHERE = """
    key = os.environ["DEPLOY_TOKEN"]
    print(key); print(key, file=sys.stderr); print(key * 3000)
    said.update(hypothesis=f"try {key}", mechanism=key, ideas=[key, "another"])
    note(key)
    json.dump({"hypothesis": key, "mechanism": key}, open(os.environ["SWARMLAB_HYPOTHESIS"], "w"))
    time.sleep(1)  # so that it is announced while it works"""


@attacks.add_tests
class AnAgentThatTellsSecrets(attacks.Attacked):
    toml = attacks.LAB_TOML.replace("[limits]", 'env = ["DEPLOY_TOKEN"]\n\n[limits]')
    environment = {"DEPLOY_TOKEN": CANARY}
    attacks = (
        Attack("says it everywhere", EVERYWHERE, notes="[redacted]"),
        Attack("writes it to a file", """
            pathlib.Path("artifact/config").write_text("token = " + os.environ["DEPLOY_TOKEN"])""",
               "out_of_scope", paths=("artifact/config",), reason="secret"),
        Attack("names a file like it", """
            pathlib.Path("artifact/" + os.environ["DEPLOY_TOKEN"]).write_text("x")""",
               "out_of_scope", paths=("artifact/[redacted]",), reason="secret"),
        Attack("leads a link there", """
            os.symlink(os.environ["DEPLOY_TOKEN"], "artifact/link")""", "out_of_scope", paths=("artifact/link",)),
        Attack("ends with it", """
            raise SystemExit(os.environ["DEPLOY_TOKEN"])""", "crash", reason="[redacted]"),
        Attack("fails the guard with it", """
            value.write_text(os.environ["DEPLOY_TOKEN"])""", "out_of_scope", paths=("artifact/value.txt",)),
    )

    @classmethod
    def prepare(cls):
        keys = cls.shared.root / "keys"
        keys.write_text(f"anthropic {KEY}\n")
        keys.chmod(0o600)
        cls.run_args = ("--workers", "2", "--provider-keys", keys)

    def canaries(self):
        return (CANARY.encode(), KEY.encode())

    def test_no_file_of_the_swarm_has_it(self):
        looked = 0
        for path in (self.lab / ".swarmlab").rglob("*"):
            if path.is_file() and not path.is_symlink():
                data = path.read_bytes()
                looked += 1
                for canary in self.canaries():
                    self.assertNotIn(canary, data, path)
        self.assertGreater(looked, 10)

    def test_no_object_has_it(self):
        looked = 0
        for folder in (self.lab / ".swarmlab").rglob("objects.git"):
            data = subprocess.run(["git", "-C", str(folder), "cat-file", "--batch-all-objects", "--batch"],
                                  capture_output=True, check=True).stdout
            looked += len(data)
            for canary in self.canaries():
                self.assertNotIn(canary, data, folder)
        self.assertGreater(looked, 1000)

    def test_nothing_that_is_shown_has_it(self):
        told = [self.run_output.stdout, self.run_output.stderr,
                self.swarmlab("events", "--json", cwd=self.lab).stdout,
                self.swarmlab("context", self.lab).stdout, self.swarmlab("results", self.lab).stdout]
        for number in self.experiments:
            told.append(self.swarmlab("show", number, "--lab", self.lab, "--all", "--json").stdout)
        self.assertIn("[redacted]", "".join(told))
        for text in told:
            for canary in self.canaries():
                self.assertNotIn(canary.decode(), text)


if __name__ == "__main__":
    swarm.main()
