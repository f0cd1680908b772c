"""Compiles the model, trains it, and measures in how many bits per byte it predicts the held-out text.

The model is a process of its own. It gets the training text, and the held-out text one symbol at a time, each only after
it has given its distribution for that symbol; the bits are counted here.
"""

import ctypes
import math
import os
import resource
import struct
import subprocess
import tempfile
import time
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent
CPU_LIMIT_S = int(os.environ.get("CPU_LIMIT_S", "10"))  # for training and prediction together
FLAGS = ["-std=c++20", "-O3", "-Wall", "-Wextra", f"-I{LAB / 'harness'}", f"-I{LAB / 'model'}"]
PR_SET_DUMPABLE = 4


def main():
    # The model runs as the same user: this closes /proc/PID/fd and /proc/PID/mem of this process to it.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    train, heldout = ((LAB / "corpus" / name).read_bytes() for name in ("train.txt", "heldout.txt"))
    code = {byte: index for index, byte in enumerate(sorted(set(train) | set(heldout)))}
    program = build(Path(os.environ.get("SWARMLAB_SCRATCH") or tempfile.mkdtemp(prefix="tiny-lm-")))
    start = time.monotonic()
    with subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=limit) as model:
        send(model, struct.pack("=II", len(code), len(train)) + bytes(code[byte] for byte in train))
        bits = [surprise(model, code[byte], len(code)) for byte in heldout]
        model.stdin.close()
        model.kill()
    print("---")
    print(f"val_bpb:          {sum(bits) / len(bits):.6f}")
    print(f"worst_bits:       {max(bits):.3f}")
    print(f"model_seconds:    {time.monotonic() - start:.2f}")


def build(folder):
    program = folder / "model"
    sources = [LAB / "harness" / "main.cc", *sorted((LAB / "model").glob("*.cc"))]
    done = subprocess.run(["g++", *FLAGS, *map(str, sources), "-o", str(program)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"the model does not compile:\n{done.stderr[-3000:]}")
    return program


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S))


def surprise(model, symbol, vocabulary):
    """The bits that the model needs for the symbol; tells it the symbol afterwards."""
    answer = model.stdout.read(4 * vocabulary)
    if len(answer) < 4 * vocabulary:
        raise SystemExit(f"the model ended early, with code {model.wait()} (it may use {CPU_LIMIT_S} s of CPU time)")
    probabilities = struct.unpack(f"={vocabulary}f", answer)
    total = sum(probabilities)
    if not (min(probabilities) > 0 and abs(total - 1) < 1e-3):
        raise SystemExit(f"the probabilities add up to {total}, the least is {min(probabilities)}; expected 1, and more than 0")
    send(model, bytes([symbol]))
    return -math.log2(probabilities[symbol] / total)


def send(model, data):
    try:
        model.stdin.write(data)
        model.stdin.flush()
    except BrokenPipeError:
        raise SystemExit(f"the model ended early, with code {model.wait()}") from None


if __name__ == "__main__":
    main()
