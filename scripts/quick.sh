#!/bin/sh
# Lint, types where they can have changed, and the unit tests. Types are checked beside the tests, and told at the end.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .cache

.venv/bin/ruff check --quiet
.venv/bin/ruff format --check --quiet
.venv/bin/lint-imports --no-logo >.cache/imports.log || { cat .cache/imports.log && exit 1; }

.venv/bin/python scripts/typecheck.py >.cache/types.log 2>&1 &
types=$!
trap 'kill $types 2>/dev/null || true' INT TERM

tests=0
.venv/bin/pytest -q -n logical --maxprocesses 4 --dist worksteal tests/unit || tests=$?
checked=0
wait $types || checked=$?
cat .cache/types.log
exit $((tests > checked ? tests : checked))
