"""What is fuzzed: one function a door, its seeds, and what must hold whatever comes in.

A target returns for bytes that were read or refused with a documented error. Anything else that comes out
of it, an answer that contradicts another one, and a wait of more than five seconds are findings. Behind a
signature mutated bytes hardly ever come, so some modes sign what was mutated with a key that is trusted.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import cbor2
from PIL import Image

from macle import errors
from macle.cli import checking
from macle.paper import opening, reading, tables
from macle.proof import codec, cose, qr, trust, verification, views
from macle.proof.cose import Algorithm, Header, Signed
from macle.proof.keys import Usage
from macle.proof.trust import Holders, Source
from macle.proof.verification import Answer, Circumstances, Result
from macle.scheme import applications, participants, profiles
from macle.scheme.certificates import ConsentLevel, ProfileReference
from tests.support import documents
from tests.support import signed as made
from tests.vectors import handmade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from macle.proof.cose import Signer


class Finding(AssertionError):
    """Something that must hold does not."""


@dataclass(frozen=True, slots=True)
class Target:
    """One door: what takes the bytes, with which bytes to begin, and how many of them at most."""

    door: str
    take: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    longest: int


def must(holds: object, what: str) -> None:
    """Raise `Finding` unless it holds."""
    if not holds:
        raise Finding(what)


# --- What is trusted --------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def circumstances() -> Circumstances:
    """Return who asks: somebody who believes one authority with ES256 and one with EdDSA."""
    return Circumstances(
        trust=made.a_trust(issuer(), other_issuer()), profiles=profiles.load(), at=datetime(2026, 11, 20, 9, tzinfo=UTC)
    )


@lru_cache(maxsize=1)
def issuer() -> made.Authority:
    """Return the authority whose certificates are the seeds."""
    return made.an_authority("BW", "Gaborone")


@lru_cache(maxsize=1)
def other_issuer() -> made.Authority:
    """Return an authority with Ed25519 keys."""
    return made.an_authority("NA", "Windhoek", algorithm=Algorithm.EDDSA)


@lru_cache(maxsize=1)
def good() -> tuple[Signed, ...]:
    """Return what the trusted keys really signed."""
    small, full = made.a_small_certificate(issuer()), made.a_full_certificate(issuer())
    signed = [issuer().sign(small), issuer().sign(full), other_issuer().sign(made.a_small_certificate(other_issuer()))]
    return (*signed, issuer().sign_confirmation(made.a_small_confirmation(signed[0])))


@lru_cache(maxsize=1)
def identities() -> frozenset[bytes]:
    """Return the identities of everything that was really signed."""
    return frozenset(each.identity for each in good())


# --- What must hold ---------------------------------------------------------------------------------


def judge(data: bytes | str, *, really_signed: frozenset[bytes] | None) -> None:
    """Judge what was brought: a whole report comes out, and nothing is genuine that nobody signed."""
    report = verification.report(data, circumstances=circumstances())
    numbers = [step.definition.number for step in report.steps]
    must(numbers == sorted(set(numbers)), "A step stands twice or out of order.")
    must(set(range(1, 13)) <= set(numbers), "A step is missing.")
    failing = report.failing
    if report.certificate is None:
        must(failing is not None and report.genuine is not Answer.YES, "Genuine, but without a certificate.")
    else:
        must(report.signed is not None, "A certificate, but nothing that was signed.")
        lossless(report.certificate, report.signed.payload if report.signed else b"")
    if report.genuine is Answer.YES and really_signed is not None:
        must(report.signed is not None and report.signed.identity in really_signed, "Genuine, but nobody signed it.")
    if failing is not None:
        must(isinstance(failing.to_error(), errors.MacleError), "A step is no error.")
        must(failing.result is not Result.PASSED, "A step that passed decides against it.")


def lossless(certificate: object, payload: bytes) -> None:
    """Whatever was read is written again as the same bytes, and its view says the same."""
    must(codec.encode_certificate(certificate) == payload, "Written again, the bytes differ.")  # type: ignore[arg-type]
    view = json.loads(json.dumps(views.certificate_to_json(certificate)))  # type: ignore[arg-type]
    must(views.certificate_from_json(view) == certificate, "The view of it says something else.")


def refused(read: Callable[[], object], *families: type[errors.MacleError]) -> bool:
    """Tell whether reading ends in one of the errors that are documented; others go through."""
    try:
        read()
    except families as error:
        must(len(str(error)) < LONGEST_ERROR, "The error repeats what was sent.")
        return True
    return False


LONGEST_ERROR = 6000
"""Characters: the error of a rule names its breaches, and none repeats a whole document."""


def modes(data: bytes) -> tuple[int, bytes]:
    """Split the first byte off: it says in which way the rest is used."""
    return (data[0], data[1:]) if data else (0, b"")


# --- The doors --------------------------------------------------------------------------------------


def qr_text(data: bytes) -> None:
    """Take the text of a QR code: as it is, or as Base45, zlib or COSE inside the right wrapping."""
    mode, rest = modes(data)
    text = rest.decode("utf-8", "surrogateescape" if mode & 4 else "replace") if mode & 8 else rest.decode("latin-1")
    if mode % 4 == 1:
        text = qr.PREFIX + text
    elif mode % 4 == 2:
        text = qr.PREFIX + qr.to_base45(rest)
        must(qr.from_base45(qr.to_base45(rest)) == rest, "Base45 is not lossless.")
    elif mode % 4 == 3:
        text = qr.to_text(rest)
        if len(text) <= qr.LONGEST_TEXT:
            must(qr.from_text(text) == rest, "The text is not lossless.")
    if not refused(lambda: qr.from_text(text), qr.TextMalformed):
        must(len(qr.from_text(text)) <= codec.LARGEST, "More than 64 KiB were inflated.")
    judge(text, really_signed=identities())


def qr_text_seeds() -> list[bytes]:
    texts = [qr.to_text(each.to_bytes()) for each in good()]
    return [
        *(b"\x00" + text.encode() for text in texts),
        *(b"\x01" + text.removeprefix(qr.PREFIX).encode() for text in texts),
        *(b"\x02" + zlib.compress(each.to_bytes(), 9) for each in good()),
        *(b"\x03" + each.to_bytes() for each in good()),
        b"\x02" + zlib.compress(bytes(2**20), 9),
        b"\x00KP1:",
        b"\x0aKP1:\xf0\x9f\x92\x8e",
    ]


def cose_bytes(data: bytes) -> None:
    """Take COSE bytes: as they are, or with a payload, header or field that is signed once more."""
    mode, rest = modes(data)
    signer: Signer = (other_issuer() if mode & 64 else issuer()).signers[Usage.VALIDATE]
    way = mode % 6
    if way == 0:
        judge(rest, really_signed=identities())
        if not refused(lambda: cose.read(rest), errors.Malformed):
            must(cose.read(rest).to_bytes() == rest, "Two byte strings are one object.")
    elif way == 1:
        judge(cose.sign(signer=signer, typ=cose.CERTIFICATE, payload=rest).to_bytes(), really_signed=None)
    elif way == 2:
        judge(with_header(rest, signer).to_bytes(), really_signed=None)
    elif way == 3:
        for payload in changed_fields(good()[mode & 1].payload, rest):
            judge(cose.sign(signer=signer, typ=cose.CERTIFICATE, payload=payload).to_bytes(), really_signed=None)
    elif way == 4:
        signature = rest[:64].ljust(64, b"\x00")
        seed = good()[mode & 1]
        judge(Signed(seed.protected, seed.payload, signature, seed.header).to_bytes(), really_signed=identities())
    else:
        payload = rest
        if not refused(lambda: codec.decode_confirmation(payload), errors.Malformed):
            confirmation = codec.decode_confirmation(payload)
            must(codec.encode_confirmation(confirmation) == payload, "Written again, the bytes differ.")
            view = json.loads(json.dumps(views.confirmation_to_json(confirmation)))
            must(views.confirmation_from_json(view) == confirmation, "The view of it says something else.")


def with_header(protected: bytes, signer: Signer) -> Signed:
    """Return a good payload under another protected header, signed over both."""
    unsigned = Signed(protected, good()[0].payload, b"", Header(0, b"", ""))
    return Signed(protected, unsigned.payload, signer.sign(unsigned.to_be_signed), unsigned.header)


def changed_fields(payload: bytes, recipe: bytes) -> Iterator[bytes]:
    """Give the payload with one field changed to what the recipe is as CBOR, and with one left out.

    The first byte of the recipe chooses the field, the second whether among the claims or inside.
    """
    if len(recipe) < 3:
        return
    claims = cbor2.loads(payload)
    fields = claims if recipe[1] & 1 else claims[codec.PRIVATE]
    key = list(fields)[recipe[0] % len(fields)] if recipe[1] & 2 == 0 else recipe[0] - 32
    old = fields.pop(key, None)
    yield cbor2.dumps(claims, canonical=True)
    try:
        new = cbor2.loads(recipe[2:], max_depth=16)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError):
        new = recipe[2:].decode("utf-8", "replace")
    if isinstance(old, list) and old and recipe[1] & 4:
        old[recipe[1] // 8 % len(old)] = new
        new = old
    fields[key] = new
    try:
        yield codec.encode(claims)
    except errors.Malformed:
        return


def cose_seeds() -> list[bytes]:
    payloads = [each.payload for each in good()]
    fields = cbor2.loads(payloads[1])[codec.PRIVATE]
    return [
        *(b"\x00" + each.to_bytes() for each in good()),
        *(b"\x01" + payload for payload in payloads),
        *(b"\x43" + payload for payload in payloads),
        *(b"\x02" + each.protected for each in good()),
        *(b"\x44" + each.protected for each in good()),
        *(b"\x03" + bytes((index, 0)) + cbor2.dumps(value) for index, value in enumerate(fields.values())),
        *(b"\x09" + bytes((index, 4)) + cbor2.dumps(value) for index, value in enumerate(fields.values())),
        *(b"\x04" + each.signature for each in good()),
        b"\x05" + payloads[3],
    ]


def records(data: bytes) -> None:
    """Take participant records, trust lists, approvals and holders: as they are, or signed once more."""
    mode, rest = modes(data)
    way = mode % 6
    signers = list(made.list_signers().values())
    if way == 0:
        read = rest
        if not refused(lambda: trust.read_record(read), errors.Malformed, errors.Untrusted):
            must(cose.read(read).identity == cose.read(issuer().record_bytes).identity, "A record that nobody signed.")
    elif way == 1:
        believe(cose.sign(signer=issuer().root, typ=cose.RECORD, payload=rest).to_bytes())
    elif way == 2:
        refused(lambda: trust.read_list(rest, holders=made.holders()), errors.Malformed, errors.Untrusted)
    elif way == 3:
        listed = cose.sign(signer=signers[0], typ=cose.TRUST_LIST, payload=rest)
        approval = trust.approve(listed, signer=signers[1], at=made.PINNED_AT)
        content = codec.encode([listed.to_bytes(), approval.to_bytes()])
        refused(lambda: assemble(content), errors.Malformed, errors.Untrusted)
    elif way == 4:
        if not refused(lambda: Holders.from_bytes(rest), errors.Malformed):
            must(Holders.from_bytes(rest).to_bytes() == rest, "Two byte strings are the same holders.")
    else:
        approval = cose.sign(signer=signers[0], typ=cose.APPROVAL, payload=rest)
        refused(lambda: trust.is_approval_of(approval, good()[0]), errors.Malformed)


def believe(data: bytes) -> None:
    """Pin the record and judge a certificate by it."""
    try:
        record = trust.read_record(data)
    except (errors.Malformed, errors.Untrusted):
        return
    must(record.to_bytes(root=issuer().root) == data, "Written again, the bytes differ.")
    refused(lambda: trust.pin(record, held=issuer().record), errors.Untrusted, errors.Conflict)
    source = Source(record=record, as_of=made.PINNED_AT, reaches_until=record.reaches_until, how="pinned")
    known = participants.load()
    believed = trust.assemble(
        pinned=[source], listed=None, participants=known, standing_as_of=trust.midnight(known.as_of)
    )
    here = Circumstances(trust=believed, profiles=profiles.load(), at=circumstances().at)
    for each in good():
        verification.report(each.to_bytes(), circumstances=here)


def assemble(data: bytes) -> None:
    """Read the list and put it together with a pin, as a verifier does when it starts."""
    listed = trust.read_list(data, holders=made.holders())
    record = issuer().record
    pinned = Source(record=record, as_of=made.PINNED_AT, reaches_until=record.reaches_until, how="pinned")
    trust.assemble(pinned=[pinned], listed=listed, participants=participants.load(), standing_as_of=made.PINNED_AT)


def records_seeds() -> list[bytes]:
    signers = list(made.list_signers().values())
    listed = made.a_trust_list(issuer(), other_issuer())
    small = trust.TrustList(
        version=1,
        issued_at=made.PINNED_AT,
        reaches_until=made.PINNED_AT + trust.LIST_LIFE,
        records=(issuer().record_bytes,),
        standing={name: rows[:2] for name, rows in participants.load().rows().items()},
    )
    parts = [cbor2.loads(each.to_bytes(signers=signers[:2])) for each in (listed, small)]
    return [
        b"\x00" + issuer().record_bytes,
        b"\x01" + cose.read(issuer().record_bytes).payload,
        b"\x01" + cose.read(other_issuer().record_bytes).payload,
        b"\x02" + small.to_bytes(signers=signers[:2]),
        b"\x02" + small.to_bytes(signers=signers),
        *(b"\x03" + cose.read(part[0], largest=trust.LARGEST_LIST).payload for part in parts),
        b"\x04" + made.holders().to_bytes(),
        b"\x05" + cose.read(parts[1][1]).payload,
    ]


def application(data: bytes) -> None:
    """Take JSON: an application on its way to a certificate, or the view of a signed object."""
    mode, rest = modes(data)
    try:
        stated = json.loads(rest)
    except (ValueError, RecursionError):
        return  # The reader of JSON refuses by itself; whoever calls it says so.
    if mode % 3 == 0:
        if refused(lambda: applications.read(stated), applications.ApplicationMalformed):
            return
        read = applications.read(stated)
        must(len(read.unreadable) < MOST_PROBLEMS, "The problems are without bound.")
        refused(lambda: to_certificate(read), errors.Malformed, errors.Refused)
    elif mode % 3 == 1:
        if not refused(lambda: views.certificate_from_json(stated), errors.Malformed):
            certificate = views.certificate_from_json(stated)
            refused(
                lambda: lossless(certificate, codec.encode_certificate(certificate)),
                codec.FieldMalformed,
                codec.CBORMalformed,
            )
    elif not refused(lambda: views.confirmation_from_json(stated), errors.Malformed):
        confirmation = views.confirmation_from_json(stated)
        refused(lambda: codec.encode_confirmation(confirmation), codec.FieldMalformed, codec.CBORMalformed)


MOST_PROBLEMS = 20_000


def to_certificate(read: applications.Application) -> None:
    """Go on to the certificate, its bytes and its view."""
    certificate = applications.to_certificate(
        read,
        validated_at=made.VALIDATED_AT,
        expires_at=datetime(2026, 12, 11, 22, tzinfo=UTC),
        consent_level=ConsentLevel.PILOT,
        profile=ProfileReference("bw-2026", "core-en"),
        record_digest=bytes(32),
    )
    lossless(certificate, codec.encode_certificate(certificate))


def application_seeds() -> list[bytes]:
    stated = {
        "participant": "AO",
        "office": "Luanda",
        "issuing_authority": "Example Diamond Office, Luanda",
        "kind": "replacement",
        "number": "AO00006001",
        "status_index": 1,
        "date_of_issuance": "2026-10-12",
        "date_of_expiry": "2026-12-11",
        "exporter": {
            "name": "Sociedade Mineira Fictícia S.A.",
            "latin_name": "Sociedade Mineira Ficticia",
            "address": "Avenida Fictícia 3",
            "town": "Lucapa",
            "country": "AO",
            "licence": "AO-EX-0013",
            "licence_valid_until": "2027-11-30",
        },
        "importer": {"name": "Fictieve Ruwe Stenen BV", "town": "Antwerp", "country": "BE"},
        "destination": "EU",
        "country_of_provenance": "AO",
        "origin": {"kind": "mixed_listed", "countries": ["AO", "BW"], "area": "North"},
        "lines": [{"hs": "7102.31", "carats": "3200.61", "value": "654908.81"}, {"hs": "710210", "carats": 5}],
        "total_carats": "3200.61",
        "total_value": "654908.81",
        "parcels": "4",
        "container_seals": ["SOD 30010"],
        "not_conflict_diamonds": True,
        "synthetics_declared": "no",
        "sources": [{"kind": "production_record", "reference": "AO-PR-2026-7957", "carats": "2285.23"}],
        "independent_value": "1.00",
        "government_value": "2.5",
        "validation": {"kind": "two_officials", "officials": ["official-04", "official-08"], "reference": "x"},
        "languages": ["en", "pt"],
        "refers_to": {"number": "AO 5", "identity": "00" * 32},
        "lisence": "?",
    }
    complete = json.loads(json.dumps(stated))
    complete["lines"] = complete["lines"][:1]
    certificate = codec.decode_certificate(good()[1].payload)
    confirmation = codec.decode_confirmation(good()[3].payload)
    return [
        b"\x00" + json.dumps(stated).encode(),
        b"\x00" + json.dumps(complete).encode(),
        b"\x01" + json.dumps(views.certificate_to_json(certificate)).encode(),
        b"\x02" + json.dumps(views.confirmation_to_json(confirmation)).encode(),
        b"\x00[]",
        b'\x00{"lines": ' + b"[" * 400 + b"]" * 400 + b"}",
        b'\x00{"number": 1' + b"0" * 400 + b', "\\ud800": 1e999, "parcels": NaN}',
    ]


def picture(data: bytes) -> None:
    """Take a picture: as it is, or as a PNG whose checksums were made to fit again."""
    mode, rest = modes(data)
    content = with_checksums(rest) if mode & 1 else rest
    if not refused(lambda: qr.texts_in_picture(content), qr.PictureUnreadable):
        for text in qr.texts_in_picture(content):
            judge(text, really_signed=identities())


def with_checksums(png: bytes) -> bytes:
    """Return the PNG with the checksum of every chunk made to fit, as far as there are chunks."""
    made_anew, at = [png[:8]], 8
    while at + 12 <= len(png):
        (size,) = struct.unpack_from(">I", png, at)
        body = png[at + 4 : at + 8 + size]
        made_anew.append(png[at : at + 4] + body + struct.pack(">I", zlib.crc32(body)))
        at += 12 + size
    return b"".join(made_anew)


def picture_seeds() -> list[bytes]:
    png = qr.code_of(qr.to_text(good()[0].to_bytes())).to_png()
    small = Image.open(io.BytesIO(png)).convert("L").resize((240, 240))
    seeds = [b"\x00" + png, b"\x01" + png]
    for kind, options in (("PNG", {}), ("JPEG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})):
        target = io.BytesIO()
        small.save(target, kind, **options)
        seeds += [bytes((mode,)) + target.getvalue() for mode in (0, 1)]
    pages = io.BytesIO()
    small.save(pages, "TIFF", save_all=True, append_images=[small] * 3)
    palette = io.BytesIO()
    small.convert("P").save(palette, "PNG", save_all=True, append_images=[small.convert("P").rotate(90)])
    return [*seeds, b"\x00" + pages.getvalue(), b"\x01" + palette.getvalue()]


MOST_LODGED = 10_000


def table(data: bytes) -> None:
    """Take a file of applications: JSON, CSV, or a spreadsheet, whose sheet may be put into a whole one first.

    Another process reads spreadsheets, so they are tried slowly; that it ends is no finding.
    """
    mode, rest = modes(data)
    content = with_sheet(rest) if mode & 1 else rest
    if refused(lambda: tables.applications_in(content, "fuzzed"), tables.TableMalformed):
        return
    lodged = tables.applications_in(content, "fuzzed")
    must(len(lodged) <= MOST_LODGED, "The applications are without bound.")
    for each in lodged:
        if not refused(each.record, tables.TableMalformed):
            must(json.loads(each.record()) == each.data, "The record says something else.")
        checking.check(each, at=None, today=made.VALIDATED_AT.date())


def with_sheet(sheet: bytes) -> bytes:
    """Return a spreadsheet with this as its first sheet."""
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as parts:
        for name, content in SPREADSHEET.items():
            parts.writestr(name, content)
        parts.writestr("xl/worksheets/sheet1.xml", sheet)
    return book.getvalue()


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
SPREADSHEET = {
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="A" sheetId="1" r:id="r1"/>'
    "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
"""The parts of a spreadsheet beside its sheet."""


def table_seeds() -> list[bytes]:
    cells = ('<c r="A1" t="inlineStr"><is><t>number</t></is></c>', '<c r="A2"><v>205.18</v></c>')
    far = '<c r="XFD1048576"><v>1</v></c>'
    sheets = [
        f'<worksheet xmlns="{_MAIN}"><sheetData><row>{cells[0]}</row><row>{last}</row></sheetData></worksheet>'
        for last in (cells[1], far)
    ]
    return [
        b"\x00number,exporter.name,lines[0].hs,container_seals\r\nBW1,Example,7102.31,A;B\r\n",
        b'\x00number;office\n"BW1";"=1+1"\n\n;\n',
        b'\x00[{"number": "BW1"}, {}, 3]',
        *(b"\x01" + sheet.encode() for sheet in sheets),
    ]


# --- PDFs -------------------------------------------------------------------------------------------

STAMP_KEY = "BW stamp"

opening.MOST_PIXELS = 250_000
"""Pages are drawn small, so that more of them are drawn; the limits on memory and time are the child's."""


def pdf(data: bytes) -> None:
    """Take a PDF as it is, a whole one with one thing changed, or what its reader might answer.

    A PDF that ends this process would have ended the child alone, and is a finding all the same.
    """
    mode, rest = modes(data)
    way = mode % 6
    if way == 0:
        whole(rest)
    elif way == 1:
        whole(edited(stamped_files()[mode // 6 % 2], rest))
    elif way == 2:
        whole(with_signature(rest, word=b"other" if mode & 64 else b""))
    elif way == 3:
        whole(with_object(mode // 6, rest))
    elif way == 4:
        whole(with_attachment(rest))
    else:
        answered(changed_file(), rest)


def whole(file: bytes) -> None:
    """Open a PDF in this process and go on with what is in it as the parent does."""
    found = opening.contents(file)
    if isinstance(found, str):
        must(found.isprintable() and found.endswith("."), "The reader does not answer with a sentence.")
    answered(file, json.dumps(found).encode())


def answered(file: bytes, answer: bytes) -> None:
    """Judge a PDF by an answer of its reader: whatever it says, no file is good that nobody stamped."""
    try:
        carried = reading.carried(file, answer)
    except reading.DocumentUnreadable as error:
        must(len(str(error)) < LONGEST_ERROR, "The error repeats what was sent.")
        must("\n" not in str(error), "The error is more than one line.")
        return
    for each in carried:
        report = verification.report(each.data, circumstances=circumstances(), stamps=each.stamps)
        must(len(report.steps) == 21 + 5 * (each.stamps is not None), "A step is missing.")
        if report.genuine is Answer.YES:
            must(report.signed is not None and report.signed.identity in identities(), "Genuine, but nobody signed it.")
            must(each.stamps is None or is_stamped(file), "Genuine, but nobody stamped it.")


def is_stamped(file: bytes) -> bool:
    """Tell whether all but the signature is that of a file that was really stamped."""
    return any(
        len(file) == len(each) and file[: gap[0]] == each[: gap[0]] and file[gap[1] :] == each[gap[1] :]
        for each in (*stamped_files(), whole_file(b""))
        for gap in [gap_of(each)]
    )


def gap_of(file: bytes) -> tuple[int, int]:
    """Return where the signature begins and ends."""
    before = file.rindex(b"/Contents <") + len(b"/Contents ")
    return before, file.index(b">", before) + 1


def draft(word: bytes = b"") -> handmade.Draft:
    """Return a page with a certificate attached and an empty stamp."""
    page = handmade.Draft(content=b"BT /F 12 Tf 72 770 Td (A page " + word + b") Tj ET")
    page.attach(("certificate.cose", good()[0].to_bytes()), ("certificate.json", b"{}"))
    page.sign_here()
    return page


@lru_cache(maxsize=4)
def whole_file(word: bytes) -> bytes:
    """Return a small stamped file."""
    return handmade.stamped(draft(word).to_bytes(), stamp())


@lru_cache(maxsize=1)
def stamp() -> Callable[[bytes], bytes]:
    """Return what stamps with the trusted key."""
    return handmade.of_key(STAMP_KEY)


@lru_cache(maxsize=1)
def other_stamp() -> bytes:
    """Return a stamp of the trusted key on other bytes: to make one takes longer than all the rest."""
    return stamp()(bytes(32))


@lru_cache(maxsize=1)
def stamped_files() -> tuple[bytes, ...]:
    """Return two files as authorities make them, drawn and small."""
    return documents.a_document(good()[0], issuer()), whole_file(b"")


@lru_cache(maxsize=1)
def changed_file() -> bytes:
    """Return a stamped file in which one word was changed afterwards."""
    return whole_file(b"").replace(b"(A page ", b"(A PAGE ")


def edited(file: bytes, recipe: bytes) -> bytes:
    """Return the file with some edits: each a kind, a place, a size, and what to write."""
    content, at = bytearray(file), 0
    for _ in range(MOST_EDITS):
        if at + 5 > len(recipe):
            break
        kind, size = recipe[at], recipe[at + 4]
        place = int.from_bytes(recipe[at + 1 : at + 4]) % (len(content) + 1)
        at += 5
        if kind % 4 == 0:
            content[place : place + size] = recipe[at : at + size]
            at += size
        elif kind % 4 == 1:
            del content[place : place + size]
        elif kind % 4 == 2:
            content[place:place] = content[place : place + size * 16]
        else:
            word = WORDS[size % len(WORDS)]
            content[place : place + (len(word) if kind & 4 else 0)] = word
    return bytes(content)


MOST_EDITS = 12
WORDS = (
    *b"<< >> [ ] ( ) < > null true -1 0 2147483647 4294967296 1e9 obj endobj stream endstream xref trailer".split(),
    *b"startxref %%EOF R /Kids /Names /Parent /Count /Length /Filter /FlateDecode /ByteRange /Contents /Sig".split(),
    *b"/Fields /FT /V /EF /UF /F /EmbeddedFiles /AcroForm /Root /Prev /Size /Type /Encrypt /MediaBox".split(),
    *b"/ObjStm /XRef /Annots /Rotate /UserUnit /M /SubFilter %PDF-1.7".split(),
    b" 1 0 R ",
    b" 4 0 R ",
    b"\x00",
    b"\n",
)


def with_signature(cms: bytes, *, word: bytes) -> bytes:
    """Return a small file with these bytes as its signature."""
    return handmade.stamped(draft(word).to_bytes(), lambda _: cms[: handmade.ROOM // 2])


def with_object(number: int, body: bytes) -> bytes:
    """Return a small file in which one object, or a part of page or catalog, is these bytes."""
    changed = draft()
    numbers = [each for each in changed.objects if each > handmade.PAGE]
    place = number % (len(numbers) + 3)
    if place < len(numbers):
        keeps_stamp = handmade.PLACES in changed.objects[numbers[place]]
        changed.objects[numbers[place]] = body + changed.objects[numbers[place]] if keeps_stamp else body
    elif place == len(numbers):
        changed.page = body.decode("latin-1")
    elif place == len(numbers) + 1:
        changed.catalog += body.decode("latin-1")
    else:
        changed.content = body
    unstamped = changed.to_bytes()
    return handmade.stamped(unstamped, lambda _: other_stamp()) if b"/Contents <0000" in unstamped else unstamped


def with_attachment(content: bytes) -> bytes:
    """Return a small file with these bytes as the certificate that is attached."""
    page = handmade.Draft()
    page.attach(("certificate.cose", content))
    page.sign_here()
    return handmade.stamped(page.to_bytes(), lambda _: other_stamp())


def pdf_seeds() -> list[bytes]:
    small, signature = whole_file(b""), stamp()
    answer = json.dumps(opening.contents(small)).encode()
    scan = handmade.a_file()
    objects = [body for number, body in draft().objects.items() if number > handmade.PAGE]
    cms = [signature(bytes(32)), signature(signed_digest(small))]
    edits = [bytes((kind, 0, 8, 0, 20)) * 3 for kind in range(4)]
    return [
        b"\x00" + small,
        b"\x00" + handmade.updated(small, {50: b"<< /A 1 >>"}),
        b"\x00" + scan,
        *(bytes((way,)) + each for way in (1, 7) for each in edits),
        *(bytes((way,)) + each for way in (2, 66 + 2) for each in cms),
        *(bytes((3 + 6 * place,)) + body for place, body in enumerate(objects)),
        *(
            bytes((3 + 6 * (len(objects) + more),)) + body
            for more, body in enumerate((b"/Rotate 90", b" /A 1", b"q Q"))
        ),
        *(b"\x04" + each.to_bytes() for each in good()),
        b"\x05" + answer,
        b'\x05"The PDF is encrypted."',
        b"\x05" + json.dumps({"pages": 1, "attachments": [], "stamps": [], "codes": [[1, "KP1:"]]}).encode(),
        b"\x05" + answer.replace(base64.b64encode(good()[0].to_bytes()), b"0oQ="),
    ]


def signed_digest(file: bytes) -> bytes:
    """Return the digest of all but the signature."""
    before, behind = gap_of(file)
    return hashlib.sha256(file[:before] + file[behind:]).digest()


TARGETS = {
    "qr": Target("QR text", qr_text, qr_text_seeds, 5000),
    "cose": Target("COSE bytes", cose_bytes, cose_seeds, 4000),
    "records": Target("participant records and trust lists", records, records_seeds, 40_000),
    "application": Target("applications and JSON views", application, application_seeds, 12_000),
    "table": Target("files of applications", table, table_seeds, 12_000),
    "pdf": Target("PDFs", pdf, pdf_seeds, 9000),
    "picture": Target("pictures", picture, picture_seeds, 20_000),
}
