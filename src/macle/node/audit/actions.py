"""Writing to the audit: the one function that adds a line; and legal holds."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction

from macle import errors
from macle.node.audit import chain
from macle.node.audit.models import Chain, Hold, HoldReason, Line
from macle.node.permissions import Act

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from macle.node.permissions import Actor

_SUBJECT = re.compile(r"[a-z][a-z-]*:[^\s:][^\s]*")
LONGEST_SUBJECT, LONGEST_REASON = 96, 2000


class SubjectMalformed(errors.Malformed):
    """This is not how a subject is named."""

    code = "subject-malformed"


class ReasonMissing(errors.Malformed):
    """A hold is placed and lifted with a reason, of a length that people read."""

    code = "reason-missing"


class HoldMissing(errors.NotFound):
    """There is no such hold."""

    code = "hold-missing"


class HoldLifted(errors.Conflict):
    """The hold was lifted already."""

    code = "hold-lifted"


class OutsideTransaction(errors.Conflict):
    """A line was to be added without the act that it is about."""

    code = "outside-transaction"


def record(
    *,
    authority: str,
    tag: str,
    actor: str,
    subject: str,
    at: datetime,
    office: str = "",
    facts: Mapping[str, object] | None = None,
) -> Line:
    """Add a line to the authority's chain, in the transaction of the act that it is about.

    ``tag`` says what was done, as ``subject:act``, from an enumeration of the office that does it.
    ``actor`` and ``subject`` are identifiers and never names. Raises `OutsideTransaction`: a line and its act commit
    together or not at all.
    """
    held = locked(authority, tag=tag)
    line = Line(
        chain=held,
        number=held.length + 1,
        at=at,
        actor=str(actor),
        tag=str(tag),
        subject=str(subject),
        office=str(office),
        # As they will be read again: members of enumerations are their values, and tuples lists.
        facts=json.loads(json.dumps(dict(facts or {}))),
    )
    line.digest = chain.digest_of(line.content, before=bytes(held.head))
    line.save(force_insert=True)
    held.length, held.head = line.number, line.digest
    held.save(update_fields=["length", "head"])
    return line


def locked(authority: str, *, tag: str) -> Chain:
    """Return the authority's chain, locked until the transaction ends; raise `OutsideTransaction`.

    Who adds a line locks it anyway. An act that must see all that was done before it locks it before it looks.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("A line is added in the transaction of its act.", where=tag)
    Chain.objects.get_or_create(authority=authority, defaults={"length": 0, "head": chain.BEGINNING})
    return Chain.objects.select_for_update().get(authority=authority)


def place_hold(*, subject: str, reason: str, by: Actor, at: datetime) -> Hold:
    """Keep everything of a subject, such as ``certificate:BW0000123`` or ``trader:T-0007``, from being erased.

    Several holds on one subject stand beside each other, each for a reason of its own, and all must be lifted. Raises
    `SubjectMalformed` or `ReasonMissing`.
    """
    by.require(Act.HOLD_PLACE)
    if len(subject) > LONGEST_SUBJECT or not _SUBJECT.fullmatch(subject) or not subject.isprintable():
        raise SubjectMalformed(
            f"{subject[:LONGEST_SUBJECT]!r} names no subject.",
            where="subject",
            mend="Write what it is and its number, such as certificate:BW0000123 or trader:T-0007.",
        )
    why = _reason(reason)
    with transaction.atomic():
        hold = Hold.objects.create(subject=subject, since=at, placed_by=by.identifier)
        HoldReason.objects.create(hold=hold, placed=why)
        record(
            authority=settings.CONFIGURATION.participant,
            tag=Act.HOLD_PLACE,
            actor=by.identifier,
            subject=subject,
            at=at,
            facts={"hold": hold.pk},
        )
    return hold


def lift_hold(*, hold: int, reason: str, by: Actor, at: datetime) -> Hold:
    """End a hold; what it kept may be erased again, unless another one stands. Raises `HoldMissing`, `HoldLifted`."""
    by.require(Act.HOLD_LIFT)
    why = _reason(reason)
    with transaction.atomic():
        try:
            held = Hold.objects.select_for_update().get(pk=hold)
        except Hold.DoesNotExist:
            raise HoldMissing("There is no such hold.", where="hold", mend="Look for it by its subject.") from None
        if held.until is not None:
            raise HoldLifted(
                f"The hold was lifted on {held.until:%Y-%m-%d %H:%M} UTC.",
                where="hold",
                mend="Look whether another one stands.",
            )
        held.until, held.lifted_by = max(at, held.since), by.identifier
        held.save(update_fields=["until", "lifted_by"])
        HoldReason.objects.filter(hold=held).update(lifted=why)
        record(
            authority=settings.CONFIGURATION.participant,
            tag=Act.HOLD_LIFT,
            actor=by.identifier,
            subject=held.subject,
            at=at,
            facts={"hold": held.pk},
        )
    return held


def _reason(text: str) -> str:
    why = text.strip()
    if not why or len(why) > LONGEST_REASON:
        raise ReasonMissing(
            f"A reason has 1 to {LONGEST_REASON:,} characters.",
            where="reason",
            mend="Name the proceeding, or who asked for it.",
        )
    return why
