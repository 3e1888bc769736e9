"""Who is a Participant, in what standing, on which day.

Standing is a line of half-open intervals, each resting on a decision. Of some decisions only the month or
the year is known; on the days in question more than one standing is possible, and `StandingOn` says so
instead of guessing. The same rows are packaged beside this module and travel in a signed trust list.

Source: KPCS Core Document, Sections I, III(c) and VI.
"""

from __future__ import annotations

import csv
import functools
import itertools
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from macle import errors
from macle.scheme import terms
from macle.scheme.terms import CountryCode, PartialDate, ParticipantCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Rows = Iterable[Sequence[str]]


class ParticipantUnknown(errors.NotFound):
    """No Participant, past or present, has this code."""

    code = "participant-unknown"


class RowsMalformed(errors.Malformed):
    """A row about Participants, standing, areas, offices or territories cannot be read."""

    code = "rows-malformed"


class StandingKind(StrEnum):
    """What a Participant is on a day."""

    PARTICIPANT = "participant"
    SUSPENDED = "suspended"
    SELF_SUSPENDED = "self_suspended"
    PARTIAL = "partial"
    REMOVED = "removed"
    UN_EMBARGO = "un_embargo"
    TRADING_ENTITY = "trading_entity"
    NOT_PARTICIPANT = "not_participant"

    @property
    def may_trade(self) -> bool:
        """Return whether rough may be traded with it; a partial standing is then restricted by area."""
        return self in _TRADING

    @property
    def counts(self) -> bool:
        """Return whether it is counted among the Participants: one that is suspended remains one."""
        return self in _COUNTED


_TRADING = frozenset({StandingKind.PARTICIPANT, StandingKind.PARTIAL, StandingKind.TRADING_ENTITY})
_COUNTED = frozenset(
    {
        StandingKind.PARTICIPANT,
        StandingKind.PARTIAL,
        StandingKind.SUSPENDED,
        StandingKind.SELF_SUSPENDED,
        StandingKind.UN_EMBARGO,
    }
)
_DECIDED = frozenset(StandingKind) - {
    StandingKind.PARTICIPANT,
    StandingKind.TRADING_ENTITY,
    StandingKind.NOT_PARTICIPANT,
}


class ParticipantKind(StrEnum):
    """A state, a regional economic integration organisation, or a trading entity that is no Participant."""

    STATE = "state"
    REIO = "reio"
    TRADING_ENTITY = "trading_entity"


class TerritoryKind(StrEnum):
    """A member state counts as a country of its Participant; a territory does not."""

    MEMBER_STATE = "member_state"
    TERRITORY = "territory"


@dataclass(frozen=True, slots=True)
class Standing:
    """One standing, from ``since`` until the day before ``until``; None is open, ``scope`` says of what."""

    kind: StandingKind
    since: PartialDate | None
    until: PartialDate | None
    scope: str
    basis: str
    evidence: str


@dataclass(frozen=True, slots=True)
class StandingOn:
    """The standing on one day: every one that is possible, in the order of time; never none."""

    participant: ParticipantCode
    on: date
    possible: tuple[Standing, ...]
    may_trade: bool | None = field(init=False, compare=False)
    """Whether trade is allowed, or None while the possible standings disagree."""

    def __post_init__(self) -> None:
        """Settle once what every certificate asks."""
        object.__setattr__(self, "may_trade", _agreed(standing.kind.may_trade for standing in self.possible))

    @property
    def certain(self) -> Standing | None:
        """Return the standing, or None while more than one is possible."""
        return self.possible[0] if len(self.possible) == 1 else None

    @property
    def is_counted(self) -> bool | None:
        """Return whether it counts among the Participants, or None while the possible standings disagree."""
        return _agreed(standing.kind.counts for standing in self.possible)


@dataclass(frozen=True, slots=True)
class Participant:
    """One Participant, former Participant or trading entity; ``until`` is its last day as one."""

    code: ParticipantCode
    name: str
    kind: ParticipantKind
    authority: str
    since: PartialDate
    until: date | None
    basis: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Office:
    """An office of an authority that has several; ``zone`` is an IANA name."""

    participant: ParticipantCode
    name: str
    note: str
    zone: str


@dataclass(frozen=True, slots=True)
class Area:
    """Whether the diamonds of one area are compliant while a standing is partial; ``*`` is every other area."""

    participant: ParticipantCode
    name: str
    since: PartialDate
    until: PartialDate | None
    compliant: bool
    basis: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Territory:
    """A country that takes part with a Participant of another code, from ``since`` until before ``until``."""

    country: CountryCode
    participant: ParticipantCode
    kind: TerritoryKind
    since: date
    until: date
    basis: str


class Participants:
    """All Participants and their standing, as known on the day ``as_of``.

    A question about a later day is answered with what was last known; whoever asks judges the age.
    """

    def __init__(
        self,
        *,
        as_of: date,
        participants: Sequence[Participant],
        standing: Sequence[tuple[ParticipantCode, Standing]],
        areas: Sequence[Area],
        offices: Sequence[Office],
        territories: Sequence[Territory],
    ) -> None:
        """Order the facts so that a question for a day is one look-up."""
        self.as_of = as_of
        self._participants = {participant.code: participant for participant in participants}
        _refuse_strangers(self._participants, [code for code, _ in standing], "standing")
        _refuse_strangers(self._participants, [area.participant for area in areas], "areas")
        _refuse_strangers(self._participants, [office.participant for office in offices], "offices")
        _refuse_strangers(self._participants, [territory.participant for territory in territories], "territories")
        if len(self._participants) != len(participants):
            raise RowsMalformed(
                "Two rows have the same code.", where="participants", mend="Give each Participant one row."
            )
        self._areas = areas
        self._offices = offices
        self._territories: dict[CountryCode, list[Territory]] = {}
        for territory in territories:
            self._territories.setdefault(territory.country, []).append(territory)
        decided: dict[ParticipantCode, list[Standing]] = {}
        for code, entry in standing:
            decided.setdefault(code, []).append(entry)
        self._decided = decided
        self._lines = {
            code: _Line(_segments(participant, decided.get(code, []), self._territories.get(CountryCode(code), [])))
            for code, participant in self._participants.items()
        }
        # The same few questions come again with every certificate of a day.
        self._standing_memo = functools.lru_cache(maxsize=4096)(self._standing_on)
        self._owners_memo = functools.lru_cache(maxsize=4096)(self._owners_on)

    def __getitem__(self, code: str) -> Participant:
        """Return the Participant, past or present; raise `ParticipantUnknown` if there never was one."""
        try:
            return self._participants[ParticipantCode(code)]
        except KeyError:
            raise ParticipantUnknown(
                f"No Participant has the code {code}.",
                mend="A member state of the European Union takes part as EU; look for a slip of the letters.",
                facts={"code": code},
            ) from None

    def __contains__(self, code: object) -> bool:
        """Return whether there is or was a Participant (or trading entity) with the code."""
        return code in self._participants

    def __iter__(self) -> Iterator[Participant]:
        """Give all Participants, past and present, and trading entities, in the order of the rows."""
        return iter(self._participants.values())

    def standing(self, code: str, *, on: date) -> StandingOn:
        """Return the standing on the day; a code that never was a Participant's has a standing too."""
        return self._standing_memo(code, on)

    def _standing_on(self, code: str, on: date) -> StandingOn:
        line = self._lines.get(ParticipantCode(code))
        if line is None:
            return StandingOn(ParticipantCode(code), on, (self._of_a_stranger(CountryCode(code), on=on),))
        return StandingOn(ParticipantCode(code), on, line.at(on))

    def counted(self, *, on: date) -> tuple[Participant, ...]:
        """Return the Participants that are surely counted on the day; trading entities never are."""
        return tuple(participant for participant in self if self.standing(participant.code, on=on).is_counted)

    def countries(self, *, on: date) -> tuple[CountryCode, ...]:
        """Return the countries of the counted Participants: member states for an organisation, else itself."""
        found: list[CountryCode] = []
        for participant in self.counted(on=on):
            if participant.kind is ParticipantKind.REIO:
                found += [territory.country for territory in self.members(participant.code, on=on)]
            else:
                found.append(CountryCode(participant.code))
        return tuple(found)

    def members(self, code: str, *, on: date) -> tuple[Territory, ...]:
        """Return the member states of an organisation on the day."""
        return tuple(
            territory
            for territories in self._territories.values()
            for territory in territories
            if territory.participant == code
            and territory.kind is TerritoryKind.MEMBER_STATE
            and territory.since <= on < territory.until
        )

    def participant_of(self, country: str, *, on: date) -> tuple[ParticipantCode, ...]:
        """Return the Participants that the country may belong to on the day; empty means none.

        A removed or suspended Participant is named, so that its standing can say why there is no trade.
        """
        return self._owners_memo(country, on)

    def _owners_on(self, country: str, on: date) -> tuple[ParticipantCode, ...]:
        codes = [
            territory.participant
            for territory in self._territories.get(CountryCode(country), ())
            if territory.since <= on < territory.until
        ]
        codes = codes or [ParticipantCode(country)]
        return tuple(code for code in codes if code in self._lines and self._lines[code].may_be_one(on))

    def area_is_compliant(self, code: str, area: str, *, on: date) -> bool | None:
        """Return whether the diamonds of the area may be traded; None if that cannot be decided.

        The area matters while the standing is partial. It is None where the dates are not known well
        enough, where nothing is known of the area, or where no area is given.
        """
        return _agreed(
            self._partly(standing, area, on=on, code=code)
            if standing.kind is StandingKind.PARTIAL
            else standing.kind.may_trade
            for standing in self.standing(code, on=on).possible
        )

    def areas(self, code: str) -> tuple[Area, ...]:
        """Return what is known of the Participant's areas."""
        return tuple(area for area in self._areas if area.participant == code)

    def offices(self, code: str) -> tuple[Office, ...]:
        """Return the offices of a Participant's authority; empty where it has but one."""
        return tuple(office for office in self._offices if office.participant == code)

    def _partly(self, standing: Standing, area: str, *, on: date, code: str) -> bool | None:
        """Return the answer for an area while this partial standing holds; its own rows precede ``*``."""
        if area.strip() in {"", _EVERY_OTHER}:
            return None
        rows = self.areas(code)
        own = [row for row in rows if folded(row.name) == folded(area)]
        others = [row for row in rows if row.name == _EVERY_OTHER]
        answers: set[bool] = set()
        for group in (own, others):
            answers |= {row.compliant for row in group if _may_hold(row, on)}
            if any(_holds_within(row, standing, on) for row in group):
                return _agreed(answers)
        return None

    def _of_a_stranger(self, country: CountryCode, *, on: date) -> Standing:
        for territory in self._territories.get(country, ()):
            if territory.since <= on < territory.until:
                basis = f"{territory.basis}; see {territory.participant}"
                return Standing(StandingKind.NOT_PARTICIPANT, None, None, "", basis, "sourced")
        basis = f"no decision that admits {country} is known on {self.as_of}"
        return Standing(StandingKind.NOT_PARTICIPANT, None, None, "", basis, "")

    @classmethod
    def from_rows(
        cls, *, as_of: date, participants: Rows, standing: Rows, areas: Rows, offices: Rows, territories: Rows
    ) -> Self:
        """Read rows of text, in the columns of the packaged files; raise `RowsMalformed` on the first bad one."""
        return cls(
            as_of=as_of,
            participants=_read(participants, "participants", 8, _participant),
            standing=_read(standing, "standing", 7, _standing),
            areas=_read(areas, "areas", 7, _area),
            offices=_read(offices, "offices", 4, _office),
            territories=_read(territories, "territories", 6, _territory),
        )

    def rows(self) -> dict[str, list[list[str]]]:
        """Return the rows by table, as `from_rows` takes them; ``as_of`` stands beside them."""
        return {
            "participants": [
                [
                    each.code,
                    each.name,
                    each.kind.value,
                    _shown(each.since),
                    _shown(each.until),
                    each.authority,
                    each.basis,
                    each.evidence,
                ]
                for each in self
            ],
            "standing": [
                [code, _shown(each.since), _shown(each.until), each.kind.value, each.scope, each.basis, each.evidence]
                for code, entries in self._decided.items()
                for each in entries
            ],
            "areas": [
                [
                    each.participant,
                    each.name,
                    _shown(each.since),
                    _shown(each.until),
                    "yes" if each.compliant else "no",
                    each.basis,
                    each.evidence,
                ]
                for each in self._areas
            ],
            "offices": [[each.participant, each.name, each.note, each.zone] for each in self._offices],
            "territories": [
                [
                    each.country,
                    each.participant,
                    each.kind.value,
                    _shown(each.since),
                    _shown(each.until),
                    each.basis,
                ]
                for entries in self._territories.values()
                for each in entries
            ],
        }


@functools.cache
def load() -> Participants:
    """Return the Participants of the packaged files."""
    folder = resources.files("macle.scheme") / "reference"
    tables = {}
    for name in ("participants", "standing", "areas", "offices", "territories"):
        lines = (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        tables[name] = list(csv.reader(lines))[1:]
    as_of = date.fromisoformat((folder / "as_of.txt").read_text(encoding="utf-8").strip())
    return Participants.from_rows(as_of=as_of, **tables)


_EVERY_OTHER = "*"


class _Line:
    """One Participant's standing over time, cut at the days on which an answer changes."""

    def __init__(self, segments: Sequence[Standing]) -> None:
        """Cut the segments; each pair of neighbours shares a boundary."""
        cuts = {date.min}
        for segment in segments:
            for boundary in (segment.since, segment.until):
                cuts |= {boundary.first, boundary.last} if boundary else set()
        self._cuts = sorted(cuts)
        self._possible = [tuple(segment for segment in segments if _may_hold(segment, cut)) for cut in self._cuts]

    def at(self, on: date) -> tuple[Standing, ...]:
        """Return the standings that are possible on the day."""
        return self._possible[bisect_right(self._cuts, on) - 1]

    def may_be_one(self, on: date) -> bool:
        """Return whether it may be a Participant, in whatever standing, or a trading entity on the day."""
        return any(standing.kind is not StandingKind.NOT_PARTICIPANT for standing in self.at(on))


def _may_hold(entry: Standing | Area, on: date) -> bool:
    return (entry.since is None or entry.since.first <= on) and (entry.until is None or on < entry.until.last)


def _holds_within(area: Area, standing: Standing, on: date) -> bool:
    """Return whether the row surely holds, given that the standing does: both may begin on one unknown day."""
    begun = area.since.last <= on or area.since == standing.since
    ended = area.until is not None and area.until.first <= on and area.until != standing.until
    return begun and not ended


def _segments(participant: Participant, decided: Sequence[Standing], elsewhere: Sequence[Territory]) -> list[Standing]:
    """Return the whole line, from the beginning of time to its end, without gaps; raise `RowsMalformed`."""
    kind = (
        StandingKind.TRADING_ENTITY if participant.kind is ParticipantKind.TRADING_ENTITY else StandingKind.PARTICIPANT
    )
    evidence = participant.evidence
    line = [
        Standing(
            StandingKind.NOT_PARTICIPANT, None, participant.since, "", _before(participant, kind, elsewhere), evidence
        )
    ]
    since, basis = participant.since, participant.basis
    for entry in decided:
        if entry.since != since or since.first != since.last:
            line.append(Standing(kind, since, entry.since, "", basis, evidence))
        line.append(entry)
        if entry.until is None:
            break
        since, basis = entry.until, f"{_words(entry.kind)} until {entry.until} ({entry.basis})"
        evidence = entry.evidence
    else:
        end = _exactly(participant.until + timedelta(days=1)) if participant.until else None
        line.append(Standing(kind, since, end, "", basis, evidence))
        if end is not None:
            line.append(
                Standing(
                    StandingKind.NOT_PARTICIPANT, end, None, "", _after(participant, end.first, elsewhere), evidence
                )
            )
    _refuse_disorder(participant.code, line, decided=len(decided), leaves=participant.until is not None)
    return line


def _before(participant: Participant, kind: StandingKind, elsewhere: Sequence[Territory]) -> str:
    """Return why it was not yet a Participant."""
    became = f"a {_words(kind)} from {participant.since} ({participant.basis or 'basis not known'})"
    return "; ".join(
        [
            became,
            *(f"{each.basis}; see {each.participant}" for each in elsewhere if each.until <= participant.since.last),
        ]
    )


def _after(participant: Participant, end: date, elsewhere: Sequence[Territory]) -> str:
    """Return why it is no longer a Participant."""
    joined = [
        f"joined {each.participant} on {each.since}; see {each.participant}" for each in elsewhere if each.since >= end
    ]
    return "; ".join(joined) or f"its last day was {participant.until}"


def _refuse_disorder(code: ParticipantCode, line: Sequence[Standing], *, decided: int, leaves: bool) -> None:
    """Refuse entries that overlap, go backwards, follow one without an end, or outlast the Participant."""
    boundaries = [standing.since for standing in line if standing.since]
    ordered = all(one.first <= two.first and one.last <= two.last for one, two in itertools.pairwise(boundaries))
    has_all = sum(standing.kind in _DECIDED for standing in line) == decided
    if not ordered or not has_all or (leaves and line[-1].kind in _DECIDED):
        raise RowsMalformed(
            f"The standing of {code} does not follow in time.",
            where="standing",
            mend="Order its entries by day; none may begin or end later than the next one can.",
        )


_Entry = TypeVar("_Entry")


def _read(rows: Rows, table: str, columns: int, make: Callable[..., _Entry]) -> list[_Entry]:
    """Make an entry of each row; say table and row of the first that cannot be read."""
    entries = []
    for index, row in enumerate(rows):
        where = f"{table}[{index}]"
        if isinstance(row, str) or len(row) != columns or not all(isinstance(cell, str) for cell in row):
            raise RowsMalformed(
                f"This row has not {columns} texts.", where=where, mend="Give every column; empty means not known."
            )
        try:
            entries.append(make(*row))
        except (errors.Malformed, ValueError) as error:
            what = error.what if isinstance(error, errors.MacleError) else str(error)
            raise RowsMalformed(what, where=where, mend="Write it as the packaged files do.") from error
    return entries


def _participant(
    code: str, name: str, kind: str, since: str, until: str, authority: str, basis: str, evidence: str
) -> Participant:
    last = _day(until) if until else None
    return Participant(
        terms.participant_code(code),
        name,
        ParticipantKind(kind),
        authority,
        PartialDate.parse(since),
        last,
        basis,
        evidence,
    )


def _standing(
    code: str, since: str, until: str, kind: str, scope: str, basis: str, evidence: str
) -> tuple[ParticipantCode, Standing]:
    if StandingKind(kind) not in _DECIDED:
        raise RowsMalformed(f"{kind} is no standing that is decided; it follows from the Participants' own rows.")
    if not basis:
        raise RowsMalformed(
            f"The row on {code} names no decision.", where="standing", mend="No entry without its basis."
        )
    return terms.participant_code(code), Standing(
        StandingKind(kind), PartialDate.parse(since), _partial(until), scope, basis, evidence
    )


def _area(code: str, name: str, since: str, until: str, compliant: str, basis: str, evidence: str) -> Area:
    if compliant not in {"yes", "no"}:
        raise RowsMalformed(f"{compliant!r} is neither yes nor no.")
    return Area(
        terms.participant_code(code),
        name,
        PartialDate.parse(since),
        _partial(until),
        compliant == "yes",
        basis,
        evidence,
    )


def _office(code: str, name: str, note: str, zone: str) -> Office:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise RowsMalformed(f"{zone!r} is no time zone.") from error
    return Office(terms.participant_code(code), name, note, zone)


def _territory(country: str, code: str, kind: str, since: str, until: str, basis: str) -> Territory:
    return Territory(
        terms.country_code(country),
        terms.participant_code(code),
        TerritoryKind(kind),
        _day(since) if since else date.min,
        _day(until) if until else date.max,
        basis,
    )


def _partial(text: str) -> PartialDate | None:
    return PartialDate.parse(text) if text else None


def _day(text: str) -> date:
    day = PartialDate.parse(text)
    if day.first != day.last or day.last == date.max:
        raise RowsMalformed(f"{text!r} is not a day with a next one.")
    return day.first


def _exactly(day: date) -> PartialDate:
    return PartialDate(str(day), day, day)


def _shown(day: PartialDate | date | None) -> str:
    return "" if day is None or day in {date.min, date.max} else str(day)


def _words(kind: StandingKind) -> str:
    return kind.value.replace("_", " ")


def folded(name: str) -> str:
    """Return the name without accents, capitals and spaces around it, so that spellings meet."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold().strip()


def _agreed(answers: Iterable[bool | None]) -> bool | None:
    """Return the one answer that all give, or None where they differ."""
    given = set(answers)
    return given.pop() if len(given) == 1 else None


def _refuse_strangers(
    known: Mapping[ParticipantCode, Participant], codes: Iterable[ParticipantCode], table: str
) -> None:
    """Refuse a table that speaks of a code without a row of its own."""
    for code in codes:
        if code not in known:
            raise RowsMalformed(
                f"There is no Participant {code}.", where=table, mend="Give it a row among the Participants."
            )
