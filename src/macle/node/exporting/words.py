"""The exporting desk's words for people: states, acts, messages, in the language of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from macle.node.exporting.models import LegacyState
from macle.scheme.lifecycle import CertificateAct, CertificateState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise

STATES: Final[Mapping[CertificateState, StrOrPromise]] = {
    CertificateState.DRAFT: _("Draft"),
    CertificateState.SUBMITTED: _("Lodged"),
    CertificateState.UNDER_EXAMINATION: _("Under examination"),
    CertificateState.DEFICIENT: _("Returned"),
    CertificateState.HELD: _("Held"),
    CertificateState.REJECTED: _("Refused"),
    CertificateState.CANCELLED: _("Cancelled"),
    CertificateState.PENDING_KP_APPROVAL: _("Awaits KP approval"),
    CertificateState.KP_APPROVED: _("KP approved"),
    CertificateState.RESERVED: _("Number reserved"),
    CertificateState.SEALED: _("Sealed"),
    CertificateState.VALIDATED: _("Validated"),
    CertificateState.DISPATCHED: _("Dispatched"),
    CertificateState.PRESENTED: _("Presented"),
    CertificateState.DISCREPANT: _("Does not agree"),
    CertificateState.ENDORSED: _("Endorsed"),
    CertificateState.SUSPECT: _("Suspect"),
    CertificateState.CLEARED: _("Cleared"),
    CertificateState.ACCEPTED: _("Accepted"),
    CertificateState.CONFIRMED: _("Confirmed"),
    CertificateState.ARCHIVED: _("Archived"),
    CertificateState.LOST: _("Lost"),
    CertificateState.VOID: _("Void"),
    CertificateState.EXPIRED: _("Expired"),
    CertificateState.REPLACED: _("Replaced"),
    CertificateState.REFUSED: _("Refused at import"),
    CertificateState.FRAUD_CONFIRMED: _("Fraud confirmed"),
    CertificateState.INVALIDATED: _("Invalidated"),
}

LEGACY_STATES: Final[Mapping[str, StrOrPromise]] = {
    LegacyState.OPEN: _("Nothing more is known"),
    LegacyState.CONFIRMED: _("Confirmed"),
    LegacyState.REFUSED: _("Refused at import"),
    LegacyState.VOID: _("Void"),
    LegacyState.LOST: _("Lost"),
    LegacyState.REPLACED: _("Replaced"),
    LegacyState.EXPIRED: _("Expired"),
}
"""What became of a certificate that was issued before this node."""

LEGACY_MARKS: Final[Mapping[str, str]] = {
    LegacyState.REFUSED: "inadmissible",
    LegacyState.VOID: "not-valid",
    LegacyState.LOST: "late",
    LegacyState.REPLACED: "not-valid",
    LegacyState.EXPIRED: "expired",
}
"""The mark beside it; *not judged* where none is named: what stands on paper alone is never shown as valid."""

MARKS: Final[Mapping[CertificateState, str]] = {
    CertificateState.VALIDATED: "valid",
    CertificateState.DISPATCHED: "valid",
    CertificateState.CONFIRMED: "valid",
    CertificateState.ARCHIVED: "valid",
    CertificateState.HELD: "cannot-decide",
    CertificateState.PENDING_KP_APPROVAL: "cannot-decide",
    CertificateState.REJECTED: "not-valid",
    CertificateState.VOID: "not-valid",
    CertificateState.REPLACED: "not-valid",
    CertificateState.INVALIDATED: "not-valid",
    CertificateState.REFUSED: "inadmissible",
    CertificateState.FRAUD_CONFIRMED: "not-valid",
    CertificateState.EXPIRED: "expired",
    CertificateState.LOST: "late",
    CertificateState.DISCREPANT: "differs",
    CertificateState.SUSPECT: "cannot-decide",
}
"""The mark beside a state; *waits* where none is named."""

DONE: Final[Mapping[CertificateAct, StrOrPromise]] = {
    CertificateAct.SUBMIT: _("Lodged"),
    CertificateAct.CANCEL: _("Cancelled by the trader"),
    CertificateAct.EXAMINE: _("Weighed, counted and valued"),
    CertificateAct.FIND_DEFICIENT: _("Returned to the trader"),
    CertificateAct.HOLD: _("Held for a decision"),
    CertificateAct.RELEASE_HOLD: _("Released by decision"),
    CertificateAct.REJECT: _("Refused"),
    CertificateAct.REQUEST_KP_APPROVAL: _("KP approval requested"),
    CertificateAct.APPROVE: _("Approved by the KP monitoring team"),
    CertificateAct.DECLINE: _("Declined by the KP monitoring team"),
    CertificateAct.RESERVE: _("Number reserved"),
    CertificateAct.SEAL: _("Container sealed"),
    CertificateAct.VALIDATE: _("Validated"),
    CertificateAct.DISPATCH: _("Dispatched"),
    CertificateAct.PRESENT: _("Presented for import"),
    CertificateAct.CORRECT_PRESENTATION: _("Presentation corrected"),
    CertificateAct.FIND_DISCREPANT: _("Found not to agree"),
    CertificateAct.ENDORSE: _("Endorsed"),
    CertificateAct.SUSPECT: _("Suspected"),
    CertificateAct.CLEAR: _("Cleared"),
    CertificateAct.CONFIRM_FRAUD: _("Fraud confirmed"),
    CertificateAct.ACCEPT: _("Accepted"),
    CertificateAct.REFUSE: _("Refused at import"),
    CertificateAct.CONFIRM: _("Import confirmed"),
    CertificateAct.ARCHIVE: _("Archived"),
    CertificateAct.REPORT_LOST: _("Reported lost"),
    CertificateAct.REPORT_FOUND: _("Reported found"),
    CertificateAct.VOID: _("Voided"),
    CertificateAct.EXPIRE: _("Expired"),
    CertificateAct.REPLACE: _("Replaced"),
    CertificateAct.INVALIDATE: _("Invalidated"),
}
"""An act that was done."""

TO_DO: Final[Mapping[CertificateAct, StrOrPromise]] = {
    CertificateAct.SUBMIT: _("Lodge it"),
    CertificateAct.CANCEL: _("Cancel the application"),
    CertificateAct.EXAMINE: _("Examine the goods"),
    CertificateAct.FIND_DEFICIENT: _("Return it to the trader"),
    CertificateAct.HOLD: _("Hold it for a decision"),
    CertificateAct.RELEASE_HOLD: _("Decide that it goes on"),
    CertificateAct.REJECT: _("Refuse it"),
    CertificateAct.REQUEST_KP_APPROVAL: _("Request KP approval"),
    CertificateAct.APPROVE: _("Record the approval"),
    CertificateAct.DECLINE: _("Record that it was declined"),
    CertificateAct.RESERVE: _("Reserve a number"),
    CertificateAct.SEAL: _("Record the seals"),
    CertificateAct.VALIDATE: _("Validate"),
    CertificateAct.DISPATCH: _("Record the departure"),
    CertificateAct.VOID: _("Void it"),
    CertificateAct.REPLACE: _("Replace it"),
    CertificateAct.REPORT_LOST: _("Report it lost"),
    CertificateAct.REPORT_FOUND: _("Report it found"),
    CertificateAct.INVALIDATE: _("Invalidate it"),
}
"""An act that may be done next."""

WHY: Final[Mapping[CertificateAct, StrOrPromise]] = {
    CertificateAct.SUBMIT: _("Every rule is asked first."),
    CertificateAct.CANCEL: _("No number is used. You can copy it later."),
    CertificateAct.EXAMINE: _("Weigh, count and value. What the rules say is shown before a number is reserved."),
    CertificateAct.FIND_DEFICIENT: _("The trader reads your reason, mends it and lodges it again."),
    CertificateAct.HOLD: _("An official decides with a reason. The trader sees that it is held."),
    CertificateAct.RELEASE_HOLD: _("The rules that hold it are let pass for this application alone, with your reason."),
    CertificateAct.REJECT: _("It ends here. The trader reads your reason and may apply anew."),
    CertificateAct.REQUEST_KP_APPROVAL: _("For an origin under enhanced vigilance. Photographs must be there."),
    CertificateAct.APPROVE: _("As the team wrote it."),
    CertificateAct.DECLINE: _("It then goes back to the trader."),
    CertificateAct.RESERVE: _("Every rule is asked again, and the trader's book is charged."),
    CertificateAct.SEAL: _("The container is closed and bears the number."),
    CertificateAct.VALIDATE: _("You see the exact document, and consent to it with your own key."),
    CertificateAct.DISPATCH: _("From then on the confirmation is awaited."),
    CertificateAct.VOID: _("The number is never used again, and the trader's book is credited."),
    CertificateAct.REPLACE: _(
        "Before export only: the old one is surrendered, and ends when the new one is validated."
    ),
    CertificateAct.REPORT_LOST: _("The partner is told to hold it."),
    CertificateAct.REPORT_FOUND: _("It is then where it was before. The partner is told."),
    CertificateAct.INVALIDATE: _("The data are inaccurate or have changed. The partner is told not to accept it."),
}
"""What follows from an act, or what it needs."""

GRAVE: Final = frozenset(
    {
        *(CertificateAct.REJECT, CertificateAct.VOID, CertificateAct.INVALIDATE, CertificateAct.CANCEL),
        *(CertificateAct.REPORT_LOST, CertificateAct.REPLACE),
    }
)
"""Acts that end something or alarm somebody: their button says so."""

MESSAGES: Final[Mapping[str, StrOrPromise]] = {
    "lodged": _("Your application %(reference)s is lodged. The office weighs, counts and values the goods."),
    "technical": _(
        "The office began the application %(reference)s for a technical certificate. Fill it in and lodge it."
    ),
    "cancelled": _("Your application %(reference)s is cancelled."),
    "examined": _("The goods of your application %(reference)s are examined."),
    "held": _("Your application %(reference)s is held. An official decides."),
    "released": _("Your application %(reference)s goes on."),
    "returned": _("Your application %(reference)s is returned to you. Read why, mend it and lodge it again."),
    "rejected": _("Your application %(reference)s is refused. Read why on its page."),
    "approval-requested": _("The KP monitoring team is asked to approve your application %(reference)s."),
    "approved": _("The KP monitoring team approved your application %(reference)s."),
    "declined": _("The KP monitoring team declined your application %(reference)s."),
    "reserved": _("The number %(number)s is reserved for your application %(reference)s."),
    "sealed": _("The container of %(number)s is sealed."),
    "validated": _("Your certificate %(number)s is validated."),
    "dispatched": _("Your shipment with the certificate %(number)s has left."),
    "confirmed": _("The import under your certificate %(number)s is confirmed."),
    "void": _("Your certificate %(number)s is void."),
    "spoiled": _("The sheet of %(number)s was spoiled. Your shipment gets another number."),
    "replacing": _("Your certificate %(number)s is being replaced."),
    "replaced": _("Your certificate %(number)s is replaced."),
    "lost": _("Your certificate %(number)s was reported lost."),
    "found": _("Your certificate %(number)s was found."),
    "invalidated": _("Your certificate %(number)s is invalidated."),
    "expired": _("Your certificate %(number)s expired without being used. Return the original."),
    "fee-due": _("A fee is due for your application %(reference)s."),
    "under-examination": _("Your application %(reference)s is under examination."),
}
"""What a trader is told, by the code of the message."""


UNDER_EXAMINATION: Final[tuple[str, StrOrPromise]] = ("cannot-decide", _("Under examination"))
"""The mark and the word that stand for a trader's matter as long as a suspicion is open, whatever its state."""


def state(value: CertificateState | str) -> str:
    """Return the state as people read it."""
    return str(STATES[CertificateState(value)])


def mark(value: CertificateState | str) -> tuple[str, str]:
    """Return the mark and the word of a state."""
    here = CertificateState(value)
    return MARKS.get(here, "waits"), str(STATES[here])


def legacy_mark(value: str) -> tuple[str, str]:
    """Return the mark and the word of what became of a certificate that was issued before this node."""
    return LEGACY_MARKS.get(value, "not-judged"), str(LEGACY_STATES[value])


def message(code: str, facts: Mapping[str, object]) -> str:
    """Return the words of a message to a trader."""
    words = str(MESSAGES.get(code, code))
    return words % {"reference": facts.get("reference", ""), "number": facts.get("number", "")}
