"""The page of one shipment: what its certificate says, what the desk found, its acts, and what may be done next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from macle.node.accounts import queries as accounts
from macle.node.desk import pages
from macle.node.importing import queries, words
from macle.node.permissions import Act

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request


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
        "presentation": found.presentations.filter(corrected_at=None).first(),
    }
    return pages.render(request, "importing/shipment.html", context)
