"""Reading about traders: what pages show to an actor, and what other offices ask.

The rules of this module:

- What takes ``by`` shows only what is within that actor's reach; a trader out of reach raises what one that does not
  exist raises.
- What takes no actor is asked by other offices, which have asked for the permission of an act of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from django.db.models import Model, Sum

from macle.node.permissions import Act, OutOfReach
from macle.node.traders.models import (
    MIXED,
    Balance,
    BalanceEntry,
    Contact,
    KnownParty,
    Licence,
    LicenceKind,
    Message,
    StockDeclaration,
    Suspension,
    Trader,
)
from macle.scheme import rules
from macle.scheme.rules import controls, national
from macle.scheme.terms import Carats

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from django.db.models import QuerySet

    from macle.node.permissions import Actor
    from macle.scheme.profiles import LegalProfile
    from macle.scheme.rules import Breach
    from macle.scheme.terms import CountryCode


# What pages show


def traders_of(by: Actor, act: Act = Act.TRADER_READ) -> QuerySet[Trader]:
    """Return the traders that the act reaches for the actor, in the order of their registration."""
    reach = by.reach(act)
    found = Trader.objects.all()
    return found if reach.everything else found.filter(reference__in=reach.traders)


def trader(reference: str, by: Actor, act: Act = Act.TRADER_READ) -> Trader:
    """Return the trader; raise `OutOfReach` where there is none, or none for this actor."""
    found = traders_of(by, act).filter(reference=reference).first()
    if found is None:
        raise _no_such_thing()
    return found


def licence(reference: str, key: int, by: Actor) -> Licence:
    """Return a licence of the trader; raise `OutOfReach`."""
    return _part(Licence, key, trader(reference, by))


def contact(reference: str, key: int, by: Actor) -> Contact:
    """Return somebody who speaks, or spoke, for the trader; raise `OutOfReach`."""
    return _part(Contact, key, trader(reference, by))


def known_party(reference: str, key: int, by: Actor) -> KnownParty:
    """Return an entry of the trader's address book, an ended one too; raise `OutOfReach`."""
    return _part(KnownParty, key, trader(reference, by))


def message(reference: str, key: int, by: Actor) -> Message:
    """Return a message to the trader; raise `OutOfReach`."""
    return _part(Message, key, trader(reference, by, Act.MESSAGE_READ))


def messages_of(by: Actor) -> QuerySet[Message]:
    """Return the messages to the actor's traders, newest first."""
    return Message.objects.filter(trader__in=traders_of(by, Act.MESSAGE_READ)).select_related("trader")


def unread(by: Actor) -> int:
    """Return how many messages to the actor's traders nobody has read."""
    return messages_of(by).filter(read_at__isnull=True).count()


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry of a book with what the balance of its origin was after it, in hundredths of a carat."""

    entry: BalanceEntry
    hundredths: int


def book(trader: Trader, by: Actor) -> list[Posting]:
    """Return the trader's book in the order in which it was written, each entry with its running sum."""
    by.require(Act.BALANCE_READ, trader=trader.reference)
    running: dict[str, int] = {}
    postings = []
    for entry in BalanceEntry.objects.filter(trader=trader).select_related("counterparty"):
        running[entry.origin] = running.get(entry.origin, 0) + entry.carats_hundredths
        postings.append(Posting(entry, running[entry.origin]))
    return postings


def balances(trader: Trader, by: Actor) -> list[Balance]:
    """Return the trader's balance of each origin, mixed goods last."""
    by.require(Act.BALANCE_READ, trader=trader.reference)
    return sorted(Balance.objects.filter(trader=trader), key=lambda each: (each.origin == MIXED, each.origin))


# What other offices ask


def get(reference: str) -> Trader:
    """Return the trader, whoever asks; raise `OutOfReach` where there is none."""
    found = Trader.objects.filter(reference=reference).first()
    if found is None:
        raise _no_such_thing()
    return found


def licence_in_force(trader: Trader, kind: LicenceKind, on: date) -> Licence | None:
    """Return the trader's licence of this kind that is in force on the day."""
    found: Licence | None = Licence.objects.filter(trader=trader, kind=kind).on(on).first()
    return found


def suspended(trader: Trader, on: date) -> Suspension | None:
    """Return the suspension that holds on the day, which is as good as true; None where there is none."""
    found: Suspension | None = Suspension.objects.filter(trader=trader).on(on).first()
    return found


def stock_declared(trader: Trader, year: int) -> bool:
    """Return whether the trader declared its stock of the year, a stock of nothing included."""
    return StockDeclaration.objects.filter(trader=trader, year=year).exists()


def declaration(trader: Trader, year: int) -> StockDeclaration | None:
    """Return the declaration of the year that counts: the last one that was made."""
    found: StockDeclaration | None = StockDeclaration.objects.filter(trader=trader, year=year).first()
    return found


def contacts_on(trader: Trader, on: date) -> QuerySet[Contact]:
    """Return who speaks for the trader on the day."""
    found: QuerySet[Contact] = Contact.objects.filter(trader=trader).on(on)
    return found


def address_book(trader: Trader, on: date) -> QuerySet[KnownParty]:
    """Return the entries of the trader's address book on the day, by name."""
    found: QuerySet[KnownParty] = KnownParty.objects.filter(trader=trader).on(on)
    return found


def why_not(trader: Trader, *, kind: LicenceKind, on: date, profile: LegalProfile) -> list[Breach]:
    """Return all about the trader itself that stops it from lodging on the day; an empty list means nothing does.

    These are the rules `AnnexII.suspension`, `AnnexII.licence` and `profile.stock-declaration`: what the rules of an
    application say of its exporter, said before there is one, and of every kind of trader.
    """
    return [
        *controls.of_suspension(suspended=suspended(trader, on) is not None),
        *_without_licence(trader, kind=kind, on=on, profile=profile),
        *national.of_stock(profile, declared=stock_declared(trader, on.year), on=on),
    ]


def balance(trader: Trader, origins: tuple[CountryCode, ...]) -> Carats:
    """Return what the trader may still export of these origins together; no origins are an undisclosed mixture.

    That may come from every origin of the book, and from mixed goods. A mixture whose countries are listed comes from
    the books of those countries: what was entered as mixed may hold others. Books that are short cover nothing, and
    take nothing from the rest.
    """
    found = Balance.objects.filter(trader=trader, carats_hundredths__gt=0)
    if origins:
        found = found.filter(origin__in=origins)
    total: int | None = found.aggregate(total=Sum("carats_hundredths"))["total"]
    return Carats(int(total or 0))


@dataclass(frozen=True, slots=True)
class BalanceFault:
    """A balance that is not the sum of its entries, in hundredths of a carat."""

    trader: str
    origin: str
    held: int
    entered: int


def balance_faults() -> Iterator[BalanceFault]:
    """Give every balance that differs from the sum of its entries, and every sum of entries without a balance."""
    held = {
        (each.trader.reference, each.origin): each.carats_hundredths
        for each in Balance.objects.select_related("trader")
    }
    rows = BalanceEntry.objects.order_by().values_list("trader__reference", "origin")
    entered = {(reference, origin): int(total) for reference, origin, total in rows.annotate(Sum("carats_hundredths"))}
    for reference, origin in sorted(held.keys() | entered.keys()):
        one, other = held.get((reference, origin), 0), entered.get((reference, origin), 0)
        if one != other:
            yield BalanceFault(reference, origin, one, other)


_Row = TypeVar("_Row", bound=Model)
_KIND_WORDS: Final = {kind: kind.value for kind in LicenceKind}


def _without_licence(trader: Trader, *, kind: LicenceKind, on: date, profile: LegalProfile) -> list[Breach]:
    """Return a breach if the licence has ended, or is missing where the profile asks for one.

    A trader that never had a licence of this kind needs none unless the profile asks for it; one that had, and has it
    no longer, was licensed to do what it now does without.
    """
    if licence_in_force(trader, kind, on) is not None:
        return []
    last: Licence | None = Licence.objects.filter(trader=trader, kind=kind, since__lte=on).first()
    if last is None and not profile.requires_licence:
        return []
    if last is None:
        what, source = f"The trader has no licence as {_KIND_WORDS[kind]}.", profile.sources.get("requires_licence", "")
    else:
        what, source = f"The licence as {_KIND_WORDS[kind]} ended: {last.last_day} was its last day.", ""
    return rules.breach(
        "AnnexII.licence",
        where="exporter.licence" if kind is LicenceKind.EXPORTER else "licence",
        what=what,
        mend="Let the authority grant the licence before applying.",
        source=source,
    )


def _part(table: type[_Row], key: int, owner: Trader) -> _Row:
    found = table._default_manager.filter(pk=key, trader=owner).select_related("trader").first()  # noqa: SLF001
    if found is None:
        raise _no_such_thing()
    return found


def _no_such_thing() -> OutOfReach:
    return OutOfReach("There is no such thing here.", mend="Look for it by its number.")
