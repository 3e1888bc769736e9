"""Reading the outbox: letters, what became of them, and which wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import OuterRef, Q, Subquery

from macle import errors
from macle.node.exchange.models import Attempt, Due, Job, Letter, Outcome
from macle.node.permissions import Act

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from macle.node.permissions import Actor


class LetterUnknown(errors.NotFound):
    """There is no such letter, or not for this actor."""

    code = "letter-unknown"


def unknown(letter: UUID) -> LetterUnknown:
    """Return the error for a letter that is not there, or out of reach."""
    return LetterUnknown("There is no such letter here.", where=str(letter), mend="Look for it in the outbox.")


def letters() -> QuerySet[Letter]:
    """Return all letters, newest first, each with its ``last_outcome``, ``last_code`` and ``due_at``."""
    last = Attempt.objects.filter(letter=OuterRef("pk")).order_by("-number")
    return Letter.objects.annotate(
        last_outcome=Subquery(last.values("outcome")[:1]),
        last_code=Subquery(last.values("code")[:1]),
        last_at=Subquery(last.values("at")[:1]),
        due_at=Subquery(Due.objects.filter(letter=OuterRef("pk")).values("at")[:1]),
    )


def letters_of(by: Actor) -> QuerySet[Letter]:
    """Return the letters that the actor may see: those of their offices, or all."""
    reach = by.reach(Act.LETTER_READ)
    return letters() if reach.everything else letters().filter(office__in=reach.offices)


def letter_of(by: Actor, letter: UUID) -> Letter:
    """Return one letter; raise `LetterUnknown` if it is not there or out of reach."""
    found = letters_of(by).filter(pk=letter).first()
    if found is None:
        raise unknown(letter)
    return found


def attempts(letter: Letter) -> QuerySet[Attempt]:
    """Return what was tried and done with a letter, the first try first."""
    return Attempt.objects.filter(letter=letter).order_by("number")


def about(subject: str) -> QuerySet[Letter]:
    """Return the letters about a subject, such as ``certificate:BW0000123``, newest first."""
    return letters().filter(about=subject)


def waiting() -> QuerySet[Letter]:
    """Return the letters that are still to be delivered, those that wait longest first."""
    return letters().filter(due__isnull=False).order_by("created_at")


def late(*, at: datetime) -> QuerySet[Letter]:
    """Return the letters that wait although they were tried, or that no worker has come for."""
    tried = Q(last_outcome__in=[Outcome.FAILED, Outcome.BOUNCED])
    return waiting().filter(tried | Q(due__at__lt=at, due__taken_by__isnull=True))


def jobs() -> QuerySet[Job]:
    """Return the periodic jobs, with when they are due and how they ended."""
    return Job.objects.order_by("name")
