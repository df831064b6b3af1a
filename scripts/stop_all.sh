#!/usr/bin/env bash
# Stops all bots gracefully: those named, or else $GRIDHEDGE_BOTS, or else scripts/bots.txt. One that fails stops no other;
# the exit code is the first failure's.
set -euo pipefail
# shellcheck source=scripts/bots.sh
source "$(dirname "${BASH_SOURCE[0]}")/bots.sh"

names=$(list_bots "$@")
first=0
for name in $names; do
    code=0
    "$scripts/stop.sh" "$name" || code=$?
    ((code == 0 || first)) || first=$code
done
exit "$first"
