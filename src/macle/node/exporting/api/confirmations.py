"""Confirmations that came back: recorded from their slips, read, settled."""

from __future__ import annotations

from datetime import date, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from macle.node.exporting import queries
from macle.node.exporting.actions import confirmations
from macle.node.exporting.models import Arrival
from macle.node.interface.bearer import Asked
from macle.node.interface.fields import Cents, Count, Day, Flag, Given, Hundredths, Line, Shown, Words
from macle.node.interface.paging import USUAL, After, Limit, Page, page
from macle.node.interface.routes import Routes
from macle.node.permissions import Act
from macle.scheme.confirmations import ConfirmationResult, SealState
from macle.scheme.terms import Carats, USDollars

if TYPE_CHECKING:
    from macle.node.exporting import models

routes = Routes("Confirmations")

Seals = Literal["intact", "broken", "replaced_by_customs"]
Result = Literal["accepted", "accepted_after_endorsement", "refused"]


class Slip(Given):
    """What stands on one slip; figures are null where the container was not opened."""

    number: Line
    """That of the certificate."""
    arrival: Arrival
    received_on: Day
    date_of_receipt: Day
    """The day on which the importing authority received the shipment."""
    opened: Flag
    seals: Seals = "intact"
    result: Result = "accepted"
    parcels: Count | None = None
    carats: Hundredths | None = None
    value: Cents | None = None
    office: Line = ""
    official: Line = ""
    importer: Line = ""
    remark: Words = ""


class Confirmation(Shown):
    """What the importing authority confirmed of a shipment."""

    number: str
    arrival: Arrival
    received_on: date
    date_of_receipt: date
    opened: bool
    seals: Seals
    result: Result
    parcels: int | None
    carats: int | None
    value: int | None
    differs: list[str]
    """The figures in which it does not agree with the certificate."""
    settled: str | None
    """How a difference was settled on this side."""
    recorded_at: datetime
    recorded_by: str


class Settle(Given):
    """How a difference was settled."""

    text: Words


def _confirmation(row: models.Confirmation) -> Confirmation:
    settled = getattr(row, "settlement", None)
    return Confirmation(
        number=row.certificate.number,
        arrival=Arrival(row.arrival),
        received_on=row.received_on,
        date_of_receipt=row.date_of_receipt,
        opened=row.opened,
        seals=_word(SealState(row.seals)),
        result=_word(ConfirmationResult(row.result)),
        parcels=row.parcels,
        carats=row.carats_hundredths,
        value=row.value_cents,
        differs=row.differs,
        settled=None if settled is None else settled.text,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )


def _word(member: SealState | ConfirmationResult) -> Any:  # noqa: ANN401 (one of the words above)
    return member.name.lower()


@routes.reads("/confirmations", Act.CONFIRMATION_READ)
def list_confirmations(
    request: Asked, number: Line = "", after: After | None = None, limit: Limit = USUAL
) -> Page[Confirmation]:
    """List confirmations."""
    rows = queries.confirmations_of(request.actor).select_related("certificate", "settlement")
    if number:
        rows = rows.filter(certificate__number=number)
    return page(request, rows, _confirmation, after=after, limit=limit)


@routes.writes("/confirmations", Act.CONFIRMATION_RECORD, status=HTTPStatus.CREATED)
def record_confirmation(request: Asked, given: Slip) -> Confirmation:
    """Record a confirmation that came by post, scan, fax or e-mail; the exporter's book of the certificate closes."""
    slip = confirmations.Slip(
        number=given.number,
        arrival=given.arrival,
        received_on=given.received_on,
        date_of_receipt=given.date_of_receipt,
        opened=given.opened,
        seals=SealState[given.seals.upper()],
        result=ConfirmationResult[given.result.upper()],
        parcels=given.parcels,
        carats=None if given.carats is None else Carats(given.carats),
        value=None if given.value is None else USDollars(given.value),
        office=given.office,
        official=given.official,
        importer=given.importer,
        remark=given.remark,
    )
    return _confirmation(confirmations.record(slip=slip, by=request.actor, at=request.at))


@routes.writes("/certificates/{number}/settle", Act.CONFIRMATION_RECORD)
def settle_difference(request: Asked, number: str, given: Settle) -> Confirmation:
    """Settle a difference on this side, in words; the slip stays as it came."""
    settlement = confirmations.settle(number=number.replace("_", "/"), text=given.text, by=request.actor, at=request.at)
    return _confirmation(settlement.confirmation)
