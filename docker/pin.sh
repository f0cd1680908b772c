#!/usr/bin/env bash
# Writes down which version of each Debian package images are made of: docker/debian-ARCHITECTURE.lock, as the mirror
# has them now. Run it to take security updates in, look at the difference, build, commit.
#   docker/pin.sh [--base IMAGE] [--mirror ADDRESS] [--network NAME] [--out FILE]
# and which packages of npm the agents are: with --agents, docker/agents/NAME/package-lock.json, by the package.json
# beside it (needs npm).
set -euo pipefail
cd "$(dirname "$0")/.."
engine=${ENGINE:-docker}
base=debian:bookworm-slim mirror=http://deb.debian.org out=''
options=()
while [ $# -gt 0 ]; do
  case $1 in
  --base) base=$2; shift ;;
  --mirror) mirror=$2; shift ;;
  --network) options+=(--network "$2"); shift ;;
  --out) out=$2; shift ;;
  --agents)
    for folder in docker/agents/*/; do
      (cd "$folder" && rm -f package-lock.json &&
        npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --loglevel=error)
    done
    exit 0
    ;;
  *) echo "docker/pin.sh: $1 is no option" >&2; exit 2 ;;
  esac
  shift
done
kinds() {
  awk -v kinds=" $* " '!/^#/ {n = split($1, of, ","); for (i = 1; i <= n; i++) if (index(kinds, " " of[i] " ")) {print $2; break}}' \
    scripts/packages.txt | tr '\n' ' '
}
# Each set for itself, as it is installed: together one might do what another needs.
sets="$(kinds library image)|$(kinds library image run worker)|$(kinds build)|$(kinds npm)"
inside='
set -eu
if [ "$MIRROR" != base ]; then
  rm -rf /etc/apt/sources.list.d/*
  printf "deb %s/debian bookworm main\ndeb %s/debian bookworm-updates main\ndeb %s/debian-security bookworm-security main\n" \
    "$MIRROR" "$MIRROR" "$MIRROR" > /etc/apt/sources.list
fi
apt-get -o Acquire::Retries=5 update -qq >&2
dpkg --print-architecture
apt-get -y -qq dist-upgrade >/dev/null 2>&1
dpkg-query -W -f "Inst \${Package} (\${Version} \n"
IFS="|"
for set in $SETS; do
  IFS=" "
  apt-get -s -o APT::Install-Recommends=false install $set | grep "^Inst"
done'
found=$("$engine" run --rm "${options[@]}" -e MIRROR="$mirror" -e SETS="$sets" -e DEBIAN_FRONTEND=noninteractive --entrypoint sh "$base" -c "$inside")
architecture=$(head -n 1 <<<"$found")
out=${out:-docker/debian-$architecture.lock}
{
  echo "# Versions of Debian packages in images: docker/pin.sh writes this, docker/install.sh holds images to it."
  echo "snapshot $(date -u +%Y%m%dT%H%M%SZ)"
  echo "epoch $(date -u +%s)"
  tail -n +2 <<<"$found" | sed -n 's/^Inst \([^ :]*\)\(:[^ ]*\)\?\( \[[^]]*\]\)\? (\([^ ]*\) .*/package \1 \4/p' | LC_ALL=C sort -u
} > "$out.new"
mv "$out.new" "$out"
echo "$out: $(grep -c ^package "$out") packages" >&2
