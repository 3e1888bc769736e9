"""Confirmations in the browser: what is awaited, what came, one slip or fifty, and differences that are settled.

Nothing is recorded that was not shown beside our own figures first: the form carries a token of what was shown, and
whatever was changed since is shown again.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from macle import errors
from macle.node.accounts import queries as accounts
from macle.node.audit import evidence, pictures
from macle.node.desk import ages, forms, lists, pages, parts, sentences
from macle.node.desk import words as desk_words
from macle.node.exporting import counter_forms, queries
from macle.node.exporting.actions import confirmations as actions
from macle.node.exporting.models import Application, Arrival, Certificate, Confirmation, Settlement, Suspicion
from macle.node.exporting.pages import keeping
from macle.node.permissions import Act
from macle.proof import codec, cose, qr
from macle.scheme.confirmations import ConfirmationResult, SealState
from macle.scheme.lifecycle import CertificateState
from macle.scheme.terms import CertificateNumber

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.core.files.uploadedfile import UploadedFile
    from django.db.models import QuerySet
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request
    from macle.node.permissions import Actor

_LABEL: Final = re.compile(re.escape(qr.LABEL_PREFIX) + r"(?P<number>[A-Z]{2}[A-Z0-9/.-]{1,20}):[0-9A-F]{64}")

ROWS_AT_FIRST, MORE_ROWS = 10, 10
"""Rows of an empty stack, and how many a button adds; never more than fifty in all."""

MOST_FILES: Final = 50

READERS: Final = 2
"""Pictures that are read at the same time, each in a process of its own."""


class SlipMissing(errors.NotFound):
    """There is no such confirmation within reach, or it has no picture."""

    code = "slip-missing"


# --- Lists -------------------------------------------------------------------------------------------------


def _term(matter: Application) -> datetime | None:
    """Return the instant at which a confirmation is late; nothing where the clock has no number."""
    if matter.due_on is None:
        return None
    law = queries.profile(matter.office, at=matter.since)
    return datetime.combine(matter.due_on + timedelta(days=1), time(), law.zone(matter.office))


def _awaited(at: datetime, *, records: bool) -> lists.Listing:
    """Return the list of what is awaited, with the age of each at this instant."""

    def age(row: Application) -> str:
        return ages.line(since=row.since, until=_term(row), now=at)

    act = (
        (
            lists.Column(
                name="record",
                label=gettext_lazy("Your act"),
                value=lambda _row: _("Record the slip"),
                link=lambda row: reverse("exporting:record-confirmation") + f"?number={row.number}",
            ),
        )
        if records
        else ()
    )
    return lists.Listing(
        name="awaited",
        title=gettext_lazy("Awaited confirmations"),
        empty=gettext_lazy("No shipment is under way whose import nobody confirmed."),
        order=("due_on", "since", "id"),
        columns=(
            lists.Column(
                name="number",
                label=gettext_lazy("Certificate"),
                kind=lists.Kind.NUMBER,
                sort="number",
                link=lambda row: reverse("exporting:application", args=[row.reference]),
            ),
            lists.Column(
                name="destination",
                label=gettext_lazy("From"),
                value=lambda row: desk_words.participant(row.destination),
                sort="destination",
                under=lambda row: row.importer_name,
            ),
            lists.Column(name="exporter_name", label=gettext_lazy("Exporter"), sort="exporter_name"),
            lists.Column(name="carats", label=gettext_lazy("Carats"), kind=lists.Kind.CARATS, sort="carats_hundredths"),
            lists.Column(name="since", label=gettext_lazy("Departed"), kind=lists.Kind.DAY, sort="since"),
            lists.Column(name="due_on", label=gettext_lazy("Due"), kind=lists.Kind.DAY, sort="due_on"),
            lists.Column(
                name="age",
                label=gettext_lazy("Age and term"),
                value=lambda row: ages.words(since=row.since, until=_term(row), now=at),
                under=age,
            ),
            *act,
        ),
        filters=(
            lists.TextFilter(
                name="what",
                label=gettext_lazy("Number or name"),
                of=("number", "exporter_name", "importer_name"),
            ),
            lists.ChoiceFilter(name="destination", label=gettext_lazy("Partner"), choices=_destinations),
            lists.ChoiceFilter(
                name="term",
                label=gettext_lazy("Term"),
                choices=[
                    ("late", gettext_lazy("Late")),
                    ("running", gettext_lazy("In time")),
                    ("none", gettext_lazy("Without a fixed term")),
                ],
                narrowing=lambda value: {
                    "late": Q(due_on__lt=at.date()),
                    "running": Q(due_on__gte=at.date()),
                    "none": Q(due_on__isnull=True),
                }.get(value, Q()),
            ),
            lists.DaysFilter(name="left", label=gettext_lazy("Departed"), of="since", instants=True),
        ),
    )


def _destinations() -> list[tuple[str, str]]:
    codes = set(Certificate.objects.order_by().values_list("destination", flat=True).distinct())
    return sorted(((code, desk_words.participant(code)) for code in codes), key=lambda pair: pair[1])


def _agreement(row: Any) -> tuple[str, str]:  # noqa: ANN401 (a row with what was annotated)
    if not row.differs:
        return "valid", _("Agrees")
    return ("valid", _("Settled")) if row.is_settled else ("differs", _("Does not agree"))


def _plain(choices: Sequence[tuple[str, Any]], value: object) -> str:
    return str(dict(choices).get(str(value), value))


RECEIVED: Final = lists.Listing(
    name="confirmations",
    title=gettext_lazy("Received confirmations"),
    empty=gettext_lazy("A slip appears here when it is recorded."),
    order=("-recorded_at", "-id"),
    columns=(
        lists.Column(
            name="number",
            label=gettext_lazy("Certificate"),
            kind=lists.Kind.NUMBER,
            value=lambda row: row.certificate.number,
            sort="certificate__number",
            link=lambda row: reverse("exporting:confirmation", args=[row.certificate.number.replace("/", "_")]),
        ),
        lists.Column(name="agrees", label=gettext_lazy("With our book"), kind=lists.Kind.MARK, value=_agreement),
        lists.Column(
            name="destination",
            label=gettext_lazy("From"),
            value=lambda row: desk_words.participant(row.certificate.destination),
            sort="certificate__destination",
        ),
        lists.Column(
            name="exporter",
            label=gettext_lazy("Exporter"),
            value=lambda row: row.certificate.application.exporter_name,
        ),
        lists.Column(
            name="ours",
            label=gettext_lazy("Our carats"),
            kind=lists.Kind.CARATS,
            value=lambda row: row.certificate.carats_hundredths,
        ),
        lists.Column(
            name="theirs",
            label=gettext_lazy("Their carats"),
            kind=lists.Kind.CARATS,
            value=lambda row: row.carats_hundredths,
            under=lambda row: "" if row.opened else _("not opened"),
        ),
        lists.Column(
            name="result",
            label=gettext_lazy("Result"),
            value=lambda row: _plain(counter_forms.RESULTS, row.result),
            sort="result",
        ),
        lists.Column(
            name="arrival",
            label=gettext_lazy("Came by"),
            value=lambda row: _plain(counter_forms.ARRIVALS, row.arrival),
            sort="arrival",
        ),
        lists.Column(name="received_on", label=gettext_lazy("Came on"), kind=lists.Kind.DAY, sort="received_on"),
    ),
    filters=(
        lists.TextFilter(
            name="what",
            label=gettext_lazy("Number or name"),
            of=("certificate__number", "certificate__application__exporter_name"),
        ),
        lists.ChoiceFilter(
            name="agrees",
            label=gettext_lazy("With our book"),
            choices=[
                ("yes", gettext_lazy("Agrees")),
                ("no", gettext_lazy("Does not agree")),
                ("settled", gettext_lazy("Settled")),
            ],
            narrowing=lambda value: {
                "yes": Q(differs=[]),
                "no": ~Q(differs=[]) & Q(is_settled=False),
                "settled": Q(is_settled=True),
            }.get(value, Q()),
        ),
        lists.ChoiceFilter(
            name="destination", label=gettext_lazy("Partner"), choices=_destinations, of="certificate__destination"
        ),
        lists.ChoiceFilter(name="arrival", label=gettext_lazy("Came by"), choices=counter_forms.ARRIVALS),
        lists.DaysFilter(name="received", label=gettext_lazy("Came on"), of="received_on"),
    ),
)


def received_by(by: Actor) -> QuerySet[Confirmation]:
    """Return the confirmations that the actor may read; a trader sees none that is under examination."""
    open_suspicions = Suspicion.objects.filter(application=OuterRef("certificate__application"), until__isnull=True)
    rows = queries.confirmations_of(by).annotate(
        is_settled=Exists(Settlement.objects.filter(confirmation=OuterRef("pk")))
    )
    reach = by.reach(Act.CONFIRMATION_READ)
    if reach.traders and not reach.everything:
        hidden = Q(certificate__application__trader_id__in=reach.traders) & ~Q(certificate__office__in=reach.offices)
        rows = rows.exclude(hidden & Exists(open_suspicions))
    return rows.select_related("certificate", "certificate__application")


def awaited_by(by: Actor) -> QuerySet[Application]:
    """Return the shipments whose import nobody confirmed, within the actor's reach."""
    reach = by.reach(Act.CONFIRMATION_READ)
    within = Q() if reach.everything else Q(office__in=reach.offices) | Q(trader_id__in=reach.traders)
    return Application.objects.filter(within, state=CertificateState.DISPATCHED)


def _acts(by: Actor) -> list[parts.NextAct]:
    if not by.may(Act.CONFIRMATION_RECORD):
        return []
    return [
        parts.NextAct(label=_("Record many slips"), address=reverse("exporting:record-confirmations")),
        parts.NextAct(label=_("Record one slip"), address=reverse("exporting:record-confirmation")),
    ]


@pages.page(Act.CONFIRMATION_READ)
def awaited(request: Request) -> HttpResponseBase:
    """List what is awaited."""
    listing = _awaited(request.at, records=_records(request))
    return lists.answer(
        request,
        listing,
        awaited_by(request.actor),
        template="exporting/counter/confirmations.html",
        context={"tab": "awaited"},
        acts=_acts(request.actor),
    )


def _records(request: Request) -> bool:
    return request.actor.may(Act.CONFIRMATION_RECORD) and not request.GET.get("export")


@pages.page(Act.CONFIRMATION_READ)
def received(request: Request) -> HttpResponseBase:
    """List what came."""
    return lists.answer(
        request,
        RECEIVED,
        received_by(request.actor),
        template="exporting/counter/confirmations.html",
        context={"tab": "received"},
        acts=_acts(request.actor),
    )


# --- Numbers that pictures say --------------------------------------------------------------------------------


def number_in(text: str) -> str:
    """Return the certificate number that a code or a typed line says; nothing if it says none."""
    plain = text.strip()
    label = _LABEL.fullmatch("".join(plain.split()).upper())
    if label:
        return label["number"]
    if plain.startswith(qr.PREFIX):
        try:
            return str(codec.decode_certificate(cose.read(qr.from_text(plain)).payload).number)
        except errors.MacleError:
            return ""
    return ""


def _numbers_in_picture(data: bytes) -> list[str]:
    """Return the numbers that the codes of a picture or PDF say, each once; none where it cannot be read."""
    try:
        texts = pictures.codes_in(data)
    except errors.MacleError:
        return []
    return list(dict.fromkeys(number for text in texts if (number := number_in(text))))


def _number_in_name(name: str, awaited: Mapping[str, str]) -> str:
    """Return the awaited number that the name of a file holds; the longest one, if there are several."""
    plain = re.sub(r"[^A-Z0-9]", "", name.rpartition(".")[0].upper())
    found = [number for bare, number in awaited.items() if bare in plain]
    return max(found, key=len, default="")


# --- One slip ---------------------------------------------------------------------------------------------------


@pages.page(Act.CONFIRMATION_RECORD, post=True)
def record(request: Request) -> HttpResponseBase:  # noqa: PLR0911 (the steps of one page)
    """Record one slip: find its certificate, type it beside our figures, see what differs, record it."""
    if request.method != "POST":
        number = request.GET.get("number", "")
        if not number:
            return _find(request, counter_forms.FindForm())
        try:
            certificate = _awaiting(number, request.actor)
        except errors.MacleError as error:
            asked = counter_forms.FindForm({"number": number})
            asked.is_valid()
            asked.take(error)
            return _find(request, asked, status=422)
        return _typing(request, certificate, _new_slip(request, certificate))
    if request.POST.get("do") == "find":
        return _found(request)
    form = counter_forms.SlipForm(request.POST, request.FILES)
    certificate = _awaiting(request.POST.get("number", ""), request.actor)
    if request.POST.get("do") == "change":
        return _typing(request, certificate, counter_forms.SlipForm(initial=request.POST.dict()))
    if not form.is_valid():
        return _typing(request, certificate, form, status=422)
    try:
        kept = _kept(request, form)
        slip = _slip(form.cleaned_data, kept, request.actor)
        if _is_seen(request, form):
            confirmation = actions.record(slip=slip, by=request.actor, at=request.at)
            return _recorded(request, confirmation)
        actions.require_possible(slip, certificate, today=queries.day(certificate.office, at=request.at))
    except errors.MacleError as error:
        form.take(error)
        return _typing(request, certificate, form, status=422)
    return _checking(request, certificate, form, slip, kept)


def _awaiting(text: str, by: Actor) -> Certificate:
    """Return the certificate of a number, within reach and awaited; raise `NotAwaited` or a `NotFound`."""
    number = str(CertificateNumber.parse("".join(text.split()).upper(), where="number"))
    certificate = queries.certificate(number, by)
    by.require(Act.CONFIRMATION_RECORD, office=certificate.office)
    if certificate.application.status is not CertificateState.DISPATCHED:
        raise actions.NotAwaited(
            f"{number} is {certificate.application.status.value.replace('_', ' ')}, and no confirmation is awaited.",
            where="number",
            mend="Record that it was dispatched first."
            if certificate.application.status is CertificateState.VALIDATED
            else "Compare the slip with what stands on its page.",
        )
    return certificate


def _found(request: Request) -> HttpResponseBase:
    """Go on with the certificate that the number or the picture names."""
    form = counter_forms.FindForm(request.POST, request.FILES)
    if not form.is_valid():
        return _find(request, form, status=422)
    typed, upload = form.cleaned_data["number"] or "", form.cleaned_data["picture"]
    number, token = number_in(typed) or typed, ""
    try:
        if upload:
            data = upload.read()
            upload.seek(0)
            token = keeping.keep(upload, request, where="picture")
            read = _numbers_in_picture(data)
            number = number or (read[0] if read else _number_in_name(upload.name, _awaited_numbers(request.actor)))
        if not number:
            raise SlipMissing(
                _("No number was given, and none was found in the picture."),
                where="number",
                mend=_("Type the number that stands on the slip."),
            )
        certificate = _awaiting(number, request.actor)
    except errors.MacleError as error:
        form.take(error)
        return _find(request, form, status=422)
    slip = _new_slip(request, certificate)
    slip.initial["kept"] = token
    return _typing(request, certificate, slip)


def _awaited_numbers(by: Actor) -> dict[str, str]:
    """Return the numbers that are awaited, by their letters and digits alone."""
    rows = awaited_by(by).filter(office__in=by.reach(Act.CONFIRMATION_RECORD).offices)
    return {re.sub(r"[^A-Z0-9]", "", number): number for number in rows.values_list("number", flat=True)}


def _new_slip(request: Request, certificate: Certificate) -> counter_forms.SlipForm:
    initial = {
        "number": certificate.number,
        "received_on": queries.day(certificate.office, at=request.at),
    }
    return counter_forms.SlipForm(initial=initial)


def _find(request: Request, form: Any, *, status: int = 200) -> HttpResponseBase:  # noqa: ANN401
    waiting = awaited_by(request.actor).order_by("due_on", "since")[:8]
    return pages.render(request, "exporting/counter/find.html", {"form": form, "waiting": waiting}, status=status)


def _kept(request: Request, form: Any) -> str:  # noqa: ANN401
    upload = form.cleaned_data.get("picture")
    return keeping.keep(upload, request, where="picture") if upload else str(form.cleaned_data.get("kept") or "")


def _content(form: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name: value for name, value in form.cleaned_data.items() if name not in {"kept", "checked", "picture"}}


def _is_seen(request: Request, form: Any) -> bool:  # noqa: ANN401
    token = str(form.cleaned_data.get("checked") or "")
    return request.POST.get("do") == "record" and keeping.was_seen(token, _content(form), by=request.actor)


def _slip(given: Mapping[str, Any], token: str, by: Actor) -> actions.Slip:
    """Return the slip of a form that was read; figures of a container that was not opened are none."""
    digest, name = keeping.kept(token, by)
    return actions.Slip(
        number=str(given["number"]),
        arrival=Arrival(given["arrival"]),
        received_on=given["received_on"],
        date_of_receipt=given["date_of_receipt"],
        opened=given["opened"] == "yes",
        seals=SealState(int(given["seals"])),
        result=ConfirmationResult(int(given["result"])),
        parcels=given.get("parcels"),
        carats=given.get("carats"),
        value=given.get("value"),
        office=given.get("office") or "",
        official=given.get("official") or "",
        importer=given.get("importer") or "",
        remark=given.get("remark") or "",
        picture=evidence.read(digest) if digest else b"",
        picture_name=name,
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure as both books have it."""

    label: str
    ours: str
    theirs: str
    difference: str = ""
    differs: bool = False
    bound: Mapping[str, Any] | None = None


def _figures(certificate: Certificate, theirs: Mapping[str, int | None], *, opened: bool) -> list[Compared]:
    """Return parcels, carats and value of both sides, with what lies between them."""
    found = []
    for name, label, ours, said in (
        ("parcels", _("Parcels"), certificate.parcels, desk_words.count),
        ("carats", _("Carat weight"), certificate.carats_hundredths, desk_words.carats),
        ("value", _("Value in US$"), certificate.value_cents, desk_words.dollars),
    ):
        here = theirs.get(name)
        if here is None:
            found.append(Compared(label, said(ours), _("not said") if opened else _("not measured")))
            continue
        off = here - ours
        between = ("+" if off > 0 else "\u2212") + said(abs(off)) if off else _("agrees")
        found.append(Compared(label, said(ours), said(here), between, bool(off)))
    return found


def _sealed(certificate: Certificate, seals: int) -> Compared:
    return Compared(
        _("Container seals"),
        _(", ").join(certificate.application.seals),
        _plain(counter_forms.SEALS, seals),
        "",
        seals == SealState.BROKEN,
    )


def _typing(request: Request, certificate: Certificate, form: Any, *, status: int = 200) -> HttpResponseBase:  # noqa: ANN401
    declared = {
        "parcels": (_("Parcels"), desk_words.count(certificate.parcels)),
        "carats": (_("Carat weight"), desk_words.carats(certificate.carats_hundredths)),
        "value": (_("Value in US$"), desk_words.dollars(certificate.value_cents)),
    }
    token = form["kept"].value() or ""
    return pages.render(
        request,
        "exporting/counter/slip.html",
        {
            "form": form,
            "certificate": certificate,
            "matter": certificate.application,
            "rows": [
                Compared(label, ours, "", bound=forms.shown(form[name])) for name, (label, ours) in declared.items()
            ],
            "file_name": keeping.kept(token, request.actor)[1],
            "term": _term(certificate.application),
        },
        status=status,
    )


def _checking(
    request: Request,
    certificate: Certificate,
    form: counter_forms.SlipForm,
    slip: actions.Slip,
    kept: str,
) -> HttpResponseBase:
    sent = {name: request.POST.get(name, "") for name in form.fields if name not in {"picture", "kept", "checked"}}
    theirs = {
        "parcels": slip.parcels,
        "carats": slip.carats.hundredths if slip.carats else None,
        "value": slip.value.hundredths if slip.value else None,
    }
    rows = [*_figures(certificate, theirs, opened=slip.opened), _sealed(certificate, int(slip.seals))]
    answers = [
        forms.Answer(
            question=_("How it came"),
            answer=_plain(counter_forms.ARRIVALS, slip.arrival),
            under=_("on %(day)s") % {"day": desk_words.day(slip.received_on)},
        ),
        forms.Answer(question=_("Shipment received on"), answer=desk_words.day(slip.date_of_receipt)),
        forms.Answer(question=_("Container"), answer=_("Opened") if slip.opened else _("Not opened")),
        forms.Answer(question=_("Result"), answer=_plain(counter_forms.RESULTS, int(slip.result))),
        forms.Answer(
            question=_("Importing office and official"),
            answer=_(", ").join(each for each in (slip.office, slip.official) if each) or _("not said"),
        ),
        forms.Answer(question=_("Importer"), answer=slip.importer or _("not said")),
        forms.Answer(question=_("Remark"), answer=slip.remark or _("none")),
        forms.Answer(question=_("Picture"), answer=slip.picture_name or _("none")),
    ]
    return pages.render(
        request,
        "exporting/counter/slip_check.html",
        {
            "sent": sent | {"kept": kept, "checked": keeping.seen(_content(form), by=request.actor, at=request.at)},
            "certificate": certificate,
            "matter": certificate.application,
            "rows": rows,
            "differs": actions.differences(slip, certificate),
            "is_refused": slip.result is ConfirmationResult.REFUSED,
            "answers": answers,
        },
    )


def _recorded(request: Request, confirmation: Confirmation) -> HttpResponseRedirect:
    number = confirmation.certificate.number
    if confirmation.differs:
        messages.warning(request, _("The slip of %(number)s is recorded. It does not agree.") % {"number": number})
    else:
        messages.success(request, _("The slip of %(number)s is recorded. It agrees.") % {"number": number})
    return HttpResponseRedirect(reverse("exporting:confirmation", args=[number.replace("/", "_")]))


# --- Many slips ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Row:
    """One row of a stack: its form, and what our book says beside it."""

    place: int
    form: counter_forms.RowForm
    cells: list[Mapping[str, Any]] = field(default_factory=list)
    certificate: Certificate | None = None
    slip: actions.Slip | None = None
    differs: list[str] = field(default_factory=list)
    error: str = ""
    file_name: str = ""

    @property
    def mark(self) -> str:
        """Return the mark of what was found; nothing for a row that was not looked at."""
        if self.error or self.form.errors:
            return "not-valid"
        if self.slip is None:
            return ""
        return "differs" if self.differs else "valid"


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as it was sent."""

    common: counter_forms.CommonForm
    rows: list[Row]
    unmatched: list[str]


_DIFFERS: Final = {
    "carats": gettext_lazy("carats"),
    "value": gettext_lazy("US$"),
    "parcels": gettext_lazy("parcels"),
    "seals": gettext_lazy("seals broken"),
    "refused": gettext_lazy("refused at import"),
}


@pages.page(Act.CONFIRMATION_RECORD, post=True)
def record_many(request: Request) -> HttpResponseBase:
    """Record up to fifty slips: a table, pictures that find their row, and a report that loses nothing."""
    if request.method != "POST":
        common = counter_forms.CommonForm(initial={"received_on": queries.day(_office(request.actor), at=request.at)})
        rows = [Row(place, counter_forms.RowForm(prefix=f"s{place}")) for place in range(1, ROWS_AT_FIRST + 1)]
        return _stack_page(request, Stack(common, rows, []))
    stack = _read(request)
    if request.POST.get("do") == "more":
        return _stack_page(request, _longer(stack))
    common_is_good = stack.common.is_valid()
    for row in stack.rows:
        _look_at(row, stack.common, request)
    entered = [row for row in stack.rows if not row.form.is_empty]
    ready = [row for row in entered if row.slip is not None and not row.error]
    what = _what(stack)
    if not entered or not common_is_good:
        if not entered:
            stack.common.add_error(None, _("No slip is entered. Type at least one number, or add pictures."))
        return _stack_page(request, stack, status=422)
    token = request.POST.get("checked", "")
    if request.POST.get("do") != "record" or not keeping.was_seen(token, what, by=request.actor):
        seen = keeping.seen(what, by=request.actor, at=request.at)
        status = 422 if len(ready) < len(entered) else 200
        return _stack_page(request, stack, seen=seen, ready=len(ready), status=status)
    return _report(request, stack, ready)


def _office(by: Actor) -> str:
    return next((each.office for each in by.held if each.office), "")


def _read(request: Request) -> Stack:
    """Return what was sent, with what the pictures say put into the rows."""
    data = request.POST.copy()
    count = min(max(_whole(data.get("rows", "")), 1), actions.MOST_SLIPS)
    places = list(range(1, count + 1))
    uploads = request.FILES.getlist("pictures")[:MOST_FILES]
    unmatched: list[str] = []
    if uploads:
        awaited_numbers = _awaited_numbers(request.actor)
        contents = [each.read() for each in uploads]
        with ThreadPoolExecutor(READERS) as readers:
            said = list(readers.map(_numbers_in_picture, contents))
        for upload, numbers in zip(uploads, said, strict=True):
            upload.seek(0)
            _place(request, data, places, upload, numbers, unmatched, awaited_numbers)
    rows = [Row(place, counter_forms.RowForm(data, prefix=f"s{place}")) for place in places]
    for row in rows:
        row.file_name = keeping.kept(str(data.get(f"s{row.place}-kept", "")), request.actor)[1]
    return Stack(counter_forms.CommonForm(data), rows, unmatched)


def _whole(text: str) -> int:
    digits = 3
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else ROWS_AT_FIRST


def _place(
    request: Request,
    data: Any,  # noqa: ANN401 (a mutable QueryDict)
    places: list[int],
    upload: UploadedFile[Any],
    numbers: list[str],
    unmatched: list[str],
    awaited_numbers: Mapping[str, str],
) -> None:
    """Put a picture beside the row of each number that it says, or that its name holds; add rows where none has it."""
    name = str(upload.name)
    numbers = numbers or [
        number for number in [_number_in_name(name, {**awaited_numbers, **_typed(data, places)})] if number
    ]
    try:
        token = keeping.keep(upload, request, where="pictures")
    except errors.MacleError as error:
        unmatched.append(sentences.said(f"{error.what} {error.mend}".strip()))
        return
    if not numbers:
        unmatched.append(_("%(name)s: no number was found in it or in its name.") % {"name": name})
    for number in numbers:
        typed = {_bare(str(data.get(f"s{place}-number", ""))): place for place in reversed(places)}
        place = typed.get(_bare(number)) or typed.get("")
        if place is None and len(places) < actions.MOST_SLIPS:
            place = len(places) + 1
            places.append(place)
        if place is None:
            unmatched.append(_("%(number)s: there is no row left. Record these first.") % {"number": number})
            continue
        data[f"s{place}-number"], data[f"s{place}-kept"] = data.get(f"s{place}-number") or number, token


def _bare(number: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", number.upper())


def _typed(data: Any, places: list[int]) -> dict[str, str]:  # noqa: ANN401
    typed = (str(data.get(f"s{place}-number", "")) for place in places)
    return {_bare(number): number for number in typed if number.strip()}


def _longer(stack: Stack) -> Stack:
    """Return the stack with more empty rows; what is typed stays and is not judged yet."""
    count = min(len(stack.rows) + MORE_ROWS, actions.MOST_SLIPS)
    rows = [
        Row(row.place, counter_forms.RowForm(initial=_sent(row.form), prefix=row.form.prefix), file_name=row.file_name)
        for row in stack.rows
    ]
    rows += [Row(place, counter_forms.RowForm(prefix=f"s{place}")) for place in range(len(stack.rows) + 1, count + 1)]
    return Stack(counter_forms.CommonForm(initial=_sent(stack.common)), rows, stack.unmatched)


def _sent(form: Any) -> dict[str, str]:  # noqa: ANN401
    return {name: str(form.data.get(form.add_prefix(name), "")) for name in form.fields}


def _look_at(row: Row, common: counter_forms.CommonForm, request: Request) -> None:
    """Read a row with what holds for all, and compare it with our book."""
    if row.form.is_empty:
        row.form = counter_forms.RowForm(prefix=row.form.prefix)
        return
    if not row.form.is_valid():
        return
    given = dict(row.form.cleaned_data)
    for name in ("received_on", "date_of_receipt", "opened", "seals", "result"):
        given[name] = given.get(name) or common.cleaned_data.get(name)
        if not given[name]:
            row.form.add_error(name, _("%(label)s: say it here, or above for all.") % {"label": row.form[name].label})
    if not given.get("number"):
        row.form.add_error("number", _("Which certificate is it of?"))
    given["arrival"] = common.cleaned_data.get("arrival") or Arrival.POST.value
    if row.form.errors:
        return
    try:
        row.certificate = _awaiting(number_in(given["number"]) or given["number"], request.actor)
        given["number"] = row.certificate.number
        slip = _slip(given, given.get("kept") or "", request.actor)
        actions.require_possible(slip, row.certificate, today=queries.day(row.certificate.office, at=request.at))
    except errors.MacleError as error:
        row.form.take(error)
        return
    row.slip, row.differs = slip, actions.differences(slip, row.certificate)


def _what(stack: Stack) -> dict[str, Any]:
    """Return everything that was shown, for the token of what was seen."""
    what = _sent(stack.common)
    for row in stack.rows:
        if row.form.is_bound:
            what |= {f"{row.place}-{name}": value for name, value in _sent(row.form).items()}
    return what


def _report(request: Request, stack: Stack, ready: list[Row]) -> HttpResponseBase:
    """Record what can be, and show what was recorded, what was not and why; what was not stays in the form."""
    outcomes = actions.record_all(
        slips=[row.slip for row in ready if row.slip is not None], by=request.actor, at=request.at
    )
    done: list[Row] = []
    for row, outcome in zip(ready, outcomes, strict=True):
        if outcome.error is None:
            done.append(row)
        else:
            row.form.take(outcome.error)
            row.slip = None
    left = [row for row in stack.rows if not row.form.is_empty and row not in done]
    if not left:
        count = len(done)
        said = ngettext("%(count)s slip is recorded.", "%(count)s slips are recorded.", count)
        messages.success(request, said % {"count": count})
    return _stack_page(
        request,
        Stack(stack.common, left, stack.unmatched),
        done=done,
        status=422 if left else 200,
        is_report=True,
    )


def _stack_page(
    request: Request,
    stack: Stack,
    *,
    done: Sequence[Row] = (),
    seen: str = "",
    ready: int = 0,
    status: int = 200,
    is_report: bool = False,
) -> HttpResponseBase:
    for row in stack.rows:
        row.cells = [forms.shown(row.form[name]) for name in row.form.COLUMNS]
    mistakes = [
        forms.Mistake(
            text=_("Row %(row)s: %(text)s") % {"row": row.place, "text": each.text},
            source=each.source,
            target=each.target or f"id_s{row.place}-number",
            label=each.label,
        )
        for row in stack.rows
        for each in row.form.mistakes()
    ]
    differing = [row for row in stack.rows if row.slip is not None and row.differs]
    return pages.render(
        request,
        "exporting/counter/stack.html",
        {
            "common": stack.common,
            "rows": stack.rows,
            "columns": [stack.rows[0].form[name].label for name in counter_forms.RowForm.COLUMNS] if stack.rows else [],
            "count": max((row.place for row in stack.rows), default=0),
            "most": actions.MOST_SLIPS,
            "mistakes": [*stack.common.mistakes(), *mistakes],
            "unmatched": stack.unmatched,
            "done": done,
            "seen": seen,
            "ready": ready,
            "differing": len(differing),
            "is_report": is_report,
            "is_full": len(stack.rows) >= actions.MOST_SLIPS,
        },
        status=status,
    )


# --- One confirmation ----------------------------------------------------------------------------------------------


def _confirmation(number: str, by: Actor) -> Any:  # noqa: ANN401 (a row with what was annotated)
    held = received_by(by).filter(certificate__number=number.replace("_", "/")).first()
    if held is None:
        raise SlipMissing("There is no such confirmation.", where="number", mend="See the list of confirmations.")
    return held


def _context(request: Request, held: Any) -> dict[str, Any]:  # noqa: ANN401
    certificate = held.certificate
    theirs = {"parcels": held.parcels, "carats": held.carats_hundredths, "value": held.value_cents}
    settlement = getattr(held, "settlement", None)
    who = {held.recorded_by} | ({settlement.by} if settlement else set())
    names = accounts.names(who)
    return {
        "held": held,
        "slug": certificate.number.replace("/", "_"),
        "certificate": certificate,
        "matter": certificate.application,
        "rows": [*_figures(certificate, theirs, opened=held.opened), _sealed(certificate, held.seals)],
        "agreement": _agreement(held),
        "words": getattr(held, "words", None),
        "settlement": settlement,
        "settled_by": names.get(settlement.by, settlement.by) if settlement else "",
        "recorded_by": names.get(held.recorded_by, held.recorded_by),
        "arrival": _plain(counter_forms.ARRIVALS, held.arrival),
        "result": _plain(counter_forms.RESULTS, held.result),
        "may_settle": bool(held.differs)
        and settlement is None
        and request.actor.reach(Act.CONFIRMATION_RECORD).covers(office=certificate.office),
    }


@pages.page(Act.CONFIRMATION_READ)
def confirmation(request: Request, number: str) -> HttpResponseBase:
    """Show what came, beside our book."""
    held = _confirmation(number, request.actor)
    return pages.render(request, "exporting/counter/confirmation.html", _context(request, held))


@pages.page(Act.CONFIRMATION_RECORD, post=True)
def settle(request: Request, number: str) -> HttpResponseBase:
    """Settle a difference in words."""
    held = _confirmation(number, request.actor)
    request.actor.require(Act.CONFIRMATION_RECORD, office=held.certificate.office)
    form = counter_forms.SettleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.settle(
                number=held.certificate.number, text=form.cleaned_data["text"], by=request.actor, at=request.at
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            messages.success(request, _("The difference is settled. The slip stays as it came."))
            return HttpResponseRedirect(reverse("exporting:confirmation", args=[number]))
    status = 422 if request.method == "POST" else 200
    context = _context(request, held) | {"form": form}
    return pages.render(request, "exporting/counter/settle.html", context, status=status)


@pages.page(Act.CONFIRMATION_READ)
def slip(request: Request, number: str) -> HttpResponseBase:
    """Hand out the slip as it was brought."""
    held = _confirmation(number, request.actor)
    return evidence.answer(request, _evidence(held), f"slip-{number}")


@pages.page(Act.CONFIRMATION_READ)
def slip_picture(request: Request, number: str) -> HttpResponseBase:
    """Show the first page of the slip."""
    held = _confirmation(number, request.actor)
    return evidence.picture_answer(request, _evidence(held), side=evidence.PREVIEW)


def _evidence(held: Any) -> Any:  # noqa: ANN401
    if not held.evidence:
        raise SlipMissing("This confirmation has no picture.", where="number", mend="See what was recorded of it.")
    return evidence.get(held.evidence)
