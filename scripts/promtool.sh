#!/bin/sh
# Makes sure that the tests of rules and dashboards have promtool: from the PATH, or out of Debian's package `prometheus`,
# which is unpacked and not installed, so that no server is started. Without either those tests say why they are left out.
set -eu
cd "$(dirname "$0")/.."

place=.cache/promtool
if command -v promtool >/dev/null || [ -x $place/usr/bin/promtool ]; then exit 0; fi

if command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
    echo "Fetching promtool"
    mkdir -p $place
    fetch() { (cd $place && apt-get download -qq prometheus >/dev/null 2>&1); }
    fetch || { [ "$(id -u)" = 0 ] && apt-get update -qq && fetch; } || true
    for package in "$place"/prometheus_*.deb; do
        if [ -f "$package" ]; then
            dpkg-deb --fsys-tarfile "$package" | tar -x -C $place ./usr/bin/promtool
            rm "$package"
        fi
    done
    if [ -x $place/usr/bin/promtool ]; then exit 0; fi
fi
echo "promtool is not here (Debian, Ubuntu: sudo apt-get install prometheus): rules and dashboards are not checked." >&2
