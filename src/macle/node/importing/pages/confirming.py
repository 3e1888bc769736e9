"""Confirming an import: the exact confirmation on the screen, then fresh consent, then the signature.

As where a certificate is validated, a page that is only asked for writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from macle import errors
from macle.node.accounts import passkeys
from macle.node.desk import pages
from macle.node.desk import words as desk_words
from macle.node.exporting import printing
from macle.node.exporting.pages import validating
from macle.node.importing import forms, queries, words
from macle.node.importing.actions import confirming
from macle.node.importing.pages import acts
from macle.node.permissions import Act
from macle.node.registry import queries as registry
from macle.proof import codec
from macle.scheme.certificates import ConsentLevel

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.desk.forms import Form
    from macle.node.desk.pages import Request
    from macle.node.importing.models import Intent, Shipment
    from macle.node.registry.models import Official


@pages.page(Act.IMPORT_CONFIRM, post=True)
def confirm(request: Request, reference: str) -> HttpResponseBase:
    """Prepare the confirmation, show it, and sign it with consent."""
    shipment = acts.reached(request, reference, Act.IMPORT_CONFIRM)
    confirming.released(shipment)
    official = registry.official_of(request.actor.identifier, at=request.at)
    if official.level is ConsentLevel.BOUND and not passkeys.has_one(request.actor.identifier):
        status = 422 if request.method == "POST" else 200
        return pages.render(request, "importing/without_passkey.html", {"shipment": shipment}, status=status)
    sent = request.POST if request.method == "POST" else None
    if sent is not None and sent.get("do") == "prepare":
        return _prepared(request, shipment)
    intent = confirming.intent_of(shipment, at=request.at)
    if intent is None or intent.holder != official.holder:
        return _to_prepare(request, shipment, intent, forms.RemarkForm())
    form_of = validating.FORMS[official.level]
    if sent is None:
        return _shown(request, shipment, intent, official, form_of(initial={"identity": intent.identity}))
    form = form_of(sent)
    if form.is_valid():
        given = form.cleaned_data
        try:
            confirming.confirm(
                reference=reference,
                identity=given["identity"],
                secret=given["secret"],
                consent=validating.proof_of(request, official.level, given),
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            issuer = desk_words.participant(shipment.issuer)
            messages.success(request, _("The confirmation is signed, and on its way to %(name)s.") % {"name": issuer})
            return HttpResponseRedirect(reverse("importing:shipment", args=[reference]))
    return _shown(request, shipment, intent, official, form, status=422)


def _prepared(request: Request, shipment: Shipment) -> HttpResponseBase:
    form = forms.RemarkForm(request.POST)
    if form.is_valid():
        try:
            confirming.prepare(
                reference=shipment.reference, remark=form.cleaned_data["remark"] or "", by=request.actor, at=request.at
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return HttpResponseRedirect(reverse("importing:confirm", args=[shipment.reference]))
    return _to_prepare(request, shipment, confirming.intent_of(shipment, at=request.at), form, status=422)


def _to_prepare(
    request: Request, shipment: Shipment, other: Intent | None, form: Form, *, status: int = 200
) -> HttpResponse:
    context = {
        "shipment": shipment,
        "form": form,
        "other": other,
        "inspection": shipment.inspections.first(),
        "channel": queries.profile(shipment.office, at=request.at).confirmation,
    }
    return pages.render(request, "importing/prepare.html", context, status=status)


def _shown(
    request: Request, shipment: Shipment, intent: Intent, official: Official, form: Form, *, status: int = 200
) -> HttpResponse:
    confirmation = codec.decode_confirmation(bytes(intent.payload))
    context = validating.consent_to(request, intent, official, form) | {
        "shipment": shipment,
        "c": confirmation,
        "rows": words.compared(confirmation),
        "seals": words.SEALS[confirmation.seals],
        "result": words.RESULTS[confirmation.result],
    }
    return pages.render(request, "importing/confirm.html", context, status=status)


@pages.page(Act.SHIPMENT_READ)
def slip(request: Request, reference: str) -> HttpResponseBase:
    """Hand out the confirmation as PDF, with the signed object in it."""
    shipment = queries.shipment(reference, request.actor)
    confirmed = queries.confirmation_of(shipment)
    if confirmed is None:
        raise queries.no_shipment()
    data = bytes(confirmed.content.cose)
    answer = HttpResponse(
        printing.confirmation(data, office=shipment.office, at=request.at), content_type="application/pdf"
    )
    number = shipment.number.replace("/", "-")
    answer["Content-Disposition"] = f'attachment; filename="{number}-confirmation.pdf"'
    return answer
