"""The page of one shipment: what its certificate says, what the desk found, its acts, and what may be done next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from macle.node.accounts import queries as accounts
from macle.node.desk import pages, parts
from macle.node.desk import words as desk_words
from macle.node.importing import queries, words
from macle.node.importing.models import Alarm
from macle.node.importing.pages import acts
from macle.node.permissions import Act
from macle.paper.decisions import DecisionKind
from macle.scheme.lifecycle import CertificateState, ShipmentState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request
    from macle.node.importing.models import Shipment


@pages.page(Act.SHIPMENT_READ)
def shipment(request: Request, reference: str) -> HttpResponseBase:
    """Show a shipment."""
    found = queries.shipment(reference, request.actor)
    steps = list(found.steps.order_by("sequence").select_related("reason"))
    names = accounts.names({step.actor for step in steps})
    offered = next_acts(request, found)
    context = {
        "shipment": found,
        "mark": words.mark(found.state),
        "way": words.way(found.way),
        "acts": [(words.DONE[step.done], step, names.get(step.actor, step.actor)) for step in steps],
        "inspection": found.inspections.first(),
        "next": [act.shown for act in offered if not act.is_grave],
        "careful": [act.shown for act in offered if act.is_grave],
        "decisions": [(words.DECISIONS[DecisionKind(each.kind)], each) for each in found.decisions.all()],
        "asked": found.endorsements.last(),
        "presentation": found.presentations.filter(corrected_at=None).first(),
        "confirmed": queries.confirmation_of(found),
        "alarms": Alarm.objects.filter(first__shipment=found),
    }
    return pages.render(request, "importing/shipment.html", context)


@dataclass(frozen=True, slots=True)
class Offered:
    """One thing that may be done next: in which states, by whom, and how it is shown."""

    act: Act
    shown: parts.NextAct
    is_grave: bool = False


def next_acts(request: Request, shipment: Shipment) -> list[Offered]:
    """Return what this person may do with the shipment in its state."""
    return [
        each
        for each in _of_state(shipment)
        if request.actor.may(each.act) and request.actor.reach(each.act).covers(office=shipment.office)
    ]


def _of_state(shipment: Shipment) -> Iterator[Offered]:  # noqa: C901, PLR0912 (the states, one after another)
    has_number = bool(shipment.number)
    is_discrepant = shipment.certificate_state == CertificateState.DISCREPANT
    match shipment.status:
        case ShipmentState.IN_CUSTODY:
            yield _to(Act.CERTIFICATE_PRESENT, _("Present its certificate"), "importing:present")
        case ShipmentState.DOCUMENTS_INSPECTED:
            yield _to(
                Act.SHIPMENT_INSPECT,
                _("Inspect it"),
                "importing:inspect",
                shipment.reference,
                why=_("Seals, parcels, weight and value; or leave it closed."),
            )
            if has_number:
                yield _to(
                    Act.PRESENTATION_CORRECT,
                    _("Take the presentation back"),
                    "importing:correct",
                    shipment.reference,
                    why=_("For a wrong scan: the number can then be used again."),
                    is_grave=True,
                )
            else:
                yield _to(Act.CERTIFICATE_PRESENT, _("Present its certificate"), "importing:present")
        case ShipmentState.MATCHED | ShipmentState.REMEDIED:
            yield _to(
                Act.SHIPMENT_RELEASE,
                _("Release it"),
                "importing:release",
                shipment.reference,
                why=_("Its certificate is then accepted."),
            )
        case ShipmentState.MISMATCHED:
            yield _decide(shipment, DecisionKind.DETENTION, why=_("The usual course where something does not agree."))
        case ShipmentState.RELEASED if has_number:
            yield _to(
                Act.IMPORT_CONFIRM,
                _("Confirm the import"),
                "importing:confirm",
                shipment.reference,
                why=_("To %(name)s, signed with your own key.") % {"name": desk_words.participant(shipment.issuer)},
            )
        case ShipmentState.DETAINED:
            asked = shipment.endorsements.last()
            if asked is not None and not asked.answer:
                yield _to(Act.ENDORSEMENT_RECORD, _("Record the answer"), "importing:answered", shipment.reference)
            elif is_discrepant:
                yield _to(
                    Act.ENDORSEMENT_ASK,
                    _("Ask for an endorsement"),
                    "importing:ask",
                    shipment.reference,
                    why=_("The issuing authority is asked to consent to a note on its certificate."),
                )
            if is_discrepant:
                yield _decide(shipment, DecisionKind.REFUSAL, why=_("The shipment is not imported under it."))
            yield _decide(shipment, DecisionKind.RETURN, why=_("Under seal, with a letter of decision."))
            yield _decide(shipment, DecisionKind.SEIZURE, why=_("With a letter of decision."))
        case ShipmentState.RETURN_ORDERED:
            yield _follow(shipment, "returned")
        case ShipmentState.SEIZED:
            yield _follow(shipment, "lift-seizure")
            yield _follow(shipment, "forfeit")
        case ShipmentState.FORFEITED:
            yield _follow(shipment, "destroy")
            yield _follow(shipment, "sell-outside-trade")


def _to(act: Act, label: str, name: str, *args: str, why: str = "", is_grave: bool = False) -> Offered:
    return Offered(act, parts.NextAct(label=label, address=reverse(name, args=args), why=why), is_grave)


def _decide(shipment: Shipment, kind: DecisionKind, *, why: str) -> Offered:
    act, heading = acts.DECIDING[kind]
    args = (shipment.reference, kind.value)
    return _to(act, heading(), "importing:decide", *args, why=why, is_grave=kind is not DecisionKind.DETENTION)


def _follow(shipment: Shipment, name: str) -> Offered:
    following = acts.FOLLOWING[name]
    args = (shipment.reference, name)
    why = str(following.why)
    return _to(following.act, str(following.heading), "importing:follow", *args, why=why, is_grave=following.is_grave)


_DUTY: Final[Mapping[ShipmentState, str]] = {
    ShipmentState.DOCUMENTS_INSPECTED: "importing:inspect",
    ShipmentState.MATCHED: "importing:release",
    ShipmentState.REMEDIED: "importing:release",
    ShipmentState.RELEASED: "importing:confirm",
}


def address_of_duty(shipment: Shipment) -> str:
    """Return the page of what is to be done with a shipment next; its own page where that must be chosen there."""
    if shipment.status is ShipmentState.IN_CUSTODY:
        return pages.address("importing:present")
    return pages.address_of(_DUTY.get(shipment.status, "importing:shipment"), shipment.reference)
