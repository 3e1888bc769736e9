"""Deciding about a shipment that does not agree: detain, refuse, send back, seize, each with its letter.

The rules of this module:

- Each decision says why, under which provision, and how to appeal: a letter without a right of appeal is not written.
- Which provision that is, is the law of this Participant: the official names it, and nothing is printed as law that is
  not verified.
- What was decided is not changed; it ends by another act.

Source: KPCS Core Document, Section III(b); the letters are a practice of administrations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from macle import errors
from macle.node.exporting import printing
from macle.node.exporting import queries as house
from macle.node.exporting.actions import steps as words
from macle.node.importing import queries
from macle.node.importing.actions import steps
from macle.node.importing.models import Decision, DecisionWords, Shipment
from macle.node.permissions import Act
from macle.node.registry import queries as registry
from macle.paper import decisions
from macle.paper.decisions import DecisionKind
from macle.paper.rendering import Look
from macle.scheme import participants
from macle.scheme.certificates import STATEMENT
from macle.scheme.lifecycle import CertificateAct, CertificateState, ShipmentAct
from macle.scheme.terms import Carats, CertificateNumber

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from macle.node.permissions import Actor

LONGEST_PARAGRAPH: Final = 600

_TAGS: Final[Mapping[DecisionKind, Act]] = {
    DecisionKind.DETENTION: Act.SHIPMENT_DETAIN,
    DecisionKind.REFUSAL: Act.SHIPMENT_REFUSE,
    DecisionKind.RETURN: Act.SHIPMENT_RETURN,
    DecisionKind.SEIZURE: Act.SHIPMENT_SEIZE,
}
_ACTS: Final[Mapping[DecisionKind, Sequence[ShipmentAct | CertificateAct]]] = {
    DecisionKind.DETENTION: (ShipmentAct.DETAIN,),
    DecisionKind.REFUSAL: (CertificateAct.REFUSE,),
    DecisionKind.RETURN: (ShipmentAct.ORDER_RETURN,),
    DecisionKind.SEIZURE: (ShipmentAct.SEIZE,),
}
_DECIDED: Final[Mapping[DecisionKind, str]] = {
    DecisionKind.DETENTION: "The shipment is detained.",
    DecisionKind.REFUSAL: "The certificate is refused: the shipment is not imported under it.",
    DecisionKind.RETURN: "The shipment is to go back under seal.",
    DecisionKind.SEIZURE: "The shipment is seized.",
}


class DecisionIncomplete(errors.Malformed):
    """A decision lacks its ground, its provision or the way to appeal."""

    code = "decision-incomplete"


class NothingToRefuse(errors.Conflict):
    """No certificate of the shipment can be refused now."""

    code = "nothing-to-refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Why it was decided, and under which provision."""

    text: str
    source: str


def decide(
    *, reference: str, kind: DecisionKind, grounds: Sequence[Ground], appeal: str, by: Actor, at: datetime
) -> Decision:
    """Take a decision, and write down what its letter says.

    Raises `DecisionIncomplete`, `NothingToRefuse` or `macle.scheme.lifecycle.ActNotAllowed`.
    """
    given = [
        {"text": _paragraph(each.text, where="text"), "source": _paragraph(each.source, where="source")}
        for each in grounds
    ]
    if not given:
        raise DecisionIncomplete("A decision has at least one ground.", where="text", mend="Say why.")
    way = _paragraph(appeal, where="appeal")
    with transaction.atomic():
        shipment = steps.reached(reference, _TAGS[kind], by)
        if kind is DecisionKind.REFUSAL and shipment.certificate_state != CertificateState.DISCREPANT:
            raise NothingToRefuse(
                "Only a certificate that was presented and does not agree is refused.",
                where="reference",
                mend="Detain the shipment, or send it back.",
            )
        decision = Decision.objects.create(
            shipment=shipment,
            kind=kind.value,
            reference=f"{shipment.reference}/{shipment.decisions.count() + 1}",
            at=at,
            by=by.identifier,
        )
        data = _letter(decision, grounds=given, appeal=way, by=by, at=at)
        decisions.read(data)
        DecisionWords.objects.create(decision=decision, data=data)
        steps.take(
            shipment,
            _ACTS[kind],
            tag=_TAGS[kind],
            by=by,
            at=at,
            reason=" ".join(each["text"] for each in given),
            facts={"decision": decision.reference, "kind": kind.value},
        )
    return decision


def _paragraph(text: str, *, where: str) -> str:
    said = " ".join(words.fit(text, where=where, most=LONGEST_PARAGRAPH).split())
    if not said:
        raise DecisionIncomplete(
            "A decision says why, under which provision, and how to appeal.", where=where, mend="Fill it in."
        )
    return said


def _letter(
    decision: Decision, *, grounds: list[dict[str, str]], appeal: str, by: Actor, at: datetime
) -> dict[str, Any]:
    """Return what the letter says, as plain data."""
    shipment = decision.shipment
    number = CertificateNumber.parse(shipment.number).for_people if shipment.number else ""
    inspection = shipment.inspections.first()
    compared = []
    if inspection is not None and inspection.carats_hundredths is not None and shipment.carats is not None:
        compared.append(["Carat weight", shipment.carats.for_people, Carats(inspection.carats_hundredths).for_people])
    if inspection is not None and inspection.parcels is not None and shipment.parcels is not None:
        compared.append(["Parcels", str(shipment.parcels), str(inspection.parcels)])
    about = (
        f"the shipment under the Kimberley Process Certificate {number}" if number else "a shipment without certificate"
    )
    return {
        "kind": decision.kind,
        "language": "en",
        "reference": decision.reference,
        "on": queries.day(shipment.office, at=at).isoformat(),
        "number": shipment.number or None,
        "identity": shipment.identity,
        "seals": list(shipment.seals),
        "received": shipment.arrived_on.isoformat(),
        "authority": house.authority_name(),
        "addressee": [shipment.importer_name or "To whom it concerns"],
        "opening": f"This authority has looked at {about}, which arrived on {shipment.arrived_on}.",
        "compared": compared,
        "decided": [_DECIDED[DecisionKind(decision.kind)]],
        "grounds": grounds,
        "appeal": [appeal],
        "told": [f"The issuing authority of {participants.load()[shipment.issuer].name}."] if shipment.issuer else [],
        "official": registry.official_of(by.identifier, at=at).name,
    }


def letter(decision: Decision, *, at: datetime) -> bytes:
    """Return the letter as a stamped PDF."""
    said = decisions.read(decision.words.data)
    opened = printing.shop(office=decision.shipment.office, at=at)
    look = Look(stationery=opened.stationery, statement=STATEMENT, language=said.language)
    drawn = opened.press.decision(said, look=look)
    return opened.stamped(drawn, attached=None, office=decision.shipment.office, at=at)


# --- What follows a decision -------------------------------------------------------------------------


def returned(*, reference: str, by: Actor, at: datetime) -> Shipment:
    """Write down that a shipment left again, under seal."""
    return _take(reference, ShipmentAct.RETURN, Act.SHIPMENT_RETURN, by=by, at=at)


def lift_seizure(*, reference: str, reason: str, by: Actor, at: datetime) -> Shipment:
    """End a seizure: the shipment is detained as before."""
    return _take(reference, ShipmentAct.LIFT_SEIZURE, Act.SHIPMENT_SEIZE, by=by, at=at, reason=words.given(reason))


def forfeit(*, reference: str, reason: str, by: Actor, at: datetime) -> Shipment:
    """Write down that what was seized is forfeited, by whose decision."""
    return _take(reference, ShipmentAct.FORFEIT, Act.SHIPMENT_SEIZE, by=by, at=at, reason=words.given(reason))


def dispose(*, reference: str, is_destroyed: bool, reason: str, by: Actor, at: datetime) -> Shipment:
    """Write down what became of forfeited goods: they never enter the trade."""
    act = ShipmentAct.DESTROY if is_destroyed else ShipmentAct.SELL_OUTSIDE_TRADE
    return _take(reference, act, Act.SHIPMENT_SEIZE, by=by, at=at, reason=words.given(reason))


def _take(reference: str, act: ShipmentAct, tag: Act, *, by: Actor, at: datetime, reason: str = "") -> Shipment:
    with transaction.atomic():
        shipment = steps.reached(reference, tag, by)
        steps.take(shipment, [act], tag=tag, by=by, at=at, reason=reason)
    return shipment
