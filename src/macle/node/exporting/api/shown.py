"""What answers say of applications, certificates and what hangs on them."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from macle.node.exporting import queries
from macle.node.exporting.models import Channel, Use
from macle.node.interface import problems
from macle.node.interface.api import Breach
from macle.node.interface.fields import Plain, Shown
from macle.proof import codec, cose, views
from macle.scheme.lifecycle import CertificateAct, CertificateState

if TYPE_CHECKING:
    from macle.node.exporting import models
    from macle.node.permissions import Actor
    from macle.scheme import rules


class Application(Shown):
    """An application, and the certificate that comes of it, in short."""

    reference: str
    trader: str
    office: str
    channel: Channel
    state: CertificateState
    """While a suspicion is open its trader reads only under_examination."""
    since: datetime
    """Since when it is in its state."""
    begun_at: datetime
    lodged_at: datetime | None
    number: str | None
    """The number of the certificate, once it is reserved."""
    exporter: str
    importer: str
    destination: str
    origin: str
    """Country codes; asterisks where it is mixed and not disclosed."""
    carats: int
    """Hundredths of a carat: as applied for, or as measured once it is examined."""
    value: int
    """US cents."""
    seals: list[str]
    due_on: date | None
    """The day until which the import is to be confirmed; null where no law has a number."""


def application(matter: models.Application, *, hidden: bool) -> Application:
    """Return an application as its reader may know it."""
    return Application(
        reference=matter.reference,
        trader=matter.trader_id,
        office=matter.office,
        channel=Channel(matter.channel),
        state=CertificateState.UNDER_EXAMINATION if hidden else matter.status,
        since=matter.since,
        begun_at=matter.begun_at,
        lodged_at=matter.lodged_at,
        number=matter.number or None,
        exporter=matter.exporter_name,
        importer=matter.importer_name,
        destination=matter.destination,
        origin=matter.origin,
        carats=matter.carats_hundredths,
        value=matter.value_cents,
        seals=matter.seals,
        due_on=matter.due_on,
    )


def after(reference: str, by: Actor) -> Application:
    """Return an application after an act on it."""
    matter = queries.application(reference, by)
    return application(matter, hidden=is_hidden(matter, by))


def is_hidden(matter: models.Application, by: Actor) -> bool:
    """Return whether this reader may not know more of it than that it is examined."""
    return queries.is_suspected(matter) and not queries.sees_suspicion(by, matter)


class Step(Shown):
    """One accepted act."""

    sequence: int
    act: CertificateAct
    at: datetime
    actor: str
    """Who did it, as the audit names them."""
    deputises_for: str
    reason: str


def step(row: models.Step) -> Step:
    """Return an act with its reason."""
    reason = getattr(row, "reason", None)
    return Step(
        sequence=row.sequence,
        act=CertificateAct(row.act),
        at=row.at,
        actor=row.actor,
        deputises_for=row.deputises_for,
        reason=reason.text if reason is not None else "",
    )


class Measured(Shown):
    """One heading as it was weighed and valued."""

    hs: str
    carats: int
    """Hundredths of a carat."""
    declared: int
    """The declared value in US cents."""
    value: int
    """The final value in US cents."""


class Examination(Shown):
    """What the desk found; the last examination counts."""

    at: datetime
    by: str
    parcels: int
    lines: list[Measured]
    declared: int
    government: int | None
    independent: int | None
    valued_by: str
    """Which of the three valuations became final."""
    synthetics_screened: bool
    remark: str


def examination(row: models.Examination) -> Examination:
    """Return an examination."""
    return Examination(
        at=row.at,
        by=row.by,
        parcels=row.parcels,
        lines=[Measured(**line) for line in row.lines],
        declared=row.declared_cents,
        government=row.government_cents,
        independent=row.independent_cents,
        valued_by=row.valued_by,
        synthetics_screened=row.synthetics_screened,
        remark=row.remark,
    )


class File(Shown):
    """A file beside an application."""

    id: int
    kind: str
    name: str
    sha256: str
    added_at: datetime
    added_by: str


def attachment(row: models.Attachment) -> File:
    """Return a file, without its bytes."""
    return File(
        id=row.pk,
        kind=row.kind,
        name=row.name,
        sha256=row.evidence,
        added_at=row.added_at,
        added_by=row.added_by,
    )


def breach(found: rules.Breach) -> Breach:
    """Return what a rule says."""
    return Breach(**problems.said(found))


class Certificate(Shown):
    """A validated certificate in short; quantities are those of the signed object."""

    number: str
    identity: str
    """SHA-256 of what was signed, in hexadecimal."""
    application: str
    """The reference of its application."""
    office: str
    state: CertificateState
    validated_at: datetime
    expires_at: datetime
    date_of_issuance: date
    date_of_expiry: date
    destination: str
    exporter: str
    importer: str
    carats: int
    """Hundredths of a carat."""
    value: int
    """US cents."""
    parcels: int


def certificate(row: models.Certificate, *, hidden: bool) -> Certificate:
    """Return a certificate as its reader may know it."""
    matter = row.application
    return Certificate(
        number=row.number,
        identity=row.identity,
        application=matter.reference,
        office=row.office,
        state=CertificateState.UNDER_EXAMINATION if hidden else matter.status,
        validated_at=row.validated_at,
        expires_at=row.expires_at,
        date_of_issuance=row.date_of_issuance,
        date_of_expiry=row.date_of_expiry,
        destination=row.destination,
        exporter=matter.exporter_name,
        importer=matter.importer_name,
        carats=row.carats_hundredths,
        value=row.value_cents,
        parcels=row.parcels,
    )


def view_of(signed: bytes) -> Plain | None:
    """Return the JSON view of signed bytes; nothing where an erasure emptied them."""
    if not signed:
        return None
    return views.certificate_to_json(codec.decode_certificate(cose.read(signed).payload))


class Block(Shown):
    """A range of numbers of an office; both ends belong to it."""

    id: int
    office: str
    first: str
    """The national part of the first number."""
    last: str
    on_sheets: bool
    """Whether the numbers stand on pre-printed sheets."""
    left: int
    allotted_at: datetime
    ended_at: datetime | None


def block(row: models.Block) -> Block:
    """Return a block."""
    return Block(
        id=row.pk,
        office=row.office,
        first=row.national(row.first),
        last=row.national(row.last),
        on_sheets=row.on_sheets,
        left=0 if row.ended_at is not None else row.left,
        allotted_at=row.allotted_at,
        ended_at=row.ended_at,
    )


class Number(Shown):
    """A number that was taken."""

    number: str
    use: Use
    application: str | None
    taken_at: datetime
    ended_at: datetime | None
    why: str


def number(row: models.Number) -> Number:
    """Return a number and what became of it."""
    return Number(
        number=row.number,
        use=Use(row.use),
        application=row.application.reference if row.application is not None else None,
        taken_at=row.taken_at,
        ended_at=row.ended_at,
        why=row.why,
    )
