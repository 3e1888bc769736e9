"""Looking again at the consents that passkeys signed: what was kept must still prove what each certificate states.

What is checked of each line of the audit that says that somebody validated or approved at the level *bound*:

1. The certificate is there, and its signed bytes are those of the identity in the line.
2. Evidence is there, and it is the one whose digest is in the line.
3. A passkey signed that identity, on a page of this node, for a user whom it recognised.
4. The passkey was registered for the person of the line, by the audit, when they consented.

Lines are held by their chain (`macle.node.audit.queries.faults`); tables beside it are held to the lines here.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from macle import errors
from macle.node.accounts import consent, passkeys
from macle.node.audit.checks import Finding
from macle.node.audit.models import Line
from macle.node.exporting.actions import validation
from macle.node.exporting.models import Approval, Certificate
from macle.node.permissions import Act
from macle.proof import cose
from macle.scheme.certificates import ConsentLevel
from macle.scheme.lifecycle import CertificateAct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from macle.node.accounts.passkeys import Registration

AT_A_TIME: Final = 500
"""Lines whose certificates are read together."""


def findings() -> Iterator[Finding]:
    """Give everything that no longer holds of a consent at the level *bound*."""
    lines = Line.objects.filter(chain_id=settings.CONFIGURATION.participant, tag=Act.CERTIFICATE_VALIDATE)
    waiting: list[Line] = []
    for line in lines.order_by("number").iterator(chunk_size=2000):
        if _is_bound(line):
            waiting.append(line)
        if len(waiting) == AT_A_TIME:
            yield from _findings_of(waiting)
            waiting = []
    yield from _findings_of(waiting)


def _is_bound(line: Line) -> bool:
    is_signed = line.facts.get("act") == CertificateAct.VALIDATE and line.facts.get("level") == ConsentLevel.BOUND
    return is_signed or ("approves" in line.facts and "evidence" in line.facts)


def _findings_of(lines: Sequence[Line]) -> Iterator[Finding]:
    identities = {_identity(line) for line in lines}
    certificates = {
        each.identity: each for each in Certificate.objects.filter(identity__in=identities).select_related("content")
    }
    approvals = {
        (each.intent.identity, each.by): each
        for each in Approval.objects.filter(intent__identity__in=identities).select_related("intent")
    }
    registered = passkeys.registrations({line.actor for line in lines})
    for line in lines:
        kept: Any = None
        if "approves" in line.facts:
            approval = approvals.get((_identity(line), line.actor))
            kept = None if approval is None else approval.evidence
        elif (content := getattr(certificates.get(_identity(line)), "content", None)) is not None:
            kept = content.consent
            if _signed_identity(bytes(content.cose)) != _identity(line):
                yield Finding(line.subject, "The signed bytes are not those that were recorded.")
        if kept is None:
            yield Finding(line.subject, f"What {line.actor} consented to is not there.")
        else:
            yield from _findings_in(line, kept, registered.get(line.actor, []))


def _identity(line: Line) -> str:
    return str(line.facts.get("approves") or line.facts.get("identity", ""))


def _bytes_of(identity: str) -> bytes:
    """Return the identity in a line; nothing, which nobody signs, where the line has none."""
    try:
        return bytes.fromhex(identity)
    except ValueError:
        return b""


def _signed_identity(content: bytes) -> str:
    """Return the identity of signed bytes; nothing where they are none."""
    try:
        return cose.read(content).identity.hex()
    except errors.MacleError:
        return ""


def _findings_in(line: Line, kept: object, registered: Iterable[Registration]) -> Iterator[Finding]:
    """Give what is amiss with the evidence that is kept for a line."""
    content = evidence_of(kept)
    if not content:
        yield Finding(line.subject, f"The evidence that {line.actor} consented is not there.")
        return
    if hashlib.sha256(content).hexdigest() != line.facts.get("evidence"):
        yield Finding(line.subject, f"The evidence that {line.actor} consented is not the one that was recorded.")
    try:
        evidence = consent.read_evidence(content)
        consent.check_evidence(evidence=evidence, challenge=_bytes_of(_identity(line)))
    except (consent.EvidenceMalformed, consent.EvidenceInvalid) as error:
        yield Finding(line.subject, f"It does not prove that {line.actor} consented. {error.what}")
        return
    passkey = passkeys.name_of(evidence.public_key)
    if not any(
        each.passkey == passkey and each.holds(line.at - validation.CONSENT_LIFE, line.at) for each in registered
    ):
        yield Finding(line.subject, f"The passkey that signed was not registered for {line.actor} then.")


def evidence_of(kept: object) -> bytes:
    """Return the evidence in what is kept of a consent; nothing where there is none, a nought where it is no bytes."""
    plain: Any = kept.get("evidence") if isinstance(kept, dict) else kept
    try:
        return bytes.fromhex(plain or "")
    except (ValueError, TypeError):
        return b"\x00"
