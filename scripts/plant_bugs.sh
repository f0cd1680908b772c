#!/usr/bin/env bash
# Plants each bug of tests/simulation/planted in a simulation of its own and tells how many seeds, from 1 on, it
# takes to find it, and at which step of the last: a table.
#   scripts/plant_bugs.sh [COUNT]     seeds to try, 5,000 by default
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-5000}
bugs=$(basename -a -s .bug tests/simulation/planted/*.bug)
cmake --preset release -DBUILD_TESTING=ON >/dev/null
# shellcheck disable=SC2046
cmake --build --preset release --target $(printf 'simulation_%s ' $bugs) >/dev/null
missed=0
echo "| bug | seeds | step | found as |"
echo "| --- | --- | --- | --- |"
for bug in $bugs; do
  said=$("build/release/tests/simulation/planted/simulation_$bug" --find --from 1 --count "$count") || missed=1
  what=$(head -1 "tests/simulation/planted/$bug.bug")
  seed=$(sed -n 's/^found by seed //p' <<<"$said")
  step=$(sed -n 's/^seed [0-9]* FAILED at step \([0-9]*\): .*/\1/p' <<<"$said")
  how=$(sed -n 's/^seed [0-9]* FAILED at step [0-9]*: //p; s/^seed [0-9]* FAILED at an/an/p' <<<"$said" | head -1)
  echo "| ${what%.} | ${seed:-none} | ${step:--} | $how |"
done
exit "$missed"
