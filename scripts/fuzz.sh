#!/usr/bin/env bash
# Feeds hostile bytes to what reads them, by libFuzzer with AddressSanitizer and UBSan:
#   scripts/fuzz.sh SECONDS [TARGET]     SECONDS for each target (default target: all)
# What it learns is kept in build/fuzz/corpus; a finding stays in build/fuzz/findings, and goes to
# tests/fuzz/corpus/TARGET with its fix.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?SECONDS}
targets=(message desk lab_toml records pack words)
[ $# -gt 1 ] && targets=("$2")
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}" ${JOBS:+-j "$JOBS"}
export TEST_TMPDIR=/dev/shm ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=0:malloc_context_size=8 UBSAN_OPTIONS=print_stacktrace=1
mkdir -p build/fuzz/findings
failed=0
for target in "${targets[@]}"; do
  mkdir -p "build/fuzz/corpus/$target"
  log=build/fuzz/$target.log
  if build/fuzz/tests/fuzz_"$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -max_len=65536 \
      -artifact_prefix="build/fuzz/findings/$target-" -print_final_stats=1 \
      "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    echo "$target: $(awk '/number_of_executed_units/{n=$2} /peak_rss_mb/{m=$2} END{print n " executions, " m " MB at most"}' "$log"), $(grep -o 'cov: [0-9]*' "$log" | tail -1)"
  else
    failed=1
    echo "$target: FOUND SOMETHING, see $log"
    tail -40 "$log"
  fi
done
exit $failed
