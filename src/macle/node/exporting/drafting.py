"""Putting an application together: what the trader entered, what the register knows, what the desk found. Pure.

What comes out is plain data as `macle.scheme.applications.read` takes it, so that one reader and one set of rules judge
pages, uploads and the command line alike. Fields that belong to the register or to the desk are taken from there: what
a trader enters in them is left out and never trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from macle.scheme.terms import Carats, USDollars

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

ENTERED = (
    *("kind", "importer", "destination", "country_of_provenance", "origin", "lines", "parcels", "sources"),
    *("not_conflict_diamonds", "synthetics_declared", "languages", "refers_to"),
)
"""What a trader enters; everything else comes from the register or from the desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Whose house it is: the Participant, the office, and the issuing authority as its certificates name it."""

    participant: str
    office: str
    issuing_authority: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredExporter:
    """The exporter as the register knows it on the day."""

    name: str
    latin_name: str = ""
    address: str = ""
    town: str = ""
    country: str = ""
    licence: str = ""
    licence_valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the examination found: parcels, and for each HS heading hundredths of a carat and cents."""

    parcels: int
    lines: Sequence[Mapping[str, Any]]
    government_cents: int | None = None
    independent_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What is known once the container is sealed and somebody is about to validate."""

    number: str = ""
    status_index: int | None = None
    seals: Sequence[str] = ()
    issued_on: date | None = None
    expires_on: date | None = None
    kind: str = ""
    officials: Sequence[str] = ()
    reference: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def kept(entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return of what was entered the fields that are a trader's to enter."""
    return {name: entered[name] for name in ENTERED if name in entered}


def assemble(
    entered: Mapping[str, Any],
    *,
    house: House,
    exporter: RegisteredExporter,
    found: Found | None = None,
    closing: Closing | None = None,
) -> dict[str, Any]:
    """Return the application as plain data, with the desk's findings in place of the trader's figures."""
    data: dict[str, Any] = {"kind": "standard", **kept(entered)}
    data |= {
        "participant": house.participant,
        "office": house.office,
        "issuing_authority": house.issuing_authority,
        "exporter": _exporter(exporter),
    }
    if found is not None:
        data["parcels"] = found.parcels
        data["lines"] = [
            {"hs": line["hs"], "carats": str(Carats(line["carats"])), "value": str(USDollars(line["value"]))}
            for line in found.lines
        ]
        for name, cents in (
            ("government_value", found.government_cents),
            ("independent_value", found.independent_cents),
        ):
            if cents is not None:
                data[name] = str(USDollars(cents))
    if closing is not None:
        data |= _closing(closing)
    return data


def _exporter(exporter: RegisteredExporter) -> dict[str, Any]:
    """Return the exporter's fields, without those of which the register knows nothing."""
    valid_until = exporter.licence_valid_until
    fields = {
        "name": exporter.name,
        "latin_name": exporter.latin_name,
        "address": exporter.address,
        "town": exporter.town,
        "country": exporter.country,
        "licence": exporter.licence,
        "licence_valid_until": "" if valid_until is None else valid_until.isoformat(),
    }
    return {name: text for name, text in fields.items() if text}


def _closing(closing: Closing) -> dict[str, Any]:
    data: dict[str, Any] = dict(closing.extra)
    if closing.number:
        data["number"] = closing.number
    if closing.status_index is not None:
        data["status_index"] = closing.status_index
    if closing.seals:
        data["container_seals"] = list(closing.seals)
    if closing.issued_on is not None:
        data["date_of_issuance"] = closing.issued_on.isoformat()
    if closing.expires_on is not None:
        data["date_of_expiry"] = closing.expires_on.isoformat()
    validation: dict[str, Any] = {"kind": closing.kind} if closing.kind else {}
    if closing.officials:
        validation["officials"] = list(closing.officials)
    if closing.reference:
        validation["reference"] = closing.reference
    if validation:
        data["validation"] = validation
    return data
