"""Files that people bring to a node, good and bad."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import lru_cache
from typing import Any

from PIL import Image
from pyhanko.pdf_utils import writer
from pyhanko.pdf_utils.reader import PdfFileReader

from macle.node.permissions import Actor, Held, Role
from macle.proof import qr

ORIENTATION, GPS = 0x0112, 0x8825


def a_picture(kind: str = "PNG", *, size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new(mode, size, 1 if mode == "1" else 120).save(target, kind, **options)
    return target.getvalue()


def a_photograph() -> bytes:
    """Return a photograph taken upright with the camera turned, which says where it was taken."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS)[1] = "S"
    exif.get_ifd(GPS)[2] = (24.0, 39.0, 29.0)
    return a_picture("JPEG", size=(1200, 800), exif=exif)


@lru_cache(maxsize=1)
def a_pdf() -> bytes:
    return a_picture("PDF", size=(300, 400))


def an_encrypted_pdf() -> bytes:
    """Return a PDF that everybody may open, with some rights only."""
    target = io.BytesIO()
    copied = writer.copy_into_new_writer(PdfFileReader(io.BytesIO(a_pdf()), strict=False))
    copied.encrypt(owner_pass="owner", user_pass="")  # type: ignore[no-untyped-call, unused-ignore]
    copied.write(target)  # type: ignore[no-untyped-call]
    return target.getvalue()


def a_code(text: str, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.open(io.BytesIO(qr.code_of(text).to_png())).convert("L").save(target, kind)
    return target.getvalue()


def a_spreadsheet() -> bytes:
    import xlsxwriter  # noqa: PLC0415 (only where a node is installed)

    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        book.add_worksheet().write_row(0, 0, ["parcel", "carats"])
    return target.getvalue()


def an_archive(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


WORKBOOK = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}


def a_bomb() -> bytes:
    """Return a spreadsheet of some hundred kilobytes that unpacks to 200 MB."""
    return an_archive(WORKBOOK | {"xl/worksheets/sheet1.xml": b"\x00" * 200_000_000})


def a_picture_that_claims(wide: int, tall: int) -> bytes:
    """Return a PNG of a few bytes whose header says that it is so large."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", wide, tall, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\x00")) + chunk(b"IEND", b"")


ADMINISTRATOR = Actor(identifier="person-1", held=(Held(role=Role.ADMINISTRATOR),))
AUDITOR = Actor(identifier="person-2", held=(Held(role=Role.AUDITOR),))
EXAMINER = Actor(identifier="person-3", held=(Held(role=Role.EXAMINER, office="Port Selle"),))
