"""Measures a candidate: the median wall-clock time of several runs on generated input, each with the right sum.

Time is taken here, around the candidate's process, so the candidate cannot report it. Before every run some amounts of
the file are replaced by fresh random ones: a sum that was remembered or written into the code is a wrong sum.
"""

import os
import random
import statistics

import build

ROWS = 250_000
RUNS = 11
FRESH_AMOUNTS = 500  # replaced before each run
COUNTRIES = ["de", "fr", "it", "pl", "se", "jp", "br", "ca"]
STATUSES = ["paid", "open", "late", "void"]
NAMES = ["Adler", "Brook & Co", '"Cole, Dane"', "Ember Ltd", '"Fox ""East"" Inc"', "Gale", "Hazel Works", "Iris"]


def amount(rng, width=None):
    """An amount with two decimals, and its cents; of `width` characters where that is given."""
    cents = rng.randrange(-9_999_999, 9_999_999) if rng.random() < 0.5 else rng.randrange(0, 99_999)
    text = f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
    if width is not None and len(text) != width:
        digits = "".join(rng.choice("123456789") for _ in range(width - 1))
        text = f"{digits[:-2]}.{digits[-2:]}"
        cents = int(digits)
    return text, cents


def generate(rng):
    """The file's bytes, and for each row where its amount stands: (offset, width, cents)."""
    parts, places = ["id,customer,country,amount,status,note\n"], []
    offset = len(parts[0])
    for number in range(ROWS):
        bits = rng.getrandbits(16)
        head = f"{number},{NAMES[bits & 7]},{COUNTRIES[bits >> 3 & 7]},"
        text, cents = amount(rng)
        tail = f",{STATUSES[bits >> 6 & 3]},{'x' * (bits >> 8 & 31)}\n"
        places.append((offset + len(head), len(text), cents))
        parts += (head, text, tail)
        offset += len(head) + len(text) + len(tail)
    return "".join(parts).encode(), places


def refresh(rng, file, places):
    """Replaces some amounts in place, by others of the same width."""
    for row in rng.sample(range(ROWS), FRESH_AMOUNTS):
        offset, width, _ = places[row]
        text, cents = amount(rng, width)
        os.pwrite(file.fileno(), text.encode(), offset)
        places[row] = (offset, width, cents)


def main():
    build.close_to_children()
    folder = build.scratch()
    program = build.build(folder)
    path = folder / "input.csv"
    content, places = generate(random.Random(2025))  # the same work for every candidate
    path.write_bytes(content)
    fresh = random.SystemRandom()
    times = []
    with open(path, "r+b", buffering=0) as file:
        for number in range(RUNS + 1):
            refresh(fresh, file, places)
            expected = sum(cents for _, _, cents in places)
            found, took_ms = build.run(program, path)
            if found != expected:
                raise SystemExit(f"run {number}: the sum is {found}, expected {expected}")
            times.append(took_ms)
    times = sorted(times[1:])  # the first run only warms up
    median = statistics.median(times)
    print(f"METRIC parse_ms={median:.4f}")
    print(f"METRIC fastest_ms={times[0]:.4f}")
    print(f"METRIC slowest_ms={times[-1]:.4f}")
    print(f"METRIC mb_per_s={len(content) / 1000.0 / median:.1f}")


if __name__ == "__main__":
    main()
