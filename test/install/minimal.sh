#!/usr/bin/env bash
# Runs `npm ci && npm run demo` in a Debian that has only Node.js 20 and npm: as root, with debootstrap, and with the packages of
# Debian and npm in reach. Takes minutes, so that it is no part of npm test.
#   test/install/minimal.sh [FOLDER]    keeps the system in FOLDER for the next time
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
root=${1:-$(mktemp -d)}
[ $# -gt 0 ] || trap 'rm -rf --one-file-system "$root"' EXIT
case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac

[ -e "$root/bin/sh" ] || debootstrap --variant=minbase bookworm "$root"
if [ ! -L "$root/usr/bin/npm" ]; then
  npm install --no-save --ignore-scripts --no-audit --no-fund --prefix "$root/opt" "node-linux-$arch@20" npm@10
  ln -s "/opt/node_modules/node-linux-$arch/bin/node" "$root/usr/bin/node"
  ln -s /opt/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"
fi
# How this machine reaches the registry.
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
registry=$(npm config get registry)
mkdir -p "$root/etc/ssl/certs"
[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
rm -rf "$root/fairlead" && mkdir "$root/fairlead"
git -C "$project" ls-files -z | tar -C "$project" --null -T - -c | tar -C "$root/fairlead" -x

# Mounts and processes of its own: what is left at the end ends with it.
# shellcheck disable=SC2016 # what is quoted is for the shell inside
unshare --mount --pid --fork bash -euc '
  mount --bind /dev "$1/dev"
  mount -t proc proc "$1/proc"
  chroot "$1" env -i HOME=/root PATH=/usr/bin:/bin npm_config_registry="$2" NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt sh -euc "
    cd /fairlead
    npm ci
    npm run demo -- --http 127.0.0.1:18080 --admin off >/tmp/demo.log 2>&1 &
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      sleep 3
      node -e \"fetch(\\\"http://127.0.0.1:18080/\\\").then((r) => r.text()).then(console.log)\" 2>/dev/null && exit 0
    done
    cat /tmp/demo.log
    exit 1
  "
' -- "$root" "$registry"
echo "npm ci && npm run demo work in a minimal Debian"
