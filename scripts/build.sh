#!/usr/bin/env bash
# Builds one preset: release (default), debug, asan-ubsan or tsan.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
shift || true
cmake --preset "$preset" "$@" >/dev/null
cmake --build --preset "$preset"
