#!/bin/bash
set -euo pipefail
cd "$(dirname "$0")/.."
python3 -m py_compile src/sort.py
python3 - <<'PYTHON' | tee measured.log
import sys
sys.path.insert(0, "src")
import sort
from words.fixed import TEXT
from words.split import words

class Counted(str):
    compared = 0
    def __lt__(self, other):
        Counted.compared += 1
        return str.__lt__(self, other)

sort.sort([Counted(word) for word in words(TEXT)])
print(f"METRIC comparisons={Counted.compared}")
PYTHON
echo "METRIC lines=$(wc -l < src/sort.py)" >&2
