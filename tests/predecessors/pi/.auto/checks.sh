#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
import sys
sys.path.insert(0, "src")
from sort import sort
assert sort(["b", "c", "a", "b"]) == ["a", "b", "b", "c"], sort(["b", "c", "a", "b"])
PYTHON
