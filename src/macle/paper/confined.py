"""A process of its own, with limits, for readers of files that somebody else made.

A few bytes can claim to unpack to more than any machine has; that ends a process, so it is another one. The child calls
`limit` before it reads a byte, and `run` raises `ReaderEnded` where it did not come back.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile

from macle import errors


class ReaderEnded(errors.Malformed):
    """The file took more memory or time than it is given, or ended its reader in another way."""

    code = "reader-ended"


def run(module: str, *arguments: str, data: bytes, seconds: float, most: int) -> bytes:
    """Return what the module prints for the data on its standard input.

    Raises `ReaderEnded` if it ends badly, takes longer than ``seconds``, or prints more than ``most`` bytes.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    with tempfile.TemporaryFile() as printed:
        try:
            done = subprocess.run(  # noqa: S603 (this very program)
                command,
                input=data,
                stdout=printed,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            done = None
        printed.seek(0)
        answer = printed.read(most + 1)
    if done is None or done.returncode != 0 or len(answer) > most:
        raise ReaderEnded("The file takes more memory or time than it is given.")
    return answer


def _environment() -> dict[str, str]:
    """Return the environment without what is ours: a reader that was taken over finds no passphrase there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MACLE_")}


def limit(*, memory: int, seconds: int, output: int) -> None:
    """Give this process its limits: bytes of address space, seconds of the processor, bytes of a file that it writes.

    What it prints goes to a file; if it dies no core dump is left.
    """
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
