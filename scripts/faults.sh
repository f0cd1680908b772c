#!/bin/sh
# The long form of the tests about damage and failing disks: an hour or two. The short form is in the
# test suite. Build first: scripts/build.sh release. Some need to mount a tmpfs: run it as root.
# Every size may be given, such as SWARMLAB_POWER=50 SWARMLAB_SYNCS=1-10.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/release}
store=$build/coordinator_store_test
SWARMLAB=$(realpath "$build/swarmlab")
SWARMLAB_FAILING_DISK=$(realpath "$build/tests/libfailing_disk.so")
SWARMLAB_SEED=${SWARMLAB_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
export SWARMLAB SWARMLAB_FAILING_DISK SWARMLAB_SEED PYTHONDONTWRITEBYTECODE=1

echo "SWARMLAB_SEED=$SWARMLAB_SEED"
echo "== bytes flipped, in eleven kinds of files"
SWARMLAB_FLIPS=${SWARMLAB_FLIPS:-50} "$store" --gtest_filter='Damage.*'
echo "== backups of a busy swarm, each restored"
SWARMLAB_BACKUPS=${SWARMLAB_BACKUPS:-100} "$store" --gtest_filter='Backup.IsSoundHoweverBusy*'
echo "== without power, again and again"
SWARMLAB_POWER=${SWARMLAB_POWER:-500} "$store" --gtest_filter='PowerLoss.*'
echo "== each named point"
SWARMLAB_TIMES=${SWARMLAB_TIMES:-5} python3 tests/end_to_end/crash_points.py
echo "== syncs fail, one after the other"
SWARMLAB_SYNCS=${SWARMLAB_SYNCS:-1-200} python3 tests/end_to_end/failing_disks.py
echo "== full disks"
SWARMLAB_TIMES=${SWARMLAB_TIMES:-20} python3 tests/end_to_end/full_disks.py
