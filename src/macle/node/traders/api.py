"""The register of traders for machines."""

from __future__ import annotations

from datetime import date, datetime

from macle.node.interface.bearer import Asked
from macle.node.interface.fields import Line, Shown
from macle.node.interface.paging import USUAL, After, Limit, Page, page
from macle.node.interface.routes import Routes
from macle.node.permissions import Act
from macle.node.traders import models, queries

routes = Routes("Traders")


class Trader(Shown):
    """A person or company that trades in rough or mines it."""

    reference: str
    name: str
    latin_name: str
    address: str
    town: str
    country: str
    registered_at: datetime


class Licence(Shown):
    """What a trader may do on the days from ``since`` until before ``until``."""

    kind: models.LicenceKind
    number: str
    area: str
    since: date
    until: date | None
    end_reason: str


class Balance(Shown):
    """What a trader holds of one origin."""

    origin: str
    """A country's code, or mixed."""
    carats: int
    """Hundredths of a carat."""


class WholeTrader(Trader):
    """A trader with licences and balances."""

    licences: list[Licence]
    balances: list[Balance] | None
    """Null for a role that does not read books."""


class Posting(Shown):
    """An entry of a trader's book."""

    id: int
    kind: models.EntryKind
    origin: str
    carats: int
    """Hundredths of a carat: less than nought where they left."""
    on: date
    reference: str
    entered_at: datetime


def _trader(row: models.Trader) -> Trader:
    return Trader(
        reference=row.reference,
        name=row.name,
        latin_name=row.latin_name,
        address=row.address,
        town=row.town,
        country=row.country,
        registered_at=row.registered_at,
    )


@routes.reads("/traders", Act.TRADER_READ)
def list_traders(request: Asked, name: Line = "", after: After | None = None, limit: Limit = USUAL) -> Page[Trader]:
    """List the traders that are registered."""
    rows = queries.traders_of(request.actor)
    if name:
        rows = rows.filter(name__icontains=name)
    return page(request, rows, _trader, after=after, limit=limit)


@routes.reads("/traders/{reference}", Act.TRADER_READ)
def read_trader(request: Asked, reference: str) -> WholeTrader:
    """Read a trader with licences and balances."""
    row = queries.trader(reference, request.actor)
    may_read = request.actor.reach(Act.BALANCE_READ).covers(trader=row.reference)
    return WholeTrader(
        **_trader(row).model_dump(),
        licences=[
            Licence(
                kind=models.LicenceKind(each.kind),
                number=each.number,
                area=each.area,
                since=each.since,
                until=each.until,
                end_reason=each.end_reason,
            )
            for each in models.Licence.objects.filter(trader=row)
        ],
        balances=[
            Balance(origin=each.origin, carats=each.carats_hundredths) for each in queries.balances(row, request.actor)
        ]
        if may_read
        else None,
    )
