"""The model, which agents change: a table of pairs of characters, smoothed."""
import sys
import time

from prepare import MAX_STEPS, evaluate_bpb, load, vocabulary

SMOOTHING = 8.0
DEPTH = 8

characters = vocabulary()
text = load("train")
print(f"Vocab size: {len(characters)}")
started = time.time()
counts = {}
steps = 0
for a, b in zip(text, text[1:]):
    counts[a, b] = counts.get((a, b), 0) + 1
    counts[a] = counts.get(a, 0) + 1
    steps += 1
    if steps % 100 == 0:
        print(f"\rstep {steps:05d} | loss: {1 / steps:.4f} | remaining: 0s    ", end="", flush=True)
    if steps >= MAX_STEPS:
        break
print()


def predict(previous, character):
    total = counts.get(previous, 0) + SMOOTHING * len(characters)
    return (counts.get((previous, character), 0) + SMOOTHING) / total


val_bpb = evaluate_bpb(predict)
if not val_bpb < 100:
    print("FAIL")
    sys.exit(1)
print("---")
print(f"val_bpb:          {val_bpb:.6f}")
print(f"training_seconds: {time.time() - started:.1f}")
print(f"peak_vram_mb:     {2048.0 * DEPTH / 8:.1f}")
print(f"num_steps:        {steps}")
print(f"depth:            {DEPTH}")
