"""A table of applications: uploaded, reported on row by row, and lodged together.

The report is of an upload, which is named by the instant at which its drafts began. Drafts are looked at anew each time
the report is shown, so that what was mended meanwhile counts. Rows that made no draft are kept in the session alone:
there is nothing of them to come back to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from macle import errors
from macle.node.desk import pages
from macle.node.exporting import portal_forms as entering
from macle.node.exporting import queries, words
from macle.node.exporting.actions import applications
from macle.node.exporting.models import Channel
from macle.node.exporting.pages import matters, portal
from macle.node.exporting.pages.matters import Finding
from macle.node.permissions import Act
from macle.paper import tables
from macle.scheme.examination import source_of
from macle.scheme.lifecycle import CertificateState
from macle.scheme.rules import Outcome, RulesRefuse
from macle.scheme.terms import Carats, USDollars

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request
    from macle.node.exporting.models import Application
    from macle.scheme.rules import Breach

MOST_ROWS: Final = 200
"""Applications of one upload: each is examined while somebody waits."""

_KEPT: Final = "exporting.upload"
"""Under which name the session keeps where the rows of the last upload stood."""

_INSTANT: Final = "%Y%m%dT%H%M%S%f"

TEMPLATE: Final = {
    "importer.name": "Quayside Rough Trading",
    "importer.latin_name": "",
    "importer.address": "12 Invented Quay",
    "importer.town": "Antwerp",
    "importer.country": "BE",
    "importer.licence": "",
    "destination": "EU",
    "country_of_provenance": "BW",
    "origin.kind": "single",
    "origin.countries": "BW",
    "lines[0].hs": "7102.31",
    "lines[0].carats": "205.18",
    "lines[0].value": "41036.00",
    "lines[1].hs": "",
    "lines[1].carats": "",
    "lines[1].value": "",
    "parcels": "3",
    "sources[0].kind": "production_record",
    "sources[0].reference": "PR-2026-11",
    "sources[0].carats": "205.18",
    "not_conflict_diamonds": "",
    "synthetics_declared": "",
}
"""The headings of a table of applications, with an example below them; what is declared is nobody's example."""


class TooManyRows(errors.Refused):
    """The table has more applications than are taken at once."""

    code = "too-many-rows"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the report: where it stood, its draft if it made one, and what stands in its way."""

    place: str
    matter: Application | None
    mark: tuple[str, str]
    checks: list[Finding]
    may_be_lodged: bool = False
    mend: str = ""


@pages.page(Act.APPLICATION_DRAFT, post=True)
def upload(request: Request) -> HttpResponseBase:
    """Take a table, and make a draft of each of its rows."""
    choices = portal.choices(request)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = entering.UploadForm(*sent, **choices)
    if request.method == "POST" and form.is_valid():
        try:
            made = _made(request, form)
        except errors.MacleError as error:
            form.take(error)
        else:
            key = request.at.astimezone(UTC).strftime(_INSTANT)
            request.session[_KEPT] = {"key": key, "rows": [_kept(row) for row in made]}
            return HttpResponseRedirect(reverse("exporting:upload-report", args=[key]))
    context = {"form": form, "most": MOST_ROWS, "nobody": not choices["traders"], "headings": list(TEMPLATE)}
    return pages.render(
        request, "exporting/portal/upload.html", context, status=422 if request.method == "POST" else 200
    )


def _made(request: Request, form: entering.UploadForm) -> list[applications.Row]:
    file = form.cleaned_data["file"]
    data = file.read()
    count = len(tables.applications_in(data, queries.plain_name(file.name)))
    if count > MOST_ROWS:
        raise TooManyRows(
            _("The table has %(count)s applications.") % {"count": count},
            where="file",
            mend=_("Divide it into tables of up to %(most)s.") % {"most": MOST_ROWS},
        )
    return applications.upload(
        data=data,
        name=file.name,
        trader=form.chosen("trader"),
        office=form.chosen("office"),
        by=request.actor,
        at=request.at,
    )


def _kept(row: applications.Row) -> list[Any]:
    """Return of a row what the session keeps: its place, its draft, and why there is none."""
    said = [[each.rule, each.what[:300], each.mend[:300]] for each in row.breaches] if not row.reference else []
    return [row.place, row.reference, said]


@pages.page(Act.APPLICATION_DRAFT)
def template(request: Request) -> HttpResponseBase:  # noqa: ARG001 (the same for everybody)
    """Hand out a table with the headings and one example."""
    return matters.download(tables.to_csv(list(TEMPLATE), [list(TEMPLATE.values())]), "applications.csv", "text/csv")


@pages.page(Act.APPLICATION_DRAFT)
def report(request: Request, key: str) -> HttpResponseBase:
    """Show of each row of an upload its draft and what stands in its way."""
    rows = _rows(request, key)
    ready = [row for row in rows if row.may_be_lodged]
    context = {
        "key": key,
        "rows": rows,
        "ready": len(ready),
        "lodged": sum(row.matter is not None and row.matter.status not in portal.OPEN for row in rows),
        "stopped": sum(bool(row.checks) and not row.may_be_lodged for row in rows),
    }
    return pages.render(request, "exporting/portal/report.html", context)


@pages.page(Act.APPLICATION_LODGE, post=True)
def lodge_all(request: Request, key: str) -> HttpResponseBase:
    """Ask whether all that can be lodged of an upload is to be, and lodge it."""
    ready = [row.matter for row in _rows(request, key) if row.may_be_lodged and row.matter is not None]
    if request.method == "POST":
        lodged = sum(_lodge(request, matter) for matter in ready)
        messages.success(
            request,
            ngettext("%(count)s application is lodged.", "%(count)s applications are lodged.", lodged)
            % {"count": lodged},
        )
        return HttpResponseRedirect(reverse("exporting:upload-report", args=[key]))
    context = {
        "key": key,
        "ready": ready,
        "carats": Carats(sum(matter.carats_hundredths for matter in ready)),
        "value": USDollars(sum(matter.value_cents for matter in ready)),
    }
    return pages.render(request, "exporting/portal/lodge_all.html", context)


def _lodge(request: Request, matter: Application) -> bool:
    """Lodge one of many; one that a rule refuses meanwhile stays in the report and spoils only itself."""
    try:
        applications.lodge(reference=matter.reference, by=request.actor, at=request.at)
    except (RulesRefuse, errors.Conflict):
        return False
    return True


def _rows(request: Request, key: str) -> list[Row]:
    """Return the rows of an upload of this person, those without a draft as far as the session knows them."""
    try:
        at = datetime.strptime(key, _INSTANT).replace(tzinfo=UTC)
    except ValueError:
        raise Http404 from None
    own = queries.applications_of(request.actor).filter(
        channel=Channel.UPLOAD, begun_at=at, begun_by=request.actor.identifier
    )
    drafts = {matter.reference: matter for matter in queries.hiding(own, request.actor).order_by("pk")}
    kept = request.session.get(_KEPT, {})
    places = kept["rows"] if kept.get("key") == key else [["", reference, []] for reference in drafts]
    if not places:
        raise Http404
    return [_row(request, place, drafts.get(reference), said) for place, reference, said in places]


def _row(request: Request, place: str, matter: Application | None, said: Iterable[list[str]]) -> Row:
    if matter is None:
        breaches = [applications.unread(*each) for each in said]
        return Row(place, None, ("not-valid", _("Not read")), _checks(breaches))
    if matter.hidden:  # type: ignore[attr-defined]
        return Row(place, matter, (words.UNDER_EXAMINATION[0], str(words.UNDER_EXAMINATION[1])), [])
    if matter.status is not CertificateState.DRAFT:
        return Row(place, matter, words.mark(matter.state), [])
    breaches = applications.findings(matter, at=request.at)
    stops = any(each.outcome not in (Outcome.REVIEW, Outcome.HOLD) for each in breaches)
    mark = ("not-valid", _("Cannot be lodged")) if stops else ("waits", _("Can be lodged"))
    mend = reverse("exporting:check-answers", args=[matter.reference])
    return Row(place, matter, mark, _checks(breaches), may_be_lodged=not stops, mend=mend)


def _checks(breaches: Iterable[Breach]) -> list[Finding]:
    return [Finding(each, source_of(each)) for each in breaches]
