"""Writing accounts: who may sign in, with which roles and from when until when.

Each act takes who does it and when, asks the table of permissions, and commits with its line in the audit. Nobody gives
a role to themself, and one administrator always remains.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q

from macle import errors
from macle.node import permissions
from macle.node.accounts import queries, throttle, tokens
from macle.node.accounts.models import ALPHABET, Deputy, Grant, SavedFilter, User, in_force
from macle.node.audit import actions as audit
from macle.node.permissions import Act, Actor, Reach, Role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FIRST_PASSWORD_SERVES: Final = timedelta(days=7)
FILTERS_AT_MOST: Final = 50
NODE: Final = "node"
"""Who is named in the audit where nobody signed in."""


class Event(StrEnum):
    """What happens at the door; each leaves a line in the audit."""

    SIGN_IN = "account:sign-in"
    SIGN_OUT_EVERYWHERE = "account:sign-out-everywhere"
    LOCK = "account:lock"
    PASSWORD_CHANGE = "account:change-password"  # noqa: S105 (a tag)
    FACTOR_ADD = "account:add-factor"
    FACTOR_REMOVE = "account:remove-factor"


class LoginTaken(errors.Conflict):
    """Somebody has this login name."""

    code = "login-taken"


class LoginMalformed(errors.Malformed):
    """The login name holds what it may not."""

    code = "login-malformed"


class EmailMalformed(errors.Malformed):
    """This is no e-mail address."""

    code = "email-malformed"


class NameMissing(errors.Malformed):
    """The account has no name, or an act no reason."""

    code = "name-missing"


class PasswordWeak(errors.Refused):
    """The password is too easily guessed."""

    code = "password-weak"


class GrantIncomplete(errors.Malformed):
    """The role needs an office or a trader, or has none."""

    code = "grant-incomplete"


class GrantHeld(errors.Conflict):
    """The user holds this already."""

    code = "grant-held"


class GrantEnded(errors.Conflict):
    """It has ended already."""

    code = "grant-ended"


class GrantUnknown(errors.NotFound):
    """There is no such grant or deputyship."""

    code = "grant-unknown"


class OwnAccount(errors.Refused):
    """Nobody does this to their own account."""

    code = "own-account"


class LastAdministrator(errors.Refused):
    """Nobody would be left who may administer."""

    code = "last-administrator"


class DeputyshipImpossible(errors.Refused):
    """The absent official does not hold this role, or would deputise for themself."""

    code = "deputyship-impossible"


class AuthenticatorHeld(errors.Conflict):
    """The account is in use, or has a second factor."""

    code = "authenticator-held"


class RoleUnknown(errors.Malformed):
    """There is no such role."""

    code = "role-unknown"


class AccountClosed(errors.Conflict):
    """The account is closed."""

    code = "account-closed"


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user that was made, and the first password to hand over; nothing if a password was given."""

    user: User
    first_password: str


def create(
    *,
    login: str,
    name: str,
    email: str = "",
    language: str = "en",
    password: str = "",
    by: Actor,
    at: datetime,
) -> NewUser:
    """Make an account without any role.

    Without a password a first one is made: it serves for seven days, and the person must change it before anything
    else. Raises `LoginMalformed`, `LoginTaken`, `EmailMalformed`, `NameMissing`, `PasswordWeak`.
    """
    by.require(Act.ACCOUNT_CREATE)
    user = User(login=login.strip().lower(), name=name.strip(), email=email.strip(), language=language, created_at=at)
    _check(user)
    first = "" if password else new_password()
    if password:
        check_password(password, user=user)
    else:
        user.first_password_until = at + FIRST_PASSWORD_SERVES
    user.set_password(password or first)
    with transaction.atomic():
        if User.objects.filter(login=user.login).exists():
            raise LoginTaken("Somebody has this login name.", where="login", mend="Choose another.")
        user.save(force_insert=True)
        _record(Act.ACCOUNT_CREATE, user, by=by, at=at)
    return NewUser(user, first)


def grant(
    *,
    user: str,
    role: Role,
    office: str = "",
    trader: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    by: Actor,
    at: datetime,
) -> Grant:
    """Give somebody a role, for an office or a trader where the role needs one.

    Raises `OwnAccount`, `GrantIncomplete`, `GrantHeld`, `AccountClosed`.
    """
    by.require(Act.ACCOUNT_GRANT)
    needs = needs_of(role)
    if (needs is Reach.OFFICE) != bool(office) or (needs is Reach.TRADER) != bool(trader):
        wanted = {Reach.OFFICE: "an office", Reach.TRADER: "a trader"}.get(needs, "neither office nor trader")
        raise GrantIncomplete(f"This role ({role}) is held for {wanted}.", where="trader" if trader else "office")
    with transaction.atomic():
        held = _locked(user)
        _not_oneself(held, by, what="gives a role to themself")
        since = since or at
        if until is not None and until <= since:
            raise GrantIncomplete("It would end before it begins.", where="until")
        same = Grant.objects.filter(user=held, role=role.value, office=office, trader=trader)
        if same.filter(Q(until__isnull=True) | Q(until__gt=since)).exists():
            raise GrantHeld("The user holds this role already.", where="role")
        given = Grant.objects.create(
            user=held, role=role.value, office=office, trader=trader, since=since, until=until, given_by=by.identifier
        )
        facts = {"grant": given.pk, "role": role.value, "trader": trader, "since": since.isoformat()}
        facts |= {"until": until.isoformat()} if until else {}
        _record(Act.ACCOUNT_GRANT, held, by=by, at=at, office=office, facts=facts)
    return given


def end_grant(*, grant: int, reason: str, by: Actor, at: datetime) -> Grant:
    """End a role now. Raises `GrantUnknown`, `GrantEnded`, `LastAdministrator`."""
    by.require(Act.ACCOUNT_END_GRANT)
    _reason(reason)
    with transaction.atomic():
        others = _other_administrators(grant=grant, at=at)
        held: Grant | None = Grant.objects.select_for_update().filter(pk=grant).first()
        if held is None:
            raise GrantUnknown("There is no such grant.", where="grant")
        if held.until is not None and held.until <= at:
            raise GrantEnded("It has ended already.", where="grant")
        if held.role == Role.ADMINISTRATOR.value and not others:
            raise _last()
        _end(held, reason=reason, by=by, at=at)
        _record(
            Act.ACCOUNT_END_GRANT,
            held.user,
            by=by,
            at=at,
            office=held.office,
            facts={"grant": held.pk, "role": held.role, "trader": held.trader},
        )
    return held


def deputise(
    *,
    absent: str,
    deputy: str,
    role: Role,
    office: str,
    reason: str,
    since: datetime | None = None,
    until: datetime | None = None,
    by: Actor,
    at: datetime,
) -> Deputy:
    """Let somebody act for an absent official in one role at one office.

    Raises `DeputyshipImpossible`, `OwnAccount` (nobody makes themself a deputy), `AccountClosed`.
    """
    by.require(Act.ACCOUNT_DEPUTISE)
    _reason(reason)
    since = since or at
    with transaction.atomic():
        away, here = queries.find(absent), _locked(deputy)
        _not_oneself(here, by, what="makes themself a deputy")
        if away.pk == here.pk:
            raise DeputyshipImpossible("Nobody deputises for themself.", where="deputy")
        if needs_of(role) is Reach.TRADER:
            raise DeputyshipImpossible("Only officials have deputies.", where="role")
        if until is not None and until <= since:
            raise DeputyshipImpossible("It would end before it begins.", where="until")
        if not Grant.objects.filter(in_force(since), user=away, role=role.value, office=office).exists():
            raise DeputyshipImpossible("The absent official does not hold this role there.", where="role")
        given = Deputy.objects.create(
            absent=away,
            deputy=here,
            role=role.value,
            office=office,
            reason=reason,
            since=since,
            until=until,
            given_by=by.identifier,
        )
        facts = {"deputyship": given.pk, "role": role.value, "for": away.identifier, "since": since.isoformat()}
        facts |= {"until": until.isoformat()} if until else {}
        _record(Act.ACCOUNT_DEPUTISE, here, by=by, at=at, office=office, facts=facts)
    return given


def end_deputyship(*, deputyship: int, reason: str, by: Actor, at: datetime) -> Deputy:
    """End a deputyship now. Raises `GrantUnknown`, `GrantEnded`."""
    by.require(Act.ACCOUNT_DEPUTISE)
    _reason(reason)
    with transaction.atomic():
        held: Deputy | None = Deputy.objects.select_for_update().filter(pk=deputyship).first()
        if held is None:
            raise GrantUnknown("There is no such deputyship.", where="deputyship")
        if held.until is not None and held.until <= at:
            raise GrantEnded("It has ended already.", where="deputyship")
        _end(held, reason=reason, by=by, at=at)
        facts = {"deputyship": held.pk, "role": held.role, "for": held.absent.identifier, "ended": True}
        _record(Act.ACCOUNT_DEPUTISE, held.deputy, by=by, at=at, office=held.office, facts=facts)
    return held


def reset_second_factor(*, user: str, reason: str, by: Actor, at: datetime) -> None:
    """Take away every second factor, for somebody who lost theirs; all their sessions and tokens end.

    They set up a new one when they next sign in. Raises `OwnAccount`, `AccountClosed`.
    """
    by.require(Act.ACCOUNT_RESET)
    _reason(reason)
    with transaction.atomic():
        held = _locked(user)
        _not_oneself(held, by, what="resets their own second factor")
        Authenticator.objects.filter(user=held).delete()
        _next_epoch(held)
        tokens.revoke_all(held, by=by, at=at)
        _record(Act.ACCOUNT_RESET, held, by=by, at=at, facts={"what": "second factor"})


def reset_password(*, user: str, reason: str, by: Actor, at: datetime) -> str:
    """Return a new first password for somebody who forgot theirs; the second factor stays.

    All their sessions and tokens end.
    """
    by.require(Act.ACCOUNT_RESET)
    _reason(reason)
    first = new_password()
    with transaction.atomic():
        held = _locked(user)
        _not_oneself(held, by, what="resets their own password")
        held.set_password(first)
        held.first_password_until = at + FIRST_PASSWORD_SERVES
        held.save(update_fields=["password", "first_password_until"])
        _next_epoch(held)
        tokens.revoke_all(held, by=by, at=at)
        _record(Act.ACCOUNT_RESET, held, by=by, at=at, facts={"what": "password"})
    return first


def unlock(*, user: str, by: Actor, at: datetime) -> None:
    """Open a login name that is locked after wrong tries."""
    by.require(Act.ACCOUNT_RESET)
    with transaction.atomic():
        held = _locked(user)
        throttle.clear(held.login)
        _record(Act.ACCOUNT_RESET, held, by=by, at=at, facts={"what": "lock"})


def close(*, user: str, reason: str, by: Actor, at: datetime) -> None:
    """Close an account for good: its roles and deputyships end, its sessions and tokens too.

    Raises `OwnAccount`, `LastAdministrator`, `AccountClosed`.
    """
    by.require(Act.ACCOUNT_CLOSE)
    _reason(reason)
    with transaction.atomic():
        others = _other_administrators(user=user, at=at)
        held = _locked(user)
        _not_oneself(held, by, what="closes their own account")
        grants = list(Grant.objects.select_for_update().filter(Q(until__isnull=True) | Q(until__gt=at), user=held))
        if not others and any(each.role == Role.ADMINISTRATOR.value for each in grants):
            raise _last()
        deputyships = Deputy.objects.select_for_update().filter(
            Q(until__isnull=True) | Q(until__gt=at), Q(deputy=held) | Q(absent=held)
        )
        for each in (*grants, *deputyships):
            _end(each, reason=reason, by=by, at=at)
        held.closed_at = at
        held.save(update_fields=["closed_at"])
        _next_epoch(held)
        tokens.revoke_all(held, by=by, at=at)
        _record(Act.ACCOUNT_CLOSE, held, by=by, at=at, facts={"grants": [each.pk for each in grants]})


def change_own(*, language: str, by: Actor, at: datetime) -> None:
    """Change the language in which somebody reads the pages."""
    _signed_in(by)
    with transaction.atomic():
        held = _locked(by.identifier)
        held.language = language
        held.save(update_fields=["language"])
        _record(Act.OWN_ACCOUNT_CHANGE, held, by=by, at=at, facts={"language": language})


def sign_out_everywhere(*, by: Actor, at: datetime) -> User:
    """End every session of the actor's own, and return the user with the new epoch."""
    _signed_in(by)
    with transaction.atomic():
        held = _locked(by.identifier)
        _next_epoch(held)
        _record(Event.SIGN_OUT_EVERYWHERE, held, by=by, at=at)
    return held


def save_filter(*, of: str, title: str, query: str, by: Actor) -> SavedFilter:
    """Keep a view of a list under a title; the same title is replaced. No line in the audit: nothing was done."""
    _signed_in(by)
    title = " ".join(title.split())[:80]
    if not title:
        raise NameMissing("The view has no title.", where="title", mend="Give it one.")
    with transaction.atomic():
        held = _locked(by.identifier)
        kept, _made = SavedFilter.objects.update_or_create(
            user=held, list=of, title=title, defaults={"query": query[:500]}
        )
        newest = SavedFilter.objects.filter(user=held).order_by("-pk").values_list("pk", flat=True)[:FILTERS_AT_MOST]
        SavedFilter.objects.filter(user=held).exclude(pk__in=list(newest)).delete()
    return kept


def forget_filter(*, of: str, title: str, by: Actor) -> None:
    """Forget a view of a list."""
    _signed_in(by)
    SavedFilter.objects.filter(user__identifier=by.identifier, list=of, title=title).delete()


def count_failure(login: str, *, at: datetime) -> bool:
    """Count a wrong password or code, and return whether the name is locked by it; the audit says so of a user."""
    locked = throttle.fail(login, at=at)
    if locked and (user := User.objects.filter(login=login.strip().lower()).first()) is not None:
        with transaction.atomic():
            _record(Event.LOCK, user, by=Actor(identifier=NODE), at=at)
    return locked


def note(event: Event, *, user: User, at: datetime, **facts: str) -> None:
    """Add the line of something that a user did at the door, in a transaction of its own or of the caller."""
    known = {name: fact for name, fact in facts.items() if fact}
    with transaction.atomic():
        _record(event, user, by=Actor(identifier=user.identifier), at=at, facts=known)


def end_first_password(*, user: User) -> None:
    """Let it be known that the user has chosen a password of their own."""
    User.objects.filter(pk=user.pk).update(first_password_until=None)
    user.first_password_until = None


def check_password(password: str, *, user: User | None = None) -> None:
    """Raise `PasswordWeak` with every reason."""
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise PasswordWeak(" ".join(error.messages), where="password", mend="Choose a longer one.") from error


def new_password() -> str:
    """Return a password to hand over, such as ``k7mq-x4ha-2wfp-9tnd``: about 80 bits that can be read out."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def give_authenticator(*, user: str, by: Actor, at: datetime) -> str:
    """Give a new account an authenticator, and return its secret to hand over; for whoever makes the first accounts.

    Refuses an account that has a second factor, or to which anybody ever signed in: nobody learns of a secret in use.
    """
    by.require(Act.ACCOUNT_CREATE)
    secret: str = totp.generate_totp_secret()
    with transaction.atomic():
        held = _locked(user)
        if held.last_login is not None or Authenticator.objects.filter(user=held).exists():
            raise AuthenticatorHeld("This account is in use.", where="user", mend="Its holder adds one.")
        totp.TOTP.activate(held, secret)
        _record(Event.FACTOR_ADD, held, by=by, at=at, facts={"how": "totp"})
    return secret


def role(word: str) -> Role:
    """Return the role of this name; raise `RoleUnknown`."""
    try:
        return Role(word)
    except ValueError:
        raise RoleUnknown(
            f"There is no role {word!r}.", where="role", mend=f"Roles: {', '.join(each.value for each in Role)}."
        ) from None


def needs_of(role: Role) -> Reach:
    """Return for what a role is held: for a trader, for an office, or for the Participant as a whole."""
    reaches = {reach[role] for reach in permissions.TABLE.values() if role in reach}
    if Reach.TRADER in reaches:
        return Reach.TRADER
    if Reach.OFFICE in reaches or role is Role.CUSTOMS:
        return Reach.OFFICE
    return Reach.PARTICIPANT


def _check(user: User) -> None:
    try:
        User._meta.get_field("login").clean(user.login, user)  # noqa: SLF001 (Django's own)
    except ValidationError as error:
        raise LoginMalformed(
            "A login name has letters a to z, figures, dots and hyphens.", where="login", mend="Such as: tamsin.vale"
        ) from error
    if not user.name:
        raise NameMissing("The account has no name.", where="name", mend="Write the person's name.")
    if user.email:
        try:
            validate_email(user.email)
        except ValidationError as error:
            raise EmailMalformed("This is no e-mail address.", where="email", mend="Leave it empty if none.") from error


def _reason(reason: str) -> None:
    if not reason.strip():
        raise NameMissing("A reason is missing.", where="reason", mend="Say why: it is kept.")


def _signed_in(by: Actor) -> None:
    """Raise `ActForbidden` for nobody; one's own account is changed also by who holds no role (any longer)."""
    if not by.identifier:
        by.require(Act.OWN_ACCOUNT_CHANGE)


def _locked(identifier: str) -> User:
    """Return an open account, locked; raise `UserUnknown` or `AccountClosed`."""
    held = User.objects.select_for_update().filter(identifier=identifier).first()
    if held is None:
        raise queries.UserUnknown("There is no such user.", where="user")
    if held.closed_at is not None:
        raise AccountClosed("The account is closed.", where="user")
    return held


def _not_oneself(user: User, by: Actor, *, what: str) -> None:
    if user.identifier == by.identifier:
        raise OwnAccount(f"Nobody {what}.", where="user", mend="Ask another administrator.")


def _other_administrators(*, at: datetime, user: str = "", grant: int = 0) -> bool:
    """Return whether an administrator without an end remains beside this user or grant; all of them are locked."""
    grants = Grant.objects.select_for_update().filter(role=Role.ADMINISTRATOR.value, until__isnull=True, since__lte=at)
    open_ones = list(grants.filter(user__closed_at__isnull=True).order_by("pk").values_list("pk", "user__identifier"))
    return any(pk != grant and whose != user for pk, whose in open_ones)


def _last() -> LastAdministrator:
    return LastAdministrator("Nobody would be left who may administer.", mend="Make somebody else an administrator.")


def _end(interval: Grant | Deputy, *, reason: str, by: Actor, at: datetime) -> None:
    # What had not begun yet ends where it would have begun: it never held.
    interval.until = max(at, interval.since)
    interval.ended_by, interval.ended_because = by.identifier, reason.strip()[:200]
    interval.save(update_fields=["until", "ended_by", "ended_because"])


def _next_epoch(user: User) -> None:
    user.epoch += 1
    user.save(update_fields=["epoch"])


def _record(
    tag: Act | Event,
    user: User,
    *,
    by: Actor,
    at: datetime,
    office: str = "",
    facts: Mapping[str, object] | None = None,
) -> None:
    audit.record(
        authority=settings.CONFIGURATION.participant,
        tag=tag.value,
        actor=by.identifier,
        subject=f"account:{user.identifier}",
        at=at,
        office=office,
        facts=facts,
    )
