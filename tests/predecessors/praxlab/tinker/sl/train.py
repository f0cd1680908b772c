"""A line through points, by gradient descent."""
import json
import pathlib

LEARNING_RATE = 0.001
STEPS = 50

points = [json.loads(line) for line in pathlib.Path("data.jsonl").read_text().splitlines()]
slope = offset = 0.0
for step in range(STEPS):
    for point in points:
        error = slope * point["x"] + offset - point["y"]
        slope -= LEARNING_RATE * error * point["x"]
        offset -= LEARNING_RATE * error
held_out = [(x, 3 * x + 2) for x in (0.5, 1.5, 2.5)]
print(f"points used: {len(points)}")
print(f"eval_loss: {sum((slope * x + offset - y) ** 2 for x, y in held_out) / len(held_out):.4f}")
