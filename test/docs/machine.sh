#!/bin/bash
# The first process of a machine for the pages: an Engine that nobody else sees. Called as: machine.sh FOLDER
set -eu
mount --make-rprivate /
# What a page writes into these is gone with it.
mount -t tmpfs tmpfs "$1/layers"
for folder in etc root usr var/lib; do
  mkdir -p "$1/layers/$folder/upper" "$1/layers/$folder/work"
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$1/layers/$folder/upper,workdir=$1/layers/$folder/work" "/$folder"
done
mount -t tmpfs tmpfs /run
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
dockerd --data-root "$1/data" --exec-root /run/docker --pidfile /run/docker.pid \
  -H unix:///run/docker.sock >"$1/dockerd.log" 2>&1 &
# Whoever started this holds the other end, and the machine ends with it, whatever ends that.
read -r || true
