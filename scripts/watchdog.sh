#!/usr/bin/env bash
# For cron (scripts/crontab.example): starts what should run and does not. Silent while there is nothing to do.
# Should run: what start.sh has started and stop.sh has not stopped, with the same options; so also after a reboot.
# Never started: a second copy (the account's lock is the kernel's), and an account with an emergency stop: whatever ends a bot
# with 6 sets one, but where the disk does not take it, or in a dry run. Those are tried once a minute, and each try is said.
set -euo pipefail
# shellcheck source=scripts/bots.sh
source "$(dirname "${BASH_SOURCE[0]}")/bots.sh"

first=0
for wish in "$wanted"/*; do
    name=${wish##*/}
    [[ -f $wish && $name != *.new.* ]] || continue
    account=$(account_of "$name") || { first=2 && continue; }
    if is_stopped_by_emergency "$account" || [[ $(process_of "$account") ]]; then
        continue
    fi
    mapfile -t options <"$wish"
    say "$(date -u +%FT%TZ) $name should run and does not"
    code=0
    "$scripts/start.sh" "$name" "${options[@]}" || code=$?
    ((code == 0 || code == 5 || first)) || first=$code
done
exit "$first"
