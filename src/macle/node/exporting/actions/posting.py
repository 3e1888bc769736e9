"""What the desk writes to the partner's authority: put into the outbox in the transaction of the act.

A partner without digital certificates is a full partner: each message has a text that a person reads, a slip, and the
signed object. Source: KPCS Core Document, Annex II-19 (the e-mail to the Importing Authority).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from macle.node.exchange import actions as exchange
from macle.node.exchange.actions import Part, ToPartner
from macle.node.exchange.models import Kind
from macle.node.exporting import printing, queries
from macle.proof import codec
from macle.scheme.certificates import CertificateKind

if TYPE_CHECKING:
    from datetime import datetime

    from macle.node.exporting.models import Application, Notice
    from macle.node.permissions import Actor
    from macle.proof.cose import Signed

COSE_TYPE = "application/cose"


@dataclass(frozen=True, slots=True)
class Letter:
    """What will be sent, made before the transaction begins: drawing takes time and holds no lock."""

    subject: str
    text: str
    parts: tuple[Part, ...]


def certificate_letter(signed: Signed, *, at: datetime) -> Letter:
    """Return the pre-advice of a certificate: what Annex II-19 names, a copy as PDF, and the signed object."""
    certificate = codec.decode_certificate(signed.payload)
    number = certificate.number
    data = signed.to_bytes()
    origin = ", ".join(certificate.origin.countries) or "mixed, not disclosed"
    lines = [
        f"Kimberley Process Certificate {number.for_people}",
        "",
        f"Issuing authority: {certificate.issuing_authority}, {certificate.office}",
        f"Date of issuance: {certificate.date_of_issuance}, date of expiry: {certificate.date_of_expiry}",
        f"Exporter: {certificate.exporter.name}, {certificate.exporter.town}, {certificate.exporter.country}",
        f"Importer: {certificate.importer.name}, {certificate.importer.town}, {certificate.importer.country}",
        f"Carat weight: {certificate.carat_weight.for_people} ct",
        f"Value: US$ {certificate.value.for_people}",
        f"Parcels: {certificate.parcels}",
        *(f"  {line.hs}: {line.carats.for_people} ct, US$ {line.value.for_people}" for line in certificate.lines),
        f"Country of origin: {origin}",
        f"Country of provenance: {certificate.country_of_provenance}",
        f"Container seals: {', '.join(certificate.container_seals)}",
        *(
            (f"It replaces the certificate {certificate.refers_to.number}, which must not be accepted.",)
            if certificate.refers_to is not None and certificate.kind is CertificateKind.REPLACEMENT
            else ()
        ),
        "",
        "The file certificate.cose is the signed certificate; the PDF is a copy of it for people.",
        "Confirm the import to this address: certificate number, parcels, carat weight, importer and exporter",
        "(KPCS Core Document, Section III(b)).",
    ]
    return Letter(
        subject=f"Kimberley Process Certificate {number}",
        text="\n".join(lines) + "\n",
        parts=(
            Part(
                name=f"{number}.copy.pdf".replace("/", "_"),
                media_type="application/pdf",
                content=printing.pdf(data, what="copy", at=at),
            ),
            Part(name="certificate.cose", media_type=COSE_TYPE, content=data),
        ),
    )


def send_certificate(application: Application, letter: Letter, *, by: Actor, at: datetime) -> None:
    """Put the pre-advice into the outbox."""
    exchange.post(
        to=ToPartner(application.destination),
        kind=Kind.CERTIFICATE,
        about=f"certificate:{application.number}",
        subject=letter.subject,
        text=letter.text,
        parts=letter.parts,
        office=application.office,
        at=at,
        by_identifier=by.identifier,
    )


_SENTENCES = {
    "void": "is void. It must not be accepted.",
    "lost": "was reported lost. Hold it if it is presented, and ask this authority.",
    "found": "was found again. It is as it was before it was reported lost.",
    "invalidated": "is invalidated: its data were inaccurate or have changed. It must not be accepted.",
}


def send_withdrawal(application: Application, what: str, *, why: str, by: Actor, at: datetime) -> None:
    """Tell the partner that a certificate is void, lost, found or invalidated."""
    identity = application.certificate.identity if hasattr(application, "certificate") else ""
    exchange.post(
        to=ToPartner(application.destination),
        kind=Kind.WITHDRAWAL,
        about=f"certificate:{application.number}",
        subject=f"Kimberley Process Certificate {application.number}: {what}",
        text=(
            f"The Kimberley Process Certificate {application.number} of {queries.authority_name()}, "
            f"{application.office}, {_SENTENCES[what]}\n\n"
            f"Reason: {why}.\nIdentity: {identity or 'none, never signed'}\n"
        ),
        parts=(),
        office=application.office,
        at=at,
        by_identifier=by.identifier,
    )


def send_notice(notice: Notice, *, to: str, text: str, by: Actor, at: datetime) -> None:
    """Tell a partner of a theft, or that it is over."""
    exchange.post(
        to=ToPartner(to),
        kind=Kind.NOTICE,
        about=notice.subject,
        subject=f"{queries.authority_name()}: {notice.kind}",
        text=text,
        parts=(),
        office=notice.office,
        at=at,
        by_identifier=by.identifier,
    )
