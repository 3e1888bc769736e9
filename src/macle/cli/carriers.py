"""What was brought: a PDF, a scan, a QR text, the signed bytes.

A file's kind is told by its content, not by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from macle.cli import errors
from macle.paper import carriers
from macle.proof import qr

if TYPE_CHECKING:
    from macle.proof.stamps import StampEvidence

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes of the largest file that is read: an uncompressed colour scan of a page at 600 dpi has some 100 million
dots and is refused as a picture anyway."""


@dataclass(frozen=True, slots=True)
class Brought:
    """One signed object that somebody brought, not judged yet; of a scan there may be several.

    ``stamps`` are those of the PDF that it is attached to; None if it came by itself.
    """

    file: str
    carrier: str
    data: bytes | str
    stamps: tuple[StampEvidence, ...] | None = None


def read(path: str) -> list[Brought]:
    """Return what a file, or the standard input for ``-``, carries; raise `FileMissing` or a `Malformed` error."""
    data = errors.read_file(path, most=LARGEST_FILE)
    name = "standard input" if path == "-" else errors.shown(path)
    carried = carriers.brought(data, codes=qr.texts_in_picture)
    return [Brought(name, each.carrier, each.data, each.stamps) for each in carried]
