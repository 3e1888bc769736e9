"""The lists of the exporting desk, and the queue that each role opens on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle.node.accounts import queries as accounts
from macle.node.desk import ages, lists, pages
from macle.node.desk import words as desk_words
from macle.node.exporting import queries, words
from macle.node.exporting.models import Block
from macle.node.exporting.pages import matters, portal, technical
from macle.node.permissions import WRITES_NOTHING, Act, Role
from macle.scheme.lifecycle import CertificateAct, CertificateState

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase
    from django.utils.safestring import SafeString

    from macle.node.desk.pages import Request
    from macle.node.exporting.models import Application, Certificate, Confirmation

QUEUE_ROWS = 25
"""Rows of one part of a queue; the rest is a link away."""

SEEN = (
    *("reference", "office", "state", "since", "examined_by", "number", "exporter_name", "importer_name"),
    *("destination", "origin", "carats_hundredths", "value_cents", "due_on"),
)
"""What lists show of an application; all its particulars are long to read."""

SEEN_OF_CERTIFICATE = (
    *("number", "office", "date_of_issuance", "date_of_expiry", "destination"),
    *("carats_hundredths", "value_cents", "parcels"),
    *("application__state", "application__exporter_name", "application__importer_name"),
)

EXPEDITIOUSLY = timedelta(days=21)
"""After how long a shipment without a fixed term is shown among what is late: a practice of the house."""


def address(matter: Application) -> str:
    """Return the page of an application."""
    return pages.address_of("exporting:application", matter.reference)


def _mark(row: Application | Certificate, state: str) -> tuple[str, str]:
    """Return the mark of a state; a trader reads only *under examination* while a suspicion is open."""
    name, said = words.UNDER_EXAMINATION
    return (name, str(said)) if getattr(row, "hidden", False) else words.mark(state)


APPLICATIONS = lists.Listing(
    name="applications",
    title=gettext_lazy("Applications"),
    empty=gettext_lazy("Traders lodge applications; they appear here as soon as they do."),
    order=("-since", "-id"),
    columns=(
        lists.Column(
            name="reference",
            label=gettext_lazy("Application"),
            kind=lists.Kind.NUMBER,
            value=lambda row: row.number or row.reference,
            sort="reference",
            link=address,
            under=lambda row: row.reference if row.number else "",
        ),
        lists.Column(
            name="state",
            label=gettext_lazy("State"),
            kind=lists.Kind.MARK,
            value=lambda row: _mark(row, row.state),
        ),
        lists.Column(
            name="exporter_name",
            label=gettext_lazy("Exporter"),
            sort="exporter_name",
            under=lambda row: row.importer_name,
        ),
        lists.Column(
            name="destination",
            label=gettext_lazy("Destination"),
            value=lambda row: desk_words.participant(row.destination) if row.destination else "",
            sort="destination",
        ),
        lists.Column(name="origin", label=gettext_lazy("Origin"), sort="origin"),
        lists.Column(name="carats", label=gettext_lazy("Carats"), kind=lists.Kind.CARATS, sort="carats_hundredths"),
        lists.Column(name="value", label=gettext_lazy("US$"), kind=lists.Kind.DOLLARS, sort="value_cents"),
        lists.Column(name="since", label=gettext_lazy("Since"), kind=lists.Kind.INSTANT, sort="since"),
    ),
    filters=(
        lists.TextFilter(
            name="what",
            label=gettext_lazy("Number, reference or name"),
            of=("number", "reference", "exporter_name", "importer_name"),
        ),
        lists.ChoiceFilter(
            name="state",
            label=gettext_lazy("State"),
            choices=lambda: [(state.value, words.state(state)) for state in CertificateState],
            narrowing=queries.in_state,
        ),
        lists.ChoiceFilter(
            name="destination", label=gettext_lazy("Destination"), choices=desk_words.participants_by_name
        ),
        lists.DaysFilter(name="since", label=gettext_lazy("In this state"), of="since", instants=True),
    ),
)

CERTIFICATES = lists.Listing(
    name="certificates",
    title=gettext_lazy("Certificates"),
    empty=gettext_lazy("A certificate appears here when it is validated."),
    order=("-validated_at", "-id"),
    columns=(
        lists.Column(
            name="number",
            label=gettext_lazy("Certificate"),
            kind=lists.Kind.NUMBER,
            sort="number",
            link=lambda row: pages.address_of("exporting:certificate", row.number.replace("/", "_")),
        ),
        lists.Column(
            name="state",
            label=gettext_lazy("State"),
            kind=lists.Kind.MARK,
            value=lambda row: _mark(row, row.application.state),
        ),
        lists.Column(
            name="exporter",
            label=gettext_lazy("Exporter"),
            value=lambda row: row.application.exporter_name,
            sort="application__exporter_name",
            under=lambda row: row.application.importer_name,
        ),
        lists.Column(
            name="destination",
            label=gettext_lazy("Destination"),
            value=lambda row: desk_words.participant(row.destination),
            sort="destination",
        ),
        lists.Column(name="carats", label=gettext_lazy("Carats"), kind=lists.Kind.CARATS, sort="carats_hundredths"),
        lists.Column(name="value", label=gettext_lazy("US$"), kind=lists.Kind.DOLLARS, sort="value_cents"),
        lists.Column(name="parcels", label=gettext_lazy("Parcels"), kind=lists.Kind.COUNT, sort="parcels"),
        lists.Column(
            name="date_of_issuance", label=gettext_lazy("Issued"), kind=lists.Kind.DAY, sort="date_of_issuance"
        ),
        lists.Column(name="date_of_expiry", label=gettext_lazy("Expires"), kind=lists.Kind.DAY, sort="date_of_expiry"),
        lists.Column(name="office", label=gettext_lazy("Office"), sort="office"),
    ),
    filters=(
        lists.TextFilter(
            name="what",
            label=gettext_lazy("Number or name"),
            of=("number", "application__exporter_name", "application__importer_name"),
        ),
        lists.ChoiceFilter(
            name="state",
            label=gettext_lazy("State"),
            choices=lambda: [(state.value, words.state(state)) for state in CertificateState],
            narrowing=lambda state: queries.in_state(state, of="application__state"),
        ),
        lists.ChoiceFilter(
            name="destination", label=gettext_lazy("Destination"), choices=desk_words.participants_by_name
        ),
        lists.DaysFilter(name="issued", label=gettext_lazy("Issued"), of="date_of_issuance"),
    ),
)


@pages.page(Act.APPLICATION_READ)
def applications(request: Request) -> HttpResponseBase:
    """List applications."""
    rows = queries.hiding(queries.applications_of(request.actor), request.actor).only(*SEEN)
    acts = portal.ways_to_begin() if request.actor.may(Act.APPLICATION_DRAFT) else []
    acts += technical.way_to_begin(request.actor)
    return lists.answer(request, APPLICATIONS, rows, acts=acts)


@pages.page(Act.CERTIFICATE_READ)
def certificates(request: Request) -> HttpResponseBase:
    """List certificates."""
    rows = queries.certificates_of(request.actor).select_related("application").only(*SEEN_OF_CERTIFICATE)
    return lists.answer(request, CERTIFICATES, queries.hiding(rows, request.actor, application="application_id"))


# --- Queues ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """One application that waits for this person, how long, what they do with it, and what they should know."""

    matter: Application
    label: str
    address: str
    under: str
    age: timedelta


WAITING = (
    lists.Column(
        name="matter",
        label=gettext_lazy("Certificate or application"),
        kind=lists.Kind.NUMBER,
        value=lambda row: row.matter.number or row.matter.reference,
        link=lambda row: address(row.matter),
    ),
    lists.Column(
        name="exporter",
        label=gettext_lazy("Exporter"),
        value=lambda row: row.matter.exporter_name,
        under=lambda row: _to(row.matter.destination),
    ),
    lists.Column(
        name="carats",
        label=gettext_lazy("Carats"),
        kind=lists.Kind.CARATS,
        value=lambda row: row.matter.carats_hundredths,
    ),
    lists.Column(
        name="value", label=gettext_lazy("US$"), kind=lists.Kind.DOLLARS, value=lambda row: row.matter.value_cents
    ),
    lists.Column(
        name="act",
        label=gettext_lazy("Your act"),
        value=lambda row: format_html("<b>{}</b>", row.label),
        link=lambda row: row.address,
        under=lambda row: row.under,
        css="full",
    ),
    lists.Column(name="age", label=gettext_lazy("Waiting"), kind=lists.Kind.AGE),
)

WAITING_OF_TRADER = tuple(
    lists.Column(
        name="destination",
        label=gettext_lazy("To"),
        value=lambda row: desk_words.participant(row.matter.destination) if row.matter.destination else "",
        under=lambda row: row.matter.importer_name,
    )
    if each.name == "exporter"
    else each
    for each in WAITING
)
"""As a trader reads it, who knows the exporter."""


def _to(destination: str) -> str:
    return _("to %(name)s") % {"name": desk_words.participant(destination)} if destination else ""


@dataclass(frozen=True, slots=True)
class Late:
    """One shipment whose confirmation is awaited: since when, and until when."""

    matter: Application
    since: datetime
    until: datetime | None
    now: datetime

    @property
    def line(self) -> SafeString:
        """Return the age as it is drawn."""
        return ages.line(since=self.since, until=self.until, now=self.now)

    @property
    def words(self) -> str:
        """Return the age in words; one that is over its term stands out."""
        said = ages.words(since=self.since, until=self.until, now=self.now)
        return format_html('<b class="is-late">{}</b>', said) if self.until else said

    @property
    def term(self) -> str:
        """Return where the term comes from."""
        return _("the importing Participant's legal profile") if self.until else _("“expeditiously”, KPCS III(b)")


LATE = (
    lists.Column(
        name="matter",
        label=gettext_lazy("Certificate"),
        kind=lists.Kind.NUMBER,
        value=lambda row: row.matter.number,
        link=lambda row: address(row.matter),
    ),
    lists.Column(
        name="missing",
        label=gettext_lazy("What is missing"),
        value=lambda row: _("Import confirmation"),  # noqa: ARG005 (a column's own form)
        under=lambda row: _("from %(name)s") % {"name": desk_words.participant(row.matter.destination)},
    ),
    lists.Column(name="line", label=gettext_lazy("Age and term"), css="aging"),
    lists.Column(name="words", label=gettext_lazy("In words"), under=lambda row: row.term),
)


@dataclass(frozen=True, slots=True)
class Differs:
    """One figure in which both books differ."""

    confirmation: Confirmation
    certificate: Certificate
    figure: str
    ours: str
    theirs: str
    difference: str


@pages.page(Act.APPLICATION_READ)
def queue(request: Request) -> HttpResponseBase:
    """Show what waits for this person, what is late, and what does not agree."""
    by, at = request.actor, request.at
    is_trader = by.roles <= {Role.EXPORTER, Role.AGENT}
    owed = queries.waiting_for(by, at=at).select_related(None).only(*SEEN)
    waiting = list(owed[:QUEUE_ROWS])
    names = accounts.names({matter.examined_by for matter in waiting if matter.examined_by})
    office = next((each.office for each in by.held if each.office), "")
    today = queries.day(office, at=at)
    late = list(queries.late(by, on=today).select_related(None).only(*SEEN)[:QUEUE_ROWS])
    open_ended = list(queries.without_term(by, since=at - EXPEDITIOUSLY).select_related(None).only(*SEEN)[:QUEUE_ROWS])
    disagreeing = list(queries.disagreeing(by)[:QUEUE_ROWS])
    context = {
        "waiting": lists.drawn(
            WAITING_OF_TRADER if is_trader else WAITING, [_waiting(matter, names, at=at) for matter in waiting]
        ),
        "waiting_count": owed.count() if len(waiting) == QUEUE_ROWS else len(waiting),
        "late": lists.drawn(LATE, [_late(matter, at=at) for matter in [*late, *open_ended]]),
        "late_count": len(late),
        "open_count": len(open_ended),
        "disagreeing": [row for each in disagreeing for row in _differs(each)],
        "disagreeing_count": len(disagreeing),
        "today": today,
        "office": office,
        "numbers": numbers_of(office) if by.may(Act.NUMBERS_READ) else [],
        "is_trader": is_trader,
        "has_turn": not by.roles <= WRITES_NOTHING,
        "to_begin": technical.way_to_begin(by),
    }
    if is_trader:
        return pages.render(request, "exporting/portal/home.html", context | portal.home(request))
    return pages.render(request, "exporting/queue.html", context)


_DUTY = {
    CertificateState.DRAFT: CertificateAct.SUBMIT,
    CertificateState.DEFICIENT: CertificateAct.SUBMIT,
    CertificateState.SUBMITTED: CertificateAct.EXAMINE,
    CertificateState.UNDER_EXAMINATION: CertificateAct.RESERVE,
    CertificateState.KP_APPROVED: CertificateAct.RESERVE,
    CertificateState.HELD: CertificateAct.RELEASE_HOLD,
    CertificateState.PENDING_KP_APPROVAL: CertificateAct.APPROVE,
    CertificateState.RESERVED: CertificateAct.SEAL,
    CertificateState.SEALED: CertificateAct.VALIDATE,
    CertificateState.VALIDATED: CertificateAct.DISPATCH,
}


def _waiting(matter: Application, names: dict[str, str], *, at: datetime) -> Waiting:
    act = _DUTY.get(matter.status)
    label = str(words.TO_DO[act]) if act is not None else words.state(matter.state)
    if matter.status is CertificateState.DRAFT:
        label, where = _("Go on with it"), pages.address_of("exporting:draft", matter.reference)
    elif matter.status is CertificateState.DEFICIENT:
        label, where = _("Mend it"), pages.address_of("exporting:draft", matter.reference)
    else:
        where = address(matter) if act is None else matters.address_of(matter, act)
    examined = names.get(matter.examined_by, "")
    under = _("examined by %(name)s") % {"name": examined} if examined else words.state(matter.state)
    return Waiting(matter, label, where, under, at - matter.since)


def _late(matter: Application, *, at: datetime) -> Late:
    until = None
    if matter.due_on is not None:
        law = queries.profile(matter.office, at=matter.since)
        until = datetime.combine(matter.due_on + timedelta(days=1), time(), law.zone(matter.office))
    return Late(matter, matter.since, until, at)


def _differs(confirmation: Confirmation) -> list[Differs]:
    certificate = confirmation.certificate
    rows = []
    for name in confirmation.differs:
        ours: int | None = {
            "carats": certificate.carats_hundredths,
            "value": certificate.value_cents,
            "parcels": certificate.parcels,
        }.get(name)
        theirs: int | None = {
            "carats": confirmation.carats_hundredths,
            "value": confirmation.value_cents,
            "parcels": confirmation.parcels,
        }.get(name)
        if ours is None or theirs is None:
            rows.append(Differs(confirmation, certificate, _FIGURES[name](), "", "", ""))
            continue
        rows.append(
            Differs(
                confirmation,
                certificate,
                _FIGURES[name](),
                _figure(name, ours),
                _figure(name, theirs),
                desk_words.difference(theirs - ours, written=partial(_figure, name)),
            )
        )
    return rows


_FIGURES = {
    "carats": lambda: _("carats"),
    "value": lambda: _("US$"),
    "parcels": lambda: _("parcels"),
    "seals": lambda: _("seals broken"),
    "refused": lambda: _("refused at import"),
}


def _figure(name: str, amount: int) -> str:
    if name == "parcels":
        return desk_words.count(amount)
    return desk_words.carats(amount) if name == "carats" else desk_words.dollars(amount)


@dataclass(frozen=True, slots=True)
class Stock:
    """A block of numbers: what is left of it and which number is next."""

    title: str
    left: int
    upcoming: str
    on_sheets: bool


def numbers_of(office: str) -> list[Stock]:
    """Return the blocks of an office that have numbers left."""
    code = settings.CONFIGURATION.participant
    return [
        Stock(
            title=f"{code}{block.national(block.first)}",
            left=block.left,
            upcoming=f"{code}{block.national(block.next)}",
            on_sheets=block.on_sheets,
        )
        for block in Block.objects.filter(office=office, ended_at=None)
        .order_by("allotted_at", "id")
        .prefetch_related("gaps")
        if block.left
    ]
