"""How often somebody may try: wrong passwords and codes are counted for each login name, and then it is locked.

A name is counted whether there is an account of that name or not, so that being locked says nothing about it. The
count is a row, so that it is the same for every process and after a restart. A locked name opens by itself; a passkey
is not stopped by it, because there is nothing to guess.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils.crypto import salted_hmac

from macle import errors
from macle.node.accounts.models import Attempts

if TYPE_CHECKING:
    from datetime import datetime

TRIES: Final = 5
LOCK: Final = timedelta(minutes=15)
FORGET: Final = timedelta(hours=24)
"""How long tries are remembered that did not end in a lock."""


class SignInLocked(errors.NotPermitted):
    """Too many wrong tries; ``facts["until"]`` says when the name opens again."""

    code = "sign-in-locked"


def check(login: str, *, at: datetime) -> None:
    """Raise `SignInLocked` while this login name is locked."""
    until = Attempts.objects.filter(pk=_digest(login)).values_list("locked_until", flat=True).first()
    if until is not None and until > at:
        raise _locked(until)


def fail(login: str, *, at: datetime) -> bool:
    """Count a wrong try, and return whether the name is locked by it.

    Must not be called within the transaction of an act: the count stays when the act is undone.
    """
    with transaction.atomic(durable=True):
        Attempts.objects.filter(last_at__lt=at - FORGET).delete()
        Attempts.objects.get_or_create(name_digest=_digest(login), defaults={"last_at": at})
        row = Attempts.objects.select_for_update().get(pk=_digest(login))
        if row.locked_until is not None and row.locked_until <= at:
            # The lock has ended: its tries are paid for.
            row.failures, row.locked_until = 0, None
        row.failures += 1
        row.last_at = at
        locks = row.failures == TRIES
        if locks:
            row.locked_until = at + LOCK
        row.save()
    return locks


def clear(login: str) -> None:
    """Forget the wrong tries for this name: somebody proved who they are, or an administrator opened it."""
    Attempts.objects.filter(pk=_digest(login)).delete()


def locked_until(login: str, *, at: datetime) -> datetime | None:
    """Return when a locked name opens again; nothing if it is open."""
    return (
        Attempts.objects.filter(pk=_digest(login), locked_until__gt=at).values_list("locked_until", flat=True).first()
    )


def _digest(login: str) -> str:
    return salted_hmac("macle.node.accounts.attempts", login.strip().lower(), algorithm="sha256").hexdigest()


def _locked(until: datetime) -> SignInLocked:
    return SignInLocked(
        f"Too many wrong tries for this name. It is locked until {until:%H:%M} UTC.",
        where="login",
        mend="Wait until then, sign in with a passkey, or ask your administrator to open it.",
        facts={"until": until.isoformat()},
    )
