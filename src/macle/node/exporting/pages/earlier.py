"""Certificates that were issued on paper before this node: a list, and a page of each. Nothing is done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle.node.accounts import queries as accounts
from macle.node.desk import lists, pages
from macle.node.desk import words as desk_words
from macle.node.exporting import queries, words
from macle.node.exporting.models import LegacyState
from macle.node.permissions import Act

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request
    from macle.node.exporting.models import LegacyCertificate


def address(held: LegacyCertificate) -> str:
    """Return the page of an earlier certificate."""
    return pages.address_of("exporting:earlier-certificate", held.number.replace("/", "_"))


EARLIER = lists.Listing(
    name="earlier-certificates",
    title=gettext_lazy("Earlier certificates"),
    intro=gettext_lazy("Issued on paper before this node, as the old records have them. Nothing proves them here."),
    empty=gettext_lazy("Whoever runs the node takes them over from the old records: macle node move-in certificates."),
    order=("-date_of_issuance", "-id"),
    columns=(
        lists.Column(
            name="number", label=gettext_lazy("Certificate"), kind=lists.Kind.NUMBER, sort="number", link=address
        ),
        lists.Column(
            name="state",
            label=gettext_lazy("What became of it"),
            kind=lists.Kind.MARK,
            value=lambda row: words.legacy_mark(row.state),
        ),
        lists.Column(
            name="exporter",
            label=gettext_lazy("Exporter"),
            value=lambda row: row.names.exporter,
            sort="names__exporter",
            under=lambda row: row.names.importer,
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
        lists.Column(name="parcels", label=gettext_lazy("Parcels"), kind=lists.Kind.COUNT, sort="parcels"),
        lists.Column(
            name="date_of_issuance", label=gettext_lazy("Issued"), kind=lists.Kind.DAY, sort="date_of_issuance"
        ),
        lists.Column(name="date_of_expiry", label=gettext_lazy("Expires"), kind=lists.Kind.DAY, sort="date_of_expiry"),
    ),
    filters=(
        lists.TextFilter(
            name="what",
            label=gettext_lazy("Number or name"),
            of=("number", "names__exporter", "names__importer"),
        ),
        lists.ChoiceFilter(
            name="state",
            label=gettext_lazy("What became of it"),
            choices=lambda: [(state.value, str(words.LEGACY_STATES[state])) for state in LegacyState],
        ),
        lists.ChoiceFilter(
            name="destination", label=gettext_lazy("Destination"), choices=desk_words.participants_by_name
        ),
        lists.DaysFilter(name="issued", label=gettext_lazy("Issued"), of="date_of_issuance"),
    ),
)


@pages.page(Act.LEGACY_READ)
def earlier_certificates(request: Request) -> HttpResponseBase:
    """List what was issued before this node."""
    return lists.answer(request, EARLIER, queries.earlier_of(request.actor))


@pages.page(Act.LEGACY_READ)
def earlier_certificate(request: Request, number: str) -> HttpResponseBase:
    """Show one of them, and where its row came from."""
    held = queries.earlier(number.replace("_", "/"), request.actor)
    context: dict[str, Any] = {
        "held": held,
        "mark": words.legacy_mark(held.state),
        "countries": held.origin.split() if held.origin.strip("*") else [],
        "lines": [(code, line["carats"], line["value"]) for code, line in held.lines.items()],
        "recorded_by": accounts.names({held.recorded_by}).get(held.recorded_by, held.recorded_by),
        "crumbs": [
            (reverse("exporting:certificates"), _("Certificates")),
            (reverse("exporting:earlier-certificates"), _("Earlier certificates")),
            ("", held.number),
        ],
    }
    return pages.render(request, "exporting/earlier.html", context)
