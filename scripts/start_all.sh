#!/usr/bin/env bash
# Starts all bots that do not run: those named, or else $GRIDHEDGE_BOTS, or else scripts/bots.txt. One that fails stops no
# other; the exit code is the first failure's. One that runs already is no failure.
set -euo pipefail
# shellcheck source=scripts/bots.sh
source "$(dirname "${BASH_SOURCE[0]}")/bots.sh"

names=$(list_bots "$@")
first=0
for name in $names; do
    code=0
    "$scripts/start.sh" "$name" || code=$?
    ((code == 0 || code == 5 || first)) || first=$code
done
exit "$first"
