"""What an exporter applies for, and the step from an application to a certificate.

An application may be incomplete or wrong: every field can be missing, so that all breaches are found at
once and nothing that was entered is lost. `read` turns plain data (from JSON or a row of a table) into an
`Application`; what could not be read stands in ``unreadable`` with its reason, and is reported as a breach.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeVar

from macle import errors
from macle.scheme import certificates, terms
from macle.scheme.certificates import Certificate, CertificateKind, OriginKind, ValidationKind
from macle.scheme.terms import Carats, CertificateNumber, CountryCode, HSCode, ParticipantCode, USDollars

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from macle.scheme.certificates import ConsentLevel, ProfileReference

    _Parser = Callable[["_Reader", object, str], Any]

_T = TypeVar("_T")


class ApplicationMalformed(errors.Malformed):
    """The application is not an object with fields at all."""

    code = "application-malformed"


@dataclass(frozen=True, slots=True)
class Problem:
    """One field that could not be read."""

    where: str
    what: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedParty:
    """An exporter or importer with what only the full record holds: the address, the licence's last day."""

    name: str | None = None
    latin_name: str | None = None
    address: str | None = None
    town: str | None = None
    country: CountryCode | None = None
    licence: str | None = None
    licence_valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedOrigin:
    """The origin as applied for; ``countries`` may be empty where the kind is missing or undisclosed."""

    kind: OriginKind | None = None
    countries: tuple[CountryCode, ...] = ()
    area: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedLine:
    """Weight and value of one HS heading; ``hs_text`` keeps a heading that is not on the list of three."""

    hs: HSCode | None = None
    hs_text: str | None = None
    carats: Carats | None = None
    value: USDollars | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the goods lawfully came from: a production record, an import certificate, a purchase."""

    kind: str | None = None
    reference: str | None = None
    carats: Carats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedValidation:
    """How the certificate is to be validated, as far as known."""

    kind: ValidationKind | None = None
    officials: tuple[str, ...] = ()
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application for one certificate; None means not given (or not readable, see ``unreadable``)."""

    participant: ParticipantCode | None = None
    office: str | None = None
    issuing_authority: str | None = None
    kind: CertificateKind | None = None
    number: CertificateNumber | None = None
    status_index: int | None = None
    date_of_issuance: date | None = None
    date_of_expiry: date | None = None
    exporter: AppliedParty | None = None
    importer: AppliedParty | None = None
    destination: ParticipantCode | None = None
    country_of_provenance: ParticipantCode | None = None
    origin: AppliedOrigin | None = None
    lines: tuple[AppliedLine, ...] = ()
    total_carats: Carats | None = None
    total_value: USDollars | None = None
    parcels: int | None = None
    container_seals: tuple[str, ...] = ()
    not_conflict_diamonds: bool | None = None
    synthetics_declared: bool | None = None
    sources: tuple[Source, ...] = ()
    independent_value: USDollars | None = None
    government_value: USDollars | None = None
    validation: AppliedValidation | None = None
    languages: tuple[str, ...] = ()
    refers_to: certificates.Reference | None = None
    unreadable: tuple[Problem, ...] = ()

    @property
    def carat_weight(self) -> Carats | None:
        """Return the sum of the lines' weights, or None while one is missing or the sum is no weight."""
        known = [line.carats.hundredths for line in self.lines if line.carats is not None]
        is_whole = bool(known) and len(known) == len(self.lines)
        return Carats(sum(known)) if is_whole and sum(known) < Carats.limit else None

    @property
    def value(self) -> USDollars | None:
        """Return the sum of the lines' values, or None while one is missing or the sum is no value."""
        known = [line.value.hundredths for line in self.lines if line.value is not None]
        is_whole = bool(known) and len(known) == len(self.lines)
        return USDollars(sum(known)) if is_whole and sum(known) < USDollars.limit else None

    def is_unreadable(self, where: str) -> bool:
        """Return whether the field, something inside it or what it is part of was given but could not be read."""
        return any(
            problem.where == where
            or problem.where.startswith((where + ".", where + "["))
            or where.startswith((problem.where + ".", problem.where + "["))
            for problem in self.unreadable
        )


def read(data: object) -> Application:
    """Turn plain data into an application, collecting in ``unreadable`` whatever could not be read.

    Raises `ApplicationMalformed` only if the data is no object at all.
    """
    if not isinstance(data, dict):
        raise ApplicationMalformed("An application is an object with fields.", mend="Begin with { and name the fields.")
    reader = _Reader()
    fields = reader.object(data, "", _APPLICATION)
    return Application(**fields, unreadable=tuple(reader.problems))


class _Reader:
    """Reads one application and remembers each field that it could not read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.strangers = 0

    def object(self, data: object, where: str, fields: Mapping[str, _Parser]) -> dict[str, Any]:
        """Return the fields that could be read; name those that do not exist."""
        if not isinstance(data, dict):
            self.problems.append(Problem(where, f"{_shown(data)} is not an object with fields.", "Write { ... }."))
            return {}
        read: dict[str, Any] = {}
        for name, value in data.items():
            path = f"{where}.{name}" if where else str(name)
            parse = fields.get(name)
            if parse is None:
                self.stranger(where, str(name), fields)
            elif value is not None and value != "":
                try:
                    read[name] = parse(self, value, path)
                except errors.Malformed as error:
                    self.problems.append(Problem(error.where or path, error.what, error.mend))
        return read

    def stranger(self, where: str, name: str, known: Mapping[str, _Parser]) -> None:
        """Name a field that does not exist, and what was probably meant; past a hundred, only say so."""
        self.strangers += 1
        name = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
        if self.strangers <= _MOST_STRANGERS:
            path = f"{where}.{name}" if where else name
            self.problems.append(Problem(path[:_LONGEST_PATH], "There is no such field.", _nearest(name, known)))
        elif self.strangers == _MOST_STRANGERS + 1:
            self.problems.append(Problem(where, "There are more fields that do not exist.", "Leave them out."))


_MOST_STRANGERS = 100
_LONGEST_PATH = 100
_shown = terms.shown


def _nearest(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {near[0]}?" if near else f"Leave it out; known here: {', '.join(known)}."


class FieldUnreadable(errors.Malformed):
    """One field of an application is not what it must be."""

    code = "field-unreadable"


def _text(_: _Reader, value: object, where: str) -> str:
    if (
        isinstance(value, str)
        and value.strip() == value
        and terms.is_printable(value)
        and len(value) <= certificates.LONGEST_TEXT
    ):
        return value
    raise FieldUnreadable(
        f"{_shown(value)} is not a text that can be printed.",
        where=where,
        mend=f"Give at most {certificates.LONGEST_TEXT} printable characters, without spaces around them.",
    )


def _long_text(_: _Reader, value: object, where: str) -> str:
    if (
        isinstance(value, str)
        and len(value) <= _LONGEST_ADDRESS
        and terms.is_printable(value.replace("\r", "").replace("\n", ""))
    ):
        return value
    raise FieldUnreadable(
        f"{_shown(value)} is not a text.", where=where, mend=f"Give at most {_LONGEST_ADDRESS} printable characters."
    )


def _flag(_: _Reader, value: object, where: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "yes", "false", "no"}:
        return value.lower() in {"true", "yes"}
    raise FieldUnreadable(f"{_shown(value)} is neither true nor false.", where=where, mend="Write true or false.")


def _number(_: _Reader, value: object, where: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER:
        return int(value)
    raise FieldUnreadable(f"{_shown(value)} is not a whole number.", where=where, mend="Write digits only.")


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(_: _Reader, value: object, where: str) -> date:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise FieldUnreadable(f"{_shown(value)} is not a date.", where=where, mend="Write year, month and day: 2026-11-02.")


def _hex_digest(_: _Reader, value: object, where: str) -> bytes:
    if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value):
        return bytes.fromhex(value)
    raise FieldUnreadable(f"{_shown(value)} is not an identity.", where=where, mend="Write 64 hexadecimal digits.")


def _heading(_: _Reader, value: object, where: str) -> str:
    if isinstance(value, str) and terms.is_printable(value) and len(value) <= certificates.LONGEST_TEXT:
        return value
    raise FieldUnreadable(f"{_shown(value)} is not an HS heading.", where=where, mend='Write it as text: "7102.31".')


def _choice(kind: type[IntEnum]) -> _Parser:
    """Return a parser of the members' names in small letters."""
    words = {member.name.lower(): member for member in kind}

    def parse(_: _Reader, value: object, where: str) -> IntEnum:
        if isinstance(value, str) and value in words:
            return words[value]
        raise FieldUnreadable(
            f"{_shown(value)} is not known here.", where=where, mend=f"Write one of: {', '.join(words)}."
        )

    return parse


def _term(parse_term: Callable[..., Any]) -> _Parser:
    return lambda _, value, where: parse_term(value, where=where)


def _many(parse: _Parser, *, most: int = 500) -> _Parser:
    def parse_all(reader: _Reader, value: object, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > most:
            raise FieldUnreadable(
                f"{_shown(value)} is not a list.", where=where, mend=f"Write [ ... ] with at most {most}."
            )
        read = []
        for index, item in enumerate(value):
            try:
                read.append(parse(reader, item, f"{where}[{index}]"))
            except errors.Malformed as error:
                reader.problems.append(Problem(error.where or f"{where}[{index}]", error.what, error.mend))
        return tuple(read)

    return parse_all


def _parts(make: Callable[..., Any], fields: Mapping[str, _Parser]) -> _Parser:
    return lambda reader, value, where: make(**reader.object(value, where, fields))


def _line(reader: _Reader, value: object, where: str) -> AppliedLine:
    read = reader.object(value, where, _LINE)
    text = read.pop("hs", None)
    return AppliedLine(hs=_HEADINGS.get(text or ""), hs_text=text, **read)


def _reference(reader: _Reader, value: object, where: str) -> certificates.Reference:
    read = reader.object(value, where, _REFERENCE)
    if "number" not in read:
        raise FieldUnreadable("This names no certificate.", where=where, mend='Give its "number".')
    return certificates.Reference(**read)


_LONGEST_ADDRESS = 400
_LONGEST_NUMBER = 12
_HEADINGS = {code.value: code for code in HSCode} | {code.value.replace(".", ""): code for code in HSCode}
_CARATS, _DOLLARS = _term(Carats.parse), _term(USDollars.parse)
_COUNTRY, _PARTICIPANT = _term(terms.country_code), _term(terms.participant_code)
_CERTIFICATE_NUMBER = _term(CertificateNumber.parse)
_PARTY: dict[str, _Parser] = {
    "name": _text,
    "latin_name": _text,
    "address": _long_text,
    "town": _text,
    "country": _COUNTRY,
    "licence": _text,
    "licence_valid_until": _day,
}
_LINE: dict[str, _Parser] = {"hs": _heading, "carats": _CARATS, "value": _DOLLARS}
_REFERENCE: dict[str, _Parser] = {"number": _CERTIFICATE_NUMBER, "identity": _hex_digest}
_APPLICATION: dict[str, _Parser] = {
    "participant": _PARTICIPANT,
    "office": _text,
    "issuing_authority": _text,
    "kind": _choice(CertificateKind),
    "number": _CERTIFICATE_NUMBER,
    "status_index": _number,
    "date_of_issuance": _day,
    "date_of_expiry": _day,
    "exporter": _parts(AppliedParty, _PARTY),
    "importer": _parts(AppliedParty, _PARTY),
    "destination": _PARTICIPANT,
    "country_of_provenance": _PARTICIPANT,
    "origin": _parts(AppliedOrigin, {"kind": _choice(OriginKind), "countries": _many(_COUNTRY), "area": _text}),
    "lines": _many(_line),
    "total_carats": _CARATS,
    "total_value": _DOLLARS,
    "parcels": _number,
    "container_seals": _many(_text),
    "not_conflict_diamonds": _flag,
    "synthetics_declared": _flag,
    "sources": _many(_parts(Source, {"kind": _text, "reference": _text, "carats": _CARATS})),
    "independent_value": _DOLLARS,
    "government_value": _DOLLARS,
    "validation": _parts(
        AppliedValidation, {"kind": _choice(ValidationKind), "officials": _many(_text), "reference": _text}
    ),
    "languages": _many(_text),
    "refers_to": _reference,
}


def to_certificate(
    application: Application,
    *,
    validated_at: datetime,
    expires_at: datetime,
    consent_level: ConsentLevel,
    profile: ProfileReference,
    record_digest: bytes,
) -> Certificate:
    """Return the certificate that the application, already checked, asks for.

    Raises `ApplicationIncomplete` with the first missing field; ask the rules before, they name all.
    """
    validation, origin = _given(application.validation, "validation"), _given(application.origin, "origin")
    return Certificate(
        number=_given(application.number, "number"),
        kind=_given(application.kind, "kind"),
        office=_given(application.office, "office"),
        issuing_authority=_given(application.issuing_authority, "issuing_authority"),
        validated_at=validated_at,
        expires_at=expires_at,
        date_of_issuance=_given(application.date_of_issuance, "date_of_issuance"),
        date_of_expiry=_given(application.date_of_expiry, "date_of_expiry"),
        exporter=_party(application.exporter, "exporter"),
        importer=_party(application.importer, "importer"),
        destination=_given(application.destination, "destination"),
        country_of_provenance=_given(application.country_of_provenance, "country_of_provenance"),
        origin=certificates.Origin(_given(origin.kind, "origin.kind"), origin.countries, origin.area or ""),
        lines=tuple(
            certificates.Line(
                _given(line.hs, f"lines[{index}].hs"),
                _given(line.carats, f"lines[{index}].carats"),
                _given(line.value, f"lines[{index}].value"),
            )
            for index, line in enumerate(application.lines)
        ),
        parcels=_given(application.parcels, "parcels"),
        container_seals=application.container_seals,
        validation=certificates.Validation(
            _given(validation.kind, "validation.kind"), validation.officials, validation.reference or ""
        ),
        consent_level=consent_level,
        profile=profile,
        status_index=_given(application.status_index, "status_index"),
        record_digest=record_digest,
        refers_to=application.refers_to,
    )


class ApplicationIncomplete(errors.Refused):
    """A field without which there is no certificate is missing."""

    code = "application-incomplete"


def _given(value: _T | None, where: str) -> _T:
    if value is None:
        raise ApplicationIncomplete("This is missing.", where=where, mend="Fill it in.")
    return value


def _party(party: AppliedParty | None, where: str) -> certificates.Party:
    given = _given(party, where)
    return certificates.Party(
        name=_given(given.name, f"{where}.name"),
        town=_given(given.town, f"{where}.town"),
        country=_given(given.country, f"{where}.country"),
        licence=given.licence or "",
        latin_name=given.latin_name or "",
    )
