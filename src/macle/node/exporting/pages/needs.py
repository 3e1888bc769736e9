"""Does this movement need a certificate? Two questions, and the answer with its source. For everybody: no sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from macle.node.desk import pages, sentences
from macle.node.exporting import portal_forms as entering
from macle.node.exporting.pages import technical
from macle.node.permissions import Act
from macle.scheme.movements import Movement

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request


_GOES_BACK: Final = frozenset({Movement.SENT_BACK, Movement.TURNED_BACK})
"""What an official may begin a technical certificate for, where the law knows one."""


@pages.page(pages.PUBLIC)
def needs(request: Request) -> HttpResponseBase:
    """Ask what is moved and where, and answer."""
    asked = "goods" in request.GET or "movement" in request.GET
    form = entering.NeedsForm(request.GET if asked else None)
    context: dict[str, Any] = {"form": form, "answer": None, "may_begin": request.actor.may(Act.APPLICATION_DRAFT)}
    if asked and form.is_valid():
        answer = form.answer()
        goes_back = answer.needed is not False and form.cleaned_data["movement"] in _GOES_BACK
        context |= {
            "answer": answer,
            "why": sentences.said(answer.why),
            "then": sentences.said(answer.then),
            "goods": entering.GOODS[form.cleaned_data["goods"]],
            "to_begin": technical.way_to_begin(request.actor) if goes_back else [],
            "movement": entering.MOVEMENTS[form.cleaned_data["movement"]],
        }
    return pages.render(request, "exporting/portal/needs.html", context, status=422 if asked and form.errors else 200)
