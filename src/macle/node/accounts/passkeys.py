"""Which passkey was whose, and when: read from the audit, where adding and removing one leaves a line.

The rules of this module:

- A passkey is named by the SHA-256 of its public key as a COSE_Key in deterministic CBOR. Who has the key has the name.
- A passkey is its user's from the line that adds it until the line that removes it, or all factors with it. The table
  of factors forgets what is removed; the chain does not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.conf import settings

from macle.node.accounts.actions import Event
from macle.node.audit.models import Line
from macle.node.permissions import Act
from macle.proof import codec

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from fido2.cose import CoseKey


@dataclass(frozen=True, slots=True)
class Registration:
    """A passkey of somebody: its name, the line that added it, and from when until when it was theirs."""

    passkey: str
    line: int
    since: datetime
    until: datetime | None = None

    def holds(self, since: datetime, until: datetime) -> bool:
        """Return whether it was theirs at some instant from ``since`` to ``until``; it was no more when it ended."""
        return self.since <= until and (self.until is None or since < self.until)


def encoded(key: CoseKey) -> bytes:
    """Return a public key as it is kept and named."""
    return codec.encode(dict(key))


def name_of(public_key: bytes) -> str:
    """Return the name of the passkey with this key, as `encoded` gives it."""
    return hashlib.sha256(public_key).hexdigest()


def digest(authenticator: Authenticator) -> str:
    """Return the name of a passkey; nothing for a factor of another kind."""
    if authenticator.type != Authenticator.Type.WEBAUTHN:
        return ""
    data = authenticator.wrap().authenticator_data.credential_data
    return name_of(encoded(data.public_key)) if data is not None else ""


def has_one(user_identifier: str) -> bool:
    """Return whether somebody has a passkey now."""
    own = Authenticator.objects.filter(user__identifier=user_identifier, type=Authenticator.Type.WEBAUTHN)
    return bool(own.exists())


def registrations(user_identifiers: Collection[str]) -> dict[str, list[Registration]]:
    """Return every passkey that any of these people ever had, by the person, in the order of the audit."""
    tags = (Event.FACTOR_ADD, Event.FACTOR_REMOVE, Act.ACCOUNT_RESET)
    lines = Line.objects.filter(
        chain_id=settings.CONFIGURATION.participant,
        tag__in=[tag.value for tag in tags],
        subject__in=[f"account:{each}" for each in user_identifiers],
    )
    found: dict[str, list[Registration]] = {}
    for line in lines.order_by("number"):
        own = found.setdefault(line.subject.removeprefix("account:"), [])
        passkey = line.facts.get("passkey", "")
        if line.tag == Event.FACTOR_ADD and passkey:
            own.append(Registration(passkey, line.number, line.at))
        elif line.tag == Event.FACTOR_REMOVE and passkey:
            _end(own, at=line.at, passkey=passkey)
        elif line.tag == Act.ACCOUNT_RESET and line.facts.get("what") == "second factor":
            _end(own, at=line.at)
    return found


def _end(own: list[Registration], *, at: datetime, passkey: str = "") -> None:
    for place, each in enumerate(own):
        if each.until is None and passkey in {"", each.passkey}:
            own[place] = replace(each, until=at)
