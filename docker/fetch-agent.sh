#!/bin/sh
# Inside an image that is built: what /opt/agent/package-lock.json names, checked by its hashes, and bin/ with the
# programs of it.
#   fetch-agent NAME     NPM_REGISTRY: another registry than npm's own
set -eu
cd /opt/agent
[ -z "${NPM_REGISTRY:-}" ] || npm config set registry "$NPM_REGISTRY"
[ ! -s /etc/ssl/more.pem ] || export NODE_EXTRA_CA_CERTS=/etc/ssl/more.pem
npm ci --no-audit --no-fund --no-update-notifier --loglevel=error --fetch-retries=2 --fetch-timeout=60000
mkdir -p bin
ln -s "../node_modules/.bin/$1" "bin/$1"
for node in node_modules/node-linux-*/bin/node; do ln -s "../$node" bin/node; done
# For another C library; Debian's npm does not tell them apart. And headers, to compile against Node.js.
rm -rf node_modules/*-musl node_modules/@*/*-musl node_modules/node-linux-*/include node_modules/node-linux-*/share
# What was written down by this run and not by its packages.
rm -rf node_modules/.package-lock.json /root/.npm
