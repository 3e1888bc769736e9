"""What the desk draws on a page: the QR code of a certificate, as one path."""

from __future__ import annotations

import re
from dataclasses import dataclass

from macle.proof import qr

_RUN = re.compile(rb"\x01+")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A code as one path of an SVG, the width of its box with the quiet zone, and its version."""

    path: str
    box: str
    version: int


def code(text: str) -> Drawn:
    """Return the QR code of the text."""
    made = qr.code_of(text)
    runs = [
        f"M{start} {row}h{end - start}v1h-{end - start}"
        for row, modules in enumerate(made.rows())
        for start, end in (run.span() for run in _RUN.finditer(modules))
    ]
    margin = qr.QUIET_ZONE
    side = made.modules + 2 * margin
    return Drawn("".join(runs), f"-{margin} -{margin} {side} {side}", made.version)
