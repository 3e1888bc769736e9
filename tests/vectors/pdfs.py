"""Vectors of PDFs: drawn and stamped as authorities do, scanned, changed afterwards, and put together by hand.

What is drawn (`tests.support.documents`) has the size of a real certificate. Where the page does not matter it is made
by hand and small, and so is its stamp (`tests.vectors.handmade`), which can then be another than it should.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from asn1crypto import cms, core
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from macle.paper import opening
from macle.paper.rendering import CERTIFICATE_FILE, Layout, Place
from macle.proof import codec, cose, qr
from macle.proof.cose import Algorithm
from macle.scheme.certificates import Party
from macle.scheme.terms import CountryCode
from tests.support import documents, signed
from tests.vectors import handmade, world
from tests.vectors.handmade import Draft, Range, attributes_of, of_key, stamped
from tests.vectors.vector import (
    ADMITTED,
    KEY_UNKNOWN,
    OUT_OF_DATE,
    STAMP_NOT_ENTITLED,
    STAMP_NOT_IN_FORCE,
    STAMP_UNDECIDED,
    STAMP_UNKNOWN,
    UNREADABLE,
    Answers,
    Vector,
    certify,
    changed,
    document,
    forged,
    inadmissible,
    malformed,
    sign,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from macle.proof.cose import Signed
    from macle.proof.keys import FileSigner
    from macle.scheme.certificates import Certificate
    from tests.vectors.vector import Message

STAMPED_AT = datetime(2026, 11, 2, 9, 31, tzinfo=UTC)


def vectors() -> Iterator[Vector]:
    """Give all vectors of PDFs."""
    for each in (
        *_drawn(),
        *_stamps_in_force(),
        *_scans(),
        *_without_stamp(),
        *_not_such_stamps(),
        *_changed(),
        *_of_others(),
        *_not_in_force(),
        *_unreadable(),
        *_of_bad_certificates(),
    ):
        yield replace(each, trust="stamps") if each.trust == "pins" else each


# --- What is certified, drawn and stamped -----------------------------------------------------------


@cache
def _message() -> Message:
    """Return the certificate that most of these PDFs carry."""
    return certify(world.a_certificate())


@cache
def _other() -> Message:
    """Return another certificate of the same authority."""
    return certify(world.a_certificate("BW00004822", parcels=3, container_seals=("GB 000018",)))


def _signed(message: Message) -> Signed:
    return cose.read(message.cose)


def _attached(message: Message) -> tuple[str, bytes]:
    return CERTIFICATE_FILE, message.cose


def _of(code: str, office: str, exporter: Party, until: int) -> Certificate:
    """Return a certificate of that authority, whose last day ends at that hour (UTC)."""
    return world.a_certificate(
        f"{code}00000017",
        office=office,
        issuing_authority=f"Example Diamond Office, {office}",
        exporter=exporter,
        origin=world.an_origin("BW" if code in {"AE", "EU"} else code),
        expires_at=datetime(2027, 1, 1, until, 0, tzinfo=UTC),
    )


_PAGES: dict[str, tuple[str, Certificate, dict[str, Any]]] = {
    "botswana-english": ("in English", world.a_certificate(issuing_authority="Example Diamond Office"), {}),
    "angola-portuguese": (
        "in Portuguese and English",
        _of("AO", "Luanda", Party("Sociedade Mineira Fictícia S.A.", "Lucapa", CountryCode("AO"), "AO-EX-0101"), 23),
        {},
    ),
    "congo-french": (
        "in French and English",
        _of("CD", "Kinshasa", Party("Comptoir imaginaire du Kasaï", "Tshikapa", CountryCode("CD"), "CD-EX-0101"), 23),
        {},
    ),
    "russia-russian": (
        "in Russian and English",
        _of(
            "RU",
            "Moscow",
            Party("Вымышленные алмазы", "Мирный", CountryCode("RU"), "RU-EX-0101", "Vymyshlennye Almazy"),
            21,
        ),
        {},
    ),
    "emirates-arabic": (
        "in Arabic, from right to left, and English",
        _of("AE", "Dubai", replace(world.a_full_certificate().exporter, town="Dubai", country=CountryCode("AE")), 20),
        {},
    ),
    "china-chinese": (
        "in Chinese and English",
        _of(
            "CN",
            "Shanghai",
            Party("上海虚构钻石有限公司", "上海", CountryCode("CN"), "CN-EX-0101", "Xugou Diamonds Co Ltd"),
            16,
        ),
        {},
    ),
    "union-dutch": (
        "in Dutch and English, with the layout of the European Union",
        _of("EU", "Antwerp", Party("Denkbeeldige Stenen BV", "Antwerpen", CountryCode("BE"), "BE-EX-0101"), 23),
        {"layout": Layout.EU},
    ),
    "every-field": (
        "with every field filled and names in three scripts",
        world.a_full_certificate(issuing_authority="Example Diamond Office"),
        {},
    ),
    "copy": (
        "marked COPY: the mark is the page's, and what is attached is the certificate",
        world.a_certificate(issuing_authority="Example Diamond Office"),
        {"is_copy": True},
    ),
}


def _page(name: str) -> bytes:
    _, certificate, look = _PAGES[name]
    return documents.a_page(_signed(certify(certificate)), **look)


def _document(name: str) -> bytes:
    """Return a page as its authority stamps it."""
    _, certificate, _ = _PAGES[name]
    return _with_stamp(_page(name), certify(certificate))


def _with_stamp(page: bytes, message: Message) -> bytes:
    issuer = codec.decode_certificate(message.payload).issuer
    stamp = documents.a_stamp(world.issuer(issuer))
    return stamp.on(page, attached=_attached(message), at=STAMPED_AT)


def _drawn() -> Iterator[Vector]:
    for name, (about, certificate, _) in _PAGES.items():
        yield document(
            f"pdf-{name}",
            f"A stamped certificate {about}.",
            partial(_document, name),
            ADMITTED,
            certify(certificate),
        )
    yield document(
        "pdf-sheet",
        "What is printed on an official sheet, as a file: the values alone, with the certificate attached.",
        _sheet,
        ADMITTED,
        _message(),
    )
    yield document(
        "pdf-around-another",
        "The page shows one certificate, and its authority attached and stamped another: good as what is attached.",
        _around_another,
        ADMITTED,
        _other(),
    )


def _sheet() -> bytes:
    place = Place(Layout.SHEET, form=documents.a_form(numbered=False))
    page = documents.a_press().certificate(_signed(_message()), look=documents.a_look("BW"), place=place)
    return _with_stamp(page, _message())


def _around_another() -> bytes:
    writer = _writer(documents.a_page(_signed(_message())))
    _swap(writer, _other())
    return _with_stamp(_written(writer), _other())


def _writer(pdf: bytes) -> IncrementalPdfFileWriter:
    """Return what appends a change to a file."""
    return IncrementalPdfFileWriter(io.BytesIO(pdf))


def _written(writer: IncrementalPdfFileWriter) -> bytes:
    target = io.BytesIO()
    writer.write(target)  # type: ignore[no-untyped-call]
    return target.getvalue()


def _swap(writer: IncrementalPdfFileWriter, message: Message) -> None:
    """Attach this certificate instead of what is attached."""
    content = writer.add_object(generic.StreamObject(stream_data=message.cose))
    name = generic.pdf_string(CERTIFICATE_FILE)
    named = {"/Type": generic.NameObject("/Filespec"), "/F": name, "/UF": name, "/EF": _dictionary({"/F": content})}
    tree = _dictionary({"/Names": generic.ArrayObject([name, writer.add_object(_dictionary(named))])})
    writer.root["/Names"] = _dictionary({"/EmbeddedFiles": tree})
    writer.update_root()  # type: ignore[no-untyped-call]


def _dictionary(entries: dict[str, Any]) -> generic.DictionaryObject:
    named = {generic.NameObject(name): value for name, value in entries.items()}
    return generic.DictionaryObject(named)  # type: ignore[no-untyped-call]


# --- Small pages with stamps made by hand -----------------------------------------------------------


def _small(message: Message | bytes | None = None, *, key: str = "BW stamp", **entries: Any) -> bytes:
    """Return a small page with a certificate attached, stamped with the key of that name."""
    return stamped(_unstamped(message, **entries), of_key(key))


def _unstamped(message: Message | bytes | None = None, **entries: Any) -> bytes:
    """Return the same with an empty stamp."""
    draft = Draft()
    draft.attach((CERTIFICATE_FILE, message) if isinstance(message, bytes) else _attached(message or _message()))
    draft.sign_here(**entries)
    return draft.to_bytes()


def _date(moment: datetime) -> str:
    return f"D:{moment:%Y%m%d%H%M%S}Z"


def _stamps_in_force() -> Iterator[Vector]:
    yield document(
        "pdf-small",
        "The smallest file: one page, one attached file, one stamp, written in one go.",
        _small,
        ADMITTED,
        _message(),
    )
    yield document(
        "pdf-attached-deflated-beside-others",
        "Other files are attached too: they are none of ours.",
        _beside_others,
        ADMITTED,
        _message(),
    )
    yield document(
        "pdf-stamped-with-zone",
        "The time of the stamp is stated in the zone of the office.",
        partial(_small, at="D:20261102113100+02'00'"),
        ADMITTED,
        _message(),
    )
    yield document(
        "pdf-stamp-of-the-office",
        "The stamp is in force for one office, which is the certificate's.",
        lambda: _small(_of_francistown(), key="BW stamp francistown"),
        ADMITTED,
        _of_francistown(),
    )
    yield document(
        "pdf-stamp-retired-since",
        "The stamp was retired on 5 November, after it was set.",
        partial(_small, key="BW stamp replaced"),
        ADMITTED,
        _message(),
    )
    yield document(
        "pdf-stamp-in-its-last-second",
        "The stamp was set in the last second in which it was in force.",
        partial(_small, key="BW stamp replaced", at="D:20261105115959Z"),
        ADMITTED,
        _message(),
    )
    yield document(
        "pdf-stamp-in-its-first-second",
        "The stamp was set in the first second in which it is in force.",
        lambda: _small(_of_next_year(), key="BW stamp next", at=_date(world.NOT_BEFORE)),
        ADMITTED,
        _of_next_year(),
        at=datetime(2027, 1, 9, 10, 0, tzinfo=UTC),
    )
    yield document(
        "pdf-presented-in-that-second",
        "The file is presented in the very second in which it was stamped.",
        _small,
        ADMITTED,
        _message(),
        at=STAMPED_AT,
        pdf="small",
    )
    yield document(
        "pdf-stamp-in-the-last-second-of-the-record",
        "The file was stamped in the last second up to which the record of Botswana reaches.",
        lambda: _small(_of_june(), at="D:20260630235959Z"),
        ADMITTED,
        _of_june(),
        trust="ends-in-june",
        at=datetime(2026, 7, 9, 10, 0, tzinfo=UTC),
    )
    yield document(
        "pdf-signed-by-another-before",
        "Somebody else signed the file before; the authority's stamp was set last and covers all of it.",
        _signed_by_another_before,
        ADMITTED,
        _message(),
    )
    yield document(
        "pdf-stamp-in-capital-letters",
        "The hexadecimal digits of the stamp are capital letters; the zone of its time is written as Z00'00'.",
        lambda: _capitals(_small(at="D:20261102093100Z00'00'")),
        ADMITTED,
        _message(),
    )


@cache
def _of_francistown() -> Message:
    return certify(world.a_certificate("BW00004823", office="Francistown"))


@cache
def _of_next_year() -> Message:
    dates = world.dated(date(2027, 1, 1), date(2027, 3, 1), datetime(2027, 3, 1, 22, tzinfo=UTC))
    return certify(world.a_certificate("BW00004824", **dates))


@cache
def _of_june() -> Message:
    dates = world.dated(date(2026, 6, 20), date(2026, 8, 19), datetime(2026, 8, 19, 22, tzinfo=UTC))
    return certify(world.a_certificate("BW00004826", **dates))


def _beside_others() -> bytes:
    draft = Draft()
    others = [("Certificate.cose", b"capital letter"), ("certificate.cose.txt", b"x"), ("packing list.pdf", b"%PDF-")]
    draft.attach(*others, _attached(_message()), deflated=True)
    draft.sign_here()
    return stamped(draft.to_bytes(), of_key("BW stamp"))


def _signed_by_another_before() -> bytes:
    return _stamped_again(stamped(_unstamped(), of_key("an exporter")), of_key("BW stamp"))


def _stamped_again(pdf: bytes, signer: Callable[[bytes], bytes]) -> bytes:
    """Return the file with one more stamp appended."""
    draft = Draft()
    draft.objects = {100: b""}
    draft.sign_here(at=_date(STAMPED_AT))
    (mine,) = draft.fields
    first = pdf[pdf.index(b"/Fields [") + len(b"/Fields [") : pdf.index(b"]", pdf.index(b"/Fields ["))].decode()
    catalog = pdf[pdf.index(b"1 0 obj\n") + len(b"1 0 obj\n") : pdf.index(b"\nendobj")]
    renewed = catalog.replace(f"/Fields [{first}]".encode(), f"/Fields [{first} {mine} 0 R]".encode())
    more = {number: body for number, body in draft.objects.items() if number > 100}
    return stamped(handmade.updated(pdf, {handmade.CATALOG: renewed, **more}), signer)


def _capitals(pdf: bytes) -> bytes:
    before = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    behind = pdf.index(b">", before)
    return pdf[:before] + pdf[before:behind].upper() + pdf[behind:]


# --- Scans ------------------------------------------------------------------------------------------


def _scans() -> Iterator[Vector]:
    name = "botswana-english"
    yield document(
        "pdf-scan",
        "A scan of the printed page, askew, without an attachment: the code on the page is judged.",
        lambda: _scan(_page(name)),
        ADMITTED,
        certify(_PAGES[name][1]),
    )
    yield document(
        "pdf-scan-second-page",
        "A scan of two pages; the code stands on the second, and the first is empty.",
        lambda: _pictures(_picture(None), _picture(_message().text)),
        ADMITTED,
        _message(),
    )
    yield document(
        "pdf-scan-forged",
        "A scan whose code is of a certificate that was changed after it was signed.",
        lambda: _pictures(_picture(_changed_message().text)),
        forged(6),
    )
    yield document(
        "pdf-scan-without-code",
        "A scan of a page without a code.",
        lambda: _pictures(_picture(None)),
        UNREADABLE,
    )
    yield document(
        "pdf-scan-of-a-label",
        "A scan of a container label: its code names a certificate and is none.",
        lambda: _pictures(_picture(qr.label_text("BW00004821", _message().identity))),
        UNREADABLE,
    )


@cache
def _changed_message() -> Message:
    """Return a certificate whose weight was changed after it was signed."""
    lines = (replace(world.a_certificate().lines[0], carats=world.a_certificate().lines[0].carats.parse("205.19")),)
    return replace(_message(), payload=codec.encode_certificate(world.a_certificate(lines=lines)))


def _picture(text: str | None) -> Image.Image:
    """Return an A5 page at 150 dpi in black and white, with the code of the text on it."""
    page = Image.new("1", (874, 1240), 1)
    if text is not None:
        with Image.open(io.BytesIO(qr.code_of(text).to_png(pixels=3, dpi=150))) as code:
            page.paste(code, (100, 100))
    return page


def _scan(pdf: bytes) -> bytes:
    with opening.opened(pdf) as read:
        page = opening.page_of(read, 0, dpi=200)
    askew = page.rotate(0.7, resample=Image.Resampling.BICUBIC, fillcolor=255)
    return _pictures(askew.convert("1", dither=Image.Dither.NONE), dpi=200)


def _pictures(*pages: Image.Image, dpi: int = 150) -> bytes:
    target = io.BytesIO()
    pages[0].save(target, "PDF", resolution=dpi, save_all=True, append_images=pages[1:])
    return target.getvalue()


# --- Step 22: no stamp, or none such as ours --------------------------------------------------------


def _without_stamp() -> Iterator[Vector]:
    name = "botswana-english"
    certificate = certify(_PAGES[name][1])
    yield document(
        "pdf-not-stamped", "The page as it was drawn, without a stamp.", partial(_page, name), changed(22), certificate
    )
    yield document(
        "pdf-stamp-taken-out",
        "A change was appended after which the file names no stamp.",
        lambda: _stamp_taken_out(_document(name)),
        changed(22),
        certificate,
    )


def _stamp_taken_out(pdf: bytes) -> bytes:
    writer = _writer(pdf)
    for name in ("/AcroForm", "/Perms"):
        if name in writer.root:
            del writer.root[name]
    writer.update_root()  # type: ignore[no-untyped-call]
    return _written(writer)


def _not_such_stamps() -> Iterator[Vector]:
    for name, about, make in _odd_ranges():
        yield document(f"pdf-range-{name}", about, make, changed(22), _message())
    for name, about, make in _odd_stamps():
        yield document(f"pdf-stamp-{name}", about, make, changed(22), _message())


def _odd_ranges() -> Iterator[tuple[str, str, Callable[[], bytes]]]:
    """Give stamps whose byte range is another than all but the signature."""
    sign_it = of_key("BW stamp")

    def case(**parts: Any) -> Callable[[], bytes]:
        return lambda: stamped(_unstamped(), sign_it, **parts)

    def second_gap(honest: Range) -> str:
        return f"[0 {honest.before} {honest.second} 40 {honest.second + 60} {honest.behind - 60}]"

    yield "second-gap", "The byte range has six numbers and leaves a second gap.", case(state=second_gap)
    yield "of-two-numbers", "The byte range has two numbers.", case(state=lambda honest: f"[0 {honest.before}]")
    yield (
        "missing",
        "The stamp has no byte range.",
        lambda: stamped(_unstamped(ByteRange="", Was=handmade.PLACES.decode()), sign_it),
    )
    yield (
        "begins-later",
        "The byte range begins with the second byte of the file.",
        case(state=lambda honest: f"[1 {honest.before - 1} {honest.second} {honest.behind}]"),
    )
    yield (
        "gap-hides-content",
        "The byte range ends with the file, but its gap is larger than the signature: what is behind can be changed.",
        _gap_hides_content,
    )
    yield (
        "gap-before-the-signature",
        "The gap begins before the signature and hides the entry in front of it.",
        case(choose=lambda honest: Range(honest.before - 10, honest.second, honest.behind)),
    )
    yield (
        "gap-elsewhere",
        "The gap is not where the signature stands.",
        case(choose=lambda honest: Range(20, 40, honest.second + honest.behind - 40)),
    )
    yield (
        "gap-without-brackets",
        "The gap is the digits of the signature, and the brackets around them are covered.",
        case(choose=lambda honest: Range(honest.before + 1, honest.second - 1, honest.behind + 1)),
    )
    yield (
        "beyond-the-end",
        "The byte range ends behind the end of the file.",
        case(state=lambda honest: f"[0 {honest.before} {honest.second} {honest.behind + 1}]"),
    )
    yield (
        "backwards",
        "The byte range covers the same bytes twice and leaves nothing out.",
        case(choose=lambda honest: Range(honest.second, honest.before, honest.behind)),
    )
    yield (
        "negative",
        "A number of the byte range is negative.",
        case(state=lambda honest: f"[0 {honest.before} {honest.second} -{honest.behind}]"),
    )


def _gap_hides_content() -> bytes:
    """Return a file whose gap reaches over the entry behind the signature, which is changed after stamping."""
    pdf = _unstamped(entries="/Reason (205.18 carats)")
    behind = pdf.index(b">>", pdf.index(b"205.18"))
    made = stamped(pdf, of_key("BW stamp"), choose=lambda honest: Range(honest.before, behind, len(pdf) - behind))
    return made.replace(b"(205.18 carats)", b"(905.18 carats)")


def _odd_stamps() -> Iterator[tuple[str, str, Callable[[], bytes]]]:
    """Give stamps whose dictionary or CMS is another than PAdES B-B with P-256."""

    def odd(**parts: Any) -> Callable[[], bytes]:
        return lambda: stamped(_unstamped(), of_key("BW stamp", **parts))

    def signer_info(**parts: Any) -> Callable[[], bytes]:
        return odd(change=lambda signed_data: signed_data["signer_infos"][0].update(parts))

    yield (
        "of-another-form",
        "The stamp is of the older form adbe.pkcs7.detached.",
        partial(_small, SubFilter="/adbe.pkcs7.detached"),
    )
    yield "left-empty", "The room for the signature was never filled in.", lambda: stamped(_unstamped(), bytes)
    yield (
        "no-signature",
        "There is a text where the signature should be.",
        lambda: stamped(_unstamped(), lambda _: b"Signed, the Director."),
    )
    yield (
        "cut-off",
        "The signature ends after its first 200 bytes.",
        lambda: stamped(_unstamped(), lambda digest: of_key("BW stamp")(digest)[:200]),
    )
    yield (
        "something-behind",
        "There is something behind the signature, in the room kept for it.",
        lambda: stamped(_unstamped(), lambda digest: of_key("BW stamp")(digest) + b"\x00\x00hidden"),
    )
    yield (
        "too-large",
        "The room for the signature is larger than any that is looked at.",
        lambda: stamped(_unstamped(room=2 * 70_000), of_key("BW stamp")),
    )
    yield "without-signer", "The signature has no signer.", odd(change=lambda data: data.update(signer_infos=[]))
    yield (
        "two-signers",
        "The signature has two signers.",
        odd(change=lambda data: data["signer_infos"].append(dict(data["signer_infos"][0]))),
    )
    yield (
        "content-inside",
        "The signature carries a content of its own.",
        odd(change=lambda data: data.update(encap_content_info={"content_type": "data", "content": b"certificate"})),
    )
    yield "sha512", "The digest is named as SHA-512.", signer_info(digest_algorithm={"algorithm": "sha512"})
    yield (
        "ecdsa-with-sha512",
        "The signature is named as ECDSA with SHA-512.",
        signer_info(signature_algorithm={"algorithm": "sha512_ecdsa"}),
    )
    yield "rsa", "The signature is RSA.", lambda: stamped(_unstamped(room=8192), _rsa())
    yield (
        "ed25519",
        "The signature is of an Ed25519 key and calls itself ECDSA.",
        lambda: stamped(_unstamped(), handmade.a_signature(_ed25519(), handmade.a_wrapper(_ed25519()))),
    )
    yield (
        "without-message-digest",
        "The signed attributes have no message digest.",
        odd(attributes=lambda digest, wrapped: _but("message_digest", digest, wrapped)),
    )
    yield (
        "without-content-type",
        "The signed attributes have no content type.",
        odd(attributes=lambda digest, wrapped: _but("content_type", digest, wrapped)),
    )
    yield (
        "without-signing-certificate",
        "The signed attributes do not name the signing certificate: CAdES asks for it.",
        odd(attributes=lambda digest, wrapped: _but("signing_certificate_v2", digest, wrapped)),
    )
    yield (
        "digest-twice",
        "The message digest stands twice: that of these bytes and another one.",
        odd(
            attributes=lambda digest, wrapped: [
                *attributes_of(digest, wrapped),
                {"type": "message_digest", "values": [core.OctetString(bytes(32))]},
            ]
        ),
    )
    yield (
        "digest-of-two-values",
        "The message digest has two values.",
        odd(
            attributes=lambda digest, wrapped: [
                *_but("message_digest", digest, wrapped),
                {"type": "message_digest", "values": [core.OctetString(digest), core.OctetString(bytes(32))]},
            ]
        ),
    )
    yield (
        "wrapper-not-in-it",
        "The signing certificate that the attributes name is not in the signature.",
        odd(change=lambda data: data.update(certificates=[])),
    )
    yield (
        "names-another-wrapper",
        "The attributes name another signing certificate than the one that is in the signature.",
        odd(attributes=lambda digest, wrapped: attributes_of(digest, wrapped + b"\x00")),
    )


def _but(left_out: str, digest: bytes, wrapped: bytes) -> list[dict[str, Any]]:
    return [each for each in attributes_of(digest, wrapped) if each["type"] != left_out]


def _ed25519() -> FileSigner:
    return signed.a_signer("BW stamp ed25519", Algorithm.EDDSA)


def _rsa() -> Callable[[bytes], bytes]:
    """Return what signs with an RSA key that is wrapped as a P-256 key is."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    wrapped = handmade.a_wrapper_of_rsa(key)

    def make(digest: bytes) -> bytes:
        attributes = attributes_of(digest, wrapped)
        raw = key.sign(cms.CMSAttributes(attributes).dump(), padding.PKCS1v15(), hashes.SHA256())
        change = {"signature_algorithm": {"algorithm": "sha256_rsa"}, "signature": raw}
        signer = handmade.a_signature(
            signed.a_signer("BW stamp"), wrapped, change=lambda data: data["signer_infos"][0].update(change)
        )
        return signer(digest)

    return make


# --- Steps 23 and 24: changed after it was stamped --------------------------------------------------


def _changed() -> Iterator[Vector]:
    name = "botswana-english"
    certificate = certify(_PAGES[name][1])

    def case(kind: str, about: str, make: Callable[[], bytes], step: int, message: Message = certificate) -> Vector:
        return document(f"pdf-changed-{kind}", about, make, changed(step), message)

    yield case("page", "A change was appended that paints the page anew.", lambda: _repainted(_document(name)), 23)
    yield case("comment", "A comment was appended to the page.", lambda: _commented(_document(name)), 23)
    yield case(
        "attachment",
        "A change was appended that attaches another genuine certificate: what is attached is shown, and is not good.",
        lambda: _swapped(_document(name)),
        23,
        _other(),
    )
    yield case(
        "line-end-behind", "One byte was added behind the end: a line end.", lambda: _small() + b"\n", 23, _message()
    )
    yield case(
        "range-ends-early",
        "The stamp covers the file up to its last line, and nothing was added.",
        lambda: stamped(
            _unstamped(),
            of_key("BW stamp"),
            choose=lambda honest: Range(honest.before, honest.second, honest.behind - 7),
        ),
        23,
        _message(),
    )
    yield case(
        "one-byte", "One byte in the description of the file was changed.", lambda: _one_byte(_document(name)), 24
    )
    yield case(
        "word",
        "One word on the page was changed in its place.",
        lambda: _small().replace(b"(What counts", b"(What hounds"),
        24,
        _message(),
    )
    yield case(
        "attachment-in-place",
        "Another genuine certificate was put in the place of the attached one, byte for byte.",
        lambda: _small().replace(_message().cose, _other_of_same_length().cose),
        24,
        _other_of_same_length(),
    )
    yield case(
        "stamp-of-another-file", "The stamp was taken from another file of the same size.", _stamp_moved, 24, _message()
    )
    yield case(
        "signed-by-another-key",
        "The signature names the stamp's key and was made with another one.",
        lambda: stamped(
            _unstamped(),
            handmade.a_signature(signed.a_signer("a forger"), handmade.a_wrapper(signed.a_signer("BW stamp"))),
        ),
        24,
        _message(),
    )
    yield case(
        "signature",
        "The last bytes of the signature are zeros.",
        lambda: stamped(_unstamped(), lambda digest: of_key("BW stamp")(digest)[:-20]),
        24,
        _message(),
    )
    yield case(
        "stamp-without-its-file",
        "Another stamp of the same key covers the whole file, and its digest is of another file.",
        lambda: stamped(_unstamped(), lambda _: of_key("BW stamp")(bytes(32))),
        24,
        _message(),
    )


@cache
def _other_of_same_length() -> Message:
    message = certify(world.a_certificate("BW00004825"))
    if len(message.cose) != len(_message().cose):
        raise ValueError("The certificates differ in length.")
    return message


def _repainted(pdf: bytes) -> bytes:
    writer = _writer(pdf)
    page = writer.root["/Pages"]["/Kids"][0]
    painted = generic.StreamObject(stream_data=b"1 1 1 rg 0 0 600 850 re f 0 0 0 rg 72 700 200 20 re f")
    page["/Contents"] = writer.add_object(painted)
    writer.update_container(page)
    return _written(writer)


def _commented(pdf: bytes) -> bytes:
    writer = _writer(pdf)
    page = writer.root["/Pages"]["/Kids"][0]
    comment = _dictionary(
        {
            "/Type": generic.NameObject("/Annot"),
            "/Subtype": generic.NameObject("/FreeText"),
            "/Rect": generic.ArrayObject([generic.FloatObject(edge) for edge in (100, 500, 400, 540)]),  # type: ignore[no-untyped-call]
            "/DA": generic.pdf_string("/Helv 20 Tf 1 0 0 rg"),
            "/Contents": generic.pdf_string("Cleared by customs."),
        }
    )
    page["/Annots"] = generic.ArrayObject([*page.get("/Annots", ()), writer.add_object(comment)])
    writer.update_container(page)
    return _written(writer)


def _swapped(pdf: bytes) -> bytes:
    writer = _writer(pdf)
    _swap(writer, _other())
    return _written(writer)


def _one_byte(pdf: bytes) -> bytes:
    """Return the file with one letter changed where no reader looks."""
    at = pdf.index(b"Typst")
    return pdf[:at] + b"t" + pdf[at + 1 :]


def _stamp_moved() -> bytes:
    """Return a file with the signature of another one that has the same byte range."""
    honest, source = _small(), _small(_other_of_same_length())
    before, behind = honest.rindex(b"/Contents <"), honest.rindex(b">", 0, honest.rindex(b"/FT /Sig"))
    if before != source.rindex(b"/Contents <") or len(honest) != len(source):
        raise ValueError("The files differ in length.")
    return honest[:before] + source[before:behind] + honest[behind:]


# --- Steps 25 and 26: whose stamp, and when ---------------------------------------------------------


def _of_others() -> Iterator[Vector]:
    def case(name: str, about: str, answers: Answers, **parts: Any) -> Vector:
        return document(f"pdf-stamp-{name}", about, partial(_small, **parts), answers, _message())

    yield case("of-another-authority", "Angola's stamp on Botswana's certificate.", STAMP_NOT_ENTITLED, key="AO stamp")
    yield case(
        "key-for-validation",
        "The stamp was made with Botswana's key for validating certificates.",
        STAMP_NOT_ENTITLED,
        key="BW validate",
    )
    yield case(
        "key-for-exchange",
        "The stamp was made with Botswana's key for letters.",
        STAMP_NOT_ENTITLED,
        key="BW exchange",
    )
    yield case(
        "of-another-office",
        "The stamp is Francistown's, and the certificate is of Gaborone.",
        STAMP_NOT_ENTITLED,
        key="BW stamp francistown",
    )
    yield case(
        "unknown",
        "Nobody knows the stamp's key, and it claims to be newer than what is held of Botswana.",
        STAMP_UNKNOWN,
        key="a stamp of tomorrow",
    )
    yield case(
        "unknown-and-older",
        "Nobody knows the stamp's key, and it claims to be older than what is held of Botswana: there was no such key.",
        STAMP_NOT_ENTITLED,
        key="a stamp of tomorrow",
        at="D:20261030120000Z",
    )
    yield case(
        "unknown-without-time",
        "Nobody knows the stamp's key, and it does not say when it was set.",
        STAMP_UNKNOWN,
        key="a stamp of tomorrow",
        M="",
    )
    yield document(
        "pdf-changed-and-signed-by-another",
        "Somebody changed the stamped file and signed it with a key of his own, which covers all of it.",
        lambda: _stamped_again(_small(), of_key("a forger")),
        STAMP_UNKNOWN,
        _message(),
    )
    yield document(
        "pdf-keys-of-nobody",
        "No keys of anybody are held: neither certificate nor stamp can be decided.",
        _small,
        KEY_UNKNOWN,
        trust="nobody",
        pdf="small",
    )


def _not_in_force() -> Iterator[Vector]:
    def case(name: str, about: str, answers: Answers, **parts: Any) -> Vector:
        return document(f"pdf-stamp-{name}", about, partial(_small, **parts), answers, _message())

    yield case(
        "retired-before",
        "The stamp was retired in July, and set in November.",
        STAMP_NOT_IN_FORCE,
        key="BW stamp retired",
    )
    yield case(
        "retired-in-that-second",
        "The stamp was set in the very second in which it was retired.",
        STAMP_NOT_IN_FORCE,
        key="BW stamp replaced",
        at=_date(world.REPLACED_AT),
    )
    yield case("not-yet-in-force", "The stamp is in force only from 2027.", STAMP_NOT_IN_FORCE, key="BW stamp next")
    yield case(
        "compromised",
        "The stamp is compromised since October, and was set in November.",
        STAMP_UNDECIDED,
        key="BW stamp compromised",
    )
    yield case(
        "compromised-set-before",
        "The stamp is compromised since October and claims to have been set before: only the thief may say so.",
        STAMP_UNDECIDED,
        key="BW stamp compromised",
        at="D:20260915120000Z",
    )
    yield case("without-time", "The stamp does not say when it was set.", STAMP_NOT_IN_FORCE, M="")
    yield case(
        "time-without-zone",
        "The time of the stamp has no zone, so that nobody knows when it was.",
        STAMP_NOT_IN_FORCE,
        at="D:20261102093100",
    )
    yield document(
        "pdf-stamp-a-second-later",
        "The file is presented one second before its stamp says that it was set: a clock is wrong.",
        _small,
        STAMP_UNDECIDED,
        _message(),
        at=STAMPED_AT - timedelta(seconds=1),
        pdf="small",
    )
    yield document(
        "pdf-stamp-beyond-the-record",
        "The certificate was validated while the record of Botswana reached, and stamped in the first second after.",
        lambda: _small(_of_june(), at="D:20260701000000Z"),
        STAMP_UNDECIDED,
        _of_june(),
        trust="ends-in-june",
        at=datetime(2026, 7, 9, 10, 0, tzinfo=UTC),
    )
    yield case("time-that-is-none", "The time of the stamp is 30 February.", STAMP_NOT_IN_FORCE, at="D:20260230093100Z")


# --- What cannot be read ----------------------------------------------------------------------------


def _unreadable() -> Iterator[Vector]:
    def case(name: str, about: str, make: Callable[[], bytes]) -> Vector:
        return document(f"pdf-{name}", about, make, UNREADABLE)

    yield case(
        "encrypted",
        "The file is encrypted and opens with a password.",
        lambda: documents.encrypted(handmade.a_file(_attached(_message())), password="a password"),
    )
    yield case(
        "encrypted-without-password",
        "The file is encrypted and opens without a password.",
        lambda: documents.encrypted(handmade.a_file(_attached(_message()))),
    )
    yield case("cut-off", "The file was cut off after its beginning.", lambda: _small()[:300])
    yield case("mark-alone", "Nothing but the mark of a PDF.", lambda: b"%PDF-1.7\n")
    yield case(
        "mark-before-a-text",
        "The mark of a PDF, and no PDF behind it.",
        lambda: b"%PDF-1.7\nDear Sirs,\nplease find our certificate.\n%%EOF\n",
    )
    yield case("two-certificates", "Two certificates are attached, and the authority's stamp covers both.", _two)
    yield case(
        "certificate-and-confirmation",
        "A certificate and an import confirmation are attached.",
        lambda: handmade.a_file(_attached(_message()), ("confirmation.cose", _message().cose)),
    )
    yield case(
        "attached-under-another-name",
        "The certificate is attached as CERTIFICATE.COSE, and no code is on the page.",
        lambda: handmade.a_file(("CERTIFICATE.COSE", _message().cose)),
    )
    yield case(
        "attached-to-the-page",
        "The certificate is attached to a mark on the page and not to the file.",
        _attached_to_page,
    )
    yield case(
        "attachment-too-large",
        "What is attached as a certificate unpacks to more than 256 KiB.",
        lambda: _deflated(bytes(256 * 1024 + 1)),
    )
    yield case("attachment-bomb", "What is attached as a certificate claims to unpack to 4 GiB.", _bomb)
    yield case(
        "seventeen-attachments",
        "More files are attached than are looked at.",
        lambda: handmade.a_file(*[(f"{number:02}.txt", b"") for number in range(16)], _attached(_message())),
    )
    yield case("nine-signatures", "The file has more signatures than are looked at.", _nine_signatures)
    yield case(
        "ten-thousand-pages",
        "Ten thousand pages, and nothing attached.",
        lambda: handmade.a_file(pages=10_000, box="0 0 99 99", content=b""),
    )


def _two() -> bytes:
    draft = Draft()
    draft.attach(_attached(_message()), _attached(_other()))
    draft.sign_here()
    return stamped(draft.to_bytes(), of_key("BW stamp"))


def _attached_to_page() -> bytes:
    draft = Draft()
    file = draft.file(*_attached(_message()))
    mark = draft.add(f"<< /Type /Annot /Subtype /FileAttachment /Rect [72 700 90 720] /FS {file} 0 R >>")
    draft.page = f"{handmade.FONT} /Annots [{mark} 0 R]"
    return draft.to_bytes()


def _deflated(content: bytes) -> bytes:
    draft = Draft()
    draft.attach((CERTIFICATE_FILE, content), deflated=True)
    return draft.to_bytes()


def _bomb() -> bytes:
    """Return a file whose attachment is zeros, deflated twice."""
    packer, mebibyte = zlib.compressobj(9), bytes(2**20)
    once = b"".join(packer.compress(mebibyte) for _ in range(4096)) + packer.flush()
    draft = Draft()
    draft.attach((CERTIFICATE_FILE, b""))
    (number,) = (number for number, body in draft.objects.items() if b"/EmbeddedFile " in body)
    draft.objects[number] = handmade.stream(
        zlib.compress(once, 9), "/Type /EmbeddedFile /Filter [/FlateDecode /FlateDecode]"
    )
    return draft.to_bytes()


def _nine_signatures() -> bytes:
    draft = Draft()
    draft.attach(_attached(_message()))
    for _ in range(9):
        draft.sign_here(room=20, ByteRange="[0 1 2 3]")
    return draft.to_bytes()


# --- A bad certificate in a good file ---------------------------------------------------------------


def _of_bad_certificates() -> Iterator[Vector]:
    """Give files that are as they were stamped, around what is no good certificate."""
    yield document(
        "pdf-expired",
        "The file is as it was stamped, and the certificate has expired.",
        _small,
        OUT_OF_DATE,
        _message(),
        at=datetime(2027, 1, 1, 22, 0, tzinfo=UTC),
        pdf="small",
    )
    yield document(
        "pdf-around-a-forgery",
        "The authority stamped a file around a certificate that was changed: the stamp does not make it good.",
        lambda: _small(_changed_message()),
        forged(6),
    )
    confirmation = sign(_message().payload, key="BW confirm", typ=cose.CONFIRMATION)
    yield document(
        "pdf-around-a-confirmation",
        "What is attached as a certificate is signed as something else.",
        lambda: _small(confirmation),
        malformed(3),
    )
    yield document(
        "pdf-around-nothing",
        "The file that is attached as a certificate is empty.",
        lambda: _small(b""),
        malformed(2),
    )
    yield document(
        "pdf-wrong-destination",
        "The file is as it was stamped, and the certificate is presented where it is not destined.",
        _small,
        inadmissible(17, "III.b.destination-matches"),
        _message(),
        asked={"importing": "AE", "office": ""},
        pdf="small",
    )
