#!/bin/sh
# Makes sure that there is a kubectl for the test of the plain manifests; as root on Debian or Ubuntu it installs one. Nobody
# needs a cluster. Without it that one test is left out.
set -eu
cd "$(dirname "$0")/.."

command -v kubectl >/dev/null && exit 0
scripts/apt.sh kubectl kubernetes-client ||
    echo "kubectl is not installed (Debian, Ubuntu: sudo apt-get install kubernetes-client): the plain manifests are not built with kustomize."
