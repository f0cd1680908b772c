#!/usr/bin/env python3
"""Durable task cycles a second: a coordinator, and workers that do nothing but report and ask (bench/idle_workers.cc).

    bench/cycles.py [--build build/release] [--workers 1 16 64] [--seconds 10] [--transport ipc tcp curve]

Every answer leaves when the report and the next lease are on disk. Prints cycles a second, the latency of an answer,
the coordinator's CPU time for a cycle, its memory, and what this disk does: all hangs on fdatasync.
"""
import argparse
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import experiment

LAB_WITHOUT_END = experiment.LAB.replace("max_iterations = 1000000", "max_iterations = 0")


def syncs_a_second(folder):
    path = folder / "sync"
    with open(path, "wb", buffering=0) as file:
        begin = time.monotonic()
        for _ in range(500):
            file.write(b"x" * 512)
            os.fdatasync(file.fileno())
    return 500 / (time.monotonic() - begin)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


class Bench:
    def __init__(self, build, transport):
        self.program, self.clients, self.transport = build / "swarmlab", build / "bench/idle_workers", transport
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="swarmlab-cycles-"))
        self.lab = self.root / "noop"
        experiment.make_lab(self.lab, 0)
        (self.lab / "lab.toml").write_text(LAB_WITHOUT_END)
        experiment.git(self.lab, "commit", "-qam", "a lab without end")
        self.tree = subprocess.run(["git", "-C", self.lab, "rev-parse", "HEAD^{tree}"], check=True, capture_output=True,
                                   text=True).stdout.strip()
        self.keys = []
        self.address = f"ipc://{self.root}/socket" if transport == "ipc" else f"tcp://127.0.0.1:{free_port()}"
        flags = []
        if transport == "curve":
            subprocess.run([self.program, "keys", "new", "idle", "--role", "worker"], cwd=self.lab, check=True,
                           capture_output=True)
            folder = self.lab / ".swarmlab/keys"
            self.keys = [next(p for p in folder.rglob("idle*") if p.suffix != ".pub"), folder / "server.pub"]
            flags = ["--keys", folder]
        self.log = open(self.root / "coordinator.log", "wb")
        self.coordinator = subprocess.Popen([self.program, "coordinator", self.lab, "--listen", self.address, *flags],
                                            stdout=self.log, stderr=self.log)
        while b"listens" not in (self.root / "coordinator.log").read_bytes():
            if self.coordinator.poll() is not None:
                raise SystemExit((self.root / "coordinator.log").read_text())
            time.sleep(0.05)

    def measure(self, workers, seconds):
        before = cpu_seconds(self.coordinator.pid)
        told = subprocess.run([self.clients, self.address, str(workers), str(seconds), self.tree, *self.keys],
                              check=True, capture_output=True, text=True).stdout.strip()
        spent = cpu_seconds(self.coordinator.pid) - before
        cycles = int(told.split()[0])
        print(f"{self.transport:<5} {workers:>5} workers: {told}; coordinator {1e6 * spent / max(cycles, 1):.0f} us a cycle, "
              f"{memory_mb(self.coordinator.pid):.0f} MB", flush=True)

    def close(self):
        self.coordinator.terminate()
        self.coordinator.wait()
        self.log.close()
        shutil.rmtree(self.root)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--transport", nargs="+", choices=["ipc", "tcp", "curve"], default=["tcp", "curve"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(f"{syncs_a_second(pathlib.Path(folder)):.0f} fdatasync a second, load {os.getloadavg()[0]:.1f}", flush=True)
    for transport in options.transport:
        for workers in options.workers:  # each on a store of its own
            bench = Bench(options.build.resolve(), transport)
            try:
                bench.measure(workers, options.seconds)
            finally:
                bench.close()


if __name__ == "__main__":
    main()
