#!/bin/sh
# `apt.sh WHAT PACKAGE...` installs packages as root on Debian or Ubuntu; ends with 1 where it cannot.
set -eu
what=$1
shift
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then exit 1; fi
echo "Installing $what"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
