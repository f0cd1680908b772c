import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "src"))
from rules import RULES

text = (pathlib.Path(__file__).resolve().parent.parent / "src" / "text.txt").read_text()
packed = text
for long, short in RULES:
    packed = packed.replace(long, short)
table = sum(len(long) + len(short) for long, short in RULES)
print(f"read {len(text)} bytes")
print(f"packed size: {len(packed) + table} bytes")
