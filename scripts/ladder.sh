#!/bin/sh
# What a ladder finds and spends in made-up searches whose large scale is expensive: writes the
# table into docs/ladder.md.
#   scripts/ladder.sh [SEEDS]
set -eu
cd "$(dirname "$0")/.."
cmake --preset release >/dev/null
cmake --build --preset release --target ladder >/dev/null
table=$(mktemp)
trap 'rm -f "$table"' EXIT
build/release/bench/ladder "${1:-20}" >"$table"
sed -i -e '/<!-- ladder: begin -->/,/<!-- ladder: end -->/{//!d}' -e "/<!-- ladder: begin -->/r $table" docs/ladder.md
