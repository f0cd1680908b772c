"""The bundled agent: a search over the constants of model/config.h and the nonlinearity in model/activation.h.

It stands in for a coding agent, and is no language model. It reads in results.tsv which changes were kept, prefers
directions that paid, avoids those that did not, and changes two things at once when single changes stop paying. Its randomness
comes from the experiment's number and parent only: parallel experiments differ, and a rerun gives the same change.
"""

import csv
import json
import os
import random
import re
from pathlib import Path

CONFIG, ACTIVATION = Path("model/config.h"), Path("model/activation.h")

# name: (factor of a step up, least, most, first value when it is 0, why up, why down)
CONSTANTS = {
    "kContext": (1.5, 1, 24, 1, "what decides a symbol stands further back", "far symbols are noise for so small a network"),
    "kHidden": (1.6, 8, 512, 8, "more units hold more patterns", "a smaller layer gets more steps out of the budget"),
    "kDirect": (2.0, 0, 8, 1, "short patterns need no hidden layer", "direct weights cost steps and repeat what the layer knows"),
    "kBatch": (2.0, 4, 512, 8, "less noisy gradients", "more and smaller steps for the same budget"),
    "kLearningRate": (2.0, 1e-4, 4.0, 0.01, "training is far from done when the budget ends", "the steps overshoot"),
    "kWarmdown": (1.6, 0.0, 1.0, 0.3, "a falling rate settles the weights", "a rate that falls early wastes steps"),
    "kInitScale": (1.6, 0.01, 3.0, 0.1, "units start out alike and need to differ", "units start out saturated"),
    "kWeightDecay": (4.0, 0.0, 0.1, 1e-5, "the network remembers the training text", "nothing is overfitted, and decay only holds back"),
    "kMomentum": (1.4, 0.0, 0.95, 0.5, "steps agree, so they may add up", "momentum carries steps too far"),
    "kOnlineRate": (3.0, 0.0, 0.3, 1e-3, "held-out text has habits of its own to learn", "learning from single symbols unlearns"),
    "kCacheWeight": (1.6, 0.0, 0.95, 0.2, "the tales repeat phrases that can be copied", "the network knows better than the counts"),
    "kCacheOrder": (1.3, 2, 7, 4, "a longer match is a safer one to copy", "a shorter match is found more often"),
}

ACTIVATIONS = {
    "tanh": ("return std::tanh(x);", "return 1.0F - y * y;", "a bounded unit is easy to train"),
    "relu": ("return x > 0.0F ? x : 0.0F;", "return y > 0.0F ? 1.0F : 0.0F;", "units that do not saturate keep their gradient"),
    "leaky": ("return x > 0.0F ? x : 0.1F * x;", "return y > 0.0F ? 1.0F : 0.1F;", "no unit is ever quite dead"),
    "squared": ("return x > 0.0F ? x * x : 0.0F;", "return y > 0.0F ? 2.0F * std::sqrt(y) : 0.0F;", "strong matches should count more than weak ones"),
    "softsign": ("return x / (1.0F + std::fabs(x));", "return (1.0F - std::fabs(y)) * (1.0F - std::fabs(y));", "slower saturation than tanh, and cheaper"),
}


def main():
    rng = random.Random(f"{os.environ.get('SWARMLAB_EXPERIMENT', '0')}/{os.environ.get('SWARMLAB_PARENT', '')}")
    rows = results()
    stale = next((age for age, (kept, _) in enumerate(reversed(rows)) if kept), len(rows))
    count = 1 if stale < 8 else rng.choice([1, 2, 2])
    changes, reasons = [], []
    for _ in range(count):
        what, why = change_activation(rng) if rng.random() < 0.08 else change_constant(rng, rows, stale)
        if what:
            changes.append(what)
            reasons.append(why)
    write_outcome("; ".join(changes), "; ".join(reasons), f"{stale} experiments without a keep before this one")


def change_constant(rng, rows, stale):
    text = CONFIG.read_text()
    options = [(name, up) for name in CONSTANTS for up in (True, False) if value_of(text, name) != moved(text, name, up, 1.0)]
    name, up = rng.choices(options, [weight(rows, *option) for option in options])[0]
    # Bold steps while they pay, finer ones later.
    size = rng.choice([1.0, 1.0, 2.0] if stale < 6 else [0.3, 0.6, 1.0, 2.0])
    old, new = value_of(text, name), moved(text, name, up, size)
    CONFIG.write_text(re.sub(rf"({name} = )[^;]+;", rf"\g<1>{new};", text))
    why = CONSTANTS[name][4 if up else 5]
    return f"{name} {'up' if up else 'down'} ({old} to {new}): {why}", why


def weight(rows, name, up):
    """How promising a direction is: what was kept counts for it, what was not against it; the newest count most."""
    told = 1.0
    for kept, note in rows:
        told = told**0.97  # what was true of an older parent fades
        if f"{name} {'up' if up else 'down'}" in note:
            told *= 2.0 if kept else 0.5
        elif f"{name} {'down' if up else 'up'}" in note:
            told *= 0.7 if kept else 1.2
    return min(max(told, 0.05), 8.0)


def moved(text, name, up, size):
    """The constant's text after a step, kept within its bounds; constants that can be off go to 0 below their first value."""
    factor, least, most, first = CONSTANTS[name][:4]
    old = float(value_of(text, name))
    if old == 0:
        new = first if up else 0.0
    else:
        new = old * factor**size if up else old / factor**size
        if not up and least == 0 and new < first:
            new = 0.0
    new = min(max(new, least), most)
    if isinstance(most, int):
        new = round(new) if round(new) != old else old + (1 if up else -1)
        return str(int(min(max(new, least), most)))
    return repr(float(f"{new:.3g}"))


def value_of(text, name):
    return re.search(rf"{name} = ([^;]+);", text).group(1)


def change_activation(rng):
    text = ACTIVATION.read_text()
    now = next((name for name, (body, _, _) in ACTIVATIONS.items() if body in text), "another")
    name = rng.choice([one for one in ACTIVATIONS if one != now])
    body, slope, why = ACTIVATIONS[name]
    text = re.sub(r"(activate\(float x\) \{ ).*( \})", lambda m: m[1] + body + m[2], text)
    text = re.sub(r"(slope_at\(float y\) \{ ).*( \})", lambda m: m[1] + slope + m[2], text)
    ACTIVATION.write_text(text)
    return f"activation {now} to {name}: {why}", why


def results():
    """(kept, note) of each experiment so far, oldest first."""
    try:
        with open(os.environ.get("SWARMLAB_RESULTS", "results.tsv"), newline="") as file:
            return [(row.get("kept") == "yes", row.get("notes") or "") for row in csv.DictReader(file, delimiter="\t")]
    except OSError:
        return []


def write_outcome(hypothesis, mechanism, notes):
    outcome = {"hypothesis": hypothesis, "mechanism": mechanism, "notes": notes}
    Path(os.environ.get("SWARMLAB_OUTCOME", os.devnull)).write_text(json.dumps(outcome, indent=2) + "\n")


if __name__ == "__main__":
    main()
