"""PDFs of certificates, as an authority prints and stamps them."""

from __future__ import annotations

import ctypes
import io
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pypdfium2_raw as pdfium
from PIL import Image
from pyhanko.pdf_utils import embed, generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from macle.paper import opening, sheets, stationery
from macle.paper.rendering import CERTIFICATE_FILE, Layout, Look, Place, Press
from macle.paper.sheets import Field, Form
from macle.paper.stamping import Stamp
from macle.proof import codec, qr, signing_certificates
from macle.proof.keys import Usage
from macle.scheme.certificates import STATEMENT
from macle.scheme.terms import ParticipantCode
from tests.support.signed import SINCE

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from pyhanko.pdf_utils.writer import BasePdfFileWriter

    from macle.proof.cose import Signed
    from tests.support.signed import Authority


@lru_cache(maxsize=1)
def a_press() -> Press:
    """Return the one press of this process."""
    return Press()


def a_stamp(authority: Authority) -> Stamp:
    """Return the authority's stamp."""
    root = signing_certificates.make_root(
        root=authority.root, participant=authority.code, authority="Example Diamond Office", at=SINCE
    )
    key = authority.key(Usage.STAMP)
    wrapped = signing_certificates.make_signing_certificate(
        root=authority.root,
        root_certificate=root,
        key=key.public_key,
        usage=Usage.STAMP,
        holder=key.holder,
        at=SINCE,
    )
    return Stamp(signer=authority.signers[Usage.STAMP], signing_certificate=wrapped, root_certificate=root)


def a_look(code: str, **changes: Any) -> Look:
    """Return the look of a Participant's example stationery."""
    return Look(**{"stationery": stationery.packaged(ParticipantCode(code)), "statement": STATEMENT, **changes})


def a_page(signed: Signed, *, layout: Layout = Layout.GENERAL, **changes: Any) -> bytes:
    """Return the certificate as PDF, unstamped."""
    issuer = codec.decode_certificate(signed.payload).issuer
    return a_press().certificate(signed, look=a_look(issuer, **changes), place=Place(layout))


def a_document(signed: Signed, authority: Authority, *, at: datetime | None = None, **changes: Any) -> bytes:
    """Return the certificate as PDF with the authority's stamp, set a minute after it was validated."""
    at = at or codec.decode_certificate(signed.payload).validated_at + timedelta(minutes=1)
    attached = (CERTIFICATE_FILE, signed.to_bytes())
    return a_stamp(authority).on(a_page(signed, **changes), attached=attached, at=at)


def text_of(pdf: bytes, page: int = 0) -> str:
    """Return the text of a page, counted from nought, as PDFium reads it."""
    with opening.opened(pdf) as document:
        loaded = pdfium.FPDF_LoadPage(document, page)
        text = pdfium.FPDFText_LoadPage(loaded)
        count = pdfium.FPDFText_CountChars(text)
        raw = (ctypes.c_ushort * (count + 1))()
        pdfium.FPDFText_GetText(text, 0, count, raw)
        pdfium.FPDFText_ClosePage(text)
        pdfium.FPDF_ClosePage(loaded)
        return bytes(raw).decode("utf-16-le").rstrip("\x00")


def an_approved_look(code: str, **changes: Any) -> Look:
    """Return the look of a Participant's example stationery as if somebody had approved it: no SPECIMEN."""
    approved = replace(stationery.packaged(ParticipantCode(code)), approved_by="an authority of these tests")
    return a_look(code, **{"stationery": approved, **changes})


def a_confirmation_page(signed: Signed, **changes: Any) -> bytes:
    """Return the import confirmation as PDF, unstamped."""
    importing = codec.decode_confirmation(signed.payload).importing_participant
    return a_press().confirmation(signed, look=a_look(importing, **changes))


def a_form(*, without: Collection[str] = (), fields: tuple[Field, ...] = (), **changes: Any) -> Form:
    """Return a numbered A4 sheet with every field that such a sheet may have, in two columns; ``fields`` replace."""
    own = {field.name for field in fields}
    numbers = {"number", "slip-number"} if changes.get("numbered", True) else set()
    columns = [name for name in sheets.NAMES if name not in {"qr", "small-qr"}]
    placed = [Field(name, 12 + 100 * (i % 2), 12 + 16 * (i // 2), 86, 13) for i, name in enumerate(columns)]
    placed += [Field("qr", 12, 226, 62, 62), Field("small-qr", 112, 226, 30, 30)]
    kept = (field for field in placed if field.name not in numbers | own | set(without))
    form = Form(
        name="An invented sheet",
        width=210.0,
        height=297.0,
        numbered=True,
        perforation=None,
        instructions=230.0,
        fields=(*kept, *fields),
    )
    return replace(form, **changes)


def a_scan(*texts: str | None) -> bytes:
    """Return a PDF of pictures, as a scanner makes it: an A4 page at 300 dpi for each code's text, or a white one."""
    pages = []
    for text in texts:
        page = Image.new("L", (2480, 3508), 255)
        if text is not None:
            with Image.open(io.BytesIO(qr.code_of(text).to_png())) as code:
                page.paste(code.convert("L"), (300, 400))
        pages.append(page)
    target = io.BytesIO()
    pages[0].save(target, "PDF", resolution=300, save_all=True, append_images=pages[1:])
    return target.getvalue()


def updated(pdf: bytes) -> bytes:
    """Return the file with a change appended to it, as an editor saves it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer.root["/Lang"] = generic.pdf_string("tlh")
    writer.update_root()  # type: ignore[no-untyped-call]
    return _written(writer)


def with_attachment(pdf: bytes, name: str, content: bytes) -> bytes:
    """Return the file with one more file attached."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    kept = embed.EmbeddedFileObject.from_file_data(writer, data=content, compress=True)
    embed.embed_file(writer, embed.FileSpec(file_spec_string=name, file_name=name, embedded_data=kept))
    return _written(writer)


def encrypted(pdf: bytes, *, password: str | None = None) -> bytes:
    """Return the file encrypted, to be opened with the password, or with none."""
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(pdf)))
    writer.encrypt("an owner of one test", user_pass=password or "")  # type: ignore[no-untyped-call]
    return _written(writer)


def _written(writer: BasePdfFileWriter) -> bytes:
    target = io.BytesIO()
    writer.write(target)  # type: ignore[no-untyped-call]
    return target.getvalue()
