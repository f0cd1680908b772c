#!/usr/bin/env python3
"""What an experiment costs beyond agent and evaluator: a lab whose agent and evaluator do next to nothing.

    bench/experiment.py [--program build/release/swarmlab] [--experiments 200] [--workers 1] [--files 20]

Prints the wall-clock time for each experiment and the medians by stage. `agent` and `evaluate` are what it takes to
start and end a sandbox around a shell that writes one line; `between` is everything outside the attempt: the report on
disk, its pack, the coordinator's turn (synced), the next lease.
"""
import argparse
import json
import os
import pathlib
import shutil
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


def run(program, lab, workers, experiments):
    start = time.monotonic()
    subprocess.run([program, "run", lab, "--workers", str(workers), "--max-iterations", str(experiments)],
                   check=True, capture_output=True)
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/release/swarmlab")
    parser.add_argument("--experiments", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--files", type=int, default=20)
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    root = pathlib.Path(tempfile.mkdtemp(prefix="swarmlab-bench-"))
    try:
        lab = root / "noop"
        make_lab(lab, options.files)
        warm = 10  # the first ones fetch and fill caches
        run(program, lab, options.workers, warm)
        seconds = run(program, lab, options.workers, warm + options.experiments)
        listed = json.loads(subprocess.run([program, "experiments", lab, "--json"], check=True, capture_output=True).stdout)
        measured = [e for e in listed if e["number"] > warm + 1]
        assert len(measured) == options.experiments, len(measured)
        print(f"{options.experiments} experiments, {options.workers} workers, {options.files + 2} files")
        print(f"wall clock: {1000 * seconds / options.experiments:.1f} ms each, with start and end of the run; "
              f"{options.experiments / seconds:.1f} a second")
        stages = {}
        for experiment in measured:
            for stage, ms in experiment["stages"].items():
                stages.setdefault(stage, []).append(ms)
        for stage, times in stages.items():
            print(f"  {stage:<10} median {statistics.median(times):7.2f} ms   "
                  f"90% {sorted(times)[len(times) * 9 // 10]:7.2f} ms")
        attempts = statistics.mean(stages["total"])
        print(f"  {'between':<10} mean   {1000 * seconds * options.workers / options.experiments - attempts:7.2f} ms")
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
