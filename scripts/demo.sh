#!/usr/bin/env bash
# Shows the bot at work on the embedded exchange: no keys, no money, no network once installed.
# Options are those of `gridhedge run`, for example: scripts/demo.sh --ticks 60
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/environment.sh
source scripts/environment.sh

prepare run
exec .venv/bin/gridhedge run --profile configs/demo.yaml "$@"
