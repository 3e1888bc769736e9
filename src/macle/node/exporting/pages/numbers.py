"""Numbers and sheets in the browser: what is left, what became of each, and that none is without a record."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, F, Q
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from macle import errors
from macle.node.accounts import queries as accounts
from macle.node.audit import evidence
from macle.node.desk import lists, pages, parts
from macle.node.desk import words as desk_words
from macle.node.exporting import counter_forms, queries
from macle.node.exporting.actions import numbers
from macle.node.exporting.models import Block, Number, Use
from macle.node.permissions import Act

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http.response import HttpResponseBase
    from django_stubs_ext import StrOrPromise

    from macle.node.desk.pages import Request
    from macle.node.permissions import Actor

FEW: Final = 50
"""So many numbers left are few: somebody should allot, or order, some more."""

STRIPES: Final = 100
"""Into how many stripes the picture of a block is divided at most."""

USES: Final[dict[str, StrOrPromise]] = {
    Use.ISSUED: gettext_lazy("Issued"),
    Use.RESERVED: gettext_lazy("Reserved"),
    Use.VOID: gettext_lazy("Void"),
    Use.SPOILED: gettext_lazy("Spoiled"),
    "gap": gettext_lazy("Skipped"),
    "left": gettext_lazy("Left"),
}
"""What became of a number, in the order in which it is drawn and counted."""

_MARKS: Final = {Use.ISSUED: "valid", Use.RESERVED: "waits", Use.VOID: "not-valid", Use.SPOILED: "not-valid"}


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a stripe: where it begins, how wide and tall it is, and what it is of."""

    x: float
    y: float
    wide: float
    tall: float
    use: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How many numbers became what, and which."""

    use: str
    label: StrOrPromise
    count: int
    about: str = ""


def printed(stock: Block, counter: int) -> str:
    """Return a number of the block as it is printed."""
    return f"{settings.CONFIGURATION.participant}{stock.national(counter)}"


def _state(stock: Block) -> tuple[str, str]:
    if stock.ended_at is not None:
        return "not-judged", _("Ended")
    if not stock.left:
        return "not-judged", _("Used up")
    return ("late", _("Few left")) if stock.left < FEW else ("valid", _("In use"))


BLOCKS = lists.Listing(
    name="blocks",
    title=gettext_lazy("Numbers and sheets"),
    empty=gettext_lazy("No number can be reserved until the administrator allots a block to an office."),
    order=("-allotted_at", "-id"),
    columns=(
        lists.Column(
            name="first",
            label=gettext_lazy("Block"),
            kind=lists.Kind.NUMBER,
            value=lambda row: printed(row, row.first),
            sort="first",
            link=lambda row: reverse("exporting:block", args=[row.pk]),
            under=lambda row: _("to %(last)s") % {"last": printed(row, row.last)},
        ),
        lists.Column(name="state", label=gettext_lazy("State"), kind=lists.Kind.MARK, value=_state),
        lists.Column(name="office", label=gettext_lazy("Office"), sort="office"),
        lists.Column(
            name="on_sheets",
            label=gettext_lazy("Stand on"),
            value=lambda row: _("pre-printed sheets") if row.on_sheets else _("certificates drawn here"),
        ),
        lists.Column(
            name="next",
            label=gettext_lazy("Next"),
            kind=lists.Kind.NUMBER,
            value=lambda row: printed(row, row.next) if row.left and row.ended_at is None else "",
        ),
        lists.Column(
            name="taken", label=gettext_lazy("Taken"), kind=lists.Kind.COUNT, value=lambda row: row.next - row.first
        ),
        lists.Column(name="left", label=gettext_lazy("Left"), kind=lists.Kind.COUNT),
        lists.Column(name="allotted_at", label=gettext_lazy("Allotted"), kind=lists.Kind.DAY, sort="allotted_at"),
    ),
    filters=(
        lists.TextFilter(name="office", label=gettext_lazy("Office"), of=("office",)),
        lists.ChoiceFilter(
            name="state",
            label=gettext_lazy("State"),
            choices=[
                ("use", gettext_lazy("In use")),
                ("few", gettext_lazy("Few left")),
                ("over", gettext_lazy("Used up or ended")),
            ],
            narrowing=lambda value: {
                "use": Q(ended_at=None, next__lte=F("last")),
                "few": Q(ended_at=None, next__lte=F("last"), next__gt=F("last") + 1 - FEW),
                "over": Q(ended_at__isnull=False) | Q(next__gt=F("last")),
            }.get(value, Q()),
        ),
    ),
)

NUMBERS = lists.Listing(
    name="numbers",
    title=gettext_lazy("Numbers that were taken"),
    empty=gettext_lazy("No number of this block was taken yet."),
    order=("-counter", "-id"),
    columns=(
        lists.Column(
            name="number",
            label=gettext_lazy("Number"),
            kind=lists.Kind.NUMBER,
            sort="counter",
            link=lambda row: (
                reverse("exporting:application", args=[row.application.reference])
                if row.application
                else reverse("exporting:block", args=[row.block_id])
            ),
        ),
        lists.Column(
            name="use",
            label=gettext_lazy("What became of it"),
            kind=lists.Kind.MARK,
            value=lambda row: (_MARKS[Use(row.use)], str(USES[row.use])),
            sort="use",
        ),
        lists.Column(name="why", label=gettext_lazy("Why")),
        lists.Column(
            name="exporter",
            label=gettext_lazy("Exporter"),
            value=lambda row: row.application.exporter_name if row.application else "",
        ),
        lists.Column(name="taken_at", label=gettext_lazy("Taken"), kind=lists.Kind.INSTANT, sort="taken_at"),
        lists.Column(name="ended_at", label=gettext_lazy("Ended"), kind=lists.Kind.INSTANT, sort="ended_at"),
    ),
    filters=(
        lists.TextFilter(name="number", label=gettext_lazy("Number"), of=("number",)),
        lists.ChoiceFilter(
            name="use", label=gettext_lazy("What became of it"), choices=[(each, USES[each]) for each in Use]
        ),
        lists.DaysFilter(name="taken", label=gettext_lazy("Taken"), of="taken_at", instants=True),
    ),
)


@pages.page(Act.NUMBERS_READ)
def blocks(request: Request) -> HttpResponseBase:
    """List the blocks of numbers."""
    acts = []
    if request.actor.may(Act.BLOCK_ALLOT):
        acts.append(parts.NextAct(label=_("Allot a block"), address=reverse("exporting:allot")))
    return lists.answer(
        request,
        BLOCKS,
        queries.blocks_of(request.actor),
        template="exporting/counter/blocks.html",
        context={"few": _few(request.actor)},
        acts=acts,
    )


def _few(by: Actor) -> list[tuple[str, int]]:
    """Return the offices that have few numbers left in all their blocks, with how many."""
    left: dict[str, int] = {}
    for stock in queries.blocks_of(by):
        left.setdefault(stock.office, 0)
        if stock.ended_at is None:
            left[stock.office] += stock.left
    return sorted((office, count) for office, count in left.items() if count < FEW)


@pages.page(Act.NUMBERS_READ)
def one(request: Request, block: int) -> HttpResponseBase:
    """Show a block: its range as a picture and a table, its deliveries, and what became of each number."""
    stock = _block(request, block)
    rows = Number.objects.filter(block=stock).select_related("application")
    deliveries = list(stock.deliveries.order_by("-at", "-pk"))
    names = accounts.names({each.by for each in deliveries} | {stock.allotted_by})
    counted = _counted(stock)
    taken = sum(each.count for each in counted if each.use in Use.values)
    skipped = next(each.count for each in counted if each.use == "gap")
    unaccounted = stock.next - stock.first - taken - skipped
    context = {
        "stock": stock,
        "first": printed(stock, stock.first),
        "last": printed(stock, stock.last),
        "upcoming": printed(stock, stock.next) if stock.left and stock.ended_at is None else "",
        "state": _state(stock),
        "is_few": stock.ended_at is None and stock.left < FEW,
        "bars": _bars(stock),
        "counted": counted,
        "taken": taken,
        "unaccounted": unaccounted,
        "missing": [printed(stock, each) for each in itertools.islice(queries.unaccounted(stock), 20)]
        if unaccounted
        else [],
        "deliveries": [
            (
                printed(stock, each.first),
                printed(stock, each.last),
                each.last - each.first + 1,
                each,
                names.get(each.by, each.by),
            )
            for each in deliveries
        ],
        "not_received": _not_received(stock),
        "allotted_by": names.get(stock.allotted_by, stock.allotted_by),
    }
    return lists.answer(request, NUMBERS, rows, template="exporting/counter/block.html", context=context)


def _block(request: Request, pk: int) -> Block:
    return queries.block(pk, request.actor)


def _counted(stock: Block) -> list[Counted]:
    """Return how many numbers became what; the sum is the whole block."""
    of_use = dict(Number.objects.filter(block=stock).values_list("use").annotate(count=Count("pk")).order_by())
    gaps = list(stock.gaps.order_by("first"))
    skipped = "; ".join(f"{stock.national(gap.first)} to {stock.national(gap.last)}: {gap.why}" for gap in gaps)
    counts = {use.value: of_use.get(use.value, 0) for use in Use}
    counts["gap"] = sum(gap.last - gap.first + 1 for gap in gaps)
    counts["left"] = stock.left
    return [
        Counted(use=str(use), label=label, count=counts[str(use)], about=skipped if use == "gap" else "")
        for use, label in USES.items()
    ]


def _bars(stock: Block) -> list[Bar]:
    """Return the block as stripes side by side, each filled from below by what became of its numbers.

    One query, and at most a hundred stripes however long the block is.
    """
    whole = stock.last - stock.first + 1
    size = max(1, -(-whole // STRIPES))
    count = -(-whole // size)
    filled: list[dict[str, int]] = [{} for _each in range(count)]
    rows = (
        Number.objects.filter(block=stock)
        .annotate(stripe=(F("counter") - stock.first) / size)
        .values_list("stripe", "use")
        .annotate(count=Count("pk"))
        .order_by()
    )
    for stripe, use, how_many in rows:
        filled[int(stripe)][use] = how_many
    for gap in stock.gaps.all():
        for stripe in range((gap.first - stock.first) // size, (gap.last - stock.first) // size + 1):
            begin = stock.first + stripe * size
            within = min(gap.last, begin + size - 1) - max(gap.first, begin) + 1
            filled[stripe]["gap"] = filled[stripe].get("gap", 0) + within
    wide = 1000 / count
    bars = []
    for stripe, of_use in enumerate(filled):
        height = 0.0
        for use in USES:
            tall = 60 * of_use.get(str(use), 0) / size
            if tall:
                height += tall
                bars.append(
                    Bar(round(stripe * wide, 2), round(60 - height, 2), round(wide, 2), round(tall, 2), str(use))
                )
    return bars


def _not_received(stock: Block) -> int:
    """Return how many sheets from the next one on never came."""
    if not stock.on_sheets or stock.ended_at is not None:
        return 0
    came = sum(
        max(0, each.last - max(each.first, stock.next) + 1) for each in stock.deliveries.filter(last__gte=stock.next)
    )
    return stock.left - int(came)


@pages.page(Act.BLOCK_ALLOT, post=True)
def allot(request: Request) -> HttpResponseBase:
    """Allot a block to an office."""
    request.actor.require(Act.BLOCK_ALLOT)
    form = counter_forms.AllotForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            stock = numbers.allot(
                office=given["office"],
                first=given["first"],
                last=given["last"],
                width=given["width"],
                lead=given["lead"] or "",
                on_sheets=given["on_sheets"] == "sheets",
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            messages.success(request, _("The block is allotted."))
            return HttpResponseRedirect(reverse("exporting:block", args=[stock.pk]))
    return _form(
        request,
        form,
        heading=_("Allot a block"),
        why=_("Numbers are given out from the first to the last, each once. A block is never taken back."),
    )


@pages.page(Act.SHEETS_RECEIVE, post=True)
def receive(request: Request, block: int) -> HttpResponseBase:
    """Record that sheets came."""
    stock = _block(request, block)
    request.actor.require(Act.SHEETS_RECEIVE, office=stock.office)
    form = counter_forms.ReceiveForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        stock=stock,
        code=settings.CONFIGURATION.participant,
    )
    if request.method == "POST" and form.is_valid():
        first, last = form.ends
        note = form.cleaned_data["note"]
        try:
            with transaction.atomic():
                kept = (
                    evidence.keep(
                        data=note, name=note.name, by_identifier=request.actor.identifier, at=request.at, where="note"
                    ).sha256
                    if note
                    else ""
                )
                numbers.receive(block=stock.pk, first=first, last=last, by=request.actor, at=request.at, evidence=kept)
        except errors.MacleError as error:
            form.take(error)
        else:
            count = last - first + 1
            said = ngettext("%(count)s sheet is received.", "%(count)s sheets are received.", count)
            messages.success(request, said % {"count": desk_words.count(count)})
            return HttpResponseRedirect(reverse("exporting:block", args=[stock.pk]))
    return _form(
        request,
        form,
        stock=stock,
        heading=_("Receive sheets"),
        why=_("Count them first. A sheet that was never received cannot be used."),
        has_file=True,
    )


@pages.page(Act.SHEET_SPOIL, post=True)
def spoil(request: Request, block: int) -> HttpResponseBase:
    """Record that the sheet on top was spoiled before anything was reserved on it."""
    stock = _block(request, block)
    request.actor.require(Act.SHEET_SPOIL, office=stock.office)
    form = counter_forms.SpoilSheetForm(
        request.POST if request.method == "POST" else None, stock=stock, code=settings.CONFIGURATION.participant
    )
    if request.method == "POST" and form.is_valid():
        try:
            number = numbers.spoil(
                block=stock.pk, counter=form.spoiled, why=form.cleaned_data["why"], by=request.actor, at=request.at
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            messages.success(request, _("%(number)s is spoiled.") % {"number": number.number})
            return HttpResponseRedirect(reverse("exporting:block", args=[stock.pk]))
    upcoming = printed(stock, stock.next)
    return _form(
        request,
        form,
        stock=stock,
        heading=_("Record a spoiled sheet"),
        why=_(
            "The next sheet is %(number)s. Its number is never used again. "
            "A sheet with a certificate on it is spoiled on the certificate's page."
        )
        % {"number": upcoming},
        is_grave=True,
    )


def _form(request: Request, form: Any, **context: Any) -> HttpResponseBase:  # noqa: ANN401 (each act has its own)
    status = 422 if request.method == "POST" else 200
    crumbs: Sequence[tuple[str, str]] = [(reverse("exporting:numbers"), _("Numbers and sheets"))]
    back = reverse("exporting:numbers")
    if stock := context.get("stock"):
        back = reverse("exporting:block", args=[stock.pk])
        crumbs = [*crumbs, (back, printed(stock, stock.first))]
    crumbs = [*crumbs, ("", str(context["heading"]))]
    return pages.render(
        request, "exporting/counter/form.html", {"form": form, "crumbs": crumbs, "back": back} | context, status=status
    )
