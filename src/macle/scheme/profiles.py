"""Each Participant's law as dated data: what its authority may print, must check and has to answer.

A profile is read from tables (the packaged files, or a signed profile). Every field of it either has a
source or a note: a note is a doubt that people see and that no rule acts upon. Where a Participant has no
profile of its own, or a profile is silent, the minima of the Scheme hold, and a note says so.

Source: KPCS Core Document, Sections II to IV; how its sentences are read comes from practice.
"""

from __future__ import annotations

import calendar
import csv
import functools
import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from macle import errors
from macle.scheme import certificates, participants, terms
from macle.scheme.certificates import ConsentLevel, ValidationKind
from macle.scheme.terms import ParticipantCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from macle.scheme.terms import Carats

    Table = Mapping[str, Any]


class ProfileMalformed(errors.Malformed):
    """A legal profile cannot be read."""

    code = "profile-malformed"


class DayKind(StrEnum):
    """What the days of a deadline are."""

    CALENDAR = "calendar"
    WORKING = "working"


class CorrectionPolicy(StrEnum):
    """A way in which a mistake on a certificate may be mended."""

    REPLACEMENT_BEFORE_EXPORT = "replacement_before_export"
    ENDORSEMENT_AT_IMPORT = "endorsement_at_import"


class OriginPolicy(StrEnum):
    """What a certificate of this issuer says about mixed origin."""

    MIXED_MAY_BE_UNDISCLOSED = "mixed_may_be_undisclosed"
    MIXED_IS_UNDISCLOSED = "mixed_is_undisclosed"


class BalancePolicy(StrEnum):
    """What follows when a trader's balance of carats does not cover an export."""

    HOLD = "hold"
    REFUSE = "refuse"


class InspectionPolicy(StrEnum):
    """Which containers the importing authority opens."""

    OPEN_EACH = "open_each"
    RISK_BASED = "risk_based"
    EACH_OR_RISK_BASED = "each_or_risk_based"


class ProhibitionKind(StrEnum):
    """What an import prohibition outside the Scheme asks for."""

    MIXED_ORIGIN_MUST_BE_LISTED = "mixed_origin_must_be_listed"


class ProhibitionScope(StrEnum):
    """Which imports a prohibition looks at."""

    FIRST_IMPORT = "first_import"


class Rounding(StrEnum):
    """How the third decimal of a scale becomes two."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"


class CountedAt(StrEnum):
    """The event at which a shipment enters the statistics."""

    VALIDATION = "validation"
    DEPARTURE = "departure"
    ARRIVAL = "arrival"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True)
class Note:
    """A doubt about one field: shown to people, never a rule."""

    field: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Validity:
    """How long a certificate may be valid: months or days, not both."""

    months: int | None
    days: int | None
    first_day_counts: bool
    source: str

    def latest_expiry(self, date_of_issuance: date) -> date:
        """Return the last date of expiry that may be printed.

        Months end on the same day of a later month, or on its last day where there is no such day.
        """
        try:
            if self.months is not None:
                last = _months_later(date_of_issuance, self.months)
            else:
                last = date_of_issuance + timedelta(days=self.days or 0)
            return last - timedelta(days=1) if self.first_day_counts else last
        except (OverflowError, ValueError):
            return date.max  # The calendar ends before the validity does.


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a measured weight may be from the declared one: within either figure that is given."""

    hundredths: int | None
    basis_points: int | None
    source: str

    def covers(self, *, declared: Carats, measured: Carats) -> bool:
        """Return whether the difference is within the tolerance."""
        difference = abs(declared.hundredths - measured.hundredths)
        within_hundredths = self.hundredths is not None and difference <= self.hundredths
        within_points = self.basis_points is not None and difference * 10_000 <= self.basis_points * declared.hundredths
        return within_hundredths or within_points


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Who confirms an import to whom; ``days`` None is *expeditiously*, a clock without a number."""

    by: str
    to: str
    channel: str | None
    days: int | None
    day_kind: DayKind | None
    source: str

    def due(self, since: date) -> date | None:
        """Return the last day of the clock that began on the day; None is *expeditiously*.

        Working days are counted without Saturdays and Sundays: public holidays are not known here.
        """
        if self.days is None:
            return None
        if self.day_kind is not DayKind.WORKING:
            return since + timedelta(days=self.days)
        day, left = since, self.days
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < _SATURDAY
        return day


_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Clock:
    """Another deadline of this Participant's law, in days or months."""

    id: str
    by: str
    to: str
    what: str
    days: int | None
    months: int | None
    day_kind: DayKind | None
    source: str


@dataclass(frozen=True, slots=True)
class Prohibition:
    """An import prohibition outside the Scheme: a certificate can be genuine and the goods inadmissible."""

    id: str
    kind: ProhibitionKind
    effective: date
    until: date | None
    scope: ProhibitionScope
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class NationalListEntry:
    """A Participant whose place on the national list is known to differ from its standing in the Scheme."""

    participant: ParticipantCode
    listed_from: date | None
    until: date | None
    source: str


@dataclass(frozen=True, slots=True)
class NationalList:
    """The importing Participant's own list of Participants in force, which governs at its border."""

    name: str
    entries: tuple[NationalListEntry, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What the national list says; ``on_list`` None: no difference is known, follow the Scheme's standing."""

    on_list: bool | None
    list_name: str
    source: str


@dataclass(frozen=True, slots=True)
class Zones:
    """The IANA zones of the seat of the authority and of its offices: pairs of name and zone."""

    seat: str
    offices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class LegalProfile:
    """One Participant's law from ``effective`` until its next profile.

    None, or an empty tuple, means that nothing is known and no rule follows; a note says what is doubted.
    ``sources`` names the source of each field that has one.
    """

    participant: ParticipantCode
    version: str
    effective: date
    zones: Zones
    expiry_zone: str | None
    languages: tuple[str, ...]
    statements: Mapping[str, str]
    validity: Validity | None
    validation_kinds: tuple[ValidationKind, ...]
    four_eyes: bool
    consent_level: ConsentLevel | None
    number_pattern: str | None
    numbers_belong_to_sheets: bool | None
    tolerance: Tolerance | None
    rounding: Rounding | None
    value_basis: str | None
    retention_years: int
    trader_retention_years: int | None
    confirmation: Confirmation
    clocks: tuple[Clock, ...]
    corrections: tuple[CorrectionPolicy, ...]
    technical_certificates: bool | None
    origin_policy: OriginPolicy
    balance_policy: BalancePolicy
    requires_licence: bool
    stock_declaration: bool
    inspection: InspectionPolicy | None
    national_list: NationalList | None
    prohibitions: tuple[Prohibition, ...]
    exports_counted_at: CountedAt | None
    imports_counted_at: CountedAt | None
    fees: tuple[str, ...]
    obstacles: tuple[str, ...]
    sources: Mapping[str, str]
    notes: tuple[Note, ...]

    def zone(self, office: str) -> ZoneInfo:
        """Return the zone of the office; an office that is not listed keeps the time of the seat."""
        return ZoneInfo(_zone_of(self.zones, office))

    def end_of(self, day: date, *, office: str) -> datetime:
        """Return the instant, in UTC, at which a certificate of the office that expires on the day ends."""
        return _end_of(day, self.expiry_zone or _zone_of(self.zones, office))

    def day_of(self, instant: datetime, *, office: str) -> date:
        """Return the legal day on which the instant falls at the office."""
        return instant.astimezone(self.zone(office)).date()

    def number_fits(self, national: str) -> bool:
        """Return whether the national part of a number is written as this Participant writes it."""
        return self.number_pattern is None or re.fullmatch(self.number_pattern, national) is not None

    def prohibitions_on(self, day: date) -> tuple[Prohibition, ...]:
        """Return the prohibitions in force on the day of import."""
        return tuple(
            each for each in self.prohibitions if each.effective <= day and (each.until is None or day < each.until)
        )

    def listing(self, code: str, *, on: date) -> Listing:
        """Return whether the Participant stands on the own national list on the day of import."""
        if self.national_list is None:
            return Listing(None, "", f"no own list of {self.participant} is known: the Scheme's standing is followed")
        name = self.national_list.name
        entries = [entry for entry in self.national_list.entries if entry.participant == code]
        if not entries:
            return Listing(None, name, "no difference from the Scheme's standing is known: that standing is followed")
        for entry in entries:
            if (entry.listed_from is None or entry.listed_from <= on) and (entry.until is None or on < entry.until):
                return Listing(on_list=True, list_name=name, source=entry.source)
        return Listing(on_list=False, list_name=name, source=entries[0].source)


class Profiles:
    """The legal profiles of all Participants, each from its day on."""

    def __init__(self, profiles: Iterable[LegalProfile], *, minima: Callable[[ParticipantCode], LegalProfile]) -> None:
        """Order the profiles by day; ``minima`` makes the profile of a Participant that has none."""
        self._own: dict[ParticipantCode, list[LegalProfile]] = {}
        for profile in sorted(profiles, key=lambda each: each.effective):
            self._own.setdefault(profile.participant, []).append(profile)
        for code, own in self._own.items():
            if len({profile.effective for profile in own}) != len(own):
                raise ProfileMalformed(f"Two profiles of {code} begin on one day.", where="effective")
        self._minima = functools.lru_cache(maxsize=1024)(minima)

    def of(self, code: str, *, on: date) -> LegalProfile:
        """Return the profile in force on the day: the Participant's own, or the minima of the Scheme."""
        own = self._own.get(ParticipantCode(code), [])
        begun = bisect_right(own, on, key=lambda profile: profile.effective)
        return own[begun - 1] if begun else self._minima(ParticipantCode(code))

    def of_day(self, code: str, *, at: datetime, office: str) -> LegalProfile:
        """Return the profile in force on the day on which the instant falls at the office."""
        profile = self.of(code, on=at.date())
        return self.of(code, on=profile.day_of(at, office=office))

    def __iter__(self) -> Iterator[LegalProfile]:
        """Give every Participant's own profiles, oldest first."""
        return (profile for own in self._own.values() for profile in own)


@functools.cache
def load() -> Profiles:
    """Return the packaged profiles."""
    folder = resources.files("macle.scheme") / "reference"
    zones = _packaged_zones((folder / "zones.csv").read_text(encoding="utf-8").splitlines())
    files = [file for file in (folder / "profiles").iterdir() if file.name.endswith(".toml")]
    tables = [tomllib.loads(file.read_text(encoding="utf-8")) for file in files]
    by_version = {table["version"]: table for table in tables}
    minima = by_version.pop(_MINIMA)

    def whole(table: Table) -> Table:
        """Return the table with what it leaves unsaid taken from the version it follows, then from the minima."""
        followed = whole(by_version[table["follows"]]) if "follows" in table else minima
        return _overlaid(followed, table)

    def of_minima(code: ParticipantCode) -> LegalProfile:
        return read({**minima, "participant": code}, zones=zones(code))

    own = [read(whole(table), zones=zones(ParticipantCode(table["participant"]))) for table in by_version.values()]
    return Profiles(own, minima=of_minima)


def read(table: Table, *, zones: Zones) -> LegalProfile:
    """Turn a complete table into a profile; raise `ProfileMalformed` at the first field without papers."""
    notes = tuple(_note(note) for note in table.get("notes", ()))
    doubted = {note.field for note in notes}
    _refuse_strangers({*table, *doubted} - {"follows", "notes", *_HEAD, "zones"})
    head: dict[str, Any] = {name: _head(table, name, kind) for name, kind in _HEAD.items()}
    fields: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, parse in _FIELDS.items():
        entry = table.get(name, {})
        if not isinstance(entry, dict):
            raise ProfileMalformed(f"{entry!r} is no table.", where=name, mend="Give its value and its source.")
        if entry.get("source"):
            sources[name] = entry["source"]
        elif entry or name not in doubted:
            raise ProfileMalformed("This has no source.", where=name, mend="Name its source, or leave it to a note.")
        try:
            fields[name] = parse(entry)
        except (KeyError, TypeError, ValueError, AttributeError, re.error, errors.Malformed) as error:
            raise ProfileMalformed(f"This cannot be read: {error}.", where=name) from error
    terms.participant_code(head["participant"], where="participant")
    return LegalProfile(**head, zones=zones, sources=sources, notes=notes, **fields)


def _refuse_strangers(names: set[str]) -> None:
    strangers = sorted(names - _FIELDS.keys())
    if strangers:
        raise ProfileMalformed(
            "There is no such field in a profile.", where=strangers[0], mend=f"Known: {', '.join(_FIELDS)}."
        )


def _head(table: Table, name: str, kind: type) -> object:
    value = table.get(name)
    if not isinstance(value, kind) or not value:
        raise ProfileMalformed(
            f"{value!r} cannot stand here.", where=name, mend="Give participant, version, effective."
        )
    return value


def _note(entry: Table) -> Note:
    """Return the note; a note that claims to be verified is refused, for then it would be a rule."""
    if set(entry) != {"field", "text", "source"} or not all(isinstance(text, str) and text for text in entry.values()):
        raise ProfileMalformed("A note has a field, a text and a source.", where="notes")
    return Note(entry["field"], entry["text"], entry["source"])


_HEAD: Mapping[str, type] = {"participant": str, "version": str, "effective": date}
_MINIMA = "minima-1"
_Part = TypeVar("_Part")


def _overlaid(below: Table, above: Table) -> Table:
    """Return one table over another; what is said above of a field replaces the notes below on it."""
    mentioned = {*above, *(note["field"] for note in above.get("notes", ()))}
    notes = [note for note in below.get("notes", ()) if note["field"] not in mentioned]
    return {**below, **above, "notes": [*notes, *above.get("notes", ())]}


def _value(entry: Table) -> Any:  # noqa: ANN401 (each field has its own type)
    """Return the one value of an entry, or None where there is none."""
    if not entry.keys() <= {"value", "source"}:
        raise ValueError(f"{sorted(entry)} is more than a value and its source")
    return entry.get("value")


def _text(entry: Table) -> str | None:
    value = _value(entry)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _texts(entry: Table) -> tuple[str, ...]:
    value = _value(entry) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError(f"{value!r} is no list of texts")
    return tuple(value)


def _flag(entry: Table) -> bool | None:
    value = _value(entry)
    if value is not None and not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _years(entry: Table) -> int | None:
    value = _value(entry)
    if value is not None and (type(value) is not int or value < 1):
        raise TypeError(f"{value!r} is no number of years")
    return value


def _needed(parse: Callable[[Table], _Part | None]) -> Callable[[Table], _Part]:
    """Return a parser that refuses a field without a value."""

    def parse_value(entry: Table) -> _Part:
        value = parse(entry)
        if value is None:
            raise ValueError("a value is needed")
        return value

    return parse_value


def _choice(kind: Callable[[str], _Part]) -> Callable[[Table], _Part | None]:
    return lambda entry: None if _value(entry) is None else kind(_value(entry))


def _choices(kind: Callable[[str], _Part]) -> Callable[[Table], tuple[_Part, ...]]:
    return lambda entry: tuple(kind(each) for each in _texts(entry))


def _pattern(entry: Table) -> str | None:
    pattern = _text(entry)
    return re.compile(pattern).pattern if pattern is not None else None


def _zone_name(entry: Table) -> str | None:
    name = _text(entry)
    return ZoneInfo(name).key if name is not None else None


def _statements(entry: Table) -> Mapping[str, str]:
    """Return the printed statements by id; the text of the Core Document is always among them."""
    others = entry.get("others", {})
    if not all(isinstance(text, str) for text in others.values()) or "core" in others:
        raise ValueError("other statements are texts, and none of them is called core")
    return {"core": certificates.STATEMENT, **others}


def _validity(entry: Table) -> Validity | None:
    if not entry:
        return None
    length = [entry[unit] for unit in ("months", "days") if unit in entry]
    if len(length) != 1 or type(length[0]) is not int or length[0] < 1 or type(entry["first_day_counts"]) is not bool:
        raise ValueError("a validity has a number of months or of days, and says whether the first day counts")
    return Validity(entry.get("months"), entry.get("days"), entry["first_day_counts"], entry["source"])


def _tolerance(entry: Table) -> Tolerance | None:
    if not entry.keys() - {"source"}:
        return None
    if not all(type(entry[name]) is int and entry[name] >= 0 for name in entry.keys() - {"source"}):
        raise TypeError("a tolerance is in whole hundredths of a carat or basis points")
    return Tolerance(entry.get("hundredths"), entry.get("basis_points"), entry["source"])


def _confirmation(entry: Table) -> Confirmation:
    kind = DayKind(entry["day_kind"]) if "days" in entry else None
    return Confirmation(entry["by"], entry["to"], entry.get("channel"), entry.get("days"), kind, entry["source"])


def _clocks(entry: Table) -> tuple[Clock, ...]:
    return tuple(
        Clock(
            each["id"],
            each["by"],
            each["to"],
            each["what"],
            each.get("days"),
            each.get("months"),
            DayKind(each["day_kind"]) if "day_kind" in each else None,
            each["source"],
        )
        for each in entry.get("list", ())
    )


def _prohibitions(entry: Table) -> tuple[Prohibition, ...]:
    return tuple(
        Prohibition(
            each["id"],
            ProhibitionKind(each["kind"]),
            each["effective"],
            each.get("until"),
            ProhibitionScope(each["scope"]),
            each["text"],
            each["source"],
        )
        for each in entry.get("list", ())
    )


def _national_list(entry: Table) -> NationalList | None:
    if not entry:
        return None
    return NationalList(
        entry["name"],
        tuple(
            NationalListEntry(
                terms.participant_code(each["participant"]), each.get("listed_from"), each.get("until"), each["source"]
            )
            for each in entry.get("entries", ())
        ),
        entry["source"],
    )


_FIELDS: Mapping[str, Callable[[Table], Any]] = {
    "expiry_zone": _zone_name,
    "languages": _texts,
    "statements": _statements,
    "validity": _validity,
    "validation_kinds": _choices(lambda word: ValidationKind[word.upper()]),
    "four_eyes": _needed(_flag),
    "consent_level": _choice(lambda word: ConsentLevel[word.upper()]),
    "number_pattern": _pattern,
    "numbers_belong_to_sheets": _flag,
    "tolerance": _tolerance,
    "rounding": _choice(Rounding),
    "value_basis": _text,
    "retention_years": _needed(_years),
    "trader_retention_years": _years,
    "confirmation": _confirmation,
    "clocks": _clocks,
    "corrections": _choices(CorrectionPolicy),
    "technical_certificates": _flag,
    "origin_policy": _needed(_choice(OriginPolicy)),
    "balance_policy": _needed(_choice(BalancePolicy)),
    "requires_licence": _needed(_flag),
    "stock_declaration": _needed(_flag),
    "inspection": _choice(InspectionPolicy),
    "national_list": _national_list,
    "prohibitions": _prohibitions,
    "exports_counted_at": _choice(CountedAt),
    "imports_counted_at": _choice(CountedAt),
    "fees": _texts,
    "obstacles": _texts,
}


def _packaged_zones(lines: Sequence[str]) -> Callable[[ParticipantCode], Zones]:
    """Return the zones of each Participant: its seat's from the lines, its offices' from their own rows."""
    seats = {code: ZoneInfo(zone).key for code, zone in list(csv.reader(lines))[1:]}
    known = participants.load()

    def zones(code: ParticipantCode) -> Zones:
        return Zones(seats.get(code, _NO_SEAT), tuple((office.name, office.zone) for office in known.offices(code)))

    return zones


_NO_SEAT = "Etc/UTC"
"""For a code that never was a Participant's: somebody may ask, nobody issues there."""


@functools.lru_cache(maxsize=1024)
def _zone_of(zones: Zones, office: str) -> str:
    """Return the zone of the office whose name begins with these words, or else of the seat."""
    wanted = participants.folded(office)
    for name, zone in zones.offices:
        if wanted and (participants.folded(name) + " ").startswith(wanted + " "):
            return zone
    return zones.seat


@functools.lru_cache(maxsize=8192)
def _end_of(day: date, zone: str) -> datetime:
    """Return the first instant of the next day in the zone, in UTC; a clock that changes at midnight is followed."""
    try:
        return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        return datetime.max.replace(microsecond=0, tzinfo=UTC)  # The calendar ends before the day does.


def _months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last day where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
