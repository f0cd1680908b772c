#!/usr/bin/env bash
# Installs what is missing, builds, and lets 4 workers improve the circle-packing example for a few minutes.
#   scripts/demo.sh [EXPERIMENTS]     60 by default
# The lab is a copy with a git repository of its own in build/demo: nothing else is touched.
set -euo pipefail
cd "$(dirname "$0")/.."
experiments=${1:-60}
scripts/install-packages.sh build run
scripts/build.sh
swarmlab=$PWD/build/release/swarmlab
lab=$PWD/build/demo/circle-packing
if [ ! -d "$lab/.git" ]; then
  mkdir -p "$lab"
  cp -r examples/circle-packing/. "$lab/"
  git -C "$lab" init -q -b main
  git -C "$lab" add -A
  git -C "$lab" -c user.name=demo -c user.email=demo@localhost commit -q -m "Circle packing: the lab as it comes"
fi
"$swarmlab" run "$lab" --workers 4 --max-iterations "$experiments"
cd "$lab"
"$swarmlab" results --last 15 --format table
"$swarmlab" plot --quiet --mark 2.635=AlphaEvolve --out "$lab/progress.svg"
best=$("$swarmlab" best --quiet --json | sed -n '0,/"number"/s/.*"number": *\([0-9]*\).*/\1/p')
cat <<END

The progress picture: $lab/progress.svg

The lab is a git repository of its own. What to try next:
  cd $lab
  PATH=${swarmlab%/*}:\$PATH
  swarmlab status                  # what the swarm knows, at one look
  swarmlab show $best                 # the winner: why it was kept, how it was found, its diff
  swarmlab export                  # the winning chain as a branch of this repository
  swarmlab run --max-iterations $((experiments * 2))   # go on from where it stopped
  swarmlab init ~/my-lab           # a lab of your own; docs/guide.md tells more
END
