from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404

from macle.node.importing.actions import confirming, inspecting, presenting
from macle.node.importing.models import Alarm, Confirmation, Intent, Presentation, Shipment
from macle.paper.decisions import DecisionKind
from macle.proof import qr
from macle.scheme.confirmations import SealState
from tests.node.test_exporting_counter import hidden_of
from tests.node.test_exporting_pages import asked, text_of
from tests.node.test_importing_confirming import consented, released, signed
from tests.support.node_importing import AT, ELSEWHERE, IMPORTING, a_house, decided, later, presented

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


class TestReceive:
    def test_goods_without_a_certificate_begin_a_case(self, house: House) -> None:  # noqa: ARG002 (offices)
        assert "Receive a shipment" in text_of(asked(IMPORTING, "importing:receive", at=AT))
        sent = {
            "office": IMPORTING.held[0].office,
            "way": "found",
            "arrived_on": "2026-11-25",
            "seals": "",
            "importer_name": "",
            "customs_reference": "",
            "remark": "A traveller's hand luggage.",
        }
        answer = asked(IMPORTING, "importing:receive", post=sent, at=AT)
        assert answer.status_code == 302, text_of(answer)
        shipment = Shipment.objects.get()
        page = text_of(asked(IMPORTING, "importing:shipment", shipment.reference, at=AT))
        for said in ("Goods without a certificate", "Inspect it", "Present its certificate"):
            assert said in page

    def test_a_day_to_come_is_refused(self, house: House) -> None:  # noqa: ARG002 (offices)
        sent = {"office": IMPORTING.held[0].office, "way": "post", "arrived_on": "2026-11-26", "seals": "B-77"}
        answer = asked(IMPORTING, "importing:receive", post=sent, at=AT)
        assert "This day is still to come." in text_of(answer)
        assert "B-77" in text_of(answer)


class TestConfirm:
    def test_nothing_is_written_before_it_is_prepared(self, house: House) -> None:
        shipment = released(house)
        page = text_of(asked(IMPORTING, "importing:confirm", shipment.reference, at=later(7)))
        assert "Show me the exact confirmation" in page
        assert not Intent.objects.exists()

    def test_the_exact_confirmation_is_shown_and_nothing_signed_without_consent(self, house: House) -> None:
        shipment = released(house)
        sent = {"do": "prepare", "remark": "Box was wet."}
        assert asked(IMPORTING, "importing:confirm", shipment.reference, post=sent, at=later(7)).status_code == 302
        shown = asked(IMPORTING, "importing:confirm", shipment.reference, at=later(7))
        page = text_of(shown)
        for said in ("Box was wet.", "Declared", "Measured", "1,205.18", "intact", "accepted"):
            assert said in page
        given = hidden_of(shown) | {"password": "wrong", "code": "000000", "secret": "wrong"}
        answer = asked(IMPORTING, "importing:confirm", shipment.reference, post=given, at=later(8))
        assert answer.status_code == 422
        assert not Confirmation.objects.exists()

    def test_what_is_confirmed_can_be_had_as_pdf(self, house: House) -> None:
        shipment = released(house)
        missing = asked(IMPORTING, "importing:slip", shipment.reference, at=later(9))
        assert missing.status_code == 404
        signed(confirming.prepare(reference=shipment.reference, by=IMPORTING, at=later(7)))
        page = text_of(asked(IMPORTING, "importing:shipment", shipment.reference, at=later(9)))
        assert "Confirmation (PDF)" in page
        answer = asked(IMPORTING, "importing:slip", shipment.reference, at=later(9))
        assert getattr(answer, "content", b"").startswith(b"%PDF")


class TestFollow:
    @pytest.mark.parametrize("ways", [("lift-seizure",), ("forfeit", "destroy"), ("forfeit", "sell-outside-trade")])
    def test_a_seizure_ends(self, house: House, ways: tuple[str, ...]) -> None:
        shipment = presented(house.code(container_seals=("B-9",))).shipment
        inspecting.inspect(
            reference=shipment.reference,
            found=inspecting.Found(seals=SealState.BROKEN),
            by=IMPORTING,
            at=later(5),
        )
        decided(shipment)
        decided(shipment, DecisionKind.SEIZURE, at=later(7))
        for name in ways:
            page = text_of(asked(IMPORTING, "importing:shipment", shipment.reference, at=later(8)))
            assert f"/follow/{name}" in asked_html(shipment)
            assert "Use with care" in page or name == "lift-seizure"
            sent = {"reason": "The court of an invented place said so."}
            answer = asked(IMPORTING, "importing:follow", shipment.reference, name, post=sent, at=later(9))
            assert answer.status_code == 302, text_of(answer)
        shipment.refresh_from_db()
        assert (
            shipment.state
            == {
                "lift-seizure": "detained",
                "destroy": "destroyed",
                "sell-outside-trade": "sold_outside_trade",
            }[ways[-1]]
        )

    def test_what_does_not_follow_is_said(self, house: House) -> None:
        shipment = presented(house.code()).shipment
        sent = {"reason": "Too early."}
        answer = asked(IMPORTING, "importing:follow", shipment.reference, "forfeit", post=sent, at=AT)
        assert answer.status_code == 422
        with pytest.raises(Http404):
            asked(IMPORTING, "importing:follow", shipment.reference, "nothing", at=AT)


def asked_html(shipment: Shipment) -> str:
    page = asked(IMPORTING, "importing:shipment", shipment.reference, at=later(8))
    return getattr(page, "content", b"").decode()


class TestQueue:
    def test_is_empty_at_first(self, house: House) -> None:  # noqa: ARG002 (offices)
        assert "Nothing waits for you." in text_of(asked(IMPORTING, "importing:queue", at=AT))

    def test_shows_what_waits_and_what_was_presented_twice(self, house: House) -> None:
        presented(house.code())
        with pytest.raises(presenting.PresentedElsewhere):
            presented(house.code(), by=ELSEWHERE, office=ELSEWHERE.held[0].office, at=later(1))
        page = text_of(asked(IMPORTING, "importing:queue", at=later(2)))
        for said in ("1 waits for you", "Inspect it", "Presented twice", "Quayside Office"):
            assert said in page
        other = text_of(asked(ELSEWHERE, "importing:queue", at=later(2)))
        assert "Presented twice" in other
        assert "Nothing waits for you." in other

    def test_a_released_one_waits_until_it_is_confirmed(self, house: House) -> None:
        shipment = released(house)
        assert "Confirm the import" in text_of(asked(IMPORTING, "importing:queue", at=later(7)))
        intent = confirming.prepare(reference=shipment.reference, by=IMPORTING, at=later(7))
        signed(intent, consent=consented(intent))
        assert "Nothing waits for you." in text_of(asked(IMPORTING, "importing:queue", at=later(9)))

    def test_what_is_late_is_on_top(self, house: House) -> None:
        shipment = released(house)
        Shipment.objects.filter(pk=shipment.pk).update(due_on=AT.date() - timedelta(days=2))
        page = text_of(asked(IMPORTING, "importing:queue", at=AT))
        assert "1 is late" in page
        assert page.index("Late") < page.index("Waits for you")
