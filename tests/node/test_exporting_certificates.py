from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from macle.node.audit.models import Line
from macle.node.exchange.models import Kind, Letter
from macle.node.exporting import queries
from macle.node.exporting.actions import applications, certificates, desk, validation
from macle.node.exporting.actions.certificates import (
    CannotBePrinted,
    CertificateExpired,
    NotArrived,
    NotKnownHere,
    ReplacementBegun,
    SheetDiffers,
    WhyUnknown,
)
from macle.node.exporting.actions.steps import ReasonMissing, WordsUnfit
from macle.node.exporting.actions.validation import ReplacedElsewhere
from macle.node.exporting.models import Application, Certificate, Channel, Number, Printing, Use
from macle.node.permissions import Act, ActForbidden, OutOfReach, Role
from macle.node.traders import queries as traders
from macle.node.traders import wording
from macle.node.traders.models import Message
from macle.proof import codec, cose
from macle.scheme.certificates import CertificateKind
from macle.scheme.lifecycle import ActNotAllowed, CertificateState
from macle.scheme.rules import RulesRefuse
from macle.scheme.terms import TermInvalid
from tests.support import documents
from tests.support import node_exporting as made
from tests.support.node_exporting import BOTSWANA, EXAMINER, OFFICIAL, later, law, sourced
from tests.support.node_registry import OFFICE

if TYPE_CHECKING:
    from macle import errors
    from macle.node.permissions import Actor
    from tests.support.node_exporting import House

pytestmark = pytest.mark.django_db

_WHY = "as a test has it"


def replace(certificate: Certificate, *, minute: int = 7) -> Application:
    return certificates.replace(reference=certificate.application.reference, reason=_WHY, by=OFFICIAL, at=later(minute))


def void(application: Application, *, minute: int, why: str = "printer error") -> None:
    certificates.void(reference=application.reference, why=why, words="", by=OFFICIAL, at=later(minute))


def lose(certificate: Certificate, *, minute: int = 6) -> None:
    certificates.report_lost(reference=certificate.application.reference, reason=_WHY, by=OFFICIAL, at=later(minute))


def state(application: Application) -> CertificateState:
    return Application.objects.get(pk=application.pk).status


def typed(certificate: Certificate) -> Any:
    return codec.decode_certificate(cose.read(bytes(certificate.content.cose)).payload)


def left(house: House) -> str:
    return str(traders.balance(house.trader, BOTSWANA))


class TestReplace:
    def test_the_new_one_names_the_old_one_which_ends_with_it(self) -> None:
        with made.a_house() as house:
            old = made.validated(house)
            successor = made.goes_on(replace(old), minute=8)
            assert state(old.application) is CertificateState.VALIDATED
            new = made.validate(successor, minute=11)
            named = typed(new)
            assert named.kind is CertificateKind.REPLACEMENT
            assert (str(named.refers_to.number), named.refers_to.identity.hex()) == (old.number, old.identity)
            assert state(old.application) is CertificateState.REPLACED
            assert left(house) == "9794.82"
            assert made.faults() == []
            text = Letter.objects.filter(about=f"certificate:{new.number}").get().content.text
            assert f"It replaces the certificate {old.number}, which must not be accepted." in text

    def test_if_recording_fails_the_old_one_lives(self) -> None:
        with made.a_house() as house:
            old = made.validated(house)
            successor = made.goes_on(replace(old), minute=8)
            intent = validation.prepare(reference=successor.reference, by=OFFICIAL, at=later(11))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(validation, "_end_replaced", _fail)
                with pytest.raises(ZeroDivisionError):
                    made.sign(intent, minute=12)
            assert state(old.application) is CertificateState.VALIDATED
            assert Certificate.objects.count() == 1

    def test_goods_are_charged_once_also_while_both_numbers_live(self) -> None:
        with made.a_house(carats="205.18") as house:
            successor = made.goes_on(replace(made.validated(house)), minute=8)
            assert left(house) == "0.00"
            assert queries.charged(successor) == 20518
            assert made.faults() == []

    def test_where_the_replacement_comes_to_nothing_the_old_one_is_charged_again(self) -> None:
        with made.a_house(carats="205.18") as house:
            old = made.validated(house)
            void(made.goes_on(replace(old), minute=8), minute=11)
            assert left(house) == "0.00"
            assert queries.charged(old.application) == 20518
            again = made.goes_on(replace(old, minute=12), minute=13)
            made.validate(again, minute=16)
            assert state(old.application) is CertificateState.REPLACED
            assert made.faults() == []

    @pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0)])
    def test_where_both_come_to_nothing_nothing_is_charged(self, first: int, second: int) -> None:
        with made.a_house(carats="205.18") as house:
            old = made.validated(house)
            both = [old.application, made.goes_on(replace(old), minute=8)]
            void(both[first], minute=11)
            void(both[second], minute=12)
            assert left(house) == "205.18"
            assert made.faults() == []

    def test_a_spoiled_sheet_in_between_does_not_keep_the_old_one_alive(self) -> None:
        with made.a_house(carats="205.18") as house:
            old = made.validated(house)
            first = made.goes_on(replace(old), minute=8)
            second = certificates.spoil(reference=first.reference, words="torn", by=OFFICIAL, at=later(11))
            made.validate(made.goes_on(second, minute=12), minute=15)
            assert state(old.application) is CertificateState.REPLACED
            assert left(house) == "0.00"
            assert made.faults() == []

    def test_only_one_replacement_is_under_way(self) -> None:
        with made.a_house() as house:
            old = made.validated(house)
            replace(old)
            before = made.Traces.now()
            with pytest.raises(ReplacementBegun):
                replace(old)
            assert made.Traces.now() == before

    def test_the_old_one_does_not_leave_meanwhile(self) -> None:
        with made.a_house() as house:
            old = made.validated(house)
            replace(old)
            with pytest.raises(ReplacementBegun):
                certificates.dispatch(reference=old.application.reference, by=OFFICIAL, at=later(8))

    def test_what_can_no_longer_be_replaced_is_not_replaced(self) -> None:
        with made.a_house() as house:
            old = made.validated(house)
            successor = made.goes_on(replace(old), minute=8)
            intent = validation.prepare(reference=successor.reference, by=OFFICIAL, at=later(11))
            void(old.application, minute=12)
            with pytest.raises(ReplacedElsewhere):
                made.sign(intent, minute=13)
            with pytest.raises(ReplacedElsewhere):
                validation.prepare(reference=successor.reference, by=OFFICIAL, at=later(13))
            intent.refresh_from_db()
            assert intent.consented_at is None

    def test_what_left_is_not_replaced(self) -> None:
        with made.a_house() as house, pytest.raises(ActNotAllowed):
            replace(made.dispatched(house))

    def test_a_law_that_only_endorses_replaces_nothing(self) -> None:
        with law(corrections=sourced(["endorsement_at_import"])), made.a_house() as house:
            certificate = made.validated(house)
            with pytest.raises(NotKnownHere):
                replace(certificate)

    def test_a_trader_does_not_begin_one(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            draft = made.a_draft(
                house,
                kind="replacement",
                refers_to={"number": certificate.number, "identity": certificate.identity},
            )
            with pytest.raises(RulesRefuse) as refused:
                applications.lodge(reference=draft.reference, by=house.exporter, at=later(8))
            assert refused.value.breaches[0].where == "kind"

    def test_a_trader_does_not_turn_one_into_another_kind(self) -> None:
        with made.a_house() as house:
            old = made.validated(house)
            successor = replace(old)
            desk.return_to_trader(reference=successor.reference, reason=_WHY, by=EXAMINER, at=later(8))
            changes = {"kind": "standard", "refers_to": {"number": "BW00009999"}}
            applications.save(reference=successor.reference, changes=changes, by=house.exporter, at=later(9))
            applications.lodge(reference=successor.reference, by=house.exporter, at=later(10))
            desk.examine(reference=successor.reference, measured=made.measured(), by=EXAMINER, at=later(11))
            new = made.validate(made.goes_on(successor, minute=12), minute=15)
            assert str(typed(new).refers_to.number) == old.number
            assert state(old.application) is CertificateState.REPLACED


def _fail(*_: object, **__: object) -> None:
    raise ZeroDivisionError


class TestLost:
    @pytest.mark.parametrize("was", [CertificateState.VALIDATED, CertificateState.DISPATCHED])
    def test_what_is_found_is_where_it_was(self, was: CertificateState) -> None:
        with made.a_house() as house:
            certificate = (made.validated if was is CertificateState.VALIDATED else made.dispatched)(house)
            lose(certificate, minute=7)
            certificates.report_found(
                reference=certificate.application.reference, reason="In the safe", by=OFFICIAL, at=later(8)
            )
            assert state(certificate.application) is was
            letters = Letter.objects.filter(kind=Kind.WITHDRAWAL)
            assert letters.count() == 2

    def test_what_is_lost_is_replaced(self) -> None:
        with made.a_house(carats="205.18") as house:
            old = made.validated(house)
            lose(old)
            made.validate(made.goes_on(replace(old), minute=8), minute=11)
            assert state(old.application) is CertificateState.REPLACED
            assert left(house) == "0.00"
            assert made.faults() == []

    def test_it_is_not_found_while_another_takes_its_place(self) -> None:
        with made.a_house() as house:
            old = made.dispatched(house)
            lose(old, minute=7)
            replace(old, minute=8)
            with pytest.raises(ReplacementBegun):
                certificates.report_found(reference=old.application.reference, reason=_WHY, by=OFFICIAL, at=later(9))

    @pytest.mark.parametrize(("why", "balance"), [("lost in transit", "0.00"), ("shipment returned", "205.18")])
    def test_goods_that_left_come_back_into_the_book_only_if_they_came_back(self, why: str, balance: str) -> None:
        with made.a_house(carats="205.18") as house:
            certificate = made.dispatched(house)
            lose(certificate, minute=7)
            void(certificate.application, minute=8, why=why)
            assert left(house) == balance
            assert made.faults() == []

    def test_its_sheet_is_not_spoiled(self) -> None:
        with made.a_house() as house:
            certificate = made.dispatched(house)
            lose(certificate, minute=7)
            with pytest.raises(NotKnownHere):
                certificates.spoil(reference=certificate.application.reference, words="", by=OFFICIAL, at=later(8))


class TestInvalidate:
    def test_before_there_is_a_number_nothing_is_sent(self) -> None:
        with made.a_house() as house:
            application = made.examined(house)
            certificates.invalidate(reference=application.reference, reason=_WHY, by=OFFICIAL, at=later(2))
            assert state(application) is CertificateState.INVALIDATED
            assert Letter.objects.count() == 0

    def test_with_a_number_that_is_void_by_it(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            certificates.invalidate(reference=application.reference, reason=_WHY, by=OFFICIAL, at=later(4))
            assert Number.objects.get().use == Use.VOID
            assert left(house) == "10000.00"
            assert Letter.objects.count() == 0
            assert made.faults() == []

    def test_a_certificate_in_the_house_gives_back_and_tells_the_partner(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            certificates.invalidate(reference=certificate.application.reference, reason=_WHY, by=OFFICIAL, at=later(6))
            assert Number.objects.get().use == Use.ISSUED
            assert left(house) == "10000.00"
            assert Letter.objects.filter(kind=Kind.WITHDRAWAL).count() == 1

    def test_one_that_left_gives_nothing_back(self) -> None:
        with made.a_house() as house:
            certificate = made.dispatched(house)
            certificates.invalidate(reference=certificate.application.reference, reason=_WHY, by=OFFICIAL, at=later(7))
            assert left(house) == "9794.82"
            assert made.faults() == []


class TestVoid:
    def test_the_reason_is_one_of_the_list(self) -> None:
        with made.a_house() as house:
            application = made.reserved(house)[0]
            given: dict[str, Any] = {"reference": application.reference, "by": OFFICIAL, "at": later(3)}
            for why, words, error in (
                ("because", "", WhyUnknown),
                ("", "", WhyUnknown),
                ("other", " ", ReasonMissing),
                ("printer error", "x" * 1950, WordsUnfit),
                ("other", "a\x00b", WordsUnfit),
            ):
                before = made.Traces.now()
                with pytest.raises(error):
                    certificates.void(why=why, words=words, **given)
                assert made.Traces.now() == before

    def test_the_partner_is_told_of_a_signed_one_only(self) -> None:
        with made.a_house() as house:
            void(made.reserved(house)[0], minute=3)
            assert Letter.objects.count() == 0
            void(made.validated(house).application, minute=6)
            assert Letter.objects.filter(kind=Kind.WITHDRAWAL).count() == 1


class TestSpoil:
    @pytest.mark.parametrize("signed", [False, True])
    def test_the_successor_is_charged_once(self, signed: bool) -> None:
        with made.a_house(carats="205.18", on_sheets=True) as house:
            if signed:
                matter = made.validated(house, sheet="BW00004001").application
            else:
                matter = made.reserved(house, sheet="BW00004001")[0]
            successor = certificates.spoil(reference=matter.reference, words="", by=OFFICIAL, at=later(6))
            assert left(house) == "205.18"
            made.validate(made.goes_on(successor, minute=7, sheet="BW00004002"), minute=10)
            assert left(house) == "0.00"
            assert Number.objects.get(number="BW00004001").use == Use.SPOILED
            assert made.faults() == []

    def test_who_examined_the_first_does_not_validate_the_second(self) -> None:
        with made.a_house() as house:
            successor = certificates.spoil(reference=made.sealed(house).reference, words="", by=OFFICIAL, at=later(6))
            assert successor.succeeds is not None
            assert successor.examined_by == EXAMINER.identifier
            assert [each["repeats"] for each in successor.steps.values_list("facts", flat=True)] == [
                successor.succeeds.reference
            ] * 2

    def test_a_shortfall_that_was_released_is_released_for_the_successor(self) -> None:
        with made.a_house(carats="100.00") as house:
            application = made.examined(house)
            desk.release(reference=application.reference, reason=_WHY, by=OFFICIAL, at=later(2))
            desk.reserve(reference=application.reference, by=EXAMINER, at=later(3))
            successor = certificates.spoil(reference=application.reference, words="", by=OFFICIAL, at=later(4))
            made.goes_on(successor, minute=5)
            assert made.faults() == []


class TestExpire:
    def test_the_clock_lets_expire_what_never_left(self) -> None:
        with made.a_house() as house:
            waits, gone = made.validated(house), made.dispatched(house)
            assert certificates.expire(at=waits.expires_at - timedelta(seconds=1)) == 0
            assert certificates.expire(at=waits.expires_at) == 1
            assert certificates.expire(at=waits.expires_at) == 0
            assert state(waits.application) is CertificateState.EXPIRED
            assert state(gone.application) is CertificateState.DISPATCHED
            assert left(house) == "9794.82"
            assert made.faults() == []

    def test_what_expired_does_not_leave_before_the_clock_comes_by(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            with pytest.raises(CertificateExpired):
                certificates.dispatch(
                    reference=certificate.application.reference, by=OFFICIAL, at=certificate.expires_at
                )


class TestTechnical:
    def begin(self, house: House, number: str = "ZA 00012", *, by: Actor = OFFICIAL) -> Application:
        return certificates.technical(
            trader=house.trader.reference, office=OFFICE, arrived_under=number, by=by, at=made.AT
        )

    def test_nobody_begins_one_where_the_law_is_not_known_to_know_it(self) -> None:
        with made.a_house() as house:
            with pytest.raises(NotKnownHere, match="not verified"):
                self.begin(house)
            with law(technical_certificates=sourced(False)), pytest.raises(NotKnownHere, match="does not issue"):
                self.begin(house)
            assert not Application.objects.exists()

    def test_is_begun_by_an_official_and_by_no_trader(self) -> None:
        with law(technical_certificates=sourced(True)), made.a_house() as house:
            for other in (house.exporter, made.somebody(Role.EXAMINER, office=OFFICE)):
                with pytest.raises(ActForbidden):
                    self.begin(house, by=other)
            with pytest.raises(OutOfReach):
                self.begin(house, by=made.somebody(Role.VALIDATING_OFFICIAL, office=made.OTHER_OFFICE))
            draft = made.a_draft(house, kind="technical", refers_to={"number": "ZA00012"})
            with pytest.raises(RulesRefuse, match="begun by the desk"):
                applications.lodge(reference=draft.reference, by=house.exporter, at=made.AT)

    @pytest.mark.parametrize(
        ("number", "error"),
        [("BW00004001", NotArrived), ("QX00012", NotArrived), ("", TermInvalid), ("?", TermInvalid)],
    )
    def test_names_a_certificate_under_which_goods_can_have_arrived(
        self, number: str, error: type[errors.MacleError]
    ) -> None:
        with law(technical_certificates=sourced(True)), made.a_house() as house:
            with pytest.raises(error):
                self.begin(house, number)
            assert not Application.objects.exists()

    def test_goes_back_to_its_issuer_and_its_trader_is_told(self) -> None:
        with law(technical_certificates=sourced(True)), made.a_house() as house:
            draft = self.begin(house, "za 00012")
            assert draft.entered["refers_to"] == {"number": "ZA00012"}
            assert (draft.destination, draft.channel) == ("ZA", Channel.DESK)
            message = Message.objects.get(trader=house.trader)
            assert draft.reference in wording.sentence(message)
            line = Line.objects.get(subject=draft.subject)
            assert (line.tag, line.actor) == (Act.APPLICATION_BEGIN_TECHNICAL, OFFICIAL.identifier)
            assert not queries.applications_of(OFFICIAL).exists()

    def test_its_certificate_says_so(self) -> None:
        with law(technical_certificates=sourced(True)), made.a_house() as house:
            draft = self.begin(house)
            entered = {name: value for name, value in house.entered().items() if name != "kind"}
            applications.save(reference=draft.reference, changes=entered, by=house.exporter, at=made.AT)
            applications.lodge(reference=draft.reference, by=house.exporter, at=made.AT)
            desk.examine(reference=draft.reference, measured=made.measured(), by=EXAMINER, at=later(1))
            certificate = made.validate(made.goes_on(draft, minute=2), minute=5)
            assert typed(certificate).kind is CertificateKind.TECHNICAL
            assert str(typed(certificate).refers_to.number) == "ZA00012"
            spoiled = certificates.spoil(
                reference=certificate.application.reference, words="torn", by=OFFICIAL, at=later(7)
            )
            assert typed(made.validate(made.goes_on(spoiled, minute=8), minute=11)).kind is CertificateKind.TECHNICAL
            copied = applications.copy(reference=draft.reference, by=house.exporter, at=later(20))
            assert copied.entered["kind"] == "standard"
            assert "refers_to" not in copied.entered


class TestPrint:
    def out(self, certificate: Certificate, what: str, **given: Any) -> bytes:
        arguments: dict[str, Any] = {
            "reference": certificate.application.reference,
            "by": OFFICIAL,
            "at": later(7),
        } | given
        return certificates.print_out(what=what, **arguments)

    def test_a_copy_is_marked_and_an_original_is_not(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            assert "COPY" in documents.text_of(self.out(certificate, "copy"))
            assert "COPY" not in documents.text_of(self.out(certificate, "original"))
            assert certificate.number[2:] in documents.text_of(self.out(certificate, "label"))
            assert list(Printing.objects.order_by("pk").values_list("what", flat=True)) == [
                "copy",
                "original",
                "label",
            ]

    def test_no_original_of_what_is_no_longer_here(self) -> None:
        with made.a_house() as house:
            for certificate in (made.dispatched(house), made.validated(house)):
                if state(certificate.application) is CertificateState.VALIDATED:
                    void(certificate.application, minute=6)
                with pytest.raises(CannotBePrinted):
                    self.out(certificate, "original")
                assert "COPY" in documents.text_of(self.out(certificate, "copy"))

    def test_what_is_not_printed(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            for what in ("", "poster", "Original", "x" * 999):
                with pytest.raises(CannotBePrinted):
                    self.out(certificate, what)
            assert Printing.objects.count() == 0

    def test_another_sheet_is_refused(self) -> None:
        with made.a_house(on_sheets=True) as house:
            certificate = made.validated(house, sheet="BW00004001")
            for sheet in ("", "BW00004002", "4001"):
                with pytest.raises(SheetDiffers):
                    self.out(certificate, "sheet", sheet=sheet)
            with pytest.raises(CannotBePrinted):
                self.out(certificate, "original")
            assert Printing.objects.count() == 0

    def test_a_number_that_is_no_sheets_is_printed_on_none(self) -> None:
        with made.a_house() as house, pytest.raises(CannotBePrinted):
            self.out(made.validated(house), "sheet", sheet="BW00004001")

    def test_what_has_no_certificate_is_not_printed(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            with pytest.raises(queries.CertificateMissing):
                certificates.print_out(reference=application.reference, what="copy", by=OFFICIAL, at=later(4))


class TestTold:
    def test_a_trader_is_told_of_what_was_done_to_what_is_theirs(self) -> None:
        with made.a_house() as house:
            old = made.validated(house)
            made.validate(made.goes_on(replace(old), minute=8), minute=11)
            codes = list(Message.objects.values_list("code", flat=True))
            assert {"lodged", "examined", "reserved", "sealed", "validated", "replacing", "replaced"} <= set(codes)
