#!/bin/bash
# Reminds of the ideas that nobody tried yet.
set -euo pipefail
line=$(cat)
next=$(printf '%s' "$line" | python3 -c 'import json, sys; print(json.load(sys.stdin)["next_run"])')
echo "Before run $next: merge sort was not tried yet."
