"""Throw hostile bytes at every reader and say what was found.

`python -m tests.fuzz --seconds N [target ...]` fuzzes each target for N seconds, two at a time. It ends
with 1 if there is a finding, and prints the bytes that lead to it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.targets import TARGETS

SLOWEST_SECONDS = 5
MOST_MEGABYTES = 2048
AT_ONCE = 2
_EXECUTED = re.compile(r"stat::number_of_executed_units:\s*([0-9]+)|Done ([0-9]+) (?:runs )?in")
_UNCAUGHT = "=== Uncaught Python exception: ==="
_LINES_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Run:
    """What came of fuzzing one target."""

    target: str
    executions: int
    ended_well: bool
    findings: tuple[bytes, ...]
    output: str

    @property
    def has_findings(self) -> bool:
        """Tell whether there is something to mend."""
        return bool(self.findings) or not self.ended_well


def fuzz(name: str, *, seconds: int) -> Run:
    """Fuzz one target in a process of its own, from its seeds on."""
    with tempfile.TemporaryDirectory(prefix=f"macle-fuzz-{name}-") as folder:
        corpus, found = Path(folder) / "corpus", Path(folder) / "found"
        corpus.mkdir()
        found.mkdir()
        for seed in TARGETS[name].seeds():
            (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
        ended = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.fuzz.one",
                name,
                f"-max_total_time={seconds}",
                f"-timeout={SLOWEST_SECONDS}",
                f"-rss_limit_mb={MOST_MEGABYTES}",
                f"-max_len={TARGETS[name].longest}",
                f"-artifact_prefix={found}/",
                "-print_final_stats=1",
                str(corpus),
            ],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        output = ended.stdout + ended.stderr
        counts = [int(count) for pair in _EXECUTED.findall(output) for count in pair if count]
        # An input that was merely slow is named slow-unit; the limit of five seconds makes it a timeout.
        findings = tuple(path.read_bytes() for path in sorted(found.iterdir()) if not path.name.startswith("slow-unit"))
        return Run(name, max(counts, default=0), ended.returncode == 0, findings, output)


def show(run: Run) -> None:
    """Print one line, and for a finding its last lines and its bytes."""
    state = "FINDING" if run.has_findings else "nothing found"
    print(f"{run.target:12} {run.executions:>12,} executions  {state}  ({TARGETS[run.target].door})", flush=True)
    if run.has_findings:
        _, found, trace = run.output.partition(_UNCAUGHT)
        print("\n".join(trace.splitlines()[:_LINES_SHOWN] if found else run.output.splitlines()[-_LINES_SHOWN:]))
    for finding in run.findings:
        encoded = base64.b64encode(finding).decode()
        print(f"  again: echo {encoded} | base64 -d > input && python -m tests.fuzz.one {run.target} input")


def main() -> int:
    """Fuzz the targets that are asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("targets", nargs="*", metavar="target", help=f"any of {', '.join(TARGETS)} (all)")
    asked = parser.parse_args()
    if unknown := set(asked.targets) - set(TARGETS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(TARGETS)}")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = list(pool.map(lambda name: fuzz(name, seconds=asked.seconds), asked.targets or TARGETS))
    for run in runs:
        show(run)
    return 1 if any(run.has_findings for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
