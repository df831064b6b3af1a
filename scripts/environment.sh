# shellcheck shell=bash
# Sourced by the scripts beside it: makes .venv and keeps it in step with a lock. Does nothing, quickly, when it already is.

say() { printf '%s\n' "$*" >&2; }

find_python() { # prints the newest python3 that is at least 3.11
    local candidate
    for candidate in python3.14 python3.13 python3.12 python3.11 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "gridhedge needs Python 3.11 or newer, and no python3 on the PATH is; install one (for example: apt install python3.12 python3.12-venv) and run this again."
    return 2
}

make_venv() {
    local python
    python=$(find_python)
    say "Making .venv with $python"
    if ! "$python" -m venv --clear .venv; then
        say "$python could not make a virtual environment; install its venv module (for example: apt install python3-venv) and run this again."
        return 2
    fi
}

fingerprint() { # fingerprint <file...>: changes when one of the files does
    .venv/bin/python -c 'import hashlib, pathlib, sys
print(hashlib.sha256(b"".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])).hexdigest())' "$@"
}

prepare() { # prepare <lock>: .venv holds exactly what requirements/<lock>.txt says, and gridhedge itself
    local lock=requirements/$1.txt stamp=.venv/.installed-$1 wanted
    if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        make_venv
    fi
    wanted=$(fingerprint "$lock" setup.cfg pyproject.toml)
    if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
        return
    fi
    say "Installing what $lock pins (only when it has changed)"
    local install=(.venv/bin/python -m pip --disable-pip-version-check --no-input install --quiet)
    "${install[@]}" --require-hashes --only-binary :all: --requirement "$lock"
    "${install[@]}" --no-deps --no-build-isolation --editable .
    printf '%s\n' "$wanted" >"$stamp"
}
