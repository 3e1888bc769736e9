"""Reading the importing desk: what came, what waits for whom, and what was presented twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db.models import Q

from macle import errors
from macle.node.importing.models import Alarm, Confirmation, Shipment
from macle.node.permissions import Act
from macle.scheme import profiles
from macle.scheme.lifecycle import ShipmentState

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.db.models import QuerySet

    from macle.node.permissions import Actor
    from macle.scheme.profiles import LegalProfile


PRESENTED: Final = ShipmentState.DOCUMENTS_INSPECTED
"""Where a shipment stands once its certificate was presented, and nothing more was done."""

WITHOUT_CERTIFICATE: Final = (ShipmentState.IN_CUSTODY, ShipmentState.DOCUMENTS_INSPECTED)
"""Where a shipment stands that came before its certificate, or without one, as long as it was not opened."""


class ShipmentMissing(errors.NotFound):
    """There is no such shipment, or none that this actor may see."""

    code = "shipment-missing"


def no_shipment() -> ShipmentMissing:
    """Return what is said of a shipment that is not there, for whatever reason."""
    return ShipmentMissing(
        "There is no such shipment.", where="reference", mend="Look for it in the list of shipments."
    )


def shipments_of(by: Actor) -> QuerySet[Shipment]:
    """Return the shipments that the actor may read."""
    reach = by.reach(Act.SHIPMENT_READ)
    if reach.everything:
        return Shipment.objects.all()
    return Shipment.objects.filter(Q(office__in=reach.offices) | Q(importer__in=reach.traders))


def shipment(reference: str, by: Actor) -> Shipment:
    """Return one of them; raise `ShipmentMissing`."""
    found = shipments_of(by).filter(reference=reference).select_related("importer", "content").first()
    if found is None:
        raise no_shipment()
    return found


def require_within(reference: str, act: Act, by: Actor) -> None:
    """Raise what the act would raise if the shipment is out of its reach, before anything else is asked of a person."""
    if not by.may(act):
        by.require(act)
    found = Shipment.objects.filter(reference=reference).first()
    if found is None or not by.reach(act).covers(office=found.office):
        raise no_shipment()


def without_certificate(by: Actor) -> QuerySet[Shipment]:
    """Return the shipments that wait for their certificate where the actor presents, the oldest first."""
    reach = by.reach(Act.CERTIFICATE_PRESENT)
    waiting = Shipment.objects.filter(number="", state__in=[state.value for state in WITHOUT_CERTIFICATE])
    return waiting.filter(office__in=reach.offices).order_by("arrived_on", "pk")


WAITING: Final = (
    *(ShipmentState.IN_CUSTODY, ShipmentState.DOCUMENTS_INSPECTED, ShipmentState.MATCHED, ShipmentState.MISMATCHED),
    *(ShipmentState.REMEDIED, ShipmentState.RETURN_ORDERED),
)
"""Where a shipment stands when the desk has something to do with it; a released one is still to be confirmed."""


def waiting_for(by: Actor) -> QuerySet[Shipment]:
    """Return the shipments with which the actor's offices have something to do, the longest waiting first."""
    return _at_the_desk(by).filter(_is_waiting()).order_by("since", "pk")


def late(by: Actor, *, on: date) -> QuerySet[Shipment]:
    """Return the shipments whose import was to be confirmed before the day and is not, the first day first."""
    owed = _at_the_desk(by).filter(_is_waiting() | Q(state=ShipmentState.DETAINED), due_on__lt=on)
    return owed.order_by("due_on", "pk")


def detained(by: Actor) -> QuerySet[Shipment]:
    """Return the shipments that are detained at the actor's offices."""
    return _at_the_desk(by).filter(state=ShipmentState.DETAINED)


def _at_the_desk(by: Actor) -> QuerySet[Shipment]:
    return Shipment.objects.filter(office__in=by.reach(Act.CERTIFICATE_PRESENT).offices)


def _is_waiting() -> Q:
    return Q(state__in=WAITING) | Q(state=ShipmentState.RELEASED, confirmation__isnull=True) & ~Q(number="")


def confirmation_of(shipment: Shipment) -> Confirmation | None:
    """Return what was confirmed of the shipment, with its signed bytes."""
    return Confirmation.objects.filter(shipment=shipment).select_related("content").first()


def alarms_of(by: Actor) -> QuerySet[Alarm]:
    """Return the alarms of the offices that the actor may see: of where it was first, and of where it was again."""
    reach = by.reach(Act.SHIPMENT_READ)
    rows = Alarm.objects.select_related("first", "first__shipment")
    if reach.everything:
        return rows
    return rows.filter(Q(office__in=reach.offices) | Q(first__office__in=reach.offices))


def profile(office: str, *, at: datetime) -> LegalProfile:
    """Return the legal profile in force at the office at this instant."""
    return profiles.load().of_day(settings.CONFIGURATION.participant, at=at, office=office)


def day(office: str, *, at: datetime) -> date:
    """Return the legal day at the office."""
    return profile(office, at=at).day_of(at, office=office)
