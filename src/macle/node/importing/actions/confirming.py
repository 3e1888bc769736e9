"""Confirming an import to the exporting authority: from a released shipment to a signed confirmation in the outbox.

The steps are those of `macle.node.exporting.actions.validation`: what will be signed is written down, the official
consents to exactly that, it is signed outside any transaction with their own key, and recorded with its letter.

Source: KPCS Core Document, Section III(b).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from macle.node.exchange import actions as exchange
from macle.node.exchange.actions import Part, ToPartner
from macle.node.exchange.models import Kind
from macle.node.exporting.actions import steps as words
from macle.node.exporting.actions import validation
from macle.node.exporting.actions.posting import COSE_TYPE
from macle.node.exporting.actions.validation import IdentityDiffers, IntentMissing, IntentTooOld, KeyDiffers
from macle.node.importing import queries
from macle.node.importing.actions import inspecting, steps
from macle.node.importing.models import Confirmation, Intent, Shipment, Signed
from macle.node.permissions import Act
from macle.node.registry import keys as node_keys
from macle.node.registry import queries as registry
from macle.proof import codec, issuing
from macle.proof.keys import Usage
from macle.scheme.certificates import ConsentLevel
from macle.scheme.confirmations import ConfirmationResult, SealState
from macle.scheme.lifecycle import CertificateAct, CertificateState, ShipmentAct, ShipmentState
from macle.scheme.rules.settings import ConfirmationSetting

if TYPE_CHECKING:
    from datetime import datetime

    from macle.node.accounts.consent import Consent
    from macle.node.permissions import Actor
    from macle.proof.cose import Signed as SignedObject
    from macle.scheme.certificates import Certificate
    from macle.scheme.confirmations import ImportConfirmation

LONGEST_REMARK = 400


def prepare(*, reference: str, remark: str = "", by: Actor, at: datetime) -> Intent:
    """Make exactly what this official would sign, and write the intent down.

    What was consented to and not recorded is prepared again as it was. Raises `inspecting.NotPresented` unless the
    shipment is released with a certificate, `OfficialUnknown` or `KeyNotPermitted`.
    """
    note = words.fit(remark, where="remark", most=LONGEST_REMARK)
    with transaction.atomic():
        shipment = steps.reached(reference, Act.IMPORT_CONFIRM, by)
        official = registry.official_of(by.identifier, at=at)
        certificate = released(shipment)
        standing: Intent | None = shipment.intents.filter(superseded_at=None).first()
        if standing is not None and standing.consented_at is not None:
            return standing
        inspection = shipment.inspections.first()
        confirmation = inspecting.drafted(
            certificate,
            shipment,
            inspecting.found_of(inspection) if inspection is not None else inspecting.Found(seals=SealState.INTACT),
            official=official.holder,
            level=official.level,
            at=at,
            result=_result(shipment),
            remark=note,
        )
        key = node_keys.of(official.holder, usage=Usage.CONFIRM, office=shipment.office, at=at)
        unsigned = issuing.prepare_confirmation(
            confirmation=confirmation, algorithm=int(key.algorithm), key_id=key.public_key.key_id
        )
        shipment.intents.filter(superseded_at=None).update(superseded_at=at)
        intent = Intent.objects.create(
            shipment=shipment,
            identity=unsigned.identity.hex(),
            payload=unsigned.payload,
            key_id=unsigned.header.key_id.hex(),
            holder=official.holder,
            level=int(official.level),
            prepared_at=at,
            prepared_by=by.identifier,
        )
        steps.note(shipment, tag=Act.IMPORT_CONFIRM, by=by, at=at, facts={"intent": intent.identity})
    return intent


def released(shipment: Shipment) -> Certificate:
    """Return the certificate of a shipment that was released with it; raise `inspecting.NotPresented`."""
    certificate = inspecting.certificate_of(shipment)
    if certificate is None or shipment.status is not ShipmentState.RELEASED:
        raise inspecting.NotPresented(
            "Only a shipment that was released with its certificate is confirmed.",
            where="reference",
            mend="Inspect it and release it first.",
        )
    return certificate


def _result(shipment: Shipment) -> ConfirmationResult:
    acts = set(shipment.steps.values_list("act", flat=True))
    return (
        ConfirmationResult.ACCEPTED_AFTER_ENDORSEMENT
        if CertificateAct.ENDORSE.value in acts
        else ConfirmationResult.ACCEPTED
    )


def confirm(
    *, reference: str, identity: str, secret: str, consent: Consent | None, by: Actor, at: datetime
) -> Confirmation:
    """Sign exactly what the official consented to, record it, and put it into the outbox.

    ``identity`` is that of the document that was on the screen, ``consent`` what `macle.node.accounts.consent` returned
    for it. Raises `macle.scheme.rules.RulesRefuse`, `PassphraseWrong` or one of the errors of validating; then nothing
    is signed.
    """
    with transaction.atomic():
        shipment = steps.reached(reference, Act.IMPORT_CONFIRM, by)
        official = registry.official_of(by.identifier, at=at)
        certificate = released(shipment)
        intent = _standing(shipment, identity, at=at)
        if intent.holder != official.holder:
            raise KeyDiffers(
                f"It was prepared for the key of {intent.holder}.",
                where="official",
                mend="That official confirms it, or you prepare it again.",
            )
        validation.require_consent(consent, identity=identity, level=ConsentLevel(intent.level), by=by, at=at)
    confirmation = codec.decode_confirmation(bytes(intent.payload))
    setting = ConfirmationSetting(
        certificate=certificate,
        profile=queries.profile(shipment.office, at=intent.prepared_at),
        identity=bytes.fromhex(shipment.identity),
    )
    with node_keys.signer(official, secret=secret, at=at, usage=Usage.CONFIRM) as signer:
        if signer.key_id.hex() != intent.key_id:
            raise KeyDiffers(
                "Your key is not the one for which it was prepared.", where="secret", mend="Prepare it again."
            )
        _consent_to(intent, by=by, at=at)
        signed = issuing.confirm(confirmation=confirmation, setting=setting, signer=signer)
    if signed.identity.hex() != intent.identity:
        raise IdentityDiffers("What was signed is not what was consented to.", where="identity")
    return _record(intent, signed, confirmation, consent=consent, by=by, at=at)


def intent_of(shipment: Shipment, *, at: datetime) -> Intent | None:
    """Return what is prepared and still good to be signed."""
    intent: Intent | None = shipment.intents.filter(superseded_at=None).first()
    return None if intent is None or _is_too_old(intent, at=at) else intent


def _is_too_old(intent: Intent, *, at: datetime) -> bool:
    return intent.consented_at is None and at - intent.prepared_at > validation.INTENT_LIFE


def _standing(shipment: Shipment, identity: str, *, at: datetime) -> Intent:
    intent: Intent | None = shipment.intents.filter(superseded_at=None).first()
    if intent is None or intent.identity != identity:
        raise IntentMissing(
            "What is prepared now is not what you looked at.", where="identity", mend="Look at the confirmation again."
        )
    if _is_too_old(intent, at=at):
        raise IntentTooOld(
            f"It was prepared at {intent.prepared_at:%H:%M} UTC, and its instant is too old by now.",
            where="reference",
            mend="Prepare it again and look at it again.",
        )
    return intent


def _consent_to(intent: Intent, *, by: Actor, at: datetime) -> None:
    """Write the consent down: from now on only these bytes are signed for the shipment."""
    with transaction.atomic():
        shipment = steps.reached(intent.shipment.reference, Act.IMPORT_CONFIRM, by)
        held = Intent.objects.select_for_update().get(pk=intent.pk)
        if held.superseded_at is not None:
            raise IntentMissing("Something else is prepared by now.", where="identity", mend="Look at it again.")
        if held.consented_at is None:
            held.consented_at = at
            held.save(update_fields=["consented_at"])
            steps.note(shipment, tag=Act.IMPORT_CONFIRM, by=by, at=at, facts={"consent": held.identity})


def _record(
    intent: Intent,
    signed: SignedObject,
    confirmation: ImportConfirmation,
    *,
    consent: Consent | None,
    by: Actor,
    at: datetime,
) -> Confirmation:
    measured = confirmation.measured
    with transaction.atomic():
        shipment = steps.reached(intent.shipment.reference, Act.IMPORT_CONFIRM, by)
        # Whoever consented to the same bytes at the same time may have recorded them.
        recorded: Confirmation | None = Confirmation.objects.filter(shipment=shipment).first()
        if recorded is not None:
            return recorded
        recorded = Confirmation.objects.create(
            shipment=shipment,
            identity=intent.identity,
            key_id=intent.key_id,
            confirmed_at=confirmation.confirmed_at,
            recorded_at=at,
            result=int(confirmation.result),
            parcels=measured.parcels if measured else None,
            carats_hundredths=measured.carat_weight.hundredths if measured else None,
            value_cents=measured.value.hundredths if measured else None,
            level=int(confirmation.consent_level),
        )
        Signed.objects.create(confirmation=recorded, cose=signed.to_bytes(), consent=validation.plain_consent(consent))
        exchange.post(
            to=ToPartner(shipment.issuer),
            kind=Kind.CONFIRMATION,
            about=shipment.subject,
            subject=f"Import confirmation of Kimberley Process Certificate {shipment.number}",
            text=slip(confirmation),
            parts=(Part(name="confirmation.cose", media_type=COSE_TYPE, content=signed.to_bytes()),),
            office=shipment.office,
            at=at,
            by_identifier=by.identifier,
        )
        acts: list[ShipmentAct | CertificateAct] = [ShipmentAct.SEND_CONFIRMATION]
        if shipment.certificate_state == CertificateState.ACCEPTED:
            acts.append(CertificateAct.CONFIRM)
        steps.take(
            shipment,
            acts,
            tag=Act.IMPORT_CONFIRM,
            by=by,
            at=at,
            facts={"identity": recorded.identity, "result": recorded.result, "carats": recorded.carats_hundredths},
        )
    return recorded


_SEALS = {
    SealState.INTACT: "intact",
    SealState.BROKEN: "broken on arrival",
    SealState.REPLACED_BY_CUSTOMS: "replaced by customs",
}
_RESULTS = {
    ConfirmationResult.ACCEPTED: "accepted",
    ConfirmationResult.ACCEPTED_AFTER_ENDORSEMENT: "accepted after an endorsement",
    ConfirmationResult.REFUSED: "refused",
}


def slip(confirmation: ImportConfirmation) -> str:
    """Return what a person reads: at least what Section III(b) asks for, declared beside measured."""
    declared, measured = confirmation.declared, confirmation.measured
    lines = [
        f"Import confirmation of Kimberley Process Certificate {confirmation.certificate.number.for_people}",
        "",
        f"Importing authority: {confirmation.importing_authority}, {confirmation.office}",
        f"Date of receipt: {confirmation.date_of_receipt}",
        f"Exporter: {confirmation.exporter.name}, {confirmation.exporter.town}, {confirmation.exporter.country}",
        f"Importer: {confirmation.importer.name}, {confirmation.importer.town}, {confirmation.importer.country}",
        f"Declared: {declared.parcels} parcels, {declared.carat_weight.for_people} ct, US$ {declared.value.for_people}",
        f"Measured: {measured.parcels} parcels, {measured.carat_weight.for_people} ct, US$ {measured.value.for_people}"
        if measured is not None
        else "Measured: not opened",
        f"Container seals: {_SEALS[confirmation.seals]}",
        f"Result: {_RESULTS[confirmation.result]}",
        *((f"Remark: {confirmation.remark}",) if confirmation.remark else ()),
        "",
        "The file confirmation.cose is the signed confirmation.",
    ]
    return "\n".join(lines) + "\n"
