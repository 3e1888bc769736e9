"""What was brought: a PDF, a scan, a QR text, the signed bytes.

A file's kind is told by its content, not by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from macle import errors as families
from macle.cli import errors
from macle.proof import qr

if TYPE_CHECKING:
    from macle.proof.stamps import StampEvidence

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes of the largest file that is read: an uncompressed colour scan of a page at 600 dpi has some 100 million
dots and is refused as a picture anyway."""

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
_PDF = b"%PDF-"
_WITHIN = 1024
"""PDF readers look for the mark of a PDF in so many bytes."""
_COSE = b"\xd2"


class KindUnknown(families.Malformed):
    """The file is nothing that carries a certificate."""

    code = "kind-unknown"


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
    if data.startswith(_PICTURES):
        return [Brought(name, "read from a picture", text) for text in qr.texts_in_picture(data)]
    if data.startswith(_COSE):
        return [Brought(name, "signed bytes", data)]
    if _PDF in data[:_WITHIN] and not data.lstrip().startswith(qr.PREFIX.encode()):
        from macle.paper import reading  # noqa: PLC0415 (only PDFs need it)

        return [Brought(name, each.carrier, each.data, each.stamps) for each in reading.read(data)]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise KindUnknown(
            "This is neither a PDF, nor a picture, nor a QR text, nor signed bytes.",
            mend="Give a PDF, PNG, JPEG, TIFF, .txt or .cose file.",
        ) from None
    return [Brought(name, "QR text", line) for line in _texts(text)]


def _texts(text: str) -> list[str]:
    """Return the QR texts, one a line, without the white space around them: no valid text ends in a space."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        raise KindUnknown("There is nothing in it.", mend="Give a PDF, PNG, JPEG, TIFF, .txt or .cose file.")
    found = [line for line in lines if line.startswith(qr.PREFIX)]
    if not found and lines[0][0] in "{[":
        raise KindUnknown(
            "This is JSON: it carries no signature.",
            mend="Verify the .pdf, .cose, .txt or .png file that belongs to it.",
        )
    return found or lines[:1]
