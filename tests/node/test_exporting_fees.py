from __future__ import annotations

from typing import Any

import pytest

from macle.node.exporting.actions import fees
from macle.node.exporting.actions.fees import FeeMalformed, FeeMissing, MoreThanIsDue
from macle.node.exporting.actions.steps import ReasonMissing, WordsUnfit
from macle.node.exporting.models import Fee, FeeEntry
from macle.node.permissions import ActForbidden
from macle.node.traders.models import Message
from tests.support import node_exporting as made
from tests.support.node_exporting import EXAMINER, OFFICIAL, House, later

pytestmark = pytest.mark.django_db


def charge(house: House, **changes: Any) -> Fee:
    given: dict[str, Any] = {"what": "Export levy", "currency": "bwp", "amount_cents": 10_000}
    reference = changes.pop("reference", None) or made.lodged(house).reference
    return fees.charge(reference=reference, by=EXAMINER, at=later(1), **(given | changes))


def pay(fee: Fee, amount_cents: int, **changes: Any) -> FeeEntry:
    given: dict[str, Any] = {"payment": "Receipt 77", "by": EXAMINER, "at": later(2)}
    return fees.pay(fee=fee.pk, amount_cents=amount_cents, **(given | changes))


class TestCharge:
    def test_the_trader_is_told(self) -> None:
        with made.a_house() as house:
            fee = charge(house)
            assert (fee.currency, fees.outstanding(fee)) == ("BWP", 10_000)
            assert Message.objects.filter(code="fee-due", facts__fee=fee.pk).exists()

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"what": " "}, FeeMalformed),
            ({"what": "x" * 121}, WordsUnfit),
            ({"what": "a\x00b"}, WordsUnfit),
            ({"currency": "US$"}, FeeMalformed),
            ({"currency": "€€€"}, FeeMalformed),
            ({"currency": "DOLLARS"}, FeeMalformed),
            ({"amount_cents": 0}, FeeMalformed),
            ({"amount_cents": -5}, FeeMalformed),
            ({"amount_cents": 10**13}, FeeMalformed),
        ],
    )
    def test_what_is_no_fee_is_refused(self, changes: dict[str, Any], error: type[Exception]) -> None:
        with made.a_house() as house:
            reference = made.lodged(house).reference
            before = made.Traces.now()
            with pytest.raises(error):
                charge(house, reference=reference, **changes)
            assert made.Traces.now() == before
            assert Fee.objects.count() == 0

    def test_a_fee_that_is_due_stops_nothing(self) -> None:
        with made.a_house() as house:
            application = made.examined(house)
            charge(house, reference=application.reference)
            made.validate(made.goes_on(application, minute=2))


class TestPay:
    def test_parts_add_up(self) -> None:
        with made.a_house() as house:
            fee = charge(house)
            pay(fee, 4_000)
            fees.waive(fee=fee.pk, amount_cents=1_000, reason="Small parcel", by=OFFICIAL, at=later(3))
            pay(fee, 5_000)
            assert fees.outstanding(fee) == 0

    @pytest.mark.parametrize("amount", [0, -1, 10_001])
    def test_no_more_than_is_due_is_taken(self, amount: int) -> None:
        with made.a_house() as house:
            fee = charge(house)
            before = made.Traces.now()
            with pytest.raises(MoreThanIsDue):
                pay(fee, amount)
            with pytest.raises(MoreThanIsDue):
                fees.waive(fee=fee.pk, amount_cents=amount, reason="So", by=OFFICIAL, at=later(3))
            assert made.Traces.now() == before

    @pytest.mark.parametrize(("payment", "error"), [(" ", FeeMalformed), ("x" * 121, WordsUnfit), ("\x00", WordsUnfit)])
    def test_a_payment_has_a_document(self, payment: str, error: type[Exception]) -> None:
        with made.a_house() as house, pytest.raises(error):
            pay(charge(house), 100, payment=payment)

    def test_a_clerk_waives_nothing_and_a_waiver_has_a_reason(self) -> None:
        with made.a_house() as house:
            fee = charge(house)
            with pytest.raises(ActForbidden):
                fees.waive(fee=fee.pk, amount_cents=1, reason="So", by=house.exporter, at=later(3))
            with pytest.raises(ReasonMissing):
                fees.waive(fee=fee.pk, amount_cents=1, reason="", by=OFFICIAL, at=later(3))

    def test_a_fee_that_is_not_there(self) -> None:
        with made.a_house(), pytest.raises(FeeMissing):
            fees.pay(fee=404, amount_cents=1, payment="R", by=EXAMINER, at=later(1))
