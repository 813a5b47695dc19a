#!/bin/sh
# Makes sure that there is a kubectl for the test of the plain manifests; as root on Debian or Ubuntu it installs one. Nobody
# needs a cluster. Without it that one test is left out.
set -eu

command -v kubectl >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing kubectl"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends kubernetes-client >/dev/null ||
        echo "kubectl could not be installed: the plain manifests are not built with kustomize."
fi
