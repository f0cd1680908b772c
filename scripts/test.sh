#!/usr/bin/env bash
# Installs what is missing, builds, runs all tests, and ends with ctest's summary.
#   scripts/test.sh [PRESET]     release (default), debug, asan-ubsan or tsan
# End-to-end tests that failed beside all others run once more, alone. One that passes then is named
# as FLAKY: it is a fault to be found, of the test or of the program, but not what was just changed.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
scripts/install-packages.sh
scripts/build.sh "$preset" all -DBUILD_TESTING=ON
status=0
ctest --preset "$preset" -j "$(nproc)" || status=$?
failed=$(sed -n 's/^[0-9]*://p' "build/$preset/Testing/Temporary/LastTestsFailed.log" 2>/dev/null || true)
[ "$status" -eq 0 ] && exit 0
if [ -z "$failed" ] || grep -qv '^end_to_end\.' <<<"$failed"; then exit "$status"; fi
echo "Once more, alone:" $failed
ctest --preset "$preset" --rerun-failed
echo "FLAKY (failed beside others, passed alone):" $failed
