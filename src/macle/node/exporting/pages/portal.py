"""The trader's side of the desk: an application in steps, checked and lodged; one by one, by copying, from a table.

The rules of this module:

- A step saves what was entered even where it is wrong, and then says what is wrong. Nothing that was typed is lost.
- Gaps are named when somebody goes on from a step, or comes back to it from the check; never to who only begins.
- A matter under suspicion is closed to its trader, who reads *under examination* on its page, and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from macle import errors
from macle.node.desk import forms, pages, sentences
from macle.node.desk import words as desk_words
from macle.node.desk.parts import NextAct
from macle.node.desk.templatetags import desk as drawn
from macle.node.exporting import portal_forms as entering
from macle.node.exporting import queries, words
from macle.node.exporting.actions import applications
from macle.node.exporting.forms import HEADINGS
from macle.node.exporting.models import Attachment, AttachmentKind, Channel
from macle.node.exporting.pages import matters
from macle.node.permissions import Act
from macle.node.registry import queries as registry
from macle.node.traders import actions as trading
from macle.node.traders import pictures, wording
from macle.node.traders import queries as traders
from macle.node.traders.models import LicenceKind
from macle.scheme import applications as scheme
from macle.scheme.certificates import CertificateKind, OriginKind
from macle.scheme.examination import source_of
from macle.scheme.lifecycle import CertificateAct, CertificateState
from macle.scheme.rules import Outcome, RulesRefuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from django.http import QueryDict
    from django.http.response import HttpResponseBase
    from django.utils.safestring import SafeString
    from django_stubs_ext import StrOrPromise

    from macle.node.desk.pages import Request
    from macle.node.exporting.models import Application
    from macle.node.exporting.portal_forms import Step
    from macle.node.permissions import Actor
    from macle.node.traders.models import Trader
    from macle.scheme.rules import Breach

_Part = TypeVar("_Part")

FILES: Final = "files"
OPEN: Final = (CertificateState.DRAFT, CertificateState.DEFICIENT)
_MOST_KNOWN: Final = 300
"""Entries of the address book that are offered."""


class _Closed(Exception):
    """The matter is not the trader's to change now: its page says where it stands."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A step in the list beside the form: done, current, or still to come."""

    title: StrOrPromise
    address: str
    current: bool
    done: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """What stands in the way, its source, and the page on which it is mended; none if nobody can mend it there."""

    breach: Breach
    source: str
    address: str = ""


# Begin


def own_traders(request: Request) -> list[Trader]:
    """Return the traders for whom this person applies."""
    return list(traders.traders_of(request.actor, Act.APPLICATION_DRAFT))


def choices(request: Request) -> dict[str, Any]:
    """Return between which traders and offices somebody chooses; of a single one nothing is asked."""
    own = own_traders(request)
    return {
        "traders": [(each.reference, f"{each.name}, {each.reference}") for each in own],
        "offices": [office.name for office in registry.offices(at=request.at).order_by("name")],
    }


@pages.page(Act.APPLICATION_DRAFT, post=True)
def start(request: Request) -> HttpResponseBase:
    """Begin an application."""
    offered = choices(request)
    form = entering.StartForm(_sent(request), **offered)
    if request.method == "POST" and form.is_valid():
        try:
            draft = applications.begin(
                trader=form.chosen("trader"),
                office=form.chosen("office"),
                entered={"kind": "standard"},
                by=request.actor,
                at=request.at,
            )
        except (errors.NotFound, errors.Malformed) as error:
            form.take(error)
        else:
            return _to("step", draft.reference, "destination")
    expected = entering.EXPECTED.values()
    context = {"form": form, "expected": expected, "nobody": not offered["traders"], "nowhere": not offered["offices"]}
    return pages.render(request, "exporting/portal/start.html", context, status=_status(request, form))


@pages.page(Act.APPLICATION_DRAFT, post=True)
def copy(request: Request, reference: str) -> HttpResponseBase:
    """Begin an application with what was entered in an earlier one."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.APPLICATION_DRAFT, trader=matter.trader_id)
    if request.method == "POST":
        draft = applications.copy(reference=reference, by=request.actor, at=request.at)
        messages.success(
            request, _("This is a copy. What proves it, and what you declare, is given anew: the goods are others.")
        )
        return _to("draft", draft.reference)
    return pages.render(request, "exporting/portal/copy.html", {"matter": matter, "form": entering.SureForm()})


def ways_to_begin() -> list[NextAct]:
    """Return how somebody who applies for a trader begins."""
    return [
        NextAct(label=_("Start an application"), address=reverse("exporting:start")),
        NextAct(label=_("Upload a table of applications"), address=reverse("exporting:upload")),
    ]


# The steps


@pages.page(Act.APPLICATION_DRAFT)
def draft(request: Request, reference: str) -> HttpResponseBase:
    """Go to the first step that is not complete, or to the check."""
    try:
        matter = _open(request, reference)
    except _Closed:
        return _to("application", reference)
    for name in entering.STEPS:
        if not is_complete(request, matter, name):
            return _to("step", reference, name)
    return _to("check-answers", reference)


def is_complete(request: Request, matter: Application, name: str) -> bool:
    """Return whether all is entered on a step, and can be read."""
    form = _form(request, matter, name)
    form = type(form)(form.typed(), entered=matter.entered, around=form.around)
    return form.is_valid()


@pages.page(Act.APPLICATION_DRAFT, post=True)
def step(request: Request, reference: str, name: str) -> HttpResponseBase:
    """Show a step of an application, or save what was entered on it."""
    if name != FILES and name not in entering.STEPS:
        raise Http404
    try:
        matter = _open(request, reference)
    except _Closed:
        return _to("application", reference)
    if name == FILES:
        return _files(request, matter)
    if request.method == "POST":
        return _saved(request, matter, name)
    return _shown(request, matter, _reopened(request, matter, name))


def _reopened(request: Request, matter: Application, name: str) -> Step:
    """Return the form of a step as it was left: what is wrong is said, what is missing only to who checks."""
    form = _form(request, matter, name)
    if form.around.rows or not (form.is_begun(matter.entered) or _is_checking(request)):
        return form
    form = type(form)(form.typed(), entered=matter.entered, around=form.around)
    form.is_valid()
    if not _is_checking(request):
        form.forgive_gaps()
    _judge(request, matter, form, with_gaps=_is_checking(request))
    return form


def _saved(request: Request, matter: Application, name: str) -> HttpResponseBase:
    """Save a step, and go on, add a row, take a party out of the address book, or say that it is saved."""
    if "known" in request.POST and "take" in request.POST:
        return _taken_from_book(request, matter)
    form = _form(request, matter, name, request.POST)
    is_valid = form.is_valid()
    try:
        matter = applications.save(reference=matter.reference, changes=form.changes(), by=request.actor, at=request.at)
    except errors.Malformed as error:
        if _by_itself(request):
            return HttpResponse(format_html("{} {}", sentences.said(error.what), sentences.said(error.mend)))
        form.take(error)
        return _shown(request, matter, form)
    form.entered = matter.entered
    if _by_itself(request):
        return HttpResponse(format_html(_("Saved {}"), drawn.clock(request.at)))
    if "add" in request.POST:
        return HttpResponseRedirect(_with_row(request, form))
    if is_valid:
        _judge(request, matter, form, with_gaps=True)
    return _shown(request, matter, form) if form.errors else _onward(request, matter, form)


def _judge(request: Request, matter: Application, form: Step, *, with_gaps: bool) -> None:
    """Put what the rules refuse of a step at its fields; a field that is wrong already has its word."""
    for breach in applications.findings(matter, at=request.at):
        field = form.place(breach.where)
        if not field or field in form.errors or not _refuses(breach):
            continue
        if with_gaps or form.data.get(field):
            form.add_error(field, forms.Said.of_breach(breach))


def _refuses(breach: Breach) -> bool:
    return breach.outcome not in (Outcome.REVIEW, Outcome.HOLD)


def _form(request: Request, matter: Application, name: str, data: QueryDict | None = None) -> Step:
    rows = request.GET.get("rows", "")
    around = entering.Around(
        today=queries.day(matter.office, at=request.at),
        rows=int(rows) if data is None and re.fullmatch(r"[0-9]{1,2}", rows) else 0,
        is_technical=matter.channel == Channel.DESK,
    )
    return entering.STEPS[name](data, entered=matter.entered, around=around)


def _with_row(request: Request, form: Step) -> str:
    """Return the address of the step with one more row than it has."""
    count = getattr(form, "count", 0) + 1
    last = f"#id_sources_{count - 1}_kind" if form.name == "sources" else f"#id_country_{count - 1}"
    checking = "&from=check" if _is_checking(request) else ""
    return f"{request.path}?rows={count}{checking}{last}"


def _onward(request: Request, matter: Application, form: Step) -> HttpResponseRedirect:
    """Go back to the check if somebody came from there, else to the next step."""
    if form.cleaned_data.get("keep"):
        _keep(request, matter)
    order = names()
    if _is_checking(request) or form.name == order[-1]:
        return _to("check-answers", matter.reference)
    return _to("step", matter.reference, order[order.index(form.name) + 1])


def names() -> list[str]:
    """Return the names of all steps in their order."""
    filled_in = list(entering.STEPS)
    return [*filled_in[:-1], FILES, filled_in[-1]]


def _shown(request: Request, matter: Application, form: Step) -> HttpResponse:
    """Show a step with all that is told beside it."""
    context = _beside(request, matter, form.name) | {"form": form, "step": form}
    if form.name == "importer":
        on = queries.day(matter.office, at=request.at)
        context["known"] = list(traders.address_book(matter.trader, on)[:_MOST_KNOWN])
        context["may_keep"] = request.actor.reach(Act.ADDRESS_CHANGE).covers(trader=matter.trader_id)
    if form.name == "sources":
        balances = traders.balances(matter.trader, request.actor)
        read = scheme.read(dict(matter.entered))
        context["bars"] = pictures.bars(balances, name=lambda code: wording.origin(code, desk_words.country))
        context["covered"] = queries.balance(matter)
        context["weight"] = read.carat_weight
        context["origins"] = _origins(read.origin.countries if read.origin else ())
    return pages.render(request, form.template, context, status=_status(request, form))


def _beside(request: Request, matter: Application, current: str) -> dict[str, Any]:
    """Return what stands beside every step: the other steps, and why the application was returned."""
    titles = {name: form.title for name, form in entering.STEPS.items()} | {FILES: _("Files")}
    stages = [
        Stage(
            titles[name],
            reverse("exporting:step", args=[matter.reference, name]),
            name == current,
            name != current and _is_done(request, matter, name),
        )
        for name in names()
    ]
    stages.append(
        Stage(
            _("Check your answers"),
            reverse("exporting:check-answers", args=[matter.reference]),
            current == "check",
            done=False,
        )
    )
    order = names()
    number = order.index(current) + 1 if current in order else len(order) + 1
    before = order[number - 2] if number > 1 else ""
    return {
        "matter": matter,
        "stages": stages,
        "number": number,
        "of": len(stages),
        "title": titles.get(current, ""),
        "before": reverse("exporting:step", args=[matter.reference, before]) if before else "",
        "returned": why_returned(matter),
        "is_checking": _is_checking(request),
        "check": reverse("exporting:check-answers", args=[matter.reference]),
    }


def _is_done(request: Request, matter: Application, name: str) -> bool:
    if name == FILES:
        return matter.attachments.filter(ended_at=None).exists()
    return entering.STEPS[name].is_begun(matter.entered) and is_complete(request, matter, name)


def why_returned(matter: Application) -> str:
    """Return in the office's words why the application was returned; nothing if it was not."""
    if matter.status is not CertificateState.DEFICIENT:
        return ""
    acts = (CertificateAct.FIND_DEFICIENT, CertificateAct.DECLINE)
    last = matter.steps.filter(act__in=acts).order_by("-sequence").select_related("reason").first()
    reason = getattr(last, "reason", None)
    return reason.text if reason is not None else ""


def _open(request: Request, reference: str) -> Application:
    """Return a draft, or what was returned, that is this person's to change."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.APPLICATION_DRAFT, trader=matter.trader_id)
    if matter.status not in OPEN or is_hidden(request, matter):
        raise _Closed
    return matter


def is_hidden(request: Request, matter: Application) -> bool:
    """Return whether this person reads only that the matter is under examination."""
    return queries.is_suspected(matter) and not queries.sees_suspicion(request.actor, matter)


# The address book


def _taken_from_book(request: Request, matter: Application) -> HttpResponseBase:
    """Put a party of the trader's address book into the draft."""
    on = queries.day(matter.office, at=request.at)
    known = request.POST["known"]
    party = traders.address_book(matter.trader, on).filter(pk=int(known) if known.isdecimal() else 0).first()
    if party is not None:
        importer = {name: getattr(party, name) for name in entering.ImporterStep.parts if getattr(party, name)}
        applications.save(reference=matter.reference, changes={"importer": importer}, by=request.actor, at=request.at)
    checking = "?from=check" if _is_checking(request) else ""
    return HttpResponseRedirect(f"{request.path}{checking}")


def _keep(request: Request, matter: Application) -> None:
    """Keep the importer in the trader's address book, unless it stands there already."""
    on = queries.day(matter.office, at=request.at)
    importer = entering.part(matter.entered, "importer")
    fields = {name: entering.of(importer, name) for name in entering.ImporterStep.parts}
    if traders.address_book(matter.trader, on).filter(**fields).exists():
        return
    try:
        trading.add_known_party(trader=matter.trader, **fields, on=on, by=request.actor, at=request.at)
    except errors.MacleError as error:
        said = _("It was not kept in the address book.")
        messages.warning(request, f"{said} {sentences.said(error.what)}")
    else:
        messages.success(request, _("%(name)s is kept in the address book.") % {"name": fields["name"]})


# Files


def _files(request: Request, matter: Application) -> HttpResponseBase:
    """Show the files beside an application; add one, or take one out."""
    form = entering.FileForm()
    if request.method == "POST" and "out" in request.POST:
        out = request.POST["out"]
        applications.detach(
            reference=matter.reference,
            attachment=int(out) if out.isdecimal() and len(out) < 10 else 0,  # noqa: PLR2004 (a row's key)
            by=request.actor,
            at=request.at,
        )
        return HttpResponseRedirect(request.get_full_path())
    if request.method == "POST":
        form = entering.FileForm(request.POST, request.FILES)
        if form.is_valid() and _attached(request, matter, form):
            messages.success(request, _("The file is kept."))
            return HttpResponseRedirect(request.get_full_path())
    order = names()
    context = _beside(request, matter, FILES) | {
        "form": form,
        "files": files_of(matter),
        "expected": expected_of(matter),
        "onward": reverse("exporting:check-answers", args=[matter.reference])
        if _is_checking(request)
        else reverse("exporting:step", args=[matter.reference, order[order.index(FILES) + 1]]),
    }
    return pages.render(request, "exporting/portal/files.html", context, status=_status(request, form))


def _attached(request: Request, matter: Application, form: entering.FileForm) -> bool:
    upload = form.cleaned_data["file"]
    try:
        applications.attach(
            reference=matter.reference,
            kind=AttachmentKind(form.cleaned_data["kind"]),
            data=upload.read(),
            name=upload.name,
            by=request.actor,
            at=request.at,
        )
    except errors.MacleError as error:
        form.take(error)
        return False
    return True


@dataclass(frozen=True, slots=True)
class Expected:
    """A file that the office expects: what it is, and the names of those that are there."""

    label: StrOrPromise
    names: tuple[str, ...]


def files_of(matter: Application) -> list[tuple[Attachment, str]]:
    """Return the files beside an application, each with its kind as people read it."""
    held = matter.attachments.filter(ended_at=None).order_by("pk")
    return [(each, str(entering.KINDS_OF_FILE.get(AttachmentKind(each.kind), each.kind))) for each in held]


def expected_of(matter: Application) -> list[Expected]:
    """Return the files that the office expects, and which of them are there."""
    there: dict[AttachmentKind, list[str]] = {}
    for each in matter.attachments.filter(ended_at=None).order_by("pk"):
        kind = AttachmentKind(each.kind)
        there.setdefault(entering.IN_PLACE_OF.get(kind, kind), []).append(each.name)
    return [Expected(label, tuple(there.get(kind, ()))) for kind, label in entering.EXPECTED.items()]


# Check and lodge


@pages.page(Act.APPLICATION_LODGE, post=True)
def check_answers(request: Request, reference: str) -> HttpResponseBase:
    """Show every answer and all that stands in the way at once; lodge it if nothing does."""
    try:
        matter = _open(request, reference)
    except _Closed:
        return _to("application", reference)
    refused = False
    if request.method == "POST":
        try:
            applications.lodge(reference=reference, by=request.actor, at=request.at)
        except RulesRefuse:
            refused = True
        else:
            messages.success(request, _("Lodged. The office weighs, counts and values the goods."))
            return _to("application", reference)
    stops = [_stop(matter, each) for each in applications.findings(matter, at=request.at)]
    context = _beside(request, matter, "check") | {
        "groups": answers_of(matter),
        "stops": [each for each in stops if _refuses(each.breach)],
        "holds": [each for each in stops if each.breach.outcome is Outcome.HOLD],
        "looks": [each for each in stops if each.breach.outcome is Outcome.REVIEW],
        "expected": expected_of(matter),
    }
    return pages.render(request, "exporting/portal/check.html", context, status=422 if refused else 200)


_STEP_OF: Final = {root: name for name, form in entering.STEPS.items() for root in form.roots}


def _stop(matter: Application, breach: Breach) -> Stop:
    root = re.split(r"[.\[]", breach.where)[0]
    name = _STEP_OF.get(root, "")
    return Stop(breach, source_of(breach), _change(matter, name) if name else "")


def _change(matter: Application, name: str) -> str:
    return f"{reverse('exporting:step', args=[matter.reference, name])}?from=check"


@dataclass(frozen=True, slots=True)
class Group:
    """The answers of one step."""

    title: StrOrPromise
    answers: list[forms.Answer]


def answers_of(matter: Application) -> list[Group]:
    """Return every answer of an application as it will be lodged, each with the step on which it is changed."""
    shown = {*_STEP_OF, "kind", "refers_to"}
    read = scheme.read({name: value for name, value in matter.entered.items() if name in shown})
    groups = [
        Group(entering.STEPS[name].title, [_answer(matter, name, *each) for each in given])
        for name, given in _given(matter, read).items()
    ]
    files = [
        forms.Answer(
            question=each.label,
            answer=", ".join(each.names) or _("missing"),
            change=_change(matter, FILES),
        )
        for each in expected_of(matter)
    ]
    groups.insert(-1, Group(_("Files"), files))
    return groups


def _answer(matter: Application, name: str, question: str, answer: object, under: StrOrPromise = "") -> forms.Answer:
    return forms.Answer(
        question=question, answer=answer or _("not answered"), under=under, change=_change(matter, name)
    )


def _given(matter: Application, read: scheme.Application) -> dict[str, list[tuple[Any, ...]]]:
    """Return question and answer of each step; what cannot be read stands there as it was typed."""
    entered = matter.entered
    importer, typed = read.importer or scheme.AppliedParty(), entering.part(entered, "importer")
    origin = read.origin or scheme.AppliedOrigin()
    return {
        "destination": [
            *([(_("Kind of certificate"), _("Technical"), _arrived(read))] if _is_technical(read) else []),
            (
                _("Destination"),
                desk_words.participant(read.destination) if read.destination else entering.of(entered, "destination"),
            ),
        ],
        "importer": [
            (
                _("Importer"),
                importer.name or entering.of(typed, "name"),
                _joined(
                    importer.latin_name,
                    importer.address,
                    importer.town,
                    desk_words.country(importer.country) if importer.country else "",
                    importer.licence,
                ),
            )
        ],
        "goods": [
            *((_heading(line), _amount(line, typed), "") for line, typed in _with_typed(read.lines, entered, "lines")),
            *(
                [(_("Together"), _amount(scheme.AppliedLine(carats=read.carat_weight, value=read.value)))]
                if len(read.lines) > 1
                else []
            ),
            *([(_("Carats and value"), "")] if not read.lines else []),
            (_("Parcels"), desk_words.count(read.parcels) if read.parcels else entering.of(entered, "parcels")),
        ],
        "origin": [
            (
                _("Country of origin"),
                _origin(origin),
                _("Area: %(area)s") % {"area": origin.area} if origin.area else "",
            ),
            (
                _("Country of provenance"),
                desk_words.participant(read.country_of_provenance)
                if read.country_of_provenance
                else entering.of(entered, "country_of_provenance"),
            ),
        ],
        "sources": [
            (
                entering.source_kind(source.kind or entering.of(typed, "kind")) or _("Source"),
                _amounts(
                    source.reference or entering.of(typed, "reference"),
                    drawn.carats(source.carats) if source.carats is not None else entering.of(typed, "carats"),
                ),
            )
            for source, typed in _with_typed(read.sources, entered, "sources")
        ]
        or [(_("Sources"), "")],
        "declaration": [
            (
                _("Synthetic diamonds in it"),
                "" if read.synthetics_declared is None else _("Yes") if read.synthetics_declared else _("No"),
            ),
            (_("Not conflict diamonds"), _("Declared") if read.not_conflict_diamonds else ""),
        ],
    }


def _is_technical(read: scheme.Application) -> bool:
    return read.kind is CertificateKind.TECHNICAL


def _arrived(read: scheme.Application) -> str:
    """Return under which certificate the goods of a technical one arrived."""
    return _("The goods arrived under %(number)s.") % {"number": read.refers_to.number} if read.refers_to else ""


def _joined(*texts: str | None) -> SafeString | str:
    """Return texts of any script as one line, each isolated from the direction of the others."""
    return format_html_join(", ", "<bdi>{}</bdi>", ((" ".join(text.split()),) for text in texts if text))


def _heading(line: scheme.AppliedLine) -> str:
    return str(HEADINGS[line.hs]) if line.hs is not None else line.hs_text or _("No heading")


def _with_typed(
    read: Sequence[_Part], entered: Mapping[str, Any], name: str
) -> Iterator[tuple[_Part, Mapping[str, Any]]]:
    """Give each part of a list as it was read beside what was typed; an odd list only as far as it was read."""
    typed = entering.rows(entered, name)
    for index, each in enumerate(read):
        raw = typed[index] if len(typed) == len(read) else None
        yield each, raw if isinstance(raw, dict) else {}


def _amount(line: scheme.AppliedLine, typed: Mapping[str, Any] | None = None) -> SafeString | str:
    """Return weight and value of a line; what could not be read stands there as it was typed."""
    return _amounts(
        drawn.carats(line.carats) if line.carats is not None else entering.of(typed or {}, "carats"),
        drawn.dollars(line.value) if line.value is not None else entering.of(typed or {}, "value"),
    )


def _amounts(*parts: SafeString | str) -> SafeString | str:
    return format_html_join(" · ", "<bdi>{}</bdi>", ((each,) for each in parts if each))


def _origin(origin: scheme.AppliedOrigin) -> str:
    if origin.kind is OriginKind.MIXED_UNDISCLOSED:
        return _("Mixed, not disclosed (*****)")
    return _origins(origin.countries)


def _origins(codes: Iterable[str]) -> str:
    return _(", ").join(desk_words.country(code) for code in codes)


# The trader's home


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An application that the office or the other side has, and why it waits."""

    matter: Application
    mark: tuple[str, StrOrPromise]
    why: str


@dataclass(frozen=True, slots=True)
class Own:
    """One of the traders for whom somebody acts: what is in force, and what its book covers."""

    trader: Trader
    licences: Sequence[tuple[Any, str]]
    bars: Sequence[pictures.Bar]
    stops: Sequence[Stop]


def home(request: Request) -> dict[str, Any]:
    """Return what a trader's home shows beside what waits for them."""
    by, at = request.actor, request.at
    own = own_traders(request)
    today = queries.day("", at=at)
    law = queries.profile("", at=at)
    return {
        "own": [
            Own(
                each,
                [(licence, wording.kind(licence.kind)) for licence in each.licences.all() if licence.holds_on(today)],
                pictures.bars(traders.balances(each, by), name=lambda code: wording.origin(code, desk_words.country)),
                [
                    Stop(breach, source_of(breach))
                    for breach in traders.why_not(each, kind=LicenceKind.EXPORTER, on=today, profile=law)
                ],
            )
            for each in own[:_MOST_OWN]
        ],
        "more_own": len(own) > _MOST_OWN,
        "more_than_one": len(own) > 1,
        "under_way": _under_way(by),
        "unread": [(each, wording.sentence(each)) for each in traders.messages_of(by).filter(read_at=None)[:5]],
        "unread_count": traders.unread(by),
    }


def _under_way(by: Actor) -> list[UnderWay]:
    """Return what is under way, the longest waiting first; of what is suspected only that it is examined."""
    waiting = list(queries.under_way(by)[:_MOST_UNDER_WAY])
    last = queries.last_steps(waiting)
    return [
        UnderWay(matter, words.UNDER_EXAMINATION, "")
        if getattr(matter, "hidden", False)
        else UnderWay(matter, words.mark(matter.state), matters.why_it_waits(matter, last.get(matter.pk)))
        for matter in waiting
    ]


_MOST_OWN: Final = 5
_MOST_UNDER_WAY: Final = 12


# What the pages above share


def _is_checking(request: Request) -> bool:
    """Return whether somebody came to change one answer of the check."""
    return request.GET.get("from") == "check"


def _by_itself(request: Request) -> bool:
    """Return whether the page saved itself while somebody was typing."""
    return request.headers.get("HX-Request") == "true"


def _sent(request: Request) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _status(request: Request, form: forms.Form) -> int:
    return 422 if request.method == "POST" and form.is_bound and form.errors else 200


def _to(page: str, *arguments: object) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(f"exporting:{page}", args=arguments))
