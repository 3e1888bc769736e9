"""Customs where goods enter: looks, hands over under seal, or stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from macle.node.importing.actions import receiving
from macle.node.importing.models import Presentation, Shipment
from macle.node.permissions import ActForbidden, Actor, Held, Role
from macle.proof import qr
from macle.scheme.lifecycle import ShipmentState
from macle.scheme.terms import TermInvalid
from tests.node.test_exporting_counter import hidden_of
from tests.node.test_exporting_pages import asked, text_of
from tests.support.node_importing import AT, IMPORTING, a_house, later, presented
from tests.support.node_registry import OFFICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.node_importing import House

pytestmark = pytest.mark.django_db

CUSTOMS = Actor(identifier="user-tarr", held=(Held(role=Role.CUSTOMS, office=OFFICE),))


@pytest.fixture
def house() -> Iterator[House]:
    with a_house() as opened:
        yield opened


def handed_over(**changes: Any) -> Shipment:
    given: dict[str, Any] = {"office": OFFICE, "is_stopped": False, "seals": ["CU 77"], "by": CUSTOMS, "at": AT}
    return receiving.hand_over(**(given | changes))


class TestHandOver:
    def test_what_is_handed_over_waits_for_its_certificate(self, house: House) -> None:
        shipment = handed_over(announced="ZA 00004821")
        assert (shipment.status, shipment.announced, shipment.number) == (ShipmentState.IN_CUSTODY, "ZA00004821", "")
        done = presented(house.code(), received=shipment.reference, at=later(5)).shipment
        assert (done.pk, done.number, done.way) == (shipment.pk, "ZA00004821", "handed over")

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"seals": []}, receiving.ArrivalMalformed),
            ({"is_stopped": True}, receiving.ArrivalMalformed),
            ({"announced": "nonsense"}, TermInvalid),
            ({"by": IMPORTING}, ActForbidden),
        ],
    )
    def test_refuses(self, house: House, changes: dict[str, Any], error: type[Exception]) -> None:  # noqa: ARG002
        with pytest.raises(error):
            handed_over(**changes)
        assert not Shipment.objects.exists()

    def test_what_is_stopped_says_why(self, house: House) -> None:  # noqa: ARG002 (offices)
        shipment = handed_over(is_stopped=True, remark="Found in hand luggage.")
        assert shipment.way == "stopped"
        page = text_of(asked(IMPORTING, "importing:shipment", shipment.reference, at=AT))
        assert "Stopped by customs" in page


class TestPage:
    def test_looking_writes_nothing(self, house: House) -> None:
        text = qr.to_text(house.signed())
        page = text_of(asked(CUSTOMS, "importing:border", post={"do": "look", "what": text}, at=AT))
        for said in ("Valid", "Is it genuine?", "Hand it over under seal", "Stop it"):
            assert said in page
        assert not Shipment.objects.exists()
        assert not Presentation.objects.exists()

    def test_a_number_alone_proves_nothing(self, house: House) -> None:  # noqa: ARG002 (offices)
        seen = asked(CUSTOMS, "importing:border", post={"do": "look", "what": "ZA00004821"}, at=AT)
        assert "A number alone proves nothing." in text_of(seen)
        assert hidden_of(seen)["announced"] == "ZA00004821"

    def test_what_is_missing_is_said(self, house: House) -> None:  # noqa: ARG002 (offices)
        sent = {"do": "stop", "office": OFFICE, "seals": "CU 78", "remark": ""}
        answer = asked(CUSTOMS, "importing:border", post=sent, at=AT)
        assert answer.status_code == 422
        assert "Goods are stopped for a reason." in text_of(answer)

    def test_the_desk_is_offered_the_shipment_that_customs_announced(self, house: House) -> None:
        shipment = handed_over(announced="ZA00004821")
        handed_over(announced="ZA00000001")
        text = qr.to_text(house.signed())
        answer = asked(IMPORTING, "importing:present", post={"do": "read", "what": text}, at=AT)
        page = getattr(answer, "content", b"").decode()
        assert f'value="{shipment.reference}" selected' in page
