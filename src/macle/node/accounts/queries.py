"""Reading accounts: who somebody is at an instant, with which roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import connection
from django.db.models import Exists, OuterRef, Prefetch, Q

from macle import errors
from macle.node.accounts.models import Deputy, Grant, SavedFilter, Session, User, in_force
from macle.node.permissions import Act, Actor, Held, Role

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

ANONYMOUS: Final = Actor(identifier="")
"""Nobody who signed in: pages take an actor with an identifier for a person."""


class UserUnknown(errors.NotFound):
    """There is no such user."""

    code = "user-unknown"


@dataclass(frozen=True, slots=True)
class View:
    """A saved view of a list: its name, and the query that shows it."""

    name: str
    query: str


_HELD = """
SELECT role, office, trader, '' AS absent, since, id FROM accounts_grant
 WHERE user_id = %(user)s AND since <= %(at)s AND (until IS NULL OR until > %(at)s)
UNION ALL
SELECT held.role, held.office, held.trader, absent.identifier, held.since, held.id FROM accounts_deputy AS deputy
  JOIN accounts_user AS absent ON absent.id = deputy.absent_id AND absent.closed_at IS NULL
  JOIN accounts_grant AS held ON held.user_id = absent.id AND held.role = deputy.role AND held.office = deputy.office
 WHERE deputy.deputy_id = %(user)s AND deputy.since <= %(at)s AND (deputy.until IS NULL OR deputy.until > %(at)s)
   AND held.since <= %(at)s AND (held.until IS NULL OR held.until > %(at)s)
 ORDER BY absent, since, id
"""
"""Every page asks this, and Django would take longer to put it into words than a database to answer."""


def actor(user: User, *, at: datetime) -> Actor:
    """Return who this user is at this instant: the roles granted, and those of officials they stand in for.

    A deputy holds a role only as long as the absent official holds it; one query.
    """
    if user.closed_at is not None:
        return Actor(identifier=user.identifier)
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"user": user.pk, "at": connection.ops.adapt_datetimefield_value(at)})
        held = tuple(
            Held(role=Role(role), office=office, trader=trader, deputises_for=absent)
            for role, office, trader, absent, *_ in cursor.fetchall()
        )
    return Actor(identifier=user.identifier, held=held)


def find(identifier: str) -> User:
    """Return the user of this identifier; raise `UserUnknown`. Not for pages: they ask `user_for`."""
    try:
        return User.objects.get(identifier=identifier)
    except User.DoesNotExist:
        raise UserUnknown("There is no such user.", where="user") from None


def users(*, by: Actor, at: datetime) -> QuerySet[User]:
    """Return every user by name, with the roles of now as ``held_now``, for somebody who may read accounts."""
    by.require(Act.ACCOUNT_READ)
    now = Prefetch("grants", queryset=Grant.objects.filter(in_force(at)), to_attr="held_now")
    return User.objects.order_by("name", "pk").prefetch_related(now)


def holding(role: str, *, at: datetime) -> Q:
    """Return the condition that a user holds this role now."""
    return Q(Exists(Grant.objects.filter(in_force(at), user=OuterRef("pk"), role=role)))


def grant_of(user: User, pk: int) -> Grant:
    """Return a grant of this user; raise `UserUnknown` for any other."""
    found: Grant | None = Grant.objects.filter(user=user, pk=pk).first()
    if found is None:
        raise UserUnknown("There is no such role.", where="grant")
    return found


def deputyship_of(user: User, pk: int) -> Deputy:
    """Return a deputyship in which this user is absent or stands in; raise `UserUnknown` for any other."""
    found: Deputy | None = Deputy.objects.filter(Q(absent=user) | Q(deputy=user), pk=pk).first()
    if found is None:
        raise UserUnknown("There is no such deputyship.", where="deputyship")
    return found


def open_grants(user: User, *, at: datetime) -> list[Grant]:
    """Return the roles that a user holds now."""
    return list(Grant.objects.filter(in_force(at), user=user))


def sessions(user: User, *, at: datetime) -> list[Session]:
    """Return the sessions of a user that have not ended, the latest used first."""
    return list(Session.objects.filter(user=user, expire_date__gt=at, began_at__isnull=False).order_by("-seen_at"))


def user_for(identifier: str, *, by: Actor) -> User:
    """Return a user, for somebody who may read accounts; raise `UserUnknown`."""
    by.require(Act.ACCOUNT_READ)
    return find(identifier)


def holders(role: Role, *, at: datetime, office: str = "") -> list[str]:
    """Return the identifiers of the open accounts that hold a role now, at an office if one is named."""
    grants = Grant.objects.filter(in_force(at), role=role, user__closed_at__isnull=True)
    if office:
        grants = grants.filter(office=office)
    return sorted(set(grants.values_list("user__identifier", flat=True)))


def names(identifiers: Iterable[str]) -> dict[str, str]:
    """Return the name for each identifier that is known: what a page shows where a record holds an identifier."""
    return dict(User.objects.filter(identifier__in=set(identifiers)).values_list("identifier", "name"))


def saved_filters(user: User, *, of: str) -> list[View]:
    """Return the user's saved views of a list, by title."""
    return [View(each.title, each.query) for each in SavedFilter.objects.filter(user=user, list=of)]
