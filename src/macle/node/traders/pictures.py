"""Balances as a picture: one bar for each origin, drawn with attributes alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from macle.scheme.terms import Carats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from macle.node.traders.models import Balance

WIDTH: Final = 1000
_LEAST: Final = 4
"""Something is always to be seen of what is not nought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One origin: what it is called, what is held, and where its bar begins and ends in thousandths of the drawing."""

    name: str
    hundredths: int
    text: str
    start: int
    length: int
    zero: int

    @property
    def is_short(self) -> bool:
        """Whether more left than came in: the bar then goes the other way."""
        return self.hundredths < 0


def bars(balances: Sequence[Balance], *, name: Callable[[str], str]) -> list[Bar]:
    """Return a bar for each balance, all on one scale; nought stands where the longest bars of both ways fit."""
    weights = [each.carats_hundredths for each in balances]
    most, least = max([0, *weights]), min([0, *weights])
    span = most - least or 1
    zero = WIDTH * -least // span
    drawn = []
    for each in balances:
        weight = each.carats_hundredths
        length = max(WIDTH * abs(weight) // span, _LEAST) if weight else 0
        drawn.append(
            Bar(
                name=name(each.origin),
                hundredths=weight,
                text=signed(weight),
                start=max(zero - length, 0) if weight < 0 else min(zero, WIDTH - length),
                length=length,
                zero=zero,
            )
        )
    return drawn


def signed(hundredths: int) -> str:
    """Return a weight that may be below nought, with separated thousands."""
    return ("\u2212" if hundredths < 0 else "") + Carats(abs(hundredths)).for_people
