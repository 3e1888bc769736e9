from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from macle.node.audit.models import Line
from macle.node.exchange.models import Kind, Letter
from macle.node.exporting.actions import confirmations, notices
from macle.node.exporting.actions.notices import NoticeEnded, ScopeMalformed
from macle.node.exporting.actions.steps import ReasonMissing
from macle.node.exporting.models import Block, Certificate, Notice, Reconfirmation
from macle.node.exporting.queries import BlockMissing
from macle.node.permissions import Act, Role
from tests.support import node_exporting as made
from tests.support import node_registry
from tests.support.node_exporting import EXAMINER, OFFICIAL, House, later
from tests.support.node_registry import OFFICE

pytestmark = pytest.mark.django_db


def a_key_stolen(certificate: Certificate, **changes: Any) -> Notice:
    given: dict[str, Any] = {
        "key_id": certificate.key_id,
        "since": made.AT,
        "office": OFFICE,
        "text": "The token is gone",
        "by": OFFICIAL,
        "at": later(9),
    }
    return notices.issue_for_key(**(given | changes))


def sheets_stolen(first: int, last: int, **changes: Any) -> Notice:
    given: dict[str, Any] = {
        "block": Block.objects.get().pk,
        "since": made.AT,
        "text": "The safe was open",
        "by": OFFICIAL,
        "at": later(9),
    }
    return notices.issue_for_sheets(first=first, last=last, **(given | changes))


def told() -> list[tuple[str, str]]:
    letters = Letter.objects.filter(kind=Kind.NOTICE).order_by("partner", "sequence")
    return [(letter.partner, letter.content.text) for letter in letters]


def shipped(house: House, number: int) -> Certificate:
    return made.validated(house, sheet=f"BW0000{number}")


class TestSheets:
    def test_what_is_under_way_on_them_is_listed_and_partners_are_told(self) -> None:
        with made.a_house(on_sheets=True) as house:
            node_registry.a_partner(participant="ZA")
            first, second = shipped(house, 4001), shipped(house, 4002)
            notice = sheets_stolen(4002, 4100)
            assert list(notices.in_the_air(notice)) == [second]
            assert first not in notices.unanswered(notice)
            assert [partner for partner, _ in told()] == ["EU", "ZA"]
            assert "00004002 to 00004100" in told()[0][1]
            assert Block.objects.get().next == 4101

    def test_sheets_further_down_are_skipped_when_they_are_reached(self) -> None:
        with made.a_house(on_sheets=True) as house:
            sheets_stolen(4002, 4003)
            shipped(house, 4001)
            shipped(house, 4004)
            assert made.faults() == []

    @pytest.mark.parametrize(
        ("first", "last", "changes"),
        [
            (4000, 4010, {}),
            (4990, 5000, {}),
            (4010, 4005, {}),
            (4001, 4002, {"since": later(600)}),
        ],
    )
    def test_what_is_no_range_of_the_block_is_refused(self, first: int, last: int, changes: dict[str, Any]) -> None:
        with made.a_house(on_sheets=True):
            before = made.Traces.now()
            with pytest.raises(ScopeMalformed):
                sheets_stolen(first, last, **changes)
            assert made.Traces.now() == before
            assert Notice.objects.count() == 0

    def test_numbers_without_sheets_cannot_be_stolen(self) -> None:
        with made.a_house(), pytest.raises(ScopeMalformed):
            sheets_stolen(4001, 4002)

    def test_a_notice_says_why(self) -> None:
        with made.a_house(on_sheets=True), pytest.raises(ReasonMissing):
            sheets_stolen(4001, 4002, text=" ")

    def test_another_offices_official_finds_no_such_block(self) -> None:
        with made.a_house(on_sheets=True), pytest.raises(BlockMissing):
            sheets_stolen(4001, 4002, by=made.somebody(Role.VALIDATING_OFFICIAL, office=made.OTHER_OFFICE))


class TestKey:
    def test_only_what_it_signed_since_then_and_is_under_way_is_asked_about(self) -> None:
        with made.a_house() as house:
            done, flying = made.dispatched(house), made.validated(house)
            confirmations.record(slip=made.a_slip(done), by=EXAMINER, at=later(60 * 24 * 20))
            assert list(notices.in_the_air(a_key_stolen(flying))) == [flying]
            late = a_key_stolen(flying, since=flying.validated_at + timedelta(seconds=1), at=later(20))
            assert list(notices.in_the_air(late)) == []

    @pytest.mark.parametrize("key_id", ["", "xyz", "00" * 8, "00" * 16, "gg" * 8])
    def test_a_key_that_was_never_here_makes_no_false_alarm(self, key_id: str) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            before = made.Traces.now()
            with pytest.raises(ScopeMalformed):
                a_key_stolen(certificate, key_id=key_id)
            assert made.Traces.now() == before

    def test_a_key_may_be_typed_in_capitals(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            assert a_key_stolen(certificate, key_id=certificate.key_id.upper()).key_id == certificate.key_id


class TestReconfirm:
    def test_many_are_answered_at_once_and_each_partner_reads_its_own(self) -> None:
        with made.a_house() as house:
            node_registry.a_partner(participant="ZA")
            ours, theirs, other = made.validated(house), made.validated(house), made.validated(house)
            notice = a_key_stolen(ours)
            before = len(told())
            count = notices.reconfirm(
                notice=notice.pk, ours=[ours.number], not_ours=[theirs.number], by=OFFICIAL, at=later(10)
            )
            assert count == 2
            assert list(notices.unanswered(notice)) == [other]
            new = [text for partner, text in told() if partner == "EU"][-1]
            assert len(told()) == before + 1
            assert f"{ours.number} with the identity {ours.identity} is ours." in new
            assert f"{theirs.number} with the identity {theirs.identity} is NOT ours" in new
            line = Line.objects.filter(tag=Act.CERTIFICATE_RECONFIRM).get()
            assert line.facts["ours"] == [ours.identity]

    def test_what_was_answered_stays(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            notice = a_key_stolen(certificate)
            given: dict[str, Any] = {"notice": notice.pk, "by": OFFICIAL}
            notices.reconfirm(ours=[certificate.number], not_ours=[], at=later(10), **given)
            assert notices.reconfirm(ours=[], not_ours=[certificate.number], at=later(11), **given) == 0
            assert Reconfirmation.objects.get().is_ours is True

    def test_one_answer_for_each(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            notice = a_key_stolen(certificate)
            both = [certificate.number]
            with pytest.raises(ScopeMalformed):
                notices.reconfirm(notice=notice.pk, ours=both, not_ours=both, by=OFFICIAL, at=later(10))
            assert Reconfirmation.objects.count() == 0

    def test_what_is_not_concerned_is_not_answered(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            notice = a_key_stolen(certificate)
            given: dict[str, Any] = {"notice": notice.pk, "not_ours": [], "by": OFFICIAL, "at": later(10)}
            assert notices.reconfirm(ours=["BW00009999", "", "x"], **given) == 0


class TestEnd:
    def test_it_ends_once_with_what_came_of_it_and_partners_are_told(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            notice = a_key_stolen(certificate)
            given: dict[str, Any] = {"notice": notice.pk, "by": OFFICIAL, "at": later(12)}
            with pytest.raises(ReasonMissing):
                notices.end(outcome="", **given)
            assert notices.end(outcome="Found in a drawer", **given).ended_at == later(12)
            assert "Found in a drawer" in told()[-1][1]
            with pytest.raises(NoticeEnded):
                notices.end(outcome="Again", **given)
            with pytest.raises(NoticeEnded):
                notices.reconfirm(ours=[certificate.number], not_ours=[], **given)
