"""Does this movement need a certificate? Two questions, and the answer with its source. For everybody: no sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _

from macle.node.desk import pages
from macle.node.exporting import portal_forms as entering
from macle.node.exporting.pages import technical
from macle.node.permissions import Act
from macle.scheme.movements import Case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http.response import HttpResponseBase
    from django_stubs_ext import StrOrPromise

    from macle.node.desk.pages import Request

WORDS: Final[Mapping[Case, tuple[StrOrPromise, StrOrPromise]]] = {
    Case.WORKED: (
        _("Rough diamonds are unworked, or simply sawn, cleaved or bruted. Polished ones are not among them."),
        _("Stones that are only sawn, cleaved or bruted are rough: then choose their heading."),
    ),
    Case.NOT_NATURAL: (
        _("A diamond of the Scheme is a natural mineral. Synthetic ones are not among them."),
        _("No certificate covers them: they are not to be in a shipment that has one."),
    ),
    Case.NOT_OF_THE_HEADINGS: (
        _("Rough diamonds are those of 7102.10, 7102.21 and 7102.31. Dust and powder are 7105."),
        _("A Participant's own law may control them."),
    ),
    Case.IN_JEWELLERY: (
        _("Rough diamonds are those of 7102.10, 7102.21 and 7102.31. Jewellery is of another heading."),
        _("Loose stones that travel with it are judged by themselves."),
    ),
    Case.EXPORT: (
        _("Every shipment of rough diamonds that is exported to a Participant is accompanied by a certificate."),
        _("Lodge an application before the shipment leaves."),
    ),
    Case.CARRIED: (
        _(
            "Export is the physical leaving of the territory, whoever carries it. The Core Document names no least "
            "quantity and no exception for what a person carries."
        ),
        _("Lodge an application before you leave."),
    ),
    Case.WITHIN: (
        _(
            "Export is the physical leaving of a Participant's territory, and nothing leaves it. The European Union "
            "is one Participant."
        ),
        _("As soon as it leaves for another Participant, it needs one."),
    ),
    Case.INTO_FREE_ZONE: (
        _("A free trade zone is a part of the Participant's territory: what goes in from here does not leave it."),
        _("What leaves the zone for another Participant needs one, by the authority that is designated for it."),
    ),
    Case.OUT_OF_FREE_ZONE: (
        _(
            "A free trade zone is a part of the Participant's territory: what leaves it for another Participant is "
            "exported, and the designated authority processes it."
        ),
        _("Lodge an application before the shipment leaves the zone."),
    ),
    Case.IN_TRANSIT: (
        _(
            "A Participant that is only passed through issues none and asks for none, as long as the shipment leaves "
            "in the identical state in which it came."
        ),
        _("Leave the container unopened and its seals whole. The exporting Participant's certificate stays with it."),
    ),
    Case.NOT_IN_TRANSIT: (
        _(
            "What was opened or changed does not leave in the identical state: the exemption of transit ends, and it "
            "is an import and then an export."
        ),
        _("Show it to the authority with the certificate under which it came."),
    ),
    Case.SENT_BACK: (
        _("What was imported and goes back leaves the territory like any other export."),
        _("Lodge an application that names the certificate under which it came as its lawful source."),
    ),
    Case.TURNED_BACK: (
        _("The Core Document has no rule for a shipment that was not let in and goes back under its seals."),
        _("Ask the authority: some Participants write a technical certificate for it."),
    ),
    Case.FORBIDDEN: (
        _("No shipment of rough diamonds is exported to a non-Participant."),
        _("No certificate makes it possible."),
    ),
}
"""Why it is so and what follows, as `macle.scheme.movements` says it, in the language of the page."""


_GOES_BACK: Final = frozenset({Case.SENT_BACK, Case.TURNED_BACK})
"""What an official may begin a technical certificate for, where the law knows one."""


@pages.page(pages.PUBLIC)
def needs(request: Request) -> HttpResponseBase:
    """Ask what is moved and where, and answer."""
    asked = "goods" in request.GET or "movement" in request.GET
    form = entering.NeedsForm(request.GET if asked else None)
    context: dict[str, Any] = {"form": form, "answer": None, "may_begin": request.actor.may(Act.APPLICATION_DRAFT)}
    goes_back = asked and form.is_valid() and form.answer().case in _GOES_BACK
    context["to_begin"] = technical.way_to_begin(request.actor) if goes_back else []
    if asked and form.is_valid():
        answer = form.answer()
        why, then = WORDS[answer.case]
        context |= {
            "answer": answer,
            "why": why,
            "then": then,
            "goods": entering.GOODS[form.cleaned_data["goods"]],
            "movement": entering.MOVEMENTS[form.cleaned_data["movement"]],
        }
    return pages.render(request, "exporting/portal/needs.html", context, status=422 if asked and form.errors else 200)
