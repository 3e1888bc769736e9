from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from macle.node.audit.models import Line
from macle.node.importing import queries
from macle.node.importing.actions import deciding, inspecting
from macle.node.importing.actions.deciding import DecisionIncomplete, Ground, NothingToRefuse
from macle.node.importing.models import Decision, Shipment
from macle.node.permissions import Act, ActForbidden
from macle.paper.decisions import DecisionKind
from macle.scheme.confirmations import SealState
from macle.scheme.lifecycle import ActNotAllowed, CertificateState, ShipmentState
from tests.support.documents import text_of
from tests.support.node_importing import ELSEWHERE, IMPORTING, a_house, counted, decided, later, presented
from tests.support.node_registry import OFFICIAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.node_importing import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    with a_house() as opened:
        yield opened


def short(house: House) -> Shipment:
    """Return a shipment that was found 4.00 ct short of what its certificate declares."""
    shipment = presented(house.code()).shipment
    found = inspecting.Found(seals=SealState.INTACT, measured=counted("201.18"))
    inspecting.inspect(reference=shipment.reference, found=found, by=IMPORTING, at=later(5))
    return shipment


def after(shipment: Shipment) -> tuple[str, str]:
    shipment.refresh_from_db()
    return shipment.state, shipment.certificate_state


class TestDecide:
    def test_a_detention_has_its_letter(self, house: House) -> None:
        shipment = short(house)
        decision = decided(shipment)
        assert after(shipment) == (ShipmentState.DETAINED, CertificateState.DISCREPANT)
        assert decision.reference == f"{shipment.reference}/1"
        words = re.sub(r"\s+", " ", text_of(deciding.letter(decision, at=later(7))))
        for said in (
            "ZA 00004821",
            "1,205.18",
            "1,201.18",
            "4.00 ct too little.",
            "An invented act, section 4",
            "To an invented tribunal, within thirty days.",
            "Mirel Orr",
            "Selle Diamond Office",
        ):
            assert said in words
        line = Line.objects.get(tag=Act.SHIPMENT_DETAIN)
        assert line.facts["decision"] == decision.reference
        assert "too little" not in str(line.facts)

    def test_each_kind_leads_where_it_says(self, house: House) -> None:
        shipment = short(house)
        decided(shipment)
        decided(shipment, DecisionKind.REFUSAL, at=later(7))
        assert after(shipment) == (ShipmentState.DETAINED, CertificateState.REFUSED)
        decided(shipment, DecisionKind.RETURN, at=later(8))
        assert after(shipment)[0] == ShipmentState.RETURN_ORDERED
        deciding.returned(reference=shipment.reference, by=IMPORTING, at=later(9))
        assert after(shipment)[0] == ShipmentState.RETURNED
        assert [each.kind for each in Decision.objects.all()] == ["detention", "refusal", "return"]

    def test_what_is_seized_is_freed_or_forfeited(self, house: House) -> None:
        shipment = short(house)
        decided(shipment)
        decided(shipment, DecisionKind.SEIZURE, at=later(7))
        deciding.lift_seizure(reference=shipment.reference, reason="A court said so.", by=IMPORTING, at=later(8))
        assert after(shipment)[0] == ShipmentState.DETAINED
        decided(shipment, DecisionKind.SEIZURE, at=later(9))
        deciding.forfeit(reference=shipment.reference, reason="By an invented judgment.", by=IMPORTING, at=later(10))
        deciding.dispose(
            reference=shipment.reference, is_destroyed=True, reason="Crushed before two.", by=IMPORTING, at=later(11)
        )
        assert after(shipment)[0] == ShipmentState.DESTROYED

    @pytest.mark.parametrize(
        "changes",
        [
            {"grounds": []},
            {"appeal": "  "},
            {"grounds": [Ground(text="Too little.", source="")]},
            {"grounds": [Ground(text="", source="An act")]},
        ],
    )
    def test_without_ground_provision_or_appeal_there_is_none(self, house: House, changes: dict[str, Any]) -> None:
        shipment = short(house)
        with pytest.raises(DecisionIncomplete):
            decided(shipment, **changes)
        assert after(shipment)[0] == ShipmentState.MISMATCHED

    def test_what_agrees_is_neither_detained_nor_refused(self, house: House) -> None:
        shipment = presented(house.code()).shipment
        with pytest.raises(ActNotAllowed):
            decided(shipment)
        with pytest.raises(NothingToRefuse):
            decided(shipment, DecisionKind.REFUSAL)
        assert not Decision.objects.exists()

    def test_is_the_importing_officials_at_their_office(self, house: House) -> None:
        shipment = short(house)
        with pytest.raises(ActForbidden):
            decided(shipment, by=OFFICIAL)
        with pytest.raises(queries.ShipmentMissing):
            decided(shipment, by=ELSEWHERE)
