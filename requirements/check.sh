#!/bin/sh
# Find what must not be in the tree: an address in a lock, a path of a builder's machine.
set -eu
cd "$(dirname "$0")/.."
status=0

if grep -nE '://|file:' requirements/*.txt requirements/fonts/package-lock.json requirements/fonts/.npmrc tests/oracles/package-lock.json tests/oracles/.npmrc; then
    echo "A lock names an address: make it with \"make lock\"." >&2
    status=1
fi

# The brackets keep the pattern from finding itself.
paths='(^|[^A-Za-z0-9_.])/(w[o]rk|f[a]rm)/'
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    set -- --untracked
else
    set -- --no-index --exclude-standard
fi
if git grep "$@" -nIE "$paths" -- .; then
    echo "A path of one machine is in the tree." >&2
    status=1
fi
exit $status
