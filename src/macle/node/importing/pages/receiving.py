"""Receiving a shipment before its certificate, or goods that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from macle import errors
from macle.node.desk import pages
from macle.node.importing import forms, queries
from macle.node.importing.actions import receiving
from macle.node.importing.models import Way
from macle.node.permissions import Act

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request


@pages.page(Act.SHIPMENT_RECEIVE, post=True)
def receive(request: Request) -> HttpResponseBase:
    """Take a shipment into custody."""
    offices = sorted(request.actor.reach(Act.SHIPMENT_RECEIVE).offices)
    today = queries.day(offices[0], at=request.at)
    sent = request.POST if request.method == "POST" else None
    form = forms.ReceiveForm(sent, offices=offices, initial={"arrived_on": today})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            shipment = receiving.receive(
                office=given["office"],
                way=Way(given["way"]),
                arrived_on=given["arrived_on"],
                seals=given["seals"],
                customs_reference=given["customs_reference"] or "",
                importer_name=given["importer_name"] or "",
                remark=given["remark"] or "",
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            messages.success(request, _("%(reference)s is in custody.") % {"reference": shipment.reference})
            return HttpResponseRedirect(reverse("importing:shipment", args=[shipment.reference]))
    status = 422 if form.is_bound else 200
    return pages.render(request, "importing/receive.html", {"form": form}, status=status)
