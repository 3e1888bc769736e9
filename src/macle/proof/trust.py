"""Whom to believe, and when.

The rules of this module:

- A participant record says who may do what for a Participant, from when until when. It is signed by the
  Participant's own root, and believed because its root was pinned by hand after its fingerprint was read
  over a second channel, or because a signed trust list carries it.
- A key's time is a half-open interval. It is ended, never deleted, and ended with a reason. *Retired*:
  signatures whose claimed time lies inside stay good. *Compromised since T*: a signature stays good only
  if other evidence places it before T.
- Of two records of one root the one with the higher sequence counts. A record of another root never
  replaces the one that is held: the new key stays undecided, and `Trust.alarms` says so.
- Everything is checked when trust is loaded. After that, trust is plain data and a time, so that the same
  question gives the same answer on any day.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from macle import errors
from macle.proof import codec, cose
from macle.proof.codec import Fields
from macle.proof.cose import Algorithm
from macle.proof.keys import PublicKey, Usage
from macle.scheme import certificates, terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from macle.proof.cose import Signed, Signer
    from macle.scheme.participants import Participants
    from macle.scheme.terms import ParticipantCode

LIST_LIFE = timedelta(days=35)
LIST_WARNING = timedelta(days=14)
"""A trust list lives 35 days; less than 14 of them left is worth a warning."""

RECORD_LIFE = timedelta(days=730)
"""A pinned record reaches two years unless its Participant states another end."""

STANDING_LIFE = timedelta(days=365)
"""Standing without a trust list reaches a year: from one Plenary to the next."""

MOST_KEYS = 1000
MOST_RECORDS = 200
MOST_SIGNATURES = 50
LARGEST_LIST = 8 * 1024 * 1024
"""Bytes of the largest trust list that is read: sixty Participants take some 300 kB."""


class RecordUntrusted(errors.Untrusted):
    """A participant record, trust list or approval is not signed as it must be."""

    code = "record-untrusted"


class RootChanged(errors.Untrusted):
    """A record comes with another root than the one that is held; nothing was replaced."""

    code = "root-changed"


class HistoryRewritten(errors.Untrusted):
    """A newer record takes back what an older one of the same root says."""

    code = "history-rewritten"


class RolledBack(errors.Conflict):
    """What was given is older than what is held."""

    code = "rolled-back"


class Ended(IntEnum):
    """Why a key's time ended."""

    RETIRED = 0
    COMPROMISED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """One key of one Participant: what it may do, for whom, and in which half-open interval of time.

    ``holder`` is the stable identifier of the official, or of the office for a stamp; never a name.
    An empty ``office`` means every office. ``until`` of a compromised key is the time since which it is.
    """

    participant: ParticipantCode
    public_key: PublicKey
    usage: Usage
    holder: str
    office: str
    since: datetime
    until: datetime | None = None
    ended: Ended | None = None

    def __post_init__(self) -> None:
        """Refuse an interval that is empty or has an end without a reason."""
        if (self.until is None) is not (self.ended is None):
            raise codec.FieldMalformed("A key ends with a time and a reason, or not at all.", where="keys")
        if self.until is not None and self.until < self.since:
            raise codec.FieldMalformed("A key ends before it begins.", where="keys")

    @property
    def algorithm(self) -> Algorithm:
        """Return the one algorithm that this key is used with."""
        return self.public_key.algorithm

    def end(self, *, at: datetime, why: Ended) -> TrustedKey:
        """Return the key with its time ended; a retired key may still turn out compromised.

        An end is never moved to a later time: what was once outside the interval stays outside.
        """
        return replace(self, until=max(at if self.until is None else min(at, self.until), self.since), ended=why)

    def spans(self, at: datetime) -> bool:
        """Tell whether the instant lies in the key's interval, whose end is no longer in it."""
        return self.since <= at and (self.until is None or at < self.until)

    def why_not(self, *, participant: ParticipantCode, usage: Usage, office: str) -> str:
        """Return why this key may not do this for that office of the Participant, or nothing if it may."""
        if self.participant != participant:
            return f"The key is of {self.participant}, not of {participant}."
        if self.usage is not usage:
            return f"The key is for another usage: {self.usage.name.lower()}."
        if self.office and self.office != office:
            return f"The key is of the office {self.office}, not of {office}."
        return ""


_SHOW = "See `macle keys show`."


class KeyNotPermitted(errors.NotPermitted):
    """The participant record does not let this key do this, or not at this instant."""

    code = "key-not-permitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantRecord:
    """Who may do what for a Participant: its own statement, signed by its root."""

    participant: ParticipantCode
    sequence: int
    issued_at: datetime
    reaches_until: datetime
    root: PublicKey
    keys: tuple[TrustedKey, ...]
    extensions: Mapping[int, object] = field(default_factory=dict)

    def require(self, *, key_id: bytes, holder: str, usage: Usage, office: str, at: datetime) -> TrustedKey:
        """Return the key if its holder may use it for this office at the instant; raise `KeyNotPermitted`.

        What is known to be compromised signs nothing more, whatever the instant.
        """
        own = next((key for key in self.keys if key.public_key.key_id == key_id), None)
        if own is None:
            raise KeyNotPermitted("The record does not name this key.", where="holder", mend=_SHOW)
        if own.holder != holder:
            raise KeyNotPermitted(
                f"The record names {own.holder} as the holder of this key.", where="holder", mend=_SHOW
            )
        wrong = own.why_not(participant=self.participant, usage=usage, office=office)
        if wrong:
            raise KeyNotPermitted(wrong, where="holder", mend="Let somebody do it who may.")
        if own.ended is Ended.COMPROMISED:
            raise KeyNotPermitted(f"{holder}'s key is known to be compromised.", where="holder", mend=_SHOW)
        if not own.spans(at):
            raise KeyNotPermitted(
                f"{holder}'s key is not in force at {at:%Y-%m-%d %H:%M} UTC.", where="holder", mend=_SHOW
            )
        return own

    def to_bytes(self, *, root: Signer) -> bytes:
        """Return the record signed by the root, which must be the one it names."""
        if root.key_id != self.root.key_id:
            raise RecordUntrusted("A record is signed by the root that it names.", where="root")
        signed = cose.sign(signer=root, typ=cose.RECORD, payload=_encode_record(self)).to_bytes()
        if len(signed) > codec.LARGEST:
            raise codec.FieldMalformed(f"The record has {len(signed)} bytes; {codec.LARGEST} are read.", where="keys")
        return signed


_RECORD_CLAIMS = {
    codec.ISSUER: "participant",
    codec.SUBJECT: "subject",
    codec.EXPIRES: "reaches_until",
    codec.ISSUED_AT: "issued_at",
    codec.PRIVATE: "record",
}
_RECORD_FIELDS = {0: "sequence", 1: "root", 2: "keys"}
_KEY_ITEMS = 8


def _encode_record(record: ParticipantRecord) -> bytes:
    if any(key in _RECORD_FIELDS for key in record.extensions):
        raise codec.FieldMalformed("An extension has the key of a known field.", where="extensions")
    fields: dict[int, object] = {
        **record.extensions,
        0: record.sequence,
        1: record.root.spki,
        2: [
            [
                key.public_key.spki,
                int(key.usage),
                key.holder,
                key.office,
                codec.seconds(key.since),
                None if key.until is None else codec.seconds(key.until),
                None if key.ended is None else int(key.ended),
                int(key.algorithm),
            ]
            for key in record.keys
        ],
    }
    return codec.encode(
        {
            codec.ISSUER: record.participant,
            codec.SUBJECT: "record",
            codec.EXPIRES: codec.seconds(record.reaches_until),
            codec.ISSUED_AT: codec.seconds(record.issued_at),
            codec.PRIVATE: fields,
        }
    )


def read_record(data: bytes) -> ParticipantRecord:
    """Return the record that the bytes are, once its own root is found to have signed it.

    That proves that the record is whole, not whose it is: compare the root's fingerprint, or have it from
    a trust list. Raises `RecordUntrusted` or a `Malformed` error.
    """
    signed = cose.read(data)
    cose.expect(signed, cose.RECORD)
    claims = Fields(codec.decode(signed.payload, what="payload"), _RECORD_CLAIMS)
    participant = terms.participant_code(claims.take(codec.ISSUER, str), where="participant")
    _must_be(claims.take(codec.SUBJECT, str), "record")
    fields = Fields(claims.take(codec.PRIVATE, dict), _RECORD_FIELDS)
    root = PublicKey.from_spki(fields.take(1, bytes))
    if not is_signed_by(signed, root):
        raise RecordUntrusted("The record is not signed by the root that it names.", where="signature")
    keys = fields.take(2, list)
    if len(keys) > MOST_KEYS:
        raise codec.FieldMalformed(f"A record holds at most {MOST_KEYS} keys.", where="keys")
    record = ParticipantRecord(
        participant=participant,
        sequence=fields.take(0, int),
        issued_at=claims.take_instant(codec.ISSUED_AT),
        reaches_until=claims.take_instant(codec.EXPIRES),
        root=root,
        keys=tuple(_key_in(item, participant) for item in keys),
        extensions=fields.rest(),
    )
    claims.nothing_else()
    if record.sequence < 0 or record.reaches_until <= record.issued_at:
        raise codec.FieldMalformed("A record has a sequence, and reaches beyond its own day.", where="reaches_until")
    _one_key_one_usage(record)
    return record


def _is_name(text: object) -> bool:
    return type(text) is str and 0 < len(text) <= certificates.LONGEST_TEXT and terms.is_printable(text)


def _key_in(item: object, participant: ParticipantCode) -> TrustedKey:
    if type(item) is not list or len(item) != _KEY_ITEMS:
        raise codec.FieldMalformed(f"A key is an array of {_KEY_ITEMS}.", where="keys")
    spki, usage, holder, office, since, until, ended, algorithm = item
    if type(spki) is not bytes or not _is_name(holder) or not (office == "" or _is_name(office)):
        raise codec.FieldMalformed("A key lacks its bytes, its holder or its office.", where="keys")
    key = TrustedKey(
        participant=participant,
        public_key=PublicKey.from_spki(spki),
        usage=codec.member(Usage, usage, where="keys.usage"),
        holder=holder,
        office=office,
        since=codec.instant(since, where="keys.since"),
        until=None if until is None else codec.instant(until, where="keys.until"),
        ended=None if ended is None else codec.member(Ended, ended, where="keys.ended"),
    )
    if algorithm != key.algorithm:
        raise codec.FieldMalformed("The algorithm is not that of the key.", where="keys.algorithm")
    return key


def _one_key_one_usage(record: ParticipantRecord) -> None:
    seen = {record.root.spki}
    for key in record.keys:
        if key.usage is Usage.ROOT or key.public_key.spki in seen:
            raise codec.FieldMalformed("One key has two usages, or stands twice.", where="keys")
        seen.add(key.public_key.spki)


def _must_be(found: str, wanted: str) -> None:
    if found != wanted:
        raise codec.FieldMalformed(f"The subject is not {wanted!r}.", where="subject")


def is_signed_by(signed: Signed, key: PublicKey) -> bool:
    """Return whether the object is signed by this key, with this key's algorithm."""
    return signed.header.algorithm == key.algorithm and key.has_signed(signed.to_be_signed, signed.signature)


# --- The trust list ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holder:
    """One of those who sign the trust list together: an office of a Participant."""

    name: str
    participant: ParticipantCode
    public_key: PublicKey


@dataclass(frozen=True, slots=True)
class Holders:
    """Who signs the trust list, and how many of them it takes."""

    threshold: int
    holders: tuple[Holder, ...]

    def __post_init__(self) -> None:
        """Refuse fewer than two signatures, and holders of fewer Participants than that."""
        keys = {holder.public_key for holder in self.holders}
        if len(keys) != len(self.holders) or not LEAST_THRESHOLD <= self.threshold <= len(keys):
            raise codec.FieldMalformed(
                f"{self.threshold} of {len(keys)} different holders cannot sign.",
                where="holders",
                mend="No list is signed by one key alone: give at least two of two or more.",
            )
        if len({holder.participant for holder in self.holders}) < self.threshold:
            raise codec.FieldMalformed("The holders are of too few Participants.", where="holders")

    def to_bytes(self) -> bytes:
        """Return the holders as deterministic CBOR, whose hash people compare."""
        return codec.encode(
            [self.threshold, [[holder.name, holder.participant, holder.public_key.spki] for holder in self.holders]]
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Holders:
        """Read the holders; raise a `Malformed` error."""
        value = codec.decode(data, what="holders")
        if type(value) is not list or len(value) != 2 or type(value[0]) is not int or type(value[1]) is not list:  # noqa: PLR2004
            raise codec.FieldMalformed("These are no holders of a trust list.", where="holders")
        return cls(value[0], tuple(_holder_in(item) for item in value[1]))


LEAST_THRESHOLD = 2


def _holder_in(item: object) -> Holder:
    if type(item) is not list or [type(part) for part in item] != [str, str, bytes] or not _is_name(item[0]):
        raise codec.FieldMalformed("A holder is a name, a Participant and a key.", where="holders")
    return Holder(item[0], terms.participant_code(item[1], where="holders"), PublicKey.from_spki(item[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustList:
    """Everyone's records and standing in one file, signed by several holders together.

    ``standing`` holds the tables of `macle.scheme.participants`, each row with the decision it rests on.
    """

    version: int
    issued_at: datetime
    reaches_until: datetime
    records: tuple[bytes, ...]
    standing: Mapping[str, Sequence[Sequence[str]]]

    def to_bytes(self, *, signers: Sequence[Signer]) -> bytes:
        """Return the list signed by the first signer, with an approval of each other one."""
        payload = codec.encode(
            {
                codec.ISSUER: "KP",
                codec.SUBJECT: "trust list",
                codec.EXPIRES: codec.seconds(self.reaches_until),
                codec.ISSUED_AT: codec.seconds(self.issued_at),
                codec.PRIVATE: {0: self.version, 1: list(self.records), 2: _tables_out(self.standing)},
            }
        )
        listed = cose.sign(signer=signers[0], typ=cose.TRUST_LIST, payload=payload)
        approvals = [approve(listed, signer=signer, at=self.issued_at) for signer in signers[1:]]
        return codec.encode([signed.to_bytes() for signed in (listed, *approvals)])


_LIST_CLAIMS = {
    codec.ISSUER: "issuer",
    codec.SUBJECT: "subject",
    codec.EXPIRES: "reaches_until",
    codec.ISSUED_AT: "issued_at",
    codec.PRIVATE: "trust list",
}
_LIST_FIELDS = {0: "version", 1: "records", 2: "standing"}


def approve(signed: Signed, *, signer: Signer, at: datetime) -> Signed:
    """Return this signer's approval of an object: a COSE_Sign1 of its own that names the object's identity."""
    payload = codec.encode(
        {
            codec.SUBJECT: "approval",
            codec.ISSUED_AT: codec.seconds(at),
            codec.PRIVATE: {0: signed.identity, 1: signed.header.typ},
        }
    )
    return cose.sign(signer=signer, typ=cose.APPROVAL, payload=payload)


def is_approval_of(approval: Signed, signed: Signed) -> bool:
    """Return whether the approval names this object; who signed the approval is another question."""
    cose.expect(approval, cose.APPROVAL)
    claims = Fields(
        codec.decode(approval.payload, what="payload"),
        {codec.SUBJECT: "subject", codec.ISSUED_AT: "approved_at", codec.PRIVATE: "approval"},
    )
    _must_be(claims.take(codec.SUBJECT, str), "approval")
    claims.take_instant(codec.ISSUED_AT)
    fields = Fields(claims.take(codec.PRIVATE, dict), {0: "identity", 1: "typ"})
    return bool(fields.take(0, bytes) == signed.identity) and bool(fields.take(1, str) == signed.header.typ)


def parts_of_list(data: bytes) -> list[Signed]:
    """Return the signed objects of a list's file, the list first and then the approvals; nothing is verified."""
    parts = codec.decode(data, what="trust list", largest=LARGEST_LIST)
    if type(parts) is not list or not parts or any(type(part) is not bytes for part in parts):
        raise codec.FieldMalformed("A trust list is an array of signed objects.", where="trust list")
    if len(parts) > MOST_SIGNATURES:
        raise codec.FieldMalformed(f"A trust list has at most {MOST_SIGNATURES} signatures.", where="trust list")
    return [cose.read(part, largest=LARGEST_LIST) for part in parts]


def read_list(data: bytes, *, holders: Holders) -> TrustList:
    """Return the trust list, once holders of enough different Participants are found to have signed it.

    Raises `RecordUntrusted` if too few have, or a `Malformed` error.
    """
    listed, *approvals = parts_of_list(data)
    cose.expect(listed, cose.TRUST_LIST)
    approving = [listed, *(approval for approval in approvals if is_approval_of(approval, listed))]
    signed_by = {
        holder.participant for holder in holders.holders for part in approving if is_signed_by(part, holder.public_key)
    }
    if len(signed_by) < holders.threshold:
        raise RecordUntrusted(
            f"Holders of {len(signed_by)} Participants signed this list; it takes those of {holders.threshold}.",
            where="trust list",
            mend="Ask the Secretariat for the list with all its signatures, or compare the holders' fingerprint.",
        )
    claims = Fields(codec.decode(listed.payload, what="payload", largest=LARGEST_LIST), _LIST_CLAIMS)
    _must_be(claims.take(codec.ISSUER, str), "KP")
    _must_be(claims.take(codec.SUBJECT, str), "trust list")
    fields = Fields(claims.take(codec.PRIVATE, dict), _LIST_FIELDS)
    version, issued_at = fields.take(0, int), claims.take_instant(codec.ISSUED_AT)
    reaches_until = claims.take_instant(codec.EXPIRES)
    claims.nothing_else()
    if version < 0 or not issued_at < reaches_until <= issued_at + LIST_LIFE:
        raise codec.FieldMalformed(
            f"A list has a version and reaches {LIST_LIFE.days} days at the most.", where="reaches_until"
        )
    records = fields.take(1, list)
    if len(records) > MOST_RECORDS or any(type(record) is not bytes for record in records):
        raise codec.FieldMalformed(f"A list holds at most {MOST_RECORDS} records.", where="records")
    return TrustList(
        version=version,
        issued_at=issued_at,
        reaches_until=reaches_until,
        records=tuple(records),
        standing=_tables_in(fields.take(2, dict)),
    )


def _tables_out(tables: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, list[list[str]]]:
    return {name: [[str(cell) for cell in row] for row in rows] for name, rows in tables.items()}


_TABLES = {"participants", "standing", "areas", "offices", "territories"}


def _tables_in(tables: dict[object, object]) -> dict[str, list[list[str]]]:
    """Return the tables of standing; every cell is a text."""
    if set(tables) != _TABLES:
        raise codec.FieldMalformed(f"The tables are not {sorted(_TABLES)}.", where="standing")
    for name, rows in tables.items():
        if type(name) is not str or type(rows) is not list or not all(type(row) is list for row in rows):
            raise codec.FieldMalformed("Standing comes as tables of rows.", where="standing")
        if any(type(cell) is not str for row in rows for cell in row):
            raise codec.FieldMalformed("A cell of a table is not a text.", where=f"standing.{name[:40]}")
    return tables  # type: ignore[return-value]


# --- Trust ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One Participant's record, and how fresh it is: what is known up to when, and how far that reaches."""

    record: ParticipantRecord
    as_of: datetime
    reaches_until: datetime
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Everything that a verifier believes, as plain data: records, standing and their ages.

    ``alarms`` are sentences about what did not fit together when trust was loaded.
    """

    sources: Mapping[ParticipantCode, Source]
    participants: Participants
    standing_as_of: datetime
    standing_reaches_until: datetime
    alarms: tuple[str, ...] = ()
    by_key_id: Mapping[bytes, tuple[TrustedKey, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Index the keys by their hint; on a collision every candidate is kept."""
        index: dict[bytes, tuple[TrustedKey, ...]] = {}
        for source in self.sources.values():
            for key in source.record.keys:
                hint = key.public_key.key_id
                index[hint] = (*index.get(hint, ()), key)
        object.__setattr__(self, "by_key_id", index)


def pinned(record: ParticipantRecord, *, at: datetime) -> Source:
    """Return a record that was pinned at that time as a source of trust.

    It knows the keys up to the day of its own issue: what its Participant added later it cannot name.
    """
    return Source(record=record, as_of=min(at, record.issued_at), reaches_until=record.reaches_until, how="pinned")


def pin(record: ParticipantRecord, *, held: ParticipantRecord | None) -> ParticipantRecord:
    """Return the record to hold from now on.

    Raises `RootChanged` if it comes with another root than the one held, `RolledBack` if it is older, and
    `HistoryRewritten` if it says otherwise under the same sequence or has lost a key.
    """
    if held is None:
        return record
    if record.root != held.root:
        raise RootChanged(
            f"{record.participant} is held with another root; the one that is held stays.",
            where=record.participant,
            mend="Telephone the authority, compare fingerprints, and only then remove the old pin by hand.",
        )
    if record.sequence < held.sequence:
        raise RolledBack(
            f"Record {record.sequence} of {record.participant} is older than record {held.sequence}, which is held.",
            where=record.participant,
            mend="Ask the authority for its newest record.",
        )
    if not _continues(record, held):
        raise HistoryRewritten(
            f"Record {record.sequence} of {record.participant} leaves out or alters what record {held.sequence} says.",
            where=record.participant,
            mend="A key is ended and never deleted: telephone the authority before anything is believed.",
        )
    return record


def _continues(record: ParticipantRecord, held: ParticipantRecord) -> bool:
    """Return whether a record of the same root takes nothing back: each key is still there, as it was or ended."""
    if record.sequence == held.sequence:
        return record == held
    later = {key.public_key: key for key in record.keys}
    return all(key.public_key in later and _keeps(later[key.public_key], key) for key in held.keys)


def _keeps(later: TrustedKey, key: TrustedKey) -> bool:
    """Return whether a key is what it was, or ended, or ended earlier or for the graver reason."""
    if replace(later, until=key.until, ended=key.ended) != key:
        return False
    if key.until is None:
        return True
    return later.until is not None and later.until <= key.until and (later.ended or 0) >= (key.ended or 0)


def assemble(
    *,
    pinned: Iterable[Source],
    listed: TrustList | None,
    participants: Participants,
    standing_as_of: datetime,
    earlier: Iterable[Source] = (),
) -> Trust:
    """Put pinned records, a verified trust list and what earlier lists had together.

    Where two have a Participant, the same root must stand behind both, and the higher sequence counts; where
    they contradict each other the one that is held stays and an alarm says so. What a list leaves out is not
    forgotten. Standing comes from the list if there is one.
    """
    sources: dict[ParticipantCode, Source] = {}
    alarms: list[str] = []
    for new in (*pinned, *earlier, *(() if listed is None else sources_of(listed))):
        code = new.record.participant
        sources[code], alarm = merged(sources.get(code), new)
        if alarm and alarm not in alarms:
            alarms.append(alarm)
    return Trust(
        sources=sources,
        participants=participants
        if listed is None
        else type(participants).from_rows(as_of=listed.issued_at.date(), **listed.standing),
        standing_as_of=standing_as_of if listed is None else listed.issued_at,
        standing_reaches_until=standing_as_of + STANDING_LIFE if listed is None else listed.reaches_until,
        alarms=tuple(alarms),
    )


def sources_of(listed: TrustList) -> list[Source]:
    """Return the records of a verified list; each knows the keys up to the day of its own issue.

    Raises `RecordUntrusted` or a `Malformed` error for a record that is not whole.
    """
    records = [read_record(data) for data in listed.records]
    return [
        Source(
            record=record,
            as_of=min(listed.issued_at, record.issued_at),
            reaches_until=listed.reaches_until,
            how="trust list",
        )
        for record in records
    ]


def merged(held: Source | None, new: Source) -> tuple[Source, str]:
    """Return which of two sources of one Participant to believe, and an alarm where they contradict each other."""
    if held is None:
        return new, ""
    code = new.record.participant
    if held.record.root != new.record.root:
        return held, (
            f"The {new.how} names another root for {code} than the one that is held; the one that is held stays. "
            "Telephone the authority and compare fingerprints."
        )
    older, newer = sorted((held, new), key=_sequence)
    if not _continues(newer.record, older.record):
        return held, (
            f"The {new.how} has a record of {code} that contradicts the one that is held; the one that is held stays. "
            "Telephone the authority."
        )
    if held.record.sequence != new.record.sequence:
        return newer, ""
    how = held.how if new.how in held.how else f"{held.how} and {new.how}"
    return replace(held, reaches_until=max(held.reaches_until, new.reaches_until), how=how), ""


def _sequence(source: Source) -> int:
    return source.record.sequence


def midnight(day: date) -> datetime:
    """Return the beginning of a day in UTC: what dated data without a time are taken for."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
