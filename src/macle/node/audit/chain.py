"""How lines hang together: the digest of a line over its content and the line before it. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from macle.proof import codec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

VERSION = 1
BEGINNING = b"\x00" * 32
"""What stands before the first line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a line says; facts are plain data of integers, texts, booleans and lists of them."""

    authority: str
    number: int
    at: datetime
    actor: str
    tag: str
    subject: str
    office: str
    facts: Mapping[str, object]


def digest_of(content: Content, *, before: bytes) -> bytes:
    """Return the SHA-256 of the line in deterministic CBOR, with the digest of the line before it."""
    return hashlib.sha256(
        codec.encode(
            [
                VERSION,
                before,
                content.authority,
                content.number,
                content.at.astimezone(UTC).isoformat(),
                content.actor,
                content.tag,
                content.subject,
                content.office,
                dict(content.facts),
            ]
        )
    ).digest()
