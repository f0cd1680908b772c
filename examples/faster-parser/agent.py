"""The bundled agent: replaces one part of the parser by another from a catalogue.

It stands in for a coding agent, and is no language model: what it "thinks" stands in the first lines of the files in
catalogue/. It skips the combinations that results.tsv or the brief already name, prefers ideas that nobody tried, and
begins to look at a place in the catalogue that the experiment's number gives: so parallel experiments rarely meet.
"""

import json
import os
import re
from pathlib import Path

PARTS = ["read", "fields", "number"]
PARSER, CATALOGUE = Path("parser"), Path("catalogue")
STRIDE = 5  # experiments that run at once begin this far apart in the catalogue
TAG = re.compile(r"\[read=\w+ fields=\w+ number=\w+\]")


def main():
    number = int(os.environ.get("SWARMLAB_EXPERIMENT", "0"))
    current = {part: name_of(part) for part in PARTS}
    tried = set(TAG.findall(text_of("SWARMLAB_RESULTS", "results.tsv") + text_of("SWARMLAB_BRIEF", "brief.md")))
    choices = untried(current, tried, number)
    if not choices:
        write_outcome("the catalogue has nothing left for this parser", "", f"{len(tried)} combinations were tried")
        return
    part, path = choices[0]
    text = path.read_text()
    (PARSER / f"{part}.h").write_text(text)
    tag = tag_of({**current, part: path.stem})
    write_outcome(
        f"{said(text, 'Hypothesis')} {tag}",
        said(text, "Mechanism"),
        f"{part}.h: {path.stem} in place of {current[part]}; {len(choices)} single changes were left to choose from",
    )


def untried(current, tried, number):
    """(part, file) of every change whose result nobody knows; where possible, of ideas that were never tried at all."""
    catalogue = [(part, path) for part in PARTS for path in sorted((CATALOGUE / part).glob("*.h"))]
    first = number * STRIDE % len(catalogue)
    choices = [
        (part, path)
        for part, path in catalogue[first:] + catalogue[:first]
        if path.stem != current[part] and tag_of({**current, part: path.stem}) not in tried
    ]
    seen = {word for tag in tried for word in tag.strip("[]").split()}
    return [(part, path) for part, path in choices if f"{part}={path.stem}" not in seen] or choices


def name_of(part):
    """The catalogue's name of what the parser has now."""
    text = (PARSER / f"{part}.h").read_text()
    same = [path.stem for path in sorted((CATALOGUE / part).glob("*.h")) if path.read_text() == text]
    return same[0] if same else "first"


def tag_of(names):
    return "[" + " ".join(f"{part}={names[part]}" for part in PARTS) + "]"


def said(text, what):
    return re.search(rf"^// {what}: (.*)$", text, re.MULTILINE).group(1)


def text_of(variable, otherwise):
    try:
        return Path(os.environ.get(variable, otherwise)).read_text(errors="replace")
    except OSError:
        return ""


def write_outcome(hypothesis, mechanism, notes):
    outcome = {"hypothesis": hypothesis, "mechanism": mechanism, "notes": notes}
    Path(os.environ.get("SWARMLAB_OUTCOME", os.devnull)).write_text(json.dumps(outcome, indent=2) + "\n")


if __name__ == "__main__":
    main()
