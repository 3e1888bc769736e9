"""Beginning a technical certificate: an official names the certificate under which goods arrived that go back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from macle import errors
from macle.node.desk import pages
from macle.node.desk.parts import NextAct
from macle.node.exporting import forms, queries
from macle.node.exporting.actions import certificates
from macle.node.permissions import Act
from macle.node.registry import queries as registry
from macle.node.traders import queries as traders

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request
    from macle.node.permissions import Actor

FIELD = "technical_certificates"
"""The field of a legal profile that says whether there are such certificates."""


@pages.page(Act.APPLICATION_BEGIN_TECHNICAL, post=True)
def begin(request: Request) -> HttpResponseBase:
    """Begin one where the legal profile knows it; else say what the profile says, and where its doubt comes from."""
    reached = request.actor.reach(Act.APPLICATION_BEGIN_TECHNICAL).offices
    offices = [each.name for each in registry.offices(at=request.at).order_by("name") if each.name in reached]
    law = queries.profile(next(iter(offices), ""), at=request.at)
    sent = request.POST if request.method == "POST" else None
    known = [(each.reference, f"{each.name}, {each.reference}") for each in traders.traders_of(request.actor)]
    form = forms.TechnicalForm(sent, traders=known, offices=offices)
    if sent is not None and form.is_valid():
        try:
            draft = certificates.technical(
                trader=form.cleaned_data["trader"],
                office=form.office,
                arrived_under=form.cleaned_data["arrived_under"],
                by=request.actor,
                at=request.at,
            )
        except (errors.Refused, errors.Malformed) as error:
            form.take(error)
        else:
            said = _("%(reference)s is begun. %(name)s is told, fills it in and lodges it.")
            messages.success(request, said % {"reference": draft.reference, "name": draft.trader.name})
            return HttpResponseRedirect(reverse("exporting:applications"))
    note = next((each for each in law.notes if each.field == FIELD), None)
    context = {
        "form": form,
        "law": law,
        "source": law.sources.get(FIELD, ""),
        "note": note,
        "is_known": bool(law.technical_certificates),
        "is_in_doubt": law.technical_certificates is None,
        "nowhere": not offices,
    }
    return pages.render(request, "exporting/technical.html", context, status=200 if sent is None else 422)


def way_to_begin(by: Actor) -> list[NextAct]:
    """Return how somebody who may do so begins a technical certificate, for the acts beside a title."""
    if not by.may(Act.APPLICATION_BEGIN_TECHNICAL):
        return []
    return [
        NextAct(
            label=_("Begin a technical certificate"),
            address=pages.address("exporting:technical"),
            why=_("For goods that arrived under another Participant's certificate and go back."),
        )
    ]
