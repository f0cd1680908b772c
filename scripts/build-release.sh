#!/usr/bin/env bash
# Builds another release beside this one, for tests of several releases together.
#   scripts/build-release.sh COMMIT FOLDER [TARGET...]    FOLDER is kept: building again is quick
set -euo pipefail
cd "$(dirname "$0")/.."
commit=$(git rev-parse --verify "${1:?COMMIT}^{commit}")
folder=${2:?FOLDER}
shift 2
[ -d "$folder/.git" ] || git clone -q . "$folder"
[ "$(git -C "$folder" rev-parse HEAD)" = "$commit" ] || git -C "$folder" -c advice.detachedHead=false checkout -q "$commit"
cmake -S "$folder" --preset release -DBUILD_TESTING=OFF >/dev/null
cmake --build "$folder/build/release" --target "${@:-swarmlab}" -j "${JOBS:-2}" >/dev/null
