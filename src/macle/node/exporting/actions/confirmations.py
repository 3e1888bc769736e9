"""Confirmations that arrive by post, scan, fax or e-mail: recorded one by one, or a stack of slips at a time.

A slip that does not agree is recorded as it is: what differs is written down and somebody settles it.
Source: KPCS Core Document, Section III(b).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from macle import errors
from macle.node.audit import actions as audit
from macle.node.audit import evidence
from macle.node.exporting import queries
from macle.node.exporting.actions import steps
from macle.node.exporting.models import Arrival, Certificate, Confirmation, ConfirmationWords, Settlement
from macle.node.permissions import Act
from macle.scheme.certificates import MOST_PARCELS
from macle.scheme.confirmations import ConfirmationResult, SealState
from macle.scheme.lifecycle import CertificateAct, CertificateState
from macle.scheme.terms import CertificateNumber

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from macle.node.permissions import Actor
    from macle.scheme.terms import Carats, USDollars

MOST_SLIPS = 50


class NotAwaited(errors.Conflict):
    """No confirmation of this certificate is awaited."""

    code = "confirmation-not-awaited"


class SlipMalformed(errors.Malformed):
    """The slip says something that cannot be."""

    code = "slip-malformed"


class SettledAlready(errors.Conflict):
    """There is nothing to settle, or it is settled."""

    code = "settled-already"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What stands on one slip; figures are none where the container was not opened."""

    number: str
    arrival: Arrival
    received_on: date
    date_of_receipt: date
    opened: bool
    seals: SealState = SealState.INTACT
    result: ConfirmationResult = ConfirmationResult.ACCEPTED
    parcels: int | None = None
    carats: Carats | None = None
    value: USDollars | None = None
    office: str = ""
    official: str = ""
    importer: str = ""
    remark: str = ""
    picture: bytes = field(default=b"", repr=False)
    picture_name: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one slip of a stack."""

    number: str
    confirmation: Confirmation | None
    error: errors.MacleError | None


_WAYS = {
    ConfirmationResult.ACCEPTED: (CertificateAct.PRESENT, CertificateAct.ACCEPT, CertificateAct.CONFIRM),
    ConfirmationResult.ACCEPTED_AFTER_ENDORSEMENT: (
        *(CertificateAct.PRESENT, CertificateAct.FIND_DISCREPANT, CertificateAct.ENDORSE),
        *(CertificateAct.ACCEPT, CertificateAct.CONFIRM),
    ),
    ConfirmationResult.REFUSED: (CertificateAct.PRESENT, CertificateAct.FIND_DISCREPANT, CertificateAct.REFUSE),
}
"""What the other side did, as its slip says: the acts of the certificate that are written down with it."""


def record(*, slip: Slip, by: Actor, at: datetime) -> Confirmation:
    """Record one confirmation; the exporter's book of this certificate closes.

    Raises `NotAwaited`, `SlipMalformed` or `macle.node.audit.evidence.UploadRefused`.
    """
    steps.require_may(Act.CONFIRMATION_RECORD, by)
    number = str(CertificateNumber.parse("".join(slip.number.split()).upper(), where="number"))
    certificate = _certificate(number, by)
    require_possible(slip, certificate, today=queries.day(certificate.office, at=at))
    held = ""
    if slip.picture:
        held = evidence.keep(
            data=slip.picture, name=slip.picture_name or "slip", by_identifier=by.identifier, at=at
        ).sha256
    with transaction.atomic():
        application = steps.locked(certificate.application.reference)
        if application.status is not CertificateState.DISPATCHED:
            raise NotAwaited(
                f"{number} is {application.status.value.replace('_', ' ')}, and no confirmation is awaited.",
                where="number",
                mend="Record that it was dispatched first."
                if application.status is CertificateState.VALIDATED
                else "Compare the slip with what stands on its page.",
            )
        differs = differences(slip, certificate)
        confirmation = Confirmation.objects.create(
            certificate=certificate,
            arrival=slip.arrival,
            received_on=slip.received_on,
            date_of_receipt=slip.date_of_receipt,
            parcels=slip.parcels,
            carats_hundredths=slip.carats.hundredths if slip.carats else None,
            value_cents=slip.value.hundredths if slip.value else None,
            seals=int(slip.seals),
            result=int(slip.result),
            opened=slip.opened,
            differs=differs,
            evidence=held,
            recorded_at=at,
            recorded_by=by.identifier,
        )
        ConfirmationWords.objects.create(
            confirmation=confirmation,
            **{name: steps.fit(getattr(slip, name), where=name, most=most) for name, most in _LONGEST.items()},
        )
        for act in _WAYS[slip.result]:
            steps.take(
                application,
                act,
                tag=Act.CONFIRMATION_RECORD,
                by=by,
                at=at,
                facts={"arrival": str(slip.arrival), "differs": differs, "slip": held},
            )
        steps.tell(application, "confirmed", at=at)
    return confirmation


def record_all(*, slips: Sequence[Slip], by: Actor, at: datetime) -> list[Recorded]:
    """Record a stack of slips; a bad one spoils only itself.

    Raises `SlipMalformed` if there are more than fifty.
    """
    if len(slips) > MOST_SLIPS:
        raise SlipMalformed(
            f"These are {len(slips)} slips.", where="slips", mend=f"Record at most {MOST_SLIPS} at a time."
        )
    recorded = []
    for slip in slips:
        try:
            recorded.append(Recorded(slip.number, record(slip=slip, by=by, at=at), None))
        except errors.MacleError as error:
            recorded.append(Recorded(slip.number, None, error))
    return recorded


def _certificate(number: str, by: Actor) -> Certificate:
    """Return the certificate if the actor may record its confirmation; raise `CertificateMissing`."""
    certificate = queries.certificate(number, by)
    if not queries.is_within(certificate.application, Act.CONFIRMATION_RECORD, by):
        raise queries.no_certificate()
    return certificate


_LONGEST = {"office": 120, "official": 120, "importer": 120, "remark": 400}


def require_possible(slip: Slip, certificate: Certificate, *, today: date) -> None:
    """Raise `SlipMalformed` at the first thing that no slip of this certificate can say."""
    for name, most in _LONGEST.items():
        steps.fit(getattr(slip, name), where=name, most=most)
    # Across the date line a shipment can arrive the day before it left.
    if slip.date_of_receipt < certificate.date_of_issuance - _A_DAY:
        raise SlipMalformed(
            f"The shipment cannot have arrived before {certificate.date_of_issuance}, when the certificate was issued.",
            where="date_of_receipt",
            mend="Read the date on the slip again.",
        )
    if slip.received_on > today or slip.date_of_receipt > today:
        raise SlipMalformed("This day is still to come.", where="date_of_receipt", mend="Read the date again.")
    if slip.received_on < slip.date_of_receipt - _A_DAY:
        raise SlipMalformed(
            "The slip cannot have come before the shipment arrived.", where="received_on", mend="Read both dates again."
        )
    if slip.opened and slip.carats is None:
        raise SlipMalformed(
            "The container was opened, and no weight stands there.",
            where="carats",
            mend="Give the measured weight, or record that it was not opened.",
        )
    if slip.parcels is not None and not 1 <= slip.parcels <= MOST_PARCELS:
        raise SlipMalformed("A shipment has at least one parcel.", where="parcels", mend="Read the slip again.")


_A_DAY = timedelta(days=1)


def differences(slip: Slip, certificate: Certificate) -> list[str]:
    """Return the figures in which the slip does not agree with the certificate; tolerance is the importer's matter."""
    pairs = (
        ("parcels", slip.parcels, certificate.parcels),
        ("carats", slip.carats.hundredths if slip.carats else None, certificate.carats_hundredths),
        ("value", slip.value.hundredths if slip.value else None, certificate.value_cents),
    )
    found = [name for name, theirs, ours in pairs if theirs is not None and theirs != ours]
    if slip.seals is SealState.BROKEN:
        found.append("seals")
    if slip.result is ConfirmationResult.REFUSED:
        found.append("refused")
    return found


def settle(*, number: str, text: str, by: Actor, at: datetime) -> Settlement:
    """Settle a difference on this side, in words; the slip stays as it came."""
    steps.require_may(Act.CONFIRMATION_RECORD, by)
    certificate = _certificate(number, by)
    words = steps.given(text, where="text")
    with transaction.atomic():
        application = steps.locked(certificate.application.reference)
        confirmation = Confirmation.objects.filter(certificate=certificate).exclude(differs=[]).first()
        if confirmation is None or hasattr(confirmation, "settlement"):
            raise SettledAlready("There is nothing to settle.", where="number", mend="Look at its page.")
        settlement = Settlement.objects.create(confirmation=confirmation, at=at, by=by.identifier, text=words)
        audit.record(
            authority=settings.CONFIGURATION.participant,
            tag=Act.CONFIRMATION_RECORD,
            actor=by.identifier,
            subject=certificate.subject,
            at=at,
            office=application.office,
            facts={"settles": confirmation.differs, "text": hashlib.sha256(words.encode()).hexdigest()},
        )
    return settlement
