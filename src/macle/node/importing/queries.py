"""Reading the importing desk: what came, what waits for whom, and what was presented twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db.models import Q

from macle import errors
from macle.node.importing.models import Alarm, Shipment
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
