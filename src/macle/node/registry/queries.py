"""Reading the registry: offices, officials, partners.

Without an instant the row that is open is meant, or where none is, the last one: the office that closed last year still
stands on certificates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.conf import settings
from django.db.models import F, Q

from macle import errors
from macle.node.permissions import Act
from macle.node.registry.models import Interval, Office, Official, Partner, in_force
from macle.scheme import profiles

if TYPE_CHECKING:
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from django.db.models import QuerySet

    from macle.node.permissions import Actor

_Row = TypeVar("_Row", bound=Interval)


class OfficeUnknown(errors.NotFound):
    """There is no such office, or not at that time."""

    code = "office-unknown"


class OfficialUnknown(errors.NotFound):
    """Nobody is appointed under this identifier, or not at that time."""

    code = "official-unknown"


class PartnerUnknown(errors.NotFound):
    """The registry has no authority of this Participant, or not at that time."""

    code = "partner-unknown"


def office(name: str, *, at: datetime | None = None) -> Office:
    """Return the office; raise `OfficeUnknown`."""
    found: Office | None = _one(Office.objects.filter(name=name), at)
    if found is None:
        raise OfficeUnknown(f"There is no office {name!r}.", where="office", mend="See the list of offices.")
    return found


def offices(*, at: datetime | None = None) -> QuerySet[Office]:
    """Return the offices that are open, at that time if one is given."""
    return Office.objects.filter(_open(at))


def offices_of(by: Actor, *, at: datetime | None = None) -> QuerySet[Office]:
    """Return the open offices that the actor may see."""
    reach = by.reach(Act.OFFICE_READ)
    return offices(at=at) if reach.everything else offices(at=at).filter(name__in=reach.offices)


def zone(name: str, *, on: date) -> ZoneInfo:
    """Return the zone in which days of this office begin and end: that of the legal profile."""
    return profiles.load().of(settings.CONFIGURATION.participant, on=on).zone(name)


def official_of(identifier: str, *, at: datetime) -> Official:
    """Return the appointment of a person that is in force; raise `OfficialUnknown`."""
    found: Official | None = _one(Official.objects.filter(identifier=identifier), at)
    if found is None:
        raise OfficialUnknown(
            "Nobody is appointed as a validating official under this identifier.",
            where="identifier",
            mend="The administrator appoints officials.",
        )
    return found


def officials(*, at: datetime | None = None) -> QuerySet[Official]:
    """Return the appointments in force."""
    return Official.objects.filter(_open(at))


def officials_of(by: Actor, *, at: datetime | None = None) -> QuerySet[Official]:
    """Return the appointments in force at the offices that the actor may see."""
    reach = by.reach(Act.OFFICE_READ)
    return officials(at=at) if reach.everything else officials(at=at).filter(office__in=reach.offices)


def partner(code: str, *, at: datetime | None = None) -> Partner:
    """Return the authority of a Participant; raise `PartnerUnknown`."""
    found: Partner | None = _one(Partner.objects.filter(participant=code), at)
    if found is None:
        raise PartnerUnknown(
            f"The registry has no authority of {code}.", where="partner", mend="The administrator adds partners."
        )
    return found


def partners(*, at: datetime | None = None) -> QuerySet[Partner]:
    """Return the authorities of partners."""
    return Partner.objects.filter(_open(at))


def partners_of(by: Actor, *, at: datetime | None = None) -> QuerySet[Partner]:
    """Return the authorities of partners, which everybody may see who may see any."""
    return partners(at=at) if by.may(Act.PARTNER_READ) else Partner.objects.none()


def history(row: _Row) -> QuerySet[_Row]:
    """Return every row of the same office, person or Participant, the newest first."""
    key = {Office: "name", Official: "identifier", Partner: "participant"}[type(row)]
    rows: QuerySet[_Row] = type(row)._default_manager.filter(**{key: getattr(row, key)})  # noqa: SLF001 (Django's own)
    return rows.order_by("-since", "-pk")


def _open(at: datetime | None) -> Q:
    return Q(until__isnull=True) if at is None else in_force(at)


def _one(rows: QuerySet[_Row], at: datetime | None) -> _Row | None:
    if at is not None:
        return rows.filter(in_force(at)).first()
    return rows.order_by(F("until").desc(nulls_first=True), "-since", "-pk").first()
