"""Fees and levies in the browser: what is due, charging, paying, waiving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle import errors
from macle.node.desk import lists, pages
from macle.node.desk import words as desk_words
from macle.node.exporting import counter_forms, queries
from macle.node.exporting.actions import fees
from macle.node.exporting.models import Fee
from macle.node.permissions import Act

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request
    from macle.node.exporting.models import Application
    from macle.node.permissions import Actor


def fees_of(by: Actor) -> QuerySet[Fee]:
    """Return the fees that the actor may read, each with what was ``settled`` and what is ``still`` due."""
    reach = by.reach(Act.FEE_READ)
    within = (
        Q()
        if reach.everything
        else Q(application__office__in=reach.offices) | Q(application__trader_id__in=reach.traders)
    )
    return (
        Fee.objects.filter(within)
        .select_related("application")
        .annotate(settled=Coalesce(Sum("entries__amount_cents"), 0))
        .annotate(still=F("amount_cents") - F("settled"))
    )


def _mark(fee: Any) -> tuple[str, str]:  # noqa: ANN401 (a row with what was annotated)
    if fee.still <= 0:
        return "valid", _("Settled")
    return ("waits", _("Due")) if not fee.settled else ("waits", _("Due in part"))


FEES = lists.Listing(
    name="fees",
    title=gettext_lazy("Fees and levies"),
    intro=gettext_lazy("What is due never stops a certificate by itself; it shows."),
    empty=gettext_lazy("A fee is charged on the page of an application."),
    order=("-due_at", "-id"),
    columns=(
        lists.Column(
            name="matter",
            label=gettext_lazy("Application"),
            kind=lists.Kind.NUMBER,
            value=lambda row: row.application.number or row.application.reference,
            link=lambda row: reverse("exporting:application", args=[row.application.reference]) + "#fees",
            under=lambda row: row.application.exporter_name,
        ),
        lists.Column(name="what", label=gettext_lazy("For"), sort="what"),
        lists.Column(name="state", label=gettext_lazy("State"), kind=lists.Kind.MARK, value=_mark),
        lists.Column(
            name="amount",
            label=gettext_lazy("Amount"),
            kind=lists.Kind.DOLLARS,
            sort="amount_cents",
            value=lambda row: row.amount_cents,
        ),
        lists.Column(
            name="still",
            label=gettext_lazy("Still due"),
            kind=lists.Kind.DOLLARS,
            sort="still",
            value=lambda row: max(row.still, 0),
        ),
        lists.Column(name="currency", label=gettext_lazy("Currency"), sort="currency"),
        lists.Column(name="due_at", label=gettext_lazy("Charged"), kind=lists.Kind.DAY, sort="due_at"),
    ),
    filters=(
        lists.TextFilter(
            name="what",
            label=gettext_lazy("Number, trader or fee"),
            of=("application__number", "application__reference", "application__exporter_name", "what"),
        ),
        lists.ChoiceFilter(
            name="state",
            label=gettext_lazy("State"),
            choices=[("due", gettext_lazy("Due")), ("settled", gettext_lazy("Settled"))],
            narrowing=lambda value: Q(still__gt=0) if value == "due" else Q(still__lte=0),
        ),
        lists.TextFilter(name="currency", label=gettext_lazy("Currency"), of=("currency",)),
        lists.DaysFilter(name="charged", label=gettext_lazy("Charged"), of="due_at", instants=True),
    ),
)


@pages.page(Act.FEE_READ)
def listed(request: Request) -> HttpResponseBase:
    """List fees."""
    return lists.answer(request, FEES, fees_of(request.actor))


@pages.page(Act.FEE_CHARGE, post=True)
def charge(request: Request, reference: str) -> HttpResponseBase:
    """Charge a fee for an application."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.FEE_CHARGE, office=matter.office, trader=matter.trader_id)
    form = counter_forms.ChargeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            fees.charge(
                reference=reference,
                what=form.cleaned_data["what"],
                currency=form.cleaned_data["currency"],
                amount_cents=form.cleaned_data["amount"].hundredths,
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, matter, _("The fee is charged. The trader is told."))
    return _shown(request, matter, form, heading=_("Charge a fee"), why=_("The trader is told that it is due."))


@pages.page(Act.FEE_RECORD, post=True)
def pay(request: Request, fee: int) -> HttpResponseBase:
    """Record a payment."""
    held = _fee(request, fee, Act.FEE_RECORD)
    form = counter_forms.PaymentForm(
        request.POST if request.method == "POST" else None, initial={"amount": _plain(held.still)}
    )
    if request.method == "POST" and form.is_valid():
        try:
            fees.pay(
                fee=held.pk,
                amount_cents=form.cleaned_data["amount"].hundredths,
                payment=form.cleaned_data["payment"],
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, held.application, _("The payment is recorded."))
    return _shown(request, held.application, form, heading=_("Record a payment"), why=_due(held))


@pages.page(Act.FEE_WAIVE, post=True)
def waive(request: Request, fee: int) -> HttpResponseBase:
    """Waive a fee or a part of it."""
    held = _fee(request, fee, Act.FEE_WAIVE)
    form = counter_forms.WaiverForm(
        request.POST if request.method == "POST" else None, initial={"amount": _plain(held.still)}
    )
    if request.method == "POST" and form.is_valid():
        try:
            fees.waive(
                fee=held.pk,
                amount_cents=form.cleaned_data["amount"].hundredths,
                reason=form.cleaned_data["reason"],
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, held.application, _("It is waived."))
    return _shown(request, held.application, form, heading=_("Waive a fee"), why=_due(held), is_grave=True)


def _fee(request: Request, fee: int, act: Act) -> Any:  # noqa: ANN401 (a row with what was annotated)
    held = fees_of(request.actor).filter(pk=fee).first()
    if held is None:
        raise fees.FeeMissing("There is no such fee.", where="fee", mend="Look at the application's fees.")
    request.actor.require(act, office=held.application.office, trader=held.application.trader_id)
    return held


def _plain(cents: int) -> str:
    return f"{max(cents, 0) // 100}.{max(cents, 0) % 100:02d}"


def _due(held: Any) -> str:  # noqa: ANN401
    if held.still <= 0:
        return _("%(what)s: nothing is due any more.") % {"what": held.what}
    return _("%(what)s: %(amount)s %(currency)s is still due.") % {
        "what": held.what,
        "amount": desk_words.dollars(held.still),
        "currency": held.currency,
    }


def _done(request: Request, matter: Application, said: str) -> HttpResponseRedirect:
    messages.success(request, said)
    return HttpResponseRedirect(reverse("exporting:application", args=[matter.reference]) + "#fees")


def _shown(
    request: Request,
    matter: Application,
    form: Any,  # noqa: ANN401 (each act has its own)
    *,
    heading: str,
    why: str,
    is_grave: bool = False,
) -> HttpResponseBase:
    context = {"matter": matter, "form": form, "heading": heading, "why": why, "is_grave": is_grave}
    return pages.render(request, "exporting/act.html", context, status=422 if request.method == "POST" else 200)
