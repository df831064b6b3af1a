#!/usr/bin/env bash
# Starts a bot in the background: scripts/start.sh btc [options of gridhedge run]. Returns when it trades, or says why not.
# It counts as wanted from then on: scripts/watchdog.sh starts it again with the same options, until stop.sh.
# Exit codes are those of gridhedge run: 4 an emergency stop is set, 5 it runs already.
set -euo pipefail
# shellcheck source=scripts/bots.sh
source "$(dirname "${BASH_SOURCE[0]}")/bots.sh"
patience=${GRIDHEDGE_START_SECONDS:-60}

(($#)) || complain 2 "usage: scripts/start.sh NAME [options of gridhedge run]; btc means $configs/btc.yaml"
name=$1
shift
account=$(account_of "$name")
if process=$(process_of "$account") && [[ $process ]]; then
    complain 5 "$name: runs already (account $account, process $process)"
fi

mkdir -p "$wanted"
was_wanted=yes
[[ -f $wanted/$name ]] || was_wanted=
printf '%s\n' "$@" | sed '/^$/d' >"$wanted/$name.new.$$"
mv "$wanted/$name.new.$$" "$wanted/$name"

complaints=$data/$name.err
: >"$complaints"
detach=nohup
! command -v setsid >/dev/null || detach=setsid
$detach "$program" run --profile "$(profile_of "$name")" --data-dir "$data" --no-dashboard "$@" \
    </dev/null >/dev/null 2>"$complaints" &
process=$!

for ((waited = 0; waited < patience * 5; waited++)); do
    if ! kill -0 "$process" 2>/dev/null; then
        code=0
        wait "$process" || code=$?
        if [[ $code == [24] && ! $was_wanted ]]; then
            rm -f "$wanted/$name" # only a person can mend that
        fi
        cat "$complaints" >&2
        ((code)) || say "$name: ended by itself"
        exit "$code"
    fi
    if [[ $data/$account/status.json -nt $complaints && $(process_of "$account") == "$process" ]]; then
        say "$name: started (account $account, process $process)"
        exit 0
    fi
    sleep 0.2
done
complain 3 "$name: process $process does not trade yet after $patience s; look with scripts/logs.sh $name"
