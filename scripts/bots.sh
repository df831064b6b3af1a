# shellcheck shell=bash
# Sourced by the scripts beside it: what they know of bots. A bot is a name: btc is the profile configs/btc.yaml.
# Works without a terminal and without an environment, as cron starts things. May be set:
#   GRIDHEDGE_CONFIGS   folder of the profiles (configs)
#   GRIDHEDGE_DATA_DIR  where accounts keep their files (data)
#   GRIDHEDGE_BOTS      names for *_all.sh, in place of scripts/bots.txt
#   GRIDHEDGE           the program (.venv/bin/gridhedge)

umask 077
export PATH="${PATH:-/usr/local/bin:/usr/bin:/bin}"
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$scripts/.." || exit 1 # where .env is
configs=${GRIDHEDGE_CONFIGS:-configs}
data=${GRIDHEDGE_DATA_DIR:-data}
wanted=$data/.wanted # a file per bot that should run; its lines are the options for gridhedge run
program=${GRIDHEDGE:-.venv/bin/gridhedge}

say() { printf '%s\n' "$*"; }

complain() { # complain <exit code> <words...>
    local code=$1
    shift
    printf '%s\n' "$*" >&2
    exit "$code"
}

[[ -x $program ]] || complain 2 "$PWD/$program is not there; run scripts/demo.sh once, which installs it, or set GRIDHEDGE"

profile_of() { # profile_of <name>
    [[ $1 =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]*$ ]] || complain 2 "$1: not the name of a bot; btc means $configs/btc.yaml"
    printf '%s' "$configs/$1.yaml"
}

account_of() { # account_of <name>: read without the program, because a bot must be stoppable while its profile is broken
    local profile account
    profile=$(profile_of "$1") || exit
    [[ -f $profile ]] || complain 2 "$1: there is no $profile"
    account=$(sed -n "s/^account:[[:space:]]*[\"']\{0,1\}\([A-Za-z0-9_]\{1,16\}\).*/\1/p;/^account:/q" "$profile")
    [[ $account ]] || complain 2 "$1: $profile names no account; begin it with a line such as account: $1"
    printf '%s' "$account"
}

process_of() { # process_of <account>: the id of the process that trades it; nothing while none does
    [[ -e $data/$1/run.lock ]] || return 0
    "$program" status --account "$1" --data-dir "$data" --json | sed -n 's/^ *"running": \([0-9][0-9]*\),\{0,1\}$/\1/p'
}

is_stopped_by_emergency() { # is_stopped_by_emergency <account>
    [[ -e $data/$1/.emergency_stop || -L $data/$1/.emergency_stop ]]
}

list_bots() { # list_bots [name...]: the names given, or else $GRIDHEDGE_BOTS, or else those in scripts/bots.txt
    if (($#)); then
        printf '%s\n' "$@"
    elif [[ ${GRIDHEDGE_BOTS:-} ]]; then
        tr -s ' ,' '\n' <<<"$GRIDHEDGE_BOTS" | sed '/^$/d'
    elif [[ -f scripts/bots.txt ]]; then
        sed 's/#.*//; s/[[:space:]]//g; /^$/d' scripts/bots.txt
    else
        complain 2 "which bots? Name them, or list them in scripts/bots.txt (one a line), or in GRIDHEDGE_BOTS"
    fi
}
