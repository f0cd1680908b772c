"""Builds and runs the program around a candidate. Used by the guard and by the measurement."""

import ctypes
import os
import subprocess
import tempfile
import time
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent
FLAGS = ["-std=c++20", "-O2", "-Wall", "-Wextra", f"-I{LAB / 'harness'}", f"-I{LAB / 'parser'}"]
RUN_LIMIT_S = 20
PR_SET_DUMPABLE = 4


def scratch():
    return Path(os.environ.get("SWARMLAB_SCRATCH") or tempfile.mkdtemp(prefix="faster-parser-"))


def build(folder):
    program = folder / "sum"
    sources = [LAB / "harness" / "main.cc", *sorted((LAB / "parser").glob("*.cc"))]
    done = subprocess.run(["g++", *FLAGS, *map(str, sources), "-o", str(program)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"the parser does not compile:\n{done.stderr[-3000:]}")
    return program


def close_to_children():
    """The candidate runs as the same user: this closes /proc/PID/fd and /proc/PID/mem of this process to it."""
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def run(program, path):
    """Runs the program on the file; its sum (None where it printed none) and the milliseconds that it took."""
    start = time.perf_counter()
    try:
        done = subprocess.run([str(program), str(path)], stdin=subprocess.DEVNULL, capture_output=True, timeout=RUN_LIMIT_S)
    except subprocess.TimeoutExpired:
        return None, RUN_LIMIT_S * 1000.0
    took_ms = (time.perf_counter() - start) * 1000.0
    try:
        return (int(done.stdout) if done.returncode == 0 else None), took_ms
    except ValueError:
        return None, took_ms
