"""Validating: the exact document on the screen, then fresh consent, then the signature.

A page that is only asked for writes nothing: what will be signed is prepared by a button, and shown to whoever signs or
approves it. The three levels of consent differ in what is asked beside the document: password and code, the PIN of a
token, or a passkey that signs the document's identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from macle import errors
from macle.node.accounts import consent, passkeys
from macle.node.desk import pages
from macle.node.exporting import forms, printing, queries
from macle.node.exporting.actions import desk, steps, validation
from macle.node.exporting.pages import matters
from macle.node.permissions import Act
from macle.node.registry import queries as registry
from macle.proof import codec, keys
from macle.scheme.certificates import ConsentLevel, ValidationKind
from macle.scheme.lifecycle import CertificateAct

if TYPE_CHECKING:
    from datetime import datetime

    from django.http.response import HttpResponseBase

    from macle.node.accounts.consent import Consent
    from macle.node.desk.forms import Form
    from macle.node.desk.pages import Request
    from macle.node.exporting.models import Application, Intent
    from macle.node.registry.models import Official

FORMS: dict[ConsentLevel, type[Form]] = {
    ConsentLevel.PILOT: forms.ConsentForm,
    ConsentLevel.TOKEN: forms.TokenForm,
    ConsentLevel.BOUND: forms.BoundForm,
}


class Standing(Protocol):
    """What is prepared to be signed, of whichever desk."""

    identity: str
    prepared_at: datetime
    consented_at: datetime | None


@pages.page(Act.CERTIFICATE_VALIDATE, post=True)
def validate(request: Request, reference: str) -> HttpResponseBase:
    """Prepare what will be signed, show it, and sign or approve it with consent."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.CERTIFICATE_VALIDATE, office=matter.office)
    steps.require_allowed(matter, CertificateAct.VALIDATE)
    _refuse_examiner(request, matter)
    official = registry.official_of(request.actor.identifier, at=request.at)
    if official.level is ConsentLevel.BOUND and not passkeys.has_one(request.actor.identifier):
        return _without_passkey(request, matter)
    sent = request.POST if request.method == "POST" else None
    if sent is not None and sent.get("do") == "prepare":
        return _prepared(request, matter, official)
    intent = _standing(request, matter)
    if intent is None or official.holder not in (intent.holder, intent.second):
        return _to_prepare(request, matter, official, intent, _prepare_form(request, matter, official, None))
    if sent is None:
        return _shown(request, intent, official, FORMS[official.level](initial={"identity": intent.identity}))
    form = FORMS[official.level](sent)
    if form.is_valid():
        try:
            return _consented(request, intent, official, form.cleaned_data)
        except errors.MacleError as error:
            form.take(error)
    return _shown(request, intent, official, form, status=422)


def _refuse_examiner(request: Request, matter: Application) -> None:
    if not queries.may_validate(matter, request.actor, at=request.at):
        raise desk.FourEyes(
            "You examined this shipment, and nobody validates what they examined.",
            where="official",
            mend="Another validating official of the office does it.",
        )


def _without_passkey(request: Request, matter: Application) -> HttpResponse:
    """Lead an official who consents by passkey, and has none, to where one is added."""
    return pages.render(
        request, "exporting/without_passkey.html", {"matter": matter}, status=200 if request.method != "POST" else 422
    )


def _standing(request: Request, matter: Application) -> Intent | None:
    """Return what is prepared and still good to be signed."""
    try:
        return validation.intent_of(matter, at=request.at)
    except (validation.IntentMissing, validation.IntentTooOld):
        return None


def _prepare_form(request: Request, matter: Application, official: Official, sent: Any) -> Form:  # noqa: ANN401
    """Return the form that asks what the kind of validation needs beside the official who signs."""
    kind = ValidationKind[queries.validation_kind(queries.profile(matter.office, at=request.at)).upper()]
    others = [
        (each.identifier, f"{each.name}, {each.office}")
        for each in registry.officials(at=request.at)
        if each.identifier not in (official.identifier, matter.examined_by)
        and (each.office == matter.office) is (kind is not ValidationKind.SECOND_OFFICIAL_ELSEWHERE)
    ]
    return forms.PrepareForm(sent, kind=kind, others=others)


def _prepared(request: Request, matter: Application, official: Official) -> HttpResponseBase:
    form = _prepare_form(request, matter, official, request.POST)
    if form.is_valid():
        try:
            validation.prepare(
                reference=matter.reference,
                by=request.actor,
                at=request.at,
                second=form.cleaned_data.get("second") or "",
                customs_reference=form.cleaned_data.get("customs_reference") or "",
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return HttpResponseRedirect(reverse("exporting:validate", args=[matter.reference]))
    return _to_prepare(request, matter, official, _standing(request, matter), form, status=422)


def _to_prepare(
    request: Request,
    matter: Application,
    official: Official,
    intent: Intent | None,
    form: Form,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "matter": matter,
        "official": official,
        "form": form,
        "other": intent,
        "read": queries.examined(matter, at=request.at).application,
        "examination": matter.examinations.first(),
        "checks": matters.checks_of(matter, at=request.at),
    }
    return pages.render(request, "exporting/prepare.html", context, status=status)


def _consented(request: Request, intent: Intent, official: Official, given: dict[str, Any]) -> HttpResponseRedirect:
    """Sign, or approve as the second official, with the consent that was given."""
    proof = proof_of(request, official.level, given)
    what: dict[str, Any] = {
        "reference": intent.application.reference,
        "identity": given["identity"],
        "secret": given["secret"],
        "consent": proof,
        "by": request.actor,
        "at": request.at,
    }
    if official.holder == intent.second:
        validation.approve(**what)
        messages.success(request, _("You approved it. %(holder)s signs it now.") % {"holder": intent.holder})
        return HttpResponseRedirect(reverse("exporting:application", args=[intent.application.reference]))
    certificate = validation.validate(**what)
    messages.success(request, _("%(number)s is validated.") % {"number": certificate.number})
    return HttpResponseRedirect(reverse("exporting:certificate", args=[certificate.number.replace("/", "_")]))


def proof_of(request: Request, level: ConsentLevel, given: dict[str, Any]) -> Consent | None:
    """Return the consent that was given just now; the PIN of a token is its own proof."""
    if level is ConsentLevel.TOKEN:
        return None
    challenge = bytes.fromhex(given["identity"])
    if level is ConsentLevel.BOUND:
        return consent.given_bound(
            user_identifier=request.actor.identifier,
            challenge=challenge,
            response=consent.read_response(given["credential"]),
            at=request.at,
        )
    return consent.given(
        user_identifier=request.actor.identifier,
        password=given["password"],
        code=given["code"],
        challenge=challenge,
        at=request.at,
    )


def consent_to(
    request: Request,
    intent: Standing,
    official: Official,
    form: Form,
) -> dict[str, Any]:
    """Return what a page shows beside an exact document: what is consented to, until when, and how."""
    identity = bytes.fromhex(intent.identity)
    is_bound = official.level is ConsentLevel.BOUND
    return {
        "intent": intent,
        "form": form,
        "fingerprint": " ".join(keys.words_of(identity)),
        "until": intent.prepared_at + validation.INTENT_LIFE,
        "level": official.level.name.lower(),
        "is_begun": intent.consented_at is not None,
        "is_bound": is_bound,
        "passkey": {
            "request_options": consent.begin_bound(user_identifier=request.actor.identifier, challenge=identity)
        }
        if is_bound
        else None,
    }


def _shown(request: Request, intent: Intent, official: Official, form: Form, *, status: int = 200) -> HttpResponse:
    certificate = codec.decode_certificate(bytes(intent.payload))
    approved = list(intent.approvals.values_list("holder", flat=True))
    approves = official.holder == intent.second
    context = consent_to(request, intent, official, form) | {
        "matter": intent.application,
        "shown": {"certificate": certificate, "code": None, "identity": intent.identity},
        "approves": approves,
        "has_approved": approves and official.holder in approved,
        "waits_for": "" if approves or not intent.second or intent.second in approved else intent.second,
    }
    return pages.render(request, "exporting/validate.html", context, status=status)


@pages.page(Act.CERTIFICATE_VALIDATE)
def document(request: Request, reference: str) -> HttpResponseBase:
    """Show the document that is about to be signed as it will be printed, without code and stamp."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.CERTIFICATE_VALIDATE, office=matter.office)
    intent = validation.intent_of(matter, at=request.at)
    pdf = printing.preview(validation.unsigned(intent), at=request.at)
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = 'inline; filename="to-be-signed.pdf"'
    return answer
