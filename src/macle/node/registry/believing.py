"""Whom this node believes: its own record, and those of partners that were pinned after a telephone call.

A trust list of the Scheme is not read yet: standing is that of the table that came with the programs, with its age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from macle.node.registry import keys
from macle.node.registry.models import Pin, in_force
from macle.proof import trust
from macle.scheme import participants

if TYPE_CHECKING:
    from datetime import datetime

    from macle.proof.trust import ParticipantRecord, Trust


def own(*, at: datetime) -> Trust:
    """Return trust in our own record alone."""
    return _assembled(trust.pinned(keys.record(), at=at))


def all_known(*, at: datetime) -> Trust:
    """Return trust in our own record and in every one that is pinned at this instant."""
    pins = (trust.pinned(record_of(pin), at=pin.since) for pin in Pin.objects.filter(in_force(at)))
    return _assembled(trust.pinned(keys.record(), at=at), *pins)


def record_of(pin: Pin) -> ParticipantRecord:
    """Return the record as its Participant signed it."""
    return trust.read_record(bytes(pin.record))


def pin_of(participant: str) -> Pin | None:
    """Return the record of a Participant that is believed now, if there is one."""
    found: Pin | None = Pin.objects.filter(participant=participant, until__isnull=True).first()
    return found


def _assembled(*sources: trust.Source) -> Trust:
    known = participants.load()
    return trust.assemble(pinned=sources, listed=None, participants=known, standing_as_of=trust.midnight(known.as_of))
