from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from macle.node.audit import actions, queries
from macle.node.audit.actions import HoldLifted, HoldMissing, ReasonMissing, SubjectMalformed
from macle.node.audit.models import Hold, Line
from macle.node.permissions import ActForbidden
from tests.support.node_audit import ADMINISTRATOR, AUDITOR

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def placed(subject: str = "trader:T-0007", reason: str = "Proceeding 7 of Port Selle") -> Hold:
    return actions.place_hold(subject=subject, reason=reason, by=ADMINISTRATOR, at=AT)


def lifted(hold: Hold, at: datetime = AT + DAY) -> Hold:
    return actions.lift_hold(hold=hold.pk, reason="The court has decided.", by=ADMINISTRATOR, at=at)


class TestPlaceHold:
    def test_holds_the_subject_from_that_instant(self) -> None:
        placed()
        assert not queries.is_held("trader:T-0007", at=AT - DAY)
        assert queries.is_held("trader:T-0007", at=AT)
        assert not queries.is_held("trader:T-0008", at=AT)
        assert queries.held_subjects(["trader:T-0007", "trader:T-0008"], at=AT) == {"trader:T-0007"}

    def test_leaves_a_line_without_the_reason(self) -> None:
        hold = placed()
        line = Line.objects.get(tag="hold:place")
        assert (line.subject, line.actor, line.facts) == ("trader:T-0007", ADMINISTRATOR.identifier, {"hold": hold.pk})
        assert hold.reason.placed == "Proceeding 7 of Port Selle"

    @pytest.mark.parametrize(
        "subject", ["", "T-0007", "trader:", "trader:T 7", "Trader:T-7", "trader:\x1b[2J", "a:" * 60]
    )
    def test_refuses_what_names_no_subject(self, subject: str) -> None:
        with pytest.raises(SubjectMalformed) as refused:
            placed(subject)
        assert refused.value.where == "subject"

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
    def test_refuses_to_act_without_a_reason(self, reason: str) -> None:
        with pytest.raises(ReasonMissing):
            placed(reason=reason)
        assert not Hold.objects.exists()

    def test_is_nothing_for_an_auditor(self) -> None:
        with pytest.raises(ActForbidden):
            actions.place_hold(subject="trader:T-0007", reason="x", by=AUDITOR, at=AT)


class TestLiftHold:
    def test_ends_the_hold_and_keeps_it(self) -> None:
        lifted(placed())
        assert queries.is_held("trader:T-0007", at=AT)
        assert not queries.is_held("trader:T-0007", at=AT + DAY)
        (kept,) = queries.holds(subject="trader:T-0007")
        assert kept.reason.lifted == "The court has decided."
        assert not queries.holds(standing=True)

    def test_another_hold_on_the_subject_stands(self) -> None:
        first = placed()
        placed(reason="Proceeding 8 of Port Selle")
        lifted(first)
        assert queries.is_held("trader:T-0007", at=AT + 2 * DAY)

    def test_is_done_once(self) -> None:
        hold = placed()
        lifted(hold)
        with pytest.raises(HoldLifted):
            lifted(hold)

    def test_needs_a_hold(self) -> None:
        with pytest.raises(HoldMissing):
            actions.lift_hold(hold=7, reason="x", by=ADMINISTRATOR, at=AT)
