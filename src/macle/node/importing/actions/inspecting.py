"""Inspecting: what was found is compared with what is declared, and a difference leads to a decision.

The rules of this module:

- *Not opened* is a legal answer: then seals and papers are all that was looked at.
- The rules of confirmation say whether what was found agrees: within the tolerance of this Participant's profile, with
  whole seals and the declared number of parcels. A synthetic diamond is none of the Scheme, and never agrees.
- Nothing decides by itself: what does not agree waits until an official detains it, asks the issuing authority, or
  lets it go with a reason.

Source: KPCS Core Document, Section III(b), Annex II-22, 23.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from macle import errors
from macle.node.exchange import actions as exchange
from macle.node.exchange.actions import ToPartner
from macle.node.exchange.models import Kind
from macle.node.exporting import queries as house
from macle.node.exporting.actions import steps as words
from macle.node.importing import papers, queries
from macle.node.importing.actions import steps
from macle.node.importing.models import Answer, Endorsement, Inspection, Shipment
from macle.node.permissions import Act
from macle.proof import codec, cose
from macle.scheme import rules
from macle.scheme.certificates import ConsentLevel, Line, Reference
from macle.scheme.confirmations import ConfirmationResult, Count, ImportConfirmation, SealState
from macle.scheme.lifecycle import CertificateAct, CertificateState, ShipmentAct, ShipmentState
from macle.scheme.rules import Breach, Outcome, Stage
from macle.scheme.rules.settings import ConfirmationSetting
from macle.scheme.terms import Carats, HSCode, ParticipantCode, USDollars

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from macle.node.permissions import Actor
    from macle.scheme.certificates import Certificate


NO_CERTIFICATE = ""
"""The rule that is named where there is no certificate to judge: none of the catalogue, which judges certificates."""


class InspectionMalformed(errors.Malformed):
    """What was found cannot be so."""

    code = "inspection-malformed"


class NotPresented(errors.Conflict):
    """There is no certificate of this shipment that could be inspected, endorsed or accepted."""

    code = "not-presented"


class EndorsementOver(errors.Conflict):
    """Nothing is asked of the issuing authority, or it has answered."""

    code = "endorsement-over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the desk found; without ``measured`` the container was not opened."""

    seals: SealState
    found_seals: Sequence[str] = ()
    measured: Count | None = None
    synthetics: Carats = field(default_factory=lambda: Carats(0))


def inspect(*, reference: str, found: Found, by: Actor, at: datetime) -> Inspection:
    """Write down what was found, and compare it with what is declared.

    Raises `InspectionMalformed` or `macle.scheme.lifecycle.ActNotAllowed`.
    """
    if found.measured is None and found.synthetics.hundredths:
        raise InspectionMalformed(
            "Synthetic diamonds are found in a container that was opened.",
            where="synthetics",
            mend="Give what was measured, too.",
        )
    if found.measured is not None and found.synthetics > found.measured.carat_weight:
        raise InspectionMalformed(
            f"More synthetic diamonds ({found.synthetics.for_people} ct) than were weighed in all "
            f"({found.measured.carat_weight.for_people} ct).",
            where="synthetics",
            mend="Weigh again.",
        )
    with transaction.atomic():
        shipment = steps.reached(reference, Act.SHIPMENT_INSPECT, by)
        breaches = _breaches(shipment, found, at=at)
        agrees = not any(breach.outcome is not Outcome.REVIEW for breach in breaches)
        measured = found.measured
        inspection = Inspection.objects.create(
            shipment=shipment,
            at=at,
            by=by.identifier,
            opened=measured is not None,
            seals=int(found.seals),
            found_seals=[words.fit(seal, where="found_seals", most=64) for seal in found.found_seals],
            parcels=measured.parcels if measured else None,
            lines={
                line.hs: {"carats": line.carats.hundredths, "value": line.value.hundredths}
                for line in (measured.lines if measured else ())
            },
            carats_hundredths=measured.carat_weight.hundredths if measured else None,
            value_cents=measured.value.hundredths if measured else None,
            synthetic_hundredths=found.synthetics.hundredths,
            breaches=[
                [breach.rule, breach.outcome.value, breach.where, breach.what, breach.mend] for breach in breaches
            ],
        )
        shipment.inspected_by = by.identifier
        acts: list[ShipmentAct | CertificateAct] = [
            ShipmentAct.OPEN if measured else ShipmentAct.LEAVE_CLOSED,
            ShipmentAct.FIND_MATCH if agrees else ShipmentAct.FIND_MISMATCH,
        ]
        if not agrees and shipment.certificate_state == CertificateState.PRESENTED:
            acts.append(CertificateAct.FIND_DISCREPANT)
        steps.take(
            shipment,
            acts,
            tag=Act.SHIPMENT_INSPECT,
            by=by,
            at=at,
            facts={
                "opened": measured is not None,
                "carats": inspection.carats_hundredths,
                "value": inspection.value_cents,
                "parcels": inspection.parcels,
                "breaches": [breach.rule for breach in breaches],
            },
        )
    return inspection


def certificate_of(shipment: Shipment) -> Certificate | None:
    """Return the certificate with which a shipment was presented, if it is genuine: signed, or typed from paper."""
    if not shipment.presentations.filter(uses=True, corrected_at__isnull=True).exists():
        return None
    if shipment.content.typed:
        return papers.read(shipment.content.typed).certificate
    return codec.decode_certificate(cose.read(bytes(shipment.content.cose)).payload)


def _breaches(shipment: Shipment, found: Found, *, at: datetime) -> list[Breach]:
    certificate = certificate_of(shipment)
    if certificate is None or shipment.certificate_state != CertificateState.PRESENTED:
        return [
            Breach(
                NO_CERTIFICATE,
                Outcome.HOLD,
                "number",
                "No certificate that is genuine, in date and admissible came with it.",
                "Detain it: without one no import is lawful.",
            )
        ]
    draft = drafted(certificate, shipment, found, official="inspection", level=ConsentLevel.PILOT, at=at)
    setting = ConfirmationSetting(
        certificate=certificate,
        profile=queries.profile(shipment.office, at=at),
        identity=bytes.fromhex(shipment.identity),
    )
    return [
        *rules.check(stage=Stage.CONFIRMATION, subject=draft, setting=setting),
        *_synthetics(found),
    ]


def _synthetics(found: Found) -> list[Breach]:
    if not found.synthetics.hundredths:
        return []
    return rules.breach(
        "I.synthetics",
        where="synthetics",
        what=f"{found.synthetics.for_people} carats are of synthetic diamonds, which no certificate covers.",
        mend="Part them from the shipment, and detain it.",
        outcome=Outcome.HOLD,
    )


def drafted(
    certificate: Certificate,
    shipment: Shipment,
    found: Found,
    *,
    official: str,
    level: ConsentLevel,
    at: datetime,
    result: ConfirmationResult = ConfirmationResult.ACCEPTED,
    remark: str = "",
) -> ImportConfirmation:
    """Return the confirmation that would tell the exporting authority of what was found."""
    return ImportConfirmation(
        certificate=Reference(certificate.number, bytes.fromhex(shipment.identity)),
        importing_participant=ParticipantCode(settings.CONFIGURATION.participant),
        office=shipment.office,
        importing_authority=house.authority_name(),
        confirmed_at=at,
        date_of_receipt=shipment.arrived_on,
        exporter=certificate.exporter,
        importer=certificate.importer,
        declared=Count(certificate.parcels, certificate.lines),
        measured=found.measured,
        seals=found.seals,
        result=result,
        official=official,
        consent_level=level,
        remark=remark,
    )


def found_of(inspection: Inspection) -> Found:
    """Return what an inspection found, as the Scheme's terms."""
    lines = tuple(
        Line(HSCode(hs), Carats(each["carats"]), USDollars(each["value"]))
        for hs, each in sorted(inspection.lines.items())
    )
    return Found(
        seals=SealState(inspection.seals),
        found_seals=tuple(inspection.found_seals),
        measured=Count(inspection.parcels, lines) if inspection.opened and inspection.parcels else None,
        synthetics=Carats(inspection.synthetic_hundredths),
    )


# --- What follows -------------------------------------------------------------------------------------


def release(*, reference: str, by: Actor, at: datetime) -> Shipment:
    """Let a shipment go that agrees, or that was put right; its certificate is accepted."""
    with transaction.atomic():
        shipment = steps.reached(reference, Act.SHIPMENT_RELEASE, by)
        steps.take(shipment, [ShipmentAct.RELEASE, CertificateAct.ACCEPT], tag=Act.SHIPMENT_RELEASE, by=by, at=at)
    return shipment


def ask_endorsement(*, reference: str, text: str, by: Actor, at: datetime) -> Endorsement:
    """Ask the issuing authority to consent to a note on its certificate; the shipment stays detained.

    Raises `NotPresented` where no certificate of it is discrepant, `EndorsementOver` while a question is open.
    """
    note = words.given(text, where="text")
    with transaction.atomic():
        shipment = steps.reached(reference, Act.ENDORSEMENT_ASK, by)
        if (shipment.certificate_state, shipment.state) != (CertificateState.DISCREPANT, ShipmentState.DETAINED):
            raise NotPresented(
                "Only a detained shipment whose certificate was presented is endorsed.",
                where="reference",
                mend="Inspect it and detain it first.",
            )
        if shipment.endorsements.filter(answer="").exists():
            raise EndorsementOver(
                "The issuing authority was asked already.", where="reference", mend="Wait for its answer, or remind it."
            )
        endorsement = Endorsement.objects.create(shipment=shipment, asked_at=at, asked_by=by.identifier, text=note)
        exchange.post(
            to=ToPartner(shipment.issuer),
            kind=Kind.ENDORSEMENT,
            about=shipment.subject,
            subject=f"Kimberley Process Certificate {shipment.number}: consent to an endorsement",
            text=(
                f"The Kimberley Process Certificate {shipment.number} was presented at {shipment.office} on "
                f"{shipment.arrived_on}. What we found differs from what it says:\n\n"
                f"{_difference(shipment)}\n\n"
                f"We ask for your consent to note on it:\n\n{note}\n\n"
                "The shipment is detained until you answer.\n"
            ),
            office=shipment.office,
            at=at,
            by_identifier=by.identifier,
        )
        steps.note(shipment, tag=Act.ENDORSEMENT_ASK, by=by, at=at, facts={"endorsement": endorsement.pk})
    return endorsement


def _difference(shipment: Shipment) -> str:
    inspection = shipment.inspections.first()
    return "\n".join(each[3] for each in inspection.breaches) if inspection is not None else ""


def record_endorsement(*, reference: str, answer: Answer, evidence: str = "", by: Actor, at: datetime) -> Shipment:
    """Write down what the issuing authority answered: with its consent the certificate is endorsed.

    ``evidence`` is the hash of its letter. Raises `EndorsementOver` where nothing is asked.
    """
    with transaction.atomic():
        shipment = steps.reached(reference, Act.ENDORSEMENT_RECORD, by)
        asked = shipment.endorsements.select_for_update().filter(answer="").first()
        if asked is None:
            raise EndorsementOver("Nothing is asked of the issuing authority.", where="reference")
        asked.answer, asked.answered_at, asked.recorded_by, asked.evidence = answer, at, by.identifier, evidence
        asked.save(update_fields=["answer", "answered_at", "recorded_by", "evidence"])
        consented = answer is Answer.CONSENTED
        acts: list[Any] = [CertificateAct.ENDORSE, ShipmentAct.REMEDY] if consented else []
        steps.take(
            shipment,
            acts,
            tag=Act.ENDORSEMENT_RECORD,
            by=by,
            at=at,
            facts={"endorsement": asked.pk, "answer": str(answer), "letter": evidence},
        )
    return shipment
