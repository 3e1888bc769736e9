"""What a rule knows beside its subject: who asks, on which day, under which profile.

Everything is an argument; no rule looks at a clock or a table of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import date, datetime

    from macle.scheme.certificates import Certificate
    from macle.scheme.lifecycle import CertificateState
    from macle.scheme.participants import Participants
    from macle.scheme.profiles import LegalProfile
    from macle.scheme.rules.prices import UsualPrices
    from macle.scheme.terms import Carats, CertificateNumber, ParticipantCode


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuingSetting:
    """In what setting an application is examined and a certificate validated.

    ``on`` is the day of validation in the issuer's zone. ``balance`` is what the trader may still export,
    None where no register keeps it: then the sources named in the application count. ``weight_applied_for`` is what
    the trader wrote, where the application holds what the office measured in its place. ``before_sealing`` is true
    while examination lasts: who validates, when, and under which seals, is then still open. ``exporter_suspended``
    and ``stock_declared`` are what the register of traders says of the exporter; a declaration is of the year of
    ``on``, and None where no register keeps any.
    """

    participants: Participants
    profile: LegalProfile
    destination_profile: LegalProfile
    on: date
    numbers_taken: Container[CertificateNumber] = ()
    balance: Carats | None = None
    weight_applied_for: Carats | None = None
    usual_prices: UsualPrices | None = None
    before_sealing: bool = False
    exporter_suspended: bool = False
    stock_declared: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPresentation:
    """Where and when the same certificate was presented before."""

    participant: ParticipantCode
    office: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationSetting:
    """In what setting a genuine certificate is presented for import.

    ``profile`` is that of the importing Participant. ``known_status`` is the last state known of the
    certificate; None where nothing is known.
    """

    participants: Participants
    profile: LegalProfile
    importing: ParticipantCode
    office: str
    at: datetime
    first_import: bool | None = None
    earlier_presentation: EarlierPresentation | None = None
    known_status: CertificateState | None = None
    on: date = field(init=False)
    """The date of import: the day on which ``at`` falls at the importing office."""

    def __post_init__(self) -> None:
        """Find the date of import once, for all rules."""
        object.__setattr__(self, "on", self.profile.day_of(self.at, office=self.office))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationSetting:
    """In what setting a confirmation is compared: with its certificate, under the importing profile.

    ``identity`` is that of the signed certificate; empty where there is only paper.
    """

    certificate: Certificate
    profile: LegalProfile
    identity: bytes = b""
