"""Objects to deterministic CBOR and back.

The rules of this module:

- What is encoded is encoded in one way only: RFC 8949 section 4.2.1 (core deterministic encoding), maps
  with integer or text keys, and nothing but integers, text, bytes, booleans, null, arrays and maps.
- What is read must have been encoded so. Anything else is `NotDeterministic` or `CBORMalformed`, within
  time and memory bounded by the length of the input, which itself is bounded by `LARGEST`.
- An object is a map of CWT claims (RFC 8392) with one private claim, and inside it keys of this format. Keys
  that this version does not know are kept as they are and encoded again: two Participants upgrade on
  different days.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import cbor2

from macle import errors
from macle.scheme.certificates import (
    Certificate,
    CertificateKind,
    ConsentLevel,
    Line,
    Origin,
    OriginKind,
    Party,
    ProfileReference,
    Reference,
    Validation,
    ValidationKind,
)
from macle.scheme.confirmations import ConfirmationResult, Count, ImportConfirmation, SealState
from macle.scheme.terms import Carats, CertificateNumber, CountryCode, HSCode, ParticipantCode, USDollars

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import IntEnum

LARGEST = 65536
"""Bytes of the largest object that is read, after inflating."""

DEEPEST = 12
"""Nested containers in the deepest object that is read."""

ISSUER, SUBJECT, EXPIRES, ISSUED_AT = 1, 2, 4, 6
"""CWT claims (RFC 8392): who signs, what about, until which instant, at which instant."""

PRIVATE = -65537
"""The one private claim; integers below -65536 are set aside for private use."""

_UNIX_EPOCH = date(1970, 1, 1).toordinal()
_EPOCH, _SECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(seconds=1)
_LAST_INSTANT = 253_402_300_799  # The last second of the year 9999.
_LAST_DAY = date.max.toordinal() - _UNIX_EPOCH
_LARGEST_INTEGER, _SMALLEST_INTEGER = 2**64 - 1, -(2**64)


class CBORMalformed(errors.Malformed):
    """The bytes are not CBOR, or hold what these objects never hold."""

    code = "cbor-malformed"


class NotDeterministic(errors.Malformed):
    """The bytes say the same as others would; only the deterministic form is accepted."""

    code = "not-deterministic"


class FieldMalformed(errors.Malformed):
    """A field is missing or holds what it cannot hold."""

    code = "field-malformed"


# --- CBOR -------------------------------------------------------------------------------------------


def encode(value: object) -> bytes:
    """Return the core deterministic encoding; raise `CBORMalformed` for what these objects never hold."""
    return cbor2.dumps(_in_order(value, DEEPEST))


def decode(data: bytes, *, what: str, largest: int = LARGEST) -> Any:  # noqa: ANN401 (CBOR is what it is)
    """Return the value of the bytes; ``what`` names the thing read, for the error."""
    value = _load(data, what=what, largest=largest)
    try:
        in_order = _is_in_order(value)
    except CBORMalformed as error:
        error.where = what
        raise
    if not in_order:
        raise NotDeterministic("The keys of a map are not in their order.", where=what)
    if cbor2.dumps(value) != data:
        raise NotDeterministic(_NOT_SHORTEST, where=what)
    return value


_NOT_SHORTEST = "The bytes are not the shortest encoding of what they say, in its one order."


def _load(data: bytes, *, what: str, largest: int = LARGEST) -> Any:  # noqa: ANN401 (CBOR is what it is)
    """Return the value of the bytes, which may still be another encoding than the one that is accepted."""
    if len(data) > largest:
        raise CBORMalformed(f"{len(data)} bytes are more than the {largest} that are read.", where=what)
    try:
        return cbor2.loads(
            data,
            max_depth=DEEPEST - 1,  # cbor2 does not count the outermost container.
            allow_indefinite=False,
            allow_duplicate_keys=False,
            tag_hook=_refuse_tag,
            semantic_decoders=_NO_TAGS,
        )
    except errors.Malformed as error:
        error.where = error.where or what
        raise
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise CBORMalformed(f"This is not CBOR that can be read: {_first_line(error)}.", where=what) from None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120].rstrip(".")


def _refuse_tag(*_: object) -> NoReturn:
    raise CBORMalformed("These objects hold no tagged values.")


_NO_TAGS: dict[int, Any] = dict.fromkeys(
    [*range(6), 21, 22, 23, 24, 25, *range(28, 39), 42, 52, 54, 100, 256, 258, 259, 260, 261, 1004, 43000, 55799],
    _refuse_tag,
)


def _key_order(key: object) -> tuple[int, int, bytes]:
    """Return what sorts a key where its encoding stands bytewise."""
    if type(key) is int:
        return (0, key, b"") if key >= 0 else (1, -1 - key, b"")
    if type(key) is str:
        text = key.encode()
        return (2, len(text), text)
    raise CBORMalformed("The key of a map is neither an integer nor a text.")


def _in_order(value: object, room: int) -> object:
    """Return the value with every map in the order of its keys; refuse other types."""
    kind = type(value)
    if kind is int:
        if _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER:  # type: ignore[operator]
            return value
    elif kind is str or kind is bytes or kind is bool or value is None:
        return value
    elif room == 0:
        raise CBORMalformed("This is nested too deeply.")
    elif isinstance(value, (list, tuple)):
        return [_in_order(item, room - 1) for item in value]
    elif isinstance(value, dict):
        return {key: _in_order(value[key], room - 1) for key in sorted(value, key=_key_order)}
    raise CBORMalformed(f"A {kind.__name__} cannot be encoded here.")


_LEAVES = frozenset({str, bytes, bool, type(None)})


def _is_in_order(value: object) -> bool:
    """Return whether every map has its keys in order; refuse types that these objects do not hold."""
    kind = type(value)
    if kind in _LEAVES:
        return True
    if kind is int:
        if not _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER:  # type: ignore[operator]
            raise CBORMalformed("An integer is too large.")
        return True
    if kind is list:
        return all([_is_in_order(item) for item in value if type(item) not in _LEAVES])  # type: ignore[attr-defined]  # noqa: C419 (a list is faster)
    if kind is dict:
        keys = [_key_order(key) for key in value]  # type: ignore[attr-defined]
        if keys != sorted(keys):
            return False
        return all([_is_in_order(item) for item in value.values() if type(item) not in _LEAVES])  # type: ignore[attr-defined]  # noqa: C419
    raise CBORMalformed(f"These objects hold no {kind.__name__}.")


# --- Reading fields ---------------------------------------------------------------------------------


class Fields:
    """The fields of one map, read strictly; what was not asked for remains as extensions."""

    __slots__ = ("_left", "_names")

    def __init__(self, value: object, names: Mapping[int, str]) -> None:
        """Take the map; ``names`` gives each known key its name, for errors."""
        if type(value) is not dict:
            raise FieldMalformed("This is not a map.", where="payload")
        self._left = dict(value)
        self._names = names

    def take(self, key: int, kind: type) -> Any:  # noqa: ANN401 (the caller says the type)
        """Return the field and cross it off; raise `FieldMalformed` unless it is of that very type."""
        value = self._left.pop(key, None)
        if type(value) is not kind:
            raise FieldMalformed(
                "This is missing." if value is None else f"This is not of type {kind.__name__}.", where=self._names[key]
            )
        return value

    def take_optional(self, key: int, kind: type) -> Any:  # noqa: ANN401 (the caller says the type)
        """Return the field, or None if it is not there."""
        return self.take(key, kind) if key in self._left else None

    def take_day(self, key: int) -> date:
        """Return a day counted from 1970-01-01."""
        days = self.take(key, int)
        if not 0 <= days <= _LAST_DAY:
            raise FieldMalformed("This day is out of range.", where=self._names[key])
        return date.fromordinal(_UNIX_EPOCH + days)

    def take_instant(self, key: int) -> datetime:
        """Return an instant counted in seconds from 1970-01-01T00:00:00Z."""
        return instant(self.take(key, int), where=self._names[key])

    def take_member(self, key: int, kind: type[IntEnum]) -> Any:  # noqa: ANN401 (the caller says the type)
        """Return a member of an enumeration."""
        return member(kind, self.take(key, int), where=self._names[key])

    def rest(self) -> dict[int, object]:
        """Return what was not asked for: fields of a later version."""
        for key in self._left:
            if type(key) is not int:
                raise FieldMalformed("The key of a field is not an integer.", where=str(key)[:40])
        return self._left

    def nothing_else(self) -> None:
        """Raise `FieldMalformed` if there is a field that was not asked for."""
        for key in self._left:
            raise FieldMalformed("There is no such claim in this object.", where=f"claim {str(key)[:40]}")


def instant(seconds: object, *, where: str) -> datetime:
    """Return the instant of Unix seconds; raise `FieldMalformed` outside 1970 to 9999."""
    if type(seconds) is not int or not 0 <= seconds <= _LAST_INSTANT:
        raise FieldMalformed("This instant is out of range.", where=where)
    return datetime.fromtimestamp(seconds, UTC)


def seconds(moment: datetime) -> int:
    """Return the whole Unix seconds of an aware instant; raise `FieldMalformed` before 1970."""
    if moment < _EPOCH:
        raise FieldMalformed(f"{moment} is before 1970.", where="instant")
    return (moment - _EPOCH) // _SECOND


def days(day: date) -> int:
    """Return the days from 1970-01-01; raise `FieldMalformed` for a day before it."""
    if day.toordinal() < _UNIX_EPOCH:
        raise FieldMalformed(f"{day} is before 1970.", where="day")
    return day.toordinal() - _UNIX_EPOCH


def member(kind: type[IntEnum], value: object, *, where: str) -> Any:  # noqa: ANN401 (the caller says the type)
    """Return the member of that value; raise `FieldMalformed` if there is none."""
    try:
        if type(value) is int:
            return kind(value)
    except ValueError:
        pass
    raise FieldMalformed(f"{str(value)[:20]} is not a {kind.__name__}.", where=where)


def _array(value: object, kinds: tuple[type, ...], *, where: str) -> list[Any]:
    """Return an array whose items have exactly these types."""
    if type(value) is not list or tuple(map(type, value)) != kinds:
        raise FieldMalformed(f"This is not an array of {len(kinds)} items of the right types.", where=where)
    return value


def _texts(value: list[object], *, where: str) -> tuple[str, ...]:
    for item in value:
        if type(item) is not str:
            raise FieldMalformed("This is not an array of texts.", where=where)
    return tuple(value)  # type: ignore[arg-type]


# --- Parts that several objects share ---------------------------------------------------------------

_HEADINGS = (HSCode.UNSORTED, HSCode.INDUSTRIAL, HSCode.NON_INDUSTRIAL)
_HEADING_INDEX = {heading: index for index, heading in enumerate(_HEADINGS)}


def _party_out(party: Party) -> list[str]:
    return [party.name, party.latin_name, party.town, party.country, party.licence]


def _party_in(value: object, *, where: str) -> Party:
    name, latin_name, town, country, licence = _array(value, (str, str, str, str, str), where=where)
    return Party(name, town, CountryCode(_code(country, where=where)), licence, latin_name)


def _code(text: object, *, where: str) -> str:
    if type(text) is str and len(text) == 2 and text.isascii() and text.isalpha() and text.isupper():  # noqa: PLR2004
        return text
    raise FieldMalformed("This is not a code of two capital letters.", where=where)


def _lines_out(lines: tuple[Line, ...]) -> list[list[int]]:
    return [[_HEADING_INDEX[line.hs], line.carats.hundredths, line.value.hundredths] for line in lines]


def _lines_in(value: object, *, where: str) -> tuple[Line, ...]:
    if type(value) is not list or not 1 <= len(value) <= len(_HEADINGS):
        raise FieldMalformed("There are one to three lines.", where=where)
    lines = []
    for item in value:
        heading, carats, cents = _array(item, (int, int, int), where=where)
        if not 0 <= heading < len(_HEADINGS):
            raise FieldMalformed("There is no such HS heading.", where=where)
        lines.append(Line(_HEADINGS[heading], Carats(carats), USDollars(cents)))
    return tuple(lines)


def _number_in(text: object, *, where: str) -> CertificateNumber:
    number = CertificateNumber.parse(text, where=where)
    if str(number) != text:
        raise FieldMalformed("The number is not written as one word.", where=where)
    return number


def _reference_out(reference: Reference) -> list[object]:
    return [str(reference.number), reference.identity]


def _reference_in(value: object, *, where: str) -> Reference:
    number, identity = _array(value, (str, bytes), where=where)
    return Reference(_number_in(number, where=where), identity)


# --- The certificate --------------------------------------------------------------------------------

CERTIFICATE_CLAIMS = {
    ISSUER: "issuer",
    SUBJECT: "number",
    EXPIRES: "expires_at",
    ISSUED_AT: "validated_at",
    PRIVATE: "certificate",
}
CERTIFICATE_FIELDS = {
    0: "kind",
    1: "office",
    2: "issuing_authority",
    3: "date_of_issuance",
    4: "date_of_expiry",
    5: "exporter",
    6: "importer",
    7: "destination",
    8: "country_of_provenance",
    9: "origin",
    10: "lines",
    11: "parcels",
    12: "container_seals",
    13: "validation",
    14: "consent_level",
    15: "profile",
    16: "status_index",
    17: "record_digest",
    18: "refers_to",
}


def encode_certificate(certificate: Certificate) -> bytes:
    """Return the claims of a certificate as deterministic CBOR."""
    origin, validation, profile = certificate.origin, certificate.validation, certificate.profile
    fields: dict[int, object] = {
        0: int(certificate.kind),
        1: certificate.office,
        2: certificate.issuing_authority,
        3: days(certificate.date_of_issuance),
        4: days(certificate.date_of_expiry),
        5: _party_out(certificate.exporter),
        6: _party_out(certificate.importer),
        7: certificate.destination,
        8: certificate.country_of_provenance,
        9: [int(origin.kind), list(origin.countries), origin.area],
        10: _lines_out(certificate.lines),
        11: certificate.parcels,
        12: list(certificate.container_seals),
        13: [int(validation.kind), list(validation.officials), validation.reference],
        14: int(certificate.consent_level),
        15: [profile.version, profile.statement],
        16: certificate.status_index,
        17: certificate.record_digest,
    }
    if certificate.refers_to is not None:
        fields[18] = _reference_out(certificate.refers_to)
    return _encode_claims(
        certificate.issuer,
        str(certificate.number),
        certificate.validated_at,
        _with_extensions(fields, certificate.extensions, CERTIFICATE_FIELDS),
        expires_at=certificate.expires_at,
    )


def decode_certificate(payload: bytes) -> Certificate:
    """Return the certificate of the claims.

    Raises `CBORMalformed`, `NotDeterministic`, `FieldMalformed` or `CertificateMalformed`.
    """
    claims = Fields(_load(payload, what="payload"), CERTIFICATE_CLAIMS)
    number = _number_in(claims.take(SUBJECT, str), where="number")
    if claims.take(ISSUER, str) != number.participant:
        raise FieldMalformed("The issuer is not the Participant of the number.", where="issuer")
    fields = Fields(claims.take(PRIVATE, dict), CERTIFICATE_FIELDS)
    origin_kind, countries, area = _array(fields.take(9, list), (int, list, str), where="origin")
    validation_kind, officials, reference = _array(fields.take(13, list), (int, list, str), where="validation")
    version, statement = _array(fields.take(15, list), (str, str), where="profile")
    refers_to = fields.take_optional(18, list)
    certificate = Certificate(
        number=number,
        validated_at=claims.take_instant(ISSUED_AT),
        expires_at=claims.take_instant(EXPIRES),
        kind=fields.take_member(0, CertificateKind),
        office=fields.take(1, str),
        issuing_authority=fields.take(2, str),
        date_of_issuance=fields.take_day(3),
        date_of_expiry=fields.take_day(4),
        exporter=_party_in(fields.take(5, list), where="exporter"),
        importer=_party_in(fields.take(6, list), where="importer"),
        destination=ParticipantCode(_code(fields.take(7, str), where="destination")),
        country_of_provenance=ParticipantCode(_code(fields.take(8, str), where="country_of_provenance")),
        origin=Origin(
            member(OriginKind, origin_kind, where="origin.kind"),
            tuple([CountryCode(_code(country, where="origin.countries")) for country in countries]),
            area,
        ),
        lines=_lines_in(fields.take(10, list), where="lines"),
        parcels=fields.take(11, int),
        container_seals=_texts(fields.take(12, list), where="container_seals"),
        validation=Validation(
            member(ValidationKind, validation_kind, where="validation.kind"),
            _texts(officials, where="validation.officials"),
            reference,
        ),
        consent_level=fields.take_member(14, ConsentLevel),
        profile=ProfileReference(version, statement),
        status_index=fields.take(16, int),
        record_digest=fields.take(17, bytes),
        refers_to=None if refers_to is None else _reference_in(refers_to, where="refers_to"),
        extensions=fields.rest(),
    )
    claims.nothing_else()
    if encode_certificate(certificate) != payload:
        raise NotDeterministic(_NOT_SHORTEST, where="payload")
    return certificate


def _with_extensions(
    fields: dict[int, object], extensions: Mapping[int, object], names: Mapping[int, str]
) -> dict[int, object]:
    """Add the fields of a later version; one that bears a name in this version would change its meaning."""
    if not extensions:
        return fields
    for key, value in extensions.items():
        if key in names or type(key) is not int:
            raise FieldMalformed("An extension has the key of a known field.", where=f"extension {key}")
        fields[key] = _in_order(value, DEEPEST - 2)  # The claims and the private one are around it.
    return {key: fields[key] for key in sorted(fields, key=_key_order)}


def _encode_claims(
    issuer: str, subject: str, issued_at: datetime, fields: dict[int, object], *, expires_at: datetime | None = None
) -> bytes:
    """Return the claims; they and their fields are given in the order of their keys already."""
    claims: dict[int, object] = {ISSUER: issuer, SUBJECT: subject}
    if expires_at is not None:
        claims[EXPIRES] = seconds(expires_at)
    return cbor2.dumps({**claims, ISSUED_AT: seconds(issued_at), PRIVATE: fields})


# --- The import confirmation ------------------------------------------------------------------------

CONFIRMATION_CLAIMS = {
    ISSUER: "importing_participant",
    SUBJECT: "certificate.number",
    ISSUED_AT: "confirmed_at",
    PRIVATE: "confirmation",
}
CONFIRMATION_FIELDS = {
    0: "certificate.identity",
    1: "office",
    2: "importing_authority",
    3: "date_of_receipt",
    4: "exporter",
    5: "importer",
    6: "declared",
    7: "measured",
    8: "seals",
    9: "result",
    10: "official",
    11: "consent_level",
    12: "remark",
}


def encode_confirmation(confirmation: ImportConfirmation) -> bytes:
    """Return the claims of an import confirmation as deterministic CBOR."""
    fields: dict[int, object] = {
        0: confirmation.certificate.identity,
        1: confirmation.office,
        2: confirmation.importing_authority,
        3: days(confirmation.date_of_receipt),
        4: _party_out(confirmation.exporter),
        5: _party_out(confirmation.importer),
        6: _count_out(confirmation.declared),
        **({} if confirmation.measured is None else {7: _count_out(confirmation.measured)}),
        8: int(confirmation.seals),
        9: int(confirmation.result),
        10: confirmation.official,
        11: int(confirmation.consent_level),
        12: confirmation.remark,
    }
    return _encode_claims(
        confirmation.importing_participant,
        str(confirmation.certificate.number),
        confirmation.confirmed_at,
        _with_extensions(fields, confirmation.extensions, CONFIRMATION_FIELDS),
    )


def decode_confirmation(payload: bytes) -> ImportConfirmation:
    """Return the import confirmation of the claims.

    Raises `CBORMalformed`, `NotDeterministic`, `FieldMalformed` or `ConfirmationMalformed`.
    """
    claims = Fields(decode(payload, what="payload"), CONFIRMATION_CLAIMS)
    fields = Fields(claims.take(PRIVATE, dict), CONFIRMATION_FIELDS)
    measured = fields.take_optional(7, list)
    confirmation = ImportConfirmation(
        certificate=Reference(_number_in(claims.take(SUBJECT, str), where="certificate.number"), fields.take(0, bytes)),
        importing_participant=ParticipantCode(_code(claims.take(ISSUER, str), where="importing_participant")),
        confirmed_at=claims.take_instant(ISSUED_AT),
        office=fields.take(1, str),
        importing_authority=fields.take(2, str),
        date_of_receipt=fields.take_day(3),
        exporter=_party_in(fields.take(4, list), where="exporter"),
        importer=_party_in(fields.take(5, list), where="importer"),
        declared=_count_in(fields.take(6, list), where="declared"),
        measured=None if measured is None else _count_in(measured, where="measured"),
        seals=fields.take_member(8, SealState),
        result=fields.take_member(9, ConfirmationResult),
        official=fields.take(10, str),
        consent_level=fields.take_member(11, ConsentLevel),
        remark=fields.take(12, str),
        extensions=fields.rest(),
    )
    claims.nothing_else()
    return confirmation


def _count_out(count: Count) -> list[object]:
    return [count.parcels, _lines_out(count.lines)]


def _count_in(value: object, *, where: str) -> Count:
    parcels, lines = _array(value, (int, list), where=where)
    return Count(parcels, _lines_in(lines, where=f"{where}.lines"))
