from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from macle.node.audit.models import Line
from macle.node.exchange.models import Letter
from macle.node.importing import queries
from macle.node.importing.actions import inspecting
from macle.node.importing.models import Answer, Shipment
from macle.node.permissions import Act, ActForbidden
from macle.scheme.confirmations import Count, SealState
from macle.scheme.lifecycle import ActNotAllowed, CertificateState, ShipmentState
from macle.scheme.terms import Carats
from tests.support.node_exporting import law, sourced
from tests.support.node_importing import ELSEWHERE, IMPORTING, a_house, counted, decided, inspected, later, presented
from tests.support.node_registry import OFFICIAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.node_importing import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    with a_house() as opened:
        yield opened


class TestInspect:
    @pytest.mark.parametrize("measured", [counted(), None])
    def test_what_agrees_can_go(self, house: House, measured: Count | None) -> None:
        shipment = presented(house.code()).shipment
        inspection = inspected(shipment, measured=measured)
        assert (inspection.opened, inspection.breaches) == (measured is not None, [])
        assert shipment.state == ShipmentState.MATCHED
        assert shipment.certificate_state == CertificateState.PRESENTED
        inspecting.release(reference=shipment.reference, by=IMPORTING, at=later(6))
        shipment.refresh_from_db()
        assert shipment.status is ShipmentState.RELEASED
        assert shipment.certificate_state == CertificateState.ACCEPTED
        found = inspecting.found_of(inspection).measured
        assert (found and found.parcels) == (measured and measured.parcels)
        assert set(found.lines if found else ()) == set(measured.lines if measured else ())

    @pytest.mark.parametrize(
        ("found", "rule"),
        [
            ({"measured": counted("201.18")}, "profile.tolerance"),
            ({"measured": counted("209.18")}, "profile.tolerance"),
            ({"measured": counted(parcels=4)}, "AnnexII.23.contents"),
            ({"seals": SealState.BROKEN}, "AnnexII.22.seals"),
            ({"synthetics": Carats(150)}, "I.synthetics"),
        ],
    )
    def test_what_differs_waits_for_a_decision(self, house: House, found: dict[str, Any], rule: str) -> None:
        shipment = presented(house.code()).shipment
        inspection = inspected(shipment, **found)
        assert rule in {each[0] for each in inspection.breaches}
        assert shipment.status is ShipmentState.MISMATCHED
        assert shipment.certificate_state == CertificateState.DISCREPANT
        with pytest.raises(ActNotAllowed):
            inspecting.release(reference=shipment.reference, by=IMPORTING, at=later(6))
        assert Line.objects.filter(tag=Act.SHIPMENT_INSPECT).get().facts["breaches"] == [
            each[0] for each in inspection.breaches
        ]

    def test_a_seal_that_customs_replaced_is_whole(self, house: House) -> None:
        shipment = presented(house.code()).shipment
        inspection = inspected(shipment, seals=SealState.REPLACED_BY_CUSTOMS, found_seals=["ZC 11"])
        assert (inspection.found_seals, shipment.status) == (["ZC 11"], ShipmentState.MATCHED)

    def test_a_difference_within_the_tolerance_of_the_profile_agrees(self, house: House) -> None:
        with law(tolerance={"hundredths": 500, "source": "Act 1"}, four_eyes=sourced(value=True)):
            shipment = presented(house.code()).shipment
            inspected(shipment, measured=counted("201.18"))
        assert shipment.status is ShipmentState.MATCHED

    def test_without_a_good_certificate_nothing_agrees(self) -> None:
        with a_house(is_believed=False) as house:
            shipment = presented(house.code()).shipment
            inspection = inspected(shipment)
        assert [each[0] for each in inspection.breaches] == [inspecting.NO_CERTIFICATE]
        assert shipment.status is ShipmentState.MISMATCHED

    @pytest.mark.parametrize("measured", [None, counted("0.01")])
    def test_synthetics_that_cannot_be_are_said(self, house: House, measured: Count | None) -> None:
        shipment = presented(house.code()).shipment
        with pytest.raises(inspecting.InspectionMalformed):
            inspected(shipment, measured=measured, synthetics=Carats(10**9))

    def test_is_done_once_and_by_whom_it_is_for(self, house: House) -> None:
        shipment = presented(house.code()).shipment
        found = inspecting.Found(seals=SealState.INTACT)
        with pytest.raises(ActForbidden):
            inspecting.inspect(reference=shipment.reference, found=found, by=OFFICIAL, at=later(5))
        with pytest.raises(queries.ShipmentMissing):
            inspecting.inspect(reference=shipment.reference, found=found, by=ELSEWHERE, at=later(5))
        inspected(shipment)
        with pytest.raises(ActNotAllowed):
            inspected(shipment)


class TestEndorsement:
    def detained(self, house: House) -> Shipment:
        shipment = presented(house.code()).shipment
        inspected(shipment, measured=counted("201.18"))
        decided(shipment, at=later(6))
        return shipment

    def ask(self, shipment: Shipment) -> None:
        inspecting.ask_endorsement(
            reference=shipment.reference, text="Carat weight on arrival 1,201.18 ct.", by=IMPORTING, at=later(7)
        )

    def answer(self, shipment: Shipment, answer: Answer) -> Shipment:
        inspecting.record_endorsement(reference=shipment.reference, answer=answer, by=IMPORTING, at=later(60))
        shipment.refresh_from_db()
        return shipment

    def test_with_the_issuers_consent_it_is_put_right_and_goes(self, house: House) -> None:
        shipment = self.detained(house)
        self.ask(shipment)
        letter = Letter.objects.get()
        assert letter.kind == "endorsement request"
        assert "Measured 1201.18 carats" in letter.content.text
        self.answer(shipment, Answer.CONSENTED)
        assert shipment.certificate_state == CertificateState.ENDORSED
        assert shipment.status is ShipmentState.REMEDIED
        inspecting.release(reference=shipment.reference, by=IMPORTING, at=later(61))
        shipment.refresh_from_db()
        assert shipment.certificate_state == CertificateState.ACCEPTED

    def test_without_it_the_shipment_stays_detained(self, house: House) -> None:
        shipment = self.detained(house)
        self.ask(shipment)
        self.answer(shipment, Answer.REFUSED)
        assert shipment.certificate_state == CertificateState.DISCREPANT
        assert shipment.status is ShipmentState.DETAINED
        with pytest.raises(inspecting.EndorsementOver):
            self.answer(shipment, Answer.CONSENTED)
        self.ask(shipment)

    def test_is_asked_once_at_a_time_and_of_what_is_detained(self, house: House) -> None:
        shipment = self.detained(house)
        self.ask(shipment)
        with pytest.raises(inspecting.EndorsementOver):
            self.ask(shipment)
        other = presented(house.code(number="ZA00004822")).shipment
        with pytest.raises(inspecting.NotPresented):
            self.ask(other)
