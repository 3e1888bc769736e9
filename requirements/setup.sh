#!/bin/sh
# Set up one environment from its lock: requirements/setup.sh dev|oracle|node
#
#   dev     .venv                        everything for building, checking and testing, and macle itself, editable
#   oracle  .venv-oracle                 the COSE oracle in Python
#   node    tests/oracles/node_modules   the COSE oracle in JavaScript
#
# A stamp in the environment repeats what it was made from. As long as that is the same, nothing is
# done and no network is touched.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "macle: $*" >&2
    exit 1
}

fits() { # a Python of 3.11 or newer that can make environments
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || fail "PYTHON=$PYTHON is not a Python 3.11 or newer with venv (Debian: apt install python3-venv)."
        echo "$PYTHON"
        return
    fi
    for python in python3 python3.11 python3.12 python3.13; do
        if fits "$python"; then
            echo "$python"
            return
        fi
    done
    fail "Python 3.11 or newer with venv is needed and was not found. Debian 12 or newer: apt install python3-venv. Elsewhere: make PYTHON=/path/to/python3"
}

version() {
    "$1" -c 'import sys; print(sys.version)' 2>/dev/null || echo none
}

# An environment holds absolute paths, so the folder belongs to what it was made from.
key() {
    pwd
    cat "$@"
}

fresh() { # stamp, files it was made from
    stamp=$1
    shift
    [ -f "$stamp" ] && key "$@" | cmp -s - "$stamp"
}

# Two makes at once must not install into one environment.
lock() {
    if command -v flock >/dev/null 2>&1; then
        exec 9>".setup-$1.lock"
        flock 9
    fi
}

usable() { # environment, its stamp: it starts, was made here, and is of the Python asked for
    [ "$(version "$1/bin/python")" != none ] || return 1
    [ ! -f "$2" ] || [ "$(head -n 1 "$2")" = "$(pwd)" ] || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version "$1/bin/python")" = "$(version "$PYTHON")" ]
}

python_environment() { # environment, lock file
    stamp=$1/made-from.txt
    if ! usable "$1" "$stamp"; then
        python=$(find_python)
        echo "Making $1 with $python."
        rm -rf "$1"
        "$python" -m venv "$1"
    fi
    if ! fresh "$stamp" "$2"; then
        echo "Installing $2 into $1."
        "$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$2"
        key "$2" >"$stamp"
    fi
}

case ${1:-} in
dev)
    lock dev
    python_environment .venv requirements/dev.txt
    if ! fresh .venv/macle-made-from.txt pyproject.toml; then
        echo "Installing macle itself, editable."
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-build-isolation --no-deps --editable .
        key pyproject.toml >.venv/macle-made-from.txt
    fi
    ;;
oracle)
    lock oracle
    python_environment .venv-oracle requirements/oracle.txt
    ;;
node)
    if ! command -v npm >/dev/null 2>&1; then
        echo "npm is missing: the tests that ask the JavaScript oracle will be left out."
        exit 0
    fi
    lock node
    stamp=tests/oracles/node_modules/made-from.txt
    if ! fresh "$stamp" tests/oracles/package.json tests/oracles/package-lock.json; then
        echo "Installing tests/oracles/package-lock.json."
        if (cd tests/oracles && npm ci --silent); then
            key tests/oracles/package.json tests/oracles/package-lock.json >"$stamp"
        else
            rm -rf tests/oracles/node_modules
            echo "npm could not install: the tests that ask the JavaScript oracle will be left out."
        fi
    fi
    ;;
*)
    fail "usage: requirements/setup.sh dev|oracle|node"
    ;;
esac
