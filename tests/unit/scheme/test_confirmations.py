"""Each way in which an import confirmation cannot be one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from macle.scheme.certificates import MOST_PARCELS, Line
from macle.scheme.confirmations import ConfirmationMalformed, Count, ImportConfirmation
from macle.scheme.terms import Carats, HSCode, USDollars
from tests.support.signed import a_small_certificate, a_small_confirmation, an_authority

LINE = Line(HSCode.NON_INDUSTRIAL, Carats(100), USDollars(700))


def a_confirmation(**changes: Any) -> ImportConfirmation:
    return a_small_confirmation(an_authority().sign(a_small_certificate()), **changes)


class TestImportConfirmation:
    def test_keeps_declared_and_measured_figures_apart(self) -> None:
        declared, measured = Count(3, (LINE,)), Count(2, (replace(LINE, carats=Carats(99)),))
        confirmation = a_confirmation(declared=declared, measured=measured)
        assert confirmation.declared.carat_weight == Carats(100)
        assert confirmation.measured is not None
        assert confirmation.measured.carat_weight == Carats(99)

    def test_may_lack_measured_figures_where_the_container_was_not_opened(self) -> None:
        assert a_confirmation(measured=None).measured is None

    @pytest.mark.parametrize("field", ["office", "importing_authority", "official"])
    def test_says_who_confirms(self, field: str) -> None:
        with pytest.raises(ConfirmationMalformed) as raised:
            a_confirmation(**{field: ""})
        assert raised.value.where == field


class TestCount:
    def test_adds_up_its_lines_exactly(self) -> None:
        count = Count(1, (LINE, replace(LINE, hs=HSCode.UNSORTED)))
        assert count.carat_weight == Carats(200)
        assert count.value == USDollars(1400)

    @pytest.mark.parametrize("parcels", [0, -1, MOST_PARCELS + 1, True, "1"])
    def test_has_at_least_one_parcel_and_not_too_many(self, parcels: Any) -> None:
        with pytest.raises(ConfirmationMalformed) as raised:
            Count(parcels, (LINE,))
        assert raised.value.where == "parcels"

    @pytest.mark.parametrize(
        "lines",
        [
            (),
            (LINE, LINE),
            (replace(LINE, carats=Carats(Carats.limit - 1)), replace(LINE, hs=HSCode.UNSORTED)),
            (replace(LINE, value=USDollars(USDollars.limit - 1)), replace(LINE, hs=HSCode.UNSORTED)),
        ],
    )
    def test_has_one_line_for_each_heading_within_the_limits(self, lines: tuple[Line, ...]) -> None:
        with pytest.raises(ConfirmationMalformed) as raised:
            Count(1, lines)
        assert raised.value.where == "lines"
