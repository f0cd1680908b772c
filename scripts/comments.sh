#!/usr/bin/env bash
# Whether luck is kept: runs examples/faster-parser with an agent that only adds comments, but for one real speed-up,
# and tells what was kept, with the judge as the lab has it and with one run deciding (confidence = 0).
#   scripts/comments.sh [EXPERIMENTS]     100 by default; runs of the evaluator are real, so the machine's load matters
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-100}
if [ -z "${SWARMLAB:-}" ]; then
  scripts/build.sh release
  SWARMLAB=$PWD/build/release/swarmlab
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for confidence in 0.95 0; do
  lab=$folder/of-$confidence
  cp -r examples/faster-parser "$lab"
  sed -i "s/^confidence = .*/confidence = $confidence/; s/^max_repeats = .*/max_repeats = 5/" "$lab/lab.toml"
  sed -i "s/^max_iterations = .*/max_iterations = $count/; s/^plateau_threshold = .*/plateau_threshold = 0/" "$lab/lab.toml"
  cat > "$lab/agent.py" <<END
import os, pathlib
number = int(os.environ["SWARMLAB_EXPERIMENT"])
part = pathlib.Path("parser/read.h")
if number == $((count / 2)):
    part.write_text(pathlib.Path("catalogue/read/blocks_512k.h").read_text())
part.write_text(part.read_text() + f"// {number}\n")
END
  git -C "$lab" init -q
  git -C "$lab" add -A
  git -C "$lab" -c user.name=swarmlab -c user.email=swarmlab@localhost commit -qm "A lab of comments"
  begin=$(date +%s)
  "$SWARMLAB" run "$lab" --workers "${WORKERS:-2}" >/dev/null 2>"$folder/log" || { cat "$folder/log"; exit 1; }
  "$SWARMLAB" experiments --last 100000 --json "$lab" | python3 -c "
import json, sys
experiments = json.load(sys.stdin)
explored = [e for e in experiments if e['kind'] == 'explore']
kept = [e['number'] for e in explored if e['verdict'] == 'keep']
runs = sum(len(e['measurements']) for e in experiments)
real = $((count / 2))
print(f'confidence $confidence: {len(explored)} experiments in $(($(date +%s) - begin)) s, {runs} runs of the evaluator; '
      f'kept {len(kept)}, of them {len([n for n in kept if n != real])} that changed nothing; '
      f'the real speed-up was {\"kept\" if real in kept else \"discarded\"}')"
done
