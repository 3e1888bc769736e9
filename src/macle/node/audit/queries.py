"""Reading the audit: searching it, and finding what was altered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q

from macle.node.audit import chain
from macle.node.audit.heads import Head
from macle.node.audit.models import Chain, Hold, Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Fault:
    """A place where the chain does not hold: the number of the line, and in a sentence what is wrong."""

    authority: str
    number: int
    what: str


RESTORE = "node:restore"
"""The act with which a node that was restored from a backup begins a new epoch."""


def search(
    *, subject: str = "", actor: str = "", tag: str = "", since: datetime | None = None, until: datetime | None = None
) -> QuerySet[Line]:
    """Return the lines of a subject, of a person, of an act, of a time; newest first, and ``until`` is not in it."""
    found: QuerySet[Line] = Line.objects.all()
    if tag:
        found = found.filter(tag=tag)
    if subject:
        found = found.filter(subject=subject)
    if actor:
        found = found.filter(actor=actor)
    if since is not None:
        found = found.filter(at__gte=since)
    if until is not None:
        found = found.filter(at__lt=until)
    return found.order_by("-at", "-number")


def is_held(subject: str, *, at: datetime) -> bool:
    """Return whether a legal hold stands on the subject: then nothing of it is erased."""
    return _standing(at).filter(subject=subject).exists()


def held_subjects(subjects: Iterable[str], *, at: datetime) -> set[str]:
    """Return those of the subjects on which a hold stands, in one query."""
    return set(_standing(at).filter(subject__in=list(subjects)).values_list("subject", flat=True))


def holds(*, subject: str = "", standing: bool = False) -> QuerySet[Hold]:
    """Return holds with their reasons, newest first."""
    found = Hold.objects.select_related("reason")
    if subject:
        found = found.filter(subject=subject)
    return found.filter(until__isnull=True) if standing else found


def _standing(at: datetime) -> QuerySet[Hold]:
    return Hold.objects.filter(Q(until__isnull=True) | Q(until__gt=at), since__lte=at)


def epoch() -> int:
    """Return how often this node began: 1, and one more for each time that it was restored from a backup."""
    restored = Line.objects.filter(chain_id=settings.CONFIGURATION.participant, tag=RESTORE)
    return 1 + restored.count()


def heads() -> list[Head]:
    """Return where each chain ends, to be written down outside."""
    return [Head(each.authority, each.length, bytes(each.head)) for each in Chain.objects.order_by("authority")]


def faults(*, known: tuple[Head, ...] = ()) -> Iterator[Fault]:
    """Give every place where a chain does not hold: an altered, removed or inserted line, and a tail that was cut off.

    ``known`` are heads that were written down outside: against somebody who changes the tables and the head alike.
    """
    for held in Chain.objects.order_by("authority"):
        yield from _faults_of(held, [each for each in known if each.authority == held.authority])
    gone = {each.authority for each in known} - {held.authority for held in Chain.objects.all()}
    for authority in sorted(gone):
        yield Fault(authority, 0, "The chain that was written down outside is not there.")


def _faults_of(held: Chain, known: list[Head]) -> Iterator[Fault]:
    authority, before, expected = held.authority, chain.BEGINNING, 1
    at_number = {each.length: each.digest for each in known}
    for line in held.lines.order_by("number").iterator(chunk_size=2000):
        if line.number != expected:
            missing = f"{expected}" if line.number == expected + 1 else f"{expected} to {line.number - 1}"
            yield Fault(authority, expected, f"Missing: {missing}.")
        if chain.digest_of(line.content, before=before) != bytes(line.digest):
            yield Fault(authority, line.number, "The line, or the one before it, is not as it was written.")
        if at_number.get(line.number, bytes(line.digest)) != bytes(line.digest):
            yield Fault(authority, line.number, "The line is not the one that was written down outside.")
        before, expected = bytes(line.digest), line.number + 1
    if (held.length, bytes(held.head)) != (expected - 1, before):
        yield Fault(authority, expected, f"The chain has {expected - 1} lines, and {held.length} were written.")
    for each in known:
        if each.length >= expected:
            yield Fault(
                authority, expected, f"The chain ends before line {each.length}, which was written down outside."
            )
