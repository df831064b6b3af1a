#!/usr/bin/env bash
# Shows a bot's log: scripts/logs.sh btc [options of gridhedge logs, such as -f, -n 100, --kind trades, --debug]. An account will do, too.
set -euo pipefail
# shellcheck source=scripts/bots.sh
source "$(dirname "${BASH_SOURCE[0]}")/bots.sh"

(($#)) || complain 2 "usage: scripts/logs.sh NAME [options of gridhedge logs]"
name=$1
shift
if [[ -d $data/$name && ! -f $configs/$name.yaml ]]; then
    account=$name # btc for btc-trim: the account's own name will do
else
    account=$(account_of "$name")
    [[ -d $data/$account || ! -d $data/$name ]] || account=$name
fi
[[ -d $data/$account ]] || complain 2 "$name: has never run, there is no log in $data/$account"
exec "$program" logs --account "$account" --data-dir "$data" "$@"
