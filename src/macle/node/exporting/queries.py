"""Reading the exporting desk: within reach of who asks, and as the rules see it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Case, Exists, OuterRef, Q, Sum, Value, When

from macle import errors
from macle.node.exporting import drafting
from macle.node.exporting.models import (
    Application,
    Block,
    Certificate,
    Channel,
    Confirmation,
    Gap,
    LegacyCertificate,
    Number,
    Settlement,
    Step,
    Suspicion,
)
from macle.node.permissions import Act, Role
from macle.node.traders import queries as traders
from macle.node.traders.models import BalanceEntry, EntryKind, LicenceKind
from macle.paper import stationery
from macle.scheme import applications, examination, lifecycle, profiles
from macle.scheme.certificates import OriginKind
from macle.scheme.lifecycle import CertificateAct, CertificateState
from macle.scheme.rules import Breach, Outcome
from macle.scheme.terms import Carats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from django.db.models import QuerySet

    from macle.node.permissions import Actor, Extent
    from macle.scheme.applications import AppliedOrigin
    from macle.scheme.examination import Examined
    from macle.scheme.profiles import LegalProfile

IN_THE_AIR = (CertificateState.VALIDATED, CertificateState.DISPATCHED, CertificateState.LOST)
"""States of a certificate that is out of the house, or about to be, and of which no confirmation came back."""

SIGNED = frozenset(
    {
        *(CertificateState.VALIDATED, CertificateState.DISPATCHED, CertificateState.LOST, CertificateState.PRESENTED),
        *(CertificateState.DISCREPANT, CertificateState.ENDORSED, CertificateState.SUSPECT, CertificateState.CLEARED),
        CertificateState.ACCEPTED,
    }
)
"""Live states in which a certificate is signed: its content is what it is."""

_LONGEST_NAME = 120


class ApplicationMissing(errors.NotFound):
    """There is no such application within reach."""

    code = "application-missing"


class CertificateMissing(errors.NotFound):
    """There is no such certificate within reach."""

    code = "certificate-missing"


# --- Within reach -----------------------------------------------------------------------------------


def _within(reach: Extent, *, office: str = "office", trader: str = "trader_id") -> Q:
    if reach.everything:
        return Q()
    within = Q(**{f"{office}__in": reach.offices})
    # An official has no traders of their own, and a join of the whole book for nobody costs the most of a page.
    return within | Q(**{f"{trader}__in": reach.traders}) if reach.traders else within


def applications_of(by: Actor) -> QuerySet[Application]:
    """Return the applications that the actor may read; drafts are their trader's alone."""
    reach = by.reach(Act.APPLICATION_READ)
    own = Q(trader_id__in=reach.traders)
    return Application.objects.filter(_within(reach) & (own | ~Q(state=CertificateState.DRAFT)))


def application(reference: str, by: Actor) -> Application:
    """Return one of them; raise `ApplicationMissing`, whether it is out of reach or not there at all."""
    found = applications_of(by).filter(reference=reference).select_related("trader").first()
    if found is None:
        raise no_application()
    return found


def no_application() -> ApplicationMissing:
    """Return what is said of an application that is not there, for whatever reason."""
    return ApplicationMissing(
        "There is no such application.", where="reference", mend="Look for it in the list of applications."
    )


def is_within(matter: Application, act: Act, by: Actor) -> bool:
    """Return whether the act reaches the application; a draft is reached by who acts for its trader alone."""
    reach = by.reach(act)
    if matter.status is CertificateState.DRAFT:
        return matter.trader_id in reach.traders
    return reach.covers(office=matter.office, trader=matter.trader_id)


def hiding(rows: Any, by: Actor, *, application: str = "pk") -> Any:  # noqa: ANN401 (rows of any table, with more in them)
    """Return the rows with ``hidden``: whether this person may not know of it more than that it is examined.

    ``application`` names the field that holds the application's key; the rows have the office themselves, so that
    counting them joins nothing.
    """
    wide, close = by.reach(Act.APPLICATION_READ), by.reach(Act.CERTIFICATE_READ)
    is_of_the_house = not (wide.traders or close.traders or close.everything) and wide.offices <= close.offices
    if wide.everything or is_of_the_house:
        return rows.annotate(hidden=Value(value=False))
    suspected = Suspicion.objects.filter(application=OuterRef(application), until__isnull=True)
    hidden = Q(Exists(suspected)) & ~Q(office__in=close.offices)
    return rows.annotate(hidden=Case(When(hidden, then=True), default=False))


def in_state(state: str, *, of: str = "state") -> Q:
    """Return the condition that rows of `hiding` are in a state, as far as this person may know."""
    known = Q(hidden=False, **{of: state})
    return known | Q(hidden=True) if state == CertificateState.UNDER_EXAMINATION else known


def certificates_of(by: Actor) -> QuerySet[Certificate]:
    """Return the certificates that the actor may read."""
    reach = by.reach(Act.CERTIFICATE_READ)
    return Certificate.objects.filter(_within(reach, trader="application__trader_id"))


def certificate(number: str, by: Actor) -> Certificate:
    """Return one of them by its number; raise `CertificateMissing`."""
    # With all that its page shows of it and that is there once.
    beside = ("content", "confirmation", "application__trader", "application__successor")
    found = certificates_of(by).filter(number=number).select_related(*beside).first()
    if found is None:
        raise no_certificate()
    return found


def no_certificate() -> CertificateMissing:
    """Return what is said of a certificate that is not there, for whatever reason."""
    return CertificateMissing(
        "There is no such certificate.", where="number", mend="Look for it in the list of certificates."
    )


def earlier_of(by: Actor) -> QuerySet[LegacyCertificate]:
    """Return the certificates that were issued before this node, if the actor may read them: they are of no office."""
    rows = LegacyCertificate.objects.select_related("names")
    return rows if by.reach(Act.LEGACY_READ).everything else rows.none()


def earlier(number: str, by: Actor) -> LegacyCertificate:
    """Return one of them by its number; raise `CertificateMissing`."""
    found = earlier_of(by).filter(number=number).first()
    if found is None:
        raise no_certificate()
    return found


def confirmations_of(by: Actor) -> QuerySet[Confirmation]:
    """Return the confirmations that the actor may read."""
    reach = by.reach(Act.CONFIRMATION_READ)
    return Confirmation.objects.filter(
        _within(reach, office="certificate__office", trader="certificate__application__trader_id")
    )


def sees_suspicion(by: Actor, matter: Application) -> bool:
    """Return whether the actor may know of a suspicion: its trader may not."""
    return by.reach(Act.APPLICATION_READ).everything or matter.office in by.reach(Act.CERTIFICATE_READ).offices


# --- As the rules see it -----------------------------------------------------------------------------


def profile(office: str, *, at: datetime) -> LegalProfile:
    """Return the legal profile in force at the office at this instant."""
    return profiles.load().of_day(settings.CONFIGURATION.participant, at=at, office=office)


def day(office: str, *, at: datetime) -> date:
    """Return the legal day at the office."""
    return profile(office, at=at).day_of(at, office=office)


def house(office: str) -> drafting.House:
    """Return whose house it is."""
    code = settings.CONFIGURATION.participant
    return drafting.House(participant=code, office=office, issuing_authority=authority_name())


def authority_name() -> str:
    """Return the issuing authority as its certificates name it: from the settings, else from its stationery."""
    configured = settings.CONFIGURATION
    if configured.authority:
        return str(configured.authority)
    return stationery.packaged(configured.participant).state["en"]


def exporter(matter: Application, *, on: date) -> drafting.RegisteredExporter:
    """Return the exporter as the register knows it on the day."""
    held = traders.licence_in_force(matter.trader, LicenceKind.EXPORTER, on)
    trader = matter.trader
    return drafting.RegisteredExporter(
        name=trader.name,
        latin_name=trader.latin_name,
        address=trader.address,
        town=trader.town,
        country=trader.country,
        licence=held.number if held else "",
        licence_valid_until=held.last_day if held else None,
    )


def found(matter: Application) -> drafting.Found | None:
    """Return what the last examination found, if there was one."""
    last = matter.examinations.first()
    if last is None:
        return None
    return drafting.Found(
        parcels=last.parcels,
        lines=last.lines,
        government_cents=last.government_cents,
        independent_cents=last.independent_cents,
    )


def examined(
    matter: Application, *, at: datetime, closing: drafting.Closing | None = None, with_findings: bool = True
) -> Examined:
    """Ask every rule of an application as it stands now.

    Until ``closing`` says who validates, when and under which seals, these are open. The kind of validation and the day
    of expiry are the house's where the application does not say them.
    """
    today = day(matter.office, at=at)
    law = profile(matter.office, at=at)
    measured = found(matter) if with_findings else None
    data = drafting.assemble(
        entered(matter),
        house=house(matter.office),
        exporter=exporter(matter, on=today),
        found=measured,
        closing=closing or drafting.Closing(kind=validation_kind(law), expires_on=expiry(law, today)),
    )
    return examination.examine(
        data,
        at=at,
        today=today,
        balance=balance(matter),
        weight_applied_for=weight_applied_for(matter) if measured is not None else None,
        before_sealing=closing is None,
    )


def weight_applied_for(matter: Application) -> Carats | None:
    """Return the weight that the trader wrote, whatever was measured since; None where it cannot be read."""
    return applications.read(drafting.kept(matter.entered)).carat_weight


def entered(matter: Application) -> dict[str, Any]:
    """Return what was entered, with what only the desk says of a replacement: that it is one, and of what."""
    if matter.replaces is None:
        return dict(matter.entered)
    old = matter.replaces
    return {
        **matter.entered,
        "kind": "replacement",
        "refers_to": {"number": old.number, "identity": old.certificate.identity},
    }


def breaches(
    matter: Application, *, at: datetime, closing: drafting.Closing | None = None, with_findings: bool = True
) -> list[Breach]:
    """Return every breach that stands now: of the rules, of the register of traders, and of what the law knows."""
    law = profile(matter.office, at=at)
    blocked = traders.why_not(
        matter.trader, kind=LicenceKind.EXPORTER, on=day(matter.office, at=at), profile=law
    ) + _of_kind(matter, law)
    asked = examined(matter, at=at, closing=closing, with_findings=with_findings).breaches
    return [*blocked, *(breach for breach in asked if breach not in blocked)]


def findings(matter: Application, *, at: datetime) -> list[Breach]:
    """Return what the rules say of it now, as long as nothing is signed: before its examination, the register too."""
    if matter.status in SIGNED or lifecycle.is_terminal(matter.status):
        return []
    if not matter.examined_by:
        return breaches(matter, at=at, with_findings=False)
    return list(examined(matter, at=at).breaches)


def _of_kind(matter: Application, law: LegalProfile) -> list[Breach]:
    """Return a breach where a trader applies for a kind of certificate that a trader cannot apply for here."""
    kind = matter.entered.get("kind")
    if kind == "replacement" and matter.replaces is None:
        what, mend = "A replacement is begun by the desk.", "Ask the office to replace the certificate."
    elif kind == "technical" and not law.technical_certificates:
        what, mend = no_technical(law), "See its legal profile, and what stands in doubt there."
    elif kind == "technical" and matter.channel not in (Channel.DESK, Channel.SUCCESSOR):
        what, mend = "A technical certificate is begun by the desk.", "Ask the office to begin it."
    else:
        return []
    return [Breach("certificate.refers-to", Outcome.REFUSE, "kind", what, mend)]


def no_technical(law: LegalProfile) -> str:
    """Return why no technical certificate is begun under a profile that does not know it."""
    if law.technical_certificates is None:
        return f"It is not verified that {law.participant} knows technical certificates."
    return f"{law.participant} does not issue technical certificates."


def validation_kind(law: LegalProfile) -> str:
    """Return how this house validates: as the profile orders, else as the settings say."""
    kinds = law.validation_kinds
    return kinds[0].name.lower() if kinds else str(settings.CONFIGURATION.validation_kind)


def expiry(law: LegalProfile, issued_on: date) -> date:
    """Return the day that is printed: the last one that the law allows, else after the days that the house gives."""
    if law.validity is not None:
        return law.validity.latest_expiry(issued_on)
    return settings.CONFIGURATION.last_day(issued_on)


def balance(matter: Application) -> Carats:
    """Return what the trader's book still covers for these goods, what it was charged for them included.

    The goods of a replacement are those of the certificate that it replaces.
    """
    origin = applications.read(drafting.kept(matter.entered)).origin
    countries = origin.countries if origin is not None else ()
    left = traders.balance(matter.trader, countries)
    own = charged(matter)
    before = charged(matter.replaces) if matter.replaces is not None else 0
    return Carats(left.hundredths + own + before)


def charged(matter: Application) -> int:
    """Return the hundredths of a carat with which the trader's book is charged under the application's number."""
    if not matter.number:
        return 0
    kinds = (EntryKind.EXPORT, EntryKind.EXPORT_RETURNED)
    entries = BalanceEntry.objects.filter(trader=matter.trader, reference=matter.number, kind__in=kinds)
    return -int(entries.aggregate(sum=Sum("carats_hundredths"))["sum"] or 0)


def has_left(matter: Application) -> bool:
    """Return whether the shipment ever left with its certificate."""
    return Step.objects.filter(application=matter, act=CertificateAct.DISPATCH).exists()


def replacement_of(matter: Application) -> Application | None:
    """Return the application that is about to replace its certificate, if one is."""
    ended = [state for state in CertificateState if lifecycle.is_terminal(state)]
    return Application.objects.filter(replaces=matter).exclude(state__in=ended).first()


def released(matter: Application) -> frozenset[str]:
    """Return the rules that hold it and that an official, with a reason, decided to let pass.

    What was decided is decided of the figures that were found then: another examination needs another decision.
    """
    last = matter.examinations.first()
    if last is None:
        return frozenset()
    steps = Step.objects.filter(application=matter, act=CertificateAct.RELEASE_HOLD, at__gte=last.at)
    return frozenset(rule for facts in steps.values_list("facts", flat=True) for rule in facts.get("rules", ()))


def as_breach(error: errors.MacleError) -> Breach:
    """Return an error that belongs to one application as a breach of it."""
    return examination.as_breach(error)


def origin_in_short(origin: AppliedOrigin | None) -> str:
    """Return the origin as lists show it: codes, or asterisks where it is mixed and not disclosed."""
    if origin is None:
        return ""
    return " ".join(origin.countries) or ("*****" if origin.kind is OriginKind.MIXED_UNDISCLOSED else "")


def plain_name(name: str) -> str:
    """Return the name of a file without folders and what does not print."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(sign for sign in unicodedata.normalize("NFC", last) if sign.isprintable()).strip()
    return kept[:_LONGEST_NAME] or "file"


# --- What may be done next -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Next:
    """An act that the state allows, and why this person may not do it, if so."""

    act: CertificateAct
    tag: Act
    why_not: str = ""


TAGS = {
    CertificateAct.SUBMIT: Act.APPLICATION_LODGE,
    CertificateAct.CANCEL: Act.APPLICATION_WITHDRAW,
    CertificateAct.EXAMINE: Act.APPLICATION_EXAMINE,
    CertificateAct.FIND_DEFICIENT: Act.APPLICATION_RETURN,
    CertificateAct.HOLD: Act.APPLICATION_HOLD,
    CertificateAct.RELEASE_HOLD: Act.APPLICATION_RELEASE,
    CertificateAct.REJECT: Act.APPLICATION_REJECT,
    CertificateAct.REQUEST_KP_APPROVAL: Act.APPLICATION_REQUEST_APPROVAL,
    CertificateAct.APPROVE: Act.APPLICATION_APPROVE,
    CertificateAct.DECLINE: Act.APPLICATION_APPROVE,
    CertificateAct.RESERVE: Act.CERTIFICATE_RESERVE,
    CertificateAct.SEAL: Act.CERTIFICATE_SEAL,
    CertificateAct.VALIDATE: Act.CERTIFICATE_VALIDATE,
    CertificateAct.DISPATCH: Act.CERTIFICATE_DISPATCH,
    CertificateAct.VOID: Act.CERTIFICATE_VOID,
    CertificateAct.REPLACE: Act.CERTIFICATE_REPLACE,
    CertificateAct.REPORT_LOST: Act.CERTIFICATE_REPORT_LOST,
    CertificateAct.REPORT_FOUND: Act.CERTIFICATE_REPORT_FOUND,
    CertificateAct.INVALIDATE: Act.CERTIFICATE_INVALIDATE,
}
"""Which permission each act of this desk needs; acts that are not here are of the other side, or of the clock."""


def next_acts(matter: Application, by: Actor, *, at: datetime) -> list[Next]:
    """Return what the state allows, each with the reason why this person may not do it, if there is one."""
    acts = []
    for row in lifecycle.allowed(matter.status):
        tag = TAGS.get(CertificateAct(row.act))
        if tag is None:
            continue
        reaches = by.may(tag) and by.reach(tag).covers(office=matter.office, trader=matter.trader_id)
        why = "" if reaches else "role"
        if reaches and row.act is CertificateAct.VALIDATE and not may_validate(matter, by, at=at):
            why = "four eyes"
        acts.append(Next(CertificateAct(row.act), tag, why))
    return acts


def may_validate(matter: Application, by: Actor, *, at: datetime) -> bool:
    """Return whether four eyes let this person validate: not who examined it, unless the profile says otherwise."""
    return not profile(matter.office, at=at).four_eyes or by.identifier != matter.examined_by


# --- Queues ---------------------------------------------------------------------------------------------


_OWED = {
    Role.EXAMINER: (
        *(CertificateState.SUBMITTED, CertificateState.UNDER_EXAMINATION, CertificateState.KP_APPROVED),
        CertificateState.RESERVED,
    ),
    Role.VALUER: (CertificateState.UNDER_EXAMINATION,),
    Role.VALIDATING_OFFICIAL: (
        *(CertificateState.SEALED, CertificateState.HELD, CertificateState.PENDING_KP_APPROVAL),
        CertificateState.VALIDATED,
    ),
    Role.EXPORTER: (CertificateState.DEFICIENT, CertificateState.DRAFT),
    Role.AGENT: (CertificateState.DEFICIENT, CertificateState.DRAFT),
}
"""In which states an application waits for somebody of this role."""


def waiting_for(by: Actor, *, at: datetime) -> QuerySet[Application]:
    """Return what waits for this person, the longest first.

    What they examined is not theirs to validate, unless the profile of the office says otherwise (`may_validate`).
    """
    owed = Q(pk__in=())
    for held in by.held:
        states = _OWED.get(held.role, ())
        if not states:
            continue
        where = Q(trader_id=held.trader) if held.role in {Role.EXPORTER, Role.AGENT} else Q(office=held.office)
        of_role = where & Q(state__in=states)
        if held.role in {Role.EXPORTER, Role.AGENT}:
            of_role &= ~Q(Exists(Suspicion.objects.filter(application=OuterRef("pk"), until__isnull=True)))
        if held.role is Role.VALIDATING_OFFICIAL and profile(held.office, at=at).four_eyes:
            of_role &= ~Q(state=CertificateState.SEALED, examined_by=by.identifier)
        owed |= of_role
    return Application.objects.filter(owed).select_related("trader").order_by("since")


def under_way(by: Actor) -> QuerySet[Application]:
    """Return what the actor's own traders lodged and others have to act on, the longest waiting first."""
    own = Application.objects.filter(trader_id__in=by.reach(Act.APPLICATION_DRAFT).traders)
    live = [state for state in CertificateState if not lifecycle.is_terminal(state)]
    theirs = Q(state__in=(CertificateState.DRAFT, CertificateState.DEFICIENT))
    waiting: QuerySet[Application] = hiding(own.filter(state__in=live), by)
    return waiting.filter(~theirs | Q(hidden=True)).select_related("trader").order_by("since")


def last_steps(matters: Iterable[Application]) -> dict[int, Step]:
    """Return the last step of each, with its reason, by the application's key."""
    found = Step.objects.filter(application__in=list(matters)).select_related("reason").order_by("sequence")
    return {step.application_id: step for step in found}


def late(by: Actor, *, on: date) -> QuerySet[Application]:
    """Return the shipments whose confirmation is overdue on the day, the longest first."""
    return (
        applications_of(by)
        .filter(state=CertificateState.DISPATCHED, due_on__lt=on)
        .select_related("trader")
        .order_by("due_on")
    )


def without_term(by: Actor, *, since: datetime) -> QuerySet[Application]:
    """Return shipments dispatched before ``since`` whose confirmation has no day: *expeditiously*."""
    return (
        applications_of(by)
        .filter(state=CertificateState.DISPATCHED, due_on__isnull=True, since__lt=since)
        .select_related("trader")
        .order_by("since")
    )


def disagreeing(by: Actor) -> QuerySet[Confirmation]:
    """Return the confirmations that do not agree with our book and are not settled."""
    return (
        confirmations_of(by)
        .exclude(differs=[])
        .filter(~Exists(Settlement.objects.filter(confirmation=OuterRef("pk"))))
        # Mostly there are none, and joining what they belong to is then all the work.
        .prefetch_related("certificate__application__trader")
        .order_by("recorded_at")
    )


def in_the_air(by: Actor) -> QuerySet[Certificate]:
    """Return the certificates that are out of the house and not confirmed."""
    return certificates_of(by).filter(application__state__in=IN_THE_AIR)


# --- Numbers ----------------------------------------------------------------------------------------------


class BlockMissing(errors.NotFound):
    """There is no such block."""

    code = "block-missing"


def blocks_of(by: Actor) -> QuerySet[Block]:
    """Return the blocks that the actor may read."""
    reach = by.reach(Act.NUMBERS_READ)
    return Block.objects.all() if reach.everything else Block.objects.filter(office__in=reach.offices)


def block(pk: int, by: Actor) -> Block:
    """Return one of them; raise `BlockMissing`."""
    found = blocks_of(by).filter(pk=pk).first()
    if found is None:
        raise no_block()
    return found


def no_block() -> BlockMissing:
    """Return what is said of a block that is not there, for whatever reason."""
    return BlockMissing("There is no such block.", where="block", mend="See the list of blocks.")


def unaccounted(block: Block) -> Iterator[int]:
    """Give every counter of a block, up to its next one, that has no record: there must be none."""
    taken = set(Number.objects.filter(block=block).values_list("counter", flat=True))
    gaps = list(Gap.objects.filter(block=block).values_list("first", "last"))
    for counter in range(block.first, block.next):
        if counter not in taken and not any(first <= counter <= last for first, last in gaps):
            yield counter


def faults() -> Iterator[str]:
    """Give the reference of every application whose state is not what its steps say."""
    for matter in Application.objects.prefetch_related("steps").iterator(chunk_size=1000):
        acts = [CertificateAct(step.act) for step in matter.steps.all()]
        if lifecycle.state_after(acts) is not matter.status:
            yield matter.reference


def is_suspected(matter: Application) -> bool:
    """Return whether a suspicion is open."""
    return Suspicion.objects.filter(application=matter, until__isnull=True).exists()
