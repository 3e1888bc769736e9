"""Validating: the exact document on the screen, then fresh consent, then the signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from macle import errors
from macle.node.accounts import consent
from macle.node.desk import pages
from macle.node.exporting import forms, printing, queries
from macle.node.exporting.actions import validation
from macle.node.permissions import Act
from macle.node.registry import queries as registry
from macle.proof import codec, keys
from macle.scheme.certificates import ConsentLevel

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request
    from macle.node.exporting.models import Intent


@pages.page(Act.CERTIFICATE_VALIDATE, post=True)
def validate(request: Request, reference: str) -> HttpResponseBase:
    """Show exactly what would be signed, and sign it once the official consents to it."""
    matter = queries.application(reference, request.actor)
    official = registry.official_of(request.actor.identifier, at=request.at)
    form_class = forms.TokenForm if official.level is ConsentLevel.TOKEN else forms.ConsentForm
    if request.method != "POST":
        intent = validation.prepare(reference=reference, by=request.actor, at=request.at)
        return _shown(request, intent, form_class(initial={"identity": intent.identity}))
    form = form_class(request.POST)
    if form.is_valid():
        try:
            given = _consent(request, official.level, form.cleaned_data)
            certificate = validation.validate(
                reference=reference,
                identity=form.cleaned_data["identity"],
                secret=form.cleaned_data["secret"],
                consent=given,
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            messages.success(request, _("%(number)s is validated.") % {"number": certificate.number})
            return HttpResponseRedirect(reverse("exporting:certificate", args=[certificate.number.replace("/", "_")]))
    intent = validation.intent_of(matter, at=request.at)
    return _shown(request, intent, form, status=422)


def _consent(request: Request, level: ConsentLevel, given: dict[str, Any]) -> dict[str, Any]:
    """Return as plain data what proves the consent; the PIN of a token is its own proof."""
    if level is ConsentLevel.TOKEN:
        return {"level": int(level)}
    proved = consent.given(
        user_identifier=request.actor.identifier,
        password=given["password"],
        code=given["code"],
        challenge=bytes.fromhex(given["identity"]),
        at=request.at,
    )
    return {"level": int(proved.level), "by": proved.by, "at": proved.at.isoformat()}


def _shown(request: Request, intent: Intent, form: Any, *, status: int = 200) -> HttpResponse:  # noqa: ANN401
    certificate = codec.decode_certificate(bytes(intent.payload))
    identity = bytes.fromhex(intent.identity)
    context = {
        "matter": intent.application,
        "intent": intent,
        "shown": {"certificate": certificate, "code": None, "identity": intent.identity},
        "form": form,
        "fingerprint": " ".join(keys.words_of(identity)),
        "until": intent.prepared_at + validation.INTENT_LIFE,
        "level": ConsentLevel(intent.level).name.lower(),
        "is_begun": intent.consented_at is not None,
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
