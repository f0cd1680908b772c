#!/bin/sh
# Compares policies, judges and numbers of workers in made-up searches, and writes the tables into
# docs/search.md.
#   scripts/search.sh [SEEDS]
set -eu
cd "$(dirname "$0")/.."
cmake --preset release >/dev/null
cmake --build --preset release --target search >/dev/null
tables=$(mktemp)
trap 'rm -f "$tables"' EXIT
build/release/bench/search "${1:-30}" >"$tables"
sed -i -e '/<!-- search: begin -->/,/<!-- search: end -->/{//!d}' -e "/<!-- search: begin -->/r $tables" docs/search.md
