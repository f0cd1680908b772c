#!/usr/bin/env bash
# Installs what is missing, builds, runs all tests, and ends with ctest's summary.
#   scripts/test.sh [PRESET]     release (default), debug, asan-ubsan or tsan
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
scripts/install-packages.sh
scripts/build.sh "$preset" all -DBUILD_TESTING=ON
ctest --preset "$preset" -j "$(nproc)"
