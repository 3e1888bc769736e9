"""Examining an application: every rule asked at once, in the setting of its day and its Participants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from macle import errors
from macle.scheme import applications, participants, profiles, rules
from macle.scheme.rules import Breach, Outcome, Stage, prices
from macle.scheme.rules.settings import IssuingSetting
from macle.scheme.terms import ParticipantCode

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import date, datetime

    from macle.scheme.applications import Application
    from macle.scheme.profiles import LegalProfile
    from macle.scheme.terms import Carats, CertificateNumber

NOBODY = ParticipantCode("ZZ")
"""Stands for the issuer while an application does not say who it is; no country will ever have this code."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One application, in what setting it was examined, and all its breaches."""

    application: Application
    setting: IssuingSetting | None
    breaches: tuple[Breach, ...]

    @property
    def stops(self) -> bool:
        """Return whether nothing may be signed."""
        return any(breach.outcome.stops for breach in self.breaches)


def examine(
    data: object,
    *,
    at: datetime | None,
    today: date,
    numbers_taken: Container[CertificateNumber] = (),
    balance: Carats | None = None,
    weight_applied_for: Carats | None = None,
    before_sealing: bool = False,
) -> Examined:
    """Read an application and ask every rule of it.

    It is judged for the day of ``at`` in the issuer's zone; without one, for its own date of issuance, and
    without that for ``today``. ``balance`` is what the trader's register still covers, None where there is none.
    ``weight_applied_for`` is given where the application holds what was measured in its place.
    """
    try:
        application = applications.read(data)
    except errors.Malformed as error:
        return Examined(applications.Application(), None, (as_breach(error),))
    code = application.participant or (application.number.participant if application.number else None) or NOBODY
    every = profiles.load()
    on = application.date_of_issuance or today
    if at is not None:
        on = every.of(code, on=at.date()).day_of(at, office=application.office or "")
    setting = IssuingSetting(
        participants=participants.load(),
        profile=every.of(code, on=on),
        destination_profile=every.of(application.destination or code, on=on),
        on=on,
        numbers_taken=numbers_taken,
        balance=balance,
        weight_applied_for=weight_applied_for,
        usual_prices=prices.load(),
        before_sealing=before_sealing,
    )
    breaches = rules.check(stage=Stage.APPLICATION, subject=application, setting=setting)
    return Examined(application, setting, tuple(breaches))


def expiry_of(application: Application, profile: LegalProfile) -> date | None:
    """Return the printed date of expiry: the one applied for, else the last that the issuer's law allows."""
    if application.date_of_expiry is not None or application.date_of_issuance is None or profile.validity is None:
        return application.date_of_expiry
    return profile.validity.latest_expiry(application.date_of_issuance)


def as_breach(error: errors.MacleError, *, outcome: Outcome = Outcome.REFUSE) -> Breach:
    """Return an error that belongs to one application as a breach of it."""
    return Breach(error.rule or "application.readable", outcome, error.where, error.what, error.mend)


def source_of(breach: Breach) -> str:
    """Return where the rule of a breach comes from; a legal profile names the law itself."""
    rule = rules.catalogue().get(breach.rule)
    return str(breach.facts.get("source") or (rule.source if rule else "Macle"))
