"""Builders for traders: people who may do something, a register with traders in it, and their books."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from macle.node.permissions import Actor, Held, Role
from macle.node.traders import actions
from macle.node.traders.models import BalanceEntry, EntryKind, Licence, LicenceKind, Trader
from macle.scheme.terms import Carats

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 25)
OFFICE = "Gaborone"

_NAMES = ("Selle River Mining", "Brindle Alluvials", "Redwater Cooperative", "Quayside Rough Trading")


def an_official(role: Role = Role.VALIDATING_OFFICIAL, *, identifier: str = "official-1") -> Actor:
    """Return somebody of the authority."""
    return Actor(identifier=identifier, held=(Held(role=role, office=OFFICE),))


def an_exporter(*traders: Trader, role: Role = Role.EXPORTER) -> Actor:
    """Return somebody who acts for these traders."""
    return Actor(identifier="person-1", held=tuple(Held(role=role, trader=each.reference) for each in traders))


def a_trader(**changes: Any) -> Trader:
    """Register a trader, each under another name."""
    fields: dict[str, Any] = {
        "name": _NAMES[Trader.objects.count() % len(_NAMES)],
        "address": "4 Assay Lane",
        "town": "Port Selle",
        "country": "BW",
        "residence": "company registered in Botswana",
        "by": an_official(),
        "at": AT,
    }
    return actions.register(**(fields | changes))


def a_licence(trader: Trader, kind: LicenceKind = LicenceKind.EXPORTER, **changes: Any) -> Licence:
    """Grant a licence for the year."""
    fields: dict[str, Any] = {
        "number": f"PSD-{trader.reference}-{kind.name[:3]}",
        "since": date(2026, 1, 1),
        "until": date(2027, 1, 1),
        "area": "Block 7, Selle River" if kind.is_miner else "",
        "by": an_official(),
        "at": AT,
    }
    return actions.grant_licence(trader=trader, kind=kind, **(fields | changes))


def an_entry(trader: Trader, carats: str, kind: EntryKind = EntryKind.PRODUCTION, **changes: Any) -> BalanceEntry:
    """Enter carats in the trader's book."""
    fields: dict[str, Any] = {"origin": "BW", "on": DAY, "reference": "PR 1", "by": an_official(), "at": AT}
    return actions.enter(trader=trader, kind=kind, carats=Carats.parse(carats), **(fields | changes))
