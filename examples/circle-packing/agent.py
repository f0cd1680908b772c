"""The bundled agent: a local search over packings. It stands in for a coding agent, and is no language model.

It runs the parent's pack.py, makes a few moves of one kind (which, and how bold, depends on how long the lab has
not improved), lets each settle, and writes the best of them back as pack.py. Its randomness comes from the experiment's
number and parent only: parallel experiments differ, and a rerun gives the same file.
"""

import csv
import json
import math
import os
import random
import subprocess
from fractions import Fraction
from itertools import combinations
from pathlib import Path

PACK = Path("pipeline/pack.py")
COUNT = 26
TRIES = 8  # moves that one experiment makes, about 0.2 s each
ROUNDS, STEPS = 80, 40  # of one relaxation: the contacts are looked up anew each round
SOFTEST, STIFFEST = 2.0, 1000.0  # what an overlap costs, at the least and at the most

TEMPLATE = '''"""Prints a packing of 26 circles in the unit square, one "x y r" line a circle."""

# Found by local search, move "{move}".
CIRCLES = """
{table}
"""

if __name__ == "__main__":
    print(CIRCLES.strip())
'''


def main():
    rng = random.Random(f"{os.environ.get('SWARMLAB_EXPERIMENT', '0')}/{os.environ.get('SWARMLAB_PARENT', '')}")
    parent = read_packing()
    before = total(parent)
    stale = experiments_since_keep()
    name, move, softness, why = choose_move(rng, stale)
    tries = [settle(relax(move(rng, parent), softness)) for _ in range(TRIES)]
    best = max(tries, key=total)
    write_packing(best, name)
    write_outcome(
        hypothesis=f"{name}: {why}",
        mechanism="Contacts fix which circles can grow; a move that changes the contact graph, settled again, can reach a larger sum.",
        confirmed=total(best) > before,
        notes=f"{TRIES} tries gave {', '.join(f'{total(one):.6f}' for one in tries)}; the parent has {before:.6f} by my own sum. "
        f"{stale} experiments without a keep before this one.",
    )


# ---- the moves: each gives a start for `relax`, which repairs whatever overlaps


def choose_move(rng, stale):
    """Small moves while they pay; bolder ones the longer nothing was kept."""
    sigma = min(0.01 * 1.35 ** min(stale, 9), 0.15)
    moves = [
        ("relocate", relocate, 0.4, "one of the smallest circles does more good in another gap"),
        ("swap", swap, 0.3, "two circles of different size sit in each other's place"),
        ("shake", lambda r, c: shake(r, c, sigma), 0.5, f"the packing is in a shallow optimum; noise of {sigma:.3f} on all centres"),
        ("stir", lambda r, c: stir(r, c, 2 * sigma), 0.4, f"one neighbourhood is badly arranged; noise of {2 * sigma:.3f} there"),
        ("melt", lambda r, c: shake(r, c, 0.03), 0.9, "too few circles can change places; let them pass through each other"),
        ("fresh", fresh, 1.0, "the whole arrangement is wrong; start over from random centres"),
    ]
    return rng.choices(moves, weights=[4, 2, 2, 4, 2, 1 + min(stale, 10) / 3])[0]


def relocate(rng, circles):
    moved = list(circles)
    for index in rng.sample(sorted(range(COUNT), key=lambda i: circles[i][2])[:10], rng.choice([1, 1, 2])):
        moved[index] = (rng.random(), rng.random(), 0.02)
    return moved


def swap(rng, circles):
    moved = list(circles)
    i, j = rng.sample(range(COUNT), 2)
    (xi, yi, ri), (xj, yj, rj) = moved[i], moved[j]
    moved[i], moved[j] = (xj, yj, ri), (xi, yi, rj)
    return moved


def shake(rng, circles, sigma):
    return [(x + rng.gauss(0, sigma), y + rng.gauss(0, sigma), r) for x, y, r in circles]


def stir(rng, circles, sigma):
    cx, cy = rng.random(), rng.random()
    return [
        (x + rng.gauss(0, sigma), y + rng.gauss(0, sigma), r) if math.hypot(x - cx, y - cy) < 0.3 else (x, y, r)
        for x, y, r in circles
    ]


def fresh(rng, _):
    return [(rng.uniform(0.01, 0.99), rng.uniform(0.01, 0.99), 0.05) for _ in range(COUNT)]


# ---- settling: an augmented Lagrangian over centres and radii, by gradient steps


def relax(circles, softness):
    """Grows the radii while overlaps push the circles apart; what comes out overlaps by a hair (see `settle`).

    `softness` (0 to 1) is how soft the circles begin: soft ones pass through each other into a new arrangement,
    stiff ones keep the one they have.
    """
    x, y, r = [list(axis) for axis in zip(*circles)]
    forces, first = {}, STIFFEST * (SOFTEST / STIFFEST) ** softness
    for number in range(ROUNDS):
        done = number / (ROUNDS - 1)
        stiffness = first * (STIFFEST / first) ** min(1.0, 1.5 * done)
        rate = (0.01 if softness > 0.5 else 0.003) * 0.001**done
        if done < 0.5:
            forces = {}  # what a contact carried while everything still moves would only mislead
        forces = descend(x, y, r, forces, stiffness, rate)
        for i in range(COUNT):
            x[i], y[i], r[i] = clamp(x[i], 0.005, 0.995), clamp(y[i], 0.005, 0.995), max(r[i], 0.01)
    return list(zip(x, y, r))


def descend(x, y, r, forces, stiffness, rate):
    """A round of Adam on -sum(r) plus the overlaps' penalty; returns the forces that the contacts then carry."""
    contacts = [
        (i, j, forces.get((i, j), 0.0))
        for i, j in combinations(range(COUNT), 2)
        if math.hypot(x[i] - x[j], y[i] - y[j]) < r[i] + r[j] + 0.08
    ]
    walls = [(i, wall, forces.get((i, wall), 0.0)) for i in range(COUNT) for wall in ("left", "right", "bottom", "top")]
    mean, square = [[0.0] * COUNT for _ in range(3)], [[0.0] * COUNT for _ in range(3)]
    axes = (x, y, r)
    for step in range(1, STEPS + 1):
        gradient = slopes(x, y, r, contacts, walls, stiffness)
        warm = rate * math.sqrt(1 - 0.99**step) / (1 - 0.9**step)
        for axis, slope, m, v in zip(axes, gradient, mean, square):
            for i in range(COUNT):
                m[i] = 0.9 * m[i] + 0.1 * slope[i]
                v[i] = 0.99 * v[i] + 0.01 * slope[i] * slope[i]
                axis[i] -= warm * m[i] / (math.sqrt(v[i]) + 1e-8)
    carried = {(i, j): max(0.0, f + stiffness * (r[i] + r[j] - math.hypot(x[i] - x[j], y[i] - y[j]))) for i, j, f in contacts}
    carried.update({(i, wall): max(0.0, f + stiffness * overhang(x[i], y[i], r[i], wall)) for i, wall, f in walls})
    return carried


def slopes(x, y, r, contacts, walls, stiffness):
    gx, gy, gr = [0.0] * COUNT, [0.0] * COUNT, [-1.0] * COUNT
    for i, j, carried in contacts:
        dx, dy = x[i] - x[j], y[i] - y[j]
        distance = math.sqrt(dx * dx + dy * dy) or 1e-9
        force = carried + stiffness * (r[i] + r[j] - distance)
        if force > 0:
            gr[i] += force
            gr[j] += force
            force /= distance
            gx[i] -= force * dx
            gx[j] += force * dx
            gy[i] -= force * dy
            gy[j] += force * dy
    for i, wall, carried in walls:
        force = carried + stiffness * overhang(x[i], y[i], r[i], wall)
        if force > 0:
            gr[i] += force
            if wall == "left":
                gx[i] -= force
            elif wall == "right":
                gx[i] += force
            elif wall == "bottom":
                gy[i] -= force
            else:
                gy[i] += force
    return gx, gy, gr


def overhang(x, y, r, wall):
    if wall == "left":
        return r - x
    if wall == "right":
        return x + r - 1
    return r - y if wall == "bottom" else y + r - 1


def settle(circles):
    """Makes a packing exactly valid at 12 decimals: fix the centres, shrink what overlaps, then grow what has room."""
    centres = [(round(clamp(x, 0.001, 0.999), 12), round(clamp(y, 0.001, 0.999), 12)) for x, y, _ in circles]
    wall = [min(x, y, 1 - x, 1 - y) for x, y in centres]
    apart = [[math.dist(a, b) for b in centres] for a in centres]
    r = [max(1e-6, min(c[2], w)) for c, w in zip(circles, wall)]
    for _ in range(50):
        for i, j in combinations(range(COUNT), 2):
            over = r[i] + r[j] - apart[i][j]
            if over > 0:
                share = over * r[i] / (r[i] + r[j])
                r[i] -= share
                r[j] -= over - share
    for _ in range(3):
        for i in sorted(range(COUNT), key=lambda k: r[k]):
            r[i] = max(r[i], min([wall[i]] + [apart[i][j] - r[j] for j in range(COUNT) if j != i]))
    return [(x, y, math.floor(radius * 1e12 - 2) / 1e12) for (x, y), radius in zip(centres, r)]


def clamp(value, low, high):
    return max(low, min(high, value))


# ---- the lab's files


def read_packing():
    printed = subprocess.run(["python3", "-I", "-B", str(PACK)], capture_output=True, text=True, check=True, timeout=20).stdout
    return [tuple(float(field) for field in line.split()) for line in printed.splitlines() if line.strip()]


def write_packing(circles, move):
    table = "\n".join(f"{x:.12f} {y:.12f} {r:.12f}" for x, y, r in circles)
    if not valid(table):
        raise SystemExit("the search made an invalid packing; nothing is written")
    PACK.write_text(TEMPLATE.format(move=move, table=table))


def valid(table):
    circles = [tuple(Fraction(field) for field in line.split()) for line in table.splitlines()]
    inside = all(r > 0 and r <= x <= 1 - r and r <= y <= 1 - r for x, y, r in circles)
    return inside and all(
        (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 >= (a[2] + b[2]) ** 2 for a, b in combinations(circles, 2)
    )


def total(circles):
    return sum(r for _, _, r in circles)


def experiments_since_keep():
    """How long the lab has not improved, from results.tsv; 0 where there is no such file."""
    try:
        with open(os.environ.get("SWARMLAB_RESULTS", "results.tsv"), newline="") as file:
            kept = [row.get("kept") == "yes" for row in csv.DictReader(file, delimiter="\t")]
    except OSError:
        return 0
    return kept[::-1].index(True) if True in kept else len(kept)


def write_outcome(hypothesis, mechanism, confirmed, notes):
    outcome = {"hypothesis": hypothesis, "mechanism": mechanism, "mechanismConfirmed": confirmed, "notes": notes}
    Path(os.environ.get("SWARMLAB_OUTCOME", os.devnull)).write_text(json.dumps(outcome, indent=2) + "\n")


if __name__ == "__main__":
    main()
