"""The tables of accounts: users, the roles they hold for a time, who stands in for whom, and what guards sign-in.

The rules of this module:

- Outside this app a user is an ``identifier``: text that is random, stable and says nothing about the person. Names,
  e-mail addresses and login names stay here.
- A grant and a deputyship are half-open intervals, ended with a reason and never deleted: who could do what on a day in
  2026 is known in 2036.
- What guards sign-in (wrong tries, codes that were used, sessions) is kept in the database, because several processes
  answer and each may be started anew.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

from macle import errors
from macle.node.permissions import Role

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.sessions.backends.base import SessionBase

ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""Letters and figures that are not taken for one another when they are read out."""
IDENTIFIER_LENGTH: Final = 10
LOGIN_LENGTH: Final = 64
TOKEN_NAME_LENGTH: Final = 80
ROLES: Final = [(role.value, role.value) for role in Role]


class GrantUnalterable(errors.Conflict):
    """Somebody tried to delete a grant or a deputyship."""

    code = "grant-unalterable"


def new_identifier() -> str:
    """Return a new identifier, such as ``u-7k2m9qx4ha``: about 50 bits, which nobody guesses."""
    return "u-" + "".join(secrets.choice(ALPHABET) for _ in range(IDENTIFIER_LENGTH))


class Users(BaseUserManager["User"]):
    """Users, found by the name with which they sign in; capital letters make no difference."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the user of this login name."""
        return self.get(login=(username or "").lower())


class User(AbstractBaseUser):
    """Somebody who signs in."""

    identifier = models.CharField(max_length=16, unique=True, default=new_identifier, editable=False)
    login = models.CharField(
        max_length=LOGIN_LENGTH,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9._-]*\Z")],
    )
    email = models.EmailField(blank=True)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=10, default="en")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    first_password_until = models.DateTimeField(null=True, blank=True)
    """Set while the password is the one that was handed over: it must be changed, and serves until then only."""
    epoch = models.PositiveIntegerField(default=0)
    """Sessions belong to an epoch; the next one ends them all."""

    objects = Users()

    USERNAME_FIELD = "login"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["name", "email"]

    class Meta:
        """Users in the order of their login names."""

        ordering: ClassVar = ["login"]

    def __str__(self) -> str:
        """Return the identifier: a name is shown on purpose and never by accident."""
        return self.identifier

    @property
    def is_active(self) -> bool:
        """Return whether the account is open."""
        return self.closed_at is None

    @is_active.setter
    def is_active(self, _: object) -> NoReturn:
        raise AttributeError("An account is closed by an act.")

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Return the login name in small letters."""
        return super().normalize_username(username).lower()

    def get_session_auth_hash(self) -> str:
        """Return what a session must know: it changes with the password and with the epoch."""
        return salted_hmac(
            "macle.node.accounts.session", f"{self.password}|{self.epoch}", algorithm="sha256"
        ).hexdigest()

    def get_session_auth_fallback_hash(self) -> Any:  # noqa: ANN401 (Django's own)
        """Return none: there are no older keys."""
        return iter(())


def shown(user: User) -> str:
    """Return what pages call a user."""
    return user.name


class NeverDeleted(models.QuerySet[Any]):
    """Queries that delete nothing."""

    def delete(self) -> NoReturn:
        """Refuse."""
        raise GrantUnalterable("A grant is ended and never deleted.", mend="End it with a reason.")


def in_force(at: datetime) -> Q:
    """Return the condition that an interval holds this instant; the instant of its end does not belong to it."""
    return Q(since__lte=at) & (Q(until__isnull=True) | Q(until__gt=at))


class Interval(models.Model):
    """What holds for a time, and who said so."""

    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    given_by = models.CharField(max_length=64)
    ended_by = models.CharField(max_length=64, blank=True)
    ended_because = models.CharField(max_length=200, blank=True)

    class Meta:
        """A part of other tables."""

        abstract = True

    def delete(self, *_: object, **__: object) -> NoReturn:
        """Refuse."""
        raise GrantUnalterable("A grant is ended and never deleted.", mend="End it with a reason.")


class Grant(Interval):
    """A role that somebody holds for a time, for an office or for a trader."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=32, choices=ROLES)
    office = models.CharField(max_length=120, blank=True)
    trader = models.CharField(max_length=32, blank=True)

    objects: ClassVar[models.Manager[Grant]] = NeverDeleted.as_manager()

    class Meta:
        """Grants in their order; the same one is not open twice."""

        ordering: ClassVar = ["since", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "role", "office", "trader"],
                condition=Q(until__isnull=True),
                name="accounts_grant_open_once",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["role", "office"], name="accounts_grant_by_role")]

    def __str__(self) -> str:
        """Return the grant in short."""
        return f"{self.user_id} {self.role} {self.office or self.trader}"


class Deputy(Interval):
    """Somebody who acts for an absent official, in one role of theirs at one office."""

    absent = models.ForeignKey(User, on_delete=models.PROTECT, related_name="absences")
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, related_name="deputyships")
    role = models.CharField(max_length=32, choices=ROLES)
    office = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=200)

    objects: ClassVar[models.Manager[Deputy]] = NeverDeleted.as_manager()

    class Meta:
        """Deputyships in their order."""

        ordering: ClassVar = ["since", "pk"]

    def __str__(self) -> str:
        """Return the deputyship in short."""
        return f"{self.deputy_id} for {self.absent_id}: {self.role} {self.office}"


class Token(models.Model):
    """What a program shows in place of a person: one role of its maker, for one office or trader, until a day.

    The token itself is not kept, only its SHA-256: it has 256 bits of chance, so there is nothing to guess.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=TOKEN_NAME_LENGTH)
    """What it is for, in the words of whoever made it."""
    digest = models.CharField(max_length=64, unique=True, editable=False)
    role = models.CharField(max_length=32, choices=ROLES)
    office = models.CharField(max_length=120, blank=True)
    trader = models.CharField(max_length=32, blank=True)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=64, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    """When it was last used, to the minute: not every request is worth a write."""

    class Meta:
        """The last one first."""

        ordering: ClassVar = ["-made_at", "-pk"]

    def __str__(self) -> str:
        """Return what it may do; never the token, which nobody has here."""
        return f"{self.pk} {self.role} {self.office or self.trader}"

    def serves(self, at: datetime) -> bool:
        """Return whether it was neither revoked nor has ended; whether its role is still held is asked elsewhere."""
        return self.revoked_at is None and at < self.ends_at


class SavedFilter(models.Model):
    """A view of a list that somebody kept for themself."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_filters")
    list = models.CharField(max_length=64)
    title = models.CharField(max_length=80)
    query = models.CharField(max_length=500)

    class Meta:
        """By title; a list has each title once."""

        ordering: ClassVar = ["list", "title"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "list", "title"], name="accounts_filter_once")]

    def __str__(self) -> str:
        """Return the title."""
        return self.title


class Attempts(models.Model):
    """Wrong tries for one login name, whether there is such an account or not; only a digest of the name is kept."""

    name_digest = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Return how many."""
        return f"{self.failures}"


class UsedCode(models.Model):
    """A code of an authenticator application that was used: it is good for nothing a second time."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    step = models.BigIntegerField()

    class Meta:
        """A step of time is used once by each user."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "step"], name="accounts_code_once")]

    def __str__(self) -> str:
        """Return the step."""
        return f"{self.step}"


class Session(AbstractBaseSession):
    """A session, with whose it is, so that a person sees and ends their own."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sessions")
    began_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    browser = models.CharField(max_length=200, blank=True)

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """Return the store that writes such rows."""
        from macle.node.accounts.sessions import SessionStore  # noqa: PLC0415 (the store reads this module)

        return SessionStore
