from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from macle.node.accounts.consent import Consent
from macle.node.audit.models import Line
from macle.node.exchange.models import Letter
from macle.node.exporting.actions.validation import ConsentMissing, IntentMissing, IntentTooOld
from macle.node.importing.actions import confirming, inspecting
from macle.node.importing.models import Answer, Confirmation, Intent, Shipment
from macle.node.permissions import Act, ActForbidden
from macle.node.registry import believing
from macle.proof import codec, cose
from macle.proof.keys import PassphraseWrong, Usage
from macle.scheme.certificates import ConsentLevel
from macle.scheme.confirmations import ConfirmationResult, SealState
from macle.scheme.lifecycle import CertificateState, ShipmentState
from tests.support.node_importing import AT, IMPORTING, a_house, counted, decided, later, presented
from tests.support.node_registry import OFFICIAL, PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.node_importing import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    with a_house() as opened:
        yield opened


def released(house: House) -> Shipment:
    shipment = presented(house.code()).shipment
    found = inspecting.Found(seals=SealState.INTACT, measured=counted())
    inspecting.inspect(reference=shipment.reference, found=found, by=IMPORTING, at=later(5))
    inspecting.release(reference=shipment.reference, by=IMPORTING, at=later(6))
    return shipment


def consented(intent: Intent, **changes: Any) -> Consent:
    given: dict[str, Any] = {
        "level": ConsentLevel.PILOT,
        "by": IMPORTING.identifier,
        "at": later(8),
        "challenge": bytes.fromhex(intent.identity),
    }
    return Consent(**(given | changes))


def signed(intent: Intent, **changes: Any) -> Confirmation:
    given: dict[str, Any] = {
        "reference": intent.shipment.reference,
        "identity": intent.identity,
        "secret": PASSPHRASE,
        "consent": consented(intent),
        "by": IMPORTING,
        "at": later(8),
    }
    return confirming.confirm(**(given | changes))


class TestConfirm:
    def test_signs_what_was_found_and_sends_it(self, house: House) -> None:
        shipment = released(house)
        intent = confirming.prepare(reference=shipment.reference, by=IMPORTING, at=later(7))
        recorded = signed(intent)
        shipment.refresh_from_db()
        assert shipment.status is ShipmentState.CONFIRMATION_SENT
        assert shipment.certificate_state == CertificateState.CONFIRMED
        read = cose.read(bytes(recorded.content.cose))
        own = believing.own(at=AT).sources[codec.decode_confirmation(read.payload).importing_participant]
        key = next(key for key in own.record.keys if key.holder == "official-21")
        assert key.usage is Usage.CONFIRM
        assert key.public_key.has_signed(read.to_be_signed, read.signature)
        confirmation = codec.decode_confirmation(read.payload)
        assert str(confirmation.certificate.number) == "ZA00004821"
        assert confirmation.certificate.identity.hex() == shipment.identity
        assert confirmation.measured is not None
        assert (confirmation.measured.carat_weight.hundredths, recorded.carats_hundredths) == (120518, 120518)
        letter = Letter.objects.get()
        assert (letter.kind, letter.about) == ("import confirmation", "certificate:ZA00004821")
        assert "Measured: 3 parcels, 1,205.18 ct" in letter.content.text
        assert [bytes(part.content) for part in letter.parts.all()] == [bytes(recorded.content.cose)]
        assert Line.objects.filter(tag=Act.IMPORT_CONFIRM).count() == 3

    def test_after_an_endorsement_says_so(self, house: House) -> None:
        shipment = presented(house.code()).shipment
        found = inspecting.Found(seals=SealState.INTACT, measured=counted("201.18"))
        inspecting.inspect(reference=shipment.reference, found=found, by=IMPORTING, at=later(1))
        decided(shipment, at=later(2))
        inspecting.ask_endorsement(reference=shipment.reference, text="1,201.18 ct.", by=IMPORTING, at=later(3))
        inspecting.record_endorsement(reference=shipment.reference, answer=Answer.CONSENTED, by=IMPORTING, at=later(4))
        inspecting.release(reference=shipment.reference, by=IMPORTING, at=later(5))
        intent = confirming.prepare(reference=shipment.reference, by=IMPORTING, at=later(7), remark="4.00 ct less.")
        recorded = signed(intent)
        assert recorded.result == ConfirmationResult.ACCEPTED_AFTER_ENDORSEMENT
        assert "Remark: 4.00 ct less." in Letter.objects.get(kind="import confirmation").content.text

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"secret": "wrong"}, PassphraseWrong),
            ({"consent": None}, ConsentMissing),
            ({"identity": "00" * 32}, IntentMissing),
            ({"at": later(60)}, IntentTooOld),
        ],
    )
    def test_nothing_is_signed_without_fresh_consent_to_these_very_bytes(
        self, house: House, changes: dict[str, Any], error: type[Exception]
    ) -> None:
        shipment = released(house)
        intent = confirming.prepare(reference=shipment.reference, by=IMPORTING, at=later(7))
        with pytest.raises(error):
            signed(intent, **changes)
        shipment.refresh_from_db()
        assert shipment.status is ShipmentState.RELEASED
        assert not Confirmation.objects.exists()

    def test_what_was_consented_to_is_finished_with_the_same_bytes(self, house: House) -> None:
        shipment = released(house)
        intent = confirming.prepare(reference=shipment.reference, by=IMPORTING, at=later(7))
        Intent.objects.filter(pk=intent.pk).update(consented_at=later(8))
        again = confirming.prepare(reference=shipment.reference, by=IMPORTING, at=later(90), remark="Something else.")
        assert again.identity == intent.identity
        signed(again, consent=consented(again, at=later(91)), at=later(91))
        assert Confirmation.objects.get().identity == intent.identity

    def test_what_is_prepared_anew_supersedes_what_nobody_consented_to(self, house: House) -> None:
        shipment = released(house)
        first = confirming.prepare(reference=shipment.reference, by=IMPORTING, at=later(7))
        second = confirming.prepare(reference=shipment.reference, by=IMPORTING, at=later(8), remark="Dry.")
        assert first.identity != second.identity
        with pytest.raises(IntentMissing):
            signed(first)
        signed(second)

    def test_is_not_prepared_before_the_shipment_is_released_or_by_another(self, house: House) -> None:
        shipment = presented(house.code()).shipment
        with pytest.raises(inspecting.NotPresented):
            confirming.prepare(reference=shipment.reference, by=IMPORTING, at=later(7))
        with pytest.raises(ActForbidden):
            confirming.prepare(reference=shipment.reference, by=OFFICIAL, at=later(8))
