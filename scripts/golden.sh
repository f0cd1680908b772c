#!/usr/bin/env bash
# Writes the golden files of a release: messages, a spool and a store as its own build writes them.
#   scripts/golden.sh COMMIT FOLDER [BUILD]    gives FOLDER/messages/, FOLDER/store/, FOLDER/store.tar.gz
# They are kept in tests/golden/protocol-N and store-N, and read by the tests of every later release.
set -euo pipefail
cd "$(dirname "$0")/.."
commit=${1:?COMMIT}
mkdir -p "${2:?FOLDER}"
target=$(cd "$2" && pwd)
work=$(mktemp -d)
coordinator='' worker=''
source=${3:-$work/source}  # where that release is built
trap 'kill -9 $coordinator $worker 2>/dev/null || true; rm -rf "$work"' EXIT

scripts/build-release.sh "$commit" "$source"
cp tests/golden/write_messages.cc "$source/bench/"
if ! grep -q write_messages "$source/bench/CMakeLists.txt"; then
  cat >> "$source/bench/CMakeLists.txt" <<'END'
add_executable(write_messages write_messages.cc)
target_link_libraries(write_messages PRIVATE common_wire worker_spool schemas)
END
fi
scripts/build-release.sh "$commit" "$source" write_messages
swarmlab=$source/build/release/swarmlab

rm -rf "$target/messages"
mkdir -p "$target/messages" "$target/store"
"$source/build/release/bench/write_messages" "$target/messages"

# A store: a lab that has ended, one that runs, both with experiments of several verdicts; leases
# that are held, by a worker that is gone; and a coordinator that had no time to close.
lab() {  # NAME MAX_ITERATIONS
  mkdir -p "$work/repo/$1/artifact"
  cat > "$work/repo/$1/lab.toml" <<END
[lab]
name = "$1"
[artifact]
editable = ["artifact/**"]
[metric]
name = "score"
direction = "maximize"
[evaluator]
command = "sh measure.sh"
[agent]
command = "sh agent.sh"
timeout = "60s"
env = ["GOLDEN_PAUSE"]
[stop]
plateau_threshold = 0
max_iterations = $2
END
  echo 'echo "METRIC score=$(cat artifact/value.txt)"' > "$work/repo/$1/measure.sh"
  cat > "$work/repo/$1/agent.sh" <<'END'
[ "$SWARMLAB_EXPERIMENT" -gt 8 ] && sleep "${GOLDEN_PAUSE:-0}"
case $(( SWARMLAB_EXPERIMENT % 4 )) in
  0) exit 3 ;;
  1) exit 0 ;;
  *) echo "$SWARMLAB_EXPERIMENT" > artifact/value.txt ;;
esac
printf '{"hypothesis": "set it to %s", "cost": {"usd": 0.25}}' "$SWARMLAB_EXPERIMENT" > "$SWARMLAB_OUTCOME"
END
  echo 1 > "$work/repo/$1/artifact/value.txt"
}
lab ended 5
lab running 40
cd "$work/repo"
git init -q -b main
git add -A
git -c user.name=Golden -c user.email=golden@localhost commit -q -m "labs"
address="ipc://$work/c/sock"
GOLDEN_PAUSE=0 "$swarmlab" run ended --workers 2 >"$work/run.log" 2>&1 || { cat "$work/run.log"; exit 1; }
GOLDEN_PAUSE=0 "$swarmlab" coordinator running --listen "$address" >"$work/coordinator.log" 2>&1 &
coordinator=$!
GOLDEN_PAUSE=50 "$swarmlab" worker --connect "$address" --name golden --slots 2 --folder "$work/worker" >"$work/worker.log" 2>&1 &
worker=$!
for _ in $(seq 600); do
  [ "$("$swarmlab" experiments --lab running --verdict running --json --connect "$address" 2>/dev/null | grep -o '"number": *\(9\|1[0-9]\)' | wc -l)" -ge 2 ] && break
  sleep 0.1
done
for lab in ended running; do
  "$swarmlab" experiments --lab $lab --json --connect "$address" > "$target/store/experiments-$lab.json"
  "$swarmlab" results --lab $lab --connect "$address" > "$target/store/results-$lab.tsv"
  "$swarmlab" best --lab $lab --json --connect "$address" > "$target/store/best-$lab.json"
done
"$swarmlab" labs --json --connect "$address" > "$target/store/labs.json"
"$swarmlab" events --json --connect "$address" > "$target/store/events.json"
kill -9 $coordinator $worker
wait $coordinator $worker 2>/dev/null || true
coordinator='' worker=''
cd "$work/repo/.swarmlab"
rm -f store/LOG* store.ballast
tar -czf "$target/store.tar.gz" --owner=0 --group=0 store* objects.git
