#!/usr/bin/env bash
# Tries both commands of the README on a machine that has nothing: a fresh Debian 12 root file system, entered
# through a mount namespace of its own (pivot_root: bubblewrap does not start below a plain chroot).
#   scripts/fresh-machine.sh [FOLDER] [COMMAND ...]   as root; FOLDER is made if missing and kept
# Without commands: scripts/demo.sh 20, then scripts/test.sh, each on a root file system of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo "scripts/fresh-machine.sh: needs root for debootstrap and mounts" >&2; exit 1; }
work=${1:-/var/tmp/swarmlab-fresh}
shift || true
[ $# -gt 0 ] || set -- "scripts/demo.sh 20" "scripts/test.sh"
command -v debootstrap >/dev/null || { apt-get update -qq && apt-get install -y -qq debootstrap >/dev/null; }
mkdir -p "$work"
if [ ! -f "$work/base.tar" ]; then
  rm -rf "$work/base"
  # Where this machine has its own packages from, in either format of sources.
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    awk '/^deb .*bookworm main/ || /^URIs:/ {for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) {print $i; exit}}' || true)
  debootstrap --variant=minbase bookworm "$work/base" "${mirror:-http://deb.debian.org/debian}" >/dev/null
  tar -C "$work/base" -cf "$work/base.tar" .
  rm -rf "$work/base"
fi
# The host's way to its package mirror: sources, keys, proxy settings, certificates, name resolution.
provide_mirror() {
  for path in etc/apt/sources.list etc/apt/sources.list.d etc/apt/apt.conf.d etc/apt/auth.conf.d etc/apt/keyrings \
    etc/resolv.conf etc/hosts etc/ssl/certs usr/share/ca-certificates usr/share/keyrings usr/local/share/ca-certificates; do
    [ -e "/$path" ] && mkdir -p "$1/$(dirname "$path")" && cp -aL "/$path" "$1/$(dirname "$path")/" 2>/dev/null || true
  done
}
run_in() {  # ROOT COMMAND
  unshare --mount --pid --fork --propagation private bash -euc '
    root=$1; shift
    mount --bind "$root" "$root"
    cd "$root"
    mkdir -p proc dev sys old tmp
    mount --rbind /dev dev
    mount --rbind /sys sys
    pivot_root . old
    cd /
    mount -t proc proc /proc
    mount -t tmpfs tmpfs /tmp
    umount -l /old
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 \
      bash -c "cd /root/swarmlab && $1"
  ' _ "$1" "$2"
}
for command in "$@"; do
  root=$work/root
  rm -rf --one-file-system "$root"
  mkdir -p "$root"
  tar -C "$root" -xf "$work/base.tar"
  provide_mirror "$root"
  mkdir -p "$root/root/swarmlab"
  git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -C "$root/root/swarmlab" -xf -
  [ -d .git ] && cp -a .git "$root/root/swarmlab/"
  echo "== fresh Debian 12: $command"
  start=$SECONDS
  run_in "$root" "$command"
  echo "== passed in $((SECONDS - start)) s: $command"
done
rm -rf --one-file-system "$work/root"
