"""What the desk does before anybody validates."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from macle.node.exporting.actions import desk, valuing
from macle.node.exporting.api import shown
from macle.node.exporting.api.applications import Reason
from macle.node.interface.bearer import Asked
from macle.node.interface.fields import MOST_ITEMS, Cents, Count, Flag, Given, Hundredths, Line, Shown, Words
from macle.node.interface.routes import Routes
from macle.node.permissions import Act
from macle.scheme.terms import Carats, HSCode, USDollars

routes = Routes("Examination")


class Weighed(Given):
    """What is there of one heading."""

    hs: HSCode
    carats: Hundredths
    value: Cents
    """The declared value in US cents."""


class Examine(Given):
    """What was weighed, counted and valued."""

    parcels: Count
    lines: Annotated[list[Weighed], Field(max_length=len(HSCode))]
    """One for each heading that is there."""
    government: Cents | None = None
    independent: Cents | None = None
    synthetics_screened: Flag = False
    remark: Words = ""


class Values(Given):
    """Valuations in US cents; one that is not given stays as it was."""

    government: Cents | None = None
    independent: Cents | None = None


class Decided(Given):
    """What the KP monitoring team decided."""

    approved: Flag
    reason: Words


class Sheet(Given):
    """Which pre-printed sheet is used."""

    sheet: Line = ""
    """Its number, where numbers are those of sheets."""


class Reserved(Shown):
    """A number that was reserved."""

    number: str
    application: shown.Application


class Seals(Given):
    """The container's seals."""

    seals: Annotated[list[Line], Field(max_length=MOST_ITEMS)]


@routes.writes("/applications/{reference}/examine", Act.APPLICATION_EXAMINE)
def examine_application(request: Asked, reference: str, given: Examine) -> shown.Application:
    """Record what was measured; the application then stands under examination, or is held by what the rules say."""
    if len({line.hs for line in given.lines}) < len(given.lines):
        raise desk.ExaminationMalformed(
            "A heading stands twice.", where="lines", mend="Give weight and value of each heading once."
        )
    measured = desk.Measured(
        parcels=given.parcels,
        lines={line.hs: (Carats(line.carats), USDollars(line.value)) for line in given.lines},
        government=_dollars(given.government),
        independent=_dollars(given.independent),
        synthetics_screened=given.synthetics_screened,
        remark=given.remark,
    )
    desk.examine(reference=reference, measured=measured, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/value", Act.APPLICATION_VALUE)
def value_application(request: Asked, reference: str, given: Values) -> shown.Application:
    """Record the government's or an independent value beside what was weighed."""
    valuing.value(
        reference=reference,
        government=_dollars(given.government),
        independent=_dollars(given.independent),
        by=request.actor,
        at=request.at,
    )
    return shown.after(reference, request.actor)


def _dollars(cents: int | None) -> USDollars | None:
    return None if cents is None else USDollars(cents)


@routes.writes("/applications/{reference}/return", Act.APPLICATION_RETURN)
def return_application(request: Asked, reference: str, given: Reason) -> shown.Application:
    """Find an application deficient: it goes back to the trader, who mends it."""
    desk.return_to_trader(reference=reference, reason=given.reason, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/hold", Act.APPLICATION_HOLD)
def hold_application(request: Asked, reference: str, given: Reason) -> shown.Application:
    """Hold an application for an official's decision."""
    desk.hold(reference=reference, reason=given.reason, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/release", Act.APPLICATION_RELEASE)
def release_application(request: Asked, reference: str, given: Reason) -> shown.Application:
    """Decide, with a reason, that a held application goes on."""
    desk.release(reference=reference, reason=given.reason, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/reject", Act.APPLICATION_REJECT)
def reject_application(request: Asked, reference: str, given: Reason) -> shown.Application:
    """Refuse an application for good."""
    desk.reject(reference=reference, reason=given.reason, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/request-approval", Act.APPLICATION_REQUEST_APPROVAL)
def request_approval(request: Asked, reference: str) -> shown.Application:
    """Ask the KP monitoring team for approval; the photographs must be there."""
    desk.request_approval(reference=reference, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/approval", Act.APPLICATION_APPROVE)
def record_approval(request: Asked, reference: str, given: Decided) -> shown.Application:
    """Record what the KP monitoring team decided."""
    desk.approve(reference=reference, approved=given.approved, reason=given.reason, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/reserve", Act.CERTIFICATE_RESERVE)
def reserve_number(request: Asked, reference: str, given: Sheet) -> Reserved:
    """Reserve a number once the examination ends, and charge the trader's book; every rule is asked again."""
    number = desk.reserve(reference=reference, sheet=given.sheet, by=request.actor, at=request.at)
    return Reserved(number=number.number, application=shown.after(reference, request.actor))


@routes.writes("/applications/{reference}/seal", Act.CERTIFICATE_SEAL)
def seal_container(request: Asked, reference: str, given: Seals) -> shown.Application:
    """Record the container's seals."""
    desk.seal(reference=reference, seals=given.seals, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)
