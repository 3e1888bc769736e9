"""The example applications as signed certificates, each by its authority's fixed keys."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from macle.scheme import applications, examination, profiles
from macle.scheme.certificates import ConsentLevel, ProfileReference
from tests.support.signed import an_authority

if TYPE_CHECKING:
    from macle.proof.cose import Signed
    from macle.scheme.certificates import Certificate
    from tests.support.signed import Authority

EXAMPLES = Path(__file__).parents[2] / "examples"

OF_LANGUAGE = {
    "en": "botswana",
    "pt": "angola",
    "fr": "democratic-republic-of-the-congo",
    "ru": "russian-federation",
    "ar": "united-arab-emirates",
    "zh": "china",
}
"""An example in each of the languages in which a general certificate is drawn."""


def certificate_of(name: str) -> Certificate:
    """Return the certificate that an example application asks for, validated in the morning of its date of issuance."""
    data = (EXAMPLES / "applications" / f"{name}.json").read_bytes()
    application = applications.read(json.loads(data))
    if application.participant is None or application.date_of_issuance is None:
        raise ValueError(f"{name} is no example to be printed.")
    profile = profiles.load().of(application.participant, on=application.date_of_issuance)
    last_day = examination.expiry_of(application, profile)
    if last_day is None:
        raise ValueError(f"{name} does not say when it expires.")
    return applications.to_certificate(
        replace(application, date_of_expiry=last_day),
        validated_at=datetime.combine(application.date_of_issuance, time(9, 30), UTC),
        expires_at=profile.end_of(last_day, office=application.office or ""),
        consent_level=ConsentLevel.TOKEN,
        profile=ProfileReference(profile.version, "core"),
        record_digest=hashlib.sha256(data).digest(),
    )


def signed_example(name: str) -> tuple[Signed, Authority]:
    """Return the example certificate as its authority signs it, and the authority."""
    certificate = certificate_of(name)
    authority = an_authority(certificate.issuer, certificate.office)
    return authority.sign(certificate), authority
