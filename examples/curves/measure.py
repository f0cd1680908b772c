"""Scores a lab: the largest error of its polynomial against its target, on a grid that nobody can edit."""
import json
import math
import pathlib

TARGETS = {
    "sine": math.sin,
    "narrow": lambda x: math.exp(-8 * x * x),
    "wide": lambda x: math.exp(-x * x),
}


def main():
    target = TARGETS[pathlib.Path("target.txt").read_text().strip()]
    coefficients = json.loads(pathlib.Path("artifact/coefficients.json").read_text())
    if not isinstance(coefficients, list) or not 1 <= len(coefficients) <= 8:
        raise SystemExit("coefficients.json has a list of 1 to 8 numbers, the constant first")
    grid = [i / 100 for i in range(-150, 151)]
    errors = [abs(sum(c * x**k for k, c in enumerate(coefficients)) - target(x)) for x in grid]
    print(f"METRIC largest_error={max(errors):.9f}")
    print(f"METRIC degree={len(coefficients) - 1}")


main()
