#!/usr/bin/env bash
# Passes every check. Options go to pytest, for example: scripts/test.sh -k profile -x
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/environment.sh
source scripts/environment.sh

prepare test
.venv/bin/ruff check --quiet .
.venv/bin/ruff format --quiet --check .
.venv/bin/mypy --no-error-summary
.venv/bin/lint-imports --no-logo >.venv/lint-imports.log || { cat .venv/lint-imports.log >&2; exit 1; }
# Much of the tests' time is waiting, for processes and for exchanges: two workers more than cores keep the cores busy.
workers=$(($(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN) + 2))
exec .venv/bin/pytest --numprocesses "$workers" --dist worksteal --quiet -rs "$@"
