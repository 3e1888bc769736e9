"""The JSON view of signed objects: lossless, for systems and for people.

What is signed is the CBOR; the view says the same in JSON (schemas in ``spec/schemas/``). Weights and values
are text with two decimals, instants are UTC, bytes are hexadecimal, and a field of a later version stands
under ``extensions`` as the hexadecimal form of its CBOR. ``carat_weight`` and ``value`` are derived from
the lines, for readers; coming back they must agree.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from macle import errors
from macle.proof import codec
from macle.scheme import terms
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
from macle.scheme.terms import Carats, CertificateNumber, HSCode, USDollars

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import IntEnum

_T = TypeVar("_T")


class ViewMalformed(errors.Malformed):
    """The JSON is not the view of such an object."""

    code = "view-malformed"


def certificate_to_json(certificate: Certificate) -> dict[str, Any]:
    """Return the view of a certificate."""
    return {
        "type": "certificate",
        "number": str(certificate.number),
        "kind": _word(certificate.kind),
        "office": certificate.office,
        "issuing_authority": certificate.issuing_authority,
        "validated_at": _moment(certificate.validated_at),
        "expires_at": _moment(certificate.expires_at),
        "date_of_issuance": certificate.date_of_issuance.isoformat(),
        "date_of_expiry": certificate.date_of_expiry.isoformat(),
        "exporter": _party(certificate.exporter),
        "importer": _party(certificate.importer),
        "destination": certificate.destination,
        "country_of_provenance": certificate.country_of_provenance,
        "origin": {
            "kind": _word(certificate.origin.kind),
            "countries": list(certificate.origin.countries),
            "area": certificate.origin.area,
        },
        "lines": _lines(certificate.lines),
        "carat_weight": str(certificate.carat_weight),
        "value": str(certificate.value),
        "parcels": certificate.parcels,
        "container_seals": list(certificate.container_seals),
        "validation": {
            "kind": _word(certificate.validation.kind),
            "officials": list(certificate.validation.officials),
            "reference": certificate.validation.reference,
        },
        "consent_level": _word(certificate.consent_level),
        "profile": {"version": certificate.profile.version, "statement": certificate.profile.statement},
        "status_index": certificate.status_index,
        "record_digest": certificate.record_digest.hex(),
        "refers_to": None if certificate.refers_to is None else _reference(certificate.refers_to),
        "extensions": _extensions(certificate.extensions),
    }


def certificate_from_json(view: object) -> Certificate:
    """Return the certificate of a view; raise a `Malformed` error for anything else."""
    return _reading(view, _certificate_in, certificate_to_json)


def _certificate_in(view: dict[str, Any]) -> Certificate:
    _must_be(view["type"], "certificate", "type")
    return Certificate(
        number=CertificateNumber.parse(view["number"], where="number"),
        kind=_member(CertificateKind, view["kind"]),
        office=view["office"],
        issuing_authority=view["issuing_authority"],
        validated_at=instant_in(view["validated_at"]),
        expires_at=instant_in(view["expires_at"]),
        date_of_issuance=date.fromisoformat(view["date_of_issuance"]),
        date_of_expiry=date.fromisoformat(view["date_of_expiry"]),
        exporter=_party_in(view["exporter"]),
        importer=_party_in(view["importer"]),
        destination=terms.participant_code(view["destination"], where="destination"),
        country_of_provenance=terms.participant_code(view["country_of_provenance"], where="country_of_provenance"),
        origin=Origin(
            _member(OriginKind, view["origin"]["kind"]),
            tuple(terms.country_code(code, where="origin.countries") for code in view["origin"]["countries"]),
            view["origin"]["area"],
        ),
        lines=_lines_in(view["lines"]),
        parcels=view["parcels"],
        container_seals=tuple(view["container_seals"]),
        validation=Validation(
            _member(ValidationKind, view["validation"]["kind"]),
            tuple(view["validation"]["officials"]),
            view["validation"]["reference"],
        ),
        consent_level=_member(ConsentLevel, view["consent_level"]),
        profile=ProfileReference(view["profile"]["version"], view["profile"]["statement"]),
        status_index=view["status_index"],
        record_digest=bytes.fromhex(view["record_digest"]),
        refers_to=None if view["refers_to"] is None else _reference_in(view["refers_to"]),
        extensions=_extensions_in(view["extensions"]),
    )


def confirmation_to_json(confirmation: ImportConfirmation) -> dict[str, Any]:
    """Return the view of an import confirmation."""
    return {
        "type": "import_confirmation",
        "certificate": _reference(confirmation.certificate),
        "importing_participant": confirmation.importing_participant,
        "office": confirmation.office,
        "importing_authority": confirmation.importing_authority,
        "confirmed_at": _moment(confirmation.confirmed_at),
        "date_of_receipt": confirmation.date_of_receipt.isoformat(),
        "exporter": _party(confirmation.exporter),
        "importer": _party(confirmation.importer),
        "declared": _count(confirmation.declared),
        "measured": None if confirmation.measured is None else _count(confirmation.measured),
        "seals": _word(confirmation.seals),
        "result": _word(confirmation.result),
        "official": confirmation.official,
        "consent_level": _word(confirmation.consent_level),
        "remark": confirmation.remark,
        "extensions": _extensions(confirmation.extensions),
    }


def confirmation_from_json(view: object) -> ImportConfirmation:
    """Return the import confirmation of a view; raise a `Malformed` error for anything else."""
    return _reading(view, _confirmation_in, confirmation_to_json)


def _confirmation_in(view: dict[str, Any]) -> ImportConfirmation:
    _must_be(view["type"], "import_confirmation", "type")
    return ImportConfirmation(
        certificate=_reference_in(view["certificate"]),
        importing_participant=terms.participant_code(view["importing_participant"], where="importing_participant"),
        office=view["office"],
        importing_authority=view["importing_authority"],
        confirmed_at=instant_in(view["confirmed_at"]),
        date_of_receipt=date.fromisoformat(view["date_of_receipt"]),
        exporter=_party_in(view["exporter"]),
        importer=_party_in(view["importer"]),
        declared=_count_in(view["declared"]),
        measured=None if view["measured"] is None else _count_in(view["measured"]),
        seals=_member(SealState, view["seals"]),
        result=_member(ConfirmationResult, view["result"]),
        official=view["official"],
        consent_level=_member(ConsentLevel, view["consent_level"]),
        remark=view["remark"],
        extensions=_extensions_in(view["extensions"]),
    )


def _reading(view: object, read: Callable[[dict[str, Any]], _T], write: Callable[[_T], dict[str, Any]]) -> _T:
    """Read a view, and say of what is not one in which field.

    The view of what was read must be the view that was given: so nothing is guessed, dropped or derived
    otherwise than here.
    """
    if not isinstance(view, dict):
        raise ViewMalformed("This is not an object with fields.")
    try:
        found = read(view)
        _must_agree(view, write(found))
    except KeyError as error:
        raise ViewMalformed("This field is missing.", where=terms.shown(error.args[0])) from error
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ViewMalformed(f"A field holds what it cannot hold: {str(error)[:_GLANCE]}.") from error
    return found


_GLANCE = 120


def _must_agree(given: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for name in wanted:
        if name not in given:
            raise ViewMalformed("This field is missing.", where=terms.shown(name))
    for name in given:
        if name not in wanted:
            raise ViewMalformed("There is no such field.", where=terms.shown(name))
    for name in wanted:
        if given[name] != wanted[name]:
            raise ViewMalformed(f"This is {terms.shown(given[name])}, not {terms.shown(wanted[name])}.", where=name)


def _must_be(found: object, wanted: str, where: str) -> None:
    if found != wanted:
        raise ViewMalformed(f"This is {terms.shown(found)}, not {wanted!r}.", where=where)


def _word(member: IntEnum) -> str:
    return member.name.lower()


_E = TypeVar("_E", bound="IntEnum")


def _member(kind: type[_E], word: str) -> _E:
    for member in kind:
        if _word(member) == word:
            return member
    raise ViewMalformed(f"{terms.shown(word)} is not a {kind.__name__}.")


def _moment(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_in(text: str) -> datetime:
    """Return the instant of its text in UTC; raise ValueError for any other."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _party(party: Party) -> dict[str, str]:
    return {
        "name": party.name,
        "latin_name": party.latin_name,
        "town": party.town,
        "country": party.country,
        "licence": party.licence,
    }


def _party_in(view: Mapping[str, Any]) -> Party:
    return Party(
        view["name"],
        view["town"],
        terms.country_code(view["country"], where="country"),
        view["licence"],
        view["latin_name"],
    )


def _lines(lines: tuple[Line, ...]) -> list[dict[str, str]]:
    return [{"hs": line.hs.value, "carats": str(line.carats), "value": str(line.value)} for line in lines]


def _lines_in(view: list[Mapping[str, Any]]) -> tuple[Line, ...]:
    return tuple(
        Line(HSCode(line["hs"]), Carats.parse(line["carats"]), USDollars.parse(line["value"])) for line in view
    )


def _count(count: Count) -> dict[str, Any]:
    return {"parcels": count.parcels, "lines": _lines(count.lines)}


def _count_in(view: Mapping[str, Any]) -> Count:
    return Count(view["parcels"], _lines_in(view["lines"]))


def _reference(reference: Reference) -> dict[str, str]:
    return {"number": str(reference.number), "identity": reference.identity.hex()}


def _reference_in(view: Mapping[str, Any]) -> Reference:
    return Reference(CertificateNumber.parse(view["number"], where="number"), bytes.fromhex(view["identity"]))


def _extensions(extensions: Mapping[int, object]) -> dict[str, str]:
    return {str(key): codec.encode(value).hex() for key, value in extensions.items()}


def _extensions_in(view: Mapping[str, str]) -> dict[int, object]:
    return {int(key): codec.decode(bytes.fromhex(value), what=f"extension {key}") for key, value in view.items()}
