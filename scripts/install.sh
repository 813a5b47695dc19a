#!/bin/sh
# Installs Artel into .venv: `install.sh run` what it needs to run, `install.sh test` the tools and test libraries too.
# Does nothing, in a few milliseconds, when that is already there. Needs Python 3.11 or newer; touches nothing outside
# the project, except that as root on Debian or Ubuntu it installs python3-venv when that is missing.
set -eu
cd "$(dirname "$0")/.."

case ${1:-} in
run) lock=requirements-run.lock ;;
test) lock=requirements.lock ;;
*) echo "usage: install.sh run|test" >&2 && exit 2 ;;
esac

say() { printf '\033[2m%s\033[0m\n' "$*"; }
fail() { printf '%s\n' "$@" >&2 && exit 1; }

find_python() {
    for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Artel needs Python 3.11 or newer." \
        "Debian 12, Ubuntu 24.04: sudo apt-get install python3 python3-venv; macOS: brew install python@3.13." \
        "If it is installed under another name: make PYTHON=/path/to/python ..."
}

make_venv() {
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        scripts/apt.sh python3-venv python3-venv || true
        "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            fail "This Python cannot make virtual environments. Install the missing part and run make again:" \
                "    sudo apt-get install python3-venv"
    fi
    say "Making .venv with $("$python" --version)"
    # --upgrade-deps would fetch an unpinned pip; the one inside Python is enough to fetch what is pinned.
    "$python" -m venv --clear .venv
}

# Shows what a command says only when it fails.
quietly() { "$@" >.venv/install.log 2>&1 || { cat .venv/install.log >&2 && return 1; }; }
pip_install() { quietly .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }

# uv is several times faster; pip knows mirrors and proxies from its own configuration, which uv does not read.
install() {
    .venv/bin/uv pip install --quiet --python .venv/bin/python "$@" 2>.venv/uv.log || pip_install "$@" ||
        { cat .venv/uv.log >&2 && fail "The packages could not be installed; the reasons are above."; }
}

python=$(find_python)
# What the installation depends on; the place too, because scripts in a virtual environment hold absolute paths.
key=$({ cat requirements.lock requirements-run.lock scripts/bootstrap.txt pyproject.toml && pwd && "$python" --version; } | cksum)

stamp() { printf '.venv/stamp-%s' "$1"; }
is_done() { [ "$(cat "$(stamp "$1")" 2>/dev/null)" = "$key" ]; }

if is_done test || is_done "$1"; then exit 0; fi

if ! [ -x .venv/bin/python ] || [ "$(cat .venv/place 2>/dev/null)" != "$(pwd)" ] ||
    [ "$(.venv/bin/python --version 2>/dev/null)" != "$("$python" --version)" ]; then
    make_venv
    pwd >.venv/place
fi
say "Installing Python packages ($lock)"
pip_install --require-hashes --no-deps -r scripts/bootstrap.txt
install --require-hashes --no-deps -r "$lock"
install --no-deps --no-build-isolation --editable .
# Compiles what the program imports, so that the first start is as quick as the second.
env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -c 'import artel.cli' || true
printf '%s' "$key" >"$(stamp "$1")"
