#!/bin/sh
# Measures how well the judge decides, beside the rules of other tools, and how well in two metrics at
# once; writes the tables into docs/judging.md.
#   scripts/judges.sh [CANDIDATES] [SEED]
set -eu
cd "$(dirname "$0")/.."
cmake --preset release >/dev/null
cmake --build --preset release --target judges frontiers >/dev/null
table=$(mktemp)
trap 'rm -f "$table"' EXIT
build/release/bench/judges "${1:-20000}" "${2:-1}" >"$table"
sed -i -e '/<!-- judges: begin -->/,/<!-- judges: end -->/{//!d}' -e "/<!-- judges: begin -->/r $table" docs/judging.md
build/release/bench/frontiers "${1:-20000}" "${2:-1}" >"$table"
sed -i -e '/<!-- several: begin -->/,/<!-- several: end -->/{//!d}' -e "/<!-- several: begin -->/r $table" docs/judging.md
