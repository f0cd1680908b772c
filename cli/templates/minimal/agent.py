"""The bundled agent: a few hundred random steps on the coefficients. A stand-in for a coding agent; no language model."""

import csv
import json
import math
import os
import random
import re
from pathlib import Path

SOLUTION = Path("solution.py")
POINTS = [math.pi * i / 99 for i in range(100)]
LINE = re.compile(r"COEFFICIENTS = (\[.*?\])")


def main():
    rng = random.Random(f"{os.environ.get('SWARMLAB_EXPERIMENT', '0')}/{os.environ.get('SWARMLAB_PARENT', '')}")
    size = 0.1 * 0.7 ** min(experiments_since_keep(), 12)  # finer steps the longer nothing was kept
    text = SOLUTION.read_text()
    start = json.loads(LINE.search(text).group(1))
    best = search(rng, start, size)
    SOLUTION.write_text(LINE.sub(lambda _: f"COEFFICIENTS = {json.dumps(best)}", text))
    outcome = {
        "hypothesis": f"steps of about {size:.4f} on the coefficients lower the largest error",
        "mechanism": "the best polynomial spreads its error evenly; a random step that lowers the highest peak is a step there",
        "mechanismConfirmed": error(best) < error(start),
        "notes": f"largest error by my own count on 100 points: {error(start):.6f} before, {error(best):.6f} after",
    }
    Path(os.environ.get("SWARMLAB_OUTCOME", os.devnull)).write_text(json.dumps(outcome, indent=2) + "\n")


def search(rng, start, size):
    best = start
    for _ in range(300):
        scale = size * 10 ** -rng.uniform(0, 2)
        step = [c + rng.gauss(0, scale) / 2**power for power, c in enumerate(best)]
        if error(step) < error(best):
            best = step
    if best == start:  # nothing found: submit the last step, and let the evaluator judge it
        best = step
    return [round(c, 7) for c in best]


def error(coefficients):
    return max(abs(sum(c * x**power for power, c in enumerate(coefficients)) - math.sin(x)) for x in POINTS)


def experiments_since_keep():
    try:
        with open(os.environ.get("SWARMLAB_RESULTS", "results.tsv"), newline="") as file:
            kept = [row.get("kept") == "yes" for row in csv.DictReader(file, delimiter="\t")]
    except OSError:
        return 0
    return kept[::-1].index(True) if True in kept else len(kept)


if __name__ == "__main__":
    main()
