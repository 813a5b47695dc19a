#!/bin/sh
# Everything that is checked without running the product: formats, lint, types, imports, the page's own tests.
# The page's checks run beside Python's, and their output is shown in one piece at the end.
set -eu
cd "$(dirname "$0")/.."

step() { printf '\033[1m== %s\033[0m\n' "$*"; }

python_checks() {
    step "ruff: lint and format"
    .venv/bin/ruff check --quiet
    .venv/bin/ruff format --check --quiet
    step "import-linter: imports point down"
    .venv/bin/lint-imports --no-logo
    step "pyright: types"
    .venv/bin/python scripts/typecheck.py --all
}

web_checks() {
    [ -f web/package.json ] || return 0
    scripts/web.sh install
    node=$(pwd)/scripts/node.sh
    cd web
    for script in lint typecheck test check:client; do
        step "npm run $script"
        "$node" npm run --silent "$script"
    done
}

# Both run in the background, because `set -e` does not work inside `a || b`.
mkdir -p .cache
web_checks >.cache/web-checks.log 2>&1 &
web=$!
python_checks &
python=$!
trap 'kill $web $python 2>/dev/null || true' INT TERM

python_result=0
wait $python || python_result=$?
web_result=0
wait $web || web_result=$?
cat .cache/web-checks.log

[ $python_result = 0 ] || { echo "Python's checks failed." >&2 && exit $python_result; }
[ $web_result = 0 ] || { echo "The page's checks failed." >&2 && exit $web_result; }
