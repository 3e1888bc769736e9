"""The one path to a signature on a certificate, and on a confirmation: what signs is what has checked.

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
    from macle.scheme.confirmations import ImportConfirmation
    from macle.scheme.rules.settings import ConfirmationSetting, IssuingSetting


def validate(*, certificate: Certificate, setting: IssuingSetting, signer: Signer) -> Signed:
    """Check the certificate against every rule of validation and sign it.

    Raises `macle.scheme.rules.RulesRefuse` with all breaches if one refuses, holds or cannot be decided;
    then nothing is signed.
    """
    breaches = rules.check(stage=Stage.VALIDATION, subject=certificate, setting=setting)
    if any(breach.outcome.stops for breach in breaches):
        raise rules.RulesRefuse(breaches)
    return cose.sign(signer=signer, typ=cose.CERTIFICATE, payload=codec.encode_certificate(certificate))


def prepare(*, certificate: Certificate, algorithm: int, key_id: bytes) -> Signed:
    """Return the certificate as `validate` would sign it with that key, without a signature.

    Its identity is what an official consents to.
    """
    header = cose.Header(algorithm, key_id, cose.CERTIFICATE)
    return cose.unsigned(header, codec.encode_certificate(certificate))


def prepare_confirmation(*, confirmation: ImportConfirmation, algorithm: int, key_id: bytes) -> Signed:
    """Return the confirmation as `confirm` would sign it with that key, without a signature."""
    header = cose.Header(algorithm, key_id, cose.CONFIRMATION)
    return cose.unsigned(header, codec.encode_confirmation(confirmation))


def confirm(*, confirmation: ImportConfirmation, setting: ConfirmationSetting, signer: Signer) -> Signed:
    """Compare the confirmation with its certificate by every rule, and sign it.

    Raises `macle.scheme.rules.RulesRefuse` with all breaches if one refuses or holds; then nothing is signed.

    Source: KPCS Core Document, Section III(b).
    """
    breaches = rules.check(stage=Stage.CONFIRMATION, subject=confirmation, setting=setting)
    if any(breach.outcome.stops for breach in breaches):
        raise rules.RulesRefuse(breaches)
    return cose.sign(signer=signer, typ=cose.CONFIRMATION, payload=codec.encode_confirmation(confirmation))
