"""What the stamp of a file says, as evidence: which bytes it covers, which key made it, when.

Whoever reads the file (`macle.paper.reading`) gathers it; `macle.proof.verification` judges it, in steps 22 to 26. The
X.509 wrapper is only where the key was found: the participant record alone says what a key may do and when.

Source: ETSI EN 319 142-1 (PAdES, level B-B); RFC 5652, 5.4; RFC 5035.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from macle.proof.cose import SIGNATURE_BYTES, Algorithm
from macle.proof.keys import KeyUnreadable, PublicKey

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StampEvidence:
    """One signature in a file.

    ``problem`` says why it cannot be looked at at all; then nothing else counts. ``covers_file`` is whether every byte
    but the signature itself is covered, ``is_of_these_bytes`` whether the digest and the signature fit what is covered.
    """

    problem: str = ""
    covers_file: bool = False
    is_of_these_bytes: bool = False
    key: PublicKey | None = None
    stamped_at: datetime | None = None


def evidence(
    file: bytes,
    *,
    byte_range: tuple[int, ...],
    contents: bytes,
    spki: bytes,
    message_digest: bytes,
    attributes: bytes,
    signature: bytes,
    stamped_at: datetime | None,
) -> StampEvidence:
    """Return what a signature proves of the bytes of a file; nothing is believed that was not computed here.

    ``attributes`` are the signed attributes as they are signed (DER, SET OF), ``signature`` is r and s in DER.
    """
    first, before, second, behind = byte_range
    if first != 0:
        return StampEvidence(problem="It does not cover the beginning of the file.")
    if not 0 < before < second or behind < 0 or second + behind > len(file):
        return StampEvidence(problem="It covers bytes that are not there.")
    # Lengths first: the gap that a hostile file claims may be all of it.
    whole = b"<%s>" % contents.hex().encode()
    if second - before != len(whole) or file[before:second].lower() != whole:
        return StampEvidence(problem="What it leaves out is not the signature alone.")
    try:
        key = PublicKey.from_spki(spki)
        r, s = decode_dss_signature(signature)
        raw = r.to_bytes(_HALF) + s.to_bytes(_HALF)
    except (KeyUnreadable, ValueError, OverflowError):
        return StampEvidence(problem=_OF_ANOTHER_KIND)
    if key.algorithm is not Algorithm.ES256:
        return StampEvidence(problem=_OF_ANOTHER_KIND)
    bytes_of_file = memoryview(file)
    covered = hashlib.sha256(bytes_of_file[:before])
    covered.update(bytes_of_file[second : second + behind])
    is_set = attributes.startswith(_SET_OF) and _MESSAGE_DIGEST + message_digest in attributes
    return StampEvidence(
        covers_file=second + behind == len(file),
        is_of_these_bytes=covered.digest() == message_digest and is_set and key.has_signed(attributes, raw),
        key=key,
        stamped_at=stamped_at,
    )


_OF_ANOTHER_KIND = "Its key or signature is of a kind that is not accepted."
_HALF = SIGNATURE_BYTES // 2
_SET_OF = b"\x31"
"""How the signed attributes begin in DER; no COSE structure that a key signs begins so."""

_MESSAGE_DIGEST = bytes.fromhex("302f06092a864886f70d01090431220420")
"""How the attribute of a SHA-256 begins in DER (RFC 5652, 11.2); the 32 bytes follow."""
