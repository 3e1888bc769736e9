"""Builders for the exporting desk: an office with keys, numbers, people and a trader whose book covers its goods."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from macle.node.exporting.actions import applications, desk, numbers, validation
from macle.node.permissions import Actor, Held, Role
from macle.scheme.certificates import ConsentLevel
from macle.scheme.terms import Carats, HSCode, USDollars
from tests.support import node_registry, node_traders
from tests.support.node_registry import ADMINISTRATOR, OFFICE, PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from macle.node.exporting.models import Application, Certificate, Number
    from macle.node.traders.models import Trader

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
EXAMINER = Actor(
    identifier="user-pell",
    held=(Held(role=Role.EXAMINER, office=OFFICE), Held(role=Role.VALIDATING_OFFICIAL, office=OFFICE)),
)
OFFICIAL = Actor(identifier="user-vale", held=(Held(role=Role.VALIDATING_OFFICIAL, office=OFFICE),))
CONSENT: dict[str, Any] = {"level": int(ConsentLevel.PILOT)}
LINES = {HSCode.NON_INDUSTRIAL: (Carats(20518), USDollars(4103600))}


@dataclass(frozen=True)
class House:
    """What the desk needs before the first application comes."""

    trader: Trader
    exporter: Actor

    def entered(self, **changes: Any) -> dict[str, Any]:
        """Return what a trader enters for a sound shipment."""
        return {
            "kind": "standard",
            "importer": {
                "name": "Quayside Rough Trading",
                "address": "12 Invented Quay",
                "town": "Antwerp",
                "country": "BE",
            },
            "destination": "EU",
            "country_of_provenance": "BW",
            "origin": {"kind": "single", "countries": ["BW"]},
            "lines": [{"hs": "7102.31", "carats": "205.18", "value": "41036.00"}],
            "parcels": 3,
            "not_conflict_diamonds": True,
            "synthetics_declared": False,
            "sources": [{"kind": "production_record", "reference": "PR-2026-11", "carats": "205.18"}],
        } | changes


@contextmanager
def a_house(*, carats: str = "10000.00", on_sheets: bool = False, **settings: Any) -> Iterator[House]:
    """Open an office with an official's key, a block of numbers, a partner and a trader with so many carats."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        node_registry.keys_in(home)
        given = {"home": home, "authority": "Selle Diamond Office"} | settings
        with node_registry.configured(**given):
            node_registry.an_office()
            node_registry.an_official()
            node_registry.a_partner(participant="EU")
            a_block(on_sheets=on_sheets)
            trader = node_traders.a_trader()
            node_traders.a_licence(trader)
            if carats:
                node_traders.an_entry(trader, carats)
            yield House(trader, node_traders.an_exporter(trader))


def a_block(*, first: int = 4001, last: int = 4999, on_sheets: bool = False) -> None:
    block = numbers.allot(office=OFFICE, first=first, last=last, width=8, on_sheets=on_sheets, by=ADMINISTRATOR, at=AT)
    if on_sheets:
        numbers.receive(block=block.pk, first=first, last=last, by=EXAMINER, at=AT)


def a_draft(house: House, **changes: Any) -> Application:
    return applications.begin(
        trader=house.trader.reference, office=OFFICE, by=house.exporter, at=AT, entered=house.entered(**changes)
    )


def lodged(house: House, **changes: Any) -> Application:
    draft = a_draft(house, **changes)
    applications.lodge(reference=draft.reference, by=house.exporter, at=AT)
    draft.refresh_from_db()
    return draft


def measured(**changes: Any) -> desk.Measured:
    given: dict[str, Any] = {"parcels": 3, "lines": LINES}
    return desk.Measured(**(given | changes))


def examined(house: House, **changes: Any) -> Application:
    application = lodged(house, **changes)
    lines = changes.get("measured", measured())
    desk.examine(reference=application.reference, measured=lines, by=EXAMINER, at=later(1))
    application.refresh_from_db()
    return application


def reserved(house: House, *, sheet: str = "", **changes: Any) -> tuple[Application, Number]:
    application = examined(house, **changes)
    number = desk.reserve(reference=application.reference, by=EXAMINER, at=later(2), sheet=sheet)
    application.refresh_from_db()
    return application, number


def sealed(house: House, **changes: Any) -> Application:
    application, _ = reserved(house, **changes)
    desk.seal(reference=application.reference, seals=["SL 771204"], by=EXAMINER, at=later(3))
    application.refresh_from_db()
    return application


def validated(house: House, **changes: Any) -> Certificate:
    application = sealed(house, **changes)
    intent = validation.prepare(reference=application.reference, by=OFFICIAL, at=later(4))
    return validation.validate(
        reference=application.reference,
        identity=intent.identity,
        secret=PASSPHRASE,
        consent=CONSENT,
        by=OFFICIAL,
        at=later(5),
    )


def later(minutes: int) -> datetime:
    return AT + timedelta(minutes=minutes)


TODAY = date(2026, 11, 25)
