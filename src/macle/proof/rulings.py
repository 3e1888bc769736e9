"""Test vectors of rules: an application, a certificate or a confirmation, and every breach that is found.

These are judged in the Scheme's own terms, without a signature: `applications` at the stage of application,
`validations` (the view of a certificate about to be signed) at the stage of validation, and `confirmations`
(the view of a confirmation and of its certificate) at the stage of confirmation. What the packaged legal
profiles leave open can be said in the setting, under ``profile``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from macle.proof import views
from macle.scheme import applications, profiles, rules
from macle.scheme.certificates import ConsentLevel
from macle.scheme.profiles import BalancePolicy, Tolerance
from macle.scheme.rules import Stage, prices
from macle.scheme.rules.settings import ConfirmationSetting, IssuingSetting
from macle.scheme.terms import Carats, CertificateNumber

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from macle.scheme.participants import Participants
    from macle.scheme.profiles import LegalProfile
    from macle.scheme.rules import Breach

    Vector = Mapping[str, Any]


def of_application(vector: Vector, *, participants: Participants) -> list[Breach]:
    """Return the breaches of an application; the setting says who examines it, if it is not whom it names."""
    application, setting = applications.read(vector["application"]), vector["setting"]
    asked = _issuing(
        setting,
        participants=participants,
        issuer=setting.get("participant", application.participant),
        destination=application.destination,
    )
    return rules.check(stage=Stage.APPLICATION, subject=application, setting=asked)


def of_validation(vector: Vector, *, participants: Participants) -> list[Breach]:
    """Return the breaches of a certificate that is about to be signed."""
    certificate, setting = views.certificate_from_json(vector["certificate"]), vector["setting"]
    asked = _issuing(
        setting,
        participants=participants,
        issuer=setting.get("participant", certificate.issuer),
        destination=certificate.destination,
    )
    return rules.check(stage=Stage.VALIDATION, subject=certificate, setting=asked)


def of_confirmation(vector: Vector, *, participants: Participants) -> list[Breach]:  # noqa: ARG001 (one shape for all)
    """Return the breaches of an import confirmation against its certificate."""
    confirmation = views.confirmation_from_json(vector["confirmation"])
    profile = profiles.load().of(confirmation.importing_participant, on=confirmation.date_of_receipt)
    asked = ConfirmationSetting(
        certificate=views.certificate_from_json(vector["certificate"]),
        profile=_changed(profile, vector["setting"]),
        identity=bytes.fromhex(vector["setting"].get("identity", "")),
    )
    return rules.check(stage=Stage.CONFIRMATION, subject=confirmation, setting=asked)


BY_FOLDER: Mapping[str, Callable[..., list[Breach]]] = {
    "applications": of_application,
    "validations": of_validation,
    "confirmations": of_confirmation,
}
"""How the vectors of each folder are judged."""


def _issuing(
    setting: Vector, *, participants: Participants, issuer: str | None, destination: str | None
) -> IssuingSetting:
    """Return the setting; an application that names no destination is judged as if for its own issuer."""
    if issuer is None:
        raise ValueError("neither the application nor the setting says who examines it")
    on = date.fromisoformat(setting["on"])
    return IssuingSetting(
        participants=participants,
        profile=_changed(profiles.load().of(issuer, on=on), setting),
        destination_profile=profiles.load().of(destination or issuer, on=on),
        on=on,
        numbers_taken=frozenset(CertificateNumber.parse(number) for number in setting.get("numbers_taken", ())),
        balance=None if setting.get("balance") is None else Carats.parse(setting["balance"]),
        weight_applied_for=None
        if setting.get("weight_applied_for") is None
        else Carats.parse(setting["weight_applied_for"]),
        usual_prices=prices.load(),
        before_sealing=setting.get("before_sealing", False),
        exporter_suspended=setting.get("exporter_suspended", False),
        stock_declared=setting.get("stock_declared"),
    )


def _changed(profile: LegalProfile, setting: Vector) -> LegalProfile:
    """Return the profile with what the setting says of it."""
    changes: dict[str, Any] = {name: _PROFILE[name](value) for name, value in setting.get("profile", {}).items()}
    return replace(profile, **changes)


_PROFILE: Mapping[str, Callable[[Any], object]] = {
    "consent_level": lambda word: ConsentLevel[word.upper()],
    "balance_policy": BalancePolicy,
    "stock_declaration": bool,
    "tolerance": lambda given: Tolerance(given.get("hundredths"), given.get("basis_points"), "said in the vector"),
}
