"""Writing about traders: each act checks who may do it, and is one transaction with one line in the audit.

The rules of this module:

- `post`, `draw`, `give_back` and `tell` are called by other offices inside the transaction of an act of theirs, which
  has asked who may do it and adds the line to the audit; so these four ask nothing and add none. They refuse to work
  outside a transaction.
- Balances are locked in the order of trader and origin, whatever the order in which an act names them.
- A balance goes below nought only by `post` or `draw` with ``allowed_shortfall``: an official decided so, for a reason.
- Words that somebody wrote (names, addresses, reasons) appear in the audit as digests.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction

from macle import errors
from macle.node.audit import actions as audit
from macle.node.permissions import Act
from macle.node.traders import models
from macle.node.traders.models import (
    MIXED,
    Balance,
    BalanceEntry,
    Contact,
    Counter,
    DeclaredStock,
    EntryKind,
    KnownParty,
    Licence,
    LicenceKind,
    Message,
    StockDeclaration,
    Suspension,
    Trader,
)
from macle.scheme import terms
from macle.scheme.terms import Carats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from macle.node.permissions import Actor
    from macle.scheme.terms import CountryCode

ENTERED: Final = frozenset(
    {EntryKind.OPENING_STOCK, EntryKind.PRODUCTION, EntryKind.IMPORT, EntryKind.MANUFACTURING, EntryKind.LOSS}
)
"""What officials enter one by one; purchases, sales, mixing and corrections are acts of their own."""
POSTED: Final = frozenset({EntryKind.IMPORT, EntryKind.EXPORT, EntryKind.EXPORT_RETURNED})
"""What other offices post."""

_A_DAY: Final = timedelta(days=1)
_FIRST_YEAR: Final = 2003
_LONGEST_REASON: Final = 400
_DIGEST_DIGITS: Final = 64


class TextMissing(errors.Malformed):
    """Something that must be said was left empty."""

    code = "text-missing"


class TextUnfit(errors.Malformed):
    """A text is too long, or has characters that do not print."""

    code = "text-unfit"


class EmailInvalid(errors.Malformed):
    """This is no e-mail address."""

    code = "email-invalid"


class DayUnfit(errors.Malformed):
    """A day lies in the future, or an end lies before its beginning."""

    code = "day-unfit"


class NothingChanged(errors.Conflict):
    """What was sent is what stands there already."""

    code = "nothing-changed"


class AlreadyEnded(errors.Conflict):
    """It has an end already."""

    code = "already-ended"


class AlreadySuspended(errors.Conflict):
    """The trader is suspended already."""

    code = "already-suspended"


class NotSuspended(errors.Conflict):
    """There is no suspension to lift."""

    code = "not-suspended"


class AreaMissing(errors.Malformed):
    """A licence to mine names no area, or another licence names one."""

    code = "area-missing"


class LicenceNumberTaken(errors.Conflict):
    """Another licence has this number on some of these days."""

    code = "licence-number-taken"


class EntryUnfit(errors.Malformed):
    """Carats cannot be entered in this way."""

    code = "entry-unfit"


class OpeningStockEntered(errors.Conflict):
    """A book is opened once."""

    code = "opening-stock-entered"


class AlreadyPosted(errors.Conflict):
    """The export is in the book already, or is not there to be returned."""

    code = "already-posted"


class BalanceShort(errors.Refused):
    """The trader's balance does not cover what would leave it."""

    code = "balance-short"


class OutsideAct(errors.Conflict):
    """Something was to be written without the act that it belongs to."""

    code = "outside-act"


# Traders


def register(
    *,
    name: str,
    address: str,
    town: str,
    country: str,
    residence: str,
    by: Actor,
    at: datetime,
    latin_name: str = "",
    beneficial_owners: str = "",
) -> Trader:
    """Enter a trader in the register, under the next reference; raise `errors.Malformed` at the first bad field."""
    by.require(Act.TRADER_REGISTER)
    fields = trader_fields(
        name=name,
        latin_name=latin_name,
        address=address,
        town=town,
        country=country,
        residence=residence,
        beneficial_owners=beneficial_owners,
    )
    with transaction.atomic():
        (reference,) = next_references(1)
        trader = Trader.objects.create(reference=reference, registered_at=at, registered_by=by.identifier, **fields)
        _record(Act.TRADER_REGISTER, trader, by=by, at=at, country=fields["country"], digest=_digest(*fields.values()))
    return trader


def change(*, trader: Trader, by: Actor, at: datetime, **changes: str) -> Trader:
    """Change what the register says of a trader: any of the fields that `register` takes.

    Raises `NothingChanged` if all of it stands there already. The audit has the names of the fields and a digest of
    what stood there and of what stands there now.
    """
    by.require(Act.TRADER_CHANGE, trader=trader.reference)
    with transaction.atomic():
        held = _locked(trader)
        facts = _apply(held, trader_fields(**{name: getattr(held, name) for name in TRADER_FIELDS} | changes))
        _record(Act.TRADER_CHANGE, held, by=by, at=at, **facts)
    return held


def suspend(*, trader: Trader, since: date, reason: str, by: Actor, at: datetime) -> Suspension:
    """Suspend a trader from a day on, which may be one to come; raise `AlreadySuspended`."""
    by.require(Act.TRADER_SUSPEND, trader=trader.reference)
    why = _text(reason, "reason", longest=_LONGEST_REASON)
    with transaction.atomic():
        held = _locked(trader)
        if Suspension.objects.filter(trader=held, until__isnull=True).exists():
            raise AlreadySuspended("The trader is suspended already.", mend="Lift that suspension first.")
        suspension = Suspension.objects.create(
            trader=held, since=since, reason=why, suspended_at=at, suspended_by=by.identifier
        )
        _record(Act.TRADER_SUSPEND, held, by=by, at=at, since=since.isoformat(), reason=_digest(why))
    return suspension


def lift(*, trader: Trader, until: date, reason: str, by: Actor, at: datetime) -> Suspension:
    """End the trader's suspension: from the day ``until`` on it may lodge again; raise `NotSuspended`."""
    by.require(Act.TRADER_SUSPEND, trader=trader.reference)
    why = _text(reason, "reason", longest=_LONGEST_REASON)
    with transaction.atomic():
        held = _locked(trader)
        suspension: Suspension | None = Suspension.objects.filter(trader=held, until__isnull=True).first()
        if suspension is None:
            raise NotSuspended("The trader is not suspended.", mend="Look at its page again.")
        _refuse_backwards(since=suspension.since, until=until)
        suspension.until, suspension.lift_reason, suspension.lifted_by = until, why, by.identifier
        suspension.save(update_fields=["until", "lift_reason", "lifted_by"])
        _record(Act.TRADER_SUSPEND, held, by=by, at=at, until=until.isoformat(), reason=_digest(why))
    return suspension


# Licences


def grant_licence(
    *,
    trader: Trader,
    kind: LicenceKind,
    number: str,
    since: date,
    until: date | None,
    by: Actor,
    at: datetime,
    area: str = "",
) -> Licence:
    """Grant a licence for the days ``[since, until)``; None is without an end.

    A renewal keeps its number: it is a further licence of the same trader and kind. Raises `AreaMissing`, `DayUnfit`,
    and `LicenceNumberTaken` where another trader ever had the number, or this licence would overlap one of its own.
    """
    by.require(Act.LICENCE_GRANT, trader=trader.reference)
    written, area = licence_fields(kind=kind, number=number, since=since, until=until, area=area)
    with transaction.atomic():
        lock("licence")
        held = _locked(trader)
        others = Licence.objects.filter(number=written, kind=kind)
        refuse_taken(
            ((other.trader_id == held.pk, other.since, other.until) for other in others),
            number=written,
            since=since,
            until=until,
        )
        licence = Licence(
            trader=held, kind=kind, number=written, area=area, since=since, expires=until, until=until, granted_at=at
        )
        licence.granted_by = by.identifier
        licence.save(force_insert=True)
        _record(
            Act.LICENCE_GRANT,
            held,
            by=by,
            at=at,
            licence=_digest(written),
            kind=kind.value,
            since=since.isoformat(),
            until="" if until is None else until.isoformat(),
        )
    return licence


def end_licence(*, licence: Licence, until: date, reason: str, by: Actor, at: datetime) -> Licence:
    """End a licence before it expires: from the day ``until`` on it is not in force; raise `AlreadyEnded`."""
    by.require(Act.LICENCE_END, trader=licence.trader.reference)
    why = _text(reason, "reason", longest=_LONGEST_REASON)
    with transaction.atomic():
        held: Licence = Licence.objects.select_for_update().get(pk=licence.pk)
        _refuse_ended(held.was_ended or (held.until is not None and held.until <= until))
        _refuse_backwards(since=held.since, until=until)
        held.until, held.end_reason, held.ended_by = until, why, by.identifier
        held.save(update_fields=["until", "end_reason", "ended_by"])
        _record(
            Act.LICENCE_END,
            licence.trader,
            by=by,
            at=at,
            licence=_digest(held.number),
            kind=held.kind,
            until=until.isoformat(),
            reason=_digest(why),
        )
    return held


# Contacts and the address book


def authorise_contact(
    *,
    trader: Trader,
    name: str,
    email: str,
    since: date,
    may_lodge: bool,
    by: Actor,
    at: datetime,
    telephone: str = "",
    language: str = "en",
) -> Contact:
    """Let somebody speak for the trader from a day on, and lodge for it or not."""
    by.require(Act.CONTACT_CHANGE, trader=trader.reference)
    fields = {
        "name": _text(name, "name", longest=models.NAME_LENGTH),
        "email": _email(email),
        "telephone": _text(telephone, "telephone", longest=40, needed=False),
        "language": _text(language, "language", longest=8),
    }
    with transaction.atomic():
        held = _locked(trader)
        contact = Contact.objects.create(
            trader=held, may_lodge=may_lodge, since=since, authorised_at=at, authorised_by=by.identifier, **fields
        )
        _record(
            Act.CONTACT_CHANGE,
            held,
            by=by,
            at=at,
            contact=contact.pk,
            may_lodge=may_lodge,
            since=since.isoformat(),
            digest=_digest(*fields.values()),
        )
    return contact


def end_contact(*, contact: Contact, until: date, reason: str, by: Actor, at: datetime) -> Contact:
    """End an authorisation: from the day ``until`` on nobody speaks for the trader by it; raise `AlreadyEnded`."""
    by.require(Act.CONTACT_CHANGE, trader=contact.trader.reference)
    why = _text(reason, "reason", longest=_LONGEST_REASON)
    with transaction.atomic():
        held: Contact = Contact.objects.select_for_update().get(pk=contact.pk)
        _refuse_ended(held.until is not None)
        _refuse_backwards(since=held.since, until=until)
        held.until, held.end_reason, held.ended_by = until, why, by.identifier
        held.save(update_fields=["until", "end_reason", "ended_by"])
        _record(
            Act.CONTACT_CHANGE,
            contact.trader,
            by=by,
            at=at,
            contact=held.pk,
            until=until.isoformat(),
            reason=_digest(why),
        )
    return held


def add_known_party(
    *,
    trader: Trader,
    name: str,
    address: str,
    town: str,
    country: str,
    on: date,
    by: Actor,
    at: datetime,
    latin_name: str = "",
    licence: str = "",
) -> KnownParty:
    """Add somebody to the trader's address book."""
    by.require(Act.ADDRESS_CHANGE, trader=trader.reference)
    fields = _party_fields(
        name=name, latin_name=latin_name, address=address, town=town, country=country, licence=licence
    )
    with transaction.atomic():
        held = _locked(trader)
        party = KnownParty.objects.create(trader=held, since=on, added_at=at, added_by=by.identifier, **fields)
        _record(Act.ADDRESS_CHANGE, held, by=by, at=at, party=party.pk, digest=_digest(*fields.values()))
    return party


def change_known_party(*, party: KnownParty, by: Actor, at: datetime, **changes: str) -> KnownParty:
    """Change an entry of the address book: any of the fields that `add_known_party` takes.

    What was lodged before keeps the words with which it was lodged. Raises `AlreadyEnded`, `NothingChanged`.
    """
    by.require(Act.ADDRESS_CHANGE, trader=party.trader.reference)
    with transaction.atomic():
        held: KnownParty = KnownParty.objects.select_for_update().get(pk=party.pk)
        _refuse_ended(held.until is not None)
        facts = _apply(held, _party_fields(**{name: getattr(held, name) for name in _PARTY_FIELDS} | changes))
        _record(Act.ADDRESS_CHANGE, party.trader, by=by, at=at, party=held.pk, **facts)
    return held


def remove_known_party(*, party: KnownParty, on: date, by: Actor, at: datetime, reason: str = "") -> KnownParty:
    """Take an entry out of the address book; it is kept, ended. Raises `AlreadyEnded`."""
    by.require(Act.ADDRESS_CHANGE, trader=party.trader.reference)
    why = _text(reason, "reason", longest=_LONGEST_REASON, needed=False)
    with transaction.atomic():
        held: KnownParty = KnownParty.objects.select_for_update().get(pk=party.pk)
        _refuse_ended(held.until is not None)
        held.until, held.end_reason = max(on, held.since), why
        held.save(update_fields=["until", "end_reason"])
        _record(Act.ADDRESS_CHANGE, party.trader, by=by, at=at, party=held.pk, until=held.until.isoformat())
    return held


# The stock declaration


def declare_stock(
    *, trader: Trader, year: int, stock: Mapping[str, Carats], by: Actor, at: datetime
) -> StockDeclaration:
    """Declare what the trader holds of each origin as the year begins; an empty mapping declares that it holds nothing.

    A second declaration for a year replaces the first, which is kept. It changes no balance: officials compare them.
    """
    by.require(Act.STOCK_DECLARE, trader=trader.reference)
    if not _FIRST_YEAR <= year <= (at + _A_DAY).year:
        raise DayUnfit(f"No stock can be declared for {year}.", where="year", mend="Give this year, or an earlier one.")
    held = {_origin(origin): carats for origin, carats in stock.items() if carats.hundredths}
    with transaction.atomic():
        owner = _locked(trader)
        declaration = StockDeclaration.objects.create(
            trader=owner, year=year, declared_at=at, declared_by=by.identifier
        )
        for origin, carats in sorted(held.items()):
            DeclaredStock.objects.create(declaration=declaration, origin=origin, carats_hundredths=carats.hundredths)
        total = sum(carats.hundredths for carats in held.values())
        _record(Act.STOCK_DECLARE, owner, by=by, at=at, year=year, origins=sorted(held), hundredths=total)
    return declaration


# The book of carats


def enter(
    *,
    trader: Trader,
    origin: str,
    kind: EntryKind,
    carats: Carats,
    on: date,
    reference: str,
    by: Actor,
    at: datetime,
    evidence: str = "",
) -> BalanceEntry:
    """Enter opening stock, production, an import, manufacturing or a loss; the kind says whether carats leave.

    ``evidence`` is the SHA-256 of the document in hexadecimal. Raises `EntryUnfit`, `OpeningStockEntered`,
    `BalanceShort`.
    """
    by.require(Act.BALANCE_ENTER, trader=trader.reference)
    if kind not in ENTERED:
        raise EntryUnfit(
            f"{kind} is not entered by itself.", where="kind", mend=f"Enter: {', '.join(sorted(ENTERED))}."
        )
    line = _Line(
        trader=trader,
        origin=_origin(origin),
        hundredths=kind.direction * _something(carats),
        evidence=_evidence(evidence),
    )
    with transaction.atomic():
        return _entered([line], kind=kind, on=on, reference=reference, by=by, at=at)[0]


def correct(
    *,
    trader: Trader,
    origin: str,
    carats: Carats,
    less: bool,
    on: date,
    reference: str,
    reason: str,
    by: Actor,
    at: datetime,
) -> BalanceEntry:
    """Correct a balance by so many carats more, or ``less``, for a reason; raise `BalanceShort`."""
    by.require(Act.BALANCE_ENTER, trader=trader.reference)
    line = _Line(
        trader=trader,
        origin=_origin(origin),
        hundredths=_something(carats) * (-1 if less else 1),
        reason=_text(reason, "reason", longest=_LONGEST_REASON),
    )
    with transaction.atomic():
        return _entered([line], kind=EntryKind.CORRECTION, on=on, reference=reference, by=by, at=at)[0]


def mix(
    *,
    trader: Trader,
    parts: Mapping[CountryCode, Carats],
    on: date,
    reference: str,
    by: Actor,
    at: datetime,
) -> list[BalanceEntry]:
    """Move carats of two or more countries into the trader's book of mixed goods, all of them or none."""
    by.require(Act.BALANCE_ENTER, trader=trader.reference)
    moved = {
        terms.country_code(origin, where="origin"): carats for origin, carats in parts.items() if carats.hundredths
    }
    if not moved:
        raise EntryUnfit("Nothing is mixed.", where="carats", mend="Give the carats of each country.")
    lines = [_Line(trader=trader, origin=origin, hundredths=-carats.hundredths) for origin, carats in moved.items()]
    total = sum(carats.hundredths for carats in moved.values())
    lines.append(_Line(trader=trader, origin=MIXED, hundredths=total))
    with transaction.atomic():
        return _entered(lines, kind=EntryKind.MIXING, on=on, reference=reference, by=by, at=at)


def sell_locally(
    *,
    seller: Trader,
    buyer: Trader,
    origin: str,
    carats: Carats,
    on: date,
    reference: str,
    by: Actor,
    at: datetime,
    evidence: str = "",
) -> tuple[BalanceEntry, BalanceEntry]:
    """Enter a sale in both traders' books, in one act; return the seller's entry and the buyer's."""
    by.require(Act.BALANCE_ENTER, trader=seller.reference)
    by.require(Act.BALANCE_ENTER, trader=buyer.reference)
    if seller.pk == buyer.pk:
        raise EntryUnfit("A trader does not sell to itself.", where="buyer", mend="Name the other trader.")
    weight, where, proof = _something(carats), _origin(origin), _evidence(evidence)
    lines = [
        _Line(trader=seller, origin=where, hundredths=-weight, counterparty=buyer, evidence=proof),
        _Line(trader=buyer, origin=where, hundredths=weight, counterparty=seller, evidence=proof),
    ]
    with transaction.atomic():
        sold, bought = _entered(lines, kind=EntryKind.LOCAL_SALE, on=on, reference=reference, by=by, at=at)
    return sold, bought


# What other offices call inside the transaction of an act of theirs


def post(
    *,
    trader: Trader,
    origin: str,
    kind: EntryKind,
    carats: Carats,
    on: date,
    reference: str,
    at: datetime,
    by_identifier: str,
    allowed_shortfall: bool = False,
) -> BalanceEntry:
    """Enter an import, an export, or an export that did not take place, of one origin.

    No permission is asked and no line is added to the audit: call it inside the transaction of the act that it belongs
    to, before that act's line. An export stands in the book once for its reference, the certificate's number, and only
    what stands there can be returned: otherwise `AlreadyPosted`. Raises `BalanceShort` unless ``allowed_shortfall``,
    which an official decided with a reason.
    """
    _require_act(kind)
    if kind not in POSTED:
        raise EntryUnfit(f"{kind} is not posted.", where="kind", mend=f"Post: {', '.join(sorted(POSTED))}.")
    line = _Line(
        trader=trader, origin=_origin(origin), hundredths=kind.direction * _something(carats), allowed=allowed_shortfall
    )
    return _written([line], kind=kind, on=on, reference=reference, by_identifier=by_identifier, at=at)[0]


def draw(
    *,
    trader: Trader,
    origins: tuple[CountryCode, ...],
    carats: Carats,
    on: date,
    reference: str,
    at: datetime,
    by_identifier: str,
    allowed_shortfall: bool = False,
) -> list[BalanceEntry]:
    """Enter an export of one or several origins: each is drawn upon as far as it goes, in the order given.

    No origins is an undisclosed mixture: mixed goods are drawn upon first, then every origin of the book. What is still
    lacking is taken from the first one with ``allowed_shortfall``, and otherwise raises `BalanceShort`. What is said of
    `post` holds here.
    """
    _require_act(EntryKind.EXPORT)
    wanted = _something(carats)
    named: list[str] = [terms.country_code(origin, where="origin") for origin in origins]
    if not named:
        others = Balance.objects.filter(trader=trader).exclude(origin=MIXED).order_by("origin")
        named = [MIXED, *others.values_list("origin", flat=True)]
    held = _balances((trader.pk, origin) for origin in named)
    taken: dict[str, int] = {}
    for origin in named:
        taken[origin] = min(max(held[trader.pk, origin].carats_hundredths, 0), wanted)
        wanted -= taken[origin]
    if wanted and not allowed_shortfall:
        raise _short(sum(taken.values()), sum(taken.values()) + wanted)
    taken[named[0]] += wanted
    lines = [
        _Line(trader=trader, origin=origin, hundredths=-weight, allowed=allowed_shortfall)
        for origin, weight in taken.items()
        if weight
    ]
    return _written(lines, kind=EntryKind.EXPORT, on=on, reference=reference, by_identifier=by_identifier, at=at)


def give_back(*, trader: Trader, reference: str, on: date, at: datetime, by_identifier: str) -> list[BalanceEntry]:
    """Enter that the export of this reference did not take place: all that it drew comes back, origin by origin.

    Raises `AlreadyPosted` if there is nothing to give back. What is said of `post` holds here.
    """
    _require_act(EntryKind.EXPORT_RETURNED)
    origins = sorted(
        set(BalanceEntry.objects.filter(trader=trader, reference=reference).values_list("origin", flat=True))
    )
    _balances((trader.pk, origin) for origin in origins)
    lines = [
        _Line(trader=trader, origin=origin, hundredths=out)
        for origin in origins
        if (out := _exported(trader.pk, origin=origin, reference=reference)) > 0
    ]
    if not lines:
        raise AlreadyPosted(
            f"No export under {reference} is in the book.", where="reference", mend="Look at the trader's book."
        )
    return _written(
        lines, kind=EntryKind.EXPORT_RETURNED, on=on, reference=reference, by_identifier=by_identifier, at=at
    )


def tell(*, trader: Trader, code: str, subject: str, facts: Mapping[str, object], at: datetime) -> Message:
    """Leave a message in the trader's portal.

    ``facts`` are identifiers and figures, and never names. No permission is asked and no line is added to the audit:
    call it inside the transaction of the act that the trader is told of.
    """
    _require_act("message")
    return Message.objects.create(trader=trader, code=code, subject=subject, facts=dict(facts), at=at)


def read_message(*, message: Message, by: Actor, at: datetime) -> Message:
    """Note that the trader has read the message; a second reading changes nothing."""
    by.require(Act.MESSAGE_READ, trader=message.trader.reference)
    with transaction.atomic():
        held = Message.objects.select_for_update().get(pk=message.pk)
        if held.read_at is None:
            held.read_at, held.read_by = at, by.identifier
            held.save(update_fields=["read_at", "read_by"])
            _record(Act.MESSAGE_READ, message.trader, by=by, at=at, message=held.pk)
    return held


# How entries are made


class _Line:
    """What is to be entered in one trader's book of one origin."""

    def __init__(
        self,
        *,
        trader: Trader,
        origin: str,
        hundredths: int,
        counterparty: Trader | None = None,
        evidence: str = "",
        reason: str = "",
        allowed: bool = False,
    ) -> None:
        self.trader = trader
        self.origin = origin
        self.hundredths = hundredths
        self.counterparty = counterparty
        self.evidence = evidence
        self.reason = reason
        self.allowed = allowed

    def kind(self, act: EntryKind) -> EntryKind:
        """Return what the act is to this side of it: a sale is a purchase to the buyer."""
        return EntryKind.LOCAL_PURCHASE if act is EntryKind.LOCAL_SALE and self.hundredths > 0 else act


def _entered(
    lines: list[_Line], *, kind: EntryKind, on: date, reference: str, by: Actor, at: datetime
) -> list[BalanceEntry]:
    """Write the lines of an official's act, with one line in the audit for it."""
    entries = _written(lines, kind=kind, on=on, reference=reference, by_identifier=by.identifier, at=at)
    first = lines[0]
    facts: dict[str, object] = {
        "kind": kind.value,
        "on": on.isoformat(),
        "reference": _digest(reference),
        "entries": [entry.pk for entry in entries],
        "hundredths": [entry.carats_hundredths for entry in entries],
    }
    if first.counterparty is not None:
        facts["counterparty"] = first.counterparty.reference
    if first.evidence:
        facts["evidence"] = first.evidence
    if first.reason:
        facts["reason"] = _digest(first.reason)
    _record(Act.BALANCE_ENTER, first.trader, by=by, at=at, **facts)
    return entries


def _written(
    lines: list[_Line], *, kind: EntryKind, on: date, reference: str, by_identifier: str, at: datetime
) -> list[BalanceEntry]:
    """Lock the balances, check the lines against them, and write both."""
    document = _text(reference, "reference", longest=120)
    if on > (at + _A_DAY).date():
        raise DayUnfit(f"{on} has not come yet.", where="on", mend="Give the day on which it took place.")
    held = _balances((line.trader.pk, line.origin) for line in lines)
    entries = []
    for line in lines:
        balance = held[line.trader.pk, line.origin]
        _refuse_twice(line, kind=kind, reference=document)
        before, after = balance.carats_hundredths, balance.carats_hundredths + line.hundredths
        if line.hundredths < 0 and after < 0 and not line.allowed:
            raise _short(before, -line.hundredths)
        Carats(abs(after))  # No book holds more than any shipment could.
        balance.carats_hundredths = after
        balance.save(update_fields=["carats_hundredths"])
        entries.append(
            BalanceEntry.objects.create(
                trader=line.trader,
                origin=line.origin,
                kind=line.kind(kind),
                carats_hundredths=line.hundredths,
                on=on,
                reference=document,
                counterparty=line.counterparty,
                evidence=line.evidence,
                reason=line.reason,
                recorded_at=at,
                recorded_by=by_identifier,
            )
        )
    return entries


def _balances(of: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Balance]:
    """Return the balances by trader and origin, locked, always in the same order; new ones are nought."""
    held = {}
    for trader, origin in sorted(set(of)):
        Balance.objects.get_or_create(trader_id=trader, origin=origin)
        held[trader, origin] = Balance.objects.select_for_update().get(trader_id=trader, origin=origin)
    return held


def _refuse_twice(line: _Line, *, kind: EntryKind, reference: str) -> None:
    """Refuse a second opening, a second export of one reference, and the return of more than was exported."""
    if kind is EntryKind.OPENING_STOCK:
        if BalanceEntry.objects.filter(trader=line.trader, origin=line.origin, kind=kind).exists():
            raise OpeningStockEntered(
                f"The book of {line.origin} was opened already.", where="kind", mend="Enter a correction."
            )
    elif kind in {EntryKind.EXPORT, EntryKind.EXPORT_RETURNED}:
        out = _exported(line.trader.pk, origin=line.origin, reference=reference)
        if (kind is EntryKind.EXPORT and out) or (kind is EntryKind.EXPORT_RETURNED and line.hundredths > out):
            raise AlreadyPosted(
                f"{Carats(out)} carats of {line.origin} are in the book as exported under {reference}.",
                where="reference",
                mend="Look at the trader's book.",
            )


def _exported(trader: int, *, origin: str, reference: str) -> int:
    """Return how many hundredths of the origin left under the reference and did not come back."""
    kinds = [EntryKind.EXPORT, EntryKind.EXPORT_RETURNED]
    found = BalanceEntry.objects.filter(trader=trader, origin=origin, reference=reference, kind__in=kinds)
    weights: list[int] = [entry.carats_hundredths for entry in found]
    return -sum(weights)


def _short(covered: int, wanted: int) -> BalanceShort:
    return BalanceShort(
        f"The balance covers {Carats(max(covered, 0))} of {Carats(wanted)} carats.",
        where="carats",
        mend="Enter first where the rest came from.",
        rule="IV.a.balance",
        facts={"covered": max(covered, 0), "wanted": wanted},
    )


# What is written, and what is read from forms


def _record(tag: Act, trader: Trader, *, by: Actor, at: datetime, **facts: object) -> None:
    audit.record(
        authority=settings.CONFIGURATION.participant,
        tag=tag.value,
        actor=by.identifier,
        subject=f"trader:{trader.reference}",
        at=at,
        facts=facts,
    )


def _locked(trader: Trader) -> Trader:
    """Return the trader as it stands now, locked until the act is over."""
    return Trader.objects.select_for_update().get(pk=trader.pk)


def lock(name: str) -> Counter:
    """Return a counter, locked until the transaction ends: who reads and adds under it does so in turn."""
    Counter.objects.get_or_create(name=name)
    return Counter.objects.select_for_update().get(name=name)


def next_references(count: int) -> list[str]:
    """Return the next references of traders; whoever else wants one waits until this act is over."""
    counter = lock("trader")
    counter.last += count
    counter.save(update_fields=["last"])
    return [f"T-{number:04d}" for number in range(counter.last - count + 1, counter.last + 1)]


def _apply(row: Trader | KnownParty, fields: Mapping[str, str]) -> dict[str, object]:
    """Save the fields that differ; return their names, each with digests of what stood there and what stands there."""
    before = {name: str(getattr(row, name)) for name in fields}
    changed = sorted(name for name, value in fields.items() if before[name] != value)
    if not changed:
        raise NothingChanged("This is what stands there already.", mend="Change something, or leave it.")
    for name in changed:
        setattr(row, name, fields[name])
    row.save(update_fields=changed)
    return {
        "changed": changed,
        "before": [_digest(before[name]) for name in changed],
        "after": [_digest(fields[name]) for name in changed],
    }


TRADER_FIELDS: Final = ("name", "latin_name", "address", "town", "country", "residence", "beneficial_owners")
_PARTY_FIELDS: Final = ("name", "latin_name", "address", "town", "country", "licence")


def trader_fields(**given: str) -> dict[str, str]:
    """Return what the register says of a trader, each field checked; raise `errors.Malformed` at the first bad one."""
    return {
        "name": _text(given["name"], "name", longest=models.NAME_LENGTH),
        "latin_name": _text(given["latin_name"], "latin_name", longest=models.NAME_LENGTH, needed=False),
        "address": _text(given["address"], "address", longest=400),
        "town": _text(given["town"], "town", longest=120),
        "country": terms.country_code(given["country"], where="country"),
        "residence": _text(given["residence"], "residence", longest=200),
        "beneficial_owners": _lines(given["beneficial_owners"], "beneficial_owners", longest=4000),
    }


def licence_fields(*, kind: LicenceKind, number: str, since: date, until: date | None, area: str) -> tuple[str, str]:
    """Return the number and the area of a licence as they are kept; raise `errors.Malformed` at the first bad field."""
    if until is not None and until <= since:
        raise DayUnfit("The licence ends before it begins.", where="until", mend=f"Give a day after {since}.")
    if kind.is_miner:
        area = _text(area, "area", longest=400)
    elif area.strip():
        raise AreaMissing("Only a licence to mine names an area.", where="area", mend="Leave the area empty.")
    return _text(number, "number", longest=60), area


def _party_fields(**given: str) -> dict[str, str]:
    return {
        "name": _text(given["name"], "name", longest=models.NAME_LENGTH),
        "latin_name": _text(given["latin_name"], "latin_name", longest=models.NAME_LENGTH, needed=False),
        "address": _text(given["address"], "address", longest=400),
        "town": _text(given["town"], "town", longest=120),
        "country": terms.country_code(given["country"], where="country"),
        "licence": _text(given["licence"], "licence", longest=60, needed=False),
    }


def _text(value: str, where: str, *, longest: int, needed: bool = True) -> str:
    """Return the text without the spaces around it; raise `TextMissing` or `TextUnfit`."""
    text = value.strip()
    if needed and not text:
        raise TextMissing("This is empty.", where=where, mend="Write it.")
    if len(text) > longest:
        raise TextUnfit(f"This has more than {longest} characters.", where=where, mend="Shorten it.")
    if not terms.is_printable(text):
        raise TextUnfit("This has characters that do not print.", where=where, mend="Type it anew.")
    return text


def _lines(value: str, where: str, *, longest: int) -> str:
    """Return a text of several lines, each checked, the empty ones left out."""
    lines = [_text(line, where, longest=longest, needed=False) for line in value.splitlines()]
    return _longest("\n".join(line for line in lines if line), where, longest=longest)


def _longest(text: str, where: str, *, longest: int) -> str:
    if len(text) > longest:
        raise TextUnfit(f"This has more than {longest} characters.", where=where, mend="Shorten it.")
    return text


def _email(value: str) -> str:
    text = _text(value, "email", longest=254)
    try:
        validate_email(text)
    except ValidationError as error:
        raise EmailInvalid(
            "This is no e-mail address.", where="email", mend="Write it as in name@example.org."
        ) from error
    return text


def _origin(text: str) -> str:
    """Return the origin of a book: a country's code, or `MIXED`; raise `TermInvalid`."""
    return MIXED if text == MIXED else terms.country_code(text, where="origin")


def _something(carats: Carats) -> int:
    if not carats.hundredths:
        raise EntryUnfit("This is nought.", where="carats", mend="Give the weight in carats.")
    return carats.hundredths


def _evidence(digest: str) -> str:
    if digest and (len(digest) != _DIGEST_DIGITS or set(digest) - set("0123456789abcdef")):
        raise EntryUnfit("This is no SHA-256 in hexadecimal.", where="evidence", mend="Give 64 digits, or nothing.")
    return digest


def _digest(*texts: object) -> str:
    return hashlib.sha256("\0".join(str(text) for text in texts).encode()).hexdigest()


def _refuse_backwards(*, since: date, until: date) -> None:
    if until < since:
        raise DayUnfit("It would end before it began.", where="until", mend=f"Give {since} or a later day.")


def _refuse_ended(ended: bool) -> None:  # noqa: FBT001 (the one thing that is asked)
    if ended:
        raise AlreadyEnded("It has ended, or will have by that day.", where="until", mend="Look at its page again.")


def refuse_taken(
    others: Iterable[tuple[bool, date, date | None]], *, number: str, since: date, until: date | None
) -> None:
    """Raise `LicenceNumberTaken` if a licence of these days cannot have the number beside others of its kind.

    Of each other is given whether it is the same trader's, and its days.
    """
    for is_own, begun, ended in others:
        if not is_own:
            raise LicenceNumberTaken(
                f"Another trader's licence has the number {number}.", where="number", mend="Look at the number again."
            )
        if (ended is None or since < ended) and (until is None or begun < until):
            raise LicenceNumberTaken(
                f"This licence would be in force together with the one of {begun}.",
                where="since",
                mend=f"Let it begin on {ended} or later." if ended else "End that one first.",
            )


def _require_act(where: str) -> None:
    if not connection.in_atomic_block:
        raise OutsideAct("This is written in the transaction of an act.", where=where)
