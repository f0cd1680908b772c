#!/usr/bin/env bash
# Runs many seeds of the simulation, and ends with what failed, how to replay it, and the figures.
#   scripts/simulate.sh [COUNT] [FROM] [STEPS]     100,000 seeds from 1,000,001 on, 2,000 steps each, by default;
#                                                  SWARMLAB_JOBS=N: at once, as many as there are cores by default
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-100000}
from=${2:-1000001}
steps=${3:-2000}
jobs=${SWARMLAB_JOBS:-$(nproc)}
if [ -z "${SWARMLAB_SIMULATION:-}" ]; then
  cmake --preset release -DBUILD_TESTING=ON >/dev/null
  cmake --build --preset release --target simulation >/dev/null
  SWARMLAB_SIMULATION=$PWD/build/release/tests/simulation/simulation
fi
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
part=500
begin=$(date +%s)
# Parts, as one that finds something early leaves its core to the others.
seq "$from" "$part" "$((from + count - 1))" |
  xargs -P "$jobs" -I{} sh -c '
    first=$1; left=$(($2 + $3 - first)); [ "$left" -gt "$4" ] && left=$4
    "$5" --from "$first" --count "$left" --steps "$6" >"$7/$first" 2>&1
    status=$?; [ "$status" -le 1 ] || echo "seeds $first and $left on: ended with status $status" >>"$7/$first"
  ' _ {} "$from" "$count" "$part" "$SWARMLAB_SIMULATION" "$steps" "$logs"
grep -hv ' seeds/s$' "$logs"/* || true
# A part that died told no sum: its seeds are missing, and that is a failure too.
awk -F ', ' -v took="$(($(date +%s) - begin))" -v wanted="$count" '
  / seeds\/s$/ {
    for (i = 1; i <= NF - 2; ++i) {  # a number and what it is of; the last two are times
      what = $i; sub(/^[0-9]+ /, "", what)
      if (!(what in sum)) order[++kinds] = what
      sum[what] += $i
    }
  }
  END {
    for (i = 1; i <= kinds; ++i) printf "%d %s, ", sum[order[i]], order[i]
    printf "%d seeds wanted, %d s, %.0f seeds/s\n", wanted, took, sum["seeds"] / (took ? took : 1)
    exit sum["failed"] > 0 || sum["seeds"] != wanted
  }' "$logs"/*
