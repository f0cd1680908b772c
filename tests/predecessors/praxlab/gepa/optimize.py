"""How many of the wanted words a prompt has."""
PROMPT = "answer in short"
WANTED = ("answer", "short", "sources", "numbers")
print(f"val_score: {sum(word in PROMPT for word in WANTED) / len(WANTED):.4f}")
