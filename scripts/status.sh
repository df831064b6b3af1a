#!/usr/bin/env bash
# Shows bots and what they hold: scripts/status.sh [btc...]; without a name all of those that start_all.sh means.
set -euo pipefail
# shellcheck source=scripts/bots.sh
source "$(dirname "${BASH_SOURCE[0]}")/bots.sh"

names=$(list_bots "$@")
for name in $names; do
    account=$(account_of "$name")
    wish="rests until scripts/start.sh $name"
    [[ ! -f $wanted/$name ]] || wish="wanted"
    say "$name ($wish)"
    if [[ -d $data/$account ]]; then
        "$program" status --account "$account" --data-dir "$data"
    else
        say "$account: has never run"
    fi
done
