"""Frozen: plays the trace against the cache and prints the summary."""
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from cache import Cache

ENTRIES = 16
draw = random.Random(7)
cache = Cache(ENTRIES)
hits = requests = 0
print("playing the trace")
for _ in range(400):
    # Some are asked for again and again, most only once.
    key = draw.randrange(12) if draw.random() < 0.5 else draw.randrange(1000)
    requests += 1
    if key in cache:
        hits += 1
        cache.hit(key)
    else:
        cache.add(key)
    if len(cache) > ENTRIES:
        sys.exit("the cache holds too much")
print("---")
print(f"hit_rate: {hits / requests:.4f}")
print(f"requests: {requests}")
print(f"entries: {ENTRIES}")
