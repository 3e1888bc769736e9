"""Validate certificates in processes that are killed at random, and account for every number afterwards.

`python -m tests.soak --validations N [--seed S] [--database sqlite|postgresql|both]` prints a line for each database
and one for both, and ends with 1 if anything is not accounted for. Lines that begin with # are remarks.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

DATABASES = ("sqlite", "postgresql")
COUNTS = ("validations", "kills", "duplicates", "unaccounted", "signed_twice")
FAULTS = COUNTS[2:]


def soak(database: str, *, validations: int, seed: int) -> tuple[Counter[str], bool]:
    """Soak one database in a process of its own; return what it counted, and whether it ended well."""
    with tempfile.TemporaryDirectory(prefix="macle-soak-") as folder:
        # The server has a user of its own, who must be able to get there.
        Path(folder).chmod(0o755)
        home = Path(folder) / "node"
        home.mkdir(mode=0o700)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MACLE_")} | {
            "DJANGO_SETTINGS_MODULE": "tests.node.settings",
            "MACLE_TEST_DATABASE": database,
            "MACLE_NODE_HOME": str(home),
            "MACLE_NODE_PARTICIPANT": "BW",
            "MACLE_NODE_AUTHORITY": "Selle Diamond Office",
        }
        command = [sys.executable, "-m", "tests.soak.one", database, str(validations), str(seed)]
        last = ""
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
            for line in running.stdout or ():
                print(line, end="", flush=True)
                last = line
    found = re.fullmatch(" ".join((database, *(f"{name} ([0-9]+)" for name in COUNTS))), last.strip())
    counts = Counter({name: int(count) for name, count in zip(COUNTS, found.groups(), strict=True)} if found else {})
    return counts, found is not None and running.returncode == 0


def main() -> int:
    """Soak the databases that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--validations", type=int, default=5000, help="certificates on each database (5000)")
    parser.add_argument("--seed", type=int, default=1, help="of what is random (1)")
    parser.add_argument("--database", choices=[*DATABASES, "both"], default="both")
    asked = parser.parse_args()
    total, all_well = Counter[str](), True
    for database in DATABASES if asked.database == "both" else (asked.database,):
        counts, well = soak(database, validations=asked.validations, seed=asked.seed)
        total += counts
        all_well = all_well and well
    print(" ".join(f"{name} {total[name]}" for name in COUNTS), flush=True)
    return 0 if all_well and not any(total[name] for name in FAULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
