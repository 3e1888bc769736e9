"""What may be done with a certificate and with a shipment, when, and by whom.

The rules of this module:

1. A state is never set. It is read from the list of accepted acts, from the first to the last: a
   certificate without acts is a draft, a shipment without acts is planned.
2. `TABLE` is the only list of allowed acts. What has no row there is not allowed, and `ActNotAllowed`
   says what is allowed instead and by whom.
3. A row leads to one state. A row without a target leads back to the state before, so that a certificate
   that is found again is where it was when it was lost.
4. A row may name stages of `macle.scheme.rules`: all rules of these stages are asked before the act is
   accepted. What follows from a breach is the outcome that the rule names.
5. A terminal state ends the matter: only a confirmed certificate can still be archived. Every state of a
   certificate that is not terminal is live, and the issuer can invalidate it.
6. Some steps are optional: the approval by a monitoring team (only while a Participant's standing is
   partial), and the passage through other territories, which may happen any number of times.

Certificate and shipment use some words alike (both can be sealed or lost). Members of both enumerations
are therefore compared by identity, never by value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Final, overload

from macle import errors
from macle.scheme.rules import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class CertificateState(StrEnum):
    """Where a certificate stands."""

    DRAFT = auto()
    SUBMITTED = auto()
    UNDER_EXAMINATION = auto()
    DEFICIENT = auto()
    HELD = auto()
    REJECTED = auto()
    CANCELLED = auto()
    """Taken back by the exporter before a number was reserved."""
    PENDING_KP_APPROVAL = auto()
    KP_APPROVED = auto()
    RESERVED = auto()
    """A number is reserved; on pre-printed forms it is the sheet's."""
    SEALED = auto()
    VALIDATED = auto()
    DISPATCHED = auto()
    PRESENTED = auto()
    """Used at the importing authority, which happens once."""
    DISCREPANT = auto()
    ENDORSED = auto()
    SUSPECT = auto()
    CLEARED = auto()
    ACCEPTED = auto()
    CONFIRMED = auto()
    ARCHIVED = auto()
    LOST = auto()
    VOID = auto()
    EXPIRED = auto()
    REPLACED = auto()
    REFUSED = auto()
    FRAUD_CONFIRMED = auto()
    INVALIDATED = auto()


class CertificateAct(StrEnum):
    """What somebody does with a certificate."""

    SUBMIT = auto()
    CANCEL = auto()
    EXAMINE = auto()
    FIND_DEFICIENT = auto()
    HOLD = auto()
    RELEASE_HOLD = auto()
    REJECT = auto()
    REQUEST_KP_APPROVAL = auto()
    APPROVE = auto()
    DECLINE = auto()
    RESERVE = auto()
    SEAL = auto()
    VALIDATE = auto()
    DISPATCH = auto()
    PRESENT = auto()
    CORRECT_PRESENTATION = auto()
    """Take back a presentation recorded by mistake, such as a wrong scan."""
    FIND_DISCREPANT = auto()
    ENDORSE = auto()
    SUSPECT = auto()
    CLEAR = auto()
    CONFIRM_FRAUD = auto()
    ACCEPT = auto()
    REFUSE = auto()
    CONFIRM = auto()
    ARCHIVE = auto()
    REPORT_LOST = auto()
    REPORT_FOUND = auto()
    VOID = auto()
    EXPIRE = auto()
    REPLACE = auto()
    INVALIDATE = auto()


class ShipmentState(StrEnum):
    """Where a shipment stands."""

    PLANNED = auto()
    DECLARED = auto()
    EXAMINED = auto()
    SEALED = auto()
    CERTIFIED = auto()
    PREADVISED = auto()
    CANCELLED = auto()
    EXPORTED = auto()
    IN_TRANSIT = auto()
    SEAL_BROKEN = auto()
    OVERDUE = auto()
    TRACED = auto()
    LOST = auto()
    ARRIVED = auto()
    IN_CUSTODY = auto()
    DOCUMENTS_INSPECTED = auto()
    OPENED = auto()
    NOT_OPENED = auto()
    MATCHED = auto()
    MISMATCHED = auto()
    DETAINED = auto()
    REMEDIED = auto()
    RELEASED = auto()
    CONFIRMATION_SENT = auto()
    RECONCILED = auto()
    OPEN_DISCREPANCY = auto()
    DISCREPANCY_QUERIED = auto()
    DISCREPANCY_CLOSED = auto()
    DISCREPANCY_ESCALATED = auto()
    RETURN_ORDERED = auto()
    RETURNED = auto()
    SEIZED = auto()
    FORFEITED = auto()
    SOLD_OUTSIDE_TRADE = auto()
    DESTROYED = auto()


class ShipmentAct(StrEnum):
    """What somebody does with a shipment, or what happens to it."""

    DECLARE = auto()
    """The exporter declares that these are no conflict diamonds and proves the source."""
    EXAMINE = auto()
    """Weigh, value and count."""
    SEAL = auto()
    CERTIFY = auto()
    PREADVISE = auto()
    CANCEL = auto()
    EXPORT = auto()
    CROSS = auto()
    """Pass through a territory with the seals that it came in with."""
    REPORT_BROKEN_SEAL = auto()
    MISS = auto()
    """No arrival within the days that the arrangement or the profile gives."""
    TRACE = auto()
    REPORT_LOST = auto()
    ARRIVE = auto()
    TAKE_INTO_CUSTODY = auto()
    INSPECT_DOCUMENTS = auto()
    OPEN = auto()
    LEAVE_CLOSED = auto()
    FIND_MATCH = auto()
    FIND_MISMATCH = auto()
    DETAIN = auto()
    REMEDY = auto()
    RELEASE = auto()
    SEND_CONFIRMATION = auto()
    RECONCILE = auto()
    FIND_DISCREPANCY = auto()
    QUERY_DISCREPANCY = auto()
    CLOSE_DISCREPANCY = auto()
    ESCALATE_DISCREPANCY = auto()
    ORDER_RETURN = auto()
    RETURN = auto()
    SEIZE = auto()
    LIFT_SEIZURE = auto()
    FORFEIT = auto()
    SELL_OUTSIDE_TRADE = auto()
    DESTROY = auto()


class Actor(StrEnum):
    """Who acts. Which person may act for an authority is the registry's matter."""

    EXPORTER = "exporter"
    EXPORTING_AUTHORITY = "exporting authority"
    IMPORTING_AUTHORITY = "importing authority"
    ISSUER = "issuer"
    KP_MONITORING_TEAM = "KP monitoring team"
    TRANSIT_AUTHORITY = "transit authority"
    DETAINING_AUTHORITY = "detaining authority"
    """The importing or transit authority that holds the goods."""
    CONFIRMING_PARTY = "confirming party"
    """Whoever confirms imports under the importing Participant's legal profile."""
    CLOCK = "clock"


State = CertificateState | ShipmentState
Act = CertificateAct | ShipmentAct


class ActNotAllowed(errors.Conflict):
    """The act is not allowed in this state."""

    code = "act-not-allowed"


@dataclass(frozen=True, slots=True)
class Row:
    """In ``from_state``, ``actor`` may do ``act``; it leads to ``to_state``, or back if that is None.

    All rules of the stages in ``guards`` are asked before the act is accepted.
    """

    from_state: State
    act: Act
    to_state: State | None
    actor: Actor
    guards: tuple[Stage, ...] = ()


def _rows(
    from_states: Iterable[State], act: Act, to_state: State | None, actor: Actor, guards: tuple[Stage, ...] = ()
) -> Iterator[Row]:
    """Yield one row for each of the states in which the same act is allowed."""
    return (Row(state, act, to_state, actor, guards) for state in from_states)


_C, _CA = CertificateState, CertificateAct
_S, _SA = ShipmentState, ShipmentAct

TERMINAL: Final[tuple[State, ...]] = (
    _C.REJECTED,
    _C.CANCELLED,
    _C.CONFIRMED,
    _C.ARCHIVED,
    _C.VOID,
    _C.EXPIRED,
    _C.REPLACED,
    _C.REFUSED,
    _C.FRAUD_CONFIRMED,
    _C.INVALIDATED,
    _S.CANCELLED,
    _S.RECONCILED,
    _S.DISCREPANCY_CLOSED,
    _S.DISCREPANCY_ESCALATED,
    _S.RETURNED,
    _S.SOLD_OUTSIDE_TRADE,
    _S.DESTROYED,
)


def is_terminal(state: State) -> bool:
    """Return whether the matter is ended in this state."""
    return any(state is each for each in TERMINAL)


_LIVE = tuple(state for state in _C if not is_terminal(state))
_BEFORE_NUMBER = (_C.DRAFT, _C.SUBMITTED, _C.UNDER_EXAMINATION, _C.DEFICIENT, _C.HELD)
_EXAMINED = (_C.UNDER_EXAMINATION, _C.KP_APPROVED)
_ACCEPTABLE = (_C.PRESENTED, _C.ENDORSED, _C.CLEARED)
_BEFORE_EXPORT = (_S.PLANNED, _S.DECLARED, _S.EXAMINED, _S.SEALED, _S.CERTIFIED, _S.PREADVISED)
_UNDER_WAY = (_S.EXPORTED, _S.IN_TRANSIT, _S.TRACED)

TABLE: Final[tuple[Row, ...]] = (
    # A certificate, from the application to the number.
    *_rows((_C.DRAFT, _C.DEFICIENT), _CA.SUBMIT, _C.SUBMITTED, Actor.EXPORTER),
    *_rows(_BEFORE_NUMBER, _CA.CANCEL, _C.CANCELLED, Actor.EXPORTER),
    Row(_C.SUBMITTED, _CA.EXAMINE, _C.UNDER_EXAMINATION, Actor.EXPORTING_AUTHORITY),
    Row(_C.UNDER_EXAMINATION, _CA.FIND_DEFICIENT, _C.DEFICIENT, Actor.EXPORTING_AUTHORITY),
    Row(_C.UNDER_EXAMINATION, _CA.HOLD, _C.HELD, Actor.EXPORTING_AUTHORITY),
    Row(_C.HELD, _CA.RELEASE_HOLD, _C.UNDER_EXAMINATION, Actor.EXPORTING_AUTHORITY),
    *_rows((_C.UNDER_EXAMINATION, _C.DEFICIENT, _C.HELD), _CA.REJECT, _C.REJECTED, Actor.EXPORTING_AUTHORITY),
    Row(_C.UNDER_EXAMINATION, _CA.REQUEST_KP_APPROVAL, _C.PENDING_KP_APPROVAL, Actor.EXPORTING_AUTHORITY),
    Row(_C.PENDING_KP_APPROVAL, _CA.APPROVE, _C.KP_APPROVED, Actor.KP_MONITORING_TEAM),
    Row(_C.PENDING_KP_APPROVAL, _CA.DECLINE, _C.DEFICIENT, Actor.KP_MONITORING_TEAM),
    *_rows(_EXAMINED, _CA.RESERVE, _C.RESERVED, Actor.EXPORTING_AUTHORITY, (Stage.APPLICATION,)),
    # From the number to the border.
    Row(_C.RESERVED, _CA.SEAL, _C.SEALED, Actor.EXPORTING_AUTHORITY),
    Row(_C.SEALED, _CA.VALIDATE, _C.VALIDATED, Actor.EXPORTING_AUTHORITY, (Stage.APPLICATION, Stage.VALIDATION)),
    Row(_C.VALIDATED, _CA.DISPATCH, _C.DISPATCHED, Actor.EXPORTING_AUTHORITY),
    *_rows((_C.RESERVED, _C.SEALED, _C.VALIDATED, _C.LOST), _CA.VOID, _C.VOID, Actor.ISSUER),
    Row(_C.VALIDATED, _CA.EXPIRE, _C.EXPIRED, Actor.CLOCK),
    *_rows((_C.VALIDATED, _C.LOST), _CA.REPLACE, _C.REPLACED, Actor.ISSUER),
    *_rows((_C.VALIDATED, _C.DISPATCHED), _CA.REPORT_LOST, _C.LOST, Actor.EXPORTING_AUTHORITY),
    Row(_C.LOST, _CA.REPORT_FOUND, None, Actor.EXPORTING_AUTHORITY),
    # On the other side.
    Row(_C.DISPATCHED, _CA.PRESENT, _C.PRESENTED, Actor.IMPORTING_AUTHORITY, (Stage.PRESENTATION,)),
    Row(_C.PRESENTED, _CA.CORRECT_PRESENTATION, None, Actor.IMPORTING_AUTHORITY),
    Row(_C.PRESENTED, _CA.FIND_DISCREPANT, _C.DISCREPANT, Actor.IMPORTING_AUTHORITY),
    Row(_C.DISCREPANT, _CA.ENDORSE, _C.ENDORSED, Actor.ISSUER),
    Row(_C.DISCREPANT, _CA.REFUSE, _C.REFUSED, Actor.IMPORTING_AUTHORITY),
    Row(_C.PRESENTED, _CA.SUSPECT, _C.SUSPECT, Actor.IMPORTING_AUTHORITY),
    Row(_C.SUSPECT, _CA.CLEAR, _C.CLEARED, Actor.IMPORTING_AUTHORITY),
    Row(_C.SUSPECT, _CA.CONFIRM_FRAUD, _C.FRAUD_CONFIRMED, Actor.IMPORTING_AUTHORITY),
    *_rows(_ACCEPTABLE, _CA.ACCEPT, _C.ACCEPTED, Actor.IMPORTING_AUTHORITY, (Stage.PRESENTATION,)),
    Row(_C.ACCEPTED, _CA.CONFIRM, _C.CONFIRMED, Actor.CONFIRMING_PARTY, (Stage.CONFIRMATION,)),
    Row(_C.CONFIRMED, _CA.ARCHIVE, _C.ARCHIVED, Actor.EXPORTING_AUTHORITY),
    *_rows(_LIVE, _CA.INVALIDATE, _C.INVALIDATED, Actor.ISSUER),
    # A shipment, up to its export.
    Row(_S.PLANNED, _SA.DECLARE, _S.DECLARED, Actor.EXPORTER),
    Row(_S.DECLARED, _SA.EXAMINE, _S.EXAMINED, Actor.EXPORTING_AUTHORITY),
    Row(_S.EXAMINED, _SA.SEAL, _S.SEALED, Actor.EXPORTING_AUTHORITY),
    Row(_S.SEALED, _SA.CERTIFY, _S.CERTIFIED, Actor.EXPORTING_AUTHORITY),
    Row(_S.CERTIFIED, _SA.PREADVISE, _S.PREADVISED, Actor.EXPORTING_AUTHORITY),
    Row(_S.PREADVISED, _SA.EXPORT, _S.EXPORTED, Actor.EXPORTING_AUTHORITY),
    *_rows(_BEFORE_EXPORT, _SA.CANCEL, _S.CANCELLED, Actor.EXPORTER),
    # Under way.
    *_rows(_UNDER_WAY, _SA.CROSS, _S.IN_TRANSIT, Actor.TRANSIT_AUTHORITY),
    *_rows(_UNDER_WAY, _SA.REPORT_BROKEN_SEAL, _S.SEAL_BROKEN, Actor.TRANSIT_AUTHORITY),
    *_rows(_UNDER_WAY, _SA.MISS, _S.OVERDUE, Actor.CLOCK),
    *_rows((_S.OVERDUE, _S.LOST), _SA.TRACE, _S.TRACED, Actor.EXPORTING_AUTHORITY),
    Row(_S.OVERDUE, _SA.REPORT_LOST, _S.LOST, Actor.EXPORTING_AUTHORITY),
    # On arrival.
    *_rows((*_UNDER_WAY, _S.OVERDUE), _SA.ARRIVE, _S.ARRIVED, Actor.IMPORTING_AUTHORITY),
    Row(_S.ARRIVED, _SA.TAKE_INTO_CUSTODY, _S.IN_CUSTODY, Actor.IMPORTING_AUTHORITY),
    Row(_S.IN_CUSTODY, _SA.INSPECT_DOCUMENTS, _S.DOCUMENTS_INSPECTED, Actor.IMPORTING_AUTHORITY),
    Row(_S.DOCUMENTS_INSPECTED, _SA.OPEN, _S.OPENED, Actor.IMPORTING_AUTHORITY),
    Row(_S.DOCUMENTS_INSPECTED, _SA.LEAVE_CLOSED, _S.NOT_OPENED, Actor.IMPORTING_AUTHORITY),
    *_rows((_S.OPENED, _S.NOT_OPENED), _SA.FIND_MATCH, _S.MATCHED, Actor.IMPORTING_AUTHORITY),
    *_rows((_S.OPENED, _S.NOT_OPENED), _SA.FIND_MISMATCH, _S.MISMATCHED, Actor.IMPORTING_AUTHORITY),
    *_rows((_S.MATCHED, _S.REMEDIED), _SA.RELEASE, _S.RELEASED, Actor.IMPORTING_AUTHORITY),
    Row(_S.RELEASED, _SA.SEND_CONFIRMATION, _S.CONFIRMATION_SENT, Actor.CONFIRMING_PARTY),
    # When the two do not agree.
    *_rows((_S.MISMATCHED, _S.SEAL_BROKEN), _SA.DETAIN, _S.DETAINED, Actor.DETAINING_AUTHORITY),
    Row(_S.DETAINED, _SA.REMEDY, _S.REMEDIED, Actor.DETAINING_AUTHORITY),
    *_rows((_S.DETAINED, _S.SEAL_BROKEN), _SA.ORDER_RETURN, _S.RETURN_ORDERED, Actor.DETAINING_AUTHORITY),
    Row(_S.RETURN_ORDERED, _SA.RETURN, _S.RETURNED, Actor.DETAINING_AUTHORITY),
    Row(_S.DETAINED, _SA.SEIZE, _S.SEIZED, Actor.DETAINING_AUTHORITY),
    Row(_S.SEIZED, _SA.LIFT_SEIZURE, _S.DETAINED, Actor.DETAINING_AUTHORITY),
    Row(_S.SEIZED, _SA.FORFEIT, _S.FORFEITED, Actor.DETAINING_AUTHORITY),
    Row(_S.FORFEITED, _SA.SELL_OUTSIDE_TRADE, _S.SOLD_OUTSIDE_TRADE, Actor.DETAINING_AUTHORITY),
    Row(_S.FORFEITED, _SA.DESTROY, _S.DESTROYED, Actor.DETAINING_AUTHORITY),
    # When the books are compared.
    Row(_S.CONFIRMATION_SENT, _SA.RECONCILE, _S.RECONCILED, Actor.EXPORTING_AUTHORITY),
    Row(_S.CONFIRMATION_SENT, _SA.FIND_DISCREPANCY, _S.OPEN_DISCREPANCY, Actor.EXPORTING_AUTHORITY),
    Row(_S.OPEN_DISCREPANCY, _SA.QUERY_DISCREPANCY, _S.DISCREPANCY_QUERIED, Actor.EXPORTING_AUTHORITY),
    Row(_S.DISCREPANCY_QUERIED, _SA.CLOSE_DISCREPANCY, _S.DISCREPANCY_CLOSED, Actor.EXPORTING_AUTHORITY),
    Row(_S.DISCREPANCY_QUERIED, _SA.ESCALATE_DISCREPANCY, _S.DISCREPANCY_ESCALATED, Actor.EXPORTING_AUTHORITY),
)


def allowed(state: State) -> tuple[Row, ...]:
    """Return the rows of what may be done in this state, in the order of the table."""
    return tuple(row for row in TABLE if row.from_state is state)


@overload
def state_after(acts: Iterable[CertificateAct], *, start: CertificateState = ...) -> CertificateState: ...
@overload
def state_after(acts: Iterable[ShipmentAct], *, start: ShipmentState) -> ShipmentState: ...
def state_after(acts: Iterable[Act], *, start: State = CertificateState.DRAFT) -> State:
    """Return the state to which all accepted acts, first to last, have led.

    Acts of a certificate begin with a draft, acts of a shipment with ``start=ShipmentState.PLANNED``. Whoever did not
    see the beginning starts with the state in which they saw it first.
    Raises `ActNotAllowed` at the first act that has no row in its state.
    """
    trail: list[State] = [start]
    for index, act in enumerate(acts):
        row = next((row for row in allowed(trail[-1]) if row.act is act), None)
        if row is None:
            raise _not_allowed(act, trail[-1], index)
        trail.append(row.to_state if row.to_state is not None else trail[-2])
    return trail[-1]


def _not_allowed(act: Act, state: State, index: int) -> ActNotAllowed:
    """Return the error that says what is allowed instead, and by whom."""
    subject = "certificate" if isinstance(state, CertificateState) else "shipment"
    instead = [f"{in_words(row.act)} ({row.actor})" for row in allowed(state)]
    return ActNotAllowed(
        f'The act "{in_words(act)}" is not allowed while the {subject} is "{in_words(state)}".',
        where=f"acts[{index}]",
        mend=f"Allowed now: {', '.join(instead)}." if instead else "Nothing more can be done with it.",
        facts={"state": str(state), "act": str(act), "allowed": [str(row.act) for row in allowed(state)]},
    )


def in_words(term: State | Act) -> str:
    """Return the state or act as people read it."""
    return term.value.replace("_", " ").replace("kp", "KP")
