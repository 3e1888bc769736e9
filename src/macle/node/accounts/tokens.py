"""Tokens: what a program shows in place of a person.

The rules of this module:

- A token is bound to one role that its maker holds, for one office or trader, and has an end within a year.
- It gives an actor with exactly that role, and only while its maker still holds it and the account is open: to end a
  role ends what its tokens may do.
- It is shown once. What is kept is its SHA-256, which suffices because nobody guesses 256 bits.
- Whoever made it revokes it, or an administrator; so does the reset of a password or a second factor.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from macle import errors
from macle.node.accounts import queries
from macle.node.accounts.models import TOKEN_NAME_LENGTH, Token, User
from macle.node.audit import actions as audit
from macle.node.permissions import Act, Actor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

    from macle.node.permissions import Held

PREFIX: Final = "macle_"
"""So that a token that was left somewhere is recognised as one."""
LONGEST_LIFE: Final = timedelta(days=366)
"""A year, whichever it is."""
MOST: Final = 50
"""Tokens of one person that serve at a time."""
SEEN_EVERY: Final = timedelta(seconds=60)
_BYTES: Final = 32
_LONGEST: Final = 128


class TokenMalformed(errors.Malformed):
    """The token would have no name, no end, or one that is too far away."""

    code = "token-malformed"


class RoleNotHeld(errors.Refused):
    """A token is made for a role that its maker holds."""

    code = "role-not-held"


class TokenUnknown(errors.NotFound):
    """There is no such token, or none of this person."""

    code = "token-unknown"


class TokenOver(errors.Conflict):
    """The token was revoked already."""

    code = "token-over"


class TooManyTokens(errors.Refused):
    """One person has as many tokens as may serve at a time."""

    code = "too-many-tokens"


@dataclass(frozen=True, slots=True)
class Made:
    """A token that was made, and what is shown of it once."""

    token: Token
    secret: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A token that a program showed and that serves, and who acts by it."""

    token: Token
    actor: Actor


def make(*, name: str, held: Held, ends_at: datetime, by: Actor, at: datetime) -> Made:
    """Make a token for one of the maker's own roles.

    Raises `TokenMalformed`, `RoleNotHeld` or `TooManyTokens`.
    """
    by.require(Act.TOKEN_MAKE)
    title = " ".join(name.split())
    if not 0 < len(title) <= TOKEN_NAME_LENGTH or not title.isprintable():
        raise TokenMalformed("The token has no name that fits.", where="name", mend="Say what it is for.")
    if not at < ends_at <= at + LONGEST_LIFE:
        raise TokenMalformed("A token ends within a year.", where="until", mend="Choose a day within a year.")
    if held not in by.held:
        raise RoleNotHeld("You do not hold this role.", where="role", mend="Choose one of your roles.")
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    with transaction.atomic():
        user = _owner(by.identifier)
        if Token.objects.filter(user=user, revoked_at__isnull=True, ends_at__gt=at).count() >= MOST:
            raise TooManyTokens(
                f"You have {MOST} tokens that serve.", where="name", mend="Revoke one that is no longer used."
            )
        token = Token.objects.create(
            user=user,
            name=title,
            digest=_digest(secret),
            role=held.role.value,
            office=held.office,
            trader=held.trader,
            made_at=at,
            ends_at=ends_at,
        )
        facts = {"role": token.role, "trader": token.trader, "until": ends_at.isoformat()}
        _record(Act.TOKEN_MAKE, token, by=by, at=at, facts=facts)
    return Made(token, secret)


def revoke(*, token: int, by: Actor, at: datetime) -> Token:
    """End a token now: one's own, also without any role, or anybody's for whoever may reset accounts.

    Raises `TokenUnknown` or `TokenOver`.
    """
    if not by.identifier:
        by.require(Act.TOKEN_REVOKE)
    with transaction.atomic():
        held = find(token, by=by, lock=True)
        if held.revoked_at is not None:
            raise TokenOver("The token was revoked already.", where="token")
        _revoke(held, by=by, at=at)
    return held


def find(token: int, *, by: Actor, lock: bool = False) -> Token:
    """Return a token that this person may revoke; raise `TokenUnknown`."""
    rows = Token.objects.select_for_update(of=("self",)) if lock else Token.objects.all()
    found = rows.filter(pk=token).select_related("user").first()
    if found is None or (found.user.identifier != by.identifier and not by.may(Act.ACCOUNT_RESET)):
        raise TokenUnknown("There is no such token.", where="token", mend="Look at the list of tokens.")
    return found


def revoke_all(user: User, *, by: Actor, at: datetime) -> None:
    """End every token of somebody, in the transaction of the act that makes it necessary."""
    for held in Token.objects.select_for_update().filter(user=user, revoked_at__isnull=True, ends_at__gt=at):
        _revoke(held, by=by, at=at)


def of(by: Actor) -> QuerySet[Token]:
    """Return the tokens of somebody, the last one first."""
    return Token.objects.filter(user__identifier=by.identifier)


def serving(tokens: Iterable[Token], by: Actor, *, at: datetime) -> list[Token]:
    """Return those of one's tokens that give their role now."""
    return [each for each in tokens if each.serves(at) and _held(each, by) is not None]


def shown(secret: str, *, at: datetime) -> Shown | None:
    """Return the token that a program showed, and who acts by it; nothing unless it serves now.

    Its last use is written down, at most once a minute.
    """
    if len(secret) > _LONGEST or not secret.startswith(PREFIX):
        return None
    token = Token.objects.filter(digest=_digest(secret)).select_related("user").first()
    if token is None or not token.serves(at):
        return None
    held = _held(token, queries.actor(token.user, at=at))
    if held is None:
        return None
    if token.used_at is None or at - token.used_at >= SEEN_EVERY:
        unseen = Q(used_at__isnull=True) | Q(used_at__lte=at - SEEN_EVERY)
        Token.objects.filter(unseen, pk=token.pk).update(used_at=at)
    return Shown(token, Actor(identifier=token.user.identifier, held=(held,)))


def _held(token: Token, actor: Actor) -> Held | None:
    """Return the role of the token if it is held now: rather in one's own right than as a deputy."""
    same = (
        each
        for each in actor.held
        if (each.role.value, each.office, each.trader) == (token.role, token.office, token.trader)
    )
    return min(same, key=lambda each: each.deputises_for, default=None)


def _owner(identifier: str) -> User:
    user = User.objects.select_for_update().filter(identifier=identifier, closed_at=None).first()
    if user is None:
        raise queries.UserUnknown("There is no such user.", where="user")
    return user


def _revoke(token: Token, *, by: Actor, at: datetime) -> None:
    token.revoked_at, token.revoked_by = at, by.identifier
    token.save(update_fields=["revoked_at", "revoked_by"])
    _record(Act.TOKEN_REVOKE, token, by=by, at=at, facts={})


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _record(tag: Act, token: Token, *, by: Actor, at: datetime, facts: dict[str, str]) -> None:
    audit.record(
        authority=settings.CONFIGURATION.participant,
        tag=tag,
        actor=by.identifier,
        subject=f"account:{token.user.identifier}",
        at=at,
        office=token.office,
        facts={"token": token.pk, **facts},
    )
