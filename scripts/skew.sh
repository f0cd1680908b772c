#!/usr/bin/env bash
# Two releases in one swarm, as real processes: this build and that of an older commit.
#   scripts/skew.sh OLD_COMMIT [BUILD]     BUILD: where the older one is built (kept; default: temporary)
# Each lab of 40 experiments must end whole: each number once, no lease left, the true best.
set -euo pipefail
cd "$(dirname "$0")/.."
commit=${1:?OLD_COMMIT}
work=$(mktemp -d)
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
new=$PWD/build/release/swarmlab
[ -x "$new" ] || scripts/build.sh >/dev/null
source=${2:-$work/source}
scripts/build-release.sh "$commit" "$source"
old=$(cd "$source" && pwd)/build/release/swarmlab

make_lab() {  # FOLDER
  mkdir -p "$1/artifact"
  printf '[lab]\nname = "skew"\n[artifact]\neditable = ["artifact/**"]\n[metric]\nname = "score"\ndirection = "maximize"\n[evaluator]\ncommand = "sh measure.sh"\n[agent]\ncommand = "sh agent.sh"\n[stop]\nplateau_threshold = 0\nmax_iterations = 40\n' > "$1/lab.toml"
  echo 'echo "METRIC score=$(cat artifact/value.txt)"' > "$1/measure.sh"
  echo 'echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt' > "$1/agent.sh"
  echo 1 > "$1/artifact/value.txt"
  git -C "$1" init -q -b main
  git -C "$1" add -A
  git -C "$1" -c user.name=Skew -c user.email=skew@localhost commit -q -m lab
}

swarm() {  # NAME COORDINATOR WORKER... each "PROGRAM" or "PROGRAM WORDS"
  local name=$1 coordinator=$2 lab=$work/$1 number=0 worker
  shift 2
  make_lab "$lab"
  local address=ipc://$lab/.swarmlab/skew.sock begun=$SECONDS
  (cd "$lab" && exec "$coordinator" coordinator --listen "$address" >"$work/$name.log" 2>&1) &
  pids+=($!)
  for worker in "$@"; do
    number=$((number + 1))
    # shellcheck disable=SC2086 # words of its own
    (cd "$lab" && exec ${worker%% *} worker --connect "$address" --name "w$number" --folder "$work/$name-w$number" $([ "${worker#* }" = "$worker" ] || echo "${worker#* }") >"$work/$name-w$number.log" 2>&1) &
    pids+=($!)
  done
  for asker in "$new" "$old"; do  # either command line asks either coordinator
    until "$asker" labs --json --connect "$address" 2>/dev/null | grep -q '"state":"stopped"'; do
      [ $((SECONDS - begun)) -lt 120 ] || { echo "$name: not done after 120 s"; tail -n 20 "$work/$name"*.log; exit 1; }
      sleep 0.2
    done
    "$asker" experiments --json --connect "$address" > "$work/$name.json"
    "$asker" labs --json --connect "$address" > "$work/$name-labs.json"
    python3 - "$work/$name.json" "$work/$name-labs.json" <<'END'
import json, sys
experiments, labs = (json.load(open(name)) for name in sys.argv[1:])
numbers = sorted(e["number"] for e in experiments)
assert numbers == list(range(1, 42)), numbers
assert labs[0]["running"] == 0 and labs[0]["best"] == max(e["score"] for e in experiments if e["verdict"] == "keep"), labs
assert {e["worker"] for e in experiments} >= {"w1"}, "a worker did nothing"
END
  done
  echo "$name: 41 experiments, each once ($((SECONDS - begun)) s)"
  kill -9 "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  pids=()
}

swarm old-workers-new-coordinator "$new" "$old" "$old"
swarm new-workers-old-coordinator "$old" "$new" "$new"
swarm mixed-workers-new-coordinator "$new" "$old" "$new" "$new --speak-protocol 1"
swarm mixed-workers-old-coordinator "$old" "$old" "$new"
