"""The fullest certificate there is in practice, from the example of that name."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from macle.scheme import applications, profiles
from macle.scheme.certificates import ConsentLevel, ProfileReference

if TYPE_CHECKING:
    from macle.scheme.certificates import Certificate

_EXAMPLE = Path(__file__).parents[2] / "examples" / "applications" / "full-arabic.json"


def a_full_certificate() -> Certificate:
    """Return a replacement with Arabic and Latin names, two origins, three lines and four seals."""
    data = _EXAMPLE.read_bytes()
    application = applications.read(json.loads(data))
    if application.participant is None or application.date_of_issuance is None or application.date_of_expiry is None:
        raise RuntimeError("The example lacks what it is used for.")
    on = application.date_of_issuance
    profile = profiles.load().of(application.participant, on=on)
    return applications.to_certificate(
        application,
        validated_at=datetime(on.year, on.month, on.day, 9, 30, tzinfo=UTC),
        expires_at=profile.end_of(application.date_of_expiry, office=application.office or ""),
        consent_level=ConsentLevel.TOKEN,
        profile=ProfileReference(profile.version, "core"),
        record_digest=hashlib.sha256(data).digest(),
    )
