#!/bin/sh
# `web.sh install` fetches the page's packages, `web.sh build` makes web/dist; each only when its inputs have changed.
set -eu
cd "$(dirname "$0")/.."

[ -f web/package.json ] || { echo "There is no web/ yet: the API runs without a page." && exit 0; }

stamps=.venv/web
mkdir -p "$stamps"
node=$(pwd)/scripts/node.sh

# The content of what git would track below web/, with names; sorted, so that the same files give the same sum.
sources() {
    find web -type d \( -name node_modules -o -name dist -o -name test-results \) -prune -o -type f -print0 |
        LC_ALL=C sort -z | xargs -0 cksum | cksum
}
unchanged() { [ "$(cat "$stamps/$1" 2>/dev/null)" = "$2" ]; }

install_packages() {
    packages=$(cat web/package.json web/package-lock.json | cksum)
    if [ -d web/node_modules ] && unchanged install "$packages"; then return; fi
    echo "Installing the page's packages"
    (cd web && "$node" npm ci --no-audit --no-fund --loglevel=error)
    printf '%s' "$packages" >"$stamps/install"
}

build() {
    page=$(sources)
    if [ -f web/dist/index.html ] && unchanged build "$page"; then return; fi
    install_packages
    echo "Building the page"
    (cd web && "$node" npm run --silent build -- --logLevel warn)
    printf '%s' "$page" >"$stamps/build"
}

case ${1:-} in
install) install_packages ;;
build) build ;;
*) echo "usage: web.sh install|build" >&2 && exit 2 ;;
esac
