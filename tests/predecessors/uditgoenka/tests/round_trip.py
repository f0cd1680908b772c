import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "src"))
from rules import RULES

ORIGINAL = "she sells sea shells on the sea shore the shells she sells are sea shells for sure\n"
text = (pathlib.Path(__file__).resolve().parent.parent / "src" / "text.txt").read_text()
assert text == ORIGINAL, "the text is another one"
packed = text
for long, short in RULES:
    packed = packed.replace(long, short)
for long, short in reversed(RULES):
    packed = packed.replace(short, long)
assert packed == text, packed
