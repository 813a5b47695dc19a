#!/bin/sh
# Every check, then every test, whatever the checks said: one run tells everything. Fails when anything failed.
set -eu
cd "$(dirname "$0")/.."

# Without `exit` here, a slip in the formatting would hide what the tests know.
checks=0
scripts/check.sh || checks=$?
scripts/web.sh build

tests=0
.venv/bin/pytest -n 2 --dist worksteal --cov --cov-fail-under=90 --durations=10 --durations-min=5 "$@" || tests=$?

[ $checks = 0 ] || echo "The checks before the tests failed: see above." >&2
exit $((checks > tests ? checks : tests))
