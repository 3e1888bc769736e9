"""Certificates that are only paper: typed, looked at by eye, and used as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from macle.node.importing import judging
from macle.node.importing.actions import inspecting, presenting
from macle.node.importing.models import Alarm, Presentation, Shipment
from macle.proof.verification import Answer, Result
from macle.scheme.lifecycle import CertificateState, ShipmentState
from tests.node.test_exporting_counter import hidden_of
from tests.node.test_exporting_pages import asked, text_of
from tests.support.node_audit import a_picture
from tests.support.node_importing import (
    AT,
    ELSEWHERE,
    IMPORTING,
    OTHER_OFFICE,
    a_house,
    confirmed,
    counted,
    inspected,
    later,
    on_paper,
    presented,
)
from tests.support.node_registry import OFFICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.node_importing import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    with a_house() as opened:
        yield opened


class TestReport:
    def test_no_machine_says_that_paper_is_genuine(self, house: House) -> None:
        report = judging.report(on_paper(house.trader), office=OFFICE, at=AT)
        assert (report.genuine, report.in_date, report.admissible) == (Answer.CANNOT_DECIDE, Answer.YES, Answer.YES)
        judged = [step.definition.number for step in report.steps if step.result is not Result.NOT_JUDGED]
        assert judged == [6, 7, *range(11, 22)]

    def test_an_expired_one_is_not_in_date(self, house: House) -> None:
        report = judging.report(on_paper(house.trader, date_of_expiry="2026-11-24"), office=OFFICE, at=AT)
        assert report.in_date is Answer.NO

    def test_the_same_rules_are_asked_as_of_a_signed_one(self, house: House) -> None:
        report = judging.report(on_paper(house.trader, number="CU00000001"), office=OFFICE, at=AT)
        assert report.admissible is Answer.NO

    def test_an_earlier_use_is_known_whatever_it_was_presented_as(self, house: House) -> None:
        presented(house.code(number="ZA00007001"), by=ELSEWHERE, office=OTHER_OFFICE)
        report = judging.report(on_paper(house.trader), office=OFFICE, at=AT)
        assert report.steps[20].result is Result.FAILED
        assert OTHER_OFFICE in report.steps[20].reason


class TestPresent:
    def test_what_looks_right_is_used(self, house: House) -> None:
        shipment = presented(on_paper(house.trader)).shipment
        presentation = Presentation.objects.get()
        assert (presentation.carrier, presentation.identity, presentation.uses) == ("paper", "", True)
        assert shipment.certificate_state == CertificateState.PRESENTED
        assert (shipment.number, shipment.carats_hundredths, shipment.importer) == ("ZA00007001", 20518, house.trader)

    def test_what_does_not_look_right_uses_no_number_and_is_in_custody(self, house: House) -> None:
        shipment = presented(on_paper(house.trader, looks_right=False)).shipment
        assert not Presentation.objects.get().uses
        assert shipment.certificate_state != CertificateState.PRESENTED
        assert inspecting.certificate_of(shipment) is None
        again = presented(on_paper(house.trader), at=later(1))
        assert not again.again

    def test_it_is_weighed_released_and_confirmed_by_its_number(self, house: House) -> None:
        shipment = presented(on_paper(house.trader)).shipment
        measured = counted()
        inspected(shipment, measured=type(measured)(3, measured.lines[:1]))
        assert shipment.status is ShipmentState.MATCHED
        confirmation = confirmed(shipment, at=later(7))
        assert confirmation.carats_hundredths == 20518

    @pytest.mark.parametrize("paper_first", [True, False])
    def test_paper_and_signed_one_are_one_certificate_at_one_office(self, house: House, *, paper_first: bool) -> None:
        paper, code = on_paper(house.trader), house.code(number="ZA00007001")
        presented(paper if paper_first else code)
        assert presented(code if paper_first else paper, at=later(1)).again
        assert Shipment.objects.count() == 1
        assert not Alarm.objects.exists()

    def test_elsewhere_it_is_stopped(self, house: House) -> None:
        presented(house.code(number="ZA00007001"), by=ELSEWHERE, office=OTHER_OFFICE)
        with pytest.raises(presenting.PresentedElsewhere):
            presented(on_paper(house.trader), at=later(1))
        assert not Alarm.objects.get().is_other


def sent(**changes: Any) -> dict[str, Any]:
    given = {
        "number": "za 00007001",
        "date_of_issuance": "2026-11-20",
        "date_of_expiry": "2027-01-18",
        "exporter_name": "Example Pan Diamonds (Pty) Ltd",
        "exporter_town": "Kimberley",
        "exporter_country": "ZA",
        "importer_name": "Selle River Mining",
        "importer_town": "Port Selle",
        "importer_country": "BW",
        "origin_0": "ZA",
        "carats_710231": "205.18",
        "value_710231": "41036.00",
        "parcels": "3",
        "seals": "PX 11\nPX 12\n",
        "front": SimpleUploadedFile("front.png", a_picture(), "image/png"),
        "looks": "yes",
    }
    return given | changes


class TestPages:
    def test_a_number_leads_to_where_paper_is_entered(self, house: House) -> None:  # noqa: ARG002 (offices)
        answer = asked(IMPORTING, "importing:present", post={"do": "read", "what": "ZA 00007001"}, at=AT)
        assert answer.headers["Location"].endswith("/shipments/paper?number=ZA00007001")

    def test_it_is_looked_at_and_then_used(self, house: House) -> None:  # noqa: ARG002 (offices)
        seen = asked(IMPORTING, "importing:paper", post=sent(), at=AT)
        page = text_of(seen)
        for said in ("Cannot decide", "Paper is judged by eye", "What you typed from the paper", "Present it"):
            assert said in page
        assert not Shipment.objects.exists()
        answer = asked(IMPORTING, "importing:present", post=hidden_of(seen) | {"way": "post"}, at=AT)
        assert answer.status_code == 302, text_of(answer)
        shipment = Shipment.objects.get()
        assert shipment.seals == ["PX 11", "PX 12"]
        shown = asked(IMPORTING, "importing:shipment", shipment.reference, at=AT)
        assert "Pictures of the paper" in text_of(shown)
        picture = asked(IMPORTING, "importing:picture", shipment.reference, 0, at=AT)
        assert picture.headers["Content-Type"] == "image/jpeg"
        assert asked(IMPORTING, "importing:picture", shipment.reference, 1, at=AT).status_code == 404

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"number": "4821"}, "is not a certificate number."),
            ({"carats_710231": "", "value_710231": ""}, "Give the weight of at least one heading."),
            ({"value_710231": ""}, "Give the value too."),
            ({"date_of_expiry": "2026-11-01"}, "It expires before it was issued."),
            ({"front": SimpleUploadedFile("front.exe", b"MZ", "application/x-msdownload")}, "Give a file whose name"),
            ({"front": SimpleUploadedFile("front.png", b"not a picture", "image/png")}, "front.png is no picture."),
            ({"looks": ""}, "Does it look"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_lost(
        self,
        house: House,  # noqa: ARG002 (offices)
        changes: dict[str, Any],
        said: str,
    ) -> None:
        answer = asked(IMPORTING, "importing:paper", post=sent(**changes), at=AT)
        assert answer.status_code == 422
        assert said in text_of(answer)
        assert "Example Pan Diamonds" in getattr(answer, "content", b"").decode()
