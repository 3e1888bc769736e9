"""What the desk prints with: one shop a process, opened when something is printed first."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.conf import settings

from macle import errors
from macle.node.registry import keys as node_keys
from macle.paper import sheets
from macle.paper import shop as shops
from macle.paper.rendering import CERTIFICATE_FILE, CONFIRMATION_FILE, Layout, Look, Place
from macle.proof import codec, cose, qr
from macle.scheme.certificates import STATEMENT

if TYPE_CHECKING:
    from datetime import datetime

    from macle.proof.cose import Signed

FORM, PRINTER = "form.toml", "printer.toml"
"""Files in the folder of the authority: its pre-printed form, and its printer's offsets."""

SMALL_PAYLOAD = 1200
"""Bytes of content that fit a QR code whatever they are."""


class FormMissing(errors.NotFound):
    """Nobody said what the authority's pre-printed form looks like."""

    code = "form-missing"


_SHOPS: dict[tuple[str, str, bytes], shops.Shop] = {}


def shop(*, office: str, at: datetime) -> shops.Shop:
    """Return the shop of an office in this process, with the stamp that is in force."""
    stamp = node_keys.stamp(office=office, at=at)
    key = (office, stamp.holder, stamp.signer.key_id)
    if key not in _SHOPS:
        opened = shops.Shop(
            shops.Order(
                authority=node_keys.authority().path,
                participant=settings.CONFIGURATION.participant,
                stamp_holder=stamp.holder,
                stamp_secret="",
            ),
            stamp=stamp.signer,
        )
        opened.__enter__()
        _SHOPS[key] = opened
    return _SHOPS[key]


def rehearse(unsigned: Signed, *, at: datetime) -> None:
    """Raise `SheetRefused` or `TextMalformed` if the certificate could not be printed whole, before anybody signs."""
    filler = hashlib.sha512(unsigned.payload).digest()
    as_long = cose.Signed(unsigned.protected, unsigned.payload, filler, unsigned.header)
    if len(unsigned.payload) > SMALL_PAYLOAD:
        qr.code_of(qr.to_text(as_long.to_bytes()) + "0" * 16)
    certificate = codec.decode_certificate(unsigned.payload)
    shop(office=certificate.office, at=at).rehearse(as_long, at=at)


def preview(unsigned: Signed, *, at: datetime) -> bytes:
    """Return the document that is about to be signed as PDF: its words, without code, ornament or stamp."""
    filler = hashlib.sha512(unsigned.payload).digest()
    as_long = cose.Signed(unsigned.protected, unsigned.payload, filler, unsigned.header)
    certificate = codec.decode_certificate(unsigned.payload)
    opened = shop(office=certificate.office, at=at)
    place = Place(Layout(opened.stationery.layout))
    return opened.press.certificate(as_long, look=opened.look(certificate, is_copy=False), place=place, rehearsed=True)


def pdf(data: bytes, *, what: str, at: datetime) -> bytes:
    """Return the PDF of a signed certificate: ``original``, ``sheet``, ``copy`` or ``label``."""
    signed = cose.read(data)
    certificate = codec.decode_certificate(signed.payload)
    opened = shop(office=certificate.office, at=at)
    if what == "label":
        return opened.press.label(signed, look=opened.look(certificate, is_copy=False))
    place = Place(Layout(opened.stationery.layout)) if what != "sheet" else _sheet()
    look = opened.look(certificate, is_copy=what == "copy")
    drawn = opened.press.certificate(signed, look=look, place=place)
    if what == "sheet":
        return drawn
    return opened.stamped(drawn, attached=(CERTIFICATE_FILE, data), office=certificate.office, at=at)


def confirmation(data: bytes, *, office: str, at: datetime) -> bytes:
    """Return the PDF of a signed import confirmation of this authority, with its bytes attached."""
    opened = shop(office=office, at=at)
    look = Look(stationery=opened.stationery, statement=STATEMENT)
    drawn = opened.press.confirmation(cose.read(data), look=look)
    return opened.stamped(drawn, attached=(CONFIRMATION_FILE, data), office=office, at=at)


def _sheet() -> Place:
    folder = node_keys.authority().path
    if not (folder / FORM).exists():
        raise FormMissing(
            "The authority has no form.", where=FORM, mend="Describe it: see the guide to printing on official sheets."
        )
    printer = sheets.read_printer(folder / PRINTER) if (folder / PRINTER).exists() else sheets.UNSHIFTED
    return Place(Layout.SHEET, sheets.read(folder / FORM), printer)
