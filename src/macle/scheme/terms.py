"""The Scheme's smallest terms: codes, numbers, weights, values and dates that are only partly known.

Quantities are integers (hundredths of a carat, US cents) and never floating point numbers, so that two
authorities that add the same parcels always get the same sum.
"""

from __future__ import annotations

import calendar
import re
import reprlib
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, NewType, Self

from macle import errors

ParticipantCode = NewType("ParticipantCode", str)
"""Two capital letters: a Participant's ISO 3166-1 alpha-2 code, or EU."""

CountryCode = NewType("CountryCode", str)
"""Two capital letters: the ISO 3166-1 alpha-2 code of a country, which may be part of a Participant."""

_CODE = re.compile(r"[A-Z]{2}")
_NATIONAL = re.compile(r"[A-Z0-9](?:[A-Z0-9/.-]{0,18}[A-Z0-9])?")
_DECIMAL = re.compile(r"(?P<whole>[0-9]{1,18})(?:\.(?P<cents>[0-9]{1,2}))?")
_PARTIAL = re.compile(r"(?P<year>[0-9]{4})(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12][0-9]|3[01]))?)?")


class TermInvalid(errors.Malformed):
    """A code, number, weight, value or date is not written as the Scheme writes it."""

    code = "term-invalid"


_GLANCE = reprlib.Repr()
_GLANCE.maxstring = _GLANCE.maxother = _GLANCE.maxlong = 40
_GLANCE.maxlevel = 2


def shown(value: object) -> str:
    """Return what was given as an error shows it: cut to a glance, however long or deep it is."""
    if isinstance(value, int) and abs(value) >= 10**40:  # Python refuses to write out the longest ones.
        return "a number of more than 40 digits"
    return _GLANCE.repr(value)


def is_printable(text: str) -> bool:
    """Return whether every character prints: no controls, no hidden directions, no spaces but the plain one.

    The two joiners are let through, for Persian and Sinhala names are not written without them, and so are
    characters that this version of Unicode does not know yet: verifiers must not differ by their age.
    """
    if text.isprintable():
        return True
    return bool(text.strip(_JOINERS)) and all(
        letter in _JOINERS or letter == " " or unicodedata.category(letter) not in _NOT_PRINTED for letter in text
    )


_JOINERS = "\u200c\u200d"
_NOT_PRINTED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"})


def participant_code(text: object, *, where: str = "") -> ParticipantCode:
    """Return the text as a Participant's code; raise `TermInvalid` unless it is two capital letters."""
    return ParticipantCode(_two_letters(text, where=where, meaning="a Participant's code"))


def country_code(text: object, *, where: str = "") -> CountryCode:
    """Return the text as a country's code; raise `TermInvalid` unless it is two capital letters."""
    return CountryCode(_two_letters(text, where=where, meaning="a country's code"))


def _two_letters(text: object, *, where: str, meaning: str) -> str:
    if not isinstance(text, str) or not _CODE.fullmatch(text):
        raise TermInvalid(
            f"{shown(text)} is not {meaning}.", where=where, mend="Write two capital letters, such as BW."
        )
    return text


@dataclass(frozen=True, slots=True, order=True)
class CertificateNumber:
    """The unique number of a certificate: the issuer's alpha-2 code and a national part.

    Written together (``BW00004821``) it is one word; people read it as ``BW 00004821``.

    Source: KPCS Core Document, Annex I-A.
    """

    participant: ParticipantCode
    national: str

    @classmethod
    def parse(cls, text: object, *, where: str = "") -> Self:
        """Read a number, with or without a space after the code; raise `TermInvalid` if it is none."""
        if isinstance(text, str) and 3 <= len(text) <= 24:  # noqa: PLR2004 (2 + 1 and 2 + space + 20, roomy)
            code, national = text[:2], text[2:].removeprefix(" ")
            if _CODE.fullmatch(code) and _NATIONAL.fullmatch(national):
                return cls(ParticipantCode(code), national)
        raise TermInvalid(
            f"{shown(text)} is not a certificate number.",
            where=where,
            mend="Write the issuer's two letters and its number, such as BW00004821.",
        )

    def __str__(self) -> str:
        """Return the number as one word."""
        return self.participant + self.national

    @property
    def for_people(self) -> str:
        """Return the number as it is read: the code, a space, the national part."""
        return f"{self.participant} {self.national}"


class HSCode(StrEnum):
    """The three headings of the Harmonized System that make a diamond rough. Source: Section I."""

    UNSORTED = "7102.10"
    INDUSTRIAL = "7102.21"
    NON_INDUSTRIAL = "7102.31"


@dataclass(frozen=True, slots=True, order=True)
class _Quantity:
    """A non-negative quantity with two decimals, held as an integer of hundredths."""

    hundredths: int

    unit: ClassVar[str]
    limit: ClassVar[int]

    def __post_init__(self) -> None:
        """Refuse what is not a quantity; a bool is not a number here."""
        if type(self.hundredths) is not int or not 0 <= self.hundredths < self.limit:
            raise TermInvalid(
                f"{shown(self.hundredths)} is not a number of hundredths of {self.unit}.",
                mend=f"Give a whole number from 0 to {self.limit - 1}.",
            )

    @classmethod
    def parse(cls, text: object, *, where: str = "") -> Self:
        """Read ``205.18``; raise `TermInvalid` on a third decimal, a sign, a separator or a float."""
        if isinstance(text, int) and not isinstance(text, bool) and abs(text) < 10**18:
            text = str(text)
        match = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise TermInvalid(f"{shown(text)} is not a number of {cls.unit}.", where=where, mend=cls._advice(text))
        hundredths = int(match["whole"]) * 100 + int((match["cents"] or "0").ljust(2, "0"))
        if hundredths >= cls.limit:
            raise TermInvalid(
                f"{text} {cls.unit} is more than any shipment holds.", where=where, mend="Look for a slip of the point."
            )
        return cls(hundredths)

    @classmethod
    def _advice(cls, text: object) -> str:
        """Return how to write the number that was probably meant."""
        third = re.fullmatch(r"([0-9]{1,13})\.([0-9]{2})([0-9]{1,20})", text) if isinstance(text, str) else None
        lower = cls.limit if third is None else int(third[1] + third[2])
        if third is None or lower + 1 >= cls.limit:
            return 'Write digits, a point and two decimals, as text: "205.18".'
        if not third[3].strip("0"):
            return f"Write {cls(lower)}, not {text}."
        return f"Write {cls(lower)} or {cls(lower + 1)}, not {text}."

    def __str__(self) -> str:
        """Return the quantity with two decimals and no separator."""
        return f"{self.hundredths // 100}.{self.hundredths % 100:02d}"

    def __add__(self, other: Self) -> Self:
        """Return the exact sum."""
        return type(self)(self.hundredths + other.hundredths)

    @property
    def for_people(self) -> str:
        """Return the quantity with separated thousands."""
        return f"{self.hundredths // 100:,}.{self.hundredths % 100:02d}"


@dataclass(frozen=True, slots=True, order=True)
class Carats(_Quantity):
    """A weight in hundredths of a carat, below a thousand million carats."""

    unit = "carats"
    limit = 10**11


@dataclass(frozen=True, slots=True, order=True)
class USDollars(_Quantity):
    """A value in US cents, below ten million million dollars."""

    unit = "US dollars"
    limit = 10**15


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date of which perhaps only the year, or the year and month, is known."""

    text: str
    first: date
    last: date

    @classmethod
    def parse(cls, text: str, *, where: str = "") -> Self:
        """Read ``2003``, ``2012-11`` or ``2021-01-01``; raise `TermInvalid` on anything else."""
        match = _PARTIAL.fullmatch(text)
        year, month, day = match.groups() if match else ("0", None, None)
        try:
            first = date(int(year), int(month or "1"), int(day or "1"))
            last_month = int(month or "12")
            last = first if day else date(first.year, last_month, calendar.monthrange(first.year, last_month)[1])
        except ValueError as error:
            raise TermInvalid(
                f"{shown(text)} is not a date, month or year.", where=where, mend="Write 2003, 2012-11 or 2021-01-01."
            ) from error
        return cls(text, first, last)

    def __str__(self) -> str:
        """Return what is known, as it was written."""
        return self.text
