#!/bin/sh
# Make the locks anew from the .in files and package.json, with hashes and without addresses.
# Versions already locked stay as long as they fit; "make lock upgrade=1" takes the newest.
set -eu
cd "$(dirname "$0")"

[ -x ../.venv-lock/bin/uv ] || {
    ../.venv/bin/python -m venv ../.venv-lock
    ../.venv-lock/bin/pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14'
}
for name in base node dev oracle; do
    echo "Locking $name."
    ../.venv-lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
        --no-header --no-strip-extras --no-emit-index-url --no-emit-find-links ${upgrade:+--upgrade} \
        "$name.in" --output-file "$name.txt" >/dev/null
done

cd ..
for folder in tests/oracles requirements/fonts; do
    echo "Locking $folder."
    (
        cd "$folder"
        [ -z "${upgrade:-}" ] || rm -f package-lock.json
        npm install --silent --package-lock-only
        # npm notes where to send money to each author: addresses that do not belong in a lock.
        node -e '
            const fs = require("fs");
            const lock = JSON.parse(fs.readFileSync("package-lock.json"));
            for (const entry of Object.values(lock.packages)) delete entry.funding;
            fs.writeFileSync("package-lock.json", JSON.stringify(lock, null, 2) + "\n");
        '
    )
done
