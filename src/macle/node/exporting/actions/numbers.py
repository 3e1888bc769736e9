"""Number blocks and the stock of pre-printed sheets: every number is accounted for, and none is given out twice."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from macle import errors
from macle.node.audit import actions as audit
from macle.node.exporting import queries
from macle.node.exporting.actions import steps
from macle.node.exporting.models import Block, Delivery, Gap, LegacyCertificate, Number, Use
from macle.node.permissions import Act
from macle.node.registry import queries as registry
from macle.scheme.terms import CertificateNumber, TermInvalid

if TYPE_CHECKING:
    from datetime import datetime

    from macle.node.exporting.models import Application
    from macle.node.permissions import Actor

MOST_IN_A_BLOCK = 10**7
LONGEST_LEAD = 8
STATUS_LIST = 2**17
"""Places of a year's status list: at least twice what one authority uses, so that a place tells no count."""


class BlockRefused(errors.Refused):
    """The range cannot be a block."""

    code = "block-refused"


class NoNumbers(errors.Conflict):
    """The office has no number left."""

    code = "no-numbers"


class SheetRefused(errors.Refused):
    """The sheet is not one that may be used now."""

    code = "sheet-not-usable"


def allot(
    *, office: str, first: int, last: int, width: int, lead: str = "", on_sheets: bool, by: Actor, at: datetime
) -> Block:
    """Allot a range of numbers to an office; both ends belong to it.

    Raises `BlockRefused` where the range is none, overlaps another one of this authority, or makes numbers that the
    legal profile does not write.
    """
    by.require(Act.BLOCK_ALLOT)
    if len(lead) > LONGEST_LEAD:
        raise BlockRefused(
            f"A lead has at most {LONGEST_LEAD} characters.", where="lead", mend="Write more of it as digits."
        )
    if not 0 <= first <= last or last - first >= MOST_IN_A_BLOCK or len(str(last)) > width:
        raise BlockRefused(
            f"{first} to {last} in {width} digits is no range of numbers.",
            where="first",
            mend=f"Give the first and the last number, at most {MOST_IN_A_BLOCK:,} of them.",
        )
    block = Block(
        office=registry.office(office, at=at).name,
        lead=lead,
        width=width,
        first=first,
        last=last,
        next=first,
        on_sheets=on_sheets,
        allotted_at=at,
        allotted_by=by.identifier,
    )
    law = queries.profile(block.office, at=at)
    try:
        CertificateNumber.parse(f"{law.participant}{block.national(last)}", where="lead")
    except TermInvalid as error:
        raise BlockRefused(error.what, where="lead", mend=error.mend) from error
    if not law.number_fits(block.national(first)):
        raise BlockRefused(
            f"{law.participant} does not write its numbers as {block.national(first)}.",
            where="width",
            mend=f"Write them after the pattern {law.number_pattern}.",
        )
    with transaction.atomic():
        block.save(force_insert=True)
        _record(block, Act.BLOCK_ALLOT, by=by, at=at, first=first, last=last, on_sheets=on_sheets)
        # The chain of the audit is locked by now: of two that are allotted at once, the later sees the earlier here.
        own = span(block)
        for other in Block.objects.exclude(pk=block.pk):
            if own.overlaps(span(other)):
                raise BlockRefused(
                    f"It overlaps the block {other} of {other.office}.", where="first", mend="Begin after that block."
                )
        if (used := _issued_before(own, law.participant)) is not None:
            raise BlockRefused(
                f"The number {used.number} was issued on paper before this node.",
                where="first",
                mend="Begin after the last number that the old records have.",
            )
    return block


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers that follow one another: the letters before, how many digits follow them, and both ends."""

    stem: str
    digits: int
    first: int
    last: int

    def overlaps(self, other: Span) -> bool:
        """Return whether any number is in both."""
        alike = (self.stem, self.digits) == (other.stem, other.digits)
        return alike and other.first <= self.last and self.first <= other.last


def span(block: Block) -> Span:
    """Return the numbers of a block: digits of the lead count as digits."""
    stem = block.lead.rstrip("0123456789")
    first, last = (int(block.national(each)[len(stem) :]) for each in (block.first, block.last))
    return Span(stem, len(block.lead) - len(stem) + block.width, first, last)


def span_of(national: str) -> Span | None:
    """Return the national part of one number as a span; None if it does not end in digits, and so is in no block."""
    stem = national.rstrip("0123456789")
    digits = national[len(stem) :]
    return Span(stem, len(digits), int(digits), int(digits)) if digits else None


def _issued_before(own: Span, participant: str) -> LegacyCertificate | None:
    """Return a number within the span that is taken by a certificate on paper, if one is."""
    begin, end = (f"{participant}{own.stem}{each:0{own.digits}d}" for each in (own.first, own.last))
    shape = rf"^{re.escape(participant + own.stem)}[0-9]{{{own.digits}}}$"
    return LegacyCertificate.objects.filter(number__gte=begin, number__lte=end, number__regex=shape).first()


def receive(*, block: int, first: int, last: int, by: Actor, at: datetime, evidence: str = "") -> Delivery:
    """Record that pre-printed sheets came; both ends belong to the delivery."""
    with transaction.atomic():
        held = locked(block, Act.SHEETS_RECEIVE, by)
        if not held.on_sheets or not held.first <= first <= last <= held.last:
            raise SheetRefused(
                f"{first} to {last} are no sheets of the block {held}.",
                where="first",
                mend="Read the first sheet again.",
            )
        if held.deliveries.filter(first__lte=last, last__gte=first).exists():
            raise SheetRefused(
                "Some of these sheets were received before.", where="first", mend="See the deliveries of the block."
            )
        delivery = Delivery.objects.create(
            block=held, first=first, last=last, at=at, by=by.identifier, evidence=evidence
        )
        _record(held, Act.SHEETS_RECEIVE, by=by, at=at, first=first, last=last)
    return delivery


def spoil(*, block: int, counter: int, why: str, by: Actor, at: datetime) -> Number:
    """Record that the next sheet of a block was spoiled before anything was reserved on it."""
    words = steps.given(why, where="why")
    if len(words) > LONGEST_WHY:
        raise steps.WordsUnfit(f"This has at most {LONGEST_WHY} characters.", where="why", mend="Say it in short.")
    with transaction.atomic():
        held = locked(block, Act.SHEET_SPOIL, by)
        if not held.on_sheets or counter != held.next or held.next > held.last:
            raise SheetRefused(
                f"The next sheet is {held.national(held.next)}.",
                where="counter",
                mend="Take the sheets in their order; a sheet that is missing is reported as such.",
            )
        number = _taken(held, application=None, use=Use.SPOILED, at=at, why=words)
        digest = hashlib.sha256(words.encode()).hexdigest()
        _record(held, Act.SHEET_SPOIL, by=by, at=at, number=number.number, why=digest)
    return number


LONGEST_WHY = 64


def skip(*, block: Block, first: int, last: int, why: str, at: datetime, by_identifier: str) -> list[Gap]:
    """Skip numbers of a locked block that were not taken; inside the transaction of the act that orders it.

    They may lie ahead: what comes before them is still used. Numbers that were taken or skipped stay as they are.
    """
    gaps = []
    begin = max(first, block.next)
    for other in [*block.gaps.filter(last__gte=begin, first__lte=last).order_by("first"), None]:
        end = last if other is None else other.first - 1
        if begin <= end:
            gaps.append(Gap.objects.create(block=block, first=begin, last=end, why=why, at=at, by=by_identifier))
        if other is not None:
            begin = max(begin, other.last + 1)
    _move(block, block.next)
    return gaps


def _move(block: Block, counter: int) -> None:
    """Let this number be the next one of a locked block, or the first one behind the gap in which it lies."""
    while (gap := block.gaps.filter(first__lte=counter, last__gte=counter).first()) is not None:
        counter = gap.last + 1
    block.next = counter
    block.save(update_fields=["next"])


def skip_rest(*, at: datetime, by_identifier: str) -> int:
    """Skip the rest of every block: after a restore nobody knows which numbers were used since the backup.

    Returns how many blocks were ended.
    """
    ended = 0
    with transaction.atomic():
        for block in Block.objects.select_for_update().filter(ended_at=None):
            skipped_from = block.next
            gaps = skip(
                block=block,
                first=block.first,
                last=block.last,
                why="restored from a backup",
                at=at,
                by_identifier=by_identifier,
            )
            block.ended_at = at
            block.save(update_fields=["ended_at"])
            ended += 1
            audit.record(
                authority=settings.CONFIGURATION.participant,
                tag=Act.BLOCK_ALLOT,
                actor=by_identifier,
                subject=block.subject,
                at=at,
                office=block.office,
                facts={"skipped_from": skipped_from, "skipped_to": block.last} if gaps else {"skipped": 0},
            )
    return ended


def reserve(application: Application, *, at: datetime, sheet: str = "") -> Number:
    """Take the next number of the application's office, inside the transaction of its act.

    On pre-printed forms ``sheet`` is the number read from the sheet that lies on top, and must be the next one. Raises
    `NoNumbers` or `SheetRefused`.
    """
    blocks = Block.objects.select_for_update().filter(office=application.office, ended_at=None)
    block = next((each for each in blocks.order_by("allotted_at", "id") if each.next <= each.last), None)
    if block is None:
        raise NoNumbers(
            f"{application.office} has no number left.",
            where="number",
            mend="The administrator allots another block to the office.",
        )
    if block.on_sheets:
        _require_sheet(block, sheet, queries.profile(application.office, at=at).participant)
    return _taken(block, application=application, use=Use.RESERVED, at=at)


def _require_sheet(block: Block, sheet: str, participant: str) -> None:
    """Raise `SheetRefused` unless the next sheet is there and is the one that was read."""
    upcoming = f"{participant}{block.national(block.next)}"
    if not block.deliveries.filter(first__lte=block.next, last__gte=block.next).exists():
        raise SheetRefused(
            f"The sheet {upcoming} was never received.", where="sheet", mend="Record the delivery of sheets first."
        )
    read = "".join(sheet.split()).upper()
    if read not in {upcoming, upcoming[2:]}:
        raise SheetRefused(
            f"The next sheet is {upcoming}, and {sheet or 'nothing'} was read.",
            where="sheet",
            mend="Scan the number of the sheet on top. If that sheet is spoiled or missing, record it first.",
        )


def locked(block: int, act: Act, by: Actor) -> Block:
    """Return the block for this act, locked until the transaction ends.

    Raises `ActForbidden` or `queries.BlockMissing`.
    """
    steps.require_may(act, by)
    held = Block.objects.select_for_update().filter(pk=block).first()
    if held is None or not by.reach(act).covers(office=held.office):
        raise queries.no_block()
    return held


def _taken(block: Block, *, application: Application | None, use: Use, at: datetime, why: str = "") -> Number:
    """Take the next number of a locked block."""
    counter = block.next
    _move(block, counter + 1)
    law = queries.profile(block.office, at=at)
    year = law.day_of(at, office=block.office).year
    return Number.objects.create(
        block=block,
        counter=counter,
        number=f"{law.participant}{block.national(counter)}",
        application=application,
        use=use,
        taken_at=at,
        ended_at=at if use is Use.SPOILED else None,
        why=why,
        year=year,
        status_index=None if use is Use.SPOILED else _free_place(year),
    )


def _free_place(year: int) -> int:
    """Return a place of the year's status list that nobody can guess and nobody has."""
    while True:
        place = secrets.randbelow(STATUS_LIST)
        if not Number.objects.filter(year=year, status_index=place).exists():
            return place


def end(number: str, *, use: Use, why: str = "", at: datetime) -> None:
    """Write down what became of a reserved number, inside the transaction of the act."""
    Number.objects.filter(number=number).update(use=use, why=why[:64], ended_at=at)


def _record(block: Block, tag: Act, *, by: Actor, at: datetime, **facts: object) -> None:
    audit.record(
        authority=settings.CONFIGURATION.participant,
        tag=tag,
        actor=by.identifier,
        subject=block.subject,
        at=at,
        office=block.office,
        facts=facts,
    )
