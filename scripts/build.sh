#!/usr/bin/env bash
# Builds the program, or what is named.
#   scripts/build.sh [PRESET [TARGET [CMAKE OPTION...]]]
# PRESET is release (default), debug, asan-ubsan or tsan; TARGET swarmlab (default), all, or one of bench/.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
target=${2:-swarmlab}
# Tests want packages that the program does not: who wants them says so, and a folder remembers it.
[ -f "build/$preset/CMakeCache.txt" ] || set -- "$preset" "$target" -DBUILD_TESTING=OFF "${@:3}"
cmake --preset "$preset" "${@:3}" >/dev/null
cmake --build --preset "$preset" --target "$target"
