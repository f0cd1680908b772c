"""Fixed: data, tokenizer and evaluation. Run it once to fill the cache."""
import json
import math
import os

CACHE_DIR = os.path.join(os.path.expanduser("~"), ".cache", "autoresearch")
TIME_BUDGET = 0.05  # seconds of training
MAX_STEPS = 400


def load(split):
    with open(os.path.join(CACHE_DIR, "data", split + ".txt"), encoding="utf-8") as file:
        return file.read()


def vocabulary():
    with open(os.path.join(CACHE_DIR, "tokenizer", "characters.json"), encoding="utf-8") as file:
        return json.load(file)


def evaluate_bpb(predict):
    """Bits of each character of the validation text under predict(previous, character)."""
    text = load("val")
    bits = [-math.log2(max(predict(a, b), 1e-9)) for a, b in zip(text, text[1:])]
    return sum(bits) / len(bits)


if __name__ == "__main__":
    words = ["the cat sat on the mat", "a dog ran to the cat", "the mat was red", "a red dog sat"]
    for folder in ("data", "tokenizer"):
        os.makedirs(os.path.join(CACHE_DIR, folder), exist_ok=True)
    for split, lines in (("train", words * 20), ("val", words[::-1] * 3)):
        with open(os.path.join(CACHE_DIR, "data", split + ".txt"), "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")
    with open(os.path.join(CACHE_DIR, "tokenizer", "characters.json"), "w", encoding="utf-8") as out:
        json.dump(sorted(set("".join(words) + "\n")), out)
