from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from macle.node.importing.models import Alarm, Presentation, Shipment
from macle.proof import qr
from tests.node.test_exporting_counter import hidden_of
from tests.node.test_exporting_pages import asked, text_of
from tests.support.node_importing import AT, ELSEWHERE, IMPORTING, a_house, presented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http.response import HttpResponseBase

    from tests.support.node_importing import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    with a_house() as opened:
        yield opened


def looked_at(house: House, **changes: Any) -> HttpResponseBase:
    text = qr.to_text(house.signed(**changes))
    return asked(IMPORTING, "importing:present", post={"do": "read", "what": text}, at=AT)


class TestPresent:
    def test_looking_shows_the_report_and_writes_nothing(self, house: House) -> None:
        page = text_of(looked_at(house))
        for said in ("Valid", "Is it genuine?", "Is it in date?", "May it enter Botswana?", "Was it presented before?"):
            assert said in page
        assert "KP standing of the issuer" in page
        assert "The list of Botswana" in page
        assert not Shipment.objects.exists()

    def test_what_was_looked_at_is_used(self, house: House) -> None:
        sent = hidden_of(looked_at(house)) | {"way": "handed over", "customs_reference": "C-118"}
        answer = asked(IMPORTING, "importing:present", post=sent, at=AT)
        shipment = Shipment.objects.get()
        assert answer.status_code == 302
        assert (shipment.number, shipment.way, shipment.customs_reference) == ("ZA00004821", "handed over", "C-118")
        assert Presentation.objects.get().uses

    def test_a_picture_is_read(self, house: House) -> None:
        picture = SimpleUploadedFile("code.png", qr.code_of(qr.to_text(house.signed())).to_png(), "image/png")
        answer = asked(IMPORTING, "importing:present", post={"do": "read", "file": picture}, at=AT)
        assert "ZA" in text_of(answer)
        assert "Valid" in text_of(answer)

    def test_nobody_presents_what_another_looked_at(self, house: House) -> None:
        sent = hidden_of(looked_at(house)) | {"way": "presented", "office": ELSEWHERE.held[0].office}
        answer = asked(ELSEWHERE, "importing:present", post=sent, at=AT)
        assert answer.status_code == 302
        assert not Shipment.objects.exists()

    def test_elsewhere_it_is_stopped_and_the_first_is_named(self, house: House) -> None:
        presented(house.code(), by=ELSEWHERE, office=ELSEWHERE.held[0].office)
        seen = looked_at(house)
        assert "It was presented at Quayside Office" in text_of(seen)
        answer = asked(IMPORTING, "importing:present", post=hidden_of(seen) | {"way": "presented"}, at=AT)
        assert answer.status_code == 409
        assert "Quayside Office" in text_of(answer)
        assert Alarm.objects.count() == 1

    def test_nonsense_is_named_and_nothing_is_lost(self, house: House) -> None:  # noqa: ARG002 (offices)
        answer = asked(IMPORTING, "importing:present", post={"do": "read", "what": "KPC1:NONSENSE"}, at=AT)
        assert "Cannot decide" in text_of(answer) or "Not valid" in text_of(answer)
        empty = asked(IMPORTING, "importing:present", post={"do": "read", "what": ""}, at=AT)
        assert "Scan the code, or give a file." in text_of(empty)


class TestShipments:
    def test_are_listed_and_shown(self, house: House) -> None:
        shipment = presented(house.code()).shipment
        page = text_of(asked(IMPORTING, "importing:shipments", at=AT))
        assert "To be inspected" in page
        one = text_of(asked(IMPORTING, "importing:shipment", shipment.reference, at=AT))
        for said in ("1,205.18", "Certificate presented", "South Africa"):
            assert said in one

    def test_short_it_is_detained_and_the_issuer_asked(self, house: House) -> None:
        shipment = presented(house.code()).shipment
        sent = {
            "opened": "yes",
            "seals": "0",
            "found_seals": "",
            "parcels": "3",
            "carats_710231": "201.18",
            "value_710231": "41036.00",
            "carats_710221": "1000.00",
            "value_710221": "12500.50",
            "synthetics": "",
        }
        answer = asked(IMPORTING, "importing:inspect", shipment.reference, post=sent, at=AT)
        assert answer.status_code == 302, text_of(answer)
        page = text_of(asked(IMPORTING, "importing:shipment", shipment.reference, at=AT))
        assert "Does not agree" in page
        assert "1,201.18" in page
        given = {"text": "4.00 ct too little.", "source": "An invented act", "appeal": "To an invented tribunal."}
        answer = asked(IMPORTING, "importing:decide", shipment.reference, "detention", post=given, at=AT)
        assert answer.status_code == 302, text_of(answer)
        answer = asked(IMPORTING, "importing:ask", shipment.reference, post={"reason": "1,201.18 ct"}, at=AT)
        assert answer.status_code == 302, text_of(answer)
        answer = asked(IMPORTING, "importing:answered", shipment.reference, post={"answer": "consented"}, at=AT)
        assert answer.status_code == 302, text_of(answer)
        answer = asked(IMPORTING, "importing:release", shipment.reference, post={}, at=AT)
        shipment.refresh_from_db()
        assert shipment.state == "released"
