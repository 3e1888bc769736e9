"""What the verifier says of a certificate of this house: the same numbered steps as everywhere, with our own record.

It asks as the partner would who pinned our record, and knows besides what our book says of the number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from macle.node.registry import believing
from macle.proof import verification
from macle.proof.verification import Circumstances, Known
from macle.scheme import profiles

if TYPE_CHECKING:
    from datetime import datetime

    from macle.proof.verification import Report
    from macle.scheme.lifecycle import CertificateState
    from macle.scheme.terms import CertificateNumber


def report(
    data: bytes | str,
    *,
    at: datetime,
    carrier: str,
    number: CertificateNumber | None = None,
    state: CertificateState | None = None,
    identity: bytes = b"",
) -> Report:
    """Judge signed bytes, or the text of a code, at this instant; what our book says of the number counts."""
    known = Known(
        statuses={} if number is None or state is None else {number: state},
        identities={} if number is None or not identity else {number: identity},
    )
    circumstances = Circumstances(trust=believing.own(at=at), profiles=profiles.load(), at=at, known=known)
    return verification.report(data, circumstances=circumstances, carrier=carrier)
