"""A day at the exporting desk: what is examined, refused, spoiled, decided and returned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from macle.node.permissions import Role
from tests.journeys.house import a_house
from tests.support.browsers import apart

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.journeys.conftest import Clock
    from tests.journeys.house import Person
    from tests.support.hands import Hand


def examine(hand: Hand) -> None:
    hand.follow("Examine the goods", within="main")
    hand.write("Parcels counted", "3")
    hand.write(re.compile("7102.31 non-industrial: weight"), "205.18")
    hand.write(re.compile("7102.31 non-industrial: value"), "41036.00")
    hand.press("Examine the goods")


def test_who_examined_is_told_why_they_do_not_validate(enter: Callable[..., Person], clock: Clock) -> None:
    with a_house() as house:
        apart(house.also, Role.VALIDATING_OFFICIAL, Role.EXAMINER)
        matter = apart(house.sealed, clock.at, by=Role.VALIDATING_OFFICIAL)
        person = enter(house, Role.VALIDATING_OFFICIAL)
        hand = person.open(f"/applications/{matter.reference}/")
        hand.sees("Not by you: you examined it, and nobody validates what they examined.")
        person.open(f"/applications/{matter.reference}/validate")
        assert hand.heading() == "You may not do this"
        hand.sees("You examined this shipment, and nobody validates what they examined.")
        hand.sees("Another validating official of the office does it.")


def test_a_spoiled_sheet_is_void_and_the_next_one_goes_on(enter: Callable[..., Person], clock: Clock) -> None:
    with a_house(on_sheets=True) as house:
        matter = apart(house.sealed, clock.at, sheet="BW00004001")
        hand = enter(house, Role.EXAMINER).open(f"/applications/{matter.reference}/")
        hand.follow("Record a spoiled sheet", within="main")
        hand.write("What happened to the sheet?", "Coffee was spilled over it.")
        hand.press("Record a spoiled sheet")
        hand.sees("The sheet is void. This application goes on in its place.", within="body")
        hand.follow("Reserve a number", within="main")
        hand.sees("BW00004002")
        hand.write("Number of the sheet on top", "BW00004003")
        hand.press("Reserve a number")
        hand.sees("The next sheet is BW00004002, and BW00004003 was read.")
        hand.write("Number of the sheet on top", "BW00004002")
        hand.press("Reserve a number")
        hand.sees("BW00004002 is reserved.", within="body")


def test_a_balance_that_falls_short_is_decided_by_an_official(enter: Callable[..., Person], clock: Clock) -> None:
    with a_house(carats="100.00") as house:
        matter = apart(house.lodged, clock.at)
        clerk = enter(house, Role.EXAMINER).open(f"/applications/{matter.reference}/")
        examine(clerk)
        clerk.sees("It waits for an official's decision.")
        official = enter(house, Role.VALIDATING_OFFICIAL).open("/desk/")
        official.follow("Decide that it goes on", within="main")
        official.sees("100.00")
        official.write("Reason", "The book of the mine was read; its entry follows tomorrow.")
        official.press("Decide that it goes on")
        official.sees("Released by decision")
        clerk.go(clerk.page.url)
        clerk.follow("Reserve a number", within="main")
        clerk.press("Reserve a number")
        clerk.sees("BW00004001 is reserved.", within="body")
