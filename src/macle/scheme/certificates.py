"""The Kimberley Process Certificate as the Scheme sees it: typed, unsigned, complete.

A `Certificate` can only be made whole: what Annex I-A orders is there, and what can be checked without
another document holds. Whether it may be issued or accepted is decided by `macle.scheme.rules`. Fields
that a later version of the format adds travel in `Certificate.extensions` and are never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import IntEnum
from typing import TYPE_CHECKING

from macle import errors
from macle.scheme import terms
from macle.scheme.terms import Carats, CertificateNumber, CountryCode, HSCode, ParticipantCode, USDollars

if TYPE_CHECKING:
    from collections.abc import Mapping

STATEMENT = (
    "The rough diamonds in this shipment have been handled in accordance with the provisions of the "
    "Kimberley Process Certification Scheme for rough diamonds"
)
"""Printed word for word on every certificate. Source: KPCS Core Document, Annex I-A."""

LONGEST_TEXT = 120
"""Characters in a name; a longer one does not fit the sheet or the QR code."""

LONGEST_SEAL = 32
MOST_SEALS = 12
LEAST_MIXED, MOST_ORIGINS = 2, 12
MOST_PARCELS = 10**6


class CertificateMalformed(errors.Malformed):
    """What was given cannot be a certificate, whoever signed it."""

    code = "certificate-malformed"


class CertificateKind(IntEnum):
    """What the certificate is for; the numbers are those of the encoding."""

    STANDARD = 0
    TECHNICAL = 1
    REPLACEMENT = 2


class OriginKind(IntEnum):
    """What the certificate says of the country of origin."""

    SINGLE = 0
    MIXED_LISTED = 1
    MIXED_UNDISCLOSED = 2


class ValidationKind(IntEnum):
    """How the exporting authority validated; the legal profile says which kind it must be."""

    ONE_OFFICIAL = 0
    TWO_OFFICIALS = 1
    SECOND_OFFICIAL_ELSEWHERE = 2
    CUSTOMS_REFERENCE = 3


class ConsentLevel(IntEnum):
    """How the official consented to the signature: see the design's section on trust."""

    PILOT = 0
    TOKEN = 1
    BOUND = 2


@dataclass(frozen=True, slots=True)
class Party:
    """An exporter or importer as a certificate names it; the street address is in the full record."""

    name: str
    town: str
    country: CountryCode
    licence: str
    latin_name: str = ""

    def __post_init__(self) -> None:
        """Refuse a party without a name, town or country."""
        _text(self.name, "name")
        _text(self.town, "town")
        _text(self.licence, "licence", empty=True)
        _text(self.latin_name, "latin_name", empty=True)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the diamonds were mined: one country, several, or several that are not disclosed.

    ``area`` names the mining zone and matters only while a Participant's standing is partial.
    """

    kind: OriginKind
    countries: tuple[CountryCode, ...]
    area: str = ""

    def __post_init__(self) -> None:
        """Refuse a number of countries that the kind does not allow, and repetitions."""
        count = len(self.countries)
        fits = (
            count == 1
            if self.kind is OriginKind.SINGLE
            else LEAST_MIXED <= count <= MOST_ORIGINS
            if self.kind is OriginKind.MIXED_LISTED
            else count == 0
        )
        if not fits or len(set(self.countries)) != count:
            raise CertificateMalformed(
                f"An origin of kind {self.kind.name} cannot have the countries {list(self.countries)}.",
                where="origin",
                mend="One country is single; two to twelve different ones are listed; undisclosed lists none.",
            )
        _text(self.area, "origin.area", empty=True)


@dataclass(frozen=True, slots=True)
class Line:
    """The weight and value of all diamonds of one HS heading in the shipment."""

    hs: HSCode
    carats: Carats
    value: USDollars


def is_within_limits(lines: tuple[Line, ...]) -> bool:
    """Return whether weight and value of all lines together are still quantities."""
    return (
        sum(line.carats.hundredths for line in lines) < Carats.limit
        and sum(line.value.hundredths for line in lines) < USDollars.limit
    )


@dataclass(frozen=True, slots=True)
class Validation:
    """How, and by which officials (stable identifiers), the exporting authority validated.

    ``reference`` is the customs reference where the kind is one (United States: the AES transaction number).
    """

    kind: ValidationKind
    officials: tuple[str, ...] = ()
    reference: str = ""

    def __post_init__(self) -> None:
        """Refuse a kind without the officials or the reference that it consists of."""
        needed = (
            1 if self.kind is ValidationKind.ONE_OFFICIAL else 0 if self.kind is ValidationKind.CUSTOMS_REFERENCE else 2
        )
        if not needed <= len(set(self.officials)) == len(self.officials) <= 4:  # noqa: PLR2004 (roomy)
            raise CertificateMalformed(
                f"A validation by {self.kind.name} cannot name {len(self.officials)} official(s).",
                where="validation.officials",
                mend=f"Name {needed} different official(s).",
            )
        for official in self.officials:
            _text(official, "validation.officials")
        _text(self.reference, "validation.reference", empty=self.kind is not ValidationKind.CUSTOMS_REFERENCE)


@dataclass(frozen=True, slots=True)
class Reference:
    """Another certificate: the one replaced, or the one under which the goods of a technical one arrived."""

    number: CertificateNumber
    identity: bytes = b""

    def __post_init__(self) -> None:
        """Refuse an identity that is not a SHA-256."""
        if len(self.identity) not in {0, 32}:
            raise CertificateMalformed("An identity has 32 bytes.", where="refers_to.identity")


@dataclass(frozen=True, slots=True)
class ProfileReference:
    """The dated legal profile under which the certificate was issued, and the printed statement's id."""

    version: str
    statement: str

    def __post_init__(self) -> None:
        """Refuse an empty version or statement."""
        _text(self.version, "profile.version")
        _text(self.statement, "profile.statement")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate for one shipment of rough diamonds.

    ``date_of_issuance`` and ``date_of_expiry`` are printed; ``validated_at`` and ``expires_at`` are the
    instants behind them (UTC, whole seconds), and ``expires_at``, the end of the printed day in the
    issuer's zone, governs. ``parcels`` counts the shipment's parcels; lines need not add up to it.
    ``record_digest`` is the SHA-256 of the full record that travels beside the certificate.

    Source: KPCS Core Document, Annex I-A.
    """

    number: CertificateNumber
    kind: CertificateKind
    office: str
    issuing_authority: str
    validated_at: datetime
    expires_at: datetime
    date_of_issuance: date
    date_of_expiry: date
    exporter: Party
    importer: Party
    destination: ParticipantCode
    country_of_provenance: ParticipantCode
    origin: Origin
    lines: tuple[Line, ...]
    parcels: int
    container_seals: tuple[str, ...]
    validation: Validation
    consent_level: ConsentLevel
    profile: ProfileReference
    status_index: int
    record_digest: bytes
    refers_to: Reference | None = None
    extensions: Mapping[int, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `CertificateMalformed` for the first thing that no certificate can be."""
        _text(self.office, "office")
        _text(self.issuing_authority, "issuing_authority")
        headings = {line.hs for line in self.lines}
        if not self.lines or len(headings) != len(self.lines):
            raise CertificateMalformed("There is one line for each HS heading, and at least one.", where="lines")
        if not is_within_limits(self.lines):
            raise CertificateMalformed("The lines together are more than any shipment holds.", where="lines")
        if type(self.parcels) is not int or not 1 <= self.parcels <= MOST_PARCELS:
            raise CertificateMalformed("A shipment has at least one parcel.", where="parcels")
        if not 1 <= len(self.container_seals) <= MOST_SEALS or len(set(self.container_seals)) != len(
            self.container_seals
        ):
            raise CertificateMalformed("There are one to twelve different seals.", where="container_seals")
        for seal in self.container_seals:
            _text(seal, "container_seals", longest=LONGEST_SEAL)
        if len(self.record_digest) != 32:  # noqa: PLR2004 (SHA-256)
            raise CertificateMalformed("The digest of the full record has 32 bytes.", where="record_digest")
        if type(self.status_index) is not int or not 0 <= self.status_index < 2**32:
            raise CertificateMalformed("The status index is a number below 2^32.", where="status_index")
        if self.kind is CertificateKind.REPLACEMENT and self.refers_to is None:
            raise CertificateMalformed("A replacement names the certificate that it replaces.", where="refers_to")
        if not any(line.carats.hundredths for line in self.lines) or not any(
            line.value.hundredths for line in self.lines
        ):
            raise CertificateMalformed("A shipment has a weight and a value.", where="lines")
        _is_on(self.date_of_issuance, self.validated_at)
        _ends_its_day(self.expires_at, self.date_of_expiry)

    @property
    def issuer(self) -> ParticipantCode:
        """Return the Participant whose authority issued the certificate."""
        return self.number.participant

    @property
    def carat_weight(self) -> Carats:
        """Return the weight of the shipment: the exact sum of its lines."""
        return Carats(sum(line.carats.hundredths for line in self.lines))

    @property
    def value(self) -> USDollars:
        """Return the value of the shipment: the exact sum of its lines."""
        return USDollars(sum(line.value.hundredths for line in self.lines))


def _text(text: str, where: str, *, empty: bool = False, longest: int = LONGEST_TEXT) -> None:
    """Refuse text that is missing, too long, or holds characters that do not print."""
    if type(text) is str and (text or empty) and len(text) <= longest:
        # Nearly every text ends here; of white space only the plain space is printable.
        if text.isprintable() and text[:1] != " " and text[-1:] != " ":
            return
        if terms.is_printable(text) and text == text.strip():
            return
    raise CertificateMalformed(
        f"This text cannot be printed on a certificate: {text[:40]!r}.",
        where=where,
        mend=f"Give 1 to {longest} printable characters, without spaces around them.",
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = _EPOCH.toordinal()
_DAY, _EASTMOST, _WESTMOST = 86400, 14 * 3600, 12 * 3600
"""Seconds of a day; a day begins first in UTC+14 and ends last in UTC-12."""


def _into(day: date, instant: datetime) -> int:
    """Return the seconds from the beginning of the day in UTC to the instant; refuse a part of a second."""
    if instant.microsecond:
        raise CertificateMalformed("An instant is in whole seconds.", where="validated_at, expires_at")
    passed = instant - _EPOCH
    return (passed.days + _FIRST_DAY - day.toordinal()) * _DAY + passed.seconds


def _is_on(day: date, instant: datetime) -> None:
    """Refuse a validation that is on the printed day of issuance in no zone of the world."""
    if not -_EASTMOST <= _into(day, instant) < _DAY + _WESTMOST:
        raise CertificateMalformed(
            f"It was not {day} anywhere at {instant.isoformat()}, when it was validated.", where="date_of_issuance"
        )


def _ends_its_day(instant: datetime, day: date) -> None:
    """Refuse an expiry that is the end of the printed day in no zone of the world."""
    if not _DAY - _EASTMOST <= _into(day, instant) <= _DAY + _WESTMOST:
        raise CertificateMalformed(
            f"The printed date of expiry {day} does not end at {instant.isoformat()} in any zone.",
            where="date_of_expiry",
        )
