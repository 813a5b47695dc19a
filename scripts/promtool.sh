#!/bin/sh
# Makes sure that the tests of rules and dashboards have promtool: from the PATH, or out of Debian's package `prometheus`,
# which is unpacked and not installed, so that no server is started. Without either those tests say why they are left out.
# `promtool.sh prometheus` gets the server itself in the same way, for bench/chaos.py.
set -eu
cd "$(dirname "$0")/.."

program=${1:-promtool}
place=.cache/promtool
if command -v "$program" >/dev/null || [ -x "$place/usr/bin/$program" ]; then exit 0; fi

if command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
    echo "Fetching $program"
    mkdir -p $place
    fetch() { (cd $place && apt-get download -qq prometheus >/dev/null 2>&1); }
    fetch || { [ "$(id -u)" = 0 ] && apt-get update -qq && fetch; } || true
    for package in "$place"/prometheus_*.deb; do
        if [ -f "$package" ]; then
            dpkg-deb --fsys-tarfile "$package" | tar -x -C $place "./usr/bin/$program"
            rm "$package"
        fi
    done
    if [ -x "$place/usr/bin/$program" ]; then exit 0; fi
fi
echo "$program is not here (Debian, Ubuntu: sudo apt-get install prometheus): rules and dashboards are not checked." >&2
