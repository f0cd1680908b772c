#!/usr/bin/env bash
# Installs what is missing, builds, and lets 4 workers improve the circle-packing example for a few minutes.
#   scripts/demo.sh [EXPERIMENTS]     60 by default
# The lab is a copy with a git repository of its own in build/demo: nothing else is touched.
set -euo pipefail
cd "$(dirname "$0")/.."
experiments=${1:-60}
scripts/install-packages.sh build run
scripts/build.sh release -DBUILD_TESTING=OFF
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
"$swarmlab" plot --out "$lab/progress.svg"
cat <<END

The lab is in $lab. To go on:
  cd $lab
  $swarmlab status                 # what the swarm knows, at one look
  $swarmlab show \$($swarmlab best --json | sed -n 's/.*"number": *\([0-9]*\).*/\1/p' | head -1)   # the winner: why, how, its diff
  $swarmlab export                 # the winning chain as a branch of this repository
  $swarmlab run --max-iterations $((experiments * 2))   # go on from where it stopped
  $swarmlab init ../my-lab         # a lab of your own
END
