"""The one screen of customs where goods enter: look at the certificate, hand the goods over under seal, or stop them.

Looking writes nothing and uses no number: only an importing official presents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from macle import errors
from macle.node.desk import pages
from macle.node.importing import forms, judging
from macle.node.importing.actions import receiving
from macle.node.importing.pages import presenting, reports
from macle.node.permissions import Act
from macle.node.registry import queries as registry

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request
    from macle.node.importing.pages.reports import Seen


@pages.page(Act.SHIPMENT_HAND_OVER, post=True)
def border(request: Request) -> HttpResponseBase:
    """Look at what was brought, and hand the goods over or stop them."""
    if request.method == "POST" and request.POST.get("do") in {"hand over", "stop"}:
        return _handed_over(request)
    look = forms.BringForm(request.POST, request.FILES) if request.method == "POST" else forms.BringForm()
    seen, number, is_known = None, "", False
    if look.is_bound and look.is_valid():
        number = presenting.number_in(look.cleaned_data["what"])
        try:
            seen = None if number else _seen(request, look)
            number = seen.number if seen else number
            is_known = True
        except errors.MacleError as error:
            look.take(error)
    return _shown(request, look, _form(request, number=number), seen=seen, number=number, is_known=is_known)


def _seen(request: Request, look: forms.BringForm) -> Seen:
    upload = look.cleaned_data.get("file")
    data = upload.read() if upload else str(look.cleaned_data["what"]).strip().encode()
    carried = presenting.only(judging.brought(data))
    report = judging.report(carried, office=_offices(request)[0], at=request.at)
    return reports.seen_of(report, importing=settings.CONFIGURATION.participant)


def _offices(request: Request) -> list[str]:
    return list(registry.offices(at=request.at).order_by("name").values_list("name", flat=True))


def _form(request: Request, *, number: str = "") -> forms.BorderForm:
    sent = request.POST if request.POST.get("do") in {"hand over", "stop"} else None
    return forms.BorderForm(sent, offices=_offices(request), initial={"announced": number})


def _handed_over(request: Request) -> HttpResponseBase:
    form = _form(request)
    if form.is_valid():
        given = form.cleaned_data
        is_stopped = request.POST["do"] == "stop"
        try:
            shipment = receiving.hand_over(
                office=given["office"],
                is_stopped=is_stopped,
                seals=given["seals"],
                announced=given["announced"] or "",
                customs_reference=given["customs_reference"] or "",
                remark=given["remark"] or "",
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            said = _("Stopped: %(office)s decides.") if is_stopped else _("Handed over to %(office)s.")
            messages.success(request, f"{said % {'office': shipment.office}} {shipment.reference}")
            return HttpResponseRedirect(reverse("importing:border"))
    number = str(form.cleaned_data.get("announced") or "")
    return _shown(request, forms.BringForm(), form, seen=None, number=number, is_known=True)


def _shown(
    request: Request,
    look: forms.BringForm,
    form: forms.BorderForm,
    *,
    seen: Seen | None,
    number: str,
    is_known: bool,
) -> HttpResponseBase:
    is_wrong = bool((look.is_bound and look.errors) or (form.is_bound and form.errors))
    context = {"look": look, "form": form, "seen": seen, "number": number, "is_known": is_known}
    return pages.render(request, "importing/border.html", context, status=422 if is_wrong else 200)
