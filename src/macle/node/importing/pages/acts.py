"""Doing an act on a shipment: a page that says what follows, asks for what it needs, and goes back to the shipment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle import errors
from macle.node.desk import pages
from macle.node.exporting import forms as desk_forms
from macle.node.importing import forms, queries, words
from macle.node.importing.actions import deciding, inspecting, presenting
from macle.node.importing.models import Answer
from macle.node.permissions import Act
from macle.paper.decisions import DecisionKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import QueryDict
    from django.http.response import HttpResponseBase
    from django_stubs_ext import StrOrPromise

    from macle.node.desk.forms import Form
    from macle.node.desk.pages import Request
    from macle.node.importing.models import Shipment


@pages.page(Act.SHIPMENT_INSPECT, post=True)
def inspect(request: Request, reference: str) -> HttpResponseBase:
    """Write down what was found, and compare it with what is declared."""
    shipment = reached(request, reference, Act.SHIPMENT_INSPECT)
    certificate = inspecting.certificate_of(shipment)
    declared = {line.hs: line for line in certificate.lines} if certificate is not None else {}
    form = forms.InspectForm(_sent(request), declared=declared)
    if request.method == "POST" and form.is_valid():
        try:
            inspecting.inspect(reference=reference, found=form.found(), by=request.actor, at=request.at)
        except errors.MacleError as error:
            form.take(error)
        else:
            shipment.refresh_from_db()
            return _done(request, reference, words.mark(shipment.state)[1])
    return _form(
        request,
        shipment,
        form,
        heading=_("Inspect"),
        why=_("Seals first. Then open it, weigh and count, or leave it closed."),
        template="importing/inspect.html",
        certificate=certificate,
    )


@pages.page(Act.SHIPMENT_RELEASE, post=True)
def release(request: Request, reference: str) -> HttpResponseBase:
    """Let a shipment go."""
    shipment = reached(request, reference, Act.SHIPMENT_RELEASE)
    form: Form = desk_forms.ConfirmForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            inspecting.release(reference=reference, by=request.actor, at=request.at)
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, _("Released"))
    return _form(request, shipment, form, heading=_("Release it"), why=_("Its certificate is then accepted."))


@pages.page(Act.PRESENTATION_CORRECT, post=True)
def correct(request: Request, reference: str) -> HttpResponseBase:
    """Take back a presentation that was recorded by mistake."""
    shipment = reached(request, reference, Act.PRESENTATION_CORRECT)
    form = desk_forms.ReasonForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            presenting.correct(reference=reference, by=request.actor, at=request.at, **form.cleaned_data)
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, _("The presentation is taken back. Its number can be used again."))
    why = _("For a wrong scan: the number can then be used again. What was recorded stays in the book.")
    return _form(request, shipment, form, heading=_("Take the presentation back"), why=why, is_grave=True)


DECIDING: Final[Mapping[DecisionKind, tuple[Act, Callable[[], str]]]] = {
    DecisionKind.DETENTION: (Act.SHIPMENT_DETAIN, lambda: _("Detain it")),
    DecisionKind.REFUSAL: (Act.SHIPMENT_REFUSE, lambda: _("Refuse the certificate")),
    DecisionKind.RETURN: (Act.SHIPMENT_RETURN, lambda: _("Send it back")),
    DecisionKind.SEIZURE: (Act.SHIPMENT_SEIZE, lambda: _("Seize it")),
}
"""For each decision the act that it needs, and its heading."""


@pages.page(Act.SHIPMENT_DETAIN, post=True)
def decide(request: Request, reference: str, kind: str) -> HttpResponseBase:
    """Take a decision, with its letter."""
    try:
        chosen = DecisionKind(kind)
    except ValueError:
        raise Http404 from None
    act, heading = DECIDING[chosen]
    shipment = reached(request, reference, act)
    form = forms.DecideForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            deciding.decide(
                reference=reference,
                kind=chosen,
                grounds=[deciding.Ground(text=given["text"], source=given["source"])],
                appeal=given["appeal"],
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, _("It is decided. The letter is on this page."))
    why = _("The importer gets a letter with your reason, the provision and the way to appeal.")
    return _form(request, shipment, form, heading=heading(), why=why, is_grave=chosen is not DecisionKind.DETENTION)


@dataclass(frozen=True, slots=True)
class Following:
    """What follows a decision: the act, its heading, what it means, and what does it."""

    act: Act
    heading: StrOrPromise
    why: StrOrPromise
    do: Callable[..., Shipment]
    asks_why: bool = True
    is_grave: bool = True


FOLLOWING: Final[Mapping[str, Following]] = {
    "returned": Following(
        Act.SHIPMENT_RETURN,
        gettext_lazy("Record that it left"),
        gettext_lazy("It went back under seal."),
        deciding.returned,
        asks_why=False,
        is_grave=False,
    ),
    "lift-seizure": Following(
        Act.SHIPMENT_SEIZE,
        gettext_lazy("Lift the seizure"),
        gettext_lazy("It is then detained as before."),
        deciding.lift_seizure,
        is_grave=False,
    ),
    "forfeit": Following(
        Act.SHIPMENT_SEIZE,
        gettext_lazy("Record the forfeiture"),
        gettext_lazy("Say whose decision it is. What is forfeited never enters the trade."),
        deciding.forfeit,
    ),
    "destroy": Following(
        Act.SHIPMENT_SEIZE,
        gettext_lazy("Record that it was destroyed"),
        gettext_lazy("This ends the matter."),
        partial(deciding.dispose, is_destroyed=True),
    ),
    "sell-outside-trade": Following(
        Act.SHIPMENT_SEIZE,
        gettext_lazy("Record that it was disposed of outside the trade"),
        gettext_lazy("This ends the matter."),
        partial(deciding.dispose, is_destroyed=False),
    ),
}
"""By the name in the address."""


@pages.page(Act.SHIPMENT_RETURN, post=True)
def follow(request: Request, reference: str, name: str) -> HttpResponseBase:
    """Write down what followed a decision."""
    following = FOLLOWING.get(name)
    if following is None:
        raise Http404
    shipment = reached(request, reference, following.act)
    form: Form = (desk_forms.ReasonForm if following.asks_why else desk_forms.ConfirmForm)(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            after = following.do(reference=reference, by=request.actor, at=request.at, **form.cleaned_data)
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, words.mark(after.state)[1])
    return _form(
        request,
        shipment,
        form,
        heading=str(following.heading),
        why=str(following.why),
        is_grave=following.is_grave,
    )


@pages.page(Act.SHIPMENT_READ)
def letter(request: Request, reference: str, decision: int) -> HttpResponseBase:
    """Hand out the letter of a decision as PDF."""
    shipment = queries.shipment(reference, request.actor)
    found = shipment.decisions.select_related("words", "shipment").filter(pk=decision).first()
    if found is None:
        raise queries.no_shipment()
    answer = HttpResponse(deciding.letter(found, at=request.at), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{found.reference.replace("/", "-")}.pdf"'
    return answer


@pages.page(Act.ENDORSEMENT_ASK, post=True)
def ask(request: Request, reference: str) -> HttpResponseBase:
    """Ask the issuing authority to consent to a note on its certificate."""
    shipment = reached(request, reference, Act.ENDORSEMENT_ASK)
    form = desk_forms.ReasonForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            inspecting.ask_endorsement(
                reference=reference, text=form.cleaned_data["reason"], by=request.actor, at=request.at
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, _("The issuing authority is asked. The shipment stays detained."))
    why = _("What you found is in the letter. Write the note that would stand on the certificate.")
    return _form(request, shipment, form, heading=_("Ask for an endorsement"), why=why)


@pages.page(Act.ENDORSEMENT_RECORD, post=True)
def answered(request: Request, reference: str) -> HttpResponseBase:
    """Write down what the issuing authority answered."""
    shipment = reached(request, reference, Act.ENDORSEMENT_RECORD)
    form = forms.EndorsementForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        answer = Answer(form.cleaned_data["answer"])
        try:
            inspecting.record_endorsement(reference=reference, answer=answer, by=request.actor, at=request.at)
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, _("The answer is recorded."))
    why = _("With its consent the certificate is endorsed, and the shipment can be released.")
    return _form(request, shipment, form, heading=_("Record the answer"), why=why)


def reached(request: Request, reference: str, act: Act) -> Shipment:
    """Return the shipment if the actor may do this to it; raise `ShipmentMissing` or `ActForbidden`."""
    if not request.actor.may(act):
        request.actor.require(act)
    shipment = queries.shipment(reference, request.actor)
    if not request.actor.reach(act).covers(office=shipment.office):
        raise queries.no_shipment()
    return shipment


def _sent(request: Request) -> QueryDict | None:
    """Return what was sent, which may be an empty form, or nothing where the page is only asked for."""
    return request.POST if request.method == "POST" else None


def _done(request: Request, reference: str, said: str) -> HttpResponseRedirect:
    messages.success(request, said)
    return HttpResponseRedirect(reverse("importing:shipment", args=[reference]))


def _form(
    request: Request,
    shipment: Shipment,
    form: Any,  # noqa: ANN401 (each act has its own)
    *,
    heading: str,
    why: str,
    is_grave: bool = False,
    template: str = "importing/act.html",
    **more: Any,  # noqa: ANN401
) -> HttpResponseBase:
    status = 422 if request.method == "POST" else 200
    context = {"shipment": shipment, "form": form, "heading": heading, "why": why, "is_grave": is_grave}
    return pages.render(request, template, context | more, status=status)
