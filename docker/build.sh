#!/usr/bin/env bash
# Builds the images swarmlab/NAME:VERSION with docker, or podman (ENGINE=podman).
#   docker/build.sh [OPTION...] [coordinator | worker | agent-claude | agent-codex | agent-pi | agent-opencode | all]...
# Without names: coordinator and worker.
#   --program PATH    put this program in, instead of compiling one in a container
#   --base IMAGE      what all are made of (default: debian:bookworm-slim)
#   --mirror ADDRESS  where Debian's packages come from, such as http://deb.debian.org; "base": as the base has it.
#                     Default: Debian's archive of snapshots, at the moment that docker/pin.sh wrote down
#   --lock FILE       another list of versions than docker/debian-ARCHITECTURE.lock
#   --prefix NAME     instead of swarmlab/
#   --ca FILE         certificates (PEM) to trust while agents are fetched from npm; not in the images
#   --network NAME    network of what runs while building
#   --no-cache        begin anew
set -euo pipefail
cd "$(dirname "$0")/.."
engine=${ENGINE:-docker}
base=debian:bookworm-slim mirror='' program='' lock='' ca='' prefix=swarmlab registry=${NPM_REGISTRY:-}
options=()
names=()
while [ $# -gt 0 ]; do
  case $1 in
  --program) program=$(realpath "$2"); shift ;;
  --base) base=$2; shift ;;
  --mirror) mirror=$2; shift ;;
  --lock) lock=$(realpath "$2"); shift ;;
  --prefix) prefix=$2; shift ;;
  --ca) ca=$(realpath "$2"); shift ;;
  --network) options+=(--network "$2"); shift ;;
  --no-cache) options+=(--no-cache) ;;
  coordinator | worker) names+=("$1") ;;
  agent-*) [ -d "docker/agents/${1#agent-}" ] || { echo "docker/build.sh: no such agent: $1" >&2; exit 2; }; names+=("$1") ;;
  all) names+=(coordinator worker); for folder in docker/agents/*/; do names+=("agent-$(basename "$folder")"); done ;;
  *) echo "docker/build.sh: $1 is no option and no image" >&2; sed -n '2,/^set/p' "$0" | grep '^#' >&2; exit 2 ;;
  esac
  shift
done
[ ${#names[@]} -gt 0 ] || names=(coordinator worker)
version=$(sed -n 's/^project(swarmlab VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

# A context of what is named on stdin, the same bytes whoever checked it out and when.
context() {  # FOLDER
  tar -C "$1" --null -T - --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX,go-w -c
}
build() {  # DOCKERFILE TAG OPTION...; the context on stdin
  local file=$1 tag=$2
  shift 2
  echo "== $tag" >&2
  "$engine" build --file "$file" --tag "$tag" --build-arg BASE="$base" --build-arg MIRROR="$mirror" --build-arg VERSION="$version" \
    --build-arg REVISION="$revision" "${options[@]}" "$@" -
}
mkdir -p "$stage/scripts"
cp -r docker "$stage/docker"
cp scripts/packages.txt scripts/install-packages.sh "$stage/scripts/"
mkdir "$stage/docker/ca"
cp "${ca:-/dev/null}" "$stage/docker/ca/more.pem"
[ -z "$lock" ] || cp "$lock" "$stage/docker/debian-$(dpkg --print-architecture 2>/dev/null || echo amd64).lock"

made=$prefix/program:$version
if [ -n "$program" ]; then
  strip -o "$stage/swarmlab" "$program" 2>/dev/null || cp "$program" "$stage/swarmlab"
  printf 'docker/program.Dockerfile\0swarmlab\0' | context "$stage" | build docker/program.Dockerfile "$made"
elif printf '%s\n' "${names[@]}" | grep -qv '^agent-'; then
  { git ls-files -z --cached --others --exclude-standard 2>/dev/null || find . -type f ! -path './build/*' -print0; } |
    context . | build docker/compile.Dockerfile "$made"
fi
for name in "${names[@]}"; do
  case $name in
  agent-*)
    agent=${name#agent-}
    printf 'docker\0scripts\0' | context "$stage" |
      build docker/agent.Dockerfile "$prefix/$name:$version" --build-arg WORKER="$prefix/worker:$version" --build-arg AGENT="$agent" \
        --build-arg NPM_REGISTRY="$registry"
    ;;
  *)
    printf 'docker\0scripts\0' | context "$stage" |
      build docker/Dockerfile "$prefix/$name:$version" --target "$name" --build-arg PROGRAM="$made"
    ;;
  esac
done
