"""Offices, officials and partners for machines."""

from __future__ import annotations

from datetime import datetime

from macle.node.interface.bearer import Asked
from macle.node.interface.fields import Shown
from macle.node.interface.paging import USUAL, After, Limit, Page, page
from macle.node.interface.routes import Routes
from macle.node.permissions import Act
from macle.node.registry import models, queries

routes = Routes("Registry")


class Office(Shown):
    """An office of this authority, as certificates name it."""

    name: str
    address: str
    telephone: str
    email: str
    since: datetime


class Official(Shown):
    """The appointment of an official."""

    identifier: str
    holder: str
    """The holder of the key in the participant record."""
    name: str
    title: str
    office: str
    level: str
    """How this official consents to a signature: pilot, token or bound."""
    since: datetime


class Partner(Shown):
    """The authority of another Participant."""

    participant: str
    authority: str
    language: str
    telephone: str
    since: datetime


def _office(row: models.Office) -> Office:
    return Office(name=row.name, address=row.address, telephone=row.telephone, email=row.email, since=row.since)


def _official(row: models.Official) -> Official:
    return Official(
        identifier=row.identifier,
        holder=row.holder,
        name=row.name,
        title=row.title,
        office=row.office,
        level=row.level.name.lower(),
        since=row.since,
    )


def _partner(row: models.Partner) -> Partner:
    return Partner(
        participant=row.participant,
        authority=row.authority,
        language=row.language,
        telephone=row.telephone,
        since=row.since,
    )


@routes.reads("/offices", Act.OFFICE_READ)
def list_offices(request: Asked, after: After | None = None, limit: Limit = USUAL) -> Page[Office]:
    """List the offices that are open."""
    return page(request, queries.offices_of(request.actor, at=request.at), _office, after=after, limit=limit)


@routes.reads("/officials", Act.OFFICE_READ)
def list_officials(request: Asked, after: After | None = None, limit: Limit = USUAL) -> Page[Official]:
    """List the officials who are appointed."""
    return page(request, queries.officials_of(request.actor, at=request.at), _official, after=after, limit=limit)


@routes.reads("/partners", Act.PARTNER_READ)
def list_partners(request: Asked, after: After | None = None, limit: Limit = USUAL) -> Page[Partner]:
    """List the authorities of partners."""
    return page(request, queries.partners_of(request.actor, at=request.at), _partner, after=after, limit=limit)
