"""Validating in two calls: prepare exactly what will be signed, then consent to exactly that.

The consent is asked as at the page: password, code and the key's passphrase; the token's PIN; or a passkey that signs
the challenge, and the key's passphrase.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import TYPE_CHECKING

from django.http import HttpResponse

from macle.node.accounts import consent
from macle.node.exporting import printing, queries
from macle.node.exporting.actions import validation
from macle.node.exporting.api import shown
from macle.node.exporting.pages import validating
from macle.node.interface.bearer import Asked
from macle.node.interface.fields import Flag, Given, Identity, Line, Plain, Secret, Shown
from macle.node.interface.routes import PDF, Routes, file
from macle.node.permissions import Act
from macle.node.registry import queries as registry
from macle.proof import codec, keys, views
from macle.scheme.certificates import ConsentLevel

if TYPE_CHECKING:
    from macle.node.accounts.consent import Consent
    from macle.node.exporting.models import Intent

routes = Routes("Validation")


class Prepare(Given):
    """What the kind of validation needs beside the official who signs."""

    second: Line = ""
    """The identifier of the other official, where two validate."""
    customs_reference: Line = ""


class Prepared(Shown):
    """What is prepared: exactly what would be signed."""

    application: str
    number: str
    identity: str
    """SHA-256 of what would be signed, in hexadecimal: what is consented to."""
    challenge: str
    """The same in base64url, for navigator.credentials.get."""
    passkey: Plain | None
    """The options for it; null unless this official consents by passkey."""
    fingerprint: str
    """The same in words, to compare by eye."""
    level: str
    """What the consent needs: pilot, token or bound."""
    holder: str
    """Whose key signs."""
    second: str
    """Whose key approves first; empty where one official validates."""
    approved_by: list[str]
    is_begun: Flag
    """Whether somebody consented already: then only these bytes are signed."""
    until: datetime
    """How long it may be consented to."""
    certificate: Plain
    """The JSON view."""


class GiveConsent(Given):
    """An official's consent to exactly one document."""

    identity: Identity
    """That of the document that was looked at."""
    secret: Secret
    """The passphrase of the official's key, or the PIN of the token that holds it."""
    password: Secret = ""
    """At the level pilot."""
    code: Line = ""
    """At the level pilot: six figures of the authenticator."""
    credential: Plain | None = None
    """At the level bound: what navigator.credentials.get answered, its bytes in base64url."""


class Approved(Shown):
    """The approval of a further official."""

    identity: str
    holder: str
    at: datetime


def prepared(intent: Intent, request: Asked) -> Prepared:
    """Return what is prepared, for the official who asks."""
    identity = bytes.fromhex(intent.identity)
    official = registry.official_of(request.actor.identifier, at=request.at)
    is_bound = official.level is ConsentLevel.BOUND
    return Prepared(
        application=intent.application.reference,
        number=intent.number,
        identity=intent.identity,
        challenge=base64.urlsafe_b64encode(identity).decode().rstrip("="),
        passkey=consent.begin_bound(user_identifier=request.actor.identifier, challenge=identity) if is_bound else None,
        fingerprint=" ".join(keys.words_of(identity)),
        level=official.level.name.lower(),
        holder=intent.holder,
        second=intent.second,
        approved_by=sorted(intent.approvals.values_list("holder", flat=True)),
        is_begun=intent.consented_at is not None,
        until=intent.prepared_at + validation.INTENT_LIFE,
        certificate=views.certificate_to_json(codec.decode_certificate(bytes(intent.payload))),
    )


def proof(given: GiveConsent, request: Asked) -> Consent | None:
    """Return the consent that was given just now; the PIN of a token is its own proof.

    Raises `macle.node.accounts.consent.ConsentRefused`.
    """
    official = registry.official_of(request.actor.identifier, at=request.at)
    fields = given.model_dump() | {"credential": json.dumps(given.credential)}
    return validating.proof_of(request, official.level, fields)


def _standing(request: Asked, reference: str) -> Intent:
    """Return what is prepared, for who signs it, or for the further official whom it names."""
    for waiting in validation.to_approve(request.actor, at=request.at):
        if waiting.application.reference == reference:
            return waiting
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.CERTIFICATE_VALIDATE, office=matter.office)
    return validation.intent_of(matter, at=request.at)


@routes.writes("/applications/{reference}/validation", Act.CERTIFICATE_VALIDATE, whole=False)
def prepare_validation(request: Asked, reference: str, given: Prepare) -> Prepared:
    """Make exactly what this official would sign; every rule is asked."""
    intent = validation.prepare(
        reference=reference,
        second=given.second,
        customs_reference=given.customs_reference,
        by=request.actor,
        at=request.at,
    )
    return prepared(intent, request)


@routes.reads("/applications/{reference}/validation", Act.CERTIFICATE_VALIDATE)
def read_validation(request: Asked, reference: str) -> Prepared:
    """Read what is prepared."""
    return prepared(_standing(request, reference), request)


@routes.reads("/applications/{reference}/validation/document", Act.CERTIFICATE_VALIDATE, file=PDF)
def read_document(request: Asked, reference: str) -> HttpResponse:
    """Read the document that is about to be signed, as it will be printed, without code and stamp."""
    intent = _standing(request, reference)
    return file(printing.preview(validation.unsigned(intent), at=request.at), "to-be-signed.pdf", PDF)


@routes.writes("/applications/{reference}/validation/approve", Act.CERTIFICATE_VALIDATE, whole=False)
def approve_validation(request: Asked, reference: str, given: GiveConsent) -> Approved:
    """Consent as the further official: an approval signed with their own key."""
    _standing(request, reference)
    made = validation.approve(
        reference=reference,
        identity=given.identity,
        secret=given.secret,
        consent=proof(given, request),
        by=request.actor,
        at=request.at,
    )
    return Approved(identity=given.identity, holder=made.holder, at=made.at)


@routes.writes("/applications/{reference}/validation/sign", Act.CERTIFICATE_VALIDATE, whole=False)
def sign_certificate(request: Asked, reference: str, given: GiveConsent) -> shown.Certificate:
    """Consent, sign exactly what was consented to, and record it; the partner's letter leaves with it."""
    _standing(request, reference)
    signed = validation.validate(
        reference=reference,
        identity=given.identity,
        secret=given.secret,
        consent=proof(given, request),
        by=request.actor,
        at=request.at,
    )
    return shown.certificate(signed, hidden=False)
