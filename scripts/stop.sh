#!/usr/bin/env bash
# Stops a bot gracefully: scripts/stop.sh btc. Orders stay or go as its profile's on_stop says; the watchdog lets it rest.
set -euo pipefail
# shellcheck source=scripts/bots.sh
source "$(dirname "${BASH_SOURCE[0]}")/bots.sh"

(($#)) || complain 2 "usage: scripts/stop.sh NAME [options of gridhedge stop]"
name=$1
shift
account=$(account_of "$name")
rm -f "$wanted/$name"
if [[ -e $data/$account/run.lock ]]; then
    exec "$program" stop --account "$account" --data-dir "$data" "$@"
fi
say "$account: not running"
