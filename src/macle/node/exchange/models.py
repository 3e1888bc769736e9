"""Letters that go out, and what became of each.

The rules of this module:

- A letter is written in the transaction of the act that it tells of, and is never changed. It keeps figures,
  identifiers and the digest of what it says; what it says, with names and bytes, is in `Content` and `Part`, which
  retention may empty.
- What became of a letter is read from its attempts, which are only added to. `Due` is no state: it is the worker's slip
  for a letter that is still to be carried, and says when the next try is.
- To each partner letters are numbered without a gap; `Outbox` has the last number and is locked while one is added.
- No letter is dropped. One that cannot be delivered is tried on and on, ever more slowly, until an act sets it aside.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from uuid import uuid4

from django.db import models

from macle import errors
from macle.node.audit.models import AppendOnly
from macle.node.registry.models import Purpose

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGEST_BYTES = 32


class LetterUnalterable(errors.Conflict):
    """Somebody tried to change or delete a letter or an attempt."""

    code = "letter-unalterable"


class Kind(StrEnum):
    """What a letter is about."""

    CERTIFICATE = "certificate"
    WITHDRAWAL = "withdrawal"
    NOTICE = "notice"
    ALARM = "presentation alarm"
    ENDORSEMENT = "endorsement request"
    CONFIRMATION = "import confirmation"
    RECONFIRMATION = "reconfirmation request"
    REMINDER = "reminder"
    MESSAGE = "message"


PURPOSES: Mapping[Kind, Purpose] = {
    Kind.CERTIFICATE: Purpose.PRE_ADVICE,
    Kind.WITHDRAWAL: Purpose.ALERTS,
    Kind.NOTICE: Purpose.ALERTS,
    Kind.ALARM: Purpose.ALERTS,
    Kind.ENDORSEMENT: Purpose.CONFIRMATIONS,
    Kind.CONFIRMATION: Purpose.CONFIRMATIONS,
    Kind.RECONFIRMATION: Purpose.CONFIRMATIONS,
    Kind.REMINDER: Purpose.CONFIRMATIONS,
    Kind.MESSAGE: Purpose.PRE_ADVICE,
}
"""To which of a partner's addresses a letter of a kind goes."""


class Outcome(StrEnum):
    """What one attempt came to, or what an act did with the letter."""

    SENT = "sent"
    FAILED = "failed"
    """Not taken now; the same bytes are tried again."""
    BOUNCED = "bounced"
    """Refused for good by a server: an address is wrong, or the message is not wanted. It is tried again, slowly."""
    REQUESTED = "requested"
    """Somebody asked for it to be sent again."""
    SET_ASIDE = "set aside"
    """Somebody gave it up."""


class State(StrEnum):
    """What became of a letter."""

    WAITING = "waiting"
    FAILED = "failed"
    BOUNCED = "bounced"
    SENT = "sent"
    SET_ASIDE = "set aside"


def state_after(outcome: str | None) -> State:
    """Return the state of a letter whose last attempt came to this; none yet means that it waits."""
    return State.WAITING if outcome in {None, Outcome.REQUESTED} else State(str(outcome))


class Aside(StrEnum):
    """Why a letter is given up; it goes into tables without names, so it is one of these."""

    DELIVERED_OTHERWISE = "delivered otherwise"
    OVERTAKEN = "overtaken"
    WRONG_ADDRESSEE = "wrong addressee"


class _Unalterable(models.Model):
    """What is added and neither changed nor deleted."""

    class Meta:
        """A part of other tables, and none itself."""

        abstract = True

    def save(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (Django's own)
        """Add it; refuse to change it."""
        if not self._state.adding:
            raise LetterUnalterable("A letter is never changed.", mend="Send another one that says what is right.")
        super().save(*args, **options)

    def delete(self, *_: object, **__: object) -> NoReturn:
        """Refuse."""
        raise LetterUnalterable("A letter is never deleted.", mend="Set it aside.")


class Outbox(models.Model):
    """How many letters were written to a partner."""

    authority = models.CharField(max_length=8)
    partner = models.CharField(max_length=8)
    length = models.BigIntegerField(default=0)

    class Meta:
        """One for each partner."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["authority", "partner"], name="exchange_outbox_once")]

    def __str__(self) -> str:
        """Return whose it is and how long."""
        return f"{self.authority} to {self.partner}: {self.length}"


class Letter(_Unalterable):
    """A letter to a partner's authority, or to a trader; exactly one of ``partner`` and ``trader`` is given."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    authority = models.CharField(max_length=8)
    office = models.CharField(max_length=120, blank=True)
    partner = models.CharField(max_length=8, blank=True)
    sequence = models.BigIntegerField(null=True)
    """Which letter to this partner it is, from 1; letters to traders have none."""
    trader = models.CharField(max_length=32, blank=True)
    kind = models.CharField(max_length=32, choices=[(each.value, each.value) for each in Kind])
    about = models.CharField(max_length=96)
    language = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=64)
    message_id = models.CharField(max_length=200)
    """The same on each try, so that whoever receives it twice sees one letter."""
    digest = models.BinaryField(max_length=DIGEST_BYTES)

    objects: ClassVar[models.Manager[Letter]] = AppendOnly.as_manager()

    class Meta:
        """Newest first; numbered once to each partner."""

        ordering: ClassVar = ["-created_at", "-sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["authority", "partner", "sequence"], name="exchange_letter_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["about", "created_at"], name="exchange_letter_by_subject"),
            models.Index(fields=["office", "created_at"], name="exchange_letter_by_office"),
        ]

    def __str__(self) -> str:
        """Return the letter in short."""
        return f"{self.kind} to {self.partner or self.trader}: {self.about}"

    @property
    def state(self) -> State:
        """Return what became of it."""
        outcome: str | None = (
            self.__dict__["last_outcome"]
            if "last_outcome" in self.__dict__
            else Attempt.objects.filter(letter=self).order_by("-number").values_list("outcome", flat=True).first()
        )
        return state_after(outcome)


class Content(models.Model):
    """What a letter says; retention may delete it."""

    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, primary_key=True, related_name="content")
    address = models.CharField(max_length=254, blank=True)
    """A trader's address; a partner's is looked up when the letter leaves."""
    subject = models.CharField(max_length=200)
    text = models.TextField()

    def __str__(self) -> str:
        """Return the subject line."""
        return self.subject


class Part(models.Model):
    """What is attached to a letter: a slip to read, a signed object; retention may delete it."""

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="parts")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    media_type = models.CharField(max_length=160)
    content = models.BinaryField()

    class Meta:
        """In their order."""

        ordering: ClassVar = ["letter", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["letter", "position"], name="exchange_part_once"),
            models.UniqueConstraint(fields=["letter", "name"], name="exchange_part_name_once"),
        ]

    def __str__(self) -> str:
        """Return the name of the file."""
        return self.name


class Attempt(_Unalterable):
    """One try to deliver a letter, or one act about it."""

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=16, choices=[(each.value, each.value) for each in Outcome])
    carrier = models.CharField(max_length=32, blank=True)
    code = models.CharField(max_length=64, blank=True)
    """Why, as a word: smtp-550, no-address, unreachable."""
    next_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=64, blank=True)
    """Who did it, if it was an act and no try."""

    objects: ClassVar[models.Manager[Attempt]] = AppendOnly.as_manager()

    class Meta:
        """In their order."""

        ordering: ClassVar = ["letter", "number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["letter", "number"], name="exchange_attempt_once")]

    def __str__(self) -> str:
        """Return the outcome."""
        return f"{self.number} {self.outcome} {self.code}"


class Due(models.Model):
    """The slip of a letter that is to be carried: when next, and which worker has it until then."""

    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, primary_key=True, related_name="due")
    at = models.DateTimeField(db_index=True)
    tries = models.PositiveIntegerField(default=0)
    taken_by = models.UUIDField(null=True)

    def __str__(self) -> str:
        """Return when it is due."""
        return f"{self.letter_id} {self.at:%Y-%m-%d %H:%M}"


class Job(models.Model):
    """When a periodic job is due, and how it ended the last time."""

    name = models.CharField(max_length=80, primary_key=True)
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=80, blank=True)
    """The kind of error with which it ended; nothing if it ended well."""

    def __str__(self) -> str:
        """Return the name."""
        return self.name


# --- Webhooks -----------------------------------------------------------------------------------------


class Subscription(models.Model):
    """A system that is told of acts: where, under which secret, of which acts, of whose office."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=300)
    """Encrypted with the node's own key: what is told is signed with it, so that a digest would not do."""
    events = models.JSONField(default=list)
    """Names of acts, such as ``certificate.dispatch``; none means all."""
    office = models.CharField(max_length=120, blank=True)
    """Only of this office; empty means of every one."""
    since = models.DateTimeField()
    made_by = models.CharField(max_length=64)
    until = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)

    class Meta:
        """The last one first."""

        ordering: ClassVar = ["-since", "-pk"]

    def __str__(self) -> str:
        """Return which one it is; neither address nor secret."""
        return str(self.pk)


class Notification(models.Model):
    """One act that a subscription is told of: the same bytes at each try, until they are taken or given up."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="notifications")
    event = models.CharField(max_length=64)
    body = models.TextField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    """When it is tried next; none once it was taken or given up."""
    tries = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=64, blank=True)
    """What the last try came to, as a word: http-200, unreachable, not-public."""

    class Meta:
        """In the order in which the acts were done; looked for by what is due."""

        ordering: ClassVar = ["created_at", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="notification_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["subscription", "-created_at"], name="notification_of"),
        ]

    def __str__(self) -> str:
        """Return what of and what came of it."""
        return f"{self.event} {self.code}"
