"""Where a chain ended when somebody outside wrote it down. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Head:
    """Number and digest of the last line of an authority's chain."""

    authority: str
    length: int
    digest: bytes
