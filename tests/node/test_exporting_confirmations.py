from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from macle.node.audit import evidence
from macle.node.audit.evidence import UploadRefused
from macle.node.exporting import queries
from macle.node.exporting.actions import certificates, confirmations
from macle.node.exporting.actions.confirmations import NotAwaited, SettledAlready, Slip, SlipMalformed
from macle.node.exporting.actions.steps import ReasonMissing, WordsUnfit
from macle.node.exporting.models import Arrival, Certificate, Confirmation
from macle.scheme.confirmations import ConfirmationResult, SealState
from macle.scheme.lifecycle import CertificateAct, CertificateState
from macle.scheme.terms import Carats, TermInvalid, USDollars
from tests.support import node_audit
from tests.support import node_exporting as made
from tests.support.node_exporting import EXAMINER, OFFICIAL, TODAY, a_slip, later

pytestmark = pytest.mark.django_db

AT = later(60 * 24 * 20)


def record(slip: Slip) -> Confirmation:
    return confirmations.record(slip=slip, by=EXAMINER, at=AT)


def state(certificate: Certificate) -> CertificateState:
    return made.fresh(certificate).application.status


class TestRecord:
    def test_a_slip_that_agrees_closes_the_book(self) -> None:
        with made.a_house() as house:
            certificate = made.dispatched(house)
            confirmation = record(a_slip(certificate))
            assert confirmation.differs == []
            assert state(certificate) is CertificateState.CONFIRMED
            acts = list(certificate.application.steps.values_list("act", flat=True))[-3:]
            assert acts == [CertificateAct.PRESENT, CertificateAct.ACCEPT, CertificateAct.CONFIRM]
            assert not queries.in_the_air(EXAMINER)
            assert made.faults() == []

    @pytest.mark.parametrize(
        ("changes", "differs"),
        [
            ({"parcels": 4}, ["parcels"]),
            ({"carats": Carats(20517)}, ["carats"]),
            ({"value": USDollars(1)}, ["value"]),
            ({"seals": SealState.BROKEN}, ["seals"]),
            ({"result": ConfirmationResult.REFUSED}, ["refused"]),
            ({"parcels": None, "value": None}, []),
            ({"parcels": 1, "carats": Carats(0), "value": USDollars(0)}, ["parcels", "carats", "value"]),
        ],
    )
    def test_each_figure_that_differs_is_named_and_settled_in_words(
        self, changes: dict[str, Any], differs: list[str]
    ) -> None:
        with made.a_house() as house:
            certificate = made.dispatched(house)
            confirmation = record(a_slip(certificate, **changes))
            assert confirmation.differs == differs
            assert list(queries.disagreeing(EXAMINER)) == ([confirmation] if differs else [])
            given: dict[str, Any] = {"number": certificate.number, "by": EXAMINER, "at": AT}
            if differs:
                with pytest.raises(ReasonMissing):
                    confirmations.settle(text=" ", **given)
                confirmations.settle(text="They weighed it wet", **given)
            with pytest.raises(SettledAlready):
                confirmations.settle(text="Again", **given)
            assert not queries.disagreeing(EXAMINER)

    def test_a_refusal_ends_it(self) -> None:
        with made.a_house() as house:
            certificate = made.dispatched(house)
            record(a_slip(certificate, result=ConfirmationResult.REFUSED))
            assert state(certificate) is CertificateState.REFUSED
            assert made.faults() == []

    def test_an_endorsement_is_written_down(self) -> None:
        with made.a_house() as house:
            certificate = made.dispatched(house)
            record(a_slip(certificate, result=ConfirmationResult.ACCEPTED_AFTER_ENDORSEMENT, parcels=4))
            assert state(certificate) is CertificateState.CONFIRMED
            assert certificate.application.steps.filter(act=CertificateAct.ENDORSE).exists()

    def test_not_opened_is_an_answer_without_figures(self) -> None:
        with made.a_house() as house:
            slip = a_slip(made.dispatched(house), opened=False, parcels=None, carats=None, value=None)
            confirmation = record(slip)
            assert (confirmation.opened, confirmation.carats_hundredths, confirmation.differs) == (False, None, [])

    def test_the_picture_is_kept_as_evidence(self) -> None:
        with made.a_house() as house:
            picture = node_audit.a_picture()
            confirmation = record(a_slip(made.dispatched(house), picture=picture, picture_name="slip.png"))
            assert evidence.read(confirmation.evidence) == picture

    def test_a_number_may_be_typed_with_spaces_and_small_letters(self) -> None:
        with made.a_house() as house:
            certificate = made.dispatched(house)
            assert record(a_slip(certificate, number=" bw 0000 4001 ")).certificate == certificate


class TestRefused:
    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"date_of_receipt": TODAY - timedelta(days=2)}, SlipMalformed),
            ({"date_of_receipt": TODAY + timedelta(days=40)}, SlipMalformed),
            ({"received_on": TODAY + timedelta(days=40)}, SlipMalformed),
            ({"received_on": TODAY, "date_of_receipt": TODAY + timedelta(days=9)}, SlipMalformed),
            ({"carats": None}, SlipMalformed),
            ({"parcels": 0}, SlipMalformed),
            ({"parcels": 2**40}, SlipMalformed),
            ({"office": "x" * 121}, WordsUnfit),
            ({"remark": "x" * 401}, WordsUnfit),
            ({"official": "a\x00b"}, WordsUnfit),
            ({"number": "BW/"}, TermInvalid),
            ({"number": "BW00009999"}, queries.CertificateMissing),
            ({"picture": b"MZ\x00\x90"}, UploadRefused),
        ],
    )
    def test_a_slip_that_cannot_be_is_refused_and_changes_nothing(
        self, changes: dict[str, Any], error: type[Exception]
    ) -> None:
        with made.a_house() as house:
            slip = a_slip(made.dispatched(house), **changes)
            before = made.Traces.now()
            with pytest.raises(error):
                record(slip)
            assert made.Traces.now() == before
            assert Confirmation.objects.count() == 0

    def test_a_second_slip_of_one_certificate_is_refused(self) -> None:
        with made.a_house() as house:
            slip = a_slip(made.dispatched(house))
            record(slip)
            before = made.Traces.now()
            with pytest.raises(NotAwaited):
                record(slip)
            assert made.Traces.now() == before

    @pytest.mark.parametrize("how", ["validated", "lost"])
    def test_what_is_not_under_way_awaits_none(self, how: str) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            if how == "lost":
                certificates.report_lost(
                    reference=certificate.application.reference, reason="Gone", by=OFFICIAL, at=later(6)
                )
            with pytest.raises(NotAwaited):
                record(a_slip(certificate))


class TestStack:
    def test_of_fifty_the_bad_ones_spoil_only_themselves(self) -> None:
        with made.a_house() as house:
            good = [made.dispatched(house) for _ in range(8)]
            slips = [a_slip(each) for each in good]
            slips += [a_slip(good[0]), a_slip(good[0], number="nothing"), a_slip(good[1], remark="x" * 500)]
            slips += [a_slip(good[2], number=f"BW0000{counter}") for counter in range(8000, 8039)]
            assert len(slips) == 50
            came = confirmations.record_all(slips=slips, by=EXAMINER, at=AT)
            assert [each.error is None for each in came] == [True] * 8 + [False] * 42
            assert Confirmation.objects.count() == 8
            assert made.faults() == []

    def test_fifty_one_are_too_many(self) -> None:
        with made.a_house() as house:
            slip = a_slip(made.dispatched(house), arrival=Arrival.FAX)
            with pytest.raises(SlipMalformed):
                confirmations.record_all(slips=[slip] * 51, by=EXAMINER, at=AT)
            assert Confirmation.objects.count() == 0
