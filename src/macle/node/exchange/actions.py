"""Writing letters, and writing down what became of them.

The rules of this module:

- `post` is no act: it is called in the transaction of one, so that a letter leaves if and only if the act was done.
- Locks are taken in the order outbox, letter, slip, audit.
- A worker takes a letter by a lease that ends by itself: it carries outside any transaction, and then reports.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from macle import errors
from macle.node.audit import actions as audit
from macle.node.audit.actions import OutsideTransaction
from macle.node.exchange import queries
from macle.node.exchange.models import Aside, Attempt, Content, Due, Kind, Letter, Outbox, Outcome
from macle.node.exchange.models import Part as PartRow
from macle.node.permissions import Act
from macle.node.registry import addresses
from macle.scheme import terms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from macle.node.permissions import Actor

LEASE = timedelta(minutes=10)
"""How long a worker has a letter; longer than any carrier tries."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
"""Between tries: twice as long each time, up to the longest."""

MOST_PARTS, LARGEST_LETTER = 20, 15 * 1024 * 1024
"""Parts of a letter, and their bytes together: what mail servers take, with the room that e-mail wastes."""

LONGEST_TEXT = 20_000

_PART_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_TOKEN = r"[A-Za-z0-9!#$&^_.+-]+"  # noqa: S105 (a pattern)
_MEDIA_TYPE = re.compile(rf'(application|image|text)/{_TOKEN}(; {_TOKEN}=({_TOKEN}|"[A-Za-z0-9!#$&^_.+/-]+"))*')


class PartMalformed(errors.Malformed):
    """What is to be attached has no name, media type or size that e-mail carries."""

    code = "part-malformed"


class LetterUnderway(errors.Conflict):
    """A worker is carrying the letter at this moment."""

    code = "letter-underway"


class LetterErased(errors.Conflict):
    """What the letter said was erased after the time for which it is kept."""

    code = "letter-erased"


class LetterDelivered(errors.Conflict):
    """The letter was sent and does not wait, so there is nothing to give up."""

    code = "letter-delivered"


@dataclass(frozen=True, slots=True)
class ToPartner:
    """The authority of another Participant; its address is looked up when the letter leaves."""

    participant: str


@dataclass(frozen=True, slots=True)
class ToTrader:
    """A trader, by its reference, at this e-mail address."""

    reference: str
    email: str


@dataclass(frozen=True, slots=True)
class Part:
    """Something attached: the name of the file, its media type with parameters, its bytes."""

    name: str
    media_type: str
    content: bytes


def post(
    *,
    to: ToPartner | ToTrader,
    kind: Kind,
    about: str,
    subject: str,
    text: str,
    parts: Sequence[Part] = (),
    office: str = "",
    language: str = "en",
    at: datetime,
    by_identifier: str,
) -> Letter:
    """Write a letter in the transaction of the act that it tells of; it leaves when that has committed.

    ``about`` is the subject as the audit names it, such as ``certificate:BW0000123``; ``office`` is the one that
    writes. Raises `OutsideTransaction`, or a `Malformed` error. A partner without an address is no reason to refuse:
    the letter waits, and the outbox says why.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("A letter is written in the transaction of its act.", where=about)
    subject = addresses.line(subject, where="subject", most=200)
    text = addresses.lines(text, where="text", most=LONGEST_TEXT)
    _refuse_parts(parts)
    authority = settings.CONFIGURATION.participant
    partner = terms.participant_code(to.participant, where="to") if isinstance(to, ToPartner) else ""
    trader = to.reference if isinstance(to, ToTrader) else ""
    address = addresses.email(to.email, where="to") if isinstance(to, ToTrader) else ""
    identity = uuid4()
    letter = Letter(
        id=identity,
        authority=authority,
        office=office,
        partner=partner,
        trader=trader,
        sequence=_next(authority, partner) if partner else None,
        kind=kind.value,
        about=about,
        language=language,
        created_at=at,
        created_by=by_identifier,
        message_id=f"<{identity}@{_domain()}>",
        digest=_digest(partner or trader, kind, about, subject, text, parts),
    )
    letter.save(force_insert=True)
    Content.objects.create(letter=letter, address=address, subject=subject, text=text)
    for position, part in enumerate(parts):
        PartRow.objects.create(
            letter=letter, position=position, name=part.name, media_type=part.media_type, content=part.content
        )
    Due.objects.create(letter=letter, at=at)
    return letter


def resend(*, letter: UUID, by: Actor, at: datetime) -> Letter:
    """Send the same bytes again, now: to the address that the registry has today, if it is a partner's.

    Raises `LetterUnderway` or `LetterErased`.
    """
    with transaction.atomic():
        found, due = _locked(letter, Act.LETTER_RESEND, by=by, at=at)
        if not Content.objects.filter(letter=found).exists():
            raise LetterErased("What the letter said was erased.", where=found.about, mend="Write a new one.")
        if due is None:
            Due.objects.create(letter=found, at=at)
        else:
            due.at, due.tries = at, 0
            due.save(update_fields=["at", "tries"])
        _add(found, at=at, outcome=Outcome.REQUESTED, by=by.identifier, next_at=at)
        _record(Act.LETTER_RESEND, found, by=by, at=at)
    return found


def set_aside(*, letter: UUID, why: Aside, by: Actor, at: datetime) -> Letter:
    """Give up a letter that waits; it can be sent again later. Raises `LetterUnderway` or `LetterDelivered`."""
    with transaction.atomic():
        found, due = _locked(letter, Act.LETTER_SET_ASIDE, by=by, at=at)
        if due is None:
            raise LetterDelivered(f"The letter is {found.state} and does not wait.", where=found.about)
        due.delete()
        _add(found, at=at, outcome=Outcome.SET_ASIDE, code=why, by=by.identifier)
        _record(Act.LETTER_SET_ASIDE, found, by=by, at=at, why=why)
    return found


# --- What the worker writes -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter that a worker has for the time of a lease; ``tries`` counts this one."""

    letter: Letter
    taken_by: UUID
    tries: int


def take(*, at: datetime, due_until: datetime | None = None) -> Taken | None:
    """Take the letter that is due for the longest time, or none; no other worker gets it before the lease ends.

    ``due_until`` leaves out what fell due after it, so that a round has an end.
    """
    with transaction.atomic():
        due = (
            Due.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(at__lte=due_until or at)
            .order_by("at", "letter_id")
            .first()
        )
        if due is None:
            return None
        due.at, due.tries, due.taken_by = at + LEASE, due.tries + 1, uuid4()
        due.save(update_fields=["at", "tries", "taken_by"])
        return Taken(Letter.objects.get(pk=due.letter_id), due.taken_by, due.tries)


def report(taken: Taken, *, outcome: Outcome, carrier: str, code: str = "", at: datetime) -> Attempt:
    """Write down what the attempt came to, and when the next one is.

    What was sent is written down as sent, also if the lease had run out; a failure does not take the letter away from
    another worker that has it by then.
    """
    with transaction.atomic():
        letter = Letter.objects.select_for_update().get(pk=taken.letter.pk)
        due = Due.objects.select_for_update().filter(pk=letter.pk).first()
        own = due is not None and due.taken_by == taken.taken_by
        next_at = None
        if due is not None and outcome is Outcome.SENT:
            due.delete()
        elif due is not None and own:
            bounced = outcome is Outcome.BOUNCED
            next_at = at + (LONGEST_PAUSE if bounced else pause_after(taken.tries, share=random.random()))  # noqa: S311
            due.at, due.taken_by = next_at, None
            due.save(update_fields=["at", "taken_by"])
        return _add(letter, at=at, outcome=outcome, carrier=carrier, code=code, next_at=next_at)


def pause_after(tries: int, *, share: float) -> timedelta:
    """Return how long to wait after so many tries: doubled each time, and a part of it left to chance.

    ``share``, from 0 to 1, says how much of the last quarter is waited: letters that failed together do not come back
    together.
    """
    whole = min(FIRST_PAUSE * 2 ** min(tries - 1, 20), LONGEST_PAUSE)
    return timedelta(seconds=round(whole.total_seconds() * (0.75 + 0.25 * share)))


# --- What all of them do ----------------------------------------------------------------------------


def _next(authority: str, partner: str) -> int:
    """Return the number of the next letter to the partner, whose outbox stays locked until the act commits."""
    Outbox.objects.get_or_create(authority=authority, partner=partner)
    outbox = Outbox.objects.select_for_update().get(authority=authority, partner=partner)
    outbox.length += 1
    outbox.save(update_fields=["length"])
    return outbox.length


def _locked(letter: UUID, act: Act, *, by: Actor, at: datetime) -> tuple[Letter, Due | None]:
    """Return the letter and its slip, both locked, once the actor may do this to it and no worker has it."""
    if not by.may(act):
        by.require(act)
    found = Letter.objects.select_for_update().filter(pk=letter).first()
    if found is None or not by.reach(act).covers(office=found.office):
        raise queries.unknown(letter)
    due = Due.objects.select_for_update().filter(pk=found.pk).first()
    if due is not None and due.taken_by is not None and due.at > at:
        raise LetterUnderway("The letter is being sent.", where=found.about, mend="Look again in a few minutes.")
    return found, due


def _add(
    letter: Letter,
    *,
    at: datetime,
    outcome: Outcome,
    carrier: str = "",
    code: str = "",
    by: str = "",
    next_at: datetime | None = None,
) -> Attempt:
    attempt = Attempt(
        letter=letter,
        number=Attempt.objects.filter(letter=letter).count() + 1,
        at=at,
        outcome=outcome.value,
        carrier=carrier,
        code=str(code)[:64],
        by=by,
        next_at=next_at,
    )
    attempt.save(force_insert=True)
    return attempt


def _record(act: Act, letter: Letter, *, by: Actor, at: datetime, why: str = "") -> None:
    audit.record(
        authority=letter.authority,
        tag=act.value,
        actor=by.identifier,
        subject=f"letter:{letter.pk}",
        at=at,
        office=letter.office,
        facts={"about": letter.about, "digest": bytes(letter.digest).hex()} | ({"why": str(why)} if why else {}),
    )


def _refuse_parts(parts: Sequence[Part]) -> None:
    if len(parts) > MOST_PARTS or sum(len(part.content) for part in parts) > LARGEST_LETTER:
        raise PartMalformed(
            "There is more attached than e-mail carries.",
            where="parts",
            mend=f"Attach at most {MOST_PARTS} files, of {LARGEST_LETTER // 1024 // 1024} MiB together.",
        )
    names = [part.name for part in parts]
    for part in parts:
        if not _PART_NAME.fullmatch(part.name) or names.count(part.name) > 1:
            raise PartMalformed(
                f"{part.name[:60]!r} is no name for an attachment.",
                where="parts",
                mend="Use letters, digits, '.', '_' and '-', each name once.",
            )
        if not _MEDIA_TYPE.fullmatch(part.media_type):
            raise PartMalformed(
                f"{part.media_type[:60]!r} is no media type.", where="parts", mend="Write it like application/pdf."
            )


def _digest(to: str, kind: str, about: str, subject: str, text: str, parts: Sequence[Part]) -> bytes:
    """Return the digest of all that a letter says: what stays when its content is erased."""
    attached = [[part.name, part.media_type, hashlib.sha256(part.content).hexdigest()] for part in parts]
    said = json.dumps([to, str(kind), about, subject, text, attached], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).digest()


def _domain() -> str:
    """Return the domain under which letters are named: that of the node's own address."""
    return str(settings.CONFIGURATION.mail_from).rpartition("@")[2] or "node.invalid"
