"""At the counter: fifty slips in one go, and stolen blanks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from macle.node.exchange.models import Kind, Letter
from macle.node.exporting.models import Certificate, Confirmation, Reconfirmation
from macle.node.permissions import Role
from tests.journeys.house import a_house
from tests.support.browsers import apart
from tests.support.node_world import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.journeys.conftest import Clock
    from tests.journeys.house import House, Person

FIFTY = 50


def test_fifty_returned_slips_are_recorded(enter: Callable[..., Person], clock: Clock) -> None:
    with a_house() as house:
        numbers = apart(_under_way, house, clock, FIFTY)
        hand = enter(house, Role.EXAMINER).open("/confirmations/")
        hand.follow("Record many slips", within="main")
        for _ in range(4):
            hand.press("More rows", is_far=True)
        hand.choose("How they came", "Post")
        hand.date(re.compile("^Shipment received on(?!.*row)"), TODAY)
        hand.choose(re.compile("^Container(?!.*row)"), "Opened")
        hand.choose(re.compile("^Seals(?!.*row)"), "Intact")
        hand.choose(re.compile("^Result(?!.*row)"), "Accepted")
        for row, number in enumerate(numbers, start=1):
            hand.write(f"Number, row {row}", number)
            hand.write(f"Parcels, row {row}", "3")
            hand.write(f"Carats, row {row}", "205.08" if row == FIFTY else "205.18")
        hand.press("Compare with our book")
        hand.sees("50 slips can be recorded.")
        hand.sees("1 does not agree with our book.")
        hand.press("Record 50 slips", is_far=True)
        hand.sees("50 slips are recorded")
        assert apart(Confirmation.objects.count) == FIFTY
        assert apart(lambda: [each.certificate.number for each in Confirmation.objects.exclude(differs=[])]) == [
            numbers[-1]
        ]


def _under_way(house: House, clock: Clock, count: int) -> list[str]:
    return [house.dispatched(clock.at).number for _ in range(count)]


def test_stolen_blanks_are_told_to_all_and_what_is_under_way_is_answered_for(
    enter: Callable[..., Person], clock: Clock
) -> None:
    with a_house(on_sheets=True) as house:
        numbers = apart(_on_sheets, house, clock, 3)
        hand = enter(house, Role.VALIDATING_OFFICIAL).open("/notices/")
        hand.follow("Report stolen sheets", within="main")
        hand.choose("Block of the sheets", "BW00004001 to BW00004999, Port Selle Diamond Office")
        hand.write("First stolen sheet", "BW00004002")
        hand.write("Last stolen sheet", "BW00004020")
        hand.date("In other hands since", TODAY)
        hand.write("What happened", "A box was missing when the strong room was opened.")
        hand.press("See what follows")
        hand.sees(re.compile("17 sheets that were not used are skipped for ever"))
        hand.press(re.compile("notice|Tell all"))
        hand.sees("2 certificates under way wait for your answer.")
        hand.follow("Tick all of this page", within="main")
        hand.press("We issued the ticked ones")
        hand.press("Answer: ours")
        hand.sees("2 certificates are answered for. Their partners are told.", within="body")
        answered = apart(lambda: set(Reconfirmation.objects.values_list("certificate__number", "is_ours")))
        assert answered == {(numbers[1], True), (numbers[2], True)}
        # One letter tells of the theft, and one answers for what is under way.
        assert apart(Letter.objects.filter(kind=Kind.NOTICE).count) == 2
        assert apart(Certificate.objects.count) == len(numbers)


def _on_sheets(house: House, clock: Clock, count: int) -> list[str]:
    return [house.dispatched(clock.at, sheet=f"BW0000{4001 + index}").number for index in range(count)]
