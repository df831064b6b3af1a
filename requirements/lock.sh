#!/usr/bin/env bash
# Writes the locks from the .in files: exact versions with hashes, wheels only, no index host.
# Needs pip-tools in .venv: .venv/bin/python -m pip install -e '.[dev]'
# To raise versions: requirements/lock.sh --upgrade
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

lock() { # lock <output> <options and inputs...>
    local output=$1
    shift
    CUSTOM_COMPILE_COMMAND="requirements/lock.sh" .venv/bin/python -m piptools compile --quiet --generate-hashes \
        --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
        --pip-args "--only-binary :all:" --output-file "$output" "$@"
}

lock requirements/run.txt "$@" requirements/run.in requirements/build.in
# What the container image holds: everything that trades and serves, nothing that tests.
lock requirements/image.txt --constraint requirements/run.txt "$@" \
    requirements/run.in requirements/build.in requirements/bybit.in requirements/binance.in \
    requirements/bitget.in requirements/server.in requirements/signal.in
lock requirements/test.txt --constraint requirements/run.txt "$@" \
    requirements/run.in requirements/build.in requirements/replay.in requirements/practice.in requirements/bybit.in \
    requirements/binance.in requirements/bitget.in requirements/server.in requirements/signal.in \
    requirements/mirror.in requirements/optimize.in requirements/cluster.in requirements/test.in
