from __future__ import annotations

import pytest

from macle.node.audit import queries as audit
from macle.node.exchange.models import Letter
from macle.node.exporting import queries
from macle.node.exporting.actions import certificates, validation
from macle.node.exporting.actions.desk import FourEyes
from macle.node.exporting.models import Application, Certificate, Number, Step, Use
from macle.node.traders import actions as register
from macle.node.traders import queries as traders
from macle.proof import codec, cose
from macle.scheme.lifecycle import CertificateState
from tests.support import node_exporting as made
from tests.support.node_exporting import BOTSWANA, EXAMINER, OFFICIAL

pytestmark = pytest.mark.django_db


class TestWalk:
    def test_an_application_becomes_a_certificate_in_the_hands_of_three_people(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            application = Application.objects.get(reference=certificate.application.reference)
            assert application.status is CertificateState.VALIDATED
            assert certificate.number == "BW00004001"
            signed = cose.read(bytes(certificate.content.cose))
            typed = codec.decode_certificate(signed.payload)
            assert signed.identity.hex() == certificate.identity
            assert str(typed.carat_weight) == "205.18"
            assert typed.exporter.name == house.trader.name
            assert typed.validation.officials == ("official-07",)
            people = set(Step.objects.filter(application=application).values_list("actor", flat=True))
            assert people == {house.exporter.identifier, EXAMINER.identifier, OFFICIAL.identifier}

    def test_all_of_it_commits_together(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            assert list(audit.faults()) == []
            assert list(queries.faults()) == []
            assert list(traders.balance_faults()) == []
            (letter,) = Letter.objects.all()
            assert letter.about == "certificate:BW00004001"
            assert {part.name for part in letter.parts.all()} == {"BW00004001.copy.pdf", "certificate.cose"}
            assert Number.objects.get().use == Use.ISSUED
            assert str(traders.balance(house.trader, BOTSWANA)) == "9794.82"
            certificates.dispatch(reference=certificate.application.reference, by=OFFICIAL, at=made.later(6))
            certificate.application.refresh_from_db()
            assert certificate.application.status is CertificateState.DISPATCHED

    def test_who_examined_does_not_validate(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            with pytest.raises(FourEyes):
                validation.prepare(reference=application.reference, by=EXAMINER, at=made.later(4))
            assert Certificate.objects.count() == 0

    def test_whoever_speaks_for_the_trader_is_written_to_at_each_step(self) -> None:
        with made.a_house() as house:
            register.authorise_contact(
                trader=house.trader,
                name="Ada Quill",
                email="ada@selle.example",
                since=made.TODAY,
                may_lodge=True,
                language="pt",
                by=EXAMINER,
                at=made.AT,
            )
            made.validated(house)
            letters = Letter.objects.filter(trader=house.trader.reference).select_related("content")
            assert [letter.content.address for letter in letters] == ["ada@selle.example"] * len(letters)
            assert len(letters) == 5
