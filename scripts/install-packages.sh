#!/usr/bin/env bash
# Installs what scripts/packages.txt names and the machine lacks.
#   scripts/install-packages.sh build run     only what these need; without words: everything
set -euo pipefail
cd "$(dirname "$0")/.."
kinds=("${@:-build test run}")
mapfile -t wanted < <(awk -v kinds=" ${kinds[*]} " '
  !/^#/ {n = split($1, of, ","); for (i = 1; i <= n; i++) if (index(kinds, " " of[i] " ")) {print $2; break}}' scripts/packages.txt)
missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
echo "installing: ${missing[*]}" >&2
sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "missing packages: ${missing[*]}; run as root: apt-get install ${missing[*]}" >&2; exit 1; }
  sudo=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
