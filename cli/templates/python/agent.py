"""The bundled agent: adds one pattern from a list to pipeline/extract.py. A stand-in for a coding agent; no language model.

It skips what results.tsv or the brief already name for this parent's patterns, and begins at a place in the list that the
experiment's number gives, so that parallel experiments try different patterns.
"""

import json
import os
from pathlib import Path

EXTRACT = Path("pipeline/extract.py")
END = "]\n\n\ndef extract"
IDEAS = [  # label, pattern, why
    ("dotted", r"\b(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d\d)\b", "dates with dots are written day first"),
    ("dotted loosely", r"(?P<day>\d+)\.(?P<month>\d)(?P<year>\d)", "anything with a dot may be a date"),
    ("slashes, month first", r"\b(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})\b", "dates with slashes are American"),
    ("slashes, day first", r"\b(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})\b", "dates with slashes are European"),
    ("year first", r"\b(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)\b", "a year in front settles the order"),
    ("compact", r"(?P<year>(?:19|20)\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d)", "eight digits in file names are dates"),
    ("month name first", r"\b(?P<month>[a-z]{3,9}) (?P<day>\d{1,2})(?:st|nd|rd|th)?, (?P<year>\d{4})", "in prose the month is a word"),
    ("day, month name", r"\b(?P<day>\d{1,2}) (?P<month>[a-z]{3,9}) (?P<year>\d{4})", "British prose puts the day first"),
    ("ordinal of month", r"\b(?P<day>\d{1,2})(?:st|nd|rd|th) of (?P<month>[a-z]{3,9}) (?P<year>\d{4})", "days are also ordinals"),
    ("digits with dashes", r"(?P<year>\d+)-(?P<month>\d+)-(?P<day>\d+)", "dashes always separate dates"),
]


def main():
    number = int(os.environ.get("SWARMLAB_EXPERIMENT", "0"))
    text = EXTRACT.read_text(encoding="utf-8")
    have = sum(pattern in text for _, pattern, _ in IDEAS)
    told = text_of("SWARMLAB_RESULTS", "results.tsv") + text_of("SWARMLAB_BRIEF", "brief.md")
    first = number % len(IDEAS)
    for label, pattern, why in IDEAS[first:] + IDEAS[:first]:
        hypothesis = f"{why} (pattern: {label}, after {have})"
        if pattern in text or hypothesis in told:
            continue
        EXTRACT.write_text(text.replace(END, f'    r"{pattern}",\n{END}'), encoding="utf-8")
        write_outcome(hypothesis, "a line that no pattern matched gets a date; the patterns before it are asked first")
        return
    write_outcome("no idea is left", "")


def text_of(variable, otherwise):
    try:
        return Path(os.environ.get(variable, otherwise)).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def write_outcome(hypothesis, mechanism):
    outcome = {"hypothesis": hypothesis, "mechanism": mechanism}
    Path(os.environ.get("SWARMLAB_OUTCOME", os.devnull)).write_text(json.dumps(outcome, indent=2) + "\n")


if __name__ == "__main__":
    main()
