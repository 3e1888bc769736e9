"""The page of one shipment: what its certificate says, what the desk found, its acts, and what may be done next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from macle.node.accounts import queries as accounts
from macle.node.desk import pages, parts
from macle.node.importing import queries, words
from macle.node.permissions import Act
from macle.paper.decisions import DecisionKind
from macle.scheme.lifecycle import CertificateState, ShipmentState

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request
    from macle.node.importing.models import Shipment


@pages.page(Act.SHIPMENT_READ)
def shipment(request: Request, reference: str) -> HttpResponseBase:
    """Show a shipment."""
    found = queries.shipment(reference, request.actor)
    steps = list(found.steps.order_by("sequence").select_related("reason"))
    names = accounts.names({step.actor for step in steps})
    context = {
        "shipment": found,
        "mark": words.mark(found.state),
        "way": words.way(found.way),
        "acts": [(words.DONE[step.done], step, names.get(step.actor, step.actor)) for step in steps],
        "inspection": found.inspections.first(),
        "next": next_acts(request, found),
        "decisions": found.decisions.all(),
        "asked": found.endorsements.last(),
        "presentation": found.presentations.filter(corrected_at=None).first(),
    }
    return pages.render(request, "importing/shipment.html", context)


def next_acts(request: Request, shipment: Shipment) -> list[parts.NextAct]:
    """Return what this person may do with the shipment in its state."""
    at = [shipment.reference]
    detained = shipment.status is ShipmentState.DETAINED
    is_discrepant = shipment.certificate_state == CertificateState.DISCREPANT
    is_asked = shipment.endorsements.filter(answer="").exists()
    offered = (
        (
            shipment.status is ShipmentState.DOCUMENTS_INSPECTED,
            Act.SHIPMENT_INSPECT,
            _("Inspect it"),
            ("importing:inspect", *at),
            _("Seals, parcels, weight and value; or leave it closed."),
        ),
        (
            shipment.status is ShipmentState.DOCUMENTS_INSPECTED and bool(shipment.number),
            Act.PRESENTATION_CORRECT,
            _("Take the presentation back"),
            ("importing:correct", *at),
            _("For a wrong scan: the number can then be used again."),
        ),
        (
            shipment.status in {ShipmentState.MATCHED, ShipmentState.REMEDIED},
            Act.SHIPMENT_RELEASE,
            _("Release it"),
            ("importing:release", *at),
            _("Its certificate is then accepted."),
        ),
        (
            shipment.status is ShipmentState.MISMATCHED,
            Act.SHIPMENT_DETAIN,
            _("Detain it"),
            ("importing:decide", *at, DecisionKind.DETENTION.value),
            _("The usual course where something does not agree."),
        ),
        (
            detained and is_discrepant and not is_asked,
            Act.ENDORSEMENT_ASK,
            _("Ask for an endorsement"),
            ("importing:ask", *at),
            _("The issuing authority is asked to consent to a note on its certificate."),
        ),
        (is_asked, Act.ENDORSEMENT_RECORD, _("Record the answer"), ("importing:answered", *at), ""),
        (
            detained and is_discrepant,
            Act.SHIPMENT_REFUSE,
            _("Refuse the certificate"),
            ("importing:decide", *at, DecisionKind.REFUSAL.value),
            _("The shipment is not imported under it."),
        ),
        (
            detained,
            Act.SHIPMENT_RETURN,
            _("Send it back"),
            ("importing:decide", *at, DecisionKind.RETURN.value),
            _("Under seal, with a letter of decision."),
        ),
        (
            detained,
            Act.SHIPMENT_SEIZE,
            _("Seize it"),
            ("importing:decide", *at, DecisionKind.SEIZURE.value),
            _("With a letter of decision."),
        ),
    )
    return [
        parts.NextAct(label=label, address=pages.address_of(*address), why=why)
        for holds, act, label, address, why in offered
        if holds and request.actor.may(act) and request.actor.reach(act).covers(office=shipment.office)
    ]
