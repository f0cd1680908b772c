"""The artifact: finds the date in a line of text. Reads lines, prints YYYY-MM-DD or "none" for each."""

import re
import sys

MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}

# Tried in this order; the named groups are what a date is made of.
PATTERNS = [
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)",
]


def extract(text):
    for pattern in PATTERNS:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            year, month, day = (found[part] for part in ("year", "month", "day"))
            month = int(month) if month.isdigit() else MONTHS[month[:3].lower()]
            year = int(year) if len(year) == 4 else 2000 + int(year)
            return f"{year:04d}-{month:02d}-{int(day):02d}"
    return "none"


if __name__ == "__main__":
    for line in sys.stdin:
        print(extract(line.rstrip("\n")))
