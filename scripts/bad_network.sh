#!/usr/bin/env bash
# A coordinator and eight workers on machines of their own (network namespaces), over a network that loses packets,
# delays and cuts off, while processes are killed. Ends with the figures. Needs root.
#   scripts/bad_network.sh [EXPERIMENTS]     400 by default; SWARMLAB_SEED=N, SWARMLAB_OLD_WORKERS=1
set -euo pipefail
cd "$(dirname "$0")/.."
export SWARMLAB_EXPERIMENTS=${1:-400}
if [ -z "${SWARMLAB:-}" ]; then
  scripts/build.sh release
  SWARMLAB=$PWD/build/release/swarmlab
fi
export SWARMLAB PYTHONDONTWRITEBYTECODE=1
exec python3 tests/end_to_end/networks.py
