"""What happens at the door leaves a line in the audit: signing in, passwords, second factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.signals import password_changed, password_set
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver

from macle.node import clock
from macle.node.accounts import actions, passkeys, sessions, throttle

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator
    from django.http import HttpRequest

    from macle.node.accounts.models import User


@receiver(user_logged_in)
def _signed_in(*, user: User, request: HttpRequest, **_: object) -> None:
    throttle.clear(user.login)
    at = clock.now()
    request.session[sessions.BEGAN] = request.session[sessions.SEEN] = at.isoformat()
    request.session[sessions.BROWSER] = request.headers.get("User-Agent", "")[:200]
    records = request.session.get("account_authentication_methods", [])
    how = ", ".join(str(each.get("type") or each.get("provider") or each.get("method")) for each in records)
    actions.note(actions.Event.SIGN_IN, user=user, at=at, how=how)


@receiver([password_changed, password_set])
def _changed_password(*, user: User, **_: object) -> None:
    actions.end_first_password(user=user)
    actions.note(actions.Event.PASSWORD_CHANGE, user=user, at=clock.now())


@receiver(authenticator_added)
def _added_factor(*, user: User, authenticator: Authenticator, **_: object) -> None:
    passkey = passkeys.digest(authenticator)
    actions.note(actions.Event.FACTOR_ADD, user=user, at=clock.now(), how=str(authenticator.type), passkey=passkey)


@receiver(authenticator_removed)
def _removed_factor(*, user: User, authenticator: Authenticator, **_: object) -> None:
    passkey = passkeys.digest(authenticator)
    actions.note(actions.Event.FACTOR_REMOVE, user=user, at=clock.now(), how=str(authenticator.type), passkey=passkey)
