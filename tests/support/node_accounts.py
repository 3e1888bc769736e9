"""Builders of accounts: people with roles, their second factors, and codes as their telephones show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt

from macle.node.accounts import actions, codes, queries
from macle.node.permissions import Actor, Held, Role

if TYPE_CHECKING:
    from macle.node.accounts.models import User

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PASSWORD = "brindle-alluvials-sorted-twice"
OPERATOR = Actor(identifier="operator", held=(Held(role=Role.ADMINISTRATOR),))


def a_user(login: str = "tamsin.vale", *, password: str = PASSWORD, at: datetime = AT, **fields: Any) -> User:
    """Make a user without roles and without a second factor."""
    fields = {"name": "Tamsin Vale", "email": f"{login}@ministry.example"} | fields
    return actions.create(login=login, password=password, by=OPERATOR, at=at, **fields).user


def a_holder(
    role: Role, login: str = "tamsin.vale", *, office: str = "", trader: str = "", at: datetime = AT, **fields: Any
) -> User:
    """Make a user with one role and an authenticator."""
    user = a_user(login, at=at, **fields)
    actions.grant(user=user.identifier, role=role, office=office, trader=trader, by=OPERATOR, at=at)
    an_authenticator(user)
    return user


def an_administrator(login: str = "joren.pell", **fields: Any) -> User:
    return a_holder(Role.ADMINISTRATOR, login, **({"name": "Joren Pell"} | fields))


def actor_of(user: User, at: datetime = AT) -> Actor:
    return queries.actor(user, at=at)


def an_authenticator(user: User) -> str:
    """Give the user an authenticator application, and return its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(user: User, at: datetime) -> str:
    """Return what the user's telephone shows at this instant."""
    authenticator = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    return codes.code_of(decrypt(authenticator.data["secret"]), step=codes.step_of(at))
