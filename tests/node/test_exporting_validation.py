from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from macle import errors
from macle.node.exchange.models import Letter
from macle.node.exporting import printing
from macle.node.exporting.actions import certificates, desk, posting, validation
from macle.node.exporting.actions.desk import FourEyes
from macle.node.exporting.actions.validation import (
    ApprovedAlready,
    ConsentMissing,
    IntentMissing,
    IntentTooOld,
    KeyDiffers,
)
from macle.node.exporting.models import Approval, Certificate, Intent
from macle.node.permissions import Actor, Held, Role
from macle.node.registry import actions as registry
from macle.node.traders import actions as traders
from macle.proof import codec, cose, issuing, trust
from macle.proof.folders import AuthorityFolder
from macle.proof.keys import PassphraseWrong
from macle.proof.trust import Ended, KeyNotPermitted
from macle.scheme.certificates import ConsentLevel, ValidationKind
from macle.scheme.lifecycle import ActNotAllowed, CertificateState
from macle.scheme.rules import RulesRefuse
from tests.support import node_exporting as made
from tests.support import node_registry
from tests.support.node_exporting import EXAMINER, OFFICIAL, OTHER_OFFICE, later, law, sourced
from tests.support.node_registry import ADMINISTRATOR, OFFICE, PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from macle.node.exporting.models import Application

pytestmark = pytest.mark.django_db

CALDER = Actor(identifier="user-calder", held=(Held(role=Role.VALIDATING_OFFICIAL, office=OFFICE),))
ROWAN = Actor(identifier="user-rowan", held=(Held(role=Role.VALIDATING_OFFICIAL, office=OTHER_OFFICE),))


class PowerCut(Exception):
    pass


@contextmanager
def a_power_cut(module: Any, name: str) -> Iterator[None]:
    """Let the power go where this would be called."""

    def go(*_: object, **__: object) -> None:
        raise PowerCut

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, go)
        with pytest.raises(PowerCut):
            yield


def prepare(application: Application, *, minute: int = 4, by: Actor = OFFICIAL, **given: Any) -> Intent:
    return validation.prepare(reference=application.reference, by=by, at=later(minute), **given)


def typed(certificate: Certificate) -> Any:
    return codec.decode_certificate(cose.read(bytes(certificate.content.cose)).payload)


class TestPrepare:
    def test_preparing_again_supersedes_what_nobody_consented_to(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            first, second = prepare(application), prepare(application, minute=6)
            first.refresh_from_db()
            assert first.superseded_at == later(6)
            assert first.identity != second.identity
            with pytest.raises(IntentMissing):
                made.sign(first, minute=7)
            assert made.sign(second, minute=7).identity == second.identity

    def test_what_changed_after_the_look_is_another_document(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            seen = prepare(application)
            traders.change(
                trader=house.trader,
                **{
                    name: getattr(house.trader, name)
                    for name in ("latin_name", "address", "town", "country", "residence", "beneficial_owners")
                },
                name="Selle River Mining Two",
                by=EXAMINER,
                at=later(5),
            )
            now = prepare(application, minute=5)
            with pytest.raises(IntentMissing):
                made.sign(now, identity=seen.identity, minute=6)
            assert Certificate.objects.count() == 0

    def test_a_trader_suspended_in_the_meantime_gets_no_certificate(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            traders.suspend(trader=house.trader, since=made.TODAY, reason="Unpaid levy", by=OFFICIAL, at=later(3))
            with pytest.raises(RulesRefuse) as refused:
                prepare(application)
            assert refused.value.rule == "AnnexII.suspension"

    def test_nothing_is_prepared_that_could_not_be_printed(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            before = made.Traces.now()
            with a_power_cut(printing, "rehearse"):
                prepare(application)
            assert made.Traces.now() == before
            assert Intent.objects.count() == 0

    def test_who_is_not_appointed_prepares_nothing(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            registry.end_official(identifier="user-vale", reason="Retired", by=ADMINISTRATOR, at=later(3))
            with pytest.raises(errors.NotFound):
                prepare(application)


class TestCrash:
    @pytest.mark.parametrize(
        ("module", "name"),
        [(issuing, "validate"), (posting, "certificate_letter"), (posting, "send_certificate")],
        ids=["before signing", "after signing", "while recording"],
    )
    def test_after_consent_the_same_bytes_are_signed_or_nothing(self, module: Any, name: str) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            intent = prepare(application)
            with a_power_cut(module, name):
                made.sign(intent)
            application.refresh_from_db()
            assert application.status is CertificateState.SEALED
            assert Certificate.objects.count() == Letter.objects.count() == 0
            again = prepare(application, minute=60)
            assert again.pk == intent.pk
            assert again.consented_at == later(5)
            certificate = made.sign(again, minute=61)
            assert certificate.identity == intent.identity
            assert certificate.validated_at == later(4)
            assert made.faults() == []

    def test_before_consent_another_one_is_prepared(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            intent = prepare(application)
            with a_power_cut(validation, "_consent_to"):
                made.sign(intent)
            assert prepare(application, minute=6).pk != intent.pk

    def test_after_consent_another_official_signs_nothing_else(self) -> None:
        with made.a_house() as house:
            made.a_second_official(house.home)
            application = made.sealed(house)
            intent = prepare(application)
            with a_power_cut(issuing, "validate"):
                made.sign(intent)
            assert prepare(application, by=CALDER, minute=6).pk == intent.pk
            with pytest.raises(ConsentMissing):
                made.sign(intent, by=CALDER, minute=7)

    def test_after_consent_the_number_can_be_voided_and_then_nothing_is_signed(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            intent = prepare(application)
            with a_power_cut(issuing, "validate"):
                made.sign(intent)
            certificates.void(reference=application.reference, why="printer error", words="", by=OFFICIAL, at=later(7))
            with pytest.raises(ActNotAllowed):
                made.sign(intent, minute=8)
            with pytest.raises(ActNotAllowed):
                prepare(application, minute=8)
            assert made.faults() == []


class TestConsent:
    def test_a_wrong_passphrase_signs_nothing_and_leaves_no_consent(self) -> None:
        with made.a_house() as house:
            intent = prepare(made.sealed(house))
            before = made.Traces.now()
            with pytest.raises(PassphraseWrong):
                made.sign(intent, secret="of somebody else")
            intent.refresh_from_db()
            assert intent.consented_at is None
            assert made.Traces.now() == before

    def test_what_was_prepared_too_long_ago_is_prepared_again(self) -> None:
        with made.a_house() as house:
            intent = prepare(made.sealed(house))
            with pytest.raises(IntentTooOld):
                made.sign(intent, minute=20)

    def test_nothing_is_signed_that_was_not_prepared(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            with pytest.raises(IntentMissing):
                validation.validate(
                    reference=application.reference,
                    identity="00" * 32,
                    secret=PASSPHRASE,
                    consent=None,
                    by=OFFICIAL,
                    at=later(5),
                )

    def test_one_signs_once(self) -> None:
        with made.a_house() as house:
            intent = prepare(made.sealed(house))
            made.sign(intent)
            with pytest.raises(errors.Conflict):
                made.sign(intent, minute=6)
            assert Certificate.objects.count() == 1

    def test_the_certificate_states_the_level_at_which_its_official_consents(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            assert typed(certificate).consent_level is ConsentLevel.PILOT
            assert certificate.level == ConsentLevel.PILOT

    @pytest.mark.parametrize(
        "changes",
        [
            {"level": ConsentLevel.TOKEN},
            {"level": ConsentLevel.BOUND},
            {"by": "user-pell"},
            {"challenge": b"\x00" * 32},
            {"at": made.AT - timedelta(hours=1)},
        ],
    )
    def test_a_consent_to_something_else_or_of_somebody_else_is_none(self, changes: dict[str, Any]) -> None:
        with made.a_house() as house:
            intent = prepare(made.sealed(house))
            for consent in (None, replace(made.consented(intent, OFFICIAL, at=later(5)), **changes)):
                with pytest.raises(ConsentMissing):
                    made.sign(intent, consent=consent)
            intent.refresh_from_db()
            assert intent.consented_at is None

    def test_a_level_that_is_claimed_is_not_stated_without_proof(self) -> None:
        with made.a_house() as house:
            registry.end_official(identifier="user-vale", reason="New passkey", by=ADMINISTRATOR, at=made.AT)
            node_registry.an_official(highest_level=ConsentLevel.BOUND)
            intent = prepare(made.sealed(house))
            assert intent.level == ConsentLevel.BOUND
            with pytest.raises(ConsentMissing):
                made.sign(intent)


class TestKeys:
    def test_a_key_that_ended_signs_nothing(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            intent = prepare(application)
            end_key(house.home, intent, compromised=False)
            with pytest.raises(KeyNotPermitted):
                made.sign(intent)
            with pytest.raises(KeyNotPermitted):
                prepare(application, minute=6)
            intent.refresh_from_db()
            assert intent.consented_at is None

    def test_a_compromised_key_signs_nothing(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            intent = prepare(application)
            end_key(house.home, intent, compromised=True)
            with pytest.raises(KeyNotPermitted):
                made.sign(intent)

    def test_a_new_key_signs_nothing_that_was_prepared_for_the_old_one(self) -> None:
        with made.a_house() as house:
            intent = prepare(made.sealed(house))
            Intent.objects.update(key_id="00" * 8)
            with pytest.raises(KeyDiffers):
                made.sign(intent)
            intent.refresh_from_db()
            assert intent.consented_at is None


def end_key(home: Any, intent: Intent, *, compromised: bool) -> None:
    folder = AuthorityFolder(home / "authority")
    folder.end_key(
        key_id=bytes.fromhex(intent.key_id),
        why=Ended.COMPROMISED if compromised else Ended.RETIRED,
        since=later(4),
        root_passphrase=node_registry.ROOT_PASSPHRASE,
        at=later(4),
    )


class TestFourEyes:
    def test_who_examined_neither_prepares_nor_signs(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            intent = prepare(application)
            with pytest.raises(FourEyes):
                made.sign(intent, by=EXAMINER)

    def test_a_profile_may_let_one_person_do_both(self) -> None:
        with law(four_eyes=sourced(False)), made.a_house() as house:
            both = Actor(identifier="user-vale", held=EXAMINER.held)
            application = made.lodged(house)
            desk.examine(reference=application.reference, measured=made.measured(), by=both, at=later(1))
            desk.reserve(reference=application.reference, by=both, at=later(2))
            desk.seal(reference=application.reference, seals=["SL 1"], by=both, at=later(3))
            assert made.validate(application, by=both).number == "BW00004001"


class TestTwoOfficials:
    def approve(self, intent: Intent, *, by: Actor = CALDER, minute: int = 5, **given: Any) -> Approval:
        consent = made.consented(intent, by, at=later(minute))
        arguments: dict[str, Any] = {"secret": PASSPHRASE, "consent": consent, "identity": intent.identity} | given
        return validation.approve(reference=intent.application.reference, by=by, at=later(minute), **arguments)

    def test_one_approves_with_a_key_of_their_own_and_the_other_signs(self) -> None:
        with made.a_house(validation_kind="two_officials") as house:
            made.a_second_official(house.home)
            intent = prepare(made.sealed(house), second="user-calder")
            approval = self.approve(intent)
            certificate = made.sign(intent, minute=6)
            named = typed(certificate)
            assert named.validation.kind is ValidationKind.TWO_OFFICIALS
            assert named.validation.officials == ("official-07", "official-09")
            signed = cose.read(bytes(approval.signed))
            assert trust.is_approval_of(signed, validation.unsigned(intent))
            key = AuthorityFolder(house.home / "authority").record()
            held = next(each for each in key.keys if each.public_key.key_id == signed.header.key_id)
            assert held.holder == "official-09"

    def test_without_the_approval_nothing_is_signed(self) -> None:
        with made.a_house(validation_kind="two_officials") as house:
            made.a_second_official(house.home)
            intent = prepare(made.sealed(house), second="user-calder")
            with pytest.raises(ConsentMissing):
                made.sign(intent)
            intent.refresh_from_db()
            assert intent.consented_at is None

    @pytest.mark.parametrize("second", ["", "user-vale"])
    def test_one_person_is_not_two(self, second: str) -> None:
        with made.a_house(validation_kind="two_officials") as house, pytest.raises(ConsentMissing):
            prepare(made.sealed(house), second=second)

    def test_who_signs_does_not_approve(self) -> None:
        with made.a_house(validation_kind="two_officials") as house:
            made.a_second_official(house.home)
            intent = prepare(made.sealed(house), second="user-calder")
            with pytest.raises(ConsentMissing):
                self.approve(intent, by=OFFICIAL)

    def test_an_approval_of_something_else_is_none(self) -> None:
        with made.a_house(validation_kind="two_officials") as house:
            made.a_second_official(house.home)
            application = made.sealed(house)
            first = prepare(application, second="user-calder")
            self.approve(first)
            second = prepare(application, second="user-calder", minute=6)
            with pytest.raises(ConsentMissing):
                made.sign(second, minute=7)
            with pytest.raises(IntentMissing):
                self.approve(first, minute=7)

    def test_one_approves_once(self) -> None:
        with made.a_house(validation_kind="two_officials") as house:
            made.a_second_official(house.home)
            intent = prepare(made.sealed(house), second="user-calder")
            self.approve(intent)
            with pytest.raises(ApprovedAlready):
                self.approve(intent, minute=6)

    def test_a_wrong_passphrase_approves_nothing(self) -> None:
        with made.a_house(validation_kind="two_officials") as house:
            made.a_second_official(house.home)
            intent = prepare(made.sealed(house), second="user-calder")
            with pytest.raises(PassphraseWrong):
                self.approve(intent, secret="of somebody else")
            assert Approval.objects.count() == 0

    def test_who_examined_is_no_second_official(self) -> None:
        with made.a_house(validation_kind="two_officials") as house:
            made.a_second_official(house.home)
            registry.end_official(identifier="user-calder", reason="Moved", by=ADMINISTRATOR, at=made.AT)
            node_registry.an_official(identifier="user-pell", holder="official-09", name="Joren Pell")
            with pytest.raises(FourEyes):
                prepare(made.sealed(house), second="user-pell")

    def test_what_ended_is_not_approved(self) -> None:
        with made.a_house(validation_kind="two_officials") as house:
            made.a_second_official(house.home)
            application = made.sealed(house)
            intent = prepare(application, second="user-calder")
            certificates.invalidate(reference=application.reference, reason="Wrong", by=OFFICIAL, at=later(5))
            with pytest.raises(ActNotAllowed):
                self.approve(intent, minute=6)
            intent.refresh_from_db()
            assert intent.superseded_at == later(5)

    def test_the_second_official_is_of_the_same_office(self) -> None:
        with made.a_house(validation_kind="two_officials") as house:
            elsewhere()
            with pytest.raises(ConsentMissing):
                prepare(made.sealed(house), second="user-rowan")

    def test_the_second_official_elsewhere_is_of_another_office(self) -> None:
        with made.a_house(validation_kind="second_official_elsewhere") as house:
            elsewhere()
            made.a_second_official(house.home)
            application = made.sealed(house)
            with pytest.raises(ConsentMissing):
                prepare(application, second="user-calder")
            intent = prepare(application, second="user-rowan")
            assert validation.to_approve(ROWAN, at=later(5)) == [intent]
            self.approve(intent, by=ROWAN)
            assert validation.to_approve(ROWAN, at=later(5)) == []
            certificate = made.sign(intent, minute=6)
            assert typed(certificate).validation.kind is ValidationKind.SECOND_OFFICIAL_ELSEWHERE
            assert made.faults() == []

    def test_an_official_elsewhere_who_is_not_named_reaches_nothing(self) -> None:
        with made.a_house(validation_kind="two_officials") as house:
            elsewhere()
            made.a_second_official(house.home)
            intent = prepare(made.sealed(house), second="user-calder")
            assert validation.to_approve(ROWAN, at=later(5)) == []
            with pytest.raises(errors.NotFound):
                self.approve(intent, by=ROWAN)


def elsewhere() -> None:
    node_registry.an_office(name=OTHER_OFFICE)
    node_registry.an_official(identifier="user-rowan", holder="official-08", name="Rowan Asher", office=OTHER_OFFICE)


class TestCustomsReference:
    def test_the_certificate_names_the_transaction(self) -> None:
        with made.a_house(validation_kind="customs_reference") as house:
            certificate = made.validate(made.sealed(house), customs_reference="X20261125000017")
            assert typed(certificate).validation.reference == "X20261125000017"

    def test_without_one_nothing_is_prepared(self) -> None:
        with made.a_house(validation_kind="customs_reference") as house, pytest.raises(RulesRefuse):
            prepare(made.sealed(house))
