"""Fees and levies: due, paid, waived. What is due never stops an act by itself; it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from macle import errors
from macle.node.exporting import queries
from macle.node.exporting.actions import steps
from macle.node.exporting.models import Fee, FeeEntry
from macle.node.permissions import Act

if TYPE_CHECKING:
    from datetime import datetime

    from macle.node.permissions import Actor

MOST_CENTS = 10**13
MOST_WORDS = 120
_CURRENCY = 3


class FeeMalformed(errors.Malformed):
    """The fee is none."""

    code = "fee-malformed"


class FeeMissing(errors.NotFound):
    """There is no such fee."""

    code = "fee-missing"


class MoreThanIsDue(errors.Refused):
    """More was paid or waived than is due."""

    code = "more-than-is-due"


def charge(*, reference: str, what: str, currency: str, amount_cents: int, by: Actor, at: datetime) -> Fee:
    """Charge a fee or levy for an application; ``amount_cents`` is in hundredths of the currency."""
    name, code = steps.fit(what, where="what", most=MOST_WORDS), currency.strip().upper()
    if not name or not 0 < amount_cents < MOST_CENTS:
        raise FeeMalformed("A fee has a name and an amount.", where="what", mend="Say what for, and how much.")
    if len(code) != _CURRENCY or not code.isascii() or not code.isalpha():
        raise FeeMalformed(f"{currency!r} is no currency.", where="currency", mend="Write three letters, such as USD.")
    with transaction.atomic():
        application = steps.reached(reference, Act.FEE_CHARGE, by)
        fee = Fee.objects.create(
            application=application,
            what=name,
            currency=code,
            amount_cents=amount_cents,
            due_at=at,
            charged_by=by.identifier,
        )
        steps.note(
            application,
            tag=Act.FEE_CHARGE,
            by=by,
            at=at,
            facts={"fee": fee.pk, "currency": code, "amount": amount_cents},
        )
        steps.tell(application, "fee-due", at=at, fee=fee.pk)
    return fee


def outstanding(fee: Fee) -> int:
    """Return what is still due, in hundredths of the fee's currency."""
    # Read and not summed by the database, so that a page that has the entries asks for them once.
    return int(fee.amount_cents - sum(entry.amount_cents for entry in fee.entries.all()))


def pay(*, fee: int, amount_cents: int, payment: str, by: Actor, at: datetime) -> FeeEntry:
    """Record a payment; ``payment`` is the number of the receipt or of the bank's order.

    Source: KPCS Core Document, Annex II-7 (payments through official banking channels with documents).
    """
    document = steps.fit(payment, where="payment", most=MOST_WORDS)
    if not document:
        raise FeeMalformed("A payment has a document.", where="payment", mend="Give the number of its receipt.")
    return _settle(fee, "paid", Act.FEE_RECORD, amount_cents=amount_cents, reference=document, by=by, at=at)


def waive(*, fee: int, amount_cents: int, reason: str, by: Actor, at: datetime) -> FeeEntry:
    """Waive a fee, or a part of it, with a reason."""
    return _settle(fee, "waived", Act.FEE_WAIVE, amount_cents=amount_cents, reason=steps.given(reason), by=by, at=at)


def _settle(
    fee: int,
    kind: str,
    tag: Act,
    *,
    amount_cents: int,
    by: Actor,
    at: datetime,
    reference: str = "",
    reason: str = "",
) -> FeeEntry:
    with transaction.atomic():
        steps.require_may(tag, by)
        held = Fee.objects.select_related("application").filter(pk=fee).first()
        if held is None or not queries.is_within(held.application, tag, by):
            raise FeeMissing("There is no such fee.", where="fee", mend="Look at the application's fees.")
        application = steps.locked(held.application.reference)
        if not 0 < amount_cents <= outstanding(held):
            raise MoreThanIsDue(
                f"{outstanding(held) // 100}.{outstanding(held) % 100:02d} {held.currency} is due.",
                where="amount",
                mend="Give at most that.",
            )
        entry = FeeEntry.objects.create(
            fee=held,
            kind=kind,
            amount_cents=amount_cents,
            reference=reference,
            reason=reason,
            at=at,
            by=by.identifier,
        )
        steps.note(application, tag=tag, by=by, at=at, facts={"fee": fee, "amount": amount_cents, "kind": kind})
    return entry
