"""A certificate on paper: what an official typed from it, what they saw of it, and as what the rules take it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from macle.scheme import profiles
from macle.scheme.certificates import (
    Certificate,
    CertificateKind,
    ConsentLevel,
    Line,
    Origin,
    OriginKind,
    Party,
    ProfileReference,
    Validation,
    ValidationKind,
)
from macle.scheme.terms import Carats, CertificateNumber, CountryCode, HSCode, ParticipantCode, USDollars

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOON: Final = time(12, tzinfo=UTC)
_UNSAID: Final = "paper"
"""Where a signed certificate says what a sheet of paper does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What was typed, as `certificate_of` takes it; the digests of its pictures; and whether it looks as it should."""

    typed: Mapping[str, Any]
    pictures: tuple[str, ...]
    looks_right: bool

    @property
    def certificate(self) -> Certificate:
        """Return what the paper says."""
        return certificate_of(self.typed)

    def plain(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {**self.typed, "pictures": list(self.pictures), "looks_right": self.looks_right}


def read(plain: Mapping[str, Any]) -> Paper:
    """Return what was kept."""
    typed = {name: value for name, value in plain.items() if name not in {"pictures", "looks_right"}}
    return Paper(typed=typed, pictures=tuple(plain["pictures"]), looks_right=bool(plain["looks_right"]))


def certificate_of(typed: Mapping[str, Any]) -> Certificate:
    """Return what a paper certificate says, for the rules to judge; it is never encoded and never signed.

    Paper gives days: it was validated at noon of the printed one, and expires as the issuer's law says. Raises
    `macle.scheme.certificates.CertificateMalformed` or `macle.scheme.terms.TermInvalid`.
    """
    number = CertificateNumber.parse(typed["number"], where="number")
    issued, expires = (date.fromisoformat(typed[name]) for name in ("date_of_issuance", "date_of_expiry"))
    law = profiles.load().of(number.participant, on=issued)
    return Certificate(
        number=number,
        kind=CertificateKind.STANDARD,
        office=_UNSAID,
        issuing_authority=_UNSAID,
        validated_at=datetime.combine(issued, _NOON),
        expires_at=law.end_of(expires, office=""),
        date_of_issuance=issued,
        date_of_expiry=expires,
        exporter=_party(typed["exporter"]),
        importer=_party(typed["importer"]),
        destination=ParticipantCode(settings.CONFIGURATION.participant),
        country_of_provenance=number.participant,
        origin=_origin([CountryCode(code) for code in typed["origin"]]),
        lines=tuple(
            Line(HSCode(hs), Carats(each["carats"]), USDollars(each["value"]))
            for hs, each in sorted(typed["lines"].items())
        ),
        parcels=typed["parcels"],
        container_seals=tuple(typed["container_seals"]),
        validation=Validation(ValidationKind.ONE_OFFICIAL, (_UNSAID,)),
        consent_level=ConsentLevel.PILOT,
        profile=ProfileReference(_UNSAID, _UNSAID),
        status_index=0,
        record_digest=bytes(32),
    )


def _party(typed: Mapping[str, str]) -> Party:
    return Party(typed["name"], typed["town"], CountryCode(typed["country"]), licence="")


def _origin(countries: list[CountryCode]) -> Origin:
    kinds = {0: OriginKind.MIXED_UNDISCLOSED, 1: OriginKind.SINGLE}
    return Origin(kinds.get(len(countries), OriginKind.MIXED_LISTED), tuple(countries))
