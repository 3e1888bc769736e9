"""The example year that `make demo` shows: every act through the desks, every state reached, nothing out of order."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from examples import ministry, year
from macle.node.audit import queries as audit
from macle.node.exchange import carriers, worker
from macle.node.exchange import queries as exchange
from macle.node.exporting import queries
from macle.node.exporting.actions import certificates
from macle.node.exporting.models import (
    Application,
    Block,
    Certificate,
    Confirmation,
    FeeEntry,
    Gap,
    Number,
    Reconfirmation,
    Step,
    Suspicion,
    Use,
)
from macle.node.traders import queries as traders
from macle.scheme.lifecycle import CertificateState as State
from tests.support import node_registry

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
OF_OTHERS = {
    # What the other side does is written down with its slip, and ends in one of its results.
    *(State.PRESENTED, State.DISCREPANT, State.ENDORSED, State.ACCEPTED),
    *(State.SUSPECT, State.CLEARED, State.FRAUD_CONFIRMED),
    # No Participant's standing is partial today.
    *(State.PENDING_KP_APPROVAL, State.KP_APPROVED),
    State.ARCHIVED,
}


def chance() -> random.Random:
    return random.Random(7)


@pytest.mark.django_db
def test_a_year_reaches_every_state_and_leaves_nothing_out_of_order(tmp_path: Path) -> None:
    with node_registry.configured(home=tmp_path, authority=ministry.AUTHORITY):
        carrier = carriers.configured(settings.CONFIGURATION)

        def evening(at: datetime) -> None:
            worker.run(carrier=carrier, now=lambda: at, stop=Event(), once=True)

        house = ministry.found(tmp_path, begun=NOW - timedelta(days=372), until=NOW)
        year.tell(house, shipments=0, seed=1, evening=evening)

        assert list(audit.faults()) == []
        assert list(queries.faults()) == []
        assert list(traders.balance_faults()) == []
        assert [list(queries.unaccounted(block)) for block in Block.objects.all()] == [[], []]
        assert set(Application.objects.values_list("state", flat=True)) == set(State) - OF_OTHERS
        assert not Step.objects.filter(at__gt=NOW).exists()
        assert list(exchange.waiting()) == []
        whys = set(Number.objects.filter(use=Use.VOID).values_list("why", flat=True))
        assert whys >= set(certificates.VOID_REASONS)
        assert Number.objects.filter(use=Use.SPOILED).count() == 3
        assert [gap.last - gap.first + 1 for gap in Gap.objects.all()] == [12]
        assert Reconfirmation.objects.exists()
        assert Suspicion.objects.filter(until=None).count() == 1
        assert set(FeeEntry.objects.values_list("kind", flat=True)) == {"paid", "waived"}
        differs = {name for each in Confirmation.objects.all() for name in each.differs}
        assert differs == {"parcels", "carats", "value", "seals", "refused"}
        assert Step.objects.exclude(deputises_for="").exists()
        assert Certificate.objects.count() > 40
        for login in ("joren.pell", "mira.sandgate", "lucian.fenn", "tamsin.vale", "corin.ashby", "ada.finch"):
            assert queries.waiting_for(house.who(login, at=NOW), at=NOW).exists(), login
        assert queries.late(house.who("vera.locke", at=NOW), on=NOW.date()).exists()
        assert queries.disagreeing(house.who("joren.pell", at=NOW)).exists()


class TestPlanner:
    def test_draws_the_same_goods_from_the_same_seed(self) -> None:
        first, again = (year.Planner(chance()) for _ in range(2))
        assert [first.plan() for _ in range(20)] == [again.plan() for _ in range(20)]

    def test_draws_no_firm_that_is_stopped_unless_told_to(self) -> None:
        planner = year.Planner(chance())
        assert {planner.plan().firm for _ in range(50)} & set(ministry.STOPPED) == set()


class TestWorking:
    @pytest.mark.parametrize(
        ("at", "then"),
        [
            ("2026-11-25T09:00:00", "2026-11-25T09:00:00"),
            ("2026-11-25T03:20:00", "2026-11-25T06:20:00"),
            ("2026-11-27T15:20:00", "2026-11-30T06:20:00"),
            ("2026-11-28T09:00:00", "2026-11-30T09:00:00"),
        ],
    )
    def test_waits_for_the_hours_of_the_offices(self, at: str, then: str) -> None:
        told = year.Year(ministry.House(NOW, NOW), chance(), print)
        assert told.working(datetime.fromisoformat(at + "+00:00")) == datetime.fromisoformat(then + "+00:00")
