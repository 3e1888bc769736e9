"""What a node does without being asked: it carries letters, and does the periodic jobs that offices registered.

The rules of this module:

- Several workers may run. A letter is taken under a lease, carried outside any transaction, and reported: in normal
  running each leaves once.
- Whoever stops between the carrier's acceptance and the report leaves a letter that is carried again when the lease
  ends. So a letter arrives at least once; its Message-ID is then the same, and the reader sees one letter.
- Where the carrier is away, the other letters of the round wait too: there is no use in trying each.
- A periodic job is registered in `AppConfig.ready` with `every`. Its next time is written down before it runs, so two
  workers do not both do it; one that stops in the middle does it at the next time. So a job finds out for itself what
  is to be done and has not been. One that fails is logged and tried at its next time, and the others go on.
- Time comes from whoever starts the worker.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError, close_old_connections, transaction

from macle.node.exchange import actions
from macle.node.exchange.carriers import CarrierAway, LetterBounced, LetterDeferred
from macle.node.exchange.messages import Attached, Message
from macle.node.exchange.models import PURPOSES, Content, Job, Kind, Outcome
from macle.node.registry import queries as registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from threading import Event

    from macle.node.exchange.carriers import Carrier
    from macle.node.exchange.models import Letter

    Clock = Callable[[], datetime]
    Work = Callable[[datetime], object]

log = logging.getLogger("macle.node.worker")

PAUSE = 5.0
"""Seconds between two rounds in which nothing is left to do."""

REPORTS = 3
"""How often a report is tried."""


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job, and how many seconds lie between two times."""

    seconds: int
    work: Work


@dataclass(slots=True)
class Done:
    """What a worker did."""

    sent: int = 0
    failed: int = 0
    jobs: int = 0
    jobs_failed: int = 0


_JOBS: dict[str, Periodic] = {}


def every(seconds: int, name: str) -> Callable[[Work], Work]:
    """Register a function of an instant to be called about every so many seconds; for `AppConfig.ready`."""

    def register(work: Work) -> Work:
        if name in _JOBS and _JOBS[name].work is not work:
            raise ValueError(f"There are two jobs with the name {name!r}.")
        _JOBS[name] = Periodic(seconds, work)
        return work

    return register


def run(*, carrier: Carrier, now: Clock, stop: Event, once: bool = False) -> Done:
    """Do what is due, round by round, until ``stop`` is set; with ``once``, one round.

    A letter or job that is underway when ``stop`` is set is finished.
    """
    done = Done()
    while not stop.is_set():
        try:
            jobs(now=now, stop=stop, done=done)
            letters(carrier=carrier, now=now, stop=stop, done=done)
        except (OperationalError, InterfaceError):
            # The database is away or busy; whatever was not written down is done again.
            if once:
                raise
            log.exception("The database does not answer")
        if once or stop.is_set():
            break
        close_old_connections()
        stop.wait(PAUSE)
    return done


def letters(*, carrier: Carrier, now: Clock, stop: Event, done: Done) -> None:
    """Carry the letters that are due, until none is left or the carrier is away."""
    until = now()
    while not stop.is_set() and (taken := actions.take(at=now(), due_until=until)) is not None:
        outcome, code, is_away = _carried(taken.letter, carrier, at=now())
        _report(taken, outcome=outcome, carrier=carrier.name, code=code, at=now())
        if outcome is Outcome.SENT:
            done.sent += 1
        else:
            done.failed += 1
            log.warning("A letter was not carried", extra={"tag": code, "reference": str(taken.letter.pk)})
        if is_away:
            return


def _report(taken: actions.Taken, *, outcome: Outcome, carrier: str, code: str, at: datetime) -> None:
    """Write down what became of the letter; a database that is busy is asked again, for the letter may have left."""
    for left in reversed(range(REPORTS)):
        try:
            actions.report(taken, outcome=outcome, carrier=carrier, code=code, at=at)
        except (OperationalError, InterfaceError):
            if not left:
                raise
            close_old_connections()
        else:
            return


def _carried(letter: Letter, carrier: Carrier, *, at: datetime) -> tuple[Outcome, str, bool]:
    """Return what became of the letter, a word on it, and whether the carrier is away."""
    content = Content.objects.filter(letter=letter).first()
    if content is None:
        return Outcome.FAILED, "erased", False
    recipients = _recipients(letter, content, at=at)
    if not recipients:
        return Outcome.FAILED, "no-address", False
    message = Message(
        letter=str(letter.pk),
        sender=carrier.sender,
        recipients=recipients,
        message_id=letter.message_id,
        sequence=letter.sequence,
        date=letter.created_at,
        language=letter.language,
        subject=content.subject,
        text=content.text,
        attached=[Attached(each.name, each.media_type, bytes(each.content)) for each in letter.parts.all()],
        boundary=bytes(letter.digest).hex()[:40],
    )
    try:
        return Outcome.SENT, carrier.carry(message), False
    except CarrierAway as away:
        return Outcome.FAILED, away.word, True
    except LetterDeferred as deferred:
        return Outcome.FAILED, deferred.word, False
    except LetterBounced as bounced:
        return Outcome.BOUNCED, bounced.word, False


def _recipients(letter: Letter, content: Content, *, at: datetime) -> tuple[str, ...]:
    """Return where the letter goes now; nowhere if the registry has no address of the partner."""
    if not letter.partner:
        return (content.address,)
    partner = registry.partners(at=at).filter(participant=letter.partner).first()
    return partner.addresses(PURPOSES[Kind(letter.kind)]) if partner else ()


# --- Periodic jobs ----------------------------------------------------------------------------------


def jobs(*, now: Clock, stop: Event, done: Done) -> None:
    """Do the periodic jobs that are due."""
    for name, periodic in list(_JOBS.items()):
        if stop.is_set():
            return
        at = now()
        if not _is_due(name, periodic, at=at):
            continue
        failure = ""
        try:
            periodic.work(at)
        except Exception as error:  # (whatever it is, the other jobs and letters go on)
            failure = type(error).__name__
            done.jobs_failed += 1
            log.exception("A periodic job failed", extra={"tag": name})
        else:
            done.jobs += 1
        Job.objects.filter(name=name).update(ended_at=now(), failure=failure)


def _is_due(name: str, periodic: Periodic, *, at: datetime) -> bool:
    """Return whether the job is to be done now; its next time is then written down already."""
    with transaction.atomic():
        Job.objects.get_or_create(name=name, defaults={"due_at": at})
        job = Job.objects.select_for_update().get(name=name)
        if job.due_at > at:
            return False
        job.due_at = at + timedelta(seconds=periodic.seconds)
        job.save(update_fields=["due_at"])
        return True
