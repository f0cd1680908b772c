#!/usr/bin/env bash
# Formats all C++ sources; with --check only tells which files differ.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i)
[ "${1:-}" = --check ] && mode=(--dry-run --Werror)
git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cc' ':!examples' | xargs -0 -r clang-format "${mode[@]}"
