"""What a file is by its content, its picture in small, and the codes in it: read in a process that may die of it.

``python -m macle.node.audit.inspecting kind`` takes a file on the standard input and prints what it is as JSON, or one
sentence that says why it is refused; ``small SIDE`` prints a JPEG of its first page; ``codes`` prints the texts of its
QR codes. It gives itself limits on memory and time first. `macle.node.audit.evidence` and `macle.node.audit.pictures`
start it; nothing of Django is imported here.
"""

from __future__ import annotations

import csv
import io
import json
import struct
import sys
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final

from macle.paper import confined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

MOST_MEMORY = 1024 * 1024 * 1024
"""Bytes of address space."""

MOST_SECONDS = 10
"""Seconds of the processor."""

LARGEST_ANSWER = 4 * 1024 * 1024
"""Bytes of what is printed."""

LONGEST_SIDE, MOST_PIXELS = 10_000, 60_000_000
"""Dots of a picture's side, and of a picture: a page of A4 at 600 dpi has 35 million."""

MOST_PAGES = 200
"""Pages of a scan, in a TIFF or a PDF."""

MOST_PAGES_OF_CODES, MOST_CODES = 20, 200
"""Pages in which codes are looked for, and codes."""

MOST_PARTS, LARGEST_UNPACKED = 2_000, 128 * 1024 * 1024
"""Parts of a spreadsheet, and bytes that they may claim to unpack to."""

PDF: Final = "application/pdf"
PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
TIFF: Final = "image/tiff"
WEBP: Final = "image/webp"
CSV: Final = "text/csv"
TEXT: Final = "text/plain"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMATS: Final = {PNG: "PNG", JPEG: "JPEG", TIFF: "TIFF", WEBP: "WEBP"}
"""What Pillow calls the kinds of pictures."""

_BEGINNINGS: Final = {
    b"\x89PNG\r\n\x1a\n": PNG,
    b"\xff\xd8\xff": JPEG,
    b"II*\x00": TIFF,
    b"MM\x00*": TIFF,
    b"PK\x03\x04": XLSX,
}

OTHERS: Final = {
    b"\xd0\xcf\x11\xe0": "It is an old or an encrypted file of an office program.",
    b"GIF8": "It is a GIF picture.",
    b"Rar!": "It is a RAR archive.",
    b"7z\xbc\xaf": "It is a 7z archive.",
    b"\x1f\x8b": "It is a compressed file.",
    b"MZ": "It is a program.",
    b"\x7fELF": "It is a program.",
}
"""Kinds that people send and that are not taken, by what they begin with."""

_PICTURE_FAULTS = (
    Warning,  # Where warnings are made errors; Pillow warns of bombs and of broken metadata.
    *(OSError, ValueError, SyntaxError, TypeError, EOFError, LookupError, ArithmeticError, AttributeError),
    *(RuntimeError, MemoryError, struct.error, zlib.error),
)
"""What Pillow raises over a broken picture."""


class Unlike(Exception):
    """The file is none that is taken; the message is a sentence for people."""


def kind_of(data: bytes) -> str:
    """Return the media type by the content alone; raise `Unlike`. The whole file is not looked at yet."""
    if not data:
        raise Unlike("The file is empty.")
    if b"%PDF-" in data[:1024]:
        return PDF
    for beginning, kind in _BEGINNINGS.items():
        if data.startswith(beginning):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp":
        raise Unlike("It is a photograph or a film of a telephone's own kind.")
    for beginning, what in OTHERS.items():
        if data.startswith(beginning):
            raise Unlike(what)
    return _kind_of_text(data)


def _kind_of_text(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unlike("It is of no kind that is known here, and no text in UTF-8 either.") from None
    if any(sign < " " and sign not in "\t\r\n\f" for sign in text) or "\x7f" in text:
        raise Unlike("It is no text: it has signs that no text has.")
    return CSV if _is_table(text) else TEXT


def _is_table(text: str) -> bool:
    """Tell whether the first lines have the same number of cells, two or more, by one separator."""
    lines = [line for line in text[:65536].splitlines()[:10] if line.strip()]
    if len(lines) < 2:  # noqa: PLR2004 (a heading, and something under it)
        return False
    for separator in ",;\t":
        try:
            widths = {len(row) for row in csv.reader(lines, delimiter=separator)}
        except csv.Error:
            continue
        if len(widths) == 1 and widths.pop() > 1:
            return True
    return False


def look(data: bytes) -> dict[str, Any]:
    """Return what the file is, having opened it: media type, and pages or dots where it has some; raise `Unlike`."""
    kind = kind_of(data)
    if kind in FORMATS:
        return {"kind": kind, **_picture(data, kind)}
    if kind == PDF:
        return {"kind": kind, "pages": _pdf(data)}
    if kind == XLSX:
        _spreadsheet(data)
    return {"kind": kind}


def _opened(data: bytes, kind: str) -> Image.Image:
    """Return the picture with its header read and its size within the limits; raise `Unlike`."""
    from PIL import Image  # noqa: PLC0415 (within the limits)

    Image.MAX_IMAGE_PIXELS = None
    try:
        picture = Image.open(io.BytesIO(data), formats=(FORMATS[kind],))
    except _PICTURE_FAULTS as error:
        raise Unlike("The picture cannot be read: it is damaged.") from error
    _sized(picture)
    return picture


def _sized(picture: Image.Image) -> None:
    wide, tall = picture.size
    if max(wide, tall) > LONGEST_SIDE or wide * tall > MOST_PIXELS:
        raise Unlike(
            f"The picture has {wide:,} by {tall:,} dots, and at most {LONGEST_SIDE:,} a side and "
            f"{MOST_PIXELS:,} in all are taken."
        )


def _picture(data: bytes, kind: str) -> dict[str, Any]:
    picture = _opened(data, kind)
    pages = getattr(picture, "n_frames", 1)
    if pages > MOST_PAGES:
        raise Unlike(f"The scan has {pages:,} pages, and at most {MOST_PAGES} are taken.")
    try:
        picture.load()
        for page in range(1, pages):
            picture.seek(page)
            _sized(picture)
        picture.seek(0)
    except _PICTURE_FAULTS as error:
        raise Unlike("The picture cannot be read: it is cut off or damaged.") from error
    return {"pages": pages, "wide": picture.width, "tall": picture.height}


def _pdf(data: bytes) -> int:
    import pypdfium2_raw as pdfium  # noqa: PLC0415 (within the limits)

    from macle.paper import opening  # noqa: PLC0415

    try:
        with opening.opened(data) as document:
            pages = int(pdfium.FPDF_GetPageCount(document))
            if not 0 < pages <= MOST_PAGES:
                raise Unlike(f"The PDF has {pages:,} pages; one to {MOST_PAGES} are taken.")
            opening.page_of(document, 0, dpi=36)
            return pages
    except opening.Unopened as error:
        raise Unlike(str(error)) from None


def _spreadsheet(data: bytes) -> None:
    """Raise `Unlike` for anything but a spreadsheet without programs that unpacks to what is bearable."""
    import python_calamine  # noqa: PLC0415 (within the limits)

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error) as error:
        raise Unlike("It is an archive that cannot be read.") from error
    names = {part.filename for part in parts}
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise Unlike("It is an archive, or a file of an office program, and no spreadsheet.")
    if len(parts) > MOST_PARTS:
        raise Unlike(f"The spreadsheet has {len(parts):,} parts, and at most {MOST_PARTS:,} are taken.")
    if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise Unlike(f"The spreadsheet unpacks to more than {LARGEST_UNPACKED:,} bytes.")
    if any(part.flag_bits & 1 for part in parts):
        raise Unlike("The spreadsheet is encrypted.")
    if any(
        name.lower().endswith((".bin", ".exe", ".js", ".vbs")) and "printersettings" not in name.lower()
        for name in names
    ):
        raise Unlike("The spreadsheet has a program in it.")
    try:
        sheets = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).sheet_names
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise Unlike("The spreadsheet cannot be read: it is damaged.") from error
    if not sheets:
        raise Unlike("The spreadsheet has no sheet.")


def small(data: bytes, *, side: int) -> bytes:
    """Return a JPEG of the first page, upright, that fits into a square, with nothing but its dots; raise `Unlike`."""
    from PIL import Image, ImageOps  # noqa: PLC0415 (within the limits)

    kind = kind_of(data)
    try:
        if kind == PDF:
            from macle.paper import opening  # noqa: PLC0415

            with opening.opened(data) as document:
                picture = opening.page_of(document, 0, dpi=max(36, side // 8))
        elif kind in FORMATS:
            picture = _opened(data, kind)
            picture.draft("RGB", (side, side))
        else:
            raise Unlike("There is no picture of this kind of file.")
        turned = picture.getexif().get(_ORIENTATION, 1)
        picture = _plain(picture)
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        picture.getexif()[_ORIENTATION] = turned
        upright = ImageOps.exif_transpose(picture)
        bare = Image.frombytes(upright.mode, upright.size, upright.tobytes())
        target = io.BytesIO()
        bare.save(target, "JPEG", quality=82)
        return target.getvalue()
    except _PICTURE_FAULTS as error:
        raise Unlike("The picture cannot be read: it is cut off or damaged.") from error


_ORIENTATION = 0x0112


def _plain(picture: Image.Image) -> Image.Image:
    """Return the picture in grey or colours; what is transparent is paper, and paper is white."""
    from PIL import Image  # noqa: PLC0415

    if picture.mode.startswith("I;16"):
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.has_transparency_data:
        coloured = picture.convert("RGBA")
        paper = Image.new("RGB", coloured.size, "white")
        paper.paste(coloured, mask=coloured.getchannel("A"))
        return paper
    return picture.convert("L" if picture.mode in {"1", "L", "I", "F"} else "RGB")


def codes(data: bytes) -> list[str]:
    """Return the texts of the QR codes on the first pages of a picture or a PDF, each once; raise `Unlike`."""
    from macle.proof import qr  # noqa: PLC0415 (within the limits)

    found: dict[str, None] = {}
    try:
        for page in _pages(data):
            found |= dict.fromkeys(qr.texts_in(page))
    except _PICTURE_FAULTS as error:
        raise Unlike("The picture cannot be read: it is cut off or damaged.") from error
    return [text for text in found if len(text) <= qr.LONGEST_TEXT][:MOST_CODES]


def _pages(data: bytes) -> Iterator[Image.Image]:
    """Give the first pages in grey."""
    kind = kind_of(data)
    if kind == PDF:
        import pypdfium2_raw as pdfium  # noqa: PLC0415

        from macle.paper import opening  # noqa: PLC0415

        try:
            with opening.opened(data) as document:
                for index in range(min(pdfium.FPDF_GetPageCount(document), MOST_PAGES_OF_CODES)):
                    yield opening.page_of(document, index)
        except opening.Unopened as error:
            raise Unlike(str(error)) from None
    elif kind in FORMATS:
        picture = _opened(data, kind)
        for index in range(min(getattr(picture, "n_frames", 1), MOST_PAGES_OF_CODES)):
            picture.seek(index)
            _sized(picture)
            yield _plain(picture).convert("L")
    else:
        raise Unlike("There are no codes in this kind of file.")


def main() -> None:
    """Read the standard input and print what was asked for, or in a JSON text why not."""
    confined.limit(memory=MOST_MEMORY, seconds=MOST_SECONDS, output=LARGEST_ANSWER)
    question, *rest = sys.argv[1:]
    data = sys.stdin.buffer.read()
    try:
        if question == "small":
            sys.stdout.buffer.write(small(data, side=int(rest[0])))
        else:
            sys.stdout.write(json.dumps(look(data) if question == "kind" else codes(data)))
    except Unlike as error:
        sys.stdout.write(json.dumps(str(error)))
    except MemoryError:
        sys.stdout.write(json.dumps("The file takes more memory than it is given."))


if __name__ == "__main__":
    main()
