"""What the verifier says of a certificate that is presented here.

The same numbered steps as everywhere, with the records that this node believes, the law of this Participant, and what
our own book knows of the number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from macle.node.audit import pictures
from macle.node.importing.models import Presentation
from macle.node.importing.papers import Paper
from macle.node.registry import believing
from macle.paper import carriers
from macle.proof import qr, verification
from macle.proof.verification import Circumstances, Known
from macle.scheme import profiles
from macle.scheme.rules.settings import EarlierPresentation
from macle.scheme.terms import CertificateNumber, ParticipantCode

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from macle.paper.carriers import Carried
    from macle.proof.verification import Report


def brought(data: bytes) -> list[Carried]:
    """Return what a file carries that somebody brought; raise a `Malformed` error where nothing can be judged."""
    return carriers.brought(data, codes=_codes)


def _codes(picture: bytes) -> list[str]:
    found = [text for text in pictures.codes_in(picture) if text.startswith(qr.PREFIX)]
    if not found:
        raise qr.PictureUnreadable(
            "No code of a certificate was found in the picture.",
            where="picture",
            mend="Take it again, flat and in focus, or type the number from the paper.",
        )
    return found


def report(brought: Carried | Paper, *, office: str, at: datetime, first_import: bool | None = None) -> Report:
    """Judge what was brought as if it were presented at this office at this instant; nothing is written.

    ``first_import`` says whether the goods enter for the first time, where a prohibition depends on it.
    """
    trusted, laws = believing.all_known(at=at), profiles.load()

    def judged(known: Known) -> Report:
        circumstances = Circumstances(
            trust=trusted,
            profiles=laws,
            at=at,
            importing=ParticipantCode(settings.CONFIGURATION.participant),
            office=office,
            first_import=first_import,
            known=known,
        )
        if isinstance(brought, Paper):
            return verification.report_of_paper(brought.certificate, circumstances=circumstances)
        return verification.report(
            brought.data, circumstances=circumstances, carrier=brought.carrier, stamps=brought.stamps
        )

    found = judged(Known())
    claimed = found.certificate or found.claim
    first = using(str(claimed.number)) if claimed is not None else None
    return found if claimed is None or first is None else judged(_known(found, claimed.number, first))


def _known(found: Report, number: CertificateNumber, first: Presentation) -> Known:
    """Return what our book says of the number; paper has no identity, and under its number it is the same one."""
    used = bytes.fromhex(first.identity)
    now = found.signed.identity if found.signed is not None else b""
    earlier = EarlierPresentation(
        participant=ParticipantCode(settings.CONFIGURATION.participant), office=first.office, at=first.at
    )
    if not used or not now:
        return Known(presentations={now: earlier})
    return Known(identities={number: used}, presentations={used: earlier})


def uses_of(number: str) -> QuerySet[Presentation]:
    """Return the presentation that uses the certificate of this number: at most one stands."""
    return Presentation.objects.filter(number=number, uses=True, corrected_at__isnull=True)


def using(number: str) -> Presentation | None:
    """Return the presentation that uses the certificate of this number, if one stands."""
    return uses_of(number).first()


def plain(judged: Report) -> dict[str, Any]:
    """Return the report as it is kept: each step with its result and reason, and the age of the trust data."""
    return {
        "keys_as_of": judged.keys_as_of.isoformat() if judged.keys_as_of else None,
        "standing_as_of": judged.standing_as_of.isoformat() if judged.standing_as_of else None,
        "steps": [
            {
                "number": step.definition.number,
                "result": step.result.value,
                "reason": step.reason,
                "advice": step.advice,
            }
            for step in judged.steps
        ],
    }
