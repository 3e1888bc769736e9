"""The pages of auditors and administrators: searching the audit, one line, whether it holds, holds, and dossiers."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from macle import errors
from macle.node.audit import actions, checks, dossiers, queries
from macle.node.audit.forms import LiftForm, PlaceForm, SearchForm
from macle.node.audit.models import Line
from macle.node.desk import pages
from macle.node.permissions import Act

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request

ROWS: Final = 50
MOST_FAULTS: Final = 100
"""Faults that a page shows; the command line shows all."""


class LineMissing(errors.NotFound):
    """The audit has no such line."""

    code = "line-missing"


@pages.page(Act.AUDIT_SEARCH)
def search(request: Request) -> HttpResponse:
    """Show the lines that were asked for, newest first; all of them where nothing was asked."""
    form = SearchForm(request.GET or None)
    asked = form.cleaned_data if form.is_valid() else {}
    found = queries.search(
        subject=asked.get("subject") or "",
        actor=asked.get("actor") or "",
        tag=asked.get("tag") or "",
        since=_midnight(asked.get("since")),
        until=_midnight(asked.get("until"), days=1),
    )
    if form.is_bound and not form.is_valid():
        found = found.none()
    shown = Paginator(found, ROWS).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": shown,
        "subject": asked.get("subject") or "",
        "heads": queries.heads(),
        "names": _names(each.actor for each in shown.object_list),
    }
    return pages.render(request, "audit/search.html", context)


def _names(identifiers: Iterable[str]) -> dict[str, str]:
    """Return the name of each person whom the lines know by an identifier."""
    people = get_user_model().objects.filter(identifier__in=set(identifiers))
    return dict(people.values_list("identifier", "name"))


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=days), time(), UTC)


@pages.page(Act.AUDIT_SEARCH)
def line(request: Request, number: int) -> HttpResponse:
    """Show one line with its facts, its digest, and the way to its neighbors."""
    found = Line.objects.filter(chain_id=settings.CONFIGURATION.participant, number=number).first()
    if found is None:
        raise LineMissing(_("The audit has no such line."), where="number", mend=_("Look for it by its subject."))
    held = queries.is_held(found.subject, at=request.at)
    context = {
        "line": found,
        "digest": bytes(found.digest).hex(),
        "facts": sorted(found.facts.items()),
        "held": held,
        "names": _names([found.actor]),
    }
    return pages.render(request, "audit/line.html", context)


@pages.page(Act.AUDIT_SEARCH)
def verify(request: Request) -> HttpResponse:
    """Verify the whole audit now, and say what was found."""
    found = list(itertools.islice(queries.faults(), MOST_FAULTS))
    amiss = list(itertools.islice(checks.findings(), MOST_FAULTS))
    context = {"faults": found, "findings": amiss, "holds": checks.sentences(), "heads": queries.heads()}
    return pages.render(request, "audit/verify.html", context)


@pages.page(Act.AUDIT_EXPORT, post=True)
def export(request: Request) -> HttpResponseBase:
    """Send the whole file of a subject; the export is an act, so a form asks for it."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("audit:search"))
    subject = request.POST.get("subject", "").strip()
    file = dossiers.dossier(subject, by=request.actor, at=request.at)
    name = f"{subject.replace(':', '-')}-{request.at:%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


@pages.page(Act.AUDIT_SEARCH)
def holds(request: Request) -> HttpResponse:
    """Show the legal holds: those that stand first."""
    shown = Paginator(queries.holds().order_by("-until", "-since", "-pk"), ROWS).get_page(request.GET.get("page"))
    people = _names(name for each in shown.object_list for name in (each.placed_by, each.lifted_by))
    return pages.render(request, "audit/holds.html", {"page": shown, "names": people})


@pages.page(Act.HOLD_PLACE, post=True)
def place(request: Request) -> HttpResponse:
    """Place a hold."""
    form = PlaceForm(request.POST or None, initial={"subject": request.GET.get("subject", "")})
    if request.method == "POST" and form.is_valid():
        try:
            actions.place_hold(**form.cleaned_data, by=request.actor, at=request.at)
        except errors.Malformed as error:
            form.take(error)
        else:
            messages.success(request, _("The hold stands: nothing of it is erased."))
            return HttpResponseRedirect(reverse("audit:holds"))
    return pages.render(
        request, "audit/reason.html", {"form": form, "heading": _("Place a hold"), "act": _("Place the hold")}
    )


@pages.page(Act.HOLD_LIFT, post=True)
def lift(request: Request, hold: int) -> HttpResponse:
    """Lift a hold."""
    form = LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.lift_hold(hold=hold, **form.cleaned_data, by=request.actor, at=request.at)
        except errors.Malformed as error:
            form.take(error)
        else:
            messages.success(request, _("The hold is lifted. What another hold keeps is still kept."))
            return HttpResponseRedirect(reverse("audit:holds"))
    held = queries.holds().filter(pk=hold).first()
    context = {"form": form, "heading": _("Lift the hold"), "act": _("Lift the hold"), "hold": held}
    return pages.render(request, "audit/reason.html", context)
