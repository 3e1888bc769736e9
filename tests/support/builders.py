"""Sound objects for tests, to be changed one field at a time; every name in them is invented.

By default an exporter in Gaborone sends rough diamonds mined in Botswana to an importer in Antwerp:
issued and validated on 2 November 2026, valid until 1 January 2027, presented on 9 November.

Fields that hang together follow each other unless they are given: the instants follow the printed dates,
a setting follows its certificate.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time
from typing import Any

from macle.scheme import participants, profiles
from macle.scheme.applications import (
    Application,
    AppliedLine,
    AppliedOrigin,
    AppliedParty,
    AppliedValidation,
    Source,
)
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
from macle.scheme.rules.settings import ConfirmationSetting, IssuingSetting, PresentationSetting
from macle.scheme.terms import Carats, CertificateNumber, CountryCode, HSCode, ParticipantCode, USDollars

ISSUED = date(2026, 11, 2)
EXPIRES = date(2027, 1, 1)
VALIDATED_AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
PRESENTED_AT = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)


def a_number(text: str = "BW00004821") -> CertificateNumber:
    return CertificateNumber.parse(text)


def an_exporter(**changes: Any) -> Party:
    party = Party("Example Pan Diamonds (Pty) Ltd", "Gaborone", CountryCode("BW"), "BW-EX-0001")
    return dataclasses.replace(party, **changes)


def an_importer(**changes: Any) -> Party:
    party = Party("Voorbeeld Diamant NV", "Antwerp", CountryCode("BE"), "BE-0000-01")
    return dataclasses.replace(party, **changes)


def a_line(hs: HSCode = HSCode.NON_INDUSTRIAL, carats: str = "205.18", value: str = "41036.00") -> Line:
    return Line(hs, Carats.parse(carats), USDollars.parse(value))


def an_origin(*countries: str, area: str = "") -> Origin:
    """Return one country as single, several as listed, none as undisclosed."""
    kinds = {0: OriginKind.MIXED_UNDISCLOSED, 1: OriginKind.SINGLE}
    kind = kinds.get(len(countries), OriginKind.MIXED_LISTED)
    return Origin(kind, tuple(CountryCode(country) for country in countries), area)


def a_certificate(**changes: Any) -> Certificate:
    """Return a certificate that every rule passes; ``number`` and ``destination`` may be given as text."""
    if isinstance(changes.get("number"), str):
        changes["number"] = a_number(changes["number"])
    number = changes.get("number", a_number())
    office = changes.get("office", "Gaborone")
    issued, expires = changes.get("date_of_issuance", ISSUED), changes.get("date_of_expiry", EXPIRES)
    profile = profiles.load().of(number.participant, on=issued)
    follow = {
        "validated_at": datetime.combine(issued, time(9, 30), UTC),
        "expires_at": profile.end_of(expires, office=office),
        "profile": ProfileReference(profile.version, "core"),
        "country_of_provenance": number.participant,
    }
    certificate = Certificate(
        number=a_number(),
        kind=CertificateKind.STANDARD,
        office="Gaborone",
        issuing_authority="Example Diamond Office, Gaborone",
        validated_at=VALIDATED_AT,
        expires_at=datetime(2027, 1, 1, 22, 0, tzinfo=UTC),
        date_of_issuance=ISSUED,
        date_of_expiry=EXPIRES,
        exporter=an_exporter(),
        importer=an_importer(),
        destination=ParticipantCode("EU"),
        country_of_provenance=ParticipantCode("BW"),
        origin=an_origin("BW"),
        lines=(a_line(), a_line(HSCode.INDUSTRIAL, "1000.00", "12500.50")),
        parcels=3,
        container_seals=("EX 30010", "EX 30011"),
        validation=Validation(ValidationKind.TWO_OFFICIALS, ("official-01", "official-02")),
        consent_level=ConsentLevel.TOKEN,
        profile=ProfileReference("minima-1", "core"),
        status_index=4821,
        record_digest=bytes(range(32)),
    )
    return dataclasses.replace(certificate, **{**follow, **changes})


def an_applied_party(party: Party, **changes: Any) -> AppliedParty:
    applied = AppliedParty(
        name=party.name,
        latin_name=party.latin_name or None,
        address=f"1 Example Street, {party.town}",
        town=party.town,
        country=party.country,
        licence=party.licence or None,
        licence_valid_until=date(2027, 12, 31),
    )
    return dataclasses.replace(applied, **changes)


def an_applied_line(hs: HSCode | None = HSCode.NON_INDUSTRIAL, **changes: Any) -> AppliedLine:
    line = AppliedLine(hs=hs, hs_text=hs, carats=Carats.parse("205.18"), value=USDollars.parse("41036.00"))
    return dataclasses.replace(line, **changes)


def an_application(certificate: Certificate | None = None, **changes: Any) -> Application:
    """Return the application that asks for the certificate, by default for `a_certificate`."""
    asked = certificate or a_certificate()
    application = Application(
        participant=asked.issuer,
        office=asked.office,
        issuing_authority=asked.issuing_authority,
        kind=asked.kind,
        number=asked.number,
        status_index=asked.status_index,
        date_of_issuance=asked.date_of_issuance,
        date_of_expiry=asked.date_of_expiry,
        exporter=an_applied_party(asked.exporter),
        importer=an_applied_party(asked.importer),
        destination=asked.destination,
        country_of_provenance=asked.country_of_provenance,
        origin=AppliedOrigin(kind=asked.origin.kind, countries=asked.origin.countries, area=asked.origin.area or None),
        lines=tuple(
            AppliedLine(hs=line.hs, hs_text=line.hs, carats=line.carats, value=line.value) for line in asked.lines
        ),
        total_carats=asked.carat_weight,
        total_value=asked.value,
        parcels=asked.parcels,
        container_seals=asked.container_seals,
        not_conflict_diamonds=True,
        synthetics_declared=False,
        sources=(Source(kind="production_record", reference="EX-PR-2026-1", carats=asked.carat_weight),),
        validation=AppliedValidation(
            kind=asked.validation.kind,
            officials=asked.validation.officials,
            reference=asked.validation.reference or None,
        ),
        languages=("en",),
        refers_to=asked.refers_to,
    )
    return dataclasses.replace(application, **changes)


def application_data(**changes: Any) -> dict[str, Any]:
    """Return `an_application` as plain data, as JSON has it; a field changed to None is left out."""
    data: dict[str, Any] = {
        "participant": "BW",
        "office": "Gaborone",
        "issuing_authority": "Example Diamond Office, Gaborone",
        "kind": "standard",
        "number": "BW00004821",
        "status_index": 4821,
        "date_of_issuance": "2026-11-02",
        "date_of_expiry": "2027-01-01",
        "exporter": {
            "name": "Example Pan Diamonds (Pty) Ltd",
            "address": "1 Example Street, Gaborone",
            "town": "Gaborone",
            "country": "BW",
            "licence": "BW-EX-0001",
            "licence_valid_until": "2027-12-31",
        },
        "importer": {
            "name": "Voorbeeld Diamant NV",
            "address": "1 Example Street, Antwerp",
            "town": "Antwerp",
            "country": "BE",
            "licence": "BE-0000-01",
            "licence_valid_until": "2027-12-31",
        },
        "destination": "EU",
        "country_of_provenance": "BW",
        "origin": {"kind": "single", "countries": ["BW"]},
        "lines": [
            {"hs": "7102.31", "carats": "205.18", "value": "41036.00"},
            {"hs": "7102.21", "carats": "1000.00", "value": "12500.50"},
        ],
        "total_carats": "1205.18",
        "total_value": "53536.50",
        "parcels": 3,
        "container_seals": ["EX 30010", "EX 30011"],
        "not_conflict_diamonds": True,
        "synthetics_declared": False,
        "sources": [{"kind": "production_record", "reference": "EX-PR-2026-1", "carats": "1205.18"}],
        "validation": {"kind": "two_officials", "officials": ["official-01", "official-02"]},
        "languages": ["en"],
    }
    return {name: value for name, value in {**data, **changes}.items() if value is not None}


def a_confirmation(certificate: Certificate | None = None, /, **changes: Any) -> ImportConfirmation:
    """Return the confirmation that the certificate's shipment arrived as declared and was measured so."""
    confirmed = certificate or a_certificate()
    declared = Count(confirmed.parcels, confirmed.lines)
    confirmation = ImportConfirmation(
        certificate=Reference(confirmed.number),
        importing_participant=confirmed.destination,
        office="Antwerp",
        importing_authority="Example Diamond Office, Antwerp",
        confirmed_at=PRESENTED_AT,
        date_of_receipt=PRESENTED_AT.date(),
        exporter=confirmed.exporter,
        importer=confirmed.importer,
        declared=declared,
        measured=declared,
        seals=SealState.INTACT,
        result=ConfirmationResult.ACCEPTED,
        official="official-07",
        consent_level=ConsentLevel.TOKEN,
    )
    return dataclasses.replace(confirmation, **changes)


def an_issuing_setting(certificate: Certificate | None = None, **changes: Any) -> IssuingSetting:
    """Return the setting in which the certificate is validated on its date of issuance."""
    asked = certificate or a_certificate()
    on = changes.get("on", asked.date_of_issuance)
    setting = IssuingSetting(
        participants=participants.load(),
        profile=profiles.load().of(asked.issuer, on=on),
        destination_profile=profiles.load().of(asked.destination, on=on),
        on=on,
    )
    return dataclasses.replace(setting, **changes)


def a_presentation_setting(certificate: Certificate | None = None, **changes: Any) -> PresentationSetting:
    """Return the setting in which the certificate is presented where it is destined, a week after validation."""
    presented = certificate or a_certificate()
    importing = changes.get("importing", presented.destination)
    at = changes.get("at", presented.validated_at + (PRESENTED_AT - VALIDATED_AT))
    fields: dict[str, Any] = {
        "participants": participants.load(),
        "profile": profiles.load().of(importing, on=at.date()),
        "importing": importing,
        "office": "Antwerp" if importing == "EU" else "",
        "at": at,
    }
    return PresentationSetting(**{**fields, **changes})


def a_confirmation_setting(certificate: Certificate | None = None, /, **changes: Any) -> ConfirmationSetting:
    """Return the setting in which the certificate's import is confirmed."""
    confirmed = certificate or a_certificate()
    profile = profiles.load().of(confirmed.destination, on=PRESENTED_AT.date())
    return dataclasses.replace(ConfirmationSetting(certificate=confirmed, profile=profile), **changes)
