"""Tables in somebody else's words: which of their columns is which of our fields, and how their cells are written.

The rules of this module:

- Nothing is guessed while a table is read: a cell is read as its mapping says, or is a `Problem` with its reason. What
  is guessed is a first mapping (`propose`), which somebody reads before it counts.
- Quantities become integers of hundredths, exactly. What would have to be rounded is a problem.
- A row has all its problems at once, and keeps its cells as they came.
- What a spreadsheet itself holds as a number or a day is unmistakable, and read so whatever the mapping says of text.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
import tomllib
import unicodedata
from collections import abc
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from babel import Locale

from macle import errors
from macle.paper.tables import Figure
from macle.scheme import participants, terms
from macle.scheme.terms import Carats, USDollars

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Value = str | int | date
"""What a cell says: a text, a number of hundredths or of things, or a day."""

LARGEST_MAPPING: Final = 1024 * 1024
MIXED: Final = "*****"
"""The origin of goods whose countries are not disclosed, as certificates write it."""

_LOOKED_AT: Final = 5_000
"""Rows of a table from which is guessed how it is written."""
_MOST_WORDS: Final = 400
"""Different words of a column for which a mapping has room."""
_LANGUAGES: Final = ("en", "fr", "pt")


class MappingMalformed(errors.Malformed):
    """This does not say how a table is to be read."""

    code = "mapping-malformed"


class ColumnMissing(errors.Malformed):
    """The table has no such column, or has it twice."""

    code = "column-missing"


class Kind(StrEnum):
    """What a field holds, and so how its cells are read."""

    TEXT = "text"
    DAY = "day"
    CARATS = "carats"
    DOLLARS = "dollars"
    COUNT = "count"
    COUNTRY = "country"
    """Two capital letters."""
    ORIGIN = "origin"
    """Codes of countries with a space between them, or `MIXED`."""
    CHOICE = "choice"


class Reason(StrEnum):
    """Why a row cannot be taken, as it is counted."""

    EMPTY = "something is missing"
    TEXT = "a text cannot be kept"
    FORMULA = "a formula, or its error"
    DAY = "a day cannot be read, or cannot be"
    QUANTITY = "a weight, value or count cannot be read"
    DECIMALS = "it would have to be rounded"
    COUNTRY = "a country or Participant is not known"
    WORD = "a word that the mapping does not know"
    CELLS = "more cells than headings"
    NUMBER = "a number that is none"
    TAKEN = "the number belongs to something else"
    DIFFERS = "it differs from what is there"
    RULE = "a rule says no"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be taken: in which column, what is wrong, and how to mend it."""

    reason: Reason
    column: str
    what: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of ours; ``known`` are headings by which its column is recognised."""

    name: str
    kind: Kind
    about: str
    """What it is, as a proposed mapping says beside it."""
    known: tuple[str, ...] = ()
    is_needed: bool = False
    """Whether every row has it; a column or a fixed word must be there for it."""
    longest: int = 120
    choices: abc.Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of a choice: our words, each with the words by which it is recognised."""


WEIGHTS: Final = {"carats": 100, "grams": 500, "points": 1}
"""Units of weight, each in hundredths of a carat: a carat is 0.2 g, and a point its hundredth."""

VALUES: Final = {"dollars": 100, "cents": 1, "thousands of dollars": 100_000}
"""Units of value, each in US cents."""

DECIMALS: Final = (".", ",")
THOUSANDS: Final = ("", ",", ".", " ", "'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """How a table is to be read."""

    columns: abc.Mapping[str, str]
    """For each field the heading of its column."""
    fixed: abc.Mapping[str, str] = field(default_factory=dict)
    """For fields without a column what holds for every row."""
    words: abc.Mapping[str, abc.Mapping[str, str]] = field(default_factory=dict)
    """For a field, cells and what each means; a cell of an empty meaning is one about which nobody decided."""
    days: str = "YYYY-MM-DD"
    decimal: str = "."
    thousands: str = ""
    weight: str = "carats"
    value: str = "dollars"
    digits: int = 0
    """How many digits the numbers have of which a spreadsheet may have dropped the first zeros; 0 adds none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, counted as spreadsheets count it: its cells, what they say, and what is wrong with them."""

    number: int
    cells: Sequence[str]
    values: abc.Mapping[str, Value]
    problems: tuple[Problem, ...]


# --- Reading -----------------------------------------------------------------------------------------


class Reader:
    """Reads rows of one table after one mapping."""

    def __init__(self, mapping: Mapping, *, fields: Sequence[Field], headings: Sequence[str]) -> None:
        """Find the columns; raise `ColumnMissing` where one is not there, or a field that is needed has none."""
        self.mapping = mapping
        self.headings = tidy(headings)
        self._places = [(each, self._place(each)) for each in fields if each.name in mapping.columns]
        self._fixed = [each for each in fields if each.name in mapping.fixed]
        missing = [
            each.name
            for each in fields
            if each.is_needed and each.name not in mapping.columns and each.name not in mapping.fixed
        ]
        if missing:
            raise ColumnMissing(
                f"No column is named for: {', '.join(missing)}.",
                where="columns",
                mend="Name the column in the mapping, or say under [fixed] what holds for every row.",
            )
        self._words = {name: {_folded(cell): word for cell, word in of.items()} for name, of in mapping.words.items()}
        self._day = _pattern_of_days(mapping.days)
        self._quantity = _pattern_of_quantities(decimal=mapping.decimal, thousands=mapping.thousands)

    def column(self, name: str) -> str:
        """Return the heading of a field's column; the field's own name where it has none."""
        return self.mapping.columns.get(name, name)

    def _place(self, of: Field) -> int:
        heading = _plain(self.mapping.columns[of.name])
        if self.headings.count(heading) != 1:
            raise ColumnMissing(
                f"The table has no column {heading!r}, or has it twice.",
                where=of.name,
                mend=f"Its headings are: {', '.join(each for each in self.headings if each)[:400]}.",
            )
        return self.headings.index(heading)

    def rows(self, table: Iterable[Sequence[str]], *, first: int = 2) -> Iterator[Row]:
        """Give each row that holds anything."""
        for number, cells in enumerate(table, start=first):
            if any(cell.strip() for cell in cells):
                yield self._row(number, cells)

    def _row(self, number: int, cells: Sequence[str]) -> Row:
        values: dict[str, Value] = {}
        problems = []
        if any(cell.strip() for cell in cells[len(self.headings) :]):
            problems.append(
                Problem(
                    Reason.CELLS,
                    f"column {len(self.headings) + 1}",
                    "The row has more cells than there are headings.",
                    "Put a cell that holds the separator into quotes.",
                )
            )
        given = [(of, cells[place] if place < len(cells) else "") for of, place in self._places]
        given += [(of, self.mapping.fixed[of.name]) for of in self._fixed]
        for of, cell in given:
            try:
                value = self._value(of, cell)
            except _Unread as error:
                problems.append(Problem(error.reason, self.column(of.name), error.what, error.mend))
            else:
                if value != "":
                    values[of.name] = value
                elif of.is_needed:
                    problems.append(missing(self.column(of.name)))
        return Row(number, cells, values, tuple(problems))

    def _meaning(self, of: Field, cell: str) -> str:
        """Return what a cell means after the words of the mapping."""
        text = _plain(cell)
        if not isinstance(cell, Figure) and (text.startswith("=") or _FAULT.fullmatch(text)):
            raise _Unread(
                Reason.FORMULA, f"{terms.shown(text)} is a formula, or its error.", "Save the table with its values."
            )
        words = self._words.get(of.name)
        meaning = words.get(_folded(text), text) if words and text else text
        if text and not meaning:
            raise _Unread(
                Reason.WORD, f"The mapping leaves open what {terms.shown(text)} means.", f"Say it in [words.{of.name}]."
            )
        return meaning

    def _value(self, of: Field, cell: str) -> Value:  # noqa: PLR0911 (one answer for each kind)
        text = self._meaning(of, cell)
        if not text:
            return ""
        match of.kind:
            case Kind.DAY:
                return self._read_day(text)
            case Kind.CARATS:
                return self._read_quantity(cell, text, WEIGHTS[self.mapping.weight], Carats)
            case Kind.DOLLARS:
                return self._read_quantity(cell, text, VALUES[self.mapping.value], USDollars)
            case Kind.COUNT:
                return self._read_count(cell, text)
            case Kind.COUNTRY:
                return country(text, name=of.name)
            case Kind.ORIGIN:
                return origin(text, name=of.name)
            case Kind.CHOICE:
                return _choice(of, text)
            case Kind.TEXT:
                return _kept(of, text)

    def _read_day(self, text: str) -> date:
        try:
            return _day(_ISO.fullmatch(text) or self._day.fullmatch(text))
        except ValueError:
            raise _Unread(
                Reason.DAY,
                f"{terms.shown(text)} is not a day written as {self.mapping.days}.",
                "Write it so, or say in the mapping how days are written.",
            ) from None

    def _read_quantity(self, cell: str, text: str, factor: int, unit: type[Carats | USDollars]) -> int:
        found = (_FIGURE if isinstance(cell, Figure) else self._quantity).fullmatch(text)
        if found is None:
            raise _Unread(
                Reason.QUANTITY,
                f"{terms.shown(text)} is not a number of {unit.unit} as the mapping writes them.",
                "Write digits alone, or say in the mapping which signs stand between them.",
            )
        decimals = found["decimals"] or ""
        whole = int(re.sub("[^0-9]", "", found["whole"]) + decimals) * factor
        amount, rest = divmod(whole, int("1" + "0" * len(decimals)))
        if rest or (factor == 100 and len(decimals) > 2):  # noqa: PLR2004 (two decimals, of a unit of a hundred)
            raise _Unread(
                Reason.DECIMALS,
                f"{terms.shown(text)} has more than the hundredths of {unit.unit} that are kept.",
                "Write two decimals. If the sign separates thousands, say so in the mapping.",
            )
        if amount >= unit.limit:
            raise _Unread(
                Reason.QUANTITY,
                f"{terms.shown(text)} {unit.unit} is more than any shipment holds.",
                "Look for a slip of the sign.",
            )
        return amount

    def _read_count(self, cell: str, text: str) -> int:
        found = (_FIGURE if isinstance(cell, Figure) else self._quantity).fullmatch(text)
        digits = re.sub("[^0-9]", "", found["whole"]) if found is not None and not found["decimals"] else ""
        if not digits or len(digits) > _LONGEST_COUNT:
            raise _Unread(Reason.QUANTITY, f"{terms.shown(text)} is not a count.", "Write a whole number.")
        return int(digits)


class _Unread(Exception):
    """A cell that does not say what its column holds."""

    def __init__(self, reason: Reason, what: str, mend: str) -> None:
        super().__init__(what)
        self.reason, self.what, self.mend = reason, what, mend


_FAULT: Final = re.compile(r"#(?:REF|N/A|VALUE|NAME|DIV/0|NUM|NULL)[!?]?", re.IGNORECASE)
_ISO: Final = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?"
)
_FIGURE: Final = re.compile(r"(?P<whole>[0-9]{1,18})(?:\.(?P<decimals>[0-9]{1,18}))?")
_SHORT_YEAR: Final = 2
_LONGEST_COUNT: Final = 9
_SPACES: Final = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'"})


def missing(column: str) -> Problem:
    """Return what is said of a cell that is empty and must not be."""
    return Problem(Reason.EMPTY, column, "This is empty.", "Write it in the table, or in the mapping under [fixed].")


def tidy(headings: Sequence[str]) -> list[str]:
    """Return the headings without what surrounds them, and without empty ones at the end."""
    plain = [_plain(each) for each in headings]
    while plain and not plain[-1]:
        plain.pop()
    return plain


def _plain(cell: str) -> str:
    return " ".join(cell.translate(_SPACES).split())


@functools.lru_cache(maxsize=65536)
def _folded(text: str) -> str:
    """Return the letters and digits of a text, whatever its accents, capitals and marks."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(each if each.isalnum() else " " for each in letters if not unicodedata.combining(each))
    return " ".join(plain.split())


def _day(found: re.Match[str] | None) -> date:
    """Return the day that was found; raise `ValueError` if there is none."""
    year, month, day = found.group("year", "month", "day") if found is not None else ("0", "0", "0")
    return date(int(f"20{year}" if len(year) == _SHORT_YEAR else year), int(month), int(day))


def _pattern_of_days(written: str) -> re.Pattern[str]:
    """Return what reads days written as ``DD/MM/YYYY``; raise `MappingMalformed`."""
    parts = re.split(r"(YYYY|YY|MM|DD)", written)
    tokens = parts[1::2]
    between = [re.escape(each) for each in parts[::2]]
    if sorted(token[0] for token in tokens) != ["D", "M", "Y"] or any(each.isalnum() for each in "".join(parts[::2])):
        raise MappingMalformed(
            f"{terms.shown(written)} is not how days are written.", where="days", mend="Write it as DD/MM/YYYY."
        )
    fewest = 1 if all(parts[2:-1:2]) else 2
    shapes = {"YYYY": r"(?P<year>[0-9]{4})", "YY": r"(?P<year>[0-9]{2})"}
    shapes |= {name: rf"(?P<{of}>[0-9]{{{fewest},2}})" for name, of in (("MM", "month"), ("DD", "day"))}
    read = [shapes[token] for token in tokens]
    return re.compile("".join(itertools.chain.from_iterable(itertools.zip_longest(between, read, fillvalue=""))))


@functools.cache
def _pattern_of_quantities(*, decimal: str, thousands: str) -> re.Pattern[str]:
    mark, group = re.escape(decimal), re.escape(thousands)
    grouped = rf"|[0-9]{{1,3}}(?:{group}[0-9]{{3}}){{1,5}}" if thousands else ""
    return re.compile(rf"(?P<whole>[0-9]{{1,18}}{grouped})(?:{mark}(?P<decimals>[0-9]{{1,18}}))?")


def country(text: str, *, name: str) -> str:
    """Return the code of a country or Participant."""
    code = text.upper()
    if code not in _codes():
        raise _Unread(
            Reason.COUNTRY,
            f"{terms.shown(text)} is not a code of two letters that is known.",
            f"Write the code, or say in [words.{name}] of the mapping what it means.",
        )
    return code


def origin(text: str, *, name: str) -> str:
    """Return the countries of an origin, in the order of their codes, or `MIXED`."""
    if not text.strip("*"):
        return MIXED
    codes = [country(each, name=name) for each in re.split(r"[;,/+ ]+", text) if each]
    return " ".join(sorted(set(codes)))


@functools.cache
def _codes() -> frozenset[str]:
    countries = {code for code in map(str, Locale("en").territories) if re.fullmatch("[A-Z]{2}", code)}
    return frozenset(countries - _NO_COUNTRIES | {str(each.code) for each in participants.load()})


_NO_COUNTRIES: Final = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""Regions and inventions that are listed among the countries."""


def _choice(of: Field, text: str) -> str:
    folded = _folded(text)
    for word in of.choices:
        if folded == _folded(word):
            return word
    raise _Unread(
        Reason.WORD,
        f"{terms.shown(text)} is none of: {', '.join(of.choices)}.",
        f"Say in [words.{of.name}] of the mapping what it means.",
    )


def _kept(of: Field, text: str) -> str:
    if len(text) > of.longest:
        raise _Unread(Reason.TEXT, f"This has more than {of.longest} characters.", "Shorten it.")
    if not terms.is_printable(text):
        raise _Unread(Reason.TEXT, "This has characters that do not print.", "Type it anew.")
    return text


# --- The mapping as a file -----------------------------------------------------------------------------


def read(data: bytes, *, fields: Sequence[Field]) -> Mapping:
    """Return the mapping that a TOML file holds; raise `MappingMalformed`."""
    try:
        given = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise MappingMalformed(f"This is not TOML: {reason}.", mend=_PROPOSE) from None
    names = {each.name: each for each in fields}
    plain: dict[str, Any] = {}
    for key, value in given.items():
        if key in _ONE_OF:
            plain[key] = _one_of(value, key)
        elif key == "days" and isinstance(value, str):
            _pattern_of_days(value)
            plain[key] = value
        elif key == "digits" and type(value) is int and 0 <= value <= _MOST_DIGITS:
            plain[key] = value
        elif key in {"columns", "fixed"} and isinstance(value, dict):
            plain[key] = _texts(value, names, key)
        elif key == "words" and isinstance(value, dict):
            plain[key] = {_known(name, names, key): _meanings(names[name], of) for name, of in value.items()}
        else:
            raise MappingMalformed(f"{terms.shown(key)} is not part of a mapping, or not so.", where=key, mend=_PROPOSE)
    columns = plain.setdefault("columns", {})
    if twice := sorted(columns.keys() & plain.get("fixed", {}).keys()):
        raise MappingMalformed(
            f"There is a column for {twice[0]}, and a fixed word too.", where="fixed", mend="Leave one of them out."
        )
    mapping = Mapping(**plain)
    if mapping.decimal == mapping.thousands:
        raise MappingMalformed(
            "One sign cannot separate both decimals and thousands.", where="thousands", mend='Write thousands = "".'
        )
    return mapping


_MOST_DIGITS: Final = 20
_PROPOSE: Final = "Let a first mapping be written with --propose, and change that."
_ONE_OF: Final = {
    "decimal": DECIMALS,
    "thousands": THOUSANDS,
    "weight": tuple(WEIGHTS),
    "value": tuple(VALUES),
}


def _one_of(value: object, key: str) -> str:
    if value not in _ONE_OF[key]:
        raise MappingMalformed(
            f"{terms.shown(value)} is not possible here.",
            where=key,
            mend=f"Write one of: {', '.join(map(repr, _ONE_OF[key]))}.",
        )
    return str(value)


def _known(name: str, names: abc.Mapping[str, Field], where: str) -> str:
    if name not in names:
        raise MappingMalformed(
            f"{terms.shown(name)} is none of our fields.", where=where, mend=f"They are: {', '.join(names)}."
        )
    return name


def _texts(given: abc.Mapping[str, object], names: abc.Mapping[str, Field], where: str) -> dict[str, str]:
    for name, text in given.items():
        _known(name, names, where)
        if not isinstance(text, str) or not text.strip():
            raise MappingMalformed(
                f"{terms.shown(text)} is not a text.", where=f"{where}.{name}", mend="Write it in quotes."
            )
    return {name: str(text) for name, text in given.items()}


def _meanings(of: Field, given: object) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(word, str) for word in given.values()):
        raise MappingMalformed(
            "Here each word has its meaning.", where=f"words.{of.name}", mend='Write lines such as "Annulé" = "void".'
        )
    for word in given.values():
        if of.choices and word not in {"", *of.choices}:
            raise MappingMalformed(
                f"{terms.shown(word)} is not a meaning.",
                where=f"words.{of.name}",
                mend=f"Write one of: {', '.join(of.choices)}.",
            )
    return dict(given)


# --- Proposing ----------------------------------------------------------------------------------------


def propose(*, fields: Sequence[Field], headings: Sequence[str], table: Iterable[Sequence[str]]) -> Mapping:
    """Return a first mapping, guessed from the headings and cells; a word of which nothing is known means nothing yet.

    A field that is needed and was not found is in neither `Mapping.columns` nor `Mapping.fixed`.
    """
    plain = tidy(headings)
    columns = _recognised(fields, plain)
    found: dict[str, dict[str, None]] = {each.name: {} for each in fields if each.name in columns}
    kinds = {each.name: each.kind for each in fields}
    places = [(name, plain.index(heading)) for name, heading in columns.items()]
    for index, cells in enumerate(table):
        for name, place in places:
            worded = kinds[name] in {Kind.CHOICE, Kind.COUNTRY, Kind.ORIGIN}
            if (index < _LOOKED_AT or worded) and place < len(cells) and not isinstance(cells[place], Figure):
                found[name].setdefault(_plain(cells[place]))
    seen = {name: [cell for cell in cells if cell] for name, cells in found.items()}
    quantities = [cell for name, cells in seen.items() if kinds[name] in {Kind.CARATS, Kind.DOLLARS} for cell in cells]
    days = [cell for name, cells in seen.items() if kinds[name] is Kind.DAY for cell in cells]
    decimal, thousands = max(_SIGNS, key=lambda signs: sum(_has_two_decimals(cell, *signs) for cell in quantities))
    words = {each.name: _guessed(each, seen[each.name]) for each in fields if each.name in seen}
    return Mapping(
        columns=columns,
        words={name: meanings for name, meanings in words.items() if meanings},
        # Of several that read as many, the first and most usual one.
        days=max(_DAYS, key=lambda written: _days_read(days, written)),
        decimal=decimal,
        thousands=thousands,
    )


_DAYS: Final = (
    *("YYYY-MM-DD", "DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "DD-MM-YYYY", "YYYY/MM/DD", "DD/MM/YY", "MM/DD/YY"),
    *("DD.MM.YY", "DD-MM-YY", "YYYYMMDD"),
)
_SIGNS: Final = ((".", ""), (".", ","), (",", ""), (",", "."), (",", " "), (".", " "), (".", "'"), (",", "'"))


def _has_two_decimals(cell: str, decimal: str, thousands: str) -> bool:
    found = _pattern_of_quantities(decimal=decimal, thousands=thousands).fullmatch(cell)
    return found is not None and len(found["decimals"] or "") <= 2  # noqa: PLR2004 (two decimals)


def _days_read(cells: Sequence[str], written: str) -> int:
    """Return how many cells are days that are written so."""
    pattern, count = _pattern_of_days(written), 0
    for cell in cells:
        try:
            _day(pattern.fullmatch(cell))
        except ValueError:
            continue
        count += 1
    return count


def _recognised(fields: Sequence[Field], headings: Sequence[str]) -> dict[str, str]:
    """Return for each field the heading that is most surely its own; a heading serves once."""
    free = [each for each in dict.fromkeys(headings) if each and headings.count(each) == 1]
    columns: dict[str, str] = {}
    for is_alike in (_is_called, _holds_the_words):
        for each in fields:
            known = [_folded(word) for word in (each.name.replace("_", " "), each.name, *each.known)]
            heading = next((heading for heading in free if is_alike(_folded(heading), known)), None)
            if each.name not in columns and heading is not None:
                columns[each.name] = heading
                free.remove(heading)
    return {each.name: columns[each.name] for each in fields if each.name in columns}


def _is_called(heading: str, known: Sequence[str]) -> bool:
    return heading in known


def _holds_the_words(heading: str, known: Sequence[str]) -> bool:
    words = set(heading.split())
    return any(set(each.split()) <= words for each in known)


def _guessed(of: Field, cells: Sequence[str]) -> dict[str, str]:
    """Return the words of a column that are not ours already, each with the meaning that is guessed."""
    if of.kind is Kind.CHOICE:
        known = {_folded(word): meaning for meaning, words in of.choices.items() for word in words}
        own = {_folded(word) for word in of.choices}
        return {cell: known.get(_folded(cell), "") for cell in cells[:_MOST_WORDS] if _folded(cell) not in own}
    if of.kind is Kind.COUNTRY:
        return {cell: _named().get(_folded(cell), "") for cell in cells[:_MOST_WORDS] if cell.upper() not in _codes()}
    if of.kind is Kind.ORIGIN:
        return {cell: _named_origin(cell) for cell in cells[:_MOST_WORDS] if not _is_origin(cell)}
    return {}


def _named_origin(cell: str) -> str:
    """Return the codes of an origin that is told by names; nothing if one of them is not known."""
    codes = [_named().get(_folded(each), "") for each in _BETWEEN_NAMES.split(cell)]
    return " ".join(sorted(codes)) if all(codes) else ""


_BETWEEN_NAMES: Final = re.compile("[;,/+]")


def _is_origin(cell: str) -> bool:
    try:
        origin(cell, name="")
    except _Unread:
        return False
    return True


@functools.cache
def _named() -> dict[str, str]:
    """Return the codes of countries by their names in the languages of the pages, and by the Scheme's own."""
    named = {
        _folded(name): code
        for language in _LANGUAGES
        for code, name in Locale(language).territories.items()
        if re.fullmatch("[A-Z]{2}", code)
    }
    named |= {_folded(each.name): each.code for each in participants.load()}
    return named | {_folded(word): MIXED for word in ("mixed", "mixed origin", "mélange", "mixte", "mista", "misto")}


def to_toml(mapping: Mapping, *, fields: Sequence[Field], headings: Sequence[str]) -> bytes:
    """Return the mapping as a file for people, with all that it could say besides."""
    lines = [
        "# How this table is read. See docs/how-to/move-in.md; lines that begin with # say nothing.",
        "",
        f"days = {_quoted(mapping.days)}  # {', '.join(_DAYS)}",
        f"decimal = {_quoted(mapping.decimal)}",
        f"thousands = {_quoted(mapping.thousands)}",
        f"weight = {_quoted(mapping.weight)}  # {', '.join(WEIGHTS)}",
        f"value = {_quoted(mapping.value)}  # US {', '.join(VALUES)}",
        f"digits = {mapping.digits}  # of numbers that lost their first zeros in a spreadsheet; 0 adds none",
        "",
        "[columns]",
    ]
    for each in fields:
        if each.name in mapping.columns:
            lines.append(f"{each.name} = {_quoted(mapping.columns[each.name])}  # {each.about}")
        elif each.name not in mapping.fixed:
            lines.append(f'# {each.name} = ""  # {"NEEDED: " if each.is_needed else ""}{each.about}')
    unused = [each for each in tidy(headings) if each and each not in mapping.columns.values()]
    if unused:
        lines.append(f"# Columns that are not taken: {', '.join(map(_quoted, unused))}")
    lines += ["", "[fixed]", "# What holds for every row, in place of a column."]
    lines += [f"{name} = {_quoted(text)}" for name, text in mapping.fixed.items()]
    for each in fields:
        if of := mapping.words.get(each.name):
            lines += ["", f"[words.{each.name}]", f"# {each.about}"]
            if each.choices:
                lines.append(f"# One of: {', '.join(each.choices)}")
            lines += [
                f"{_quoted(cell)} = {_quoted(word)}{'' if word else '  # Say what it means.'}"
                for cell, word in of.items()
            ]
    return ("\n".join(lines) + "\n").encode()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
