from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from django.db import connections, transaction

from macle.node.exporting import queries
from macle.node.exporting.actions import certificates, desk, notices, numbers
from macle.node.exporting.actions.numbers import BlockRefused, NoNumbers, SheetRefused
from macle.node.exporting.actions.steps import ReasonMissing, WordsUnfit
from macle.node.exporting.models import Application, Block, Gap, Number, Use
from macle.node.permissions import ActForbidden
from macle.node.registry.queries import OfficeUnknown
from tests.support import node_exporting as made
from tests.support import node_registry, node_traders
from tests.support.node_exporting import EXAMINER, OFFICIAL, OTHER_OFFICE, later, law, sourced
from tests.support.node_registry import ADMINISTRATOR, OFFICE


def allot(**changes: Any) -> Block:
    given: dict[str, Any] = {"office": OFFICE, "first": 1, "last": 99, "width": 8, "on_sheets": False}
    return numbers.allot(**(given | {"by": ADMINISTRATOR, "at": made.AT} | changes))


def the_block() -> Block:
    return Block.objects.get()


class AtOnce:
    """Does things at once in threads of their own, and keeps what came of each."""

    def __init__(self) -> None:
        self.came: list[object] = []

    def run(self, *todo: Any) -> list[object]:
        start = threading.Barrier(len(todo))

        def one(do: Any) -> None:
            try:
                start.wait(timeout=30)
                self.came.append(do())
            except Exception as error:  # noqa: BLE001 (a thread tells what came of it)
                self.came.append(error)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=one, args=(do,)) for do in todo]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        return self.came


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_four_clerks_reserve_ten_each_without_a_gap_and_without_the_same_number(self) -> None:
        with made.a_house(carats="") as house:
            waiting = [made.a_draft(house) for _ in range(40)]

            def clerk(mine: list[Application]) -> Any:
                def take() -> None:
                    for application in mine:
                        with transaction.atomic():
                            numbers.reserve(application, at=later(1))

                return take

            came = AtOnce().run(*(clerk(waiting[start::4]) for start in range(4)))
            assert came == [None] * 4
            assert sorted(Number.objects.values_list("counter", flat=True)) == list(range(4001, 4041))
            assert the_block().next == 4041
            assert list(queries.unaccounted(the_block())) == []

    def test_two_blocks_that_overlap_are_not_allotted_at_once(self) -> None:
        with made.a_house(carats=""):
            came = AtOnce().run(lambda: allot(first=1, last=50), lambda: allot(first=50, last=90))
            assert sorted(type(each).__name__ for each in came) == ["Block", "BlockRefused"]
            assert Block.objects.filter(first__lt=4000).count() == 1

    def test_two_applications_do_not_spend_the_same_carats(self) -> None:
        with made.a_house(carats="300.00") as house:
            first, second = made.examined(house), made.examined(house)
            came = AtOnce().run(
                *(
                    lambda reference=each.reference: desk.reserve(reference=reference, by=EXAMINER, at=later(2))
                    for each in (first, second)
                )
            )
            assert sum(isinstance(each, Number) for each in came) == 1
            assert Number.objects.count() == 1
            assert made.faults() == []


pytestmark = pytest.mark.django_db


class TestAllot:
    def test_a_block_that_overlaps_is_refused_and_leaves_nothing(self) -> None:
        with made.a_house():
            before = made.Traces.now()
            for first, last in ((4999, 5100), (3000, 4001), (4100, 4200), (3000, 6000)):
                with pytest.raises(BlockRefused):
                    allot(first=first, last=last)
            assert Block.objects.count() == 1
            assert made.Traces.now() == before

    def test_a_lead_of_digits_makes_the_same_numbers_as_none(self) -> None:
        with made.a_house(), pytest.raises(BlockRefused):
            allot(lead="0000", first=4500, last=4600, width=4)

    def test_other_letters_make_other_numbers(self) -> None:
        with made.a_house():
            assert str(allot(lead="A", first=4500, last=4600, width=7)) == "A0004500 to A0004600"

    @pytest.mark.parametrize(
        "changes",
        [
            {"first": 5, "last": 4},
            {"first": -5, "last": 4},
            {"first": 1, "last": 10**9, "width": 12},
            {"first": 1, "last": 100, "width": 2},
            {"first": 1, "last": 9, "width": 30},
            {"lead": "bw"},
            {"lead": "ABCDEFGHIJ", "width": 2},
            {"lead": "-"},
            {"lead": "A\x00"},
        ],
    )
    def test_what_is_no_range_of_numbers_is_refused(self, changes: dict[str, Any]) -> None:
        with made.a_house(), pytest.raises(BlockRefused):
            allot(**changes)

    def test_the_profile_says_how_numbers_are_written(self) -> None:
        with made.a_house(carats=""), law(number_pattern=sourced("[0-9]{6}")):
            with pytest.raises(BlockRefused):
                allot(first=1, last=9, width=8)
            assert allot(first=1, last=9, width=6).national(9) == "000009"

    def test_an_office_that_is_not_there_gets_none(self) -> None:
        with made.a_house(), pytest.raises(OfficeUnknown):
            allot(office="Nowhere")

    def test_a_clerk_allots_none(self) -> None:
        with made.a_house(), pytest.raises(ActForbidden):
            allot(by=EXAMINER)


class TestReserve:
    def test_an_office_takes_its_own_numbers_only(self) -> None:
        with made.a_house() as house:
            node_registry.an_office(name=OTHER_OFFICE)
            Block.objects.update(ended_at=made.AT)
            allot(office=OTHER_OFFICE)
            application = made.examined(house)
            before = made.Traces.now()
            with pytest.raises(NoNumbers):
                desk.reserve(reference=application.reference, by=EXAMINER, at=later(2))
            assert made.Traces.now() == before

    def test_the_next_block_follows_one_that_is_used_up(self) -> None:
        with made.a_house() as house:
            Block.objects.update(next=4999)
            allot(first=10, last=11)
            taken = [made.reserved(house)[1].number for _ in range(3)]
            assert taken == ["BW00004999", "BW00000010", "BW00000011"]
            application = made.examined(house)
            with pytest.raises(NoNumbers):
                desk.reserve(reference=application.reference, by=EXAMINER, at=later(2))

    def test_a_place_in_the_status_list_tells_no_count(self) -> None:
        with made.a_house() as house:
            places = [made.reserved(house)[1].status_index or 0 for _ in range(5)]
            assert len(set(places)) == 5
            assert places != sorted(places) or max(places) > 100

    def test_the_year_is_that_of_the_office(self) -> None:
        with made.a_house() as house:
            application = made.examined(house)
            node_traders.a_licence(house.trader, number="PSD-27", since=date(2027, 1, 1), until=date(2028, 1, 1))
            # 22:30 UTC is half past midnight in Gaborone.
            at = made.AT.replace(month=12, day=31, hour=22, minute=30)
            number = desk.reserve(reference=application.reference, by=EXAMINER, at=at)
            assert number.year == 2027


class TestSheets:
    def test_the_number_is_the_sheets(self) -> None:
        with made.a_house(on_sheets=True) as house:
            _, number = made.reserved(house, sheet="bw 0000 4001")
            assert number.number == "BW00004001"

    @pytest.mark.parametrize("read", ["", "BW00004002", "00004000", "4001", "BW00004001X"])
    def test_another_sheet_is_refused_and_no_number_is_taken(self, read: str) -> None:
        with made.a_house(on_sheets=True) as house:
            application = made.examined(house)
            before = made.Traces.now()
            with pytest.raises(SheetRefused):
                desk.reserve(reference=application.reference, by=EXAMINER, at=later(2), sheet=read)
            assert made.Traces.now() == before
            assert the_block().next == 4001

    def test_a_sheet_that_never_came_is_refused(self) -> None:
        with made.a_house(carats="5000.00") as house:
            Block.objects.update(on_sheets=True)
            numbers.receive(block=the_block().pk, first=4002, last=4010, by=EXAMINER, at=made.AT)
            application = made.examined(house)
            with pytest.raises(SheetRefused):
                desk.reserve(reference=application.reference, by=EXAMINER, at=later(2), sheet="BW00004001")

    @pytest.mark.parametrize(("first", "last"), [(4000, 4010), (4990, 5000), (4010, 4005), (4001, 4001)])
    def test_sheets_of_no_block_or_that_came_before_are_refused(self, first: int, last: int) -> None:
        with made.a_house(on_sheets=True), pytest.raises(SheetRefused):
            numbers.receive(block=the_block().pk, first=first, last=last, by=EXAMINER, at=made.AT)

    def test_a_spoiled_sheet_is_skipped_with_its_reason(self) -> None:
        with made.a_house(on_sheets=True) as house:
            numbers.spoil(block=the_block().pk, counter=4001, why="torn", by=EXAMINER, at=made.AT)
            _, number = made.reserved(house, sheet="BW00004002")
            assert number.number == "BW00004002"
            spoiled = Number.objects.get(counter=4001)
            assert (spoiled.use, spoiled.why, spoiled.status_index) == (Use.SPOILED, "torn", None)
            assert made.faults() == []

    def test_only_the_sheet_on_top_is_spoiled(self) -> None:
        with made.a_house(on_sheets=True), pytest.raises(SheetRefused):
            numbers.spoil(block=the_block().pk, counter=4003, why="torn", by=EXAMINER, at=made.AT)

    def test_spoiling_needs_a_reason_that_can_be_kept(self) -> None:
        with made.a_house(on_sheets=True):
            for why, error in ((" ", ReasonMissing), ("x" * 65, WordsUnfit), ("to\x00rn", WordsUnfit)):
                with pytest.raises(error):
                    numbers.spoil(block=the_block().pk, counter=4001, why=why, by=EXAMINER, at=made.AT)

    def test_stolen_sheets_are_never_used(self) -> None:
        with made.a_house(on_sheets=True) as house:
            block = the_block()
            for first, last in ((4001, 4003), (4005, 4006), (4006, 4008)):
                notices.issue_for_sheets(
                    block=block.pk, first=first, last=last, since=made.AT, text="Gone", by=OFFICIAL, at=made.AT
                )
            assert made.reserved(house, sheet="BW00004004")[1].counter == 4004
            assert made.reserved(house, sheet="BW00004009")[1].counter == 4009
            assert made.faults() == []
            gaps = list(Gap.objects.order_by("first").values_list("first", "last"))
            assert gaps == [(4001, 4003), (4005, 4006), (4007, 4008)]
            assert the_block().left == 4999 - 4009


class TestSkipRest:
    def test_after_a_restore_the_rest_of_every_block_is_skipped(self) -> None:
        with made.a_house() as house:
            made.reserved(house)
            allot(first=1, last=9)
            assert numbers.skip_rest(at=later(9), by_identifier="restore") == 2
            assert sorted(Gap.objects.values_list("first", "last")) == [(1, 9), (4002, 4999)]
            assert made.faults() == []
            application = made.examined(house)
            with pytest.raises(NoNumbers):
                desk.reserve(reference=application.reference, by=EXAMINER, at=later(10))
            assert numbers.skip_rest(at=later(11), by_identifier="restore") == 0

    def test_a_block_that_is_used_up_leaves_no_gap(self) -> None:
        with made.a_house():
            Block.objects.update(next=5000)
            Gap.objects.create(block=the_block(), first=4001, last=4999, why="test", at=made.AT, by="test")
            assert numbers.skip_rest(at=later(9), by_identifier="restore") == 1
            assert Gap.objects.count() == 1


class TestVoid:
    def test_a_void_number_is_never_given_out_again(self) -> None:
        with made.a_house() as house:
            application, number = made.reserved(house)
            certificates.void(reference=application.reference, why="printer error", words="", by=OFFICIAL, at=later(3))
            number.refresh_from_db()
            assert (number.use, number.why) == (Use.VOID, "printer error")
            assert made.reserved(house)[1].counter == 4002
            assert made.faults() == []
