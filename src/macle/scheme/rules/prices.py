"""What a carat from a Participant usually is worth: published production figures, and a generous factor."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from macle.scheme.terms import Carats, USDollars

if TYPE_CHECKING:
    from collections.abc import Mapping

FACTOR = 8
"""A shipment is looked at if a carat is worth eight times the usual, or an eighth; each authority may set its own."""


@dataclass(frozen=True, slots=True)
class UsualPrices:
    """Production of the latest year published, by country: carats and value."""

    production: Mapping[str, tuple[Carats, USDollars]]
    factor: int = FACTOR

    def far_from_usual(self, country: str, *, carats: Carats, value: USDollars) -> str | None:
        """Return the usual US$ a carat if this is far from it; None if it is near or nothing is published."""
        if country not in self.production:
            return None
        usual_carats, usual_value = self.production[country]
        here, usual = value.hundredths * usual_carats.hundredths, usual_value.hundredths * carats.hundredths
        if here <= usual * self.factor and usual <= here * self.factor:
            return None
        cents = usual_value.hundredths * 100 // usual_carats.hundredths
        return str(USDollars(cents))


@functools.cache
def load() -> UsualPrices:
    """Return the usual prices of the packaged figures."""
    text = (resources.files("macle.scheme") / "reference" / "production.csv").read_text(encoding="utf-8")
    rows = sorted(csv.DictReader(text.splitlines()), key=lambda row: row["year"])
    return UsualPrices(
        {
            row["code"]: (Carats.parse(row["carats"]), USDollars.parse(row["usd"]))
            for row in rows
            if row["code"] != "OTHERS"
        }
    )
