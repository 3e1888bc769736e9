"""What carries a certificate: a PDF, a picture, a QR text, the signed bytes; a file's kind is told by its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from macle import errors
from macle.proof.qr import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from macle.proof.stamps import StampEvidence


@dataclass(frozen=True, slots=True)
class Carried:
    """One signed object that somebody brought, not judged yet.

    ``stamps`` are those of the file that it is attached to; None for a code that was read from the picture of a page.
    """

    data: bytes | str
    carrier: str
    stamps: tuple[StampEvidence, ...] | None


_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
_PDF = b"%PDF-"
_WITHIN = 1024
"""PDF readers look for the mark of a PDF in so many bytes."""
_COSE = b"\xd2"


class KindUnknown(errors.Malformed):
    """The file is nothing that carries a certificate."""

    code = "kind-unknown"


def brought(data: bytes, *, codes: Callable[[bytes], list[str]]) -> list[Carried]:
    """Return what a file carries that somebody brought: a PDF, a picture, a QR text or signed bytes.

    Its kind is told by its content. ``codes`` gives the texts of the certificates' codes in a picture. Raises
    `KindUnknown`, `macle.paper.reading.DocumentUnreadable` or what ``codes`` raises.
    """
    if data.startswith(_PICTURES):
        return [Carried(text, "read from a picture", None) for text in codes(data)]
    if data.startswith(_COSE):
        return [Carried(data, "signed bytes", None)]
    if _PDF in data[:_WITHIN] and not data.lstrip().startswith(PREFIX.encode()):
        from macle.paper import reading  # noqa: PLC0415 (only PDFs need it)

        return reading.read(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise KindUnknown(
            "This is neither a PDF, nor a picture, nor a QR text, nor signed bytes.",
            mend="Give a PDF, PNG, JPEG, TIFF, .txt or .cose file.",
        ) from None
    return [Carried(line, "QR text", None) for line in _texts_of(text)]


def _texts_of(text: str) -> list[str]:
    """Return the QR texts, one a line, without the white space around them: no valid text ends in a space."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        raise KindUnknown("There is nothing in it.", mend="Give a PDF, PNG, JPEG, TIFF, .txt or .cose file.")
    found = [line for line in lines if line.startswith(PREFIX)]
    if not found and lines[0][0] in "{[":
        raise KindUnknown(
            "This is JSON: it carries no signature.",
            mend="Verify the .pdf, .cose, .txt or .png file that belongs to it.",
        )
    return found or lines[:1]
