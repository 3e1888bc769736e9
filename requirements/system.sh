#!/bin/sh
# Say which programs of system.txt are missing and, as root on Debian, install them.
# Silent and without network when nothing is missing. Ends with 0 in every case: the tests that
# need a missing program are left out and say so.
set -eu
here=$(dirname "$0")

missing_packages() {
    sed -e 's/#.*//' "$here/system.txt" | while read -r package program; do
        [ -z "$package" ] || command -v "$program" >/dev/null 2>&1 || printf '%s ' "$package"
    done
}

packages=$(missing_packages)
packages=${packages% }
[ -n "$packages" ] || exit 0

echo "Missing programs for some tests, from the Debian packages: $packages"
if ! command -v apt-get >/dev/null 2>&1; then
    echo "There is no apt-get here: install them in your system's own way, or go on without those tests."
    exit 0
fi
line="apt-get install --yes --no-install-recommends $packages"
if [ "$(id -u)" -ne 0 ]; then
    echo "To install them: sudo $line"
    exit 0
fi

echo "Installing: $line"
export DEBIAN_FRONTEND=noninteractive
# Package names hold no spaces, so the list is split on purpose.
# shellcheck disable=SC2086
if ! { apt-get install --yes --no-install-recommends $packages ||
    { echo "Once more, with fresh package lists." && apt-get update && apt-get install --yes --no-install-recommends $packages; }; } >/dev/null; then
    echo "That did not work. To try yourself: $line"
    exit 0
fi
packages=$(missing_packages)
[ -z "$packages" ] || echo "Still missing after that: $packages"
