"""The list of shipments that came to this authority."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle.node.desk import lists, pages, parts
from macle.node.desk import words as desk_words
from macle.node.importing import queries, words
from macle.node.importing.models import Way
from macle.node.permissions import Act

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request

SHIPMENTS = lists.Listing(
    name="shipments",
    title=gettext_lazy("Shipments"),
    empty=gettext_lazy("What is presented, handed over or found appears here."),
    order=("-since", "-id"),
    columns=(
        lists.Column(
            name="number",
            label=gettext_lazy("Certificate or shipment"),
            kind=lists.Kind.NUMBER,
            value=lambda row: row.number or row.reference,
            link=lambda row: pages.address_of("importing:shipment", row.reference),
            under=lambda row: words.way(row.way),
            sort="number",
        ),
        lists.Column(
            name="state", label=gettext_lazy("State"), kind=lists.Kind.MARK, value=lambda row: words.mark(row.state)
        ),
        lists.Column(
            name="issuer",
            label=gettext_lazy("From"),
            value=lambda row: desk_words.participant(row.issuer) if row.issuer else "",
            under=lambda row: row.exporter_name,
            sort="issuer",
        ),
        lists.Column(name="importer_name", label=gettext_lazy("Importer"), sort="importer_name"),
        lists.Column(
            name="carats",
            label=gettext_lazy("Carats"),
            kind=lists.Kind.CARATS,
            value=lambda row: row.carats_hundredths,
            sort="carats_hundredths",
        ),
        lists.Column(name="arrived_on", label=gettext_lazy("Arrived"), kind=lists.Kind.DAY, sort="arrived_on"),
        lists.Column(name="office", label=gettext_lazy("Office"), sort="office"),
    ),
    filters=(
        lists.TextFilter(
            name="what",
            label=gettext_lazy("Number or name"),
            of=("number", "reference", "importer_name", "exporter_name"),
        ),
        lists.ChoiceFilter(
            name="state",
            label=gettext_lazy("State"),
            choices=[(state.value, word) for state, word in words.STATES.items()],
        ),
        lists.ChoiceFilter(
            name="way", label=gettext_lazy("How it came"), choices=[(way.value, words.WAYS[way]) for way in Way]
        ),
        lists.DaysFilter(name="arrived", label=gettext_lazy("Arrived"), of="arrived_on"),
    ),
)


@pages.page(Act.SHIPMENT_READ)
def shipments(request: Request) -> HttpResponseBase:
    """List the shipments."""
    acts = []
    if request.actor.may(Act.CERTIFICATE_PRESENT):
        acts.append(parts.NextAct(label=_("Present a certificate"), address=reverse("importing:present")))
    return lists.answer(request, SHIPMENTS, queries.shipments_of(request.actor), acts=acts)
