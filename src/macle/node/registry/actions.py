"""Writing to the registry: open an office, appoint an official, add a partner, and end each of them."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction

from macle import errors
from macle.node.audit import actions as audit
from macle.node.permissions import Act
from macle.node.registry import addresses, believing, keys, queries
from macle.node.registry.models import LANGUAGES, LONGEST_OFFICE, Interval, Office, Official, Partner, Pin
from macle.proof import trust
from macle.proof.keys import Usage, is_fingerprint_of
from macle.proof.trust import KeyNotPermitted
from macle.scheme import participants
from macle.scheme.certificates import ConsentLevel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from macle.node.permissions import Actor
    from macle.proof.trust import TrustedKey


class OfficeTaken(errors.Conflict):
    """An office of this name is open."""

    code = "office-taken"


class OfficeInUse(errors.Conflict):
    """Officials are appointed at the office."""

    code = "office-in-use"


class OfficialTaken(errors.Conflict):
    """The person, or the key, has an appointment already."""

    code = "official-taken"


class PartnerTaken(errors.Conflict):
    """The registry has an authority of this Participant already."""

    code = "partner-taken"


class OwnParticipant(errors.Conflict):
    """A Participant is no partner of its own."""

    code = "own-participant"


class FingerprintWrong(errors.Untrusted):
    """The words are not those of the record's root, or none were given where they are needed."""

    code = "fingerprint-wrong"


class RecordOfAnother(errors.Conflict):
    """The record is of another Participant than the partner."""

    code = "record-of-another"


class RecordMalformed(errors.Malformed):
    """What a partner sent is no participant record."""

    code = "record-malformed"


class EndedBefore(errors.Conflict):
    """It would end before it began, or has ended already."""

    code = "ended-before"


class LanguageUnknown(errors.Malformed):
    """Letters are not written in this language."""

    code = "language-unknown"


# --- Offices ----------------------------------------------------------------------------------------


def open_office(*, name: str, address: str, telephone: str = "", email: str = "", by: Actor, at: datetime) -> Office:
    """Open an office under the name that stands on its certificates; raise `OfficeTaken`."""
    by.require(Act.OFFICE_OPEN)
    name = addresses.line(name, where="name", most=LONGEST_OFFICE)
    given = _office(address=address, telephone=telephone, email=email)
    taken = OfficeTaken(f"The office {name!r} is open already.", where="name", mend="Give it a name of its own.")
    with _once(taken), transaction.atomic():
        if queries.offices().filter(name=name).exists():
            raise taken
        office = Office.objects.create(name=name, since=at, **given)
        _record(Act.OFFICE_OPEN, f"office:{name}", by=by, at=at, office=name, facts={"digest": _digest(given)})
    return office


def change_office(*, name: str, address: str, telephone: str = "", email: str = "", by: Actor, at: datetime) -> Office:
    """Give an open office another address; what it was before stays in its history."""
    by.require(Act.OFFICE_CHANGE)
    given = _office(address=address, telephone=telephone, email=email)
    with transaction.atomic():
        _end(_locked_office(name), at=at, reason="changed")
        office = Office.objects.create(name=name, since=at, **given)
        _record(Act.OFFICE_CHANGE, f"office:{name}", by=by, at=at, office=name, facts={"digest": _digest(given)})
    return office


def close_office(*, name: str, reason: str, by: Actor, at: datetime) -> Office:
    """Close an office at which nobody is appointed any more; raise `OfficeInUse`."""
    by.require(Act.OFFICE_CLOSE)
    reason = addresses.line(reason, where="reason", most=200)
    with transaction.atomic():
        office = _locked_office(name)
        if appointed := queries.officials().filter(office=name).count():
            raise OfficeInUse(
                f"{appointed} officials are appointed at {name}.", where="name", mend="End their appointments first."
            )
        _end(office, at=at, reason=reason)
        _record(Act.OFFICE_CLOSE, f"office:{name}", by=by, at=at, office=name)
    return office


def _office(*, address: str, telephone: str, email: str) -> dict[str, Any]:
    return {
        "address": addresses.lines(address, where="address", most=500),
        "telephone": addresses.telephone(telephone.strip(), where="telephone"),
        "email": addresses.email(email.strip(), where="email") if email.strip() else "",
    }


def _locked_office(name: str) -> Office:
    office: Office | None = Office.objects.select_for_update().filter(name=name, until__isnull=True).first()
    if office is None:
        raise queries.OfficeUnknown(f"No office {name!r} is open.", where="office", mend="See the list of offices.")
    return office


# --- Officials --------------------------------------------------------------------------------------


def appoint_official(
    *,
    identifier: str,
    holder: str,
    name: str,
    title: str,
    office: str,
    highest_level: ConsentLevel,
    by: Actor,
    at: datetime,
) -> Official:
    """Appoint a user as the official who holds this key, to validate certificates or to confirm imports.

    The participant record must let the holder do one of the two for the office. Raises `OfficialTaken`,
    `OfficeUnknown` or `KeyNotPermitted`.
    """
    by.require(Act.OFFICIAL_APPOINT)
    identifier = addresses.line(identifier, where="identifier", most=64)
    holder = addresses.line(holder, where="holder", most=64)
    given = {
        "name": addresses.line(name, where="name", most=120),
        "title": addresses.line(title, where="title", most=120),
    }
    key = _key_of(holder, office=office, at=at)
    taken = OfficialTaken(
        "The person or the key has an appointment already.", where="identifier", mend="End that appointment first."
    )
    with _once(taken), transaction.atomic():
        _locked_office(office)
        if queries.officials().filter(identifier=identifier).exists():
            raise taken
        if queries.officials().filter(holder=holder).exists():
            raise OfficialTaken(taken.what, where="holder", mend=taken.mend)
        official = Official.objects.create(
            identifier=identifier, holder=holder, office=office, highest_level=int(highest_level), since=at, **given
        )
        _record(
            Act.OFFICIAL_APPOINT,
            f"official:{identifier}",
            by=by,
            at=at,
            office=office,
            facts={
                "holder": holder,
                "key": key.public_key.key_id.hex(),
                "level": highest_level.name.lower(),
                "digest": _digest(given),
            },
        )
    return official


def _key_of(holder: str, *, office: str, at: datetime) -> TrustedKey:
    """Return the key with which the holder validates, or else confirms, for the office; raise `KeyNotPermitted`."""
    try:
        return keys.of(holder, usage=Usage.VALIDATE, office=office, at=at)
    except KeyNotPermitted as error:
        try:
            return keys.of(holder, usage=Usage.CONFIRM, office=office, at=at)
        except KeyNotPermitted:
            raise error from None


def end_official(*, identifier: str, reason: str, by: Actor, at: datetime) -> Official:
    """End an appointment; the key is ended in the participant record, with the root."""
    by.require(Act.OFFICIAL_END)
    reason = addresses.line(reason, where="reason", most=200)
    with transaction.atomic():
        official: Official | None = (
            Official.objects.select_for_update().filter(identifier=identifier, until__isnull=True).first()
        )
        if official is None:
            raise queries.OfficialUnknown(
                "Nobody is appointed under this identifier.", where="identifier", mend="See the list of officials."
            )
        _end(official, at=at, reason=reason)
        _record(
            Act.OFFICIAL_END,
            f"official:{identifier}",
            by=by,
            at=at,
            office=official.office,
            facts={"holder": official.holder},
        )
    return official


# --- Partners ---------------------------------------------------------------------------------------


def add_partner(
    *,
    participant: str,
    authority: str,
    pre_advice: tuple[str, ...],
    confirmations: tuple[str, ...] = (),
    alerts: tuple[str, ...] = (),
    language: str = "en",
    telephone: str = "",
    remark: str = "",
    by: Actor,
    at: datetime,
) -> Partner:
    """Add the authority of another Participant; raise `PartnerTaken`, `ParticipantUnknown` or `OwnParticipant`.

    An empty ``authority`` is the one that the table of Participants names.
    """
    by.require(Act.PARTNER_CHANGE)
    known = participants.load()[participant]
    if known.code == settings.CONFIGURATION.participant:
        raise OwnParticipant(
            f"This is the node of {known.code}.", where="participant", mend="Add the authorities of others."
        )
    given = _partner(
        authority=authority or known.authority,
        pre_advice=pre_advice,
        confirmations=confirmations,
        alerts=alerts,
        language=language,
        telephone=telephone,
        remark=remark,
    )
    taken = PartnerTaken(
        f"The registry has an authority of {known.code} already.", where="participant", mend="Change that one."
    )
    with _once(taken), transaction.atomic():
        if queries.partners().filter(participant=known.code).exists():
            raise taken
        partner = Partner.objects.create(participant=known.code, since=at, **given)
        _record_partner("added", partner, given, by=by, at=at)
    return partner


def change_partner(
    *,
    participant: str,
    authority: str,
    pre_advice: tuple[str, ...],
    confirmations: tuple[str, ...] = (),
    alerts: tuple[str, ...] = (),
    language: str = "en",
    telephone: str = "",
    remark: str = "",
    by: Actor,
    at: datetime,
) -> Partner:
    """Change where a partner is written to; letters that wait go to the new address."""
    by.require(Act.PARTNER_CHANGE)
    given = _partner(
        authority=authority,
        pre_advice=pre_advice,
        confirmations=confirmations,
        alerts=alerts,
        language=language,
        telephone=telephone,
        remark=remark,
    )
    with transaction.atomic():
        _end(_locked_partner(participant), at=at, reason="changed")
        partner = Partner.objects.create(participant=participant, since=at, **given)
        _record_partner("changed", partner, given, by=by, at=at)
    return partner


def end_partner(*, participant: str, reason: str, by: Actor, at: datetime) -> Partner:
    """End an entry: from now on no letter finds an address for this Participant, and those that wait go on waiting."""
    by.require(Act.PARTNER_CHANGE)
    reason = addresses.line(reason, where="reason", most=200)
    with transaction.atomic():
        partner = _locked_partner(participant)
        _end(partner, at=at, reason=reason)
        _record_partner("ended", partner, {}, by=by, at=at)
    return partner


def _partner(**given: Any) -> dict[str, Any]:  # noqa: ANN401 (the fields of a partner)
    if given["language"] not in LANGUAGES:
        raise LanguageUnknown(
            f"Letters are not written in {given['language'][:20]!r}.",
            where="language",
            mend=f"Choose one of {', '.join(LANGUAGES)}.",
        )
    return {
        "authority": addresses.line(given["authority"], where="authority", most=200),
        "pre_advice": addresses.emails(given["pre_advice"], where="pre_advice", least=1),
        "confirmations": addresses.emails(given["confirmations"], where="confirmations"),
        "alerts": addresses.emails(given["alerts"], where="alerts"),
        "language": given["language"],
        "telephone": addresses.telephone(given["telephone"].strip(), where="telephone"),
        "remark": addresses.lines(given["remark"], where="remark", most=500, may_be_empty=True),
    }


def _locked_partner(participant: str) -> Partner:
    partner: Partner | None = (
        Partner.objects.select_for_update().filter(participant=participant, until__isnull=True).first()
    )
    if partner is None:
        raise queries.PartnerUnknown(
            f"The registry has no authority of {participant}.", where="participant", mend="See the list of partners."
        )
    return partner


def _record_partner(what: str, partner: Partner, given: dict[str, Any], *, by: Actor, at: datetime) -> None:
    facts: dict[str, object] = {"what": what, "digest": _digest(given)} if given else {"what": what}
    _record(Act.PARTNER_CHANGE, f"partner:{partner.participant}", by=by, at=at, facts=facts)


# --- Records of partners ----------------------------------------------------------------------------


def pin_record(*, of: str, data: bytes, words: str = "", by: Actor, at: datetime) -> Pin:
    """Believe the participant record of a partner from now on.

    ``words`` is the fingerprint of its root as the other authority read it over the telephone. A newer record of a root
    that is believed already needs none. Raises `RecordOfAnother`, `FingerprintWrong`, `macle.proof.trust.RootChanged`,
    `RolledBack` or `HistoryRewritten`, and `RecordMalformed` for what is none.
    """
    by.require(Act.PARTNER_PIN)
    try:
        record = trust.read_record(data)
    except errors.Malformed as error:
        raise RecordMalformed(
            f"This is no participant record: {error.what}", where="record", mend="Ask the partner for its record.cose."
        ) from error
    if record.participant != of or of == settings.CONFIGURATION.participant:
        raise RecordOfAnother(
            f"This is the record of {record.participant}.", where="record", mend="Ask the partner for its own."
        )
    with transaction.atomic():
        open_pin: Pin | None = (
            Pin.objects.select_for_update().filter(participant=record.participant, until__isnull=True).first()
        )
        held = None if open_pin is None else believing.record_of(open_pin)
        trust.pin(record, held=held)
        if held is None and not is_fingerprint_of(words, record.root.spki):
            raise FingerprintWrong(
                f"These are not the 24 words of {record.participant}'s root.",
                where="words",
                mend="Telephone the authority and let it read them; words that came with the file prove nothing.",
            )
        if open_pin is not None:
            if held == record:
                return open_pin
            _end(open_pin, at=at, reason="a newer record")
        pin = Pin.objects.create(
            participant=record.participant, sequence=record.sequence, record=data, pinned_by=by.identifier, since=at
        )
        facts = {"sequence": record.sequence, "root": hashlib.sha256(record.root.spki).hexdigest()}
        _record(Act.PARTNER_PIN, f"partner:{record.participant}", by=by, at=at, facts=facts)
    return pin


def unpin_record(*, participant: str, reason: str, by: Actor, at: datetime) -> Pin:
    """Believe a partner's record no more; raise `macle.node.registry.queries.PartnerUnknown` where none is believed."""
    by.require(Act.PARTNER_PIN)
    reason = addresses.line(reason, where="reason", most=200)
    with transaction.atomic():
        pin: Pin | None = Pin.objects.select_for_update().filter(participant=participant, until__isnull=True).first()
        if pin is None:
            raise queries.PartnerUnknown(f"No record of {participant} is believed.", where="participant")
        _end(pin, at=at, reason=reason)
        _record(Act.PARTNER_PIN, f"partner:{participant}", by=by, at=at, facts={"ended": pin.sequence})
    return pin


# --- What all of them do ----------------------------------------------------------------------------


def _end(row: Interval, *, at: datetime, reason: str) -> None:
    if at < row.since:
        raise EndedBefore(
            f"It began on {row.since:%Y-%m-%d %H:%M} UTC and would end before that.", where="at", mend="Look again."
        )
    row.until, row.end_reason = at, reason
    row.save(update_fields=["until", "end_reason"])


def _digest(given: dict[str, Any]) -> str:
    """Return the digest of what was written down: the audit names nobody."""
    return hashlib.sha256(json.dumps(given, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@contextmanager
def _once(taken: errors.Conflict) -> Iterator[None]:
    """Say what is taken, where two write it at the same moment and the database lets one of them."""
    try:
        yield
    except IntegrityError as error:
        raise taken from error


def _record(
    tag: Act, subject: str, *, by: Actor, at: datetime, office: str = "", facts: dict[str, object] | None = None
) -> None:
    audit.record(
        authority=settings.CONFIGURATION.participant,
        tag=tag.value,
        actor=by.identifier,
        subject=subject,
        at=at,
        office=office,
        facts=facts,
    )
