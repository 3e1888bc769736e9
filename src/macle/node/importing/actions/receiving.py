"""Receiving a shipment before its certificate: handed over by customs under seal, arrived by post, or without any.

A case begins from goods: what comes without a certificate is taken into custody, and nothing makes it an import.

Source: KPCS Core Document, Section III(a), (b).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from macle import errors
from macle.node.exporting.actions import steps as words
from macle.node.importing import queries
from macle.node.importing.actions import steps
from macle.node.importing.models import Shipment, Way
from macle.node.permissions import Act
from macle.node.registry import queries as registry
from macle.scheme.lifecycle import ShipmentAct
from macle.scheme.terms import CertificateNumber

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from macle.node.permissions import Actor


class ArrivalMalformed(errors.Malformed):
    """What was said of an arrival cannot be so."""

    code = "arrival-malformed"


def receive(
    *,
    office: str,
    way: Way,
    arrived_on: date,
    seals: Sequence[str] = (),
    customs_reference: str = "",
    importer_name: str = "",
    remark: str = "",
    by: Actor,
    at: datetime,
) -> Shipment:
    """Take a shipment into custody, with the seals that it came under.

    Of goods without a certificate the papers are looked at with it: there are none. Raises `ArrivalMalformed`.
    """
    if way is Way.PRESENTED:
        raise ArrivalMalformed(
            "What comes with its certificate is presented.", where="way", mend="Present the certificate."
        )
    if way is Way.STOPPED:
        raise ArrivalMalformed("Only customs stops goods.", where="way", mend="Choose how they came to you.")
    return _taken_in(
        Arrival(office, way, arrived_on, tuple(seals), customs_reference, importer_name),
        remark=remark,
        tag=Act.SHIPMENT_RECEIVE,
        by=by,
        at=at,
    )


def hand_over(
    *,
    office: str,
    is_stopped: bool,
    seals: Sequence[str],
    announced: str = "",
    customs_reference: str = "",
    remark: str = "",
    by: Actor,
    at: datetime,
) -> Shipment:
    """Hand goods over to an office of the authority where they enter, under seal; or stop them, and say why.

    ``announced`` is the number of the certificate that customs read, if there is any. Raises `ArrivalMalformed`.
    """
    if is_stopped and not remark.strip():
        raise ArrivalMalformed(
            "Goods are stopped for a reason.", where="remark", mend="Say why: the authority decides by it."
        )
    if not seals:
        raise ArrivalMalformed("Goods are handed over under seal.", where="seals", mend="Write the number of the seal.")
    number = str(CertificateNumber.parse(announced, where="announced")) if announced else ""
    way = Way.STOPPED if is_stopped else Way.HANDED_OVER
    today = queries.day(office, at=at)
    return _taken_in(
        Arrival(office, way, today, tuple(seals), customs_reference, "", number),
        remark=remark,
        tag=Act.SHIPMENT_HAND_OVER,
        by=by,
        at=at,
    )


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came, where, when and under which seals."""

    office: str
    way: Way
    on: date
    seals: tuple[str, ...]
    customs_reference: str
    importer_name: str
    announced: str = ""


def _taken_in(arrival: Arrival, *, remark: str, tag: Act, by: Actor, at: datetime) -> Shipment:
    office, way, arrived_on = arrival.office, arrival.way, arrival.on
    by.require(tag, office=office)
    today = queries.day(registry.office(office, at=at).name, at=at)
    if arrived_on > today:
        raise ArrivalMalformed("This day is still to come.", where="arrived_on", mend="Read the date again.")
    held = [words.fit(seal, where="seals", most=64) for seal in arrival.seals]
    if len(set(held)) != len(held):
        raise ArrivalMalformed("A seal stands twice.", where="seals", mend="Write the number of each seal once.")
    why = words.fit(remark, where="remark", most=words.LONGEST_REASON)
    with transaction.atomic():
        shipment = Shipment.objects.create(
            reference=steps.new_reference(),
            office=office,
            way=way,
            state=steps.ON_THE_WAY,
            since=at,
            arrived_on=arrived_on,
            importer_name=words.fit(arrival.importer_name, where="importer_name", most=120),
            seals=held,
            announced=arrival.announced,
            customs_reference=words.fit(arrival.customs_reference, where="customs_reference", most=64),
        )
        acts = [ShipmentAct.ARRIVE, ShipmentAct.TAKE_INTO_CUSTODY]
        if way is Way.FOUND:
            acts.append(ShipmentAct.INSPECT_DOCUMENTS)
        steps.take(
            shipment,
            acts,
            tag=tag,
            by=by,
            at=at,
            reason=why,
            facts={
                "way": str(way),
                "seals": len(held),
                "arrived_on": arrived_on.isoformat(),
                "announced": arrival.announced,
            },
        )
    return shipment
