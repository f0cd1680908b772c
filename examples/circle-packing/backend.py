"""Scores a packing: runs pipeline/pack.py and adds up the radii, if the packing is valid.

The printed decimals are taken as exact fractions, so a packing is valid or it is not: no tolerance that a
candidate could live off. Anything invalid raises, with the circles named, and so gives no score at all.
"""

import ctypes
import os
import re
import resource
import signal
import subprocess
import tempfile
from fractions import Fraction
from itertools import combinations
from pathlib import Path

from autoresearch_lab.harness.backend import EvalBackend, EvalResult, SampleResult

COUNT = 26
MARK = 2.635  # AlphaEvolve, 2025
TIME_LIMIT_S = 20
OUTPUT_LIMIT_BYTES = 64_000
DECIMAL = re.compile(r"-?(\d{1,4}(\.\d{0,40})?|\.\d{1,40})([eE][-+]?\d{1,2})?")
PR_SET_DUMPABLE = 4


class InvalidPacking(ValueError):
    """The candidate's output is no packing."""


class CirclePacking(EvalBackend):
    def setup(self):
        # The candidate runs as the same user: this closes /proc/PID/fd and /proc/PID/mem of this process to it.
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)

    def evaluate(self, pipeline_dir, data_dir, sample_ids=None):
        circles = parse(run(Path(pipeline_dir) / "pack.py"))
        refuse_invalid(circles)
        total = float(sum(r for _, _, r in circles))
        radii = [float(r) for _, _, r in circles]
        metrics = {
            "gap_to_mark": MARK - total,
            "smallest_radius": min(radii),
            "largest_radius": max(radii),
            "area_covered": 3.141592653589793 * sum(r * r for r in radii),
        }
        samples = [sample(index, circles) for index in range(COUNT)]
        if sample_ids:
            samples = [one for one in samples if one.sample_id in sample_ids]
        return EvalResult(score=total, metrics=metrics, sample_results=samples)


def run(program):
    """Runs the candidate in a process of its own and returns what it printed."""

    def limits():
        resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_LIMIT_BYTES, OUTPUT_LIMIT_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            ["python3", "-I", "-B", str(program)],
            stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True, preexec_fn=limits,
        )
        try:
            code = child.wait(timeout=TIME_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise InvalidPacking(f"{program.name} ran longer than {TIME_LIMIT_S} s") from None
        finally:
            end_session_of(child)
        out.seek(0)
        err.seek(0)
        if code != 0:
            last_words = err.read().decode(errors="replace")[-2000:]
            raise InvalidPacking(f"{program.name} ended with code {code}:\n{last_words}")
        return out.read().decode(errors="replace")


def end_session_of(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # nothing of it was left
    child.wait()


def parse(text):
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) != COUNT:
        raise InvalidPacking(f"{len(lines)} lines, expected {COUNT}")
    for number, fields in enumerate(lines):
        if len(fields) != 3 or not all(DECIMAL.fullmatch(field) for field in fields):
            raise InvalidPacking(f"circle {number}: '{' '.join(fields)[:80]}', expected three decimals: x y r")
    return [tuple(Fraction(field) for field in fields) for fields in lines]


def refuse_invalid(circles):
    for index, (x, y, r) in enumerate(circles):
        if r <= 0:
            raise InvalidPacking(f"circle {index}: radius {float(r)}, expected more than 0")
        if x - r < 0 or y - r < 0 or x + r > 1 or y + r > 1:
            raise InvalidPacking(f"circle {index} leaves the square: x {float(x)}, y {float(y)}, r {float(r)}")
    for (i, first), (j, second) in combinations(enumerate(circles), 2):
        if clearance(first, second) < 0:
            raise InvalidPacking(f"circles {i} and {j} overlap: {describe(first)} and {describe(second)}")


def clearance(first, second):
    """Squared distance minus squared reach: below 0 the two overlap. Exact."""
    (x1, y1, r1), (x2, y2, r2) = first, second
    return (x1 - x2) ** 2 + (y1 - y2) ** 2 - (r1 + r2) ** 2


def describe(circle):
    return "({}, {}; {})".format(*map(float, circle))


def sample(index, circles):
    x, y, r = circles[index]
    near = Fraction(1, 10**6)
    touches = [other for other in range(COUNT) if other != index and clearance(circles[index], circles[other]) < near]
    walls = [name for name, gap in zip("left bottom right top".split(), (x - r, y - r, 1 - x - r, 1 - y - r)) if gap < near]
    extra = {"x": float(x), "y": float(y), "touches": touches, "walls": walls}
    return SampleResult(sample_id=f"circle_{index:02d}", score=float(r), extra=extra)
