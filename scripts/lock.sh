#!/bin/sh
# Pins every package by version and hash, for all platforms: `make lock`. Run it after a change of pyproject.toml.
#
#   requirements.lock        everything: the product, the tools and the tests
#   requirements-run.lock    what `make run` needs, in the same versions
#   scripts/bootstrap.txt    what installs the rest
#   scripts/node.txt         Node, for machines that have none
set -eu
cd "$(dirname "$0")/.."

compile() {
    output=$1
    shift
    .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
        --no-annotate --no-header --output-file "$output" "$@"
}

compile requirements.lock pyproject.toml --group dev "$@"
compile requirements-run.lock pyproject.toml --constraint requirements.lock "$@"
printf 'uv==0.13.*\nhatchling\neditables\n' | compile scripts/bootstrap.txt - "$@"
compile scripts/node.txt --group node "$@"
