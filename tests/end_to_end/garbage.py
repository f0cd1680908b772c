"""Peers that send anything, or read nothing, at a coordinator that works: it answers or drops, counts, and goes on.

    garbage.py [--count FRAMES]
"""
import argparse
import json
import pathlib
import random
import select
import socket
import struct
import sys
import time
import unittest

import swarm

FRAMES = 20_000
GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "protocol-1"
GREETING = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)


def part(data, more=False, claimed=None):
    """A frame of ZMTP 3.0."""
    size = len(data) if claimed is None else claimed
    if size < 256:
        return bytes([1 if more else 0, size]) + data
    return bytes([3 if more else 2]) + struct.pack(">Q", size) + data


def ready():
    def entry(name, value):
        return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
    body = b"\x05READY" + entry(b"Socket-Type", b"DEALER") + entry(b"Identity", b"")
    return bytes([4, len(body)]) + body


class Peer:
    """A dealer by hand: says what no library would say. It waits for the handshake: libzmq cuts who does not."""

    def __init__(self, address, read=True):
        host, port = address.removeprefix("tcp://").rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.read = read
        self.received = 0
        self.socket.sendall(GREETING)
        self.take(64)
        self.socket.sendall(ready())
        self.take(self.take(2)[1])

    def take(self, size):
        """Bytes of the handshake."""
        got = b""
        while len(got) < size:
            more = self.socket.recv(size - len(got))
            if not more:
                raise ConnectionError("cut while shaking hands")
            got += more
        return got

    def send(self, data, patience=10):
        """Gives up when the other side takes nothing: False. Answers are read meanwhile, and forgotten."""
        self.socket.setblocking(False)
        end = time.monotonic() + patience
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select([self.socket] if self.read else [], [self.socket], [], 0.2)
            try:
                if readable and not self.drain():
                    return False
                if writable:
                    view = view[self.socket.send(view):]
                    end = time.monotonic() + patience
            except OSError:
                return False
            if time.monotonic() > end:
                return False
        return True

    def drain(self):
        got = self.socket.recv(1 << 20)
        self.received += len(got)
        return len(got) > 0

    def settle(self):
        """Until the other side has nothing more to say: closing earlier would throw away what it has not read."""
        while select.select([self.socket], [], [], 0.2)[0]:
            try:
                if not self.drain():
                    return
            except OSError:
                return

    def close(self):
        self.socket.close()


def mangled(rng, message):
    data = bytearray(message)
    for _ in range(rng.randrange(1, 9)):
        what = rng.randrange(5)
        at = rng.randrange(len(data)) if data else 0
        if what == 0 and data:
            data[at] = rng.randrange(256)
        elif what == 1 and len(data) >= 8:
            at -= at % 8
            data[at:at + 8] = rng.choice([bytes(8), b"\xff" * 8, rng.randbytes(8), b"\x01" + bytes(7)])
        elif what == 2:
            del data[at:]
        elif what == 3:
            data[at:at] = data[at - at % 8:at - at % 8 + 64]
    return bytes(data)


def frame(rng, messages):
    how = rng.randrange(20)
    if how == 0:
        return part(rng.randbytes(rng.randrange(2000)))
    if how == 1:
        return part(rng.randbytes(9), more=True) + part(b"more", more=True) + part(b"")
    if how == 2:
        return part(b"")
    if how < 6:
        return part(rng.choice(messages))
    return part(mangled(rng, rng.choice(messages)))


class Garbage(swarm.SwarmTest):
    def setUp(self):
        super().setUp()
        self.rng = random.Random(20261121)
        self.messages = [file.read_bytes() for file in sorted(GOLDEN.glob("*.bin"))]
        self.lab = self.shell_lab(stop="max_iterations = 100000")
        self.address = self.address_of_our_own()
        self.coordinator = self.start("coordinator", "--listen", self.address, cwd=self.lab)
        self.worker = self.start("worker", "--connect", self.address, "--name", "healthy", cwd=self.lab)
        self.wait_until(lambda: self.done() >= 2, "the worker begins")

    def ask(self, *words):
        said = self.swarmlab(*words, "--json", "--connect", self.address, cwd=self.lab, expect=None)
        return json.loads(said.stdout) if said.returncode == 0 else None

    def done(self):
        labs = self.ask("labs")
        return labs[0]["experiments"] if labs else 0

    def refused(self):
        return {entry["reason"]: entry["count"] for entry in self.ask("status")["refused"]}

    def rss_mb(self):
        status = pathlib.Path("/proc", str(self.coordinator.pid), "status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def check_health(self, before_mb, most_mb):
        """The worker goes on, the coordinator lives and has not grown."""
        experiments = self.done()
        self.wait_until(lambda: self.done() >= experiments + 3, "the worker goes on")
        self.assertIsNone(self.coordinator.poll())
        self.assertIsNone(self.worker.poll())
        if swarm.PATIENCE == 1:  # sanitizers keep what was freed
            self.assertLess(self.rss_mb() - before_mb, most_mb)

    def test_frames_of_all_kinds_are_answered_or_dropped_and_counted(self):
        before = self.rss_mb()
        sent = 0
        while sent < FRAMES:
            peer = Peer(self.address)
            for _ in range(min(2000, FRAMES - sent) // 50):
                self.assertTrue(peer.send(b"".join(frame(self.rng, self.messages) for _ in range(50))))
                sent += 50
            peer.settle()
            peer.close()
        counted = self.refused()
        print(f"{sent} frames, refused: {counted}, {self.rss_mb() - before:.1f} MB more")
        self.assertGreater(counted.get("malformed", 0), FRAMES // 4)
        self.assertGreater(counted.get("malformed_parts", 0), 0)
        self.check_health(before, 50)

    def test_connections_that_never_become_peers_are_harmless(self):
        before = self.rss_mb()
        host, port = self.address.removeprefix("tcp://").rsplit(":", 1)
        open_sockets = []
        for number in range(1000):
            half = socket.create_connection((host, int(port)), timeout=30)
            half.setblocking(False)
            try:
                half.send([b"", GREETING[:number % 64], GREETING, self.rng.randbytes(300),
                           b"GET / HTTP/1.1\r\n\r\n"][number % 5])
            except OSError:
                pass  # cut already
            open_sockets.append(half)
        huge = Peer(self.address)
        huge.send(part(b"x" * 100, claimed=1 << 60))
        self.check_health(before, 50)
        for half in open_sockets:
            half.close()
        huge.close()

    def test_peers_that_read_nothing_cost_little(self):
        before = self.rss_mb()
        # A query of the status, whose answer is much longer.
        status = GOLDEN / "query-0.bin"
        ask = part(status.read_bytes())
        deaf = [Peer(self.address, read=False) for _ in range(10)]
        for _ in range(10):
            for peer in deaf:
                peer.send(ask * 1000, patience=0.5)
        self.check_health(before, 100)
        self.wait_until(lambda: self.refused().get("unread", 0) > 0, "what nobody reads is dropped and counted")
        print(f"10 peers that do not read: {self.rss_mb() - before:.1f} MB more, refused: {self.refused()}")
        for peer in deaf:
            peer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=FRAMES)
    options, rest = parser.parse_known_args()
    FRAMES = options.count
    unittest.main(argv=[sys.argv[0], *rest])
