"""Presenting a certificate: what was brought is judged, the number is used, and a second use elsewhere is an alarm.

The rules of this module:

- Only an importing official presents; looking writes nothing.
- What is genuine uses its number, whatever the law says of the shipment: an expired certificate is not used again
  elsewhere. What is not genuine, or cannot be decided, uses none: a forgery must not stop what it copies.
- The same certificate at the same office is the same presentation. Anywhere else it is stopped, with an alarm that
  names the first; another certificate under a number that is used is an alarm at any office.

Source: KPCS Core Document, Section III(b); the alarm is a practice of this system.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from macle import errors
from macle.node.exchange import actions as exchange
from macle.node.exchange.actions import ToPartner
from macle.node.exchange.models import Kind
from macle.node.exporting.actions import steps as words
from macle.node.importing import judging, queries
from macle.node.importing.actions import steps
from macle.node.importing.models import Alarm, Content, Correction, Presentation, Shipment, Way
from macle.node.permissions import Act
from macle.node.registry import queries as registry
from macle.node.traders.models import Licence, LicenceKind, Trader
from macle.proof.verification import Answer
from macle.scheme.lifecycle import CertificateAct, CertificateState, ShipmentAct

if TYPE_CHECKING:
    from datetime import date, datetime

    from macle.node.permissions import Actor
    from macle.paper.carriers import Carried
    from macle.proof.verification import Report
    from macle.scheme.certificates import Certificate

ON_ARRIVAL = (ShipmentAct.ARRIVE, ShipmentAct.TAKE_INTO_CUSTODY, ShipmentAct.INSPECT_DOCUMENTS)
"""What presenting means for the shipment: it is here, the authority holds it, and its papers were looked at."""


class PresentedElsewhere(errors.Refused):
    """The number is used: the certificate was presented at another office, or it was another certificate."""

    code = "presented-elsewhere"


class NothingToPresent(errors.Malformed):
    """What was brought names no certificate."""

    code = "nothing-to-present"


class NotWaiting(errors.Conflict):
    """The shipment that was named waits for no certificate here."""

    code = "not-waiting"


class PresentationOver(errors.Conflict):
    """There is no presentation that could be corrected any more."""

    code = "presentation-over"


@dataclass(frozen=True, slots=True)
class Presented:
    """What came of it: the shipment, what the verifier says, and whether it had been presented here before."""

    shipment: Shipment
    report: Report
    again: bool


def present(
    *,
    carried: Carried,
    office: str,
    way: Way = Way.PRESENTED,
    arrived_on: date | None = None,
    customs_reference: str = "",
    received: str = "",
    by: Actor,
    at: datetime,
) -> Presented:
    """Present a certificate at an office: judge it, write the presentation down, and take the shipment into custody.

    ``arrived_on`` is today unless the shipment came before. ``received`` is the reference of a shipment that came
    before its certificate: then this is the one. Raises `NothingToPresent`, `NotWaiting`, or `PresentedElsewhere` after
    the alarm was written.
    """
    by.require(Act.CERTIFICATE_PRESENT, office=office)
    office = registry.office(office, at=at).name
    report = judging.report(carried, office=office, at=at)
    certificate = report.certificate or report.claim
    if certificate is None:
        raise NothingToPresent(
            "What was brought names no certificate.",
            where="file",
            mend="Bring the code, the file or the paper of a certificate.",
        )
    customs_reference = words.fit(customs_reference, where="customs_reference", most=64)
    identity = report.signed.identity.hex() if report.signed is not None else ""
    try:
        with transaction.atomic():
            first = _first(str(certificate.number))
            if first is None:
                arrived = _waiting(received, office=office, by=by) if received else _new(office, way=way, at=at)
                if arrived_on is not None:
                    arrived.arrived_on = arrived_on
                shipment = _named(arrived, certificate, report, at=at)
                _take_in(shipment, report, customs_reference=customs_reference, by=by, at=at)
                return Presented(shipment, report, again=False)
            if (first.office, first.identity) == (office, identity):
                return Presented(first.shipment, report, again=True)
            alarm = _alarm(first, identity, office=office, by=by, at=at)
    except IntegrityError:
        if judging.using(str(certificate.number)) is None:
            raise
        # Somebody else presented it between our look and our word: now theirs is the first.
        return present(
            carried=carried,
            office=office,
            way=way,
            arrived_on=arrived_on,
            customs_reference=customs_reference,
            received=received,
            by=by,
            at=at,
        )
    raise _elsewhere(first, alarm)


def _take_in(shipment: Shipment, report: Report, *, customs_reference: str, by: Actor, at: datetime) -> None:
    """Write down what was presented, and that the shipment is here and its papers were looked at."""
    shipment.customs_reference = customs_reference or shipment.customs_reference
    Content.objects.create(shipment=shipment, cose=report.signed.to_bytes() if report.signed is not None else b"")
    presentation = Presentation.objects.create(
        shipment=shipment,
        number=shipment.number,
        identity=shipment.identity,
        office=shipment.office,
        at=at,
        by=by.identifier,
        carrier=report.carrier,
        report=judging.plain(report),
        uses=report.genuine is Answer.YES,
        **_answers(report),
    )
    steps.take(
        shipment,
        [*_arriving(shipment), *([CertificateAct.PRESENT] if _is_accepted(report) else [])],
        tag=Act.CERTIFICATE_PRESENT,
        by=by,
        at=at,
        facts={
            "identity": shipment.identity,
            "way": shipment.way,
            "carrier": report.carrier,
            "uses": presentation.uses,
            **_answers(report),
        },
    )


def _arriving(shipment: Shipment) -> list[ShipmentAct]:
    """Return what presenting means for a shipment, without what was done when it came."""
    done = set(shipment.steps.values_list("act", flat=True))
    return [act for act in ON_ARRIVAL if act.value not in done]


def _is_accepted(report: Report) -> bool:
    """Return whether the certificate itself is presented: no step of the verifier stands against it."""
    return report.genuine is Answer.YES and Answer.NO not in (report.in_date, report.admissible)


def _answers(report: Report) -> dict[str, str]:
    return {
        "genuine": report.genuine.value,
        "in_date": report.in_date.value,
        "admissible": report.admissible.value,
    }


def _first(number: str) -> Presentation | None:
    """Return the presentation that uses the number, locked until the transaction ends."""
    return judging.uses_of(number).select_for_update(of=("self",)).select_related("shipment").first()


def _new(office: str, *, way: Way, at: datetime) -> Shipment:
    return Shipment(
        reference=steps.new_reference(),
        office=office,
        way=way,
        state=steps.ON_THE_WAY,
        since=at,
        arrived_on=queries.day(office, at=at),
    )


def _waiting(reference: str, *, office: str, by: Actor) -> Shipment:
    """Return the shipment that came before its certificate."""
    shipment = steps.reached(reference, Act.CERTIFICATE_PRESENT, by)
    if shipment.number or shipment.office != office or shipment.status not in queries.WITHOUT_CERTIFICATE:
        raise NotWaiting(
            f"The shipment {reference} waits for no certificate at {office}.",
            where="received",
            mend="Present the certificate without naming a shipment, or choose another one.",
        )
    return shipment


def _named(shipment: Shipment, certificate: Certificate, report: Report, *, at: datetime) -> Shipment:
    """Fill in what the certificate declares, and until when its import is confirmed: from the day it was presented."""
    shipment.issuer, shipment.number = certificate.issuer, str(certificate.number)
    shipment.identity = report.signed.identity.hex() if report.signed is not None else ""
    shipment.certificate_state = steps.UNUSED
    shipment.date_of_expiry = certificate.date_of_expiry
    law = queries.profile(shipment.office, at=at)
    shipment.due_on = law.confirmation.due(law.day_of(at, office=shipment.office))
    if report.genuine is Answer.YES:
        shipment.importer = _importer(certificate, on=shipment.arrived_on)
    shipment.exporter_name, shipment.importer_name = certificate.exporter.name, certificate.importer.name
    shipment.parcels = certificate.parcels
    shipment.carats_hundredths = certificate.carat_weight.hundredths
    shipment.value_cents = certificate.value.hundredths
    shipment.seals = list(certificate.container_seals)
    shipment.save()
    return shipment


def _importer(certificate: Certificate, *, on: date) -> Trader | None:
    """Return the trader of ours that the certificate names as importer: by its licence, else by its very name."""
    held = Licence.objects.filter(number=certificate.importer.licence, kind=LicenceKind.IMPORTER, since__lte=on)
    licence = held.first() if certificate.importer.licence else None
    return licence.trader if licence else Trader.objects.filter(name=certificate.importer.name).first()


def _alarm(first: Presentation, identity: str, *, office: str, by: Actor, at: datetime) -> Alarm:
    """Write the alarm down, and tell the issuing authority."""
    alarm = Alarm.objects.create(
        first=first,
        number=first.number,
        identity=identity,
        office=office,
        at=at,
        by=by.identifier,
        is_other=first.identity != identity,
    )
    steps.note(
        first.shipment,
        tag=Act.CERTIFICATE_PRESENT,
        by=by,
        at=at,
        facts={"alarm": alarm.pk, "again_at": office, "identity": identity},
    )
    exchange.post(
        to=ToPartner(first.shipment.issuer),
        kind=Kind.ALARM,
        about=first.shipment.subject,
        subject=f"Kimberley Process Certificate {first.number} was presented twice",
        text=(
            f"The Kimberley Process Certificate {first.number} was presented again"
            f"{', and it is another certificate under the same number' if alarm.is_other else ''}.\n\n"
            f"First: {first.office}, {first.at:%Y-%m-%d %H:%M} UTC, identity {first.identity or 'none (paper)'}\n"
            f"Again: {office}, {at:%Y-%m-%d %H:%M} UTC, identity {identity or 'none (paper)'}\n\n"
            "The second shipment is stopped. Tell us which of them you issued.\n"
        ),
        office=office,
        at=at,
        by_identifier=by.identifier,
    )
    return alarm


def _elsewhere(first: Presentation, alarm: Alarm) -> PresentedElsewhere:
    when = f"{first.at:%Y-%m-%d %H:%M}"
    return PresentedElsewhere(
        f"Another certificate was presented under the number {first.number}: at {first.office}, {when} UTC."
        if alarm.is_other
        else f"The certificate {first.number} was presented before: at {first.office}, {when} UTC.",
        where="number",
        mend="Stop the shipment, keep goods and paper together, and call that office. The issuing authority is told.",
        rule="III.b.single-use",
        facts={"first": first.pk, "alarm": alarm.pk},
    )


def correct(*, reference: str, reason: str, by: Actor, at: datetime) -> Shipment:
    """Take back a presentation that was recorded by mistake, such as a wrong scan; the number can be used again.

    Raises `PresentationOver` once the shipment was opened, left closed or decided about.
    """
    why = words.given(reason)
    with transaction.atomic():
        shipment = steps.reached(reference, Act.PRESENTATION_CORRECT, by)
        standing = shipment.presentations.select_for_update().filter(corrected_at__isnull=True).first()
        if standing is None or shipment.status is not queries.PRESENTED:
            raise PresentationOver(
                f"{shipment.number or reference} is past the point at which a presentation is taken back.",
                where="reference",
                mend="Detain the shipment, or go on with it.",
            )
        standing.corrected_at, standing.corrected_by = at, by.identifier
        standing.save(update_fields=["corrected_at", "corrected_by"])
        Correction.objects.create(presentation=standing, text=why)
        is_presented = shipment.certificate_state == CertificateState.PRESENTED
        steps.take(
            shipment,
            [CertificateAct.CORRECT_PRESENTATION] if is_presented else [],
            tag=Act.PRESENTATION_CORRECT,
            by=by,
            at=at,
            facts={"reason": hashlib.sha256(why.encode()).hexdigest()},
        )
    return shipment
