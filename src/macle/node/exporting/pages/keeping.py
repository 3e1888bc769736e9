"""Files between two pages of one act: kept when they come, and named in the form by a token that nobody can forge."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from django.core import signing

from macle.node.audit import evidence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from macle.node.desk.pages import Request
    from macle.node.permissions import Actor

_FILE: Final = "macle.node.exporting.file"
_CHECKED: Final = "macle.node.exporting.checked"


def keep(upload: Any, request: Request, *, where: str) -> str:  # noqa: ANN401 (Django's upload)
    """Keep a file and return its token, which is good for this person alone; raise `UploadRefused`."""
    held = evidence.keep(
        data=upload, name=upload.name, by_identifier=request.actor.identifier, at=request.at, where=where
    )
    return signing.dumps([held.sha256, str(upload.name)[-120:], request.actor.identifier], salt=_FILE, compress=True)


def kept(token: str, by: Actor) -> tuple[str, str]:
    """Return digest and name of the file that a token names; nothing for a token of somebody else, or none at all."""
    if not token:
        return "", ""
    try:
        digest, name, whose = signing.loads(token, salt=_FILE)
    except (signing.BadSignature, ValueError):
        return "", ""
    return (str(digest), str(name)) if whose == by.identifier else ("", "")


def seen(what: Mapping[str, Any], *, by: Actor, at: datetime) -> str:
    """Return a token that says that this person was shown exactly this."""
    return signing.dumps([_digest(what), by.identifier, at.isoformat()], salt=_CHECKED)


def was_seen(token: str, what: Mapping[str, Any], *, by: Actor) -> bool:
    """Return whether the token says so."""
    try:
        digest, whose, _ = signing.loads(token, salt=_CHECKED)
    except (signing.BadSignature, ValueError):
        return False
    return bool(digest == _digest(what) and whose == by.identifier)


def _digest(what: Mapping[str, Any]) -> str:
    plain = {name: str(value) for name, value in what.items() if value not in (None, "")}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
