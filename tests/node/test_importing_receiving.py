from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from macle.node.audit.models import Line
from macle.node.importing import queries
from macle.node.importing.actions import inspecting, receiving
from macle.node.importing.actions.presenting import NotWaiting
from macle.node.importing.actions.receiving import ArrivalMalformed
from macle.node.importing.models import Reason, Shipment, Way
from macle.node.permissions import Act, ActForbidden, OutOfReach
from macle.scheme.confirmations import SealState
from macle.scheme.lifecycle import ShipmentState
from tests.support.node_importing import AT, ELSEWHERE, IMPORTING, OTHER_OFFICE, a_house, counted, later, presented
from tests.support.node_registry import OFFICE, OFFICIAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.node_importing import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    with a_house() as opened:
        yield opened


def received(**changes: Any) -> Shipment:
    given: dict[str, Any] = {
        "office": OFFICE,
        "way": Way.HANDED_OVER,
        "arrived_on": date(2026, 11, 24),
        "seals": ["K-1", "K-2"],
        "customs_reference": "C-118",
        "by": IMPORTING,
        "at": AT,
    }
    return receiving.receive(**(given | changes))


class TestReceive:
    @pytest.mark.parametrize("way", [Way.HANDED_OVER, Way.POST])
    def test_what_came_before_its_certificate_waits_for_it(self, house: House, way: Way) -> None:
        shipment = received(way=way)
        assert (shipment.status, shipment.number, shipment.seals) == (ShipmentState.IN_CUSTODY, "", ["K-1", "K-2"])
        assert Line.objects.get(tag=Act.SHIPMENT_RECEIVE).subject == f"shipment:{shipment.reference}"
        found = presented(house.code(), received=shipment.reference, at=later(5)).shipment
        assert (found.pk, found.status) == (shipment.pk, ShipmentState.DOCUMENTS_INSPECTED)
        assert (found.number, found.way, found.customs_reference) == ("ZA00004821", way, "C-118")
        assert found.arrived_on == date(2026, 11, 24)
        assert Shipment.objects.count() == 1

    def test_goods_without_a_certificate_begin_a_case(self, house: House) -> None:  # noqa: ARG002 (offices)
        shipment = received(way=Way.FOUND, remark="In a suitcase.")
        assert shipment.state == ShipmentState.DOCUMENTS_INSPECTED
        assert Reason.objects.get().text == "In a suitcase."
        found = inspecting.Found(seals=SealState.BROKEN, measured=counted())
        inspection = inspecting.inspect(reference=shipment.reference, found=found, by=IMPORTING, at=later(5))
        assert [breach[2] for breach in inspection.breaches] == ["number"]
        shipment.refresh_from_db()
        assert shipment.state == ShipmentState.MISMATCHED

    def test_a_certificate_may_turn_up_before_they_are_opened(self, house: House) -> None:
        shipment = received(way=Way.FOUND)
        found = presented(house.code(), received=shipment.reference, at=later(5)).shipment
        assert (found.pk, found.number, found.status) == (
            shipment.pk,
            "ZA00004821",
            ShipmentState.DOCUMENTS_INSPECTED,
        )

    def test_only_what_waits_here_gets_a_certificate(self, house: House) -> None:
        taken = presented(house.code()).shipment
        with pytest.raises(NotWaiting):
            presented(house.code(number="ZA00004822"), received=taken.reference, at=later(5))
        waiting = received()
        with pytest.raises(queries.ShipmentMissing):
            presented(
                house.code(number="ZA00004822"), received=waiting.reference, by=ELSEWHERE, office=OTHER_OFFICE, at=AT
            )

    @pytest.mark.parametrize(
        ("changes", "where"),
        [
            ({"way": Way.PRESENTED}, "way"),
            ({"arrived_on": date(2026, 11, 26)}, "arrived_on"),
            ({"seals": ["K-1", "K-1"]}, "seals"),
        ],
    )
    def test_what_cannot_be_so_is_refused(self, house: House, changes: dict[str, Any], where: str) -> None:  # noqa: ARG002
        with pytest.raises(ArrivalMalformed) as refused:
            received(**changes)
        assert refused.value.where == where
        assert not Shipment.objects.exists()

    def test_is_the_importing_officials_at_their_office(self, house: House) -> None:  # noqa: ARG002 (offices)
        with pytest.raises(ActForbidden):
            received(by=OFFICIAL)
        with pytest.raises(OutOfReach):
            received(by=ELSEWHERE)
