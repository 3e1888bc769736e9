"""What is in a PDF, read by PDFium: attachments, stamps, pages. Nothing is judged here.

``python -m macle.paper.opening`` takes a PDF on the standard input and prints what is in it as JSON, or one sentence
that says why not. It gives itself limits on memory and time first: a few bytes can claim to unpack to more than any
machine has, and that ends a process, so it is one of its own. `macle.paper.reading` starts it.

Source: ISO 32000-1, 7.11 (file attachments) and 12.8 (signatures); ETSI EN 319 142-1.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import hashlib
import json
import re
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pypdfium2_raw as pdfium

from macle.paper import confined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

MOST_SECONDS = 20
"""Seconds of the processor."""

MOST_MEMORY = 1024 * 1024 * 1024
"""Bytes of address space."""

MOST_ATTACHMENTS, LARGEST_ATTACHMENT = 16, 256 * 1024
"""Files that are looked at, and bytes of each; a certificate has some hundred."""

MOST_STAMPS, LARGEST_STAMP = 8, 64 * 1024
MOST_PAGES = 20
"""Pages of a scan that are looked at; a certificate has one."""

MOST_CODES = 200
"""Codes on these pages; a certificate has two or three."""

OBJECTS = ("certificate.cose", "confirmation.cose")
"""Names of the signed objects that a file of ours carries; a file carries one."""

DPI = 300
MOST_PIXELS = 40_000_000
"""Pixels of the largest page that is drawn: A3 at 300 dpi has 17 million."""

LONGEST_SIDE = 65_535
"""Pixels of its longer side: the most in which codes are looked for."""

LONGEST_NAME = 255
LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes of what is printed: all attachments and stamps, as text."""


class Unopened(Exception):
    """This is no PDF that can be read; the message is a sentence for people."""


class Unlike(Exception):
    """A signature is not such as ours; the message is what differs, in words for people."""


class Attachment(NamedTuple):
    """A file in the file."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StampRead:
    """What one signature in a PDF says and covers; ``problem`` says why it is none that can be looked at.

    ``byte_range`` is what it claims to cover: offset and length, before and behind the gap of the signature itself.
    ``attributes`` are the signed ones (DER), ``signature`` is r and s in DER, ``spki`` the key of its wrapper.
    """

    byte_range: tuple[int, ...] = ()
    stamped_at: str = ""
    spki: str = ""
    message_digest: str = ""
    attributes: str = ""
    signature: str = ""
    contents: str = ""
    problem: str = ""


@contextlib.contextmanager
def opened(data: bytes) -> Iterator[Any]:
    """Give the open document; raise `Unopened`."""
    _begin()
    buffer = ctypes.create_string_buffer(data, len(data))
    document = pdfium.FPDF_LoadMemDocument64(buffer, len(data), None)
    if not document:
        code = pdfium.FPDF_GetLastError()
        if code in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}:
            raise Unopened("The PDF is encrypted.")
        raise Unopened("This is no PDF that can be read: it is cut off or damaged.")
    try:
        if pdfium.FPDF_GetSecurityHandlerRevision(document) != -1:
            raise Unopened("The PDF is encrypted.")
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)
        del buffer


_BEGUN: list[bool] = []


def _begin() -> None:
    """Start PDFium, once a process."""
    if not _BEGUN:
        pdfium.FPDF_InitLibrary()
        _BEGUN.append(True)


def attachments(document: Any) -> list[Attachment]:  # noqa: ANN401 (a handle of PDFium's)
    """Return the attached files; raise `Unopened` for more, or larger ones, than are looked at."""
    count = pdfium.FPDFDoc_GetAttachmentCount(document)
    if count > MOST_ATTACHMENTS:
        raise Unopened(f"The PDF has {count} files attached, and at most {MOST_ATTACHMENTS} are looked at.")
    found = []
    for index in range(max(0, count)):
        handle = pdfium.FPDFDoc_GetAttachment(document, index)
        size = ctypes.c_ulong(0)
        if not handle or not pdfium.FPDFAttachment_GetFile(handle, None, 0, size):
            raise Unopened("A file attached to the PDF cannot be unpacked.")
        if size.value > LARGEST_ATTACHMENT:
            raise Unopened(f"A file attached to the PDF unpacks to more than {LARGEST_ATTACHMENT:,} bytes.")
        content = ctypes.create_string_buffer(max(1, size.value))
        if not pdfium.FPDFAttachment_GetFile(handle, content, size.value, size):
            raise Unopened("A file attached to the PDF cannot be unpacked.")
        found.append(Attachment(_name(handle), content.raw[: size.value]))
    return found


def _name(handle: Any) -> str:  # noqa: ANN401
    length = pdfium.FPDFAttachment_GetName(handle, None, 0)
    raw = ctypes.create_string_buffer(max(2, min(length, 2 * LONGEST_NAME)))
    if length > len(raw):
        return ""
    pdfium.FPDFAttachment_GetName(handle, ctypes.cast(raw, ctypes.POINTER(ctypes.c_ushort)), len(raw))
    return raw.raw[: max(0, length - 2)].decode("utf-16-le", "replace")


def stamps(document: Any) -> list[StampRead]:  # noqa: ANN401
    """Return what each signature says; raise `Unopened` for more than are looked at."""
    count = pdfium.FPDF_GetSignatureCount(document)
    if count > MOST_STAMPS:
        raise Unopened(f"The PDF has {count} signatures, and at most {MOST_STAMPS} are looked at.")
    return [_stamp(pdfium.FPDF_GetSignatureObject(document, index)) for index in range(max(0, count))]


def _stamp(handle: Any) -> StampRead:  # noqa: ANN401
    numbers = pdfium.FPDFSignatureObj_GetByteRange(handle, None, 0)
    if numbers != 4:  # noqa: PLR2004 (offset and length, twice)
        return StampRead(problem="It does not say which bytes it covers.")
    byte_range = (ctypes.c_int * numbers)()
    pdfium.FPDFSignatureObj_GetByteRange(handle, byte_range, numbers)
    size = pdfium.FPDFSignatureObj_GetContents(handle, None, 0)
    if not 0 < size <= LARGEST_STAMP:
        return StampRead(problem="It is empty, or larger than any that is looked at.")
    raw = ctypes.create_string_buffer(size)
    pdfium.FPDFSignatureObj_GetContents(handle, raw, size)
    form = _text(pdfium.FPDFSignatureObj_GetSubFilter, handle)
    if form != "ETSI.CAdES.detached":
        return StampRead(problem="It is of another form than PAdES.")
    try:
        said = _cms(raw.raw)
    except Unlike as error:
        return StampRead(problem=f"It cannot be read: {error}.")
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, IndexError):
        return StampRead(problem="It cannot be read: something in it is missing or damaged.")
    at = _instant(_text(pdfium.FPDFSignatureObj_GetTime, handle))
    return StampRead(byte_range=tuple(byte_range), stamped_at=at, contents=raw.raw.hex(), **said)


def _text(get: Any, handle: Any) -> str:  # noqa: ANN401
    length = get(handle, None, 0)
    if not 0 < length <= LONGEST_NAME:
        return ""
    raw = ctypes.create_string_buffer(length)
    get(handle, raw, length)
    return raw.value.decode("ascii", "replace")


_PDF_DATE = re.compile(
    r"D:(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:Z(?:00'?00'?)?|(?P<sign>[+-])(?P<hours>\d{2})'(?P<minutes>\d{2})'?)"
)


def _instant(text: str) -> str:
    """Return the instant of a PDF date, with its zone, in UTC; an empty text if it is none."""
    match = _PDF_DATE.fullmatch(text)
    if match is None:
        return ""
    try:
        year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        east = timedelta(hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0))
        at = local + east if match["sign"] == "-" else local - east
        return at.isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return ""


_OF_A_STAMP = {"content_type", "message_digest", "signing_certificate_v2"}


def _cms(raw: bytes) -> dict[str, str]:
    """Return what a CAdES signature says: one signer, SHA-256, ECDSA, and the attributes that PAdES asks for.

    Raises `Unlike`, or what the ASN.1 library raises, for anything else.
    """
    from asn1crypto import cms, tsp  # noqa: F401, PLC0415 (only files with a stamp need it; tsp knows the attribute of CAdES)

    info = cms.ContentInfo.load(raw)
    signed = info["content"]
    signer = signed["signer_infos"][0]
    attributes = {each["type"].native: each["values"] for each in signer["signed_attrs"]}
    named = attributes["signing_certificate_v2"][0]["certs"][0]
    for holds, problem in (
        (not raw[len(info.dump()) :].strip(b"\x00"), "there is something behind it"),
        (info["content_type"].native == "signed_data", "it is no signature"),
        (len(signed["signer_infos"]) == 1, "it has not one signer"),
        (signed["encap_content_info"]["content"].native is None, "it carries a content of its own"),
        (_algorithm(signer["digest_algorithm"]) == "sha256", "its digest is not SHA-256"),
        (_algorithm(signer["signature_algorithm"]) == "sha256_ecdsa", "it is not ECDSA with SHA-256"),
        (len(attributes) == len(signer["signed_attrs"]), "a signed attribute stands twice"),
        (all(len(attributes[name]) == 1 for name in _OF_A_STAMP), "a signed attribute has not one value"),
        (attributes["content_type"][0].native == "data", "its content is not that of a PDF"),
        (_algorithm(named["hash_algorithm"]) == "sha256", "its signing certificate is not named by SHA-256"),
    ):
        if not holds:
            raise Unlike(problem)
    wrapped = (each.chosen for each in signed["certificates"])
    of_signer = [each for each in wrapped if hashlib.sha256(each.dump()).digest() == named["cert_hash"].native]
    if not of_signer:
        raise Unlike("the signing certificate that it names is not in it")
    return {
        "spki": of_signer[0].public_key.dump().hex(),
        "message_digest": attributes["message_digest"][0].native.hex(),
        "attributes": signer["signed_attrs"].untag().dump(force=True).hex(),
        "signature": signer["signature"].native.hex(),
    }


def _algorithm(field: Any) -> str:  # noqa: ANN401 (of an untyped library)
    return str(field["algorithm"].native)


def codes(document: Any) -> list[tuple[int, str]]:  # noqa: ANN401
    """Return the texts of the codes on the first pages: page, counted from one, and text, each once.

    Raises `Unopened` for more codes than are looked at.
    """
    from macle.proof import qr  # noqa: PLC0415 (only scans need pictures)

    found: dict[str, int] = {}
    for index in range(min(pdfium.FPDF_GetPageCount(document), MOST_PAGES)):
        # One page that cannot be drawn does not hide the others.
        with contextlib.suppress(Unopened):
            for text in qr.texts_in(page_of(document, index)):
                found.setdefault(text, index + 1)
        if len(found) > MOST_CODES:
            raise Unopened(f"More than {MOST_CODES} codes stand on the pages of the PDF, and no more are looked at.")
    return [(page_number, text) for text, page_number in found.items()]


def page_of(document: Any, index: int, *, dpi: int = DPI) -> Image.Image:  # noqa: ANN401
    """Return a page, counted from nought, in grey: so fine, or as fine as a page of its size may be.

    Raises `Unopened` if there is no such page or it is too large.
    """
    page = pdfium.FPDF_LoadPage(document, index)
    if not page:
        raise Unopened(f"Page {index + 1} of the PDF cannot be read.")
    try:
        return _drawn(page, dpi)
    finally:
        pdfium.FPDF_ClosePage(page)


def _drawn(page: Any, dpi: int) -> Image.Image:  # noqa: ANN401
    from PIL import Image  # noqa: PLC0415

    width, height = (max(1.0, get(page)) / 72 for get in (pdfium.FPDF_GetPageWidthF, pdfium.FPDF_GetPageHeightF))
    scale = min(dpi, (MOST_PIXELS / (width * height)) ** 0.5, LONGEST_SIDE / max(width, height))
    wide, tall = max(1, int(width * scale)), max(1, int(height * scale))
    bitmap = pdfium.FPDFBitmap_CreateEx(wide, tall, pdfium.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        raise Unopened("A page of the PDF is too large to be drawn.")
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, wide, tall, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, wide, tall, 0, pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        raw = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * tall)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return Image.frombuffer("L", (wide, tall), raw, "raw", "L", stride, 1)


def main() -> None:
    """Read the standard input and print what is in it, or why nothing is."""
    confined.limit(memory=MOST_MEMORY, seconds=MOST_SECONDS, output=LARGEST_ANSWER)
    sys.stdout.write(json.dumps(contents(sys.stdin.buffer.read())))


def contents(data: bytes) -> dict[str, Any] | str:
    """Return what is in a PDF as plain data; a sentence if it cannot be read."""
    try:
        with opened(data) as document:
            attached = attachments(document)
            read = {
                "pages": pdfium.FPDF_GetPageCount(document),
                "attachments": [[each.name, base64.b64encode(each.content).decode()] for each in attached],
                "stamps": [asdict(each) for each in stamps(document)],
                "codes": [],
            }
            if not any(each.name in OBJECTS for each in attached):
                read["codes"] = codes(document)
            return read
    except Unopened as error:
        return str(error)
    except MemoryError:
        return "The PDF takes more memory than it is given."


if __name__ == "__main__":
    main()
