"""A search script in the place of a coding agent: tries random steps on a copy of the score that it can compute itself.

It takes a guess from the brief's experiment number, so that a run can be repeated.
"""
import json
import math
import os
import pathlib
import random

TARGETS = {
    "sine": math.sin,
    "narrow": lambda x: math.exp(-8 * x * x),
    "wide": lambda x: math.exp(-x * x),
}
GRID = [i / 20 for i in range(-30, 31)]


def error(coefficients, target):
    return max(abs(sum(c * x**k for k, c in enumerate(coefficients)) - target(x)) for x in GRID)


def main():
    path = pathlib.Path("artifact/coefficients.json")
    target = TARGETS[pathlib.Path("target.txt").read_text().strip()]
    best = json.loads(path.read_text())
    chance = random.Random(int(os.environ["SWARMLAB_EXPERIMENT"]))
    if len(best) < 8 and chance.random() < 0.5:
        best = best + [0.0]
    lowest = error(best, target)
    step = 0.5
    for _ in range(1500):
        tried = [c + chance.gauss(0, step) * (chance.random() < 0.5) for c in best]
        if error(tried, target) < lowest:
            best, lowest = tried, error(tried, target)
        step = max(step * 0.997, 1e-4)
    path.write_text(json.dumps([round(c, 6) for c in best]) + "\n")
    outcome = {"hypothesis": f"degree {len(best) - 1}, coefficients moved by chance", "notes": f"about {lowest:.4f} on a coarse grid"}
    pathlib.Path(os.environ["SWARMLAB_OUTCOME"]).write_text(json.dumps(outcome))


main()
