"""What the desk does before anybody validates: examine, return, hold, release, reject, reserve, seal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction

from macle import errors
from macle.node.exporting import queries
from macle.node.exporting.actions import numbers, steps
from macle.node.exporting.models import Examination, Suspicion
from macle.node.permissions import Act
from macle.node.traders import actions as traders
from macle.scheme import lifecycle, participants, rules
from macle.scheme.certificates import LONGEST_SEAL, MOST_PARCELS, MOST_SEALS, OriginKind
from macle.scheme.lifecycle import CertificateAct, CertificateState
from macle.scheme.participants import StandingKind
from macle.scheme.rules import Outcome
from macle.scheme.terms import Carats, HSCode, USDollars

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from macle.node.exporting.models import Application, Number, Step
    from macle.node.permissions import Actor
    from macle.scheme.applications import Application as Applied
    from macle.scheme.rules import Breach
    from macle.scheme.terms import CountryCode


class ExaminationMalformed(errors.Malformed):
    """What was measured cannot be an examination."""

    code = "examination-malformed"


class SealsMalformed(errors.Malformed):
    """These are no seals of a container."""

    code = "seals-malformed"


class PhotographsMissing(errors.Refused):
    """An origin under enhanced vigilance needs photographs."""

    code = "photographs-missing"


class ApprovalMissing(errors.Conflict):
    """An origin under enhanced vigilance needs the approval of the KP monitoring team."""

    code = "approval-missing"


class SuspicionMissing(errors.Conflict):
    """No suspicion is open, or one is open already."""

    code = "suspicion-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was weighed, counted and valued: for each heading the weight and the declared value."""

    parcels: int
    lines: Mapping[HSCode, tuple[Carats, USDollars]]
    government: USDollars | None = None
    independent: USDollars | None = None
    synthetics_screened: bool = False
    remark: str = ""


def examine(*, reference: str, measured: Measured, by: Actor, at: datetime) -> Examination:
    """Record what was measured; the application then stands under examination, or is held by what the rules say.

    A second examination takes the place of the first. Raises `ExaminationMalformed`.
    """
    remark = _sound(measured)
    with transaction.atomic():
        application = steps.reached(reference, Act.APPLICATION_EXAMINE, by)
        if application.status is not CertificateState.UNDER_EXAMINATION:
            steps.require_allowed(application, CertificateAct.EXAMINE)
        examination = enter(application, replace(measured, remark=remark), by=by, at=at)
        application.examined_by = by.identifier
        facts: dict[str, object] = {
            "parcels": measured.parcels,
            "carats": application.carats_hundredths,
            "value": application.value_cents,
            "valued_by": examination.valued_by,
        }
        if application.status is CertificateState.SUBMITTED:
            steps.take(application, CertificateAct.EXAMINE, tag=Act.APPLICATION_EXAMINE, by=by, at=at, facts=facts)
        else:
            application.save()
            steps.note(application, tag=Act.APPLICATION_EXAMINE, by=by, at=at, facts=facts)
        holding = [breach for breach in standing_in_the_way(application, at=at) if breach.outcome is Outcome.HOLD]
        if holding:
            _hold(application, holding, by=by, at=at)
        else:
            steps.tell(application, "examined", at=at)
    return examination


def enter(application: Application, measured: Measured, *, by: Actor, at: datetime) -> Examination:
    """Enter what was measured and valued beside a locked application, which then has these figures."""
    valued_by, lines = _final(measured, basis=queries.profile(application.office, at=at).value_basis)
    application.carats_hundredths = sum(weight.hundredths for weight, _ in measured.lines.values())
    application.value_cents = sum(int(line["value"]) for line in lines)
    return Examination.objects.create(
        application=application,
        at=at,
        by=by.identifier,
        parcels=measured.parcels,
        lines=lines,
        declared_cents=sum(value.hundredths for _, value in measured.lines.values()),
        government_cents=measured.government.hundredths if measured.government else None,
        independent_cents=measured.independent.hundredths if measured.independent else None,
        valued_by=valued_by,
        synthetics_screened=measured.synthetics_screened,
        remark=measured.remark,
    )


def _sound(measured: Measured) -> str:
    """Return the remark of what was measured if all of it can be; raise `ExaminationMalformed` or `WordsUnfit`."""
    if not measured.lines or not all(weight.hundredths for weight, _ in measured.lines.values()):
        raise ExaminationMalformed(
            "Nothing was measured.", where="lines", mend="Give weight and value of each heading that is there."
        )
    if not 1 <= measured.parcels <= MOST_PARCELS:
        raise ExaminationMalformed(
            f"A shipment has 1 to {MOST_PARCELS:,} parcels.", where="parcels", mend="Count them again."
        )
    if sum(weight.hundredths for weight, _ in measured.lines.values()) >= Carats.limit:
        raise ExaminationMalformed(
            "This is more than any shipment holds.", where="lines", mend="Look for a slip of the point."
        )
    if sum(value.hundredths for _, value in measured.lines.values()) >= USDollars.limit:
        raise ExaminationMalformed(
            "This is worth more than any shipment.", where="lines", mend="Look for a slip of the point."
        )
    return steps.fit(measured.remark, where="remark")


def _final(measured: Measured, *, basis: str | None) -> tuple[str, list[dict[str, Any]]]:
    """Return which valuation counts and the lines with their final values.

    Where the profile's basis is the highest, the highest of the three counts; where it is the government's value, that
    one; otherwise the declared one. A higher total is spread over the lines as the declared values are, the last line
    taking the rest, so that the lines add up to it exactly.
    """
    declared = sum(value.hundredths for _, value in measured.lines.values())
    totals = {"declared": declared}
    if measured.government is not None:
        totals["government"] = measured.government.hundredths
    if measured.independent is not None:
        totals["independent"] = measured.independent.hundredths
    words = (basis or "").casefold()
    if "highest" in words:
        chosen = max(totals, key=lambda name: totals[name])
    elif "government" in words and "government" in totals:
        chosen = "government"
    else:
        chosen = "declared"
    total, left = totals[chosen], totals[chosen]
    lines: list[dict[str, Any]] = []
    ordered = sorted(measured.lines.items())
    for index, (heading, (weight, value)) in enumerate(ordered):
        share = left if index == len(ordered) - 1 else total * value.hundredths // declared if declared else 0
        left -= share
        lines.append({"hs": str(heading), "carats": weight.hundredths, "value": share, "declared": value.hundredths})
    return chosen, lines


def standing_in_the_way(application: Application, *, at: datetime) -> list[Breach]:
    """Return the breaches that stop it now: what an official released no longer does."""
    return unreleased(application, queries.breaches(application, at=at))


def unreleased(application: Application, breaches: Sequence[Breach]) -> list[Breach]:
    """Return those of the breaches that stop it and that no official let pass."""
    released = queries.released(application)
    return [
        breach
        for breach in breaches
        if breach.outcome.stops and not (breach.outcome is Outcome.HOLD and breach.rule in released)
    ]


def _hold(application: Application, holding: Sequence[Breach], *, by: Actor, at: datetime) -> Step:
    step = steps.take(
        application,
        CertificateAct.HOLD,
        tag=Act.APPLICATION_HOLD,
        by=by,
        at=at,
        reason=" ".join(breach.what for breach in holding),
        facts={"rules": sorted({breach.rule for breach in holding})},
    )
    steps.tell(application, "held", at=at, rules=sorted({breach.rule for breach in holding}))
    return step


def hold(*, reference: str, reason: str, by: Actor, at: datetime) -> Step:
    """Hold an application for an official's decision."""
    with transaction.atomic():
        application = steps.reached(reference, Act.APPLICATION_HOLD, by)
        step = steps.take(
            application, CertificateAct.HOLD, tag=Act.APPLICATION_HOLD, by=by, at=at, reason=steps.given(reason)
        )
        steps.tell(application, "held", at=at)
    return step


def release(*, reference: str, reason: str, by: Actor, at: datetime) -> Step:
    """Decide, with a reason, that a held application goes on: the rules that hold it are let pass."""
    with transaction.atomic():
        application = steps.reached(reference, Act.APPLICATION_RELEASE, by)
        _four_eyes(application, by, at=at)
        holding = [breach for breach in standing_in_the_way(application, at=at) if breach.outcome is Outcome.HOLD]
        step = steps.take(
            application,
            CertificateAct.RELEASE_HOLD,
            tag=Act.APPLICATION_RELEASE,
            by=by,
            at=at,
            reason=steps.given(reason),
            facts={"rules": sorted({breach.rule for breach in holding})},
        )
        steps.tell(application, "released", at=at)
    return step


def _four_eyes(application: Application, by: Actor, *, at: datetime) -> None:
    if not queries.may_validate(application, by, at=at):
        raise FourEyes(
            "You examined it, and somebody else decides.",
            where="official",
            mend="Another validating official of the office does it.",
            facts={"examined_by": application.examined_by},
        )


class FourEyes(errors.NotPermitted):
    """Nobody decides about what they examined themselves, unless the legal profile says otherwise."""

    code = "four-eyes"


def return_to_trader(*, reference: str, reason: str, by: Actor, at: datetime) -> Step:
    """Find an application deficient: it goes back to the trader, who mends it."""
    with transaction.atomic():
        application = steps.reached(reference, Act.APPLICATION_RETURN, by)
        step = steps.take(
            application,
            CertificateAct.FIND_DEFICIENT,
            tag=Act.APPLICATION_RETURN,
            by=by,
            at=at,
            reason=steps.given(reason),
        )
        steps.tell(application, "returned", at=at, step=step.sequence)
    return step


def reject(*, reference: str, reason: str, by: Actor, at: datetime) -> Step:
    """Refuse an application for good."""
    with transaction.atomic():
        application = steps.reached(reference, Act.APPLICATION_REJECT, by)
        step = steps.take(
            application, CertificateAct.REJECT, tag=Act.APPLICATION_REJECT, by=by, at=at, reason=steps.given(reason)
        )
        steps.tell(application, "rejected", at=at, step=step.sequence)
    return step


# --- Enhanced vigilance -----------------------------------------------------------------------------


def is_under_vigilance(applied: Applied, *, on: date) -> bool:
    """Return whether the standing of a country of origin is partial: zone, photographs and approval are then asked."""
    countries = applied.origin.countries if applied.origin else ()
    every = participants.load()
    for country in countries:
        for code in every.participant_of(country, on=on):
            certain = every.standing(code, on=on).certain
            if certain is None or certain.kind is StandingKind.PARTIAL:
                return True
    return False


def request_approval(*, reference: str, by: Actor, at: datetime) -> Step:
    """Ask the KP monitoring team for approval; the photographs must be there."""
    with transaction.atomic():
        application = steps.reached(reference, Act.APPLICATION_REQUEST_APPROVAL, by)
        _require_photographs(application)
        step = steps.take(
            application,
            CertificateAct.REQUEST_KP_APPROVAL,
            tag=Act.APPLICATION_REQUEST_APPROVAL,
            by=by,
            at=at,
        )
        steps.tell(application, "approval-requested", at=at)
    return step


def _require_photographs(application: Application) -> None:
    if not application.attachments.filter(kind="photograph", ended_at=None).exists():
        raise PhotographsMissing(
            "This origin is under enhanced vigilance, and there is no photograph of the goods.",
            where="file",
            mend="Add the photographs of the parcels.",
        )


def approve(*, reference: str, approved: bool, reason: str, by: Actor, at: datetime) -> Step:
    """Record what the KP monitoring team decided."""
    with transaction.atomic():
        application = steps.reached(reference, Act.APPLICATION_APPROVE, by)
        step = steps.take(
            application,
            CertificateAct.APPROVE if approved else CertificateAct.DECLINE,
            tag=Act.APPLICATION_APPROVE,
            by=by,
            at=at,
            reason=steps.given(reason),
        )
        steps.tell(application, "approved" if approved else "declined", at=at, step=step.sequence)
    return step


# --- Number and seals ----------------------------------------------------------------------------------


def reserve(*, reference: str, by: Actor, at: datetime, sheet: str = "") -> Number:
    """Reserve a number once the examination ends, and charge the trader's book; every rule is asked again.

    Raises `macle.scheme.rules.RulesRefuse` with all breaches that stop it, `numbers.NoNumbers` or
    `numbers.SheetRefused`.
    """
    with transaction.atomic():
        application = steps.reached(reference, Act.CERTIFICATE_RESERVE, by)
        steps.require_allowed(application, CertificateAct.RESERVE)
        examined = queries.examined(application, at=at)
        stopping = standing_in_the_way(application, at=at)
        if stopping:
            raise rules.RulesRefuse(stopping)
        today = queries.day(application.office, at=at)
        if (
            is_under_vigilance(examined.application, on=today)
            and application.status is not CertificateState.KP_APPROVED
        ):
            raise ApprovalMissing(
                "This origin is under enhanced vigilance: the KP monitoring team approves before a number is reserved.",
                where="origin",
                mend="Request the approval.",
            )
        number = numbers.reserve(application, at=at, sheet=sheet)
        application.number = number.number
        if application.replaces is not None:
            _credit(application.replaces, by_identifier=by.identifier, at=at)
        _charge(application, examined.application, by=by, at=at)
        steps.take(
            application,
            CertificateAct.RESERVE,
            tag=Act.CERTIFICATE_RESERVE,
            by=by,
            at=at,
            facts={"number": number.number, "status_index": number.status_index},
        )
        steps.tell(application, "reserved", at=at)
    return number


def _charge(application: Application, applied: Applied, *, by: Actor, at: datetime) -> None:
    traders.draw(
        trader=application.trader,
        origins=origins_of(applied),
        carats=Carats(application.carats_hundredths),
        on=queries.day(application.office, at=at),
        reference=application.number,
        at=at,
        by_identifier=by.identifier,
        allowed_shortfall=BALANCE_RULE in queries.released(application),
    )


BALANCE_RULE = "IV.a.balance"


def origins_of(applied: Applied) -> tuple[CountryCode, ...]:
    """Return from which origins' books the goods come: the countries listed, or none where they are not disclosed."""
    origin = applied.origin
    return () if origin is None or origin.kind is OriginKind.MIXED_UNDISCLOSED else tuple(origin.countries)


def seal(*, reference: str, seals: Sequence[str], by: Actor, at: datetime) -> Step:
    """Record the container's seals; the container is closed and bears the number."""
    cleaned = [" ".join(each.split()) for each in seals if each.strip()]
    if not cleaned or len(cleaned) > MOST_SEALS or len(set(cleaned)) != len(cleaned):
        raise SealsMalformed(
            f"There are one to {MOST_SEALS} different seals.", where="seals", mend="Write the number of each seal once."
        )
    if any(len(each) > LONGEST_SEAL or not each.isprintable() for each in cleaned):
        raise SealsMalformed(
            f"The number of a seal has at most {LONGEST_SEAL} characters that can be printed.",
            where="seals",
            mend="Write the number of the seal alone.",
        )
    with transaction.atomic():
        application = steps.reached(reference, Act.CERTIFICATE_SEAL, by)
        application.seals = cleaned
        step = steps.take(
            application, CertificateAct.SEAL, tag=Act.CERTIFICATE_SEAL, by=by, at=at, facts={"seals": cleaned}
        )
        steps.tell(application, "sealed", at=at)
    return step


def credit(application: Application, *, by_identifier: str, at: datetime) -> None:
    """Credit the trader's book with goods that did not leave, inside the transaction of the act that ends the matter.

    Goods are charged once. Those of a replacement are charged under its number; where it comes to nothing, they stand
    again under the number of the certificate that it would have replaced, as long as that one lives.
    """
    _credit(application, by_identifier=by_identifier, at=at)
    old = application.replaces
    if old is None or lifecycle.is_terminal(old.status) or queries.charged(old):
        return
    traders.draw(
        trader=old.trader,
        origins=origins_of(queries.examined(old, at=at).application),
        carats=Carats(old.carats_hundredths),
        on=queries.day(old.office, at=at),
        reference=old.number,
        at=at,
        by_identifier=by_identifier,
        allowed_shortfall=True,
    )


def _credit(application: Application, *, by_identifier: str, at: datetime) -> None:
    if not queries.charged(application):
        return
    traders.give_back(
        trader=application.trader,
        reference=application.number,
        on=queries.day(application.office, at=at),
        at=at,
        by_identifier=by_identifier,
    )


# --- Suspicion ------------------------------------------------------------------------------------------


def suspect(*, reference: str, text: str, by: Actor, at: datetime) -> Suspicion:
    """Open a suspicion: the trader then reads only *under examination*."""
    with transaction.atomic():
        application = steps.reached(reference, Act.CERTIFICATE_SUSPECT, by)
        if queries.is_suspected(application):
            raise SuspicionMissing("A suspicion is open already.", where="reference", mend="Add what is new to it.")
        suspicion = Suspicion.objects.create(
            application=application, since=at, opened_by=by.identifier, text=steps.given(text, where="text")
        )
        steps.note(application, tag=Act.CERTIFICATE_SUSPECT, by=by, at=at, facts={"open": True})
    return suspicion


def clear(*, reference: str, outcome: str, by: Actor, at: datetime) -> Suspicion:
    """End a suspicion with what came of it."""
    with transaction.atomic():
        application = steps.reached(reference, Act.CERTIFICATE_SUSPECT, by)
        suspicion = application.suspicions.filter(until__isnull=True).first()
        if suspicion is None:
            raise SuspicionMissing("No suspicion is open.", where="reference", mend="Look at the acts so far.")
        suspicion.until, suspicion.ended_by = at, by.identifier
        suspicion.outcome = steps.given(outcome, where="outcome")
        suspicion.save()
        steps.note(application, tag=Act.CERTIFICATE_SUSPECT, by=by, at=at, facts={"open": False})
    return suspicion
