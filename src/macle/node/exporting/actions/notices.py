"""Stolen blanks, or a stolen key: what is in the air is listed, re-confirmed in bulk, and partners are told.

A notice warns and refuses nothing by itself. It names author, evidence, scope and end, and ends by an act.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from macle import errors
from macle.node.audit import actions as audit
from macle.node.exporting import queries
from macle.node.exporting.actions import numbers, posting, steps
from macle.node.exporting.models import Certificate, Notice, NoticeKind, Number, Reconfirmation
from macle.node.permissions import Act
from macle.node.registry import keys as node_keys
from macle.node.registry import queries as registry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from macle.node.permissions import Actor


class NoticeMissing(errors.NotFound):
    """There is no such notice."""

    code = "notice-missing"


class NoticeEnded(errors.Conflict):
    """The notice is ended."""

    code = "notice-ended"


class ScopeMalformed(errors.Malformed):
    """What was stolen is not named so that anybody could look for it."""

    code = "scope-malformed"


def issue_for_sheets(
    *, block: int, first: int, last: int, since: datetime, text: str, by: Actor, at: datetime, evidence: str = ""
) -> Notice:
    """Give notice that pre-printed sheets were stolen; both ends belong to the range.

    Sheets that were not used are skipped for ever, also those that lie further down in the stack. The partners to whom
    certificates with these numbers are under way are told, and every partner learns the range.
    """
    words = steps.given(text, where="text")
    with transaction.atomic():
        held = numbers.locked(block, Act.NOTICE_ISSUE, by)
        _refuse_future(since, at=at)
        if not held.on_sheets or not held.first <= first <= last <= held.last:
            raise ScopeMalformed(
                f"{first} to {last} are no sheets of the block {held}.", where="first", mend="Give sheets of one block."
            )
        notice = Notice.objects.create(
            kind=NoticeKind.SHEETS,
            office=held.office,
            block=held,
            first=first,
            last=last,
            since=since,
            text=words,
            evidence=evidence,
            issued_at=at,
            issued_by=by.identifier,
        )
        numbers.skip(block=held, first=first, last=last, why="stolen", at=at, by_identifier=by.identifier)
        _tell_all(
            notice,
            f"Pre-printed sheets {held.national(first)} to {held.national(last)} were stolen.\n\n{words}\n\n"
            "A certificate on one of these sheets is good only if this authority confirms its identity.\n"
            + _in_the_air_in_words(notice),
            by=by,
            at=at,
        )
        _record(notice, Act.NOTICE_ISSUE, by=by, at=at, first=first, last=last)
    return notice


def issue_for_key(
    *, key_id: str, since: datetime, office: str, text: str, by: Actor, at: datetime, evidence: str = ""
) -> Notice:
    """Give notice that an official's key was stolen: what it signed since then is asked about one by one.

    The participant record says that the key is compromised: that is the administrator's act with the root.
    """
    words = steps.given(text, where="text")
    by.require(Act.NOTICE_ISSUE, office=office)
    key = key_id.strip().lower()
    if len(key) != _KEY_ID or not set(key) <= set("0123456789abcdef"):
        raise ScopeMalformed(
            f"{key_id!r} is no key id.",
            where="key_id",
            mend="Give 16 hexadecimal digits, as the official's page shows.",
        )
    if all(each.public_key.key_id.hex() != key for each in node_keys.record().keys):
        raise ScopeMalformed(
            f"This authority never had the key {key}.", where="key_id", mend="Copy it from the official's page."
        )
    _refuse_future(since, at=at)
    with transaction.atomic():
        notice = Notice.objects.create(
            kind=NoticeKind.KEY,
            office=office,
            key_id=key,
            since=since,
            text=words,
            evidence=evidence,
            issued_at=at,
            issued_by=by.identifier,
        )
        _tell_all(
            notice,
            f"The key {key} may have been in other hands since {since:%Y-%m-%d %H:%M} UTC.\n\n{words}\n\n"
            "A certificate that it signed since then is good only if this authority confirms its identity.\n"
            + _in_the_air_in_words(notice),
            by=by,
            at=at,
        )
        _record(notice, Act.NOTICE_ISSUE, by=by, at=at, key_id=key)
    return notice


_KEY_ID = 16


def _refuse_future(since: datetime, *, at: datetime) -> None:
    if since > at:
        raise ScopeMalformed("This is still to come.", where="since", mend="Say since when it may have been taken.")


def in_the_air(notice: Notice) -> QuerySet[Certificate]:
    """Return the certificates that the notice concerns and that are out of the house and not confirmed."""
    flying = Certificate.objects.filter(application__state__in=queries.IN_THE_AIR)
    if notice.kind == NoticeKind.KEY:
        return flying.filter(key_id=notice.key_id, validated_at__gte=notice.since)
    stolen = Number.objects.filter(block=notice.block, counter__gte=notice.first, counter__lte=notice.last)
    return flying.filter(number__in=stolen.values("number"))


def unanswered(notice: Notice) -> QuerySet[Certificate]:
    """Return those of them for which nobody answered yet."""
    return in_the_air(notice).exclude(reconfirmations__notice=notice)


def _in_the_air_in_words(notice: Notice) -> str:
    count = in_the_air(notice).count()
    return f"{count} certificates of this authority are concerned and under way; their list follows.\n"


def reconfirm(*, notice: int, ours: Sequence[str], not_ours: Sequence[str], by: Actor, at: datetime) -> int:
    """Answer for certificates in the air, many at once: these are ours, those are not; partners are told.

    Returns for how many it answered now. What was answered stays.
    """
    with transaction.atomic():
        held = _locked(notice, Act.CERTIFICATE_RECONFIRM, by)
        _refuse_ended(held)
        if both := set(ours) & set(not_ours):
            raise ScopeMalformed(
                f"{min(both)} cannot be both.", where="not_ours", mend="Say of each one whether it is yours."
            )
        answers = dict.fromkeys(ours, True) | dict.fromkeys(not_ours, False)
        concerned = {each.number: each for each in unanswered(held).filter(number__in=answers)}
        Reconfirmation.objects.bulk_create(
            Reconfirmation(notice=held, certificate=certificate, is_ours=answers[number], at=at, by=by.identifier)
            for number, certificate in sorted(concerned.items())
        )
        by_partner: dict[str, list[Certificate]] = {}
        for certificate in concerned.values():
            by_partner.setdefault(certificate.destination, []).append(certificate)
        for partner, certificates in sorted(by_partner.items()):
            posting.send_notice(held, to=partner, text=_answers(held, certificates, answers), by=by, at=at)
        _record(
            held,
            Act.CERTIFICATE_RECONFIRM,
            by=by,
            at=at,
            ours=sorted(each.identity for number, each in concerned.items() if answers[number]),
            not_ours=sorted(each.identity for number, each in concerned.items() if not answers[number]),
        )
    return len(concerned)


def _answers(notice: Notice, certificates: Sequence[Certificate], answers: dict[str, bool]) -> str:
    lines = [
        f"Notice of {notice.issued_at:%Y-%m-%d}, {notice.kind}. Of certificates to you this authority says:",
        "",
    ]
    for certificate in sorted(certificates, key=lambda each: each.number):
        word = "is ours" if answers[certificate.number] else "is NOT ours: do not accept it"
        lines.append(f"{certificate.number} with the identity {certificate.identity} {word}.")
    return "\n".join(lines) + "\n"


def end(*, notice: int, outcome: str, by: Actor, at: datetime) -> Notice:
    """End a notice with what came of it; partners are told."""
    words = steps.given(outcome, where="outcome")
    with transaction.atomic():
        held = _locked(notice, Act.NOTICE_END, by)
        _refuse_ended(held)
        held.ended_at, held.ended_by, held.outcome = at, by.identifier, words
        held.save()
        _tell_all(held, f"The notice of {held.issued_at:%Y-%m-%d} ({held.kind}) is ended.\n\n{words}\n", by=by, at=at)
        _record(held, Act.NOTICE_END, by=by, at=at)
    return held


def _locked(notice: int, act: Act, by: Actor) -> Notice:
    steps.require_may(act, by)
    held: Notice | None = Notice.objects.select_for_update().filter(pk=notice).first()
    if held is None or not by.reach(act).covers(office=held.office):
        raise NoticeMissing("There is no such notice.", where="notice", mend="See the list of notices.")
    return held


def _refuse_ended(notice: Notice) -> None:
    if notice.ended_at is not None:
        raise NoticeEnded("The notice is ended.", where="notice", mend="Issue another one.")


def _tell_all(notice: Notice, text: str, *, by: Actor, at: datetime) -> None:
    for partner in registry.partners(at=at):
        posting.send_notice(notice, to=partner.participant, text=text, by=by, at=at)


def _record(notice: Notice, tag: Act, *, by: Actor, at: datetime, **facts: object) -> None:
    audit.record(
        authority=settings.CONFIGURATION.participant,
        tag=tag,
        actor=by.identifier,
        subject=notice.subject,
        at=at,
        office=notice.office,
        facts=facts,
    )
