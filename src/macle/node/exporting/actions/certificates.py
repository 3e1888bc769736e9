"""What is done with a certificate after it is validated, or with its number before: all that ends or moves it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.db import transaction

from macle import errors
from macle.node.exporting import printing, queries
from macle.node.exporting.actions import desk, numbers, posting, steps
from macle.node.exporting.models import Application, Channel, Examination, Printing, Remark, Use
from macle.node.permissions import Act, Actor, Held, Role
from macle.node.registry import queries as registry
from macle.scheme import lifecycle, participants, profiles
from macle.scheme.lifecycle import CertificateAct, CertificateState
from macle.scheme.profiles import CorrectionPolicy
from macle.scheme.terms import CertificateNumber

if TYPE_CHECKING:
    from datetime import date, datetime

    from macle.node.exporting.models import Step

VOID_REASONS = (
    *("printer error", "transposition error", "customer cancelled", "lost in transit", "shipment returned"),
    *("certificate surrendered unused", "data inaccurate or changed", "other"),
)
"""Reasons for a void number, in the field's words; ``other`` needs words of its own."""

SPOILED = "spoiled sheet"

RETURNED = "shipment returned"
"""The one reason for which goods that left come back into the trader's book."""

MOST_WORDS = steps.LONGEST_REASON - 100
"""Letters of what is said beside a reason of the list."""

CLOCK = "clock"
"""Who acts when a day ends: nobody in particular."""


class WhyUnknown(errors.Malformed):
    """The reason is none of those that are known."""

    code = "void-reason-unknown"


class SheetDiffers(errors.Refused):
    """The sheet in the printer is not the one that belongs to the certificate."""

    code = "sheet-differs"


class CannotBePrinted(errors.Refused):
    """This is not printed of a certificate that stands where it stands."""

    code = "cannot-be-printed"


class ReplacementBegun(errors.Conflict):
    """Another certificate is about to take the place of this one."""

    code = "replacement-begun"


class CertificateExpired(errors.Refused):
    """The certificate expired before the shipment left."""

    code = "certificate-expired"


class NotKnownHere(errors.Refused):
    """This Participant's law does not know it."""

    code = "not-known-here"


class NotArrived(errors.Refused):
    """No goods arrive here under this certificate."""

    code = "not-arrived"


# --- Printing ---------------------------------------------------------------------------------------------


def print_out(*, reference: str, what: str, by: Actor, at: datetime, sheet: str = "") -> bytes:
    """Return a PDF of the certificate and write down that it was printed.

    ``what`` is ``original`` (drawn), ``sheet`` (values for the pre-printed form, whose number is read before), ``copy``
    or ``label``. Raises `SheetDiffers` if another sheet lies in the printer, and `CannotBePrinted`: an original is
    printed as long as the certificate is in the house, on its sheet if its number is a sheet's; copies at any time.
    """
    application = steps.reached(reference, Act.CERTIFICATE_PRINT, by, lock=False)
    certificate = queries.certificate(application.number, by)
    if what == "sheet" and "".join(sheet.split()).upper() not in {application.number, application.number[2:]}:
        raise SheetDiffers(
            f"This certificate belongs to the sheet {application.number}, and {sheet or 'nothing'} was read.",
            where="sheet",
            mend="Put that sheet into the printer and read its number.",
        )
    _require_printable(application, what)
    pdf = printing.pdf(bytes(certificate.content.cose), what=what, at=at)
    with transaction.atomic():
        application = steps.locked(reference)
        _require_printable(application, what)
        Printing.objects.create(
            application=application,
            what=what,
            sheet=application.number if what == "sheet" else "",
            at=at,
            by=by.identifier,
        )
        steps.note(application, tag=Act.CERTIFICATE_PRINT, by=by, at=at, facts={"what": what})
    return pdf


PRINTED = ("original", "sheet", "copy", "label")


def _require_printable(application: Application, what: str) -> None:
    if what not in PRINTED:
        raise CannotBePrinted(f"{what[:20]!r} is not printed.", where="what", mend=f"One of: {', '.join(PRINTED)}.")
    if what not in ("original", "sheet"):
        return
    if application.status is not CertificateState.VALIDATED:
        raise CannotBePrinted(
            f"It is {lifecycle.in_words(application.status)}: its original is no longer printed.",
            where="what",
            mend="Print a copy, which is marked as one.",
        )
    if (what == "sheet") is not is_on_a_sheet(application):
        raise CannotBePrinted(
            "Its number belongs to a pre-printed sheet." if what == "original" else "Its number is no sheet's.",
            where="what",
            mend="Print it on that sheet." if what == "original" else "Print the drawn original.",
        )


# --- On its way ---------------------------------------------------------------------------------------------


def dispatch(*, reference: str, by: Actor, at: datetime) -> Step:
    """Record that the shipment left with its certificate; from now on the confirmation is awaited."""
    with transaction.atomic():
        application = steps.reached(reference, Act.CERTIFICATE_DISPATCH, by)
        steps.require_allowed(application, CertificateAct.DISPATCH)
        _refuse_replacing(application)
        if at >= application.certificate.expires_at:
            raise CertificateExpired(
                f"It expired at the end of {application.certificate.date_of_expiry}.",
                where="reference",
                mend="Let the trader apply again.",
            )
        application.due_on = confirmation_due(application, at=at)
        step = steps.take(application, CertificateAct.DISPATCH, tag=Act.CERTIFICATE_DISPATCH, by=by, at=at)
        steps.tell(application, "dispatched", at=at)
    return step


def _refuse_replacing(application: Application) -> None:
    other = queries.replacement_of(application)
    if other is not None:
        raise ReplacementBegun(
            f"The application {other.reference} is about to replace it.",
            where="reference",
            mend="Finish the replacement, or end it first.",
        )


def confirmation_due(application: Application, *, at: datetime) -> date | None:
    """Return the day until which the import is to be confirmed by the destination's law; None is *expeditiously*."""
    today = queries.day(application.office, at=at)
    return profiles.load().of(application.destination, on=today).confirmation.due(today)


# --- What ends it --------------------------------------------------------------------------------------------


def void(*, reference: str, why: str, words: str, by: Actor, at: datetime) -> Step:
    """Void a reserved number or a certificate that did not leave, with a reason of the list and words of one's own."""
    if why not in VOID_REASONS:
        raise WhyUnknown(f"{why!r} is no reason of the list.", where="why", mend=f"One of: {', '.join(VOID_REASONS)}.")
    text = steps.given(words, where="words") if why == "other" else steps.fit(words, where="words", most=MOST_WORDS)
    with transaction.atomic():
        application = steps.reached(reference, Act.CERTIFICATE_VOID, by)
        step = _void(application, why=why, words=text, use=Use.VOID, tag=Act.CERTIFICATE_VOID, by=by, at=at)
        steps.tell(application, "void", at=at, why=why)
    return step


def _void(application: Application, *, why: str, words: str, use: Use, tag: Act, by: Actor, at: datetime) -> Step:
    """Void the number of a locked application, and tell the partner if it was out of the house."""
    steps.require_allowed(application, CertificateAct.VOID)
    numbers.end(application.number, use=use, why=why, at=at)
    _supersede(application, at=at)
    if why == RETURNED or not queries.has_left(application):
        desk.credit(application, by_identifier=by.identifier, at=at)
    if application.status in queries.IN_THE_AIR:
        posting.send_withdrawal(application, "void", why=why, by=by, at=at)
    return steps.take(
        application,
        CertificateAct.VOID,
        tag=tag,
        by=by,
        at=at,
        reason=f"{why}: {words}" if words else why,
        facts={"why": why},
    )


def _supersede(application: Application, *, at: datetime) -> None:
    """Take back what is prepared to be signed; what somebody consented to stays as it is, and is not signed either."""
    application.intents.filter(superseded_at=None, consented_at=None).update(superseded_at=at)


def spoil(*, reference: str, words: str, by: Actor, at: datetime) -> Application:
    """Record that the sheet of a certificate was spoiled: its number is void, and a successor goes on at the desk.

    The successor has the same data and examination, and gets the next number. Raises `NotKnownHere` once it left.
    """
    with transaction.atomic():
        application = steps.reached(reference, Act.SHEET_SPOIL, by)
        if application.status in queries.IN_THE_AIR and application.status is not CertificateState.VALIDATED:
            raise NotKnownHere(
                "The certificate is not here, and its sheet cannot be spoiled.",
                where="reference",
                mend="Void it, or replace it.",
            )
        text = steps.fit(words, where="words", most=MOST_WORDS)
        _void(application, why=SPOILED, words=text, use=Use.SPOILED, tag=Act.SHEET_SPOIL, by=by, at=at)
        successor = _successor(application, replaces=application.replaces, by=by, at=at)
        steps.tell(application, "spoiled", at=at, successor=successor.reference)
    return successor


def _successor(application: Application, *, replaces: Application | None, by: Actor, at: datetime) -> Application:
    """Return an application that stands where the examined one stood before its number, inside the transaction.

    Its first steps repeat those of the one that it succeeds: the same people did them, and the audit says so.
    """
    successor = Application.objects.create(
        reference=steps.new_reference(),
        trader=application.trader,
        office=application.office,
        channel=Channel.SUCCESSOR,
        entered=application.entered,
        since=at,
        begun_at=at,
        begun_by=by.identifier,
        lodged_at=application.lodged_at,
        examined_by=application.examined_by,
        succeeds=_last_of(application),
        replaces=replaces,
        exporter_name=application.exporter_name,
        importer_name=application.importer_name,
        destination=application.destination,
        origin=application.origin,
        carats_hundredths=application.carats_hundredths,
        value_cents=application.value_cents,
    )
    last = application.examinations.first()
    if last is not None:
        Examination.objects.create(
            application=successor,
            **{
                name: getattr(last, name)
                for name in (
                    *("at", "by", "parcels", "lines", "declared_cents", "government_cents", "independent_cents"),
                    *("valued_by", "synthetics_screened", "remark"),
                )
            },
        )
    for attachment in application.attachments.filter(ended_at=None):
        attachment.pk, attachment.application = None, successor
        attachment.save(force_insert=True)
    for step in application.steps.filter(act__in=_REPEATED).order_by("sequence"):
        steps.take(
            successor,
            CertificateAct(step.act),
            tag=queries.TAGS[CertificateAct(step.act)],
            by=Actor(identifier=step.actor),
            at=at,
            facts={"repeats": application.reference},
        )
        if successor.status is CertificateState.UNDER_EXAMINATION:
            break
    if released := sorted(queries.released(application)):
        repeated: dict[str, object] = {"repeats": application.reference, "rules": released}
        official = Actor(identifier=application.steps.filter(act=CertificateAct.RELEASE_HOLD).latest("sequence").actor)
        for act in (CertificateAct.HOLD, CertificateAct.RELEASE_HOLD):
            steps.take(successor, act, tag=queries.TAGS[act], by=official, at=at, facts=repeated)
    if application.steps.filter(act=CertificateAct.APPROVE).exists():
        for act in (CertificateAct.REQUEST_KP_APPROVAL, CertificateAct.APPROVE):
            earlier = Actor(identifier=application.steps.filter(act=act).latest("sequence").actor)
            facts = {"repeats": application.reference}
            steps.take(successor, act, tag=queries.TAGS[act], by=earlier, at=at, facts=facts)
    return successor


def _last_of(application: Application) -> Application:
    """Return the last of those that succeed each other; one whose replacement came to nothing is succeeded again."""
    while hasattr(application, "successor"):
        application = application.successor
    return application


_REPEATED = (CertificateAct.SUBMIT, CertificateAct.EXAMINE)


def replace(*, reference: str, reason: str, by: Actor, at: datetime) -> Application:
    """Begin the replacement of a certificate that did not leave, or that is lost.

    The old one is surrendered, and ends when its replacement is validated. Raises `ReplacementBegun`, and
    `NotKnownHere` where the profile does not let certificates be replaced.
    """
    words = steps.given(reason)
    with transaction.atomic():
        application = steps.reached(reference, Act.CERTIFICATE_REPLACE, by)
        steps.require_allowed(application, CertificateAct.REPLACE)
        _refuse_replacing(application)
        law = queries.profile(application.office, at=at)
        if law.corrections and CorrectionPolicy.REPLACEMENT_BEFORE_EXPORT not in law.corrections:
            raise NotKnownHere(
                f"{law.participant} does not replace certificates.",
                where="reference",
                mend="Void it, and let the trader apply again.",
            )
        successor = _successor(application, replaces=application, by=by, at=at)
        steps.note(
            application,
            tag=Act.CERTIFICATE_REPLACE,
            by=by,
            at=at,
            facts={"successor": successor.reference, "reason": hashlib.sha256(words.encode()).hexdigest()},
        )
        Remark.objects.create(application=successor, text=words, at=at, by=by.identifier)
        steps.tell(application, "replacing", at=at, successor=successor.reference)
    return successor


def report_lost(*, reference: str, reason: str, by: Actor, at: datetime) -> Step:
    """Record that a certificate was lost; the partner is told."""
    with transaction.atomic():
        application = steps.reached(reference, Act.CERTIFICATE_REPORT_LOST, by)
        steps.require_allowed(application, CertificateAct.REPORT_LOST)
        words = steps.given(reason)
        posting.send_withdrawal(application, "lost", why="lost", by=by, at=at)
        step = steps.take(
            application,
            CertificateAct.REPORT_LOST,
            tag=Act.CERTIFICATE_REPORT_LOST,
            by=by,
            at=at,
            reason=words,
        )
        steps.tell(application, "lost", at=at)
    return step


def report_found(*, reference: str, reason: str, by: Actor, at: datetime) -> Step:
    """Record that a lost certificate was found: it is where it was."""
    with transaction.atomic():
        application = steps.reached(reference, Act.CERTIFICATE_REPORT_FOUND, by)
        steps.require_allowed(application, CertificateAct.REPORT_FOUND)
        _refuse_replacing(application)
        steps.require_allowed(application, CertificateAct.REPORT_FOUND)
        words = steps.given(reason)
        posting.send_withdrawal(application, "found", why="found", by=by, at=at)
        step = steps.take(
            application,
            CertificateAct.REPORT_FOUND,
            tag=Act.CERTIFICATE_REPORT_FOUND,
            by=by,
            at=at,
            reason=words,
        )
        steps.tell(application, "found", at=at)
    return step


def invalidate(*, reference: str, reason: str, by: Actor, at: datetime) -> Step:
    """Invalidate a certificate whose data are inaccurate or have changed; the partner is told."""
    with transaction.atomic():
        application = steps.reached(reference, Act.CERTIFICATE_INVALIDATE, by)
        steps.require_allowed(application, CertificateAct.INVALIDATE)
        words, is_signed = steps.given(reason), hasattr(application, "certificate")
        _supersede(application, at=at)
        if application.number and not is_signed:
            numbers.end(application.number, use=Use.VOID, why="invalidated", at=at)
        if not queries.has_left(application):
            desk.credit(application, by_identifier=by.identifier, at=at)
        if is_signed:
            posting.send_withdrawal(application, "invalidated", why="invalidated", by=by, at=at)
        step = steps.take(
            application, CertificateAct.INVALIDATE, tag=Act.CERTIFICATE_INVALIDATE, by=by, at=at, reason=words
        )
        steps.tell(application, "invalidated", at=at, step=step.sequence)
    return step


def expire(*, at: datetime, most: int = 500) -> int:
    """Let certificates expire that were validated and never left, and whose instant has passed; return how many.

    Their goods come back into the traders' books.

    The clock does it, for every office; nothing is asked of a person.
    """
    due = Application.objects.filter(state=CertificateState.VALIDATED, certificate__expires_at__lte=at).values_list(
        "reference", flat=True
    )
    expired = 0
    for reference in list(due[:most]):
        with transaction.atomic():
            application = steps.locked(reference)
            if application.status is not CertificateState.VALIDATED:
                continue
            clock = Actor(identifier=CLOCK, held=(Held(role=Role.VALIDATING_OFFICIAL, office=application.office),))
            desk.credit(application, by_identifier=CLOCK, at=at)
            steps.take(application, CertificateAct.EXPIRE, tag=Act.CERTIFICATE_EXPIRE, by=clock, at=at)
            steps.tell(application, "expired", at=at)
            expired += 1
    return expired


def technical(*, trader: str, office: str, arrived_under: str, by: Actor, at: datetime) -> Application:
    """Begin an application for a technical certificate, for goods that go back, where the profile knows such.

    ``arrived_under`` is the number of the certificate under which the goods arrived; they go back to its issuer. The
    trader is told, fills it in and lodges it: only an exporter declares. Raises `NotKnownHere`, `NotArrived`, or
    `macle.scheme.terms.TermInvalid` for what is no number.
    """
    from macle.node.exporting.actions import applications  # noqa: PLC0415 (it imports the table reader)

    by.require(Act.APPLICATION_BEGIN_TECHNICAL, office=office)
    law = queries.profile(registry.office(office, at=at).name, at=at)
    if not law.technical_certificates:
        raise NotKnownHere(
            queries.no_technical(law), where="kind", mend="See its legal profile, and what stands in doubt there."
        )
    number = CertificateNumber.parse("".join(arrived_under.split()).upper(), where="arrived_under")
    if number.participant == law.participant:
        raise NotArrived(
            f"{number} is {law.participant}'s own: goods leave under it, and do not arrive.",
            where="arrived_under",
            mend="Give the number of the certificate of the Participant from which the goods came.",
        )
    if number.participant not in participants.load():
        raise NotArrived(
            f"{number.participant} never was a Participant.",
            where="arrived_under",
            mend="Write the issuer's two letters and its number, such as ZA00012.",
        )
    with transaction.atomic():
        application = applications.begin_at_the_desk(
            tag=Act.APPLICATION_BEGIN_TECHNICAL,
            trader=trader,
            office=office,
            entered={
                "kind": "technical",
                "refers_to": {"number": str(number)},
                "destination": number.participant,
                "country_of_provenance": number.participant,
                "sources": [{"kind": "import_certificate", "reference": str(number)}],
            },
            by=by,
            at=at,
        )
        steps.tell(application, "technical", at=at)
    return application


def can_be_spoiled(application: Application) -> bool:
    """Return whether its sheet can still be spoiled: a number is reserved and it did not leave."""
    return any(row.act is CertificateAct.VOID for row in lifecycle.allowed(application.status))


def is_on_a_sheet(application: Application) -> bool:
    """Return whether its number belongs to a pre-printed sheet."""
    return application.numbers.filter(block__on_sheets=True).exists()
