"""The importing desk's words for people: states, acts, ways of coming, in the language of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from macle.node.importing.models import Way
from macle.scheme.lifecycle import CertificateAct, ShipmentAct, ShipmentState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise

STATES: Final[Mapping[ShipmentState, StrOrPromise]] = {
    ShipmentState.EXPORTED: _("On its way"),
    ShipmentState.ARRIVED: _("Arrived"),
    ShipmentState.IN_CUSTODY: _("In custody, without its certificate"),
    ShipmentState.DOCUMENTS_INSPECTED: _("To be inspected"),
    ShipmentState.OPENED: _("Opened"),
    ShipmentState.NOT_OPENED: _("Left closed"),
    ShipmentState.MATCHED: _("Agrees"),
    ShipmentState.MISMATCHED: _("Does not agree"),
    ShipmentState.DETAINED: _("Detained"),
    ShipmentState.REMEDIED: _("Put right"),
    ShipmentState.RELEASED: _("Released"),
    ShipmentState.CONFIRMATION_SENT: _("Confirmed"),
    ShipmentState.RETURN_ORDERED: _("To be sent back"),
    ShipmentState.RETURNED: _("Sent back"),
    ShipmentState.SEIZED: _("Seized"),
    ShipmentState.FORFEITED: _("Forfeited"),
    ShipmentState.SOLD_OUTSIDE_TRADE: _("Disposed of outside the trade"),
    ShipmentState.DESTROYED: _("Destroyed"),
}
"""The states in which this desk has a shipment."""

MARKS: Final[Mapping[ShipmentState, str]] = {
    ShipmentState.MATCHED: "valid",
    ShipmentState.RELEASED: "valid",
    ShipmentState.CONFIRMATION_SENT: "valid",
    ShipmentState.REMEDIED: "valid",
    ShipmentState.MISMATCHED: "differs",
    ShipmentState.DETAINED: "late",
    ShipmentState.RETURN_ORDERED: "inadmissible",
    ShipmentState.RETURNED: "inadmissible",
    ShipmentState.SEIZED: "not-valid",
    ShipmentState.FORFEITED: "not-valid",
}
"""The mark beside a state; *waits* where none is named."""

WAYS: Final[Mapping[Way, StrOrPromise]] = {
    Way.PRESENTED: _("Presented with its certificate"),
    Way.HANDED_OVER: _("Handed over by customs, under seal"),
    Way.POST: _("Came by post"),
    Way.FOUND: _("Goods without a certificate"),
}

DONE: Final[Mapping[ShipmentAct | CertificateAct, StrOrPromise]] = {
    ShipmentAct.ARRIVE: _("Arrived"),
    ShipmentAct.TAKE_INTO_CUSTODY: _("Taken into custody"),
    ShipmentAct.INSPECT_DOCUMENTS: _("Papers looked at"),
    ShipmentAct.OPEN: _("Opened, weighed and counted"),
    ShipmentAct.LEAVE_CLOSED: _("Not opened"),
    ShipmentAct.FIND_MATCH: _("Found to agree"),
    ShipmentAct.FIND_MISMATCH: _("Found not to agree"),
    ShipmentAct.DETAIN: _("Detained"),
    ShipmentAct.REMEDY: _("Put right"),
    ShipmentAct.RELEASE: _("Released"),
    ShipmentAct.SEND_CONFIRMATION: _("Import confirmed"),
    ShipmentAct.ORDER_RETURN: _("Sent back by decision"),
    ShipmentAct.RETURN: _("Left again, under seal"),
    ShipmentAct.SEIZE: _("Seized"),
    ShipmentAct.LIFT_SEIZURE: _("Seizure lifted"),
    ShipmentAct.FORFEIT: _("Forfeited"),
    ShipmentAct.SELL_OUTSIDE_TRADE: _("Disposed of outside the trade"),
    ShipmentAct.DESTROY: _("Destroyed"),
    CertificateAct.PRESENT: _("Certificate presented"),
    CertificateAct.CORRECT_PRESENTATION: _("Presentation taken back"),
    CertificateAct.FIND_DISCREPANT: _("Certificate does not agree with the goods"),
    CertificateAct.ENDORSE: _("Certificate endorsed with the issuer's consent"),
    CertificateAct.ACCEPT: _("Certificate accepted"),
    CertificateAct.REFUSE: _("Certificate refused"),
    CertificateAct.CONFIRM: _("Certificate confirmed to the issuer"),
}
"""An act that was done."""


def mark(state: str) -> tuple[str, str]:
    """Return the mark and the word of a state."""
    known = ShipmentState(state)
    return MARKS.get(known, "waits"), str(STATES.get(known, known.value))


def way(value: str) -> str:
    """Return how a shipment came."""
    return str(WAYS[Way(value)])
