#!/bin/sh
# Inside an image that is built: installs the packages of these kinds (scripts/packages.txt), each in the version
# that the lock says, and leaves nothing behind that differs from one build to the next.
#   install.sh KIND...
# MIRROR: empty for the archive of Debian's snapshots, at the moment of the lock; "base" for what the base image has
# in its sources; or an address, such as http://deb.debian.org.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lock=$here/debian-$(dpkg --print-architecture).lock
[ -f "$lock" ] || { echo "$lock is missing: docker/pin.sh makes it" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive PYTHONHASHSEED=0 LC_ALL=C.UTF-8
SOURCE_DATE_EPOCH=$(awk '$1 == "epoch" {print $2}' "$lock")
export SOURCE_DATE_EPOCH

begun=$(mktemp)
keep=$(mktemp -d)
cp -a /etc/apt/sources.list /etc/apt/sources.list.d "$keep/" 2>/dev/null || true
case ${MIRROR:-} in
base) ;;
'')
  at=$(awk '$1 == "snapshot" {print $2}' "$lock")
  debian=http://snapshot.debian.org/archive/debian/$at security=http://snapshot.debian.org/archive/debian-security/$at
  ;;
*) debian=$MIRROR/debian security=$MIRROR/debian-security ;;
esac
if [ -n "${debian:-}" ]; then
  rm -rf /etc/apt/sources.list.d/* /etc/apt/sources.list
  printf 'deb [check-valid-until=no] %s bookworm main\ndeb [check-valid-until=no] %s bookworm-updates main\ndeb [check-valid-until=no] %s bookworm-security main\n' \
    "$debian" "$debian" "$security" > /etc/apt/sources.list
fi
# Above 1000 a pin goes before what the base has, even if that is newer.
awk '$1 == "package" {printf "Package: %s\nPin: version %s\nPin-Priority: 1001\n\n", $2, $3}' "$lock" > /etc/apt/preferences.d/swarmlab-lock
printf 'Acquire::Retries "5";\nAPT::Install-Recommends "false";\nAPT::Install-Suggests "false";\n' > /etc/apt/apt.conf.d/swarmlab-build
# As Debian's own slim images have it.
mkdir -p /etc/dpkg/dpkg.cfg.d
cat > /etc/dpkg/dpkg.cfg.d/swarmlab-build <<'SLIM'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
force-unsafe-io
SLIM

apt-get update -qq
apt-get -y -qq --allow-downgrades dist-upgrade >/dev/null
"$here/../scripts/install-packages.sh" "$@"

# What is there is what was written down.
dpkg-query -W -f='package ${Package} ${Version}\n' > "$keep/there"
if grep -vxFf "$lock" "$keep/there" > "$keep/others"; then
  echo "not as $(basename "$lock") says (docker/pin.sh makes it anew):" >&2
  cat "$keep/others" >&2
  [ "${UNLOCKED:-}" = yes ] || exit 1
fi

# One user for all: nothing of an image needs root.
if ! grep -q '^swarmlab:' /etc/passwd; then
  echo 'swarmlab:x:65532:65532:swarmlab:/var/lib/swarmlab:/usr/sbin/nologin' >> /etc/passwd
  echo 'swarmlab:x:65532:' >> /etc/group
  mkdir -p /etc/swarmlab/keys /var/lib/swarmlab /run/swarmlab/agent /run/swarmlab/evaluator /run/swarmlab/here
  chmod 0700 /etc/swarmlab/keys /var/lib/swarmlab
  chown 65532:65532 /etc/swarmlab/keys /var/lib/swarmlab /run/swarmlab/agent /run/swarmlab/evaluator /run/swarmlab/here
fi
# In a runner's container the paths of a sandbox lead to what its worker lays out: docs/drivers.md.
case " $* " in *" worker "*)
  for place in workspace swarmlab data scratch home/agent; do
    [ -L "/$place" ] || ln -s "/run/swarmlab/here/inside/$place" "/$place"
  done
esac

rm -f /etc/apt/preferences.d/swarmlab-lock /etc/apt/apt.conf.d/swarmlab-build /etc/dpkg/dpkg.cfg.d/swarmlab-build
if [ -n "${debian:-}" ]; then
  rm -rf /etc/apt/sources.list /etc/apt/sources.list.d
  cp -a "$keep/." /etc/apt/ && rm -f /etc/apt/there /etc/apt/others
fi
rm -rf "$keep" /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/cache/ldconfig/aux-cache \
  /var/log/dpkg.log /var/log/alternatives.log /var/log/apt /var/log/bootstrap.log /swarmlab-build
# Times of files are no content: what was made here is as old as the lock.
find / -xdev \( -path /proc -o -path /sys -o -path /dev \) -prune -o -newer "$begun" ! -type d -print0 |
  xargs -0 -r touch -h -d "@$SOURCE_DATE_EPOCH"
rm -f "$begun"
