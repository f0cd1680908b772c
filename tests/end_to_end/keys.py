"""A coordinator with keys over tcp: who gets in, what each role may do, and what becomes of a key that is revoked."""
import json
import os
import pathlib
import socket
import threading

import swarm

SLOW_AGENT = """
sleep 600
"""


class Relay:
    """Passes the bytes of tcp connections on to `target`, and keeps what the peers of it sent."""

    def __init__(self, target):
        host, port = target.removeprefix("tcp://").rsplit(":", 1)
        self.target = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.sent = []  # a list of chunks a connection
        self.sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(self.target)
            except OSError:
                return
            self.sockets += [near, far]
            kept = []
            self.sent.append(kept)
            threading.Thread(target=self._pass, args=(near, far, kept), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, None), daemon=True).start()

    @staticmethod
    def _pass(source, sink, kept):
        try:
            while data := source.recv(1 << 16):
                if kept is not None:
                    kept.append(data)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        for one in [self.listener, *self.sockets]:
            one.close()


class KeysTest(swarm.SwarmTest):
    def setUp(self):
        super().setUp()
        self.lab = self.shell_lab(stop="max_iterations = 4")
        self.keys = {}

    def make(self, name, role):
        made = self.json("keys", "new", name, "--role", role, cwd=self.lab)
        self.server_key = made["serverKeyFile"]
        self.keys[name] = made["file"]

    def revoke(self, name):
        self.swarmlab("keys", "revoke", name, cwd=self.lab)

    def env(self, name):
        """As a person has it who works with that key; keys that were revoked are gone from the folder."""
        return {"SWARMLAB_CONNECT": self.address, "SWARMLAB_KEY": self.keys[name], "SWARMLAB_SERVER_KEY": self.server_key}

    def serve(self, *args):
        self.address = self.address_of_our_own()
        self.coordinator = self.start("coordinator", "--listen", self.address, *args, cwd=self.lab, log="coordinator.log")
        self.wait_until(lambda: (self.lab / ".swarmlab" / "coordinator.address").exists() or self.coordinator.poll() is not None,
                        "the coordinator listens")

    def take_away(self, name):
        """The file goes to another machine, as it does in life."""
        elsewhere = self.root / f"{name}-elsewhere.key"
        pathlib.Path(self.keys[name]).rename(elsewhere)
        self.keys[name] = str(elsewhere)

    def worker(self, name, key=None, env=None):
        return self.start("worker", "--name", name, "--folder", self.root / name, env=env or self.env(key or name),
                          log=f"{name}.log")

    def status(self, name="otto"):
        done = self.swarmlab("status", "--json", env=self.env(name), expect=None)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def refused(self, name="otto"):
        return {entry["reason"]: entry["count"] for entry in self.status(name)["refused"]}

    def refuses(self, *args, env, words, code=1):
        done = self.swarmlab(*args, env=env, expect=code, timeout=40)
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr


class Roles(KeysTest):
    def test_a_lab_is_run_to_its_end_by_workers_and_watched_and_steered_by_others(self):
        for name, role in {"w1": "worker", "w2": "worker", "vera": "viewer", "otto": "operator"}.items():
            self.make(name, role)
        self.serve()
        workers = [self.worker("w1"), self.worker("w2")]
        self.wait_until(lambda: self.status("vera")["labs"][0]["state"] == "stopped", "the lab ends")
        self.assertEqual(self.status("vera")["labs"][0]["iterations"], 4)
        self.assertEqual(len({w["name"] for w in self.status()["workers"]}), 2)
        self.assertEqual(self.refused(), {})
        # Who is in the repository needs no key of his own.
        here = json.loads(self.swarmlab("status", "--json", cwd=self.lab).stdout)
        self.assertTrue(here["coordinator"]["running"])

        self.refuses("pause", "--lab", "lab", env=self.env("vera"), words=["the key of vera is a viewer's"])
        self.refuses("pause", "--lab", "lab", env=self.env("w1"), words=["the key of w1 is a worker's"])
        self.refuses("status", env=self.env("w1"), words=["the key of w1 is a worker's"])
        self.swarmlab("drain", "w1", env=self.env("otto"))
        self.assertEqual(workers[0].wait(timeout=60 * swarm.PATIENCE), 0)
        self.assertEqual(self.refused()["role"], 3)
        for worker in ("otto", "vera"):
            process = self.worker("x" + worker, worker)
            self.assertEqual(process.wait(timeout=60 * swarm.PATIENCE), 1)
            self.assertIn(f"the key of {worker} is", process.log.read_text())

    def test_the_name_of_a_living_worker_is_not_for_another_key(self):
        for name, role in {"w1": "worker", "w2": "worker", "otto": "operator"}.items():
            self.make(name, role)
        self.serve()
        self.worker("w1")
        self.wait_until(lambda: self.status()["workers"], "the worker is there")
        thief = self.start("worker", "--name", "w1", "--folder", self.root / "thief", env=self.env("w2"))
        self.assertEqual(thief.wait(timeout=60 * swarm.PATIENCE), 1)
        self.assertIn("a worker w1 with another key is there already", thief.log.read_text())
        self.assertEqual(list(self.refused()), ["worker_name"])


class Strangers(KeysTest):
    def test_no_key_a_foreign_key_and_a_foreign_server_are_told_apart_in_bounded_time(self):
        self.make("otto", "operator")
        self.serve()
        other = self.shell_lab(name="other")
        stranger = self.json("keys", "new", "eve", "--role", "operator", cwd=other)
        plain = {"SWARMLAB_CONNECT": self.address}
        self.refuses("status", env=plain, words=["no coordinator at", "--key"])
        unknown = {**plain, "SWARMLAB_KEY": stranger["file"], "SWARMLAB_SERVER_KEY": self.server_key}
        self.refuses("status", env=unknown, words=["no coordinator at", "does not let us in"])
        wrong = {**self.env("otto"), "SWARMLAB_SERVER_KEY": stranger["serverKeyFile"]}
        self.refuses("status", env=wrong, words=["no coordinator at", "--server-key"])
        self.wait_until(lambda: self.refused().get("unknown_key", 0) >= 1 and self.refused().get("handshake", 0) >= 2,
                        "they are counted")
        text = self.coordinator.log.read_text()
        for file in (self.keys["otto"], stranger["file"]):
            secret = pathlib.Path(file).read_text().split("secret ")[1].strip()
            self.assertNotIn(secret, text)

    def test_who_has_keys_does_not_step_down_to_a_coordinator_without(self):
        self.make("otto", "operator")
        self.serve("--insecure")
        self.refuses("status", env=self.env("otto"), words=["no coordinator at", "without keys"])
        self.swarmlab("status", env={"SWARMLAB_CONNECT": self.address})

    def test_what_was_recorded_is_worth_nothing_when_it_is_sent_again(self):
        for name, role in {"w1": "worker", "otto": "operator"}.items():
            self.make(name, role)
        self.serve()
        relay = Relay(self.address)
        self.addCleanup(relay.close)
        worker = self.worker("w1", env={**self.env("w1"), "SWARMLAB_CONNECT": relay.address})
        self.swarmlab("pause", "--lab", "lab", env={**self.env("otto"), "SWARMLAB_CONNECT": relay.address})
        self.wait_until(lambda: self.status()["workers"], "the worker is there")
        self.end(worker)
        self.swarmlab("resume", "--lab", "lab", env=self.env("otto"))
        recorded = [list(chunks) for chunks in relay.sent]
        self.assertGreaterEqual(len(recorded), 2)
        events = self.swarmlab("events", "--json", env=self.env("otto")).stdout
        before = self.refused().get("handshake", 0)
        for chunks in recorded:
            with socket.create_connection(relay.target) as again:
                again.settimeout(5 * swarm.PATIENCE)
                try:
                    for chunk in chunks:
                        again.sendall(chunk)
                    while again.recv(1 << 16):  # until it is hung up
                        pass
                except (ConnectionError, TimeoutError):
                    pass
        self.wait_until(lambda: self.refused().get("handshake", 0) > before, "it is counted")
        self.assertEqual(self.swarmlab("events", "--json", env=self.env("otto")).stdout, events)
        self.assertEqual(self.status()["labs"][0]["state"], "running", "it was not paused again")


class Revocation(KeysTest):
    def test_a_key_that_is_revoked_is_cut_while_it_is_connected(self):
        for name, role in {"w1": "worker", "w2": "worker", "vera": "viewer", "otto": "operator"}.items():
            self.make(name, role)
            if name != "otto":
                self.take_away(name)
        (self.lab / "agent.sh").write_text(SLOW_AGENT)
        self.commit(self.lab, "an agent that takes its time")
        self.serve()
        self.worker("w1")
        self.wait_until(lambda: self.running_of("w1"), "the worker has a task")
        watcher = self.start("events", "--follow", env=self.env("vera"), log="vera.log")
        self.revoke("w1")
        self.revoke("vera")
        self.wait_until(lambda: not self.running_of("w1"), "its lease is given back at once", timeout=5)
        refused = lambda: self.swarmlab("status", env=self.env("vera"), expect=None).returncode == 1
        self.wait_until(refused, "the viewer is cut too", timeout=5)
        self.worker("w2")
        self.wait_until(lambda: self.running_of("w2"), "another goes on with its work")
        self.refuses("status", env=self.env("vera"), words=["no coordinator at", "does not let us in"])
        self.assertNotIn("w2", watcher.log.read_text())
        self.wait_until(lambda: self.refused().get("revoked_key", 0) >= 1, "its heartbeats are counted as refused")

    def running_of(self, worker):
        running = self.json("experiments", "--lab", "lab", "--verdict", "running", env=self.env("otto"))
        return [e for e in running if e["worker"] == worker and e["kind"] == "explore"]

    def test_a_key_is_replaced_without_losing_what_runs(self):
        for name, role in {"w1": "worker", "otto": "operator"}.items():
            self.make(name, role)
        self.serve()
        first = self.worker("w1")
        self.wait_until(lambda: self.status()["workers"], "the worker is there")
        self.make("w1-new", "worker")
        self.end(first)
        self.revoke("w1")
        self.start("worker", "--name", "w1", "--folder", self.root / "w1", env=self.env("w1-new"))
        self.wait_until(lambda: self.status()["labs"][0]["state"] == "stopped", "the lab ends")


class Doors(KeysTest):
    def test_other_machines_are_refused_without_keys_unless_asked_for_by_name(self):
        done = self.swarmlab("coordinator", "--listen", "tcp://0.0.0.0:0", cwd=self.lab, expect=1)
        for word in ("swarmlab keys new", "--keys", "--insecure"):
            self.assertIn(word, done.stderr)
        self.address = self.address_of_our_own()
        port = self.address.rsplit(":", 1)[1]
        self.start("coordinator", "--listen", f"tcp://0.0.0.0:{port}", "--insecure", cwd=self.lab)
        self.wait_until(lambda: self.swarmlab("status", cwd=self.lab, expect=None).returncode == 0, "it answers")

    def test_a_secret_key_that_others_may_read_is_not_used(self):
        for name, role in {"w1": "worker", "otto": "operator"}.items():
            self.make(name, role)
        self.serve()
        os.chmod(self.keys["otto"], 0o640)
        self.refuses("status", env=self.env("otto"), words=["mode 0640", "chmod 600"])
        self.end(self.coordinator)
        os.chmod(pathlib.Path(self.server_key).with_name("server.key"), 0o604)
        self.refuses("coordinator", self.lab, "--listen", self.address, env={}, words=["mode 0604"])

    def test_a_secret_key_on_the_command_line_is_not_repeated(self):
        self.make("otto", "operator")
        self.address = "tcp://127.0.0.1:9"
        secret = pathlib.Path(self.keys["otto"]).read_text().split("secret ")[1].strip()
        said = self.refuses("status", "--key", secret, env={**self.env("otto"), "SWARMLAB_KEY": ""}, words=["expected a file"])
        self.assertNotIn(secret, said)
        self.refuses("status", env={**self.env("otto"), "SWARMLAB_SERVER_KEY": ""}, words=["--server-key", "is missing"])



if __name__ == "__main__":
    swarm.main()
