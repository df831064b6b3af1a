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
exec .venv/bin/pytest --numprocesses auto --dist worksteal --quiet -rs "$@"
