"""The traders' tables: who may trade rough, under which licence, and what their book of carats says.

The rules of this module:

- A licence, an authorisation, an entry of the address book and a suspension hold for the days ``[since, until)``: they
  are ended with a reason and never deleted, so that an old certificate can still be asked who was licensed that day.
- A book is only added to. `Balance` holds the sum of the entries of one trader and origin, and is locked while an entry
  is made, so that entries of several processes follow one another; `queries.balance_faults` finds where they differ.
- Names, addresses and telephone numbers stand in `Trader`, `Contact` and `KnownParty` alone. Declarations, entries and
  messages hold figures, dates and identifiers.

Retention: records of traders are kept for the years of the profile's ``trader_retention_years``; five are recommended
(KPCS Core Document, Annex II-15). Erasing after that time is an act of its own and empties those three tables only.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

from django.db import models
from django.db.models import Q

from macle import errors
from macle.node.audit.models import AppendOnly
from macle.scheme import certificates, participants
from macle.scheme.terms import Carats

if TYPE_CHECKING:
    from datetime import date

    from macle.scheme.terms import ParticipantCode

MIXED: Final = "mixed"
"""The origin of goods whose countries cannot be told apart any more."""
NAME_LENGTH: Final = certificates.LONGEST_TEXT
"""A longer name would not fit a certificate."""
REFERENCE_LENGTH: Final = 16
_A_DAY: Final = timedelta(days=1)


class BookUnalterable(errors.Conflict):
    """Somebody tried to change or delete what stands in a trader's book."""

    code = "book-unalterable"


class LicenceKind(StrEnum):
    """What a trader is licensed to do. Source: KPCS Core Document, Annex II-9 to 16."""

    EXPORTER = "exporter"
    IMPORTER = "importer"
    AGENT = "agent"
    COURIER = "courier"
    ARTISANAL_MINER = "artisanal miner"
    INDUSTRIAL_MINER = "industrial miner"

    @property
    def is_miner(self) -> bool:
        """Return whether the licence is for mining, and so names an area."""
        return self in {LicenceKind.ARTISANAL_MINER, LicenceKind.INDUSTRIAL_MINER}


class EntryKind(StrEnum):
    """Why carats came into a trader's book or left it."""

    OPENING_STOCK = "opening stock"
    PRODUCTION = "production"
    IMPORT = "import"
    LOCAL_PURCHASE = "local purchase"
    LOCAL_SALE = "local sale"
    MANUFACTURING = "manufacturing"
    LOSS = "loss"
    MIXING = "mixing"
    """From the books of countries into that of mixed goods: two or more entries in one act."""
    EXPORT = "export"
    EXPORT_RETURNED = "export returned"
    """The certificate was voided before the export."""
    CORRECTION = "correction"

    @property
    def direction(self) -> int:
        """Return 1 where carats come in, -1 where they leave, 0 where it can be either."""
        return _SIGNS[self]


_SIGNS: Final = {
    EntryKind.OPENING_STOCK: 1,
    EntryKind.PRODUCTION: 1,
    EntryKind.IMPORT: 1,
    EntryKind.LOCAL_PURCHASE: 1,
    EntryKind.LOCAL_SALE: -1,
    EntryKind.MANUFACTURING: -1,
    EntryKind.LOSS: -1,
    EntryKind.MIXING: 0,
    EntryKind.EXPORT: -1,
    EntryKind.EXPORT_RETURNED: 1,
    EntryKind.CORRECTION: 0,
}


def _refuse() -> NoReturn:
    raise BookUnalterable(
        "What stands in a trader's book is never changed.", where="book", mend="Enter a correction with its reason."
    )


class Book(AppendOnly):
    """Queries that read a book and add to it, and nothing else."""

    def update(self, **_: object) -> NoReturn:
        """Refuse."""
        _refuse()

    def delete(self) -> NoReturn:
        """Refuse."""
        _refuse()

    def bulk_update(self, *_: object, **__: object) -> NoReturn:
        """Refuse."""
        _refuse()


class Written(models.Model):
    """A row that is written once."""

    class Meta:
        """No table of its own."""

        abstract = True

    def save(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (Django's own)
        """Add the row; refuse to change one."""
        if not self._state.adding:
            _refuse()
        super().save(*args, **options)

    def delete(self, *_: object, **__: object) -> NoReturn:
        """Refuse."""
        _refuse()


class Counter(models.Model):
    """The last number given out; its row is locked while the next one is taken."""

    name = models.CharField(max_length=32, primary_key=True)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        """Return what is counted and how far."""
        return f"{self.name}: {self.last}"


class Intervals(models.QuerySet[Any]):
    """Queries over what holds from a day until another."""

    def on(self, day: date) -> Intervals:
        """Return what holds on the day."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=day), since__lte=day)


class Trader(models.Model):
    """A person or company that trades in rough or mines it; known everywhere by its reference."""

    reference = models.CharField(max_length=REFERENCE_LENGTH, unique=True)
    name = models.CharField(max_length=NAME_LENGTH)
    latin_name = models.CharField(max_length=NAME_LENGTH, blank=True)
    address = models.CharField(max_length=400)
    town = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    residence = models.CharField(max_length=200)
    """Nationality, or for somebody from elsewhere the residence status. Source: Annex II-12, 14."""
    beneficial_owners = models.TextField(blank=True)
    registered_at = models.DateTimeField()
    registered_by = models.CharField(max_length=64)

    class Meta:
        """In the order of registration."""

        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["name"], name="trader_by_name")]

    def __str__(self) -> str:
        """Return the reference: no names where objects are only named."""
        return self.reference

    @property
    def name_for_certificates(self) -> str:
        """The name in Latin script."""
        return self.latin_name or self.name


class Licence(models.Model):
    """What a trader may do on the days ``[since, until)``; ``expires`` is the ``until`` that was granted."""

    trader = models.ForeignKey(Trader, on_delete=models.PROTECT, related_name="licences")
    kind = models.CharField(max_length=24)
    number = models.CharField(max_length=60)
    area = models.CharField(max_length=400, blank=True)
    """The area of authorised mining; empty for anybody but a miner."""
    since = models.DateField()
    expires = models.DateField(null=True)
    until = models.DateField(null=True)
    end_reason = models.CharField(max_length=400, blank=True)
    granted_at = models.DateTimeField()
    granted_by = models.CharField(max_length=64)
    ended_by = models.CharField(max_length=64, blank=True)

    objects: ClassVar[models.Manager[Any]] = Intervals.as_manager()

    class Meta:
        """Latest first; looked for by number too."""

        ordering: ClassVar = ["-since", "-id"]
        indexes: ClassVar = [models.Index(fields=["number"], name="licence_by_number")]

    def __str__(self) -> str:
        """Return kind and number."""
        return f"{self.kind} {self.number}"

    @property
    def last_day(self) -> date | None:
        """The last day on which the licence is in force; None where it has no end."""
        return None if self.until is None else self.until - _A_DAY

    @property
    def was_ended(self) -> bool:
        """Whether it was ended before it would have expired."""
        return bool(self.ended_by)

    def holds_on(self, day: date) -> bool:
        """Return whether it is in force on the day."""
        return self.since <= day and (self.until is None or day < self.until)


class Contact(models.Model):
    """Somebody who speaks for a trader on the days ``[since, until)``."""

    trader = models.ForeignKey(Trader, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=NAME_LENGTH)
    email = models.EmailField()
    telephone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=8, default="en")
    may_lodge = models.BooleanField(default=False)
    since = models.DateField()
    until = models.DateField(null=True)
    end_reason = models.CharField(max_length=400, blank=True)
    authorised_at = models.DateTimeField()
    authorised_by = models.CharField(max_length=64)
    ended_by = models.CharField(max_length=64, blank=True)

    objects: ClassVar[models.Manager[Any]] = Intervals.as_manager()

    class Meta:
        """In the order in which they were authorised."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        """Return whose contact it is, without a name."""
        return f"contact {self.pk} of {self.trader_id}"


class KnownParty(models.Model):
    """An entry of a trader's address book: somebody abroad to whom it exports, until it is taken out."""

    trader = models.ForeignKey(Trader, on_delete=models.PROTECT, related_name="known_parties")
    name = models.CharField(max_length=NAME_LENGTH)
    latin_name = models.CharField(max_length=NAME_LENGTH, blank=True)
    address = models.CharField(max_length=400)
    town = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    licence = models.CharField(max_length=60, blank=True)
    since = models.DateField()
    until = models.DateField(null=True)
    end_reason = models.CharField(max_length=400, blank=True)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=64)

    objects: ClassVar[models.Manager[Any]] = Intervals.as_manager()

    class Meta:
        """By name, as an address book is."""

        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        """Return whose entry it is, without a name."""
        return f"known party {self.pk} of {self.trader_id}"

    def participants_on(self, day: date) -> tuple[ParticipantCode, ...]:
        """Return to which Participant the country belongs on the day; several where a date is not known exactly."""
        return participants.load().participant_of(self.country, on=day)


class Suspension(models.Model):
    """The days ``[since, until)`` on which a trader may not lodge, and why."""

    trader = models.ForeignKey(Trader, on_delete=models.PROTECT, related_name="suspensions")
    since = models.DateField()
    until = models.DateField(null=True)
    reason = models.CharField(max_length=400)
    lift_reason = models.CharField(max_length=400, blank=True)
    suspended_at = models.DateTimeField()
    suspended_by = models.CharField(max_length=64)
    lifted_by = models.CharField(max_length=64, blank=True)

    objects: ClassVar[models.Manager[Any]] = Intervals.as_manager()

    class Meta:
        """Latest first, and never two at once."""

        ordering: ClassVar = ["-since", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["trader"], condition=Q(until__isnull=True), name="suspension_one_open")
        ]

    def __str__(self) -> str:
        """Return whose suspension it is and since when."""
        return f"{self.trader_id} since {self.since}"

    def holds_on(self, day: date) -> bool:
        """Return whether the trader is suspended on the day."""
        return self.since <= day and (self.until is None or day < self.until)


class StockDeclaration(Written):
    """What a trader declares to hold as a year begins, nothing included; a later one for the same year replaces it."""

    trader = models.ForeignKey(Trader, on_delete=models.PROTECT, related_name="declarations")
    year = models.IntegerField()
    declared_at = models.DateTimeField()
    declared_by = models.CharField(max_length=64)

    objects: ClassVar[models.Manager[Any]] = Book.as_manager()

    class Meta:
        """Latest first: the first of a year is the one that counts."""

        ordering: ClassVar = ["-year", "-id"]

    def __str__(self) -> str:
        """Return whose it is and of which year."""
        return f"{self.trader_id} {self.year}"

    @property
    def carats(self) -> Carats:
        """The sum over all origins."""
        return Carats(sum(line.carats_hundredths for line in self.lines.all()))


class DeclaredStock(Written):
    """One origin of a declaration; a declaration of nothing has no line."""

    declaration = models.ForeignKey(StockDeclaration, on_delete=models.PROTECT, related_name="lines")
    origin = models.CharField(max_length=8)
    carats_hundredths = models.BigIntegerField()

    objects: ClassVar[models.Manager[Any]] = Book.as_manager()

    class Meta:
        """By origin, each once."""

        ordering: ClassVar = ["origin"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["declaration", "origin"], name="declared_origin_once"),
            models.CheckConstraint(condition=Q(carats_hundredths__gt=0), name="declared_is_something"),
        ]

    def __str__(self) -> str:
        """Return origin and weight."""
        return f"{self.origin} {self.carats}"

    @property
    def carats(self) -> Carats:
        """The declared weight."""
        return Carats(self.carats_hundredths)


class Balance(models.Model):
    """What a trader holds of one origin: the sum of its entries, below nought only by an official's decision."""

    trader = models.ForeignKey(Trader, on_delete=models.PROTECT, related_name="balances")
    origin = models.CharField(max_length=8)
    carats_hundredths = models.BigIntegerField(default=0)

    class Meta:
        """One row for each trader and origin."""

        ordering: ClassVar = ["trader", "origin"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["trader", "origin"], name="balance_once")]

    def __str__(self) -> str:
        """Return whose balance it is, of which origin, in hundredths."""
        return f"{self.trader_id} {self.origin}: {self.carats_hundredths}"

    @property
    def is_short(self) -> bool:
        """Whether more left than ever came in."""
        return self.carats_hundredths < 0

    @property
    def carats(self) -> Carats:
        """What is there to export; nought where the balance is short."""
        return Carats(max(self.carats_hundredths, 0))

    @property
    def shortfall(self) -> Carats:
        """By how much the balance is short."""
        return Carats(max(-self.carats_hundredths, 0))


class BalanceEntry(Written):
    """One line of a trader's book: so many carats of an origin came in (above nought) or left (below)."""

    trader = models.ForeignKey(Trader, on_delete=models.PROTECT, related_name="entries")
    origin = models.CharField(max_length=8)
    kind = models.CharField(max_length=24)
    carats_hundredths = models.BigIntegerField()
    on = models.DateField()
    reference = models.CharField(max_length=120)
    """The number of the document that proves it: a certificate, a production record, an invoice."""
    counterparty = models.ForeignKey(Trader, on_delete=models.PROTECT, null=True, related_name="+")
    evidence = models.CharField(max_length=64, blank=True)
    """The SHA-256 of the document in hexadecimal, where the node has it."""
    reason = models.CharField(max_length=400, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=64)

    objects: ClassVar[models.Manager[Any]] = Book.as_manager()

    class Meta:
        """In the order in which they were entered."""

        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["trader", "origin"], name="entry_by_trader"),
            models.Index(fields=["trader", "reference"], name="entry_by_reference"),
        ]
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(carats_hundredths=0), name="entry_is_something")]

    def __str__(self) -> str:
        """Return the entry in short."""
        return f"{self.trader_id} {self.kind} {self.origin} {self.carats_hundredths}"

    @property
    def came_in(self) -> bool:
        """Whether carats came into the book."""
        return self.carats_hundredths > 0

    @property
    def carats(self) -> Carats:
        """How much, whichever way it went."""
        return Carats(abs(self.carats_hundredths))


class Message(models.Model):
    """What a trader is told in its portal: a code, whose words the office that sends it has, and plain facts."""

    trader = models.ForeignKey(Trader, on_delete=models.PROTECT, related_name="messages")
    code = models.CharField(max_length=64)
    subject = models.CharField(max_length=96)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    read_by = models.CharField(max_length=64, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["trader", "read_at"], name="message_unread")]

    def __str__(self) -> str:
        """Return the message in short."""
        return f"{self.trader_id} {self.code} {self.subject}"
