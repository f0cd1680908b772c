#!/usr/bin/env bash
# The long form of the tests about workers that are killed, alone and many at once, that sleep past their leases, that an
# experiment kills, and whose links go away: half an hour. The short form is in the test suite. The last needs root.
#   scripts/lost_workers.sh      SWARMLAB_SEED=N repeats a run's choices; each number may be given
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${SWARMLAB:-}" ]; then
  scripts/build.sh release
  SWARMLAB=$PWD/build/release/swarmlab
fi
export SWARMLAB PYTHONDONTWRITEBYTECODE=1
export SWARMLAB_KILLS=${SWARMLAB_KILLS:-200}   # of one worker, and then as many with the coordinator
export SWARMLAB_LOSSES=${SWARMLAB_LOSSES:-20}  # of half of the workers or all
export SWARMLAB_SLEEPS=${SWARMLAB_SLEEPS:-100} # longer than a lease
export SWARMLAB_POISONS=${SWARMLAB_POISONS:-20} # experiments that kill three workers each
export SWARMLAB_CUTS=${SWARMLAB_CUTS:-50}      # of links: of one, half or all, one way or both
python3 tests/end_to_end/kills_workers.py
python3 tests/end_to_end/poison.py
exec python3 tests/end_to_end/partitions.py
