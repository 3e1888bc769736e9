"""Stolen blanks or a stolen key in the browser: what follows is said before, and answered for in bulk after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, Subquery
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from macle import errors
from macle.node.accounts import queries as accounts
from macle.node.audit import evidence
from macle.node.desk import lists, pages, parts
from macle.node.desk import words as desk_words
from macle.node.exchange import queries as exchange
from macle.node.exchange.models import State
from macle.node.exporting import counter_forms, queries, words
from macle.node.exporting.actions import notices as actions
from macle.node.exporting.models import Certificate, Notice, NoticeKind, Reconfirmation
from macle.node.exporting.pages import keeping, numbers
from macle.node.permissions import Act
from macle.node.registry import keys
from macle.node.registry import queries as registry
from macle.proof.keys import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.http.response import HttpResponseBase
    from django_stubs_ext import StrOrPromise

    from macle.node.desk.pages import Request
    from macle.node.exporting.models import Block
    from macle.node.permissions import Actor
    from macle.node.registry.models import Official

KINDS: Final[dict[str, StrOrPromise]] = {
    NoticeKind.SHEETS: gettext_lazy("Stolen sheets"),
    NoticeKind.KEY: gettext_lazy("Stolen key"),
}

_LETTERS: Final[dict[State, tuple[str, StrOrPromise]]] = {
    State.WAITING: ("waits", gettext_lazy("Waits to be sent")),
    State.FAILED: ("late", gettext_lazy("Not taken yet, tried again")),
    State.BOUNCED: ("not-valid", gettext_lazy("Refused by their server")),
    State.SENT: ("valid", gettext_lazy("Sent")),
    State.SET_ASIDE: ("not-judged", gettext_lazy("Given up")),
}
"""What became of a letter to a partner."""


def notices_of(by: Actor) -> QuerySet[Notice]:
    """Return the notices that the actor may read."""
    reach = by.reach(Act.NOTICE_READ)
    return Notice.objects.all() if reach.everything else Notice.objects.filter(office__in=reach.offices)


def notice_of(pk: int, by: Actor) -> Notice:
    """Return one of them; raise `macle.node.exporting.actions.notices.NoticeMissing`."""
    found = notices_of(by).filter(pk=pk).select_related("block").first()
    if found is None:
        raise actions.NoticeMissing("There is no such notice.", where="notice", mend="See the list of notices.")
    return found


def scope(notice: Notice) -> str:
    """Return in short what was stolen."""
    if notice.kind == NoticeKind.KEY:
        return f"{notice.key_id[:8]}…"
    if notice.block is None or notice.first is None or notice.last is None:
        return ""
    first, last = numbers.printed(notice.block, notice.first), numbers.printed(notice.block, notice.last)
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


NOTICES = lists.Listing(
    name="notices",
    title=gettext_lazy("Theft notices"),
    intro=gettext_lazy(
        "Tell all partners that sheets or a key were stolen, then say which of the certificates under way are yours."
    ),
    empty=gettext_lazy("Nothing is reported stolen."),
    order=("-issued_at", "-id"),
    columns=(
        lists.Column(
            name="kind",
            label=gettext_lazy("Notice"),
            value=lambda row: KINDS[row.kind],
            link=lambda row: reverse("exporting:notice", args=[row.pk]),
            under=scope,
            sort="kind",
        ),
        lists.Column(
            name="state",
            label=gettext_lazy("State"),
            kind=lists.Kind.MARK,
            value=lambda row: ("late", _("In force")) if row.ended_at is None else ("not-judged", _("Ended")),
        ),
        lists.Column(name="office", label=gettext_lazy("Office"), sort="office"),
        lists.Column(name="since", label=gettext_lazy("Since"), kind=lists.Kind.INSTANT, sort="since"),
        lists.Column(name="issued_at", label=gettext_lazy("Issued"), kind=lists.Kind.INSTANT, sort="issued_at"),
        lists.Column(name="ended_at", label=gettext_lazy("Ended"), kind=lists.Kind.INSTANT, sort="ended_at"),
    ),
    filters=(
        lists.ChoiceFilter(name="kind", label=gettext_lazy("What was stolen"), choices=list(KINDS.items())),
        lists.ChoiceFilter(
            name="state",
            label=gettext_lazy("State"),
            choices=[("open", gettext_lazy("In force")), ("ended", gettext_lazy("Ended"))],
            narrowing=lambda value: Q(ended_at__isnull=value == "open"),
        ),
    ),
)


def _destinations() -> list[tuple[str, str]]:
    codes = Certificate.objects.filter(application__state__in=queries.IN_THE_AIR).values_list("destination", flat=True)
    return sorted(((code, desk_words.participant(code)) for code in set(codes)), key=lambda pair: pair[1])


def _answer(row: Any) -> tuple[str, str]:  # noqa: ANN401 (a row with what was annotated)
    if row.is_ours is None:
        return "waits", _("Not answered")
    return ("valid", _("Ours")) if row.is_ours else ("not-valid", _("Not ours"))


_CONCERNED: Final = (
    lists.Column(
        name="number",
        label=gettext_lazy("Certificate"),
        kind=lists.Kind.NUMBER,
        sort="number",
        link=lambda row: reverse("exporting:certificate", args=[row.number.replace("/", "_")]),
    ),
    lists.Column(name="answer", label=gettext_lazy("Our answer"), kind=lists.Kind.MARK, value=_answer, sort="is_ours"),
    lists.Column(
        name="state",
        label=gettext_lazy("State"),
        kind=lists.Kind.MARK,
        value=lambda row: words.mark(row.application.state),
        sort="application__state",
    ),
    lists.Column(
        name="destination",
        label=gettext_lazy("Partner"),
        value=lambda row: desk_words.participant(row.destination),
        sort="destination",
    ),
    lists.Column(name="exporter", label=gettext_lazy("Exporter"), value=lambda row: row.application.exporter_name),
    lists.Column(name="carats", label=gettext_lazy("Carats"), kind=lists.Kind.CARATS, sort="carats_hundredths"),
    lists.Column(name="validated_at", label=gettext_lazy("Validated"), kind=lists.Kind.INSTANT, sort="validated_at"),
)


def _concerned(*, boxes: bool, ticked: bool) -> lists.Listing:
    """Return the list of what is in the air; with boxes to tick for whoever may answer."""

    def box(row: Any) -> str:  # noqa: ANN401 (a row with what was annotated)
        if row.is_ours is not None:
            return ""
        return format_html(
            '<input type="checkbox" form="answers" name="number" value="{0}" aria-label="{1}"{2}>',
            row.number,
            _("Tick %(number)s") % {"number": row.number},
            mark_safe(" checked") if ticked else "",
        )

    chosen = (lists.Column(name="tick", label=gettext_lazy("Tick"), value=box),) if boxes else ()
    return lists.Listing(
        name="in-the-air",
        title=gettext_lazy("Under way and concerned"),
        columns=(_CONCERNED[0], *chosen, *_CONCERNED[1:]),
        filters=(
            lists.TextFilter(
                name="what", label=gettext_lazy("Number or name"), of=("number", "application__exporter_name")
            ),
            lists.ChoiceFilter(name="destination", label=gettext_lazy("Partner"), choices=_destinations),
            lists.ChoiceFilter(
                name="answer",
                label=gettext_lazy("Our answer"),
                choices=[
                    ("none", gettext_lazy("Not answered")),
                    ("ours", gettext_lazy("Ours")),
                    ("not-ours", gettext_lazy("Not ours")),
                ],
                narrowing=lambda value: Q(is_ours__isnull=True) if value == "none" else Q(is_ours=value == "ours"),
            ),
        ),
        order=("number", "id"),
        empty=gettext_lazy("No certificate that left, or is about to, is concerned."),
    )


def _rows(notice: Notice) -> QuerySet[Certificate]:
    answers = Reconfirmation.objects.filter(notice=notice, certificate=OuterRef("pk"))
    answered = Certificate.objects.filter(Exists(answers))
    return (
        (actions.in_the_air(notice) | answered)
        .select_related("application")
        .annotate(is_ours=Subquery(answers.values("is_ours")[:1]))
    )


@pages.page(Act.NOTICE_READ)
def notices(request: Request) -> HttpResponseBase:
    """List the notices."""
    acts = []
    if request.actor.may(Act.NOTICE_ISSUE):
        acts = [
            parts.NextAct(label=_("Report stolen sheets"), address=reverse("exporting:notice-of-sheets")),
            parts.NextAct(label=_("Report a stolen key"), address=reverse("exporting:notice-of-key")),
        ]
    return lists.answer(request, NOTICES, notices_of(request.actor), acts=acts)


@pages.page(Act.NOTICE_READ)
def one(request: Request, notice: int) -> HttpResponseBase:
    """Show a notice: what is in the air, who was told, and what may be answered."""
    held = notice_of(notice, request.actor)
    may_answer = held.ended_at is None and request.actor.reach(Act.CERTIFICATE_RECONFIRM).covers(office=held.office)
    names = accounts.names({held.issued_by, held.ended_by})
    answers = held.reconfirmations
    ours, not_ours = answers.filter(is_ours=True).count(), answers.filter(is_ours=False).count()
    open_count = actions.unanswered(held).count()
    letters = list(exchange.about(held.subject)[:200])
    context = {
        "notice": held,
        "heading": str(KINDS[held.kind]),
        "scope": scope(held),
        "issued_by": names.get(held.issued_by, held.issued_by),
        "ended_by": names.get(held.ended_by, held.ended_by),
        "ours": ours,
        "not_ours": not_ours,
        "open_count": open_count,
        "may_answer": may_answer and bool(open_count),
        "may_end": held.ended_at is None and request.actor.reach(Act.NOTICE_END).covers(office=held.office),
        "is_ticked": request.GET.get("ticked") == "all",
        "letters": [(each, *_LETTERS[each.state]) for each in letters],
        "holder": _holder_of(held),
    }
    exports = bool(request.GET.get("export"))
    listing = _concerned(boxes=bool(context["may_answer"]) and not exports, ticked=bool(context["is_ticked"]))
    return lists.answer(request, listing, _rows(held), template="exporting/counter/notice.html", context=context)


def _holder_of(notice: Notice) -> str:
    """Return whose key it is, as far as the record can be read."""
    if notice.kind != NoticeKind.KEY:
        return ""
    try:
        known = keys.record().keys
    except errors.MacleError:
        return ""
    return next((key.holder for key in known if key.public_key.key_id.hex() == notice.key_id), "")


@pages.page(Act.CERTIFICATE_RECONFIRM, post=True)
def reconfirm(request: Request, notice: int) -> HttpResponseBase:
    """Answer for those that were ticked: first shown what follows, then recorded."""
    held = notice_of(notice, request.actor)
    request.actor.require(Act.CERTIFICATE_RECONFIRM, office=held.office)
    here = reverse("exporting:notice", args=[held.pk])
    if request.method != "POST":
        return HttpResponseRedirect(here)
    asked, answer = request.POST.getlist("number"), request.POST.get("answer", "")
    concerned = list(actions.unanswered(held).filter(number__in=asked).order_by("number"))
    if not concerned or answer not in {"ours", "not-ours"}:
        messages.warning(request, _("Nothing was ticked that waits for an answer. Tick some certificates first."))
        return HttpResponseRedirect(here)
    if request.POST.get("do") == "answer":
        chosen = [each.number for each in concerned]
        count = actions.reconfirm(
            notice=held.pk,
            ours=chosen if answer == "ours" else [],
            not_ours=chosen if answer == "not-ours" else [],
            by=request.actor,
            at=request.at,
        )
        said = ngettext(
            "%(count)s certificate is answered for. Its partner is told.",
            "%(count)s certificates are answered for. Their partners are told.",
            count,
        )
        messages.success(request, said % {"count": desk_words.count(count)})
        return HttpResponseRedirect(here)
    partners: dict[str, int] = {}
    for each in concerned:
        partners[each.destination] = partners.get(each.destination, 0) + 1
    context = {
        "notice": held,
        "back": here,
        "kind": str(KINDS[held.kind]),
        "answer": answer,
        "concerned": concerned,
        "partners": sorted((desk_words.participant(code), count) for code, count in partners.items()),
    }
    return pages.render(request, "exporting/counter/reconfirm.html", context)


@pages.page(Act.NOTICE_END, post=True)
def end(request: Request, notice: int) -> HttpResponseBase:
    """End a notice with what came of it."""
    held = notice_of(notice, request.actor)
    request.actor.require(Act.NOTICE_END, office=held.office)
    form = counter_forms.OutcomeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.end(notice=held.pk, outcome=form.cleaned_data["outcome"], by=request.actor, at=request.at)
        except errors.MacleError as error:
            form.take(error)
        else:
            messages.success(request, _("The notice is ended. All partners are told."))
            return HttpResponseRedirect(reverse("exporting:notice", args=[held.pk]))
    left = actions.unanswered(held).count()
    about = ngettext(
        "%(count)s certificate under way is not answered for.",
        "%(count)s certificates under way are not answered for.",
        left,
    ) % {"count": desk_words.count(left)}
    return _form(
        request,
        form,
        held=held,
        heading=_("End the notice"),
        why=_("All partners are told what came of it. Sheets that were skipped stay unused."),
        about=about if left else "",
        is_grave=True,
    )


@pages.page(Act.NOTICE_READ)
def evidence_of(request: Request, notice: int) -> HttpResponseBase:
    """Hand out the report that the notice rests on."""
    held = notice_of(notice, request.actor)
    return evidence.answer(request, evidence.get(held.evidence), "report")


# --- Issuing ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Follows:
    """What follows from a notice, said before it is issued."""

    what: str
    about: str = ""


@pages.page(Act.NOTICE_ISSUE, post=True)
def issue_for_sheets(request: Request) -> HttpResponseBase:
    """Give notice that sheets were stolen."""
    stocks = {str(each.pk): each for each in _stocks(request.actor)}
    named = [
        (pk, f"{numbers.printed(each, each.first)} to {numbers.printed(each, each.last)}, {each.office}")
        for pk, each in stocks.items()
    ]
    form = counter_forms.StolenSheetsForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        blocks=named,
    )
    heading, why = _("Sheets were stolen"), _("Sheets that were not used are skipped for ever. All partners are told.")
    if request.method != "POST" or not form.is_valid():
        return _form(request, form, heading=heading, why=why, has_file=True, do="check", label=_("See what follows"))
    stock, ends = stocks[form.cleaned_data["block"]], []
    for name in ("first", "last"):
        counter = counter_forms.counter_in(
            form.cleaned_data[name], code=settings.CONFIGURATION.participant, lead=stock.lead
        )
        if counter is None or not stock.first <= counter <= stock.last:
            form.add_error(name, _("This is no number of this block. Write it as it is printed."))
        ends.append(counter or 0)
    first, last = ends
    if not form.errors and last < first:
        form.add_error("last", _("The last sheet comes after the first."))
    if not form.errors and stock.next <= last and first > stock.next:
        form.add_error(
            "first",
            _("The sheets before it were not used yet. Begin with %(next)s, or record those before as spoiled.")
            % {"next": numbers.printed(stock, stock.next)},
        )
    if form.errors:
        return _form(request, form, heading=heading, why=why, has_file=True, do="check", label=_("See what follows"))
    try:
        kept = _kept(request, form)
        if _is_checked(request, form):
            digest, _name = keeping.kept(kept, request.actor)
            held = actions.issue_for_sheets(
                block=stock.pk,
                first=first,
                last=last,
                since=form.since,
                text=form.cleaned_data["text"],
                by=request.actor,
                at=request.at,
                evidence=digest,
            )
            return _issued(request, held)
    except errors.MacleError as error:
        form.take(error)
        return _form(request, form, heading=heading, why=why, has_file=True, do="check", label=_("See what follows"))
    scope_now = Notice(
        kind=NoticeKind.SHEETS, office=stock.office, block=stock, first=first, last=last, since=form.since
    )
    unused = max(0, last - max(first, stock.next) + 1)
    follows = [_flying(scope_now)]
    if unused:
        said = ngettext(
            "%(count)s sheet that was not used is skipped for ever.",
            "%(count)s sheets that were not used are skipped for ever.",
            unused,
        )
        follows.append(
            Follows(
                said % {"count": desk_words.count(unused)},
                _("The next number is then %(next)s.") % {"next": numbers.printed(stock, last + 1)}
                if last < stock.last
                else _("Then no number of this block is left."),
            )
        )
    return _checked(
        request, form, heading=heading, kept=kept, follows=[*follows, _told(request)], scope_said=scope(scope_now)
    )


@pages.page(Act.NOTICE_ISSUE, post=True)
def issue_for_key(request: Request) -> HttpResponseBase:
    """Give notice that an official's key was stolen."""
    officials = _officials(request)
    form = counter_forms.StolenKeyForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        officials=[(key, f"{each.name}, {each.holder}, {each.office} ({key[:8]}…)") for key, each in officials.items()],
    )
    heading = _("A key was stolen")
    why = _("Partners ask about every certificate that it signed since then. The administrator ends the key.")
    if request.method != "POST" or not form.is_valid():
        return _form(request, form, heading=heading, why=why, has_file=True, do="check", label=_("See what follows"))
    key_id = form.cleaned_data["official"]
    official = officials[key_id]
    try:
        kept = _kept(request, form)
        if _is_checked(request, form):
            digest, _name = keeping.kept(kept, request.actor)
            held = actions.issue_for_key(
                key_id=key_id,
                since=form.since,
                office=official.office,
                text=form.cleaned_data["text"],
                by=request.actor,
                at=request.at,
                evidence=digest,
            )
            return _issued(request, held)
    except errors.MacleError as error:
        form.take(error)
        return _form(request, form, heading=heading, why=why, has_file=True, do="check", label=_("See what follows"))
    scope_now = Notice(kind=NoticeKind.KEY, office=official.office, key_id=key_id, since=form.since)
    follows = [
        _flying(scope_now),
        _told(request),
        Follows(
            _("The key is not ended by this notice."),
            _("The administrator ends it in the participant record with the root. Until then it still signs."),
        ),
    ]
    return _checked(
        request,
        form,
        heading=heading,
        kept=kept,
        follows=follows,
        scope_said=_("key %(key)s of %(name)s") % {"key": key_id, "name": official.name},
    )


def _stocks(by: Actor) -> Iterable[Block]:
    reach = by.reach(Act.NOTICE_ISSUE)
    stocks = queries.blocks_of(by).filter(on_sheets=True)
    return stocks if reach.everything else stocks.filter(office__in=reach.offices)


def _officials(request: Request) -> dict[str, Official]:
    """Return the officials within reach by the id of each of their keys, those of ended appointments included."""
    reach = request.actor.reach(Act.NOTICE_ISSUE)
    appointed: dict[str, Official] = {}
    for each in registry.officials():
        if reach.everything or each.office in reach.offices:
            appointed[each.holder] = each
    try:
        known = keys.record().keys
    except errors.MacleError:
        return {}
    return {
        key.public_key.key_id.hex(): appointed[key.holder]
        for key in known
        if key.usage is Usage.VALIDATE and key.holder in appointed
    }


def _kept(request: Request, form: Any) -> str:  # noqa: ANN401 (either form)
    proof = form.cleaned_data.get("proof")
    return keeping.keep(proof, request, where="proof") if proof else str(form.cleaned_data.get("kept") or "")


def _content(form: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name: value for name, value in form.cleaned_data.items() if name not in {"kept", "checked", "proof"}}


def _is_checked(request: Request, form: Any) -> bool:  # noqa: ANN401
    token = str(form.cleaned_data.get("checked") or "")
    return request.POST.get("do") == "issue" and keeping.was_seen(token, _content(form), by=request.actor)


def _flying(notice: Notice) -> Follows:
    count = actions.in_the_air(notice).count()
    said = ngettext(
        "%(count)s certificate under way is concerned.", "%(count)s certificates under way are concerned.", count
    )
    return Follows(
        said % {"count": desk_words.count(count)},
        _("You answer for each of them on the notice's page, one by one or many at once.") if count else "",
    )


def _told(request: Request) -> Follows:
    count = registry.partners(at=request.at).count()
    said = ngettext(
        "%(count)s partner gets a letter with your words.", "%(count)s partners get a letter with your words.", count
    )
    return Follows(said % {"count": desk_words.count(count)}, _("A letter that was sent is not taken back."))


def _checked(request: Request, form: Any, **context: Any) -> HttpResponseBase:  # noqa: ANN401
    sent = {name: request.POST.get(name, "") for name in form.fields if name not in {"proof", "kept", "checked"}}
    token = keeping.seen(_content(form), by=request.actor, at=request.at)
    _digest, file_name = keeping.kept(context["kept"], request.actor)
    return pages.render(
        request,
        "exporting/counter/notice_check.html",
        {
            "sent": sent | {"kept": context["kept"], "checked": token},
            "text": form.cleaned_data["text"],
            "since": form.since,
            "file_name": file_name,
            "crumbs": _crumbs(context["heading"]),
        }
        | context,
    )


def _issued(request: Request, held: Notice) -> HttpResponseRedirect:
    messages.success(request, _("The notice is issued. Partners are told."))
    return HttpResponseRedirect(reverse("exporting:notice", args=[held.pk]))


def _crumbs(heading: str, held: Notice | None = None) -> list[tuple[str, str]]:
    found = [(reverse("exporting:notices"), _("Theft notices"))]
    if held is not None:
        found.append((reverse("exporting:notice", args=[held.pk]), f"{KINDS[held.kind]}, {scope(held)}"))
    return [*found, ("", heading)]


def _form(request: Request, form: Any, *, held: Notice | None = None, **context: Any) -> HttpResponseBase:  # noqa: ANN401
    back = reverse("exporting:notices") if held is None else reverse("exporting:notice", args=[held.pk])
    status = 422 if request.method == "POST" and form.errors else 200
    return pages.render(
        request,
        "exporting/counter/form.html",
        {"form": form, "back": back, "crumbs": _crumbs(context["heading"], held)} | context,
        status=status,
    )
