"""Codes of an authenticator application (RFC 6238): each is good once, in every process and for every purpose."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from allauth.mfa.utils import decrypt
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare

from macle.node.accounts.models import UsedCode

if TYPE_CHECKING:
    from datetime import datetime

    from macle.node.accounts.models import User

PERIOD: Final = 30
DRIFT: Final = 1
"""Steps by which a telephone's clock may be wrong, either way."""
_KEPT: Final = timedelta(days=1)


def check(user: User, code: str, *, at: datetime) -> bool:
    """Return whether the code is that of the user's authenticator now, and use it up."""
    authenticator = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if authenticator is None:
        return False
    secret = decrypt(authenticator.data["secret"])
    text = "".join(code.split())
    now = step_of(at)
    # Compared with each, so that the time it takes says nothing.
    matching = [
        step for step in range(now - DRIFT, now + DRIFT + 1) if constant_time_compare(text, code_of(secret, step=step))
    ]
    return bool(matching) and _use(user, matching[0], now=now)


def step_of(at: datetime) -> int:
    """Return the step of time to which an instant belongs."""
    return int(at.timestamp()) // PERIOD


def code_of(secret: str, *, step: int) -> str:
    """Return the code of a secret (base32) for a step of time."""
    code: str = auth.format_hotp_value(auth.hotp_value(secret, step))
    return code


def _use(user: User, step: int, *, now: int) -> bool:
    """Write down that the step was used; return False if it was before."""
    UsedCode.objects.filter(user=user, step__lt=now - _KEPT // timedelta(seconds=PERIOD)).delete()
    try:
        with transaction.atomic():
            UsedCode.objects.create(user=user, step=step)
    except IntegrityError:
        return False
    return True
