from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from macle.node.audit.models import Line
from macle.node.exchange.models import Letter
from macle.node.importing import judging, queries
from macle.node.importing.actions import presenting
from macle.node.importing.models import Alarm, Presentation, Shipment, Step, Way
from macle.node.permissions import Act, ActForbidden, Actor, Held, OutOfReach, Role
from macle.paper.carriers import Carried
from macle.proof import qr
from macle.proof.verification import Answer
from macle.scheme.lifecycle import CertificateState, ShipmentState
from tests.support import node_importing as made
from tests.support.node_importing import AT, ELSEWHERE, IMPORTING, OTHER_OFFICE, a_house, later, presented
from tests.support.node_registry import OFFICE, OFFICIAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.node_importing import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    with a_house() as opened:
        yield opened


class TestPresent:
    def test_a_sound_certificate_is_used_and_its_shipment_in_custody(self, house: House) -> None:
        found = presented(house.code(), way=Way.HANDED_OVER, customs_reference="C-118")
        assert (found.report.genuine, found.report.in_date, found.again) == (Answer.YES, Answer.YES, False)
        shipment = found.shipment
        assert shipment.status is ShipmentState.DOCUMENTS_INSPECTED
        assert shipment.certificate_state == CertificateState.PRESENTED
        assert (shipment.number, shipment.issuer, shipment.importer) == ("ZA00004821", "ZA", house.trader)
        assert (shipment.carats_hundredths, shipment.parcels, shipment.customs_reference) == (120518, 3, "C-118")
        assert shipment.arrived_on == date(2026, 11, 25)
        standing = judging.using("ZA00004821")
        assert standing is not None
        assert (standing.shipment, standing.uses, len(standing.report["steps"])) == (shipment, True, 21)
        line = Line.objects.get(tag=Act.CERTIFICATE_PRESENT)
        assert (line.subject, line.actor, line.facts["genuine"]) == ("certificate:ZA00004821", "user-orr", "yes")
        assert not Letter.objects.exists()

    @pytest.mark.parametrize("carrier", ["text", "bytes", "picture"])
    def test_takes_whatever_carries_it(self, house: House, carrier: str) -> None:
        signed = house.signed()
        text = qr.to_text(signed)
        data = {"text": text.encode(), "bytes": signed, "picture": qr.code_of(text).to_png()}[carrier]
        (carried,) = judging.brought(data)
        assert presented(carried).report.genuine is Answer.YES

    def test_the_same_at_the_same_office_is_the_same(self, house: House) -> None:
        code = house.code()
        first = presented(code)
        again = presented(code, at=later(5))
        assert (again.again, again.shipment) == (True, first.shipment)
        assert not Alarm.objects.exists()
        assert Presentation.objects.count() == 1

    def test_elsewhere_is_stopped_with_an_alarm_that_names_the_first(self, house: House) -> None:
        code = house.code()
        first = presented(code).shipment
        with pytest.raises(presenting.PresentedElsewhere, match=OFFICE) as stopped:
            presented(code, office=OTHER_OFFICE, by=ELSEWHERE, at=later(5))
        assert stopped.value.rule == "III.b.single-use"
        alarm = Alarm.objects.get()
        assert (alarm.first.shipment, alarm.office, alarm.is_other) == (first, OTHER_OFFICE, False)
        assert Shipment.objects.count() == 1
        letter = Letter.objects.get()
        assert (letter.kind, letter.about) == ("presentation alarm", "certificate:ZA00004821")
        assert {*queries.alarms_of(IMPORTING)} == {*queries.alarms_of(ELSEWHERE)} == {alarm}

    def test_another_one_under_a_number_that_is_used_is_an_alarm_anywhere(self, house: House) -> None:
        presented(house.code())
        with pytest.raises(presenting.PresentedElsewhere, match="Another certificate"):
            presented(house.code(parcels=4), at=later(5))
        assert Alarm.objects.get().is_other

    def test_what_is_expired_uses_its_number_and_is_not_accepted(self, house: House) -> None:
        found = presented(house.code(date_of_expiry=date(2026, 11, 24)))
        assert (found.report.genuine, found.report.in_date) == (Answer.YES, Answer.NO)
        assert found.shipment.certificate_state == CertificateState.DISPATCHED
        assert found.shipment.status is ShipmentState.DOCUMENTS_INSPECTED
        assert judging.using(found.shipment.number) is not None

    def test_a_forgery_does_not_stop_what_it_copies(self, house: House) -> None:
        code = house.code()
        assert isinstance(code.data, str)
        forged = bytearray(qr.from_text(code.data))
        forged[-1] ^= 1
        found = presented(made.scanned(bytes(forged)), office=OTHER_OFFICE, by=ELSEWHERE)
        assert found.report.genuine is Answer.NO
        assert judging.using("ZA00004821") is None
        assert presented(code, at=later(5)).report.genuine is Answer.YES

    def test_an_issuer_whose_record_is_not_believed_cannot_be_decided(self) -> None:
        with a_house(is_believed=False) as house:
            found = presented(house.code())
            assert found.report.genuine is Answer.CANNOT_DECIDE
            assert found.shipment.certificate_state == CertificateState.DISPATCHED
            assert (found.shipment.importer, judging.using("ZA00004821")) == (None, None)

    def test_one_for_another_participant_is_not_accepted_here(self, house: House) -> None:
        found = presented(house.code(destination="EU"))
        assert found.report.admissible is Answer.NO
        assert found.shipment.certificate_state == CertificateState.DISPATCHED

    def test_what_names_no_certificate_is_refused(self, house: House) -> None:  # noqa: ARG002
        with pytest.raises(presenting.NothingToPresent):
            presented(Carried("KP1:NONSENSE", "QR text", None))
        assert not Shipment.objects.exists()

    @pytest.mark.parametrize(
        ("by", "error"),
        [
            (OFFICIAL, ActForbidden),
            (ELSEWHERE, OutOfReach),
            (Actor(identifier="x", held=(Held(role=Role.AUDITOR),)), ActForbidden),
        ],
    )
    def test_only_an_importing_official_of_the_office_presents(
        self, house: House, by: Actor, error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            presented(house.code(), by=by)
        assert not Presentation.objects.exists()


class TestReading:
    def test_a_shipment_of_another_office_is_not_there(self, house: House) -> None:
        shipment = presented(house.code()).shipment
        assert queries.shipment(shipment.reference, IMPORTING) == shipment
        with pytest.raises(queries.ShipmentMissing):
            queries.shipment(shipment.reference, ELSEWHERE)

    def test_an_importer_reads_its_own(self, house: House) -> None:
        shipment = presented(house.code()).shipment
        own = Actor(identifier="t", held=(Held(role=Role.EXPORTER, trader=house.trader.reference),))
        other = Actor(identifier="t", held=(Held(role=Role.EXPORTER, trader="T-9999"),))
        assert list(queries.shipments_of(own)) == [shipment]
        assert not queries.shipments_of(other)


class TestCorrect:
    def test_frees_the_number_and_keeps_what_happened(self, house: House) -> None:
        code = house.code()
        shipment = presented(code).shipment
        presenting.correct(
            reference=shipment.reference, reason="The wrong paper was scanned.", by=IMPORTING, at=later(2)
        )
        shipment.refresh_from_db()
        assert shipment.certificate_state == CertificateState.DISPATCHED
        assert shipment.presentations.get().correction.text == "The wrong paper was scanned."
        assert presented(code, office=OTHER_OFFICE, by=ELSEWHERE, at=later(3)).again is False
        assert Step.objects.filter(shipment=shipment).count() == 5

    def test_is_done_once(self, house: House) -> None:
        shipment = presented(house.code()).shipment
        presenting.correct(reference=shipment.reference, reason="A wrong scan.", by=IMPORTING, at=later(2))
        with pytest.raises(presenting.PresentationOver):
            presenting.correct(reference=shipment.reference, reason="A wrong scan.", by=IMPORTING, at=later(3))

    def test_is_not_done_by_another_office(self, house: House) -> None:
        shipment = presented(house.code()).shipment
        with pytest.raises(queries.ShipmentMissing):
            presenting.correct(reference=shipment.reference, reason="A wrong scan.", by=ELSEWHERE, at=later(2))


@pytest.mark.django_db(transaction=True)
def test_of_two_offices_at_the_same_instant_one_is_stopped() -> None:
    with a_house() as house:
        code = house.code()

        def bring(office: str, by: Actor) -> str:
            try:
                presented(code, office=office, by=by, at=AT + timedelta(minutes=1))
            except presenting.PresentedElsewhere:
                return "stopped"
            finally:
                connection.close()
            return "presented"

        with ThreadPoolExecutor(2) as pool:
            came = list(pool.map(bring, (OFFICE, OTHER_OFFICE), (IMPORTING, ELSEWHERE)))
        assert sorted(came) == ["presented", "stopped"]
        assert Presentation.objects.filter(uses=True).count() == 1
        assert Alarm.objects.count() == 1
