"""The evaluator: the largest error of solution.py over 1000 points. Agents cannot change it.

The candidate runs in a process of its own; only this program prints METRIC lines.
"""

import ctypes
import math
import subprocess

POINTS = [math.pi * i / 999 for i in range(1000)]
PR_SET_DUMPABLE = 4


def main():
    # The candidate runs as the same user: this closes /proc/PID/fd of this process to it.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    done = subprocess.run(
        ["python3", "-I", "-B", "solution.py"],
        input="\n".join(map(repr, POINTS)), capture_output=True, text=True, timeout=20,
    )
    if done.returncode != 0:
        raise SystemExit(f"solution.py ended with code {done.returncode}:\n{done.stderr[-2000:]}")
    values = [float(line) for line in done.stdout.split()]
    if len(values) != len(POINTS) or not all(map(math.isfinite, values)):
        raise SystemExit(f"{len(values)} values, expected {len(POINTS)} finite ones")
    errors = [abs(value - math.sin(x)) for x, value in zip(POINTS, values)]
    print(f"METRIC max_error={max(errors):.9f}")
    print(f"METRIC mean_error={sum(errors) / len(errors):.9f}")


if __name__ == "__main__":
    main()
