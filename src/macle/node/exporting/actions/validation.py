"""Validating: from a sealed container to a signed certificate.

The steps are numbered once; the numbers stand at the code.

1. Prepare: every rule is asked, the exact payload and full record are made, their identity is computed, and what will
   print is rehearsed. The intent is written down, with its line in the audit. An older intent that nobody consented to
   is superseded.
2. Consent: the official sees exactly this document and authenticates afresh; a further official, where the profile asks
   for two, has approved its identity before. The consent is written down before anybody signs.
3. Sign: outside any transaction, through `macle.proof.issuing.validate`, with the official's own key, which is opened
   for this one signature. The identity must be that of the intent.
4. Record: signed bytes, step, line of the audit and letter to the partner, together. Signed bytes leave the process
   only now.

After a power cut between 2 and 4 the same payload is signed again, with fresh consent, or the number is voided: nothing
else is ever signed under it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from macle import errors
from macle.node.exporting import drafting, printing, queries
from macle.node.exporting.actions import desk, numbers, posting, steps
from macle.node.exporting.models import Application, Approval, Certificate, Content, Intent, Number, Use
from macle.node.permissions import Act
from macle.node.registry import keys as node_keys
from macle.node.registry import queries as registry
from macle.proof import codec, issuing, trust
from macle.proof.keys import Usage
from macle.scheme import applications, lifecycle, rules
from macle.scheme.certificates import ConsentLevel, ProfileReference, ValidationKind
from macle.scheme.lifecycle import CertificateAct, CertificateState
from macle.scheme.rules import Stage

if TYPE_CHECKING:
    from datetime import datetime

    from macle.node.accounts.consent import Consent
    from macle.node.permissions import Actor
    from macle.node.registry.models import Official
    from macle.proof.cose import Signed
    from macle.scheme.certificates import Certificate as TypedCertificate
    from macle.scheme.rules.settings import IssuingSetting

INTENT_LIFE = timedelta(minutes=15)
"""How long an official may look at a prepared certificate before its instant is too old."""

CONSENT_LIFE = timedelta(minutes=5)
"""How long after it was given a consent still serves."""

STATEMENT = "core"
"""The id of the printed statement: the text of the Core Document."""


class IntentMissing(errors.Conflict):
    """Nothing is prepared to be signed, or something else is by now."""

    code = "intent-missing"


class IntentTooOld(errors.Conflict):
    """What was prepared was prepared too long ago."""

    code = "intent-too-old"


class KeyDiffers(errors.Conflict):
    """The key that was opened is not the one for which the certificate was prepared."""

    code = "key-differs"


class ReplacedElsewhere(errors.Conflict):
    """The certificate that is to be replaced cannot be replaced any more."""

    code = "replaced-elsewhere"


class ApprovedAlready(errors.Conflict):
    """This official has approved it."""

    code = "approved-already"


class ConsentMissing(errors.NotPermitted):
    """An official's consent that the profile asks for is not there."""

    code = "consent-missing"


class IdentityDiffers(errors.Conflict):
    """What was signed is not what was consented to."""

    code = "identity-differs"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A certificate that every rule allows, as it will be signed, and the setting in which it was judged."""

    certificate: TypedCertificate
    setting: IssuingSetting
    unsigned: Signed
    record: bytes


# --- 1. Prepare ----------------------------------------------------------------------------------------


def prepare(*, reference: str, by: Actor, at: datetime, customs_reference: str = "", second: str = "") -> Intent:
    """Make exactly what this official would sign, and write the intent down.

    ``second`` is the identifier of the other official where two validate. What was consented to and not recorded is
    prepared again as it was. Raises `macle.scheme.rules.RulesRefuse`, `desk.FourEyes` or `KeyNotPermitted`.
    """
    application = steps.reached(reference, Act.CERTIFICATE_VALIDATE, by, lock=False)
    steps.require_allowed(application, CertificateAct.VALIDATE)
    _four_eyes(application, by, at=at)
    _require_replaceable(application)
    standing = _consented(application)
    if standing is not None:
        return standing
    official = registry.official_of(by.identifier, at=at)
    prepared = _prepared(application, official, at=at, customs_reference=customs_reference, second=second, by=by)
    printing.rehearse(prepared.unsigned, at=at)
    with transaction.atomic():
        application = steps.locked(reference)
        steps.require_allowed(application, CertificateAct.VALIDATE)
        if _consented(application) is not None:
            raise IntentMissing(
                "Somebody consented to it in the meantime.", where="reference", mend="Look at the certificate again."
            )
        application.intents.filter(superseded_at=None).update(superseded_at=at)
        intent = Intent.objects.create(
            application=application,
            number=application.number,
            identity=prepared.unsigned.identity.hex(),
            payload=prepared.unsigned.payload,
            record=prepared.record,
            key_id=prepared.unsigned.header.key_id.hex(),
            holder=official.holder,
            second=next(iter(set(prepared.certificate.validation.officials) - {official.holder}), ""),
            level=int(official.level),
            validated_at=at,
            prepared_at=at,
            prepared_by=by.identifier,
        )
        steps.note(
            application,
            tag=Act.CERTIFICATE_VALIDATE,
            by=by,
            at=at,
            facts={"intent": intent.identity, "key_id": intent.key_id},
        )
    return intent


def _require_replaceable(application: Application) -> None:
    """Raise `ReplacedElsewhere` unless the certificate that this one replaces, if any, can still be replaced."""
    old = application.replaces
    if old is not None and not any(row.act is CertificateAct.REPLACE for row in lifecycle.allowed(old.status)):
        raise ReplacedElsewhere(
            f"{old.number} is {lifecycle.in_words(old.status)} and cannot be replaced.",
            where="reference",
            mend="Void this number.",
        )


def _four_eyes(application: Application, by: Actor, *, at: datetime) -> None:
    if not queries.may_validate(application, by, at=at):
        raise desk.FourEyes(
            "You examined this shipment, and nobody validates what they examined.",
            where="official",
            mend="Another validating official of the office does it.",
            facts={"examined_by": application.examined_by},
        )


def _consented(application: Application) -> Intent | None:
    return application.intents.filter(superseded_at=None, consented_at__isnull=False).first()


def _prepared(
    application: Application,
    official: Official,
    *,
    by: Actor,
    at: datetime,
    customs_reference: str,
    second: str,
) -> Prepared:
    law = queries.profile(application.office, at=at)
    today = law.day_of(at, office=application.office)
    number = Number.objects.get(number=application.number)
    kind = queries.validation_kind(law)
    holders = [official.holder]
    named = ValidationKind[kind.upper()]
    if named in (ValidationKind.TWO_OFFICIALS, ValidationKind.SECOND_OFFICIAL_ELSEWHERE):
        other = _second(second, by=by, at=at)
        if (other.office == application.office) is (named is ValidationKind.SECOND_OFFICIAL_ELSEWHERE):
            raise ConsentMissing(
                f"{other.holder} is an official of {other.office}.",
                where="second",
                mend="Choose an official of this office."
                if named is ValidationKind.TWO_OFFICIALS
                else "Choose an official of another office.",
            )
        if not law.four_eyes or other.identifier != application.examined_by:
            holders.append(other.holder)
        else:
            raise desk.FourEyes(
                "The other official examined this shipment, and nobody validates what they examined.",
                where="second",
                mend="Choose another one.",
                facts={"examined_by": application.examined_by},
            )
    closing = drafting.Closing(
        number=application.number,
        status_index=number.status_index,
        seals=application.seals,
        issued_on=today,
        expires_on=queries.expiry(law, today),
        kind=kind,
        officials=holders,
        reference=customs_reference,
    )
    examined = queries.examined(application, at=at, closing=closing)
    stopping = desk.unreleased(application, queries.breaches(application, at=at, closing=closing))
    if stopping or examined.setting is None:
        raise rules.RulesRefuse(stopping)
    record = full_record(application, closing, at=at)
    certificate = applications.to_certificate(
        replace(examined.application, date_of_expiry=closing.expires_on),
        validated_at=at,
        expires_at=law.end_of(queries.expiry(law, today), office=application.office),
        consent_level=official.level,
        profile=ProfileReference(law.version, STATEMENT),
        record_digest=hashlib.sha256(record).digest(),
    )
    breaches = rules.check(stage=Stage.VALIDATION, subject=certificate, setting=examined.setting)
    if any(breach.outcome.stops for breach in breaches):
        raise rules.RulesRefuse(breaches)
    key = node_keys.of(official.holder, usage=Usage.VALIDATE, office=application.office, at=at)
    unsigned = issuing.prepare(certificate=certificate, algorithm=int(key.algorithm), key_id=key.public_key.key_id)
    return Prepared(certificate, examined.setting, unsigned, record)


def _second(identifier: str, *, by: Actor, at: datetime) -> Official:
    if not identifier or identifier == by.identifier:
        raise ConsentMissing(
            "Two officials validate here.", where="second", mend="Choose the other official, who approves first."
        )
    return registry.official_of(identifier, at=at)


def full_record(application: Application, closing: drafting.Closing, *, at: datetime) -> bytes:
    """Return the full record that travels beside the certificate: all data, valuations and digests of the evidence."""
    data: dict[str, Any] = drafting.assemble(
        queries.entered(application),
        house=queries.house(application.office),
        exporter=queries.exporter(application, on=queries.day(application.office, at=at)),
        found=queries.found(application),
        closing=closing,
    )
    last = application.examinations.first()
    if last is not None:
        data["valuations"] = {
            "declared_cents": last.declared_cents,
            "government_cents": last.government_cents,
            "independent_cents": last.independent_cents,
            "counts": last.valued_by,
        }
    data["evidence"] = [
        {"kind": each.kind, "sha256": each.evidence, "name": each.name}
        for each in application.attachments.filter(ended_at=None).order_by("evidence")
    ]
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def intent_of(application: Application, *, at: datetime) -> Intent:
    """Return the intent that stands; raise `IntentMissing`, or `IntentTooOld` if nobody consented in time."""
    intent = application.intents.filter(superseded_at=None).first()
    if intent is None:
        raise IntentMissing("Nothing is prepared.", where="reference", mend="Prepare the certificate first.")
    if intent.consented_at is None and at - intent.prepared_at > INTENT_LIFE:
        raise IntentTooOld(
            f"It was prepared at {intent.prepared_at:%H:%M} UTC, and its instant is too old by now.",
            where="reference",
            mend="Prepare it again and look at it again.",
        )
    return intent


# --- 2. Consent ------------------------------------------------------------------------------------------


def approve(
    *, reference: str, identity: str, secret: str, consent: Consent | None, by: Actor, at: datetime
) -> Approval:
    """Consent as the further official: an approval signed with their own key names the identity.

    ``consent`` is what `macle.node.accounts.consent` returned for that identity. An official of another
    office, who does not see the application otherwise, reaches what names them. Raises `ApprovedAlready`.
    """
    application = _to_approve(reference, by, at=at)
    steps.require_allowed(application, CertificateAct.VALIDATE)
    _four_eyes(application, by, at=at)
    intent = _same(intent_of(application, at=at), identity)
    official = registry.official_of(by.identifier, at=at)
    require_consent(consent, identity=identity, level=official.level, by=by, at=at)
    named = codec.decode_certificate(bytes(intent.payload)).validation.officials
    if official.holder not in named or official.holder == intent.holder:
        raise ConsentMissing(
            f"The certificate names {', '.join(named)}.",
            where="official",
            mend="One of them approves, the other signs.",
        )
    with node_keys.signer(official, secret=secret, at=at) as signer:
        approval = trust.approve(unsigned(intent), signer=signer, at=at)
    with transaction.atomic():
        application = steps.locked(reference)
        steps.require_allowed(application, CertificateAct.VALIDATE)
        intent = _same(intent_of(application, at=at), identity)
        if intent.approvals.filter(by=by.identifier).exists():
            raise ApprovedAlready("You have approved it.", where="identity", mend="The other official signs it.")
        held = Approval.objects.create(
            intent=intent,
            by=by.identifier,
            holder=official.holder,
            at=at,
            signed=approval.to_bytes(),
            evidence=plain_consent(consent),
        )
        facts = {"approves": identity, **_evidence(consent)}
        steps.note(application, tag=Act.CERTIFICATE_VALIDATE, by=by, at=at, facts=facts)
    return held


def _to_approve(reference: str, by: Actor, *, at: datetime) -> Application:
    steps.require_may(Act.CERTIFICATE_VALIDATE, by)
    for intent in to_approve(by, at=at):
        if intent.application.reference == reference:
            return intent.application
    return steps.reached(reference, Act.CERTIFICATE_VALIDATE, by, lock=False)


def to_approve(by: Actor, *, at: datetime) -> list[Intent]:
    """Return what is prepared, names this official as the further one, and was not approved by them."""
    if not by.may(Act.CERTIFICATE_VALIDATE):
        return []
    try:
        holder = registry.official_of(by.identifier, at=at).holder
    except registry.OfficialUnknown:
        return []
    standing = (
        Intent.objects.filter(superseded_at=None, second=holder, application__state=CertificateState.SEALED)
        .exclude(approvals__by=by.identifier)
        .select_related("application", "application__trader")
    )
    return [each for each in standing if each.consented_at is not None or at - each.prepared_at <= INTENT_LIFE]


def require_consent(consent: Consent | None, *, identity: str, level: ConsentLevel, by: Actor, at: datetime) -> None:
    """Raise `ConsentMissing` unless this person consented to this identity now, at the level that will be stated.

    The PIN of a token is its own proof: at that level nothing else is asked.
    """
    if level is ConsentLevel.TOKEN and consent is None:
        return
    if (
        consent is None
        or consent.level is not level
        or consent.by != by.identifier
        or consent.challenge != bytes.fromhex(identity)
        or abs(at - consent.at) > CONSENT_LIFE
        or (level is ConsentLevel.BOUND) is (consent.evidence is None)
    ):
        raise ConsentMissing(
            f"The certificate would state the consent level {level.name.lower()}, which was not given for it.",
            where="code",
            mend="Consent to exactly this document, at that level.",
        )


def plain_consent(consent: Consent | None) -> dict[str, Any]:
    """Return what is kept of a consent: when it was given, and what anybody can check of it."""
    if consent is None:
        return {}
    plain: dict[str, Any] = {"level": int(consent.level), "by": consent.by, "at": consent.at.isoformat()}
    if consent.evidence is not None:
        plain["evidence"] = consent.evidence.encode().hex()
    return plain


def _evidence(consent: Consent | None) -> dict[str, str]:
    """Return the digest of what a passkey signed, for the line of the audit; nothing at the other levels."""
    if consent is None or consent.evidence is None:
        return {}
    return {"evidence": hashlib.sha256(consent.evidence.encode()).hexdigest()}


def _same(intent: Intent, identity: str) -> Intent:
    if intent.identity != identity:
        raise IntentMissing(
            "What is prepared now is not what you looked at.", where="identity", mend="Look at the certificate again."
        )
    return intent


def unsigned(intent: Intent) -> Signed:
    """Return the prepared object without a signature: what an official looks at."""
    certificate = codec.decode_certificate(bytes(intent.payload))
    key_id = bytes.fromhex(intent.key_id)
    key = next(each for each in node_keys.record().keys if each.public_key.key_id == key_id)
    return issuing.prepare(certificate=certificate, algorithm=int(key.algorithm), key_id=key_id)


def _require_approvals(intent: Intent) -> None:
    """Raise `ConsentMissing` unless every further official that the certificate names has approved it."""
    named = set(codec.decode_certificate(bytes(intent.payload)).validation.officials) - {intent.holder}
    missing = named - set(intent.approvals.values_list("holder", flat=True))
    if missing:
        raise ConsentMissing(
            f"{', '.join(sorted(missing))} has not approved it yet.",
            where="official",
            mend="The other official looks at it and approves.",
        )


# --- 3. Sign, 4. Record ------------------------------------------------------------------------------------


def validate(
    *, reference: str, identity: str, secret: str, consent: Consent | None, by: Actor, at: datetime
) -> Certificate:
    """Sign exactly what the official consented to, and record it.

    ``identity`` is that of the document that was on the screen, ``consent`` what `macle.node.accounts.consent` returned
    for it. Raises `macle.scheme.rules.RulesRefuse`, `PassphraseWrong` or one of the errors above; then nothing is
    signed.
    """
    application = steps.reached(reference, Act.CERTIFICATE_VALIDATE, by, lock=False)
    _four_eyes(application, by, at=at)
    official = registry.official_of(by.identifier, at=at)
    intent = _same(intent_of(application, at=at), identity)
    _require_own(intent, official)
    require_consent(consent, identity=identity, level=ConsentLevel(intent.level), by=by, at=at)
    _require_approvals(intent)
    certificate = codec.decode_certificate(bytes(intent.payload))
    setting = _setting(application, certificate, at=intent.validated_at)
    with node_keys.signer(official, secret=secret, at=at) as signer:
        if signer.key_id.hex() != intent.key_id:
            raise KeyDiffers(
                "Your key is not the one for which it was prepared.",
                where="secret",
                mend="Prepare it again, or void the number if you consented to it.",
            )
        intent = _consent_to(intent, by=by, at=at)  # 2.
        signed = issuing.validate(certificate=certificate, setting=setting, signer=signer)  # 3.
    if signed.identity.hex() != intent.identity:
        raise IdentityDiffers(
            "What was signed is not what was consented to.", where="identity", mend="Void the number."
        )
    return _record(intent, signed, certificate, consent=consent, by=by, at=at)  # 4.


def _require_own(intent: Intent, official: Official) -> None:
    if intent.holder != official.holder:
        raise ConsentMissing(
            f"It was prepared for the key of {intent.holder}.",
            where="official",
            mend="That official validates it, or you prepare it again."
            if intent.consented_at is None
            else "That official finishes it, or the number is voided.",
        )


def _setting(application: Application, certificate: TypedCertificate, *, at: datetime) -> IssuingSetting:
    """Return the setting in which the certificate is judged once more, at the instant that it states."""
    examined = queries.examined(
        application,
        at=at,
        closing=drafting.Closing(
            number=application.number,
            seals=application.seals,
            issued_on=certificate.date_of_issuance,
            expires_on=certificate.date_of_expiry,
            kind=certificate.validation.kind.name.lower(),
            officials=certificate.validation.officials,
            reference=certificate.validation.reference,
        ),
    )
    if examined.setting is None:
        raise rules.RulesRefuse(list(examined.breaches))
    return examined.setting


def _consent_to(intent: Intent, *, by: Actor, at: datetime) -> Intent:
    """Write the consent down: from now on only these bytes are signed under the number."""
    with transaction.atomic():
        application = steps.locked(intent.application.reference)
        steps.require_allowed(application, CertificateAct.VALIDATE)
        if application.replaces is not None:
            steps.locked(application.replaces.reference)
            application.replaces.refresh_from_db()
        _require_replaceable(application)
        held = Intent.objects.select_for_update().get(pk=intent.pk)
        if held.superseded_at is not None:
            raise IntentMissing("Something else is prepared by now.", where="identity", mend="Look at it again.")
        if held.consented_at is None:
            held.consented_at = at
            held.save(update_fields=["consented_at"])
            steps.note(application, tag=Act.CERTIFICATE_VALIDATE, by=by, at=at, facts={"consent": held.identity})
    return held


def _record(
    intent: Intent,
    signed: Signed,
    certificate: TypedCertificate,
    *,
    consent: Consent | None,
    by: Actor,
    at: datetime,
) -> Certificate:
    letter = posting.certificate_letter(signed, at=at)
    with transaction.atomic():
        application = steps.locked(intent.application.reference)
        # Whoever consented to the same bytes at the same time may have recorded them, or voided the number.
        steps.require_allowed(application, CertificateAct.VALIDATE)
        replaced = None if application.replaces is None else steps.locked(application.replaces.reference)
        recorded = Certificate.objects.create(
            application=application,
            number=application.number,
            identity=intent.identity,
            key_id=intent.key_id,
            office=application.office,
            kind=int(certificate.kind),
            validated_at=certificate.validated_at,
            expires_at=certificate.expires_at,
            date_of_issuance=certificate.date_of_issuance,
            date_of_expiry=certificate.date_of_expiry,
            destination=certificate.destination,
            carats_hundredths=certificate.carat_weight.hundredths,
            value_cents=certificate.value.hundredths,
            parcels=certificate.parcels,
            level=int(certificate.consent_level),
            profile_version=certificate.profile.version,
            status_index=certificate.status_index,
            recorded_at=at,
        )
        Content.objects.create(
            certificate=recorded, cose=signed.to_bytes(), record=intent.record, consent=plain_consent(consent)
        )
        numbers.end(application.number, use=Use.ISSUED, at=at)
        posting.send_certificate(application, letter, by=by, at=at)
        steps.take(
            application,
            CertificateAct.VALIDATE,
            tag=Act.CERTIFICATE_VALIDATE,
            by=by,
            at=at,
            facts={
                "identity": intent.identity,
                "key_id": intent.key_id,
                "level": int(certificate.consent_level),
                "carats": recorded.carats_hundredths,
                "value": recorded.value_cents,
                "parcels": recorded.parcels,
                **_evidence(consent),
            },
        )
        if replaced is not None:
            _end_replaced(replaced, by_number=application.number, by=by, at=at)
        steps.tell(application, "validated", at=at)
    return recorded


def _end_replaced(old: Application, *, by_number: str, by: Actor, at: datetime) -> None:
    """End the certificate that the new one replaces; its goods are charged to the new one."""
    steps.take(old, CertificateAct.REPLACE, tag=Act.CERTIFICATE_REPLACE, by=by, at=at, facts={"by": by_number})
    steps.tell(old, "replaced", at=at, by=by_number)
