"""Taking a step: the only place where the state of a shipment, or of its certificate, changes."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Final

from django.conf import settings

from macle.node.audit import actions as audit
from macle.node.exchange import webhooks
from macle.node.importing import queries
from macle.node.importing.models import Of, Reason, Shipment, Step
from macle.scheme import lifecycle
from macle.scheme.lifecycle import CertificateAct, CertificateState, ShipmentAct, ShipmentState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from macle.node.permissions import Act, Actor

ON_THE_WAY: Final = ShipmentState.EXPORTED
"""As what this authority sees a shipment first: what was done before stands in the exporter's book."""

UNUSED: Final = CertificateState.DISPATCHED
"""As what this authority sees a certificate first."""


def new_reference() -> str:
    """Return a reference that nobody can guess from another one, in letters and digits that are not confused."""
    return "S-" + "".join(secrets.choice("23456789BCDFGHJKMNPQRSTVWXYZ") for _ in range(8))


def reached(reference: str, act: Act, by: Actor) -> Shipment:
    """Return the shipment for this act of this actor, locked until the transaction ends.

    Raises `ActForbidden` if none of the actor's roles may do it at all. What is out of reach is missing exactly as what
    does not exist.
    """
    if not by.may(act):
        by.require(act)
    shipment = Shipment.objects.select_for_update().filter(reference=reference).first()
    if shipment is None or not by.reach(act).covers(office=shipment.office):
        raise queries.no_shipment()
    return shipment


def take(
    shipment: Shipment,
    acts: Sequence[ShipmentAct | CertificateAct],
    *,
    tag: Act,
    by: Actor,
    at: datetime,
    reason: str = "",
    facts: Mapping[str, object] | None = None,
) -> None:
    """Accept what one act of the desk means for the shipment and its certificate: steps, states, one line of the audit.

    ``acts`` may be none, where the act changes no state. ``reason`` is kept with the first step; the audit holds its
    digest. The shipment must be locked. Raises `macle.scheme.lifecycle.ActNotAllowed`, and then nothing is written.
    """
    before = list(shipment.steps.order_by("sequence"))
    done = [*(step.done for step in before), *acts]
    of_shipment = [act for act in done if isinstance(act, ShipmentAct)]
    of_certificate = [act for act in done if isinstance(act, CertificateAct)]
    state = lifecycle.state_after(of_shipment, start=ON_THE_WAY)
    shipment.certificate_state = lifecycle.state_after(of_certificate, start=UNUSED) if shipment.number else ""
    if state is not shipment.status:
        shipment.state, shipment.since = state, at
    shipment.save()
    deputises_for = by.deputises(tag, office=shipment.office)
    plain = {**(facts or {}), **({"deputises_for": deputises_for} if deputises_for else {})}
    steps = [
        Step.objects.create(
            shipment=shipment,
            sequence=place,
            of=Of.SHIPMENT if isinstance(act, ShipmentAct) else Of.CERTIFICATE,
            act=act.value,
            at=at,
            actor=by.identifier,
            deputises_for=deputises_for,
            facts=plain,
        )
        for place, act in enumerate(acts, len(before) + 1)
    ]
    for act in acts:
        webhooks.tell(
            f"shipment.{act.value}",
            office=shipment.office,
            at=at,
            said={"shipment": shipment.reference, "number": shipment.number, "state": state.value},
        )
    if reason:
        Reason.objects.create(step=steps[0], text=reason)
        plain |= {"reason": hashlib.sha256(reason.encode()).hexdigest()}
    note(shipment, tag=tag, by=by, at=at, facts={"acts": [act.value for act in acts], **plain})


def note(shipment: Shipment, *, tag: Act, by: Actor, at: datetime, facts: Mapping[str, object] | None = None) -> None:
    """Add the line of the audit of an act that changes no state."""
    audit.record(
        authority=settings.CONFIGURATION.participant,
        tag=tag,
        actor=by.identifier,
        subject=shipment.subject,
        at=at,
        office=shipment.office,
        facts={"shipment": shipment.reference, **(facts or {})},
    )
