"""Offices, officials, the authorities of partners and their records, each in half-open intervals.

The rules of this module:

- What was true for a time stays: a row is ended with a reason, and a change ends it and adds the next.
- Of one name, one person, one code at most one row is open, and the database holds that.
- Other offices' tables name them by stable text: an office by the text on its certificates, an official by the user's
  identifier, a partner by its Participant code.
- The zone of an office is that of the legal profile and is not kept here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from django.db import models
from django.db.models import Q

from macle import errors
from macle.scheme.certificates import ConsentLevel

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_OFFICE = 80
"""Characters of an office's name: with what it is about, the audit names it in 96."""

LANGUAGES = ("en", "fr", "pt", "ru", "ar", "zh")
"""Languages in which a partner may be written to."""


class IntervalUnalterable(errors.Conflict):
    """Somebody tried to delete what is only ever ended."""

    code = "interval-unalterable"


class Purpose(StrEnum):
    """What a partner is written to about; it may have other addresses for each."""

    PRE_ADVICE = "pre-advice"
    CONFIRMATIONS = "confirmations"
    ALERTS = "alerts"


def in_force(at: datetime) -> Q:
    """Return the condition that an instant lies in the interval of a row."""
    return Q(since__lte=at) & (Q(until__isnull=True) | Q(until__gt=at))


class _Ended(models.QuerySet[Any]):
    """Queries that cannot delete."""

    def delete(self) -> NoReturn:
        """Refuse."""
        _refuse()


def _refuse() -> NoReturn:
    raise IntervalUnalterable("What is in the registry is never deleted.", mend="End it, with a reason.")


class Interval(models.Model):
    """What holds from ``since`` until before ``until``."""

    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        """A part of other tables, and none itself."""

        abstract = True

    def spans(self, at: datetime) -> bool:
        """Return whether it holds at this instant."""
        return self.since <= at and (self.until is None or at < self.until)

    def delete(self, *_: object, **__: object) -> NoReturn:
        """Refuse."""
        _refuse()


class Office(Interval):
    """An office of this authority, as certificates name it."""

    name = models.CharField(max_length=LONGEST_OFFICE)
    address = models.TextField(max_length=500)
    telephone = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=254, blank=True)

    objects: ClassVar[models.Manager[Office]] = _Ended.as_manager()

    class Meta:
        """One open office of a name."""

        ordering: ClassVar = ["name", "since"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name"], condition=Q(until__isnull=True), name="registry_office_once")
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Official(Interval):
    """The appointment of a validating official: who, with which key, for which office."""

    identifier = models.CharField(max_length=64)
    holder = models.CharField(max_length=64)
    """The holder of the key in the participant record, such as official-07."""
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120)
    office = models.CharField(max_length=LONGEST_OFFICE)
    highest_level = models.PositiveSmallIntegerField(choices=[(int(each), each.name.lower()) for each in ConsentLevel])

    objects: ClassVar[models.Manager[Official]] = _Ended.as_manager()

    class Meta:
        """One open appointment of a person, and of a holder of a key."""

        ordering: ClassVar = ["office", "name", "since"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["identifier"], condition=Q(until__isnull=True), name="registry_official_once"
            ),
            models.UniqueConstraint(fields=["holder"], condition=Q(until__isnull=True), name="registry_holder_once"),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @property
    def level(self) -> ConsentLevel:
        """Return how this official consents to a signature."""
        return ConsentLevel(self.highest_level)


class Partner(Interval):
    """The authority of another Participant: where it is written to, and the telephone on which it is asked."""

    participant = models.CharField(max_length=8)
    authority = models.CharField(max_length=200)
    pre_advice = models.JSONField(default=list)
    confirmations = models.JSONField(default=list, blank=True)
    alerts = models.JSONField(default=list, blank=True)
    language = models.CharField(max_length=8)
    telephone = models.CharField(max_length=40, blank=True)
    remark = models.TextField(max_length=500, blank=True)

    objects: ClassVar[models.Manager[Partner]] = _Ended.as_manager()

    class Meta:
        """One open row of a Participant."""

        ordering: ClassVar = ["participant", "since"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["participant"], condition=Q(until__isnull=True), name="registry_partner_once"
            )
        ]

    def __str__(self) -> str:
        """Return the code and the authority."""
        return f"{self.participant} {self.authority}"

    def addresses(self, purpose: Purpose) -> tuple[str, ...]:
        """Return the e-mail addresses for this purpose: those for pre-advice where it has none of its own."""
        own = {Purpose.CONFIRMATIONS: self.confirmations, Purpose.ALERTS: self.alerts}.get(purpose)
        return tuple(own or self.pre_advice)


class Pin(Interval):
    """A partner's participant record that is believed here: its root was compared over a second channel."""

    participant = models.CharField(max_length=8)
    sequence = models.PositiveIntegerField()
    record = models.BinaryField()
    """As its Participant signed it."""
    pinned_by = models.CharField(max_length=64)

    objects: ClassVar[models.Manager[Pin]] = _Ended.as_manager()

    class Meta:
        """One open record of a Participant."""

        ordering: ClassVar = ["participant", "since"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["participant"], condition=Q(until__isnull=True), name="registry_pin_once")
        ]

    def __str__(self) -> str:
        """Return the code and which record it is."""
        return f"{self.participant} {self.sequence}"
