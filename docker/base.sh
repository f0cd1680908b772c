#!/usr/bin/env bash
# Makes a base image from Debian's packages alone, where no registry can be reached: as root, with debootstrap.
#   docker/base.sh TAG [MIRROR]     MIRROR: where this machine has its own packages from, if it is Debian
#   docker/build.sh --base TAG --mirror base
set -euo pipefail
tag=${1:?TAG}
engine=${ENGINE:-docker}
[ "$(id -u)" -eq 0 ] || { echo "docker/base.sh: needs root for debootstrap" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "docker/base.sh: debootstrap is missing: apt-get install debootstrap" >&2; exit 1; }
own=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
  awk '/^deb .*bookworm main/ || /^URIs:/ {for (i = 2; i <= NF; i++) if ($i ~ /^https?:.*debian\/?$/) {print $i; exit}}' || true)
mirror=${2:-${own:-http://deb.debian.org/debian}}
mirror=${mirror%/}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/swarmlab-base.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
debootstrap --variant=minbase bookworm "$work/root" "$mirror" >"$work/log" 2>&1 || { tail -5 "$work/log" >&2; exit 1; }
printf 'deb %s bookworm main\ndeb %s bookworm-updates main\ndeb %s-security bookworm-security main\n' "$mirror" "$mirror" "$mirror" \
  > "$work/root/etc/apt/sources.list"
# As Debian's own slim images have it.
find "$work/root/usr/share/doc" -type f ! -name copyright -delete
find "$work/root/usr/share/doc" -type l -delete
rm -rf "$work"/root/usr/share/{man,info,locale,lintian}/* "$work"/root/var/lib/apt/lists/* "$work"/root/var/cache/apt/* \
  "$work"/root/var/log/{apt,bootstrap.log,dpkg.log,alternatives.log} "$work"/root/var/cache/ldconfig/aux-cache "$work"/root/etc/{hostname,resolv.conf,machine-id}
find "$work/root/usr/share/doc" -type d -empty -delete
tar -C "$work/root" --sort=name --numeric-owner -c . | "$engine" import - "$tag" >/dev/null
