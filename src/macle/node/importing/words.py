"""The importing desk's words for people: states, acts, ways of coming, in the language of the page."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from macle.node.desk import words as desk_words
from macle.node.importing.models import Way
from macle.paper.decisions import DecisionKind
from macle.scheme.confirmations import ConfirmationResult, SealState
from macle.scheme.lifecycle import CertificateAct, ShipmentAct, ShipmentState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise

    from macle.scheme.confirmations import ImportConfirmation

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

TO_DO: Final[Mapping[ShipmentState, StrOrPromise]] = {
    ShipmentState.IN_CUSTODY: _("Present its certificate"),
    ShipmentState.DOCUMENTS_INSPECTED: _("Inspect it"),
    ShipmentState.MATCHED: _("Release it"),
    ShipmentState.REMEDIED: _("Release it"),
    ShipmentState.MISMATCHED: _("Decide what follows"),
    ShipmentState.DETAINED: _("Decide what follows"),
    ShipmentState.RELEASED: _("Confirm the import"),
    ShipmentState.RETURN_ORDERED: _("Record that it left"),
}
"""What the desk does with a shipment that stands there."""

SEALS: Final[Mapping[SealState, StrOrPromise]] = {
    SealState.INTACT: _("intact"),
    SealState.BROKEN: _("broken on arrival"),
    SealState.REPLACED_BY_CUSTOMS: _("replaced by customs"),
}

RESULTS: Final[Mapping[ConfirmationResult, StrOrPromise]] = {
    ConfirmationResult.ACCEPTED: _("accepted"),
    ConfirmationResult.ACCEPTED_AFTER_ENDORSEMENT: _("accepted after an endorsement"),
    ConfirmationResult.REFUSED: _("refused"),
}

DECISIONS: Final[Mapping[DecisionKind, StrOrPromise]] = {
    DecisionKind.DETENTION: _("Detention"),
    DecisionKind.REFUSAL: _("Refusal"),
    DecisionKind.RETURN: _("Return"),
    DecisionKind.SEIZURE: _("Seizure"),
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


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of a confirmation: declared, measured, and the difference with its sign."""

    name: str
    declared: str
    measured: str
    difference: str


def compared(confirmation: ImportConfirmation) -> list[Compared]:
    """Return what was declared beside what was measured; nothing is measured where it was not opened."""
    declared, measured = confirmation.declared, confirmation.measured
    rows = []
    for name, figure, written in (
        (gettext("Carats"), operator.attrgetter("carat_weight.hundredths"), desk_words.carats),
        (gettext("US$"), operator.attrgetter("value.hundredths"), desk_words.dollars),
        (gettext("Parcels"), operator.attrgetter("parcels"), desk_words.count),
    ):
        ours: int = figure(declared)
        theirs: int | None = None if measured is None else figure(measured)
        rows.append(
            Compared(
                name,
                written(ours),
                "" if theirs is None else written(theirs),
                "" if theirs is None else desk_words.difference(theirs - ours, written=written),
            )
        )
    return rows


def mark(state: str) -> tuple[str, str]:
    """Return the mark and the word of a state."""
    known = ShipmentState(state)
    return MARKS.get(known, "waits"), str(STATES.get(known, known.value))


def way(value: str) -> str:
    """Return how a shipment came."""
    return str(WAYS[Way(value)])


def ways(*of: Way) -> list[tuple[str, Any]]:
    """Return these ways as choices of a form."""
    return [(each.value, WAYS[each]) for each in of]
