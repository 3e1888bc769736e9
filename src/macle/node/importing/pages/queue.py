"""The home of the importing desk: what was presented twice, what is late, what waits for this office."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle.node.desk import ages, lists, pages
from macle.node.desk import words as desk_words
from macle.node.importing import queries, words
from macle.node.importing.pages import shipments
from macle.node.permissions import Act

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request
    from macle.node.importing.models import Shipment

ROWS: Final = 25
ALARMS_FOR: Final = timedelta(days=30)
"""How long an alarm stands on the home of a desk; the shipment's own page keeps it."""


def _certificate() -> lists.Column:
    return lists.Column(
        name="number",
        label=gettext_lazy("Certificate or shipment"),
        kind=lists.Kind.NUMBER,
        value=lambda row: row.number or row.reference,
        link=lambda row: pages.address_of("importing:shipment", row.reference),
        under=lambda row: desk_words.participant(row.issuer) if row.issuer else words.way(row.way),
    )


def _act(row: Shipment) -> str:
    return str(words.TO_DO.get(row.status, ""))


WAITING: Final = (
    _certificate(),
    lists.Column(name="importer_name", label=gettext_lazy("Importer")),
    lists.Column(
        name="carats", label=gettext_lazy("Carats"), kind=lists.Kind.CARATS, value=lambda row: row.carats_hundredths
    ),
    lists.Column(
        name="act",
        label=gettext_lazy("Your act"),
        value=_act,
        link=shipments.address_of_duty,
        under=lambda row: words.mark(row.state)[1],
    ),
)


@pages.page(Act.CERTIFICATE_PRESENT)
def queue(request: Request) -> HttpResponseBase:
    """Show what waits for this person, what is late, and what was presented twice."""
    by, at = request.actor, request.at
    office = next((each.office for each in by.held if each.office), "")
    today = queries.day(office, at=at)
    owed = queries.waiting_for(by)
    waiting = list(owed[:ROWS])
    overdue = queries.late(by, on=today)
    late = list(overdue[:ROWS])
    context = {
        "waiting": lists.drawn((*WAITING, _age(at)), waiting),
        "waiting_count": owed.count() if len(waiting) == ROWS else len(waiting),
        "late": lists.drawn((WAITING[0], WAITING[3], *_terms(office, at)), late),
        "late_count": overdue.count() if len(late) == ROWS else len(late),
        "alarms": queries.alarms_of(by).filter(at__gte=at - ALARMS_FOR)[:ROWS],
        "detained": queries.detained(by).count(),
        "today": today,
        "office": office,
    }
    return pages.render(request, "importing/queue.html", context)


def _age(at: datetime) -> lists.Column:
    return lists.Column(
        name="age", label=gettext_lazy("Waiting"), kind=lists.Kind.AGE, value=lambda row: at - row.since
    )


def _terms(office: str, at: datetime) -> tuple[lists.Column, ...]:
    """Return how long a confirmation has been owed, as a line and in words."""

    def span(row: Shipment) -> dict[str, datetime]:
        law = queries.profile(office, at=row.since)
        due = row.due_on or law.day_of(at, office=office)
        return {"since": row.since, "until": datetime.combine(due + timedelta(days=1), time(), law.zone(office))}

    return (
        lists.Column(
            name="line",
            label=gettext_lazy("Age and term"),
            css="aging",
            value=lambda row: ages.line(**span(row), now=at),
        ),
        lists.Column(
            name="words",
            label=gettext_lazy("In words"),
            value=lambda row: format_html('<b class="is-late">{}</b>', ages.words(**span(row), now=at)),
            under=lambda row: _("to be confirmed until %(day)s") % {"day": desk_words.day(row.due_on)},
        ),
    )
