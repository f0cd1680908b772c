#!/usr/bin/env bash
# Kills a coordinator again and again while its workers live on, then checks that nothing it acknowledged is lost or
# counted twice. Ends with the figures.
#   scripts/kill_coordinator.sh [COUNT]     200 kills by default; SWARMLAB_SEED=N repeats a run's choices;
#                                           SWARMLAB_OLD_WORKERS=1: half of the workers speak the protocol before
set -euo pipefail
cd "$(dirname "$0")/.."
kills=${1:-200}
if [ -z "${SWARMLAB:-}" ]; then
  scripts/build.sh release
  SWARMLAB=$PWD/build/release/swarmlab
fi
export SWARMLAB SWARMLAB_KILLS=$kills PYTHONDONTWRITEBYTECODE=1
exec python3 tests/end_to_end/kills_coordinator.py
