"""The one path to a signature on a certificate: what signs is what has checked.

Source: KPCS Core Document, Section II(b) and Annex I-A (validation by the exporting authority).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from macle.proof import codec, cose
from macle.scheme import rules
from macle.scheme.rules import Stage

if TYPE_CHECKING:
    from macle.proof.cose import Signed, Signer
    from macle.scheme.certificates import Certificate
    from macle.scheme.rules.settings import IssuingSetting


def validate(*, certificate: Certificate, setting: IssuingSetting, signer: Signer) -> Signed:
    """Check the certificate against every rule of validation and sign it.

    Raises `macle.scheme.rules.RulesRefuse` with all breaches if one refuses, holds or cannot be decided;
    then nothing is signed.
    """
    breaches = rules.check(stage=Stage.VALIDATION, subject=certificate, setting=setting)
    if any(breach.outcome.stops for breach in breaches):
        raise rules.RulesRefuse(breaches)
    return cose.sign(signer=signer, typ=cose.CERTIFICATE, payload=codec.encode_certificate(certificate))
