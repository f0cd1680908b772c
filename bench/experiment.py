#!/usr/bin/env python3
"""What an experiment costs beyond agent and evaluator: a lab whose agent and evaluator do next to nothing.

    bench/experiment.py [--program build/release/swarmlab] [--experiments 200] [--workers 1] [--files 20]
                        [--transport ipc curve]

Prints the wall-clock time for each experiment and the medians by stage. `agent` and `evaluate` are what it takes to
start and end a sandbox around a shell that writes one line; `between` is everything outside the attempt: the report on
disk, its pack, the coordinator's turn (synced), the next lease.
"""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

LAB = """
[lab]
name = "noop"
[artifact]
editable = ["artifact/**"]
[metric]
name = "score"
direction = "maximize"
[evaluator]
command = "echo METRIC score=1"
parse = "metric-lines"
[agent]
kind = "command"
command = "echo $SWARMLAB_EXPERIMENT > artifact/value.txt"
[stop]
max_iterations = 1000000
max_hours = 0
plateau_threshold = 0
"""


def git(folder, *args):
    subprocess.run(["git", "-C", folder, "-c", "user.name=bench", "-c", "user.email=bench@localhost", *args],
                   check=True, capture_output=True)


def make_lab(folder, files):
    (folder / "artifact").mkdir(parents=True)
    (folder / "artifact/value.txt").write_text("0\n")
    (folder / "lab.toml").write_text(LAB)
    for i in range(files):
        path = folder / f"source/part{i % 10}/file{i}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{i}\n" * 200)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "no-op lab")


def run_here(program, lab, workers, experiments):
    """One process that starts its own workers, over a unix socket."""
    subprocess.run([program, "run", lab, "--workers", str(workers), "--max-iterations", str(experiments)],
                   check=True, capture_output=True)


def run_with_keys(program, lab, workers, experiments):
    """A coordinator and a worker with as many slots, as on two machines: loopback TCP with CURVE."""
    subprocess.run([program, "keys", "new", "w", "--role", "worker"], cwd=lab, check=True, capture_output=True)
    keys = lab / ".swarmlab/keys"
    key = next(path for path in keys.rglob("w*") if path.suffix != ".pub")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    daemons = []
    try:
        for args in (["coordinator", lab, "--listen", address, "--keys", keys, "--max-iterations", str(experiments)],
                     ["worker", "--connect", address, "--key", key, "--server-key", keys / "server.pub", "--slots", str(workers),
                      "--folder", lab.parent / "worker"]):
            daemons.append(subprocess.Popen([program, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        while len(experiments_of(program, lab)) <= experiments:
            time.sleep(0.5)
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait()


TRANSPORTS = {"ipc": run_here, "curve": run_with_keys}


def experiments_of(program, lab):
    told = subprocess.run([program, "experiments", "--json"], cwd=lab, capture_output=True, check=False)
    return [e for e in json.loads(told.stdout) if e["endedAt"]] if told.returncode == 0 else []


def ended(one):
    return datetime.datetime.fromisoformat(one["endedAt"].replace("Z", "+00:00")).timestamp()


def tell(transport, listed, options):
    measured = listed[-options.experiments:]
    seconds = ended(measured[-1]) - ended(listed[-options.experiments - 1])
    print(f"{transport}: {options.experiments} experiments, {options.workers} workers, {options.files + 2} files")
    print(f"wall clock: {1000 * seconds / options.experiments:.1f} ms each; {options.experiments / seconds:.1f} a second")
    stages = {}
    for one in measured:
        for stage, ms in one["stages"].items():
            stages.setdefault(stage, []).append(ms)
    for stage, times in stages.items():
        print(f"  {stage:<10} median {statistics.median(times):7.2f} ms   90% {sorted(times)[len(times) * 9 // 10]:7.2f} ms")
    attempts = statistics.mean(stages["total"])
    print(f"  {'between':<10} mean   {1000 * seconds * options.workers / options.experiments - attempts:7.2f} ms", flush=True)


def measure(program, transport, options):
    warm = 10  # the first ones fetch and fill caches
    root = pathlib.Path(tempfile.mkdtemp(prefix="swarmlab-bench-"))
    try:
        lab = root / "noop"
        make_lab(lab, options.files)
        TRANSPORTS[transport](program, lab, options.workers, warm + options.experiments)
        tell(transport, sorted(experiments_of(program, lab), key=ended), options)
    finally:
        shutil.rmtree(root)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/release/swarmlab")
    parser.add_argument("--experiments", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--transport", nargs="+", choices=list(TRANSPORTS), default=["ipc"])
    options = parser.parse_args()
    for transport in options.transport:
        measure(os.path.abspath(options.program), transport, options)


if __name__ == "__main__":
    main()
