#!/usr/bin/env bash
# Shows a bot's log: scripts/logs.sh btc [options of gridhedge logs, such as -f, -n 100, --kind trades, --debug]. The name of
# its account will do, too; without a name the logs of all bots that start_all.sh means, one after the other or, with -f, mixed.
set -euo pipefail
# shellcheck source=scripts/bots.sh
source "$(dirname "${BASH_SOURCE[0]}")/bots.sh"

show() { # show <bot or account> [options...]
    local name=$1 account=$1
    shift
    profile_of "$name" >/dev/null
    if [[ -f $configs/$name.yaml || ! -d $data/$name ]]; then
        account=$(account_of "$name")
        [[ -d $data/$account || ! -d $data/$name ]] || account=$name
    fi
    [[ -d $data/$account ]] || complain 2 "$name: has never run, there is no log in $data/$account"
    exec "$program" logs --account "$account" --data-dir "$data" "$@"
}

if (($#)) && [[ $1 != -* ]]; then
    show "$@"
fi
names=$(list_bots)
if [[ " $* " == *" -f "* || " $* " == *" --follow "* ]]; then
    trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
    for name in $names; do
        show "$name" "$@" &
    done
    wait
    exit
fi
first=0
for name in $names; do
    say "== $name"
    code=0
    (show "$name" "$@") || code=$?
    ((code == 0 || first)) || first=$code
done
exit "$first"
