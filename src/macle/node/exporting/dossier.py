"""What this desk knows of a certificate, an application or a trader, for the file that the audit puts together."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from macle.node.accounts import consent, passkeys
from macle.node.audit.dossiers import Cited, File, Kept, Related, Rows
from macle.node.exporting import consents
from macle.node.exporting.models import Application

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from django.db.models import QuerySet

    from macle.node.audit.dossiers import Piece


def of_certificate(subject: str, at: datetime) -> Iterable[Piece]:
    """Give all that belongs to ``certificate:NUMBER``."""
    return _of(Application.objects.filter(number=_key(subject)), at=at)


def of_application(subject: str, at: datetime) -> Iterable[Piece]:
    """Give all that belongs to ``application:REFERENCE``."""
    return _of(Application.objects.filter(reference=_key(subject)), at=at)


def of_trader(subject: str, at: datetime) -> Iterable[Piece]:
    """Give all that belongs to the applications of ``trader:REFERENCE``."""
    return _of(Application.objects.filter(trader_id=_key(subject)), at=at)


def _key(subject: str) -> str:
    return subject.partition(":")[2]


def _of(matters: QuerySet[Application], *, at: datetime) -> Iterator[Piece]:  # noqa: ARG001 (as collectors are asked)
    for matter in matters.order_by("reference"):
        folder = f"{matter.reference}/"
        yield Related(matter.subject)
        if matter.number:
            yield Related(f"certificate:{matter.number}")
        yield Rows(f"{folder}application.jsonl", [{"entered": matter.entered, "state": matter.state}])
        yield Rows(f"{folder}acts.jsonl", list(_steps(matter)))
        yield Rows(f"{folder}examinations.jsonl", list(_examinations(matter)))
        for attachment in matter.attachments.order_by("pk"):
            yield Kept(f"{folder}files/{attachment.pk}-{attachment.name}", attachment.evidence)
        yield from _signed(matter, folder)


def _steps(matter: Application) -> Iterator[dict[str, object]]:
    for step in matter.steps.order_by("sequence").select_related("reason"):
        reason = getattr(step, "reason", None)
        yield {
            "sequence": step.sequence,
            "act": step.act,
            "at": step.at.isoformat(),
            "actor": step.actor,
            "deputises_for": step.deputises_for,
            "facts": step.facts,
            "reason": reason.text if reason is not None else "",
        }


def _examinations(matter: Application) -> Iterator[dict[str, object]]:
    for each in matter.examinations.order_by("pk"):
        yield {
            "at": each.at.isoformat(),
            "by": each.by,
            "parcels": each.parcels,
            "lines": each.lines,
            "declared_cents": each.declared_cents,
            "government_cents": each.government_cents,
            "independent_cents": each.independent_cents,
            "valued_by": each.valued_by,
            "remark": each.remark,
        }


def _signed(matter: Application, folder: str) -> Iterator[Piece]:
    """Give the signed bytes, the full record, approvals, and the confirmation with its slip."""
    held = getattr(matter, "certificate", None)
    if held is None:
        return
    yield File(f"{folder}certificate.cose", bytes(held.content.cose))
    yield File(f"{folder}certificate.record.json", bytes(held.content.record))
    yield from _consent(f"{folder}consent", held.content.consent, identity=held.identity)
    for intent in matter.intents.all():
        for approval in intent.approvals.all():
            name = f"{folder}approval-{approval.holder}"
            yield File(f"{name}.cose", bytes(approval.signed))
            yield from _consent(f"{name}-consent", approval.evidence, identity=intent.identity)
    confirmation = getattr(held, "confirmation", None)
    if confirmation is None:
        return
    yield Rows(
        f"{folder}confirmation.jsonl",
        [
            {
                "arrival": confirmation.arrival,
                "received_on": confirmation.received_on.isoformat(),
                "date_of_receipt": confirmation.date_of_receipt.isoformat(),
                "parcels": confirmation.parcels,
                "carats_hundredths": confirmation.carats_hundredths,
                "value_cents": confirmation.value_cents,
                "opened": confirmation.opened,
                "differs": confirmation.differs,
                "recorded_by": confirmation.recorded_by,
            }
        ],
    )
    if confirmation.evidence:
        yield Kept(f"{folder}slip", confirmation.evidence)


def _consent(name: str, held: object, *, identity: str) -> Iterator[Piece]:
    """Give what proves that somebody consented, and the line of the audit in which their passkey was registered.

    The evidence stands as it was kept, for the digest in the audit, and in its parts, for whoever checks it.
    """
    if not held:
        return
    kept = held if isinstance(held, dict) else {"evidence": held}
    told: dict[str, Any] = {part: kept.get(part) for part in ("level", "by", "at")} | {"identity": identity}
    content = consents.evidence_of(kept)
    if content:
        yield File(f"{name}.cbor", content)
        told["sha256"] = hashlib.sha256(content).hexdigest()
        try:
            evidence = consent.read_evidence(content)
        except consent.EvidenceMalformed as error:
            told["unreadable"] = error.what
        else:
            passkey = passkeys.name_of(evidence.public_key)
            own = passkeys.registrations([str(kept.get("by", ""))]).get(str(kept.get("by", "")), [])
            lines = [each.line for each in own if each.passkey == passkey]
            yield from (Cited(line) for line in lines)
            told |= {
                "relying_party": evidence.relying_party,
                "client_data": evidence.client_data.hex(),
                "authenticator_data": evidence.authenticator_data.hex(),
                "signature": evidence.signature.hex(),
                "public_key": evidence.public_key.hex(),
                "credential": evidence.credential.hex(),
                "passkey": passkey,
                "registered_in_lines": lines,
            }
    yield File(f"{name}.json", json.dumps(told, indent=2, sort_keys=True).encode() + b"\n")
