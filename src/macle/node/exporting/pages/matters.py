"""The page of one application and its certificate: what it says, its acts, what rules say, what may be done next."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import FileResponse, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from macle.node.accounts import queries as accounts
from macle.node.audit import evidence
from macle.node.desk import pages, parts, sentences
from macle.node.desk import words as desk_words
from macle.node.exporting import judging, pictures, queries, words
from macle.node.exporting.actions import applications as lodging
from macle.node.exporting.actions import certificates, desk, fees, valuing
from macle.node.exporting.models import Certificate
from macle.node.permissions import TABLE, Act, Role
from macle.proof import codec, cose, qr, views
from macle.proof.verification import Judged, Result
from macle.scheme import rules
from macle.scheme.examination import source_of
from macle.scheme.lifecycle import CertificateAct, CertificateState
from macle.scheme.rules import Breach, Outcome, controls
from macle.scheme.terms import Carats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request
    from macle.node.exporting.models import Application, Fee, Step
    from macle.scheme.certificates import Certificate as TypedCertificate

ADDRESSES = {
    CertificateAct.EXAMINE: "examine",
    CertificateAct.RESERVE: "reserve",
    CertificateAct.SEAL: "seal",
    CertificateAct.VALIDATE: "validate",
    CertificateAct.VOID: "void",
    CertificateAct.SUBMIT: "check-answers",
}
"""Acts that have a page of their own; the others ask for a reason, or only to be confirmed."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A certificate as it is drawn on the page: its content, its code, and the bytes behind it."""

    certificate: TypedCertificate
    code: pictures.Drawn
    identity: str
    size: int


@dataclass(frozen=True, slots=True)
class Check:
    """One check and what it found: the mark of its answer, the words, the source."""

    mark: str
    answer: str
    what: str
    under: str
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of an application before it is lodged, and the rule's source."""

    breach: Breach
    source: str


@dataclass(frozen=True, slots=True)
class Owed:
    """A fee and what of it is still due."""

    fee: Fee
    outstanding: int


@pages.page(Act.APPLICATION_READ)
def application(request: Request, reference: str) -> HttpResponseBase:
    """Show an application."""
    matter = queries.application(reference, request.actor)
    return _shown(request, matter, Certificate.objects.filter(application=matter).select_related("content").first())


@pages.page(Act.CERTIFICATE_READ)
def certificate(request: Request, number: str) -> HttpResponseBase:
    """Show a certificate, with the application that it came of."""
    held = queries.certificate(number.replace("_", "/"), request.actor)
    return _shown(request, held.application, held)


def _shown(request: Request, matter: Application, held: Certificate | None) -> HttpResponse:
    has_bytes = held is not None and bool(held.content.cose)
    suspicion = matter.suspicions.filter(until__isnull=True).first()
    is_own = request.actor.reach(Act.APPLICATION_DRAFT).covers(trader=matter.trader_id)
    hidden = suspicion is not None and not queries.sees_suspicion(request.actor, matter)
    checks = (
        [*steps_of(held, matter, at=request.at), *_weight_of(held, matter)]
        if held is not None and has_bytes
        else checks_of(matter, at=request.at)
    )
    steps = list(matter.steps.order_by("sequence").select_related("reason"))
    plain, grave = ([], []) if hidden else next_acts(request, matter)
    context = {
        "matter": matter,
        "mark": words.UNDER_EXAMINATION if hidden else words.mark(matter.state),
        "held": held,
        "drawn": drawn(bytes(held.content.cose)) if held is not None and has_bytes else None,
        "read": None if held is not None else queries.examined(matter, at=request.at).application,
        "acts": [] if hidden else acts_of(matter, held, steps),
        "next": [*plain, *(_copy(matter) if is_own else [])],
        "checks": [] if hidden else [check for check in checks if check.mark != _HOLDS],
        "passed": [] if hidden else [check for check in checks if check.mark == _HOLDS],
        "files": matter.attachments.filter(ended_at=None),
        "fees": [Owed(fee, fees.outstanding(fee)) for fee in matter.fees.prefetch_related("entries")],
        "examination": matter.examinations.first(),
        "confirmation": getattr(held, "confirmation", None) if held else None,
        "suspicion": None if hidden else suspicion,
        "hidden": hidden,
        "is_own": is_own,
        "predecessor": matter.succeeds,
        "successor": getattr(matter, "successor", None),
        "waits": "" if hidden else why_it_waits(matter, steps[-1] if steps else None),
        "careful": [] if hidden else [*grave, *careful_acts(request, matter, is_suspected=suspicion is not None)],
        "number_in_address": matter.number.replace("/", "_"),
    }
    return pages.render(request, "exporting/matter.html", context)


def drawn(data: bytes) -> Drawn:
    """Return a signed certificate as it is drawn."""
    signed = cose.read(data)
    return Drawn(
        certificate=codec.decode_certificate(signed.payload),
        code=pictures.code(qr.to_text(data)),
        identity=signed.identity.hex(),
        size=len(data),
    )


def acts_of(matter: Application, held: Certificate | None, steps: Sequence[Step]) -> list[parts.SeamAct]:
    """Return the acts of both sides, first to last, with who did them, and what is still awaited."""
    names = accounts.names({step.actor for step in steps})
    done = [
        parts.SeamAct(
            side="there" if _is_theirs(step) else "here",
            what=_said(step),
            at=step.at,
            by=_by(step, names),
        )
        for step in steps
    ]
    if held is not None and matter.status is CertificateState.DISPATCHED:
        done.append(
            parts.SeamAct(
                side="there",
                what=_("Confirm the import"),
                by=_("expected until %(day)s") % {"day": desk_words.day(matter.due_on)}
                if matter.due_on
                else _("expeditiously, without a fixed term"),
                kind="ahead",
            )
        )
    return done


_THEIRS = frozenset(
    {
        *(CertificateAct.PRESENT, CertificateAct.ACCEPT, CertificateAct.CONFIRM, CertificateAct.REFUSE),
        *(CertificateAct.FIND_DISCREPANT, CertificateAct.SUSPECT, CertificateAct.CLEAR),
    }
)


def _is_theirs(step: Step) -> bool:
    return CertificateAct(step.act) in _THEIRS


def _said(step: Step) -> str:
    said = str(words.DONE[CertificateAct(step.act)])
    if step.act == CertificateAct.EXAMINE and "carats" in step.facts:
        return f"{said}: {desk_words.carats(step.facts['carats'])} ct"
    if step.act == CertificateAct.SEAL and step.facts.get("seals"):
        return f"{said}: {', '.join(step.facts['seals'])}"
    reason = getattr(step, "reason", None)
    return f"{said}: {sentences.said(reason.text)}" if reason is not None else said


def _by(step: Step, names: Mapping[str, str]) -> str:
    if _is_theirs(step):
        return _("by the importing authority, recorded by %(name)s") % {"name": names.get(step.actor, step.actor)}
    name = names.get(step.actor, step.actor)
    if step.deputises_for:
        return _("%(name)s, in the stead of %(other)s") % {"name": name, "other": step.deputises_for}
    return name


def checks_of(matter: Application, *, at: datetime) -> list[Check]:
    """Return what the rules say of it now, as long as nothing is signed."""
    return [check_of(breach) for breach in queries.findings(matter, at=at)]


def _weight_of(held: Certificate, matter: Application) -> list[Check]:
    """Return how far the certified weight is from the one applied for, which stays to be looked at once signed."""
    certified = Carats(held.carats_hundredths)
    differs = controls.of_weight(measured=certified, applied_for=queries.weight_applied_for(matter))
    return [check_of(breach) for breach in differs]


def check_of(breach: Breach) -> Check:
    """Return what a rule says, as a page shows it."""
    return Check(
        *_OUTCOMES[breach.outcome](),
        what=sentences.said(breach.what),
        under=sentences.said(breach.mend),
        source=source_of(breach),
    )


_OUTCOMES: dict[Outcome, Callable[[], tuple[str, str]]] = {
    Outcome.REFUSE: lambda: ("not-valid", _("Refused")),
    Outcome.HOLD: lambda: ("cannot-decide", _("Held")),
    Outcome.UNDECIDED: lambda: ("cannot-decide", _("Cannot decide")),
    Outcome.REVIEW: lambda: ("waits", _("Look at it")),
}


def steps_of(held: Certificate, matter: Application, *, at: datetime) -> list[Check]:
    """Return the verifier's numbered steps for a signed certificate, with what our book says of it."""
    report = judging.report(
        bytes(held.content.cose),
        at=at,
        carrier="record",
        number=matter.certificate_number,
        identity=bytes.fromhex(held.identity),
    )
    return [
        Check(
            *_RESULTS[step.result](),
            what=sentences.said(step.reason),
            under=sentences.said(step.advice),
            source=_("%(source)s, step %(number)d")
            % {"source": _source_of(step.definition.rule), "number": step.definition.number},
        )
        for step in report.steps
        if step.definition.judged is Judged.VALIDATION or step.result is not Result.NOT_JUDGED
    ]


_HOLDS = "valid"
_RESULTS: dict[Result, Callable[[], tuple[str, str]]] = {
    Result.PASSED: lambda: (_HOLDS, _("Holds")),
    Result.FAILED: lambda: ("not-valid", _("Does not hold")),
    Result.UNDECIDED: lambda: ("cannot-decide", _("Cannot decide")),
    Result.NOT_JUDGED: lambda: ("not-judged", _("Not judged")),
}


def _source_of(rule: str) -> str:
    papers = rules.catalogue().get(rule)
    return papers.source if papers else ""


def next_acts(request: Request, matter: Application) -> tuple[list[parts.NextAct], list[parts.NextAct]]:
    """Return what may be done next, and what may be but ends something or alarms somebody.

    An act that the state allows and this person may not do says why.
    """
    offered: list[parts.NextAct] = []
    grave: list[parts.NextAct] = []
    if matter.status in valuing.VALUABLE and request.actor.reach(Act.APPLICATION_VALUE).covers(office=matter.office):
        offered.append(
            parts.NextAct(
                label=_("Value the goods"),
                address=reverse("exporting:value", args=[matter.reference]),
                why=_("The government's or an independent value; the legal profile says which counts."),
            )
        )
    for each in queries.next_acts(matter, request.actor, at=request.at):
        if each.act is CertificateAct.INVALIDATE and matter.status not in queries.SIGNED:
            continue
        label, why = words.TO_DO[each.act], words.WHY[each.act]
        if each.why_not == "role":
            if each.act in _SHOWN_TO_ALL and not request.actor.roles & _TRADERS:
                offered.append(parts.NextAct(label=label, why=_who(each.tag)))
            continue
        if each.why_not == "four eyes":
            offered.append(
                parts.NextAct(
                    label=label, why=_("Not by you: you examined it, and nobody validates what they examined.")
                )
            )
            continue
        to = grave if each.act in words.GRAVE else offered
        to.append(parts.NextAct(label=label, address=address_of(matter, each.act), why=why))
    return offered, grave


def _copy(matter: Application) -> list[parts.NextAct]:
    """Return that its trader may begin another with the same importer, goods and origin."""
    return [
        parts.NextAct(
            label=_("Copy this application"),
            address=reverse("exporting:copy", args=[matter.reference]),
            why=_("Another begins with the same importer, goods and origin."),
        )
    ]


def careful_acts(request: Request, matter: Application, *, is_suspected: bool) -> list[parts.NextAct]:
    """Return the acts that move no state, or that nobody plans: a slip awaited, a spoiled sheet, a suspicion."""
    by, offered = request.actor, []

    def reaches(act: Act) -> bool:
        return by.may(act) and by.reach(act).covers(office=matter.office, trader=matter.trader_id)

    if matter.status is CertificateState.DISPATCHED and reaches(Act.CONFIRMATION_RECORD):
        offered.append(
            parts.NextAct(
                label=_("Record the confirmation"),
                address=reverse("exporting:record-confirmation") + f"?number={matter.number}",
                why=_("A slip that came by post, scan, fax or e-mail."),
            )
        )
    if reaches(Act.SHEET_SPOIL) and certificates.can_be_spoiled(matter) and certificates.is_on_a_sheet(matter):
        offered.append(
            parts.NextAct(
                label=_("Record a spoiled sheet"),
                address=reverse("exporting:spoil", args=[matter.reference]),
                why=_("Its number is void for ever, and the shipment goes on with the next sheet."),
            )
        )
    if reaches(Act.CERTIFICATE_SUSPECT):
        offered.append(
            parts.NextAct(
                label=_("End the suspicion") if is_suspected else _("Open a suspicion"),
                address=reverse("exporting:suspicion", args=[matter.reference]),
                why=_("Say what came of it.")
                if is_suspected
                else _("As long as it is open, the trader reads only “under examination”."),
            )
        )
    return offered


_TRADERS = frozenset({Role.EXPORTER, Role.AGENT})
_SHOWN_TO_ALL = frozenset({CertificateAct.EXAMINE, CertificateAct.VALIDATE, CertificateAct.RELEASE_HOLD})
"""Acts of which everybody at the desk sees who does them."""


def _who(tag: Act) -> str:
    roles = ", ".join(desk_words.role(role) for role in TABLE[tag])
    return _("Done by: %(roles)s.") % {"roles": roles}


def address_of(matter: Application, act: CertificateAct) -> str:
    """Return where an act is done."""
    page = ADDRESSES.get(act)
    if page is not None:
        return pages.address_of(f"exporting:{page}", matter.reference)
    return pages.address_of("exporting:act", matter.reference, act.value.replace("_", "-"))


def why_it_waits(matter: Application, last: Step | None) -> str:
    """Return in a sentence why it waits, for the trader and for the desk; ``last`` is its last step."""
    reason = getattr(last, "reason", None)
    usual = {
        CertificateState.SUBMITTED: _("It waits for the office to weigh, count and value the goods."),
        CertificateState.UNDER_EXAMINATION: _("It is examined. Next is a number."),
        CertificateState.DEFICIENT: _("It waits for the trader to mend it."),
        CertificateState.HELD: _("It waits for an official's decision."),
        CertificateState.PENDING_KP_APPROVAL: _("It waits for the KP monitoring team."),
        CertificateState.KP_APPROVED: _("It is approved. Next is a number."),
        CertificateState.RESERVED: _("It waits for the container to be sealed."),
        CertificateState.SEALED: _("It waits for a validating official who did not examine it."),
        CertificateState.VALIDATED: _("It is ready to leave."),
        CertificateState.DISPATCHED: _("It waits for the importing authority's confirmation."),
        CertificateState.LOST: _("It is looked for."),
    }
    said = usual.get(matter.status, "")
    if matter.status is CertificateState.SEALED and not queries.profile(matter.office, at=matter.since).four_eyes:
        said = _("It waits for a validating official.")
    return f"{said} {sentences.said(reason.text)}".strip() if reason is not None and said else said


@pages.page(Act.EVIDENCE_READ)
def file(request: Request, reference: str, attachment: int) -> HttpResponseBase:
    """Hand a file out, never to be run."""
    matter = queries.application(reference, request.actor)
    held = matter.attachments.filter(pk=attachment).first()
    if held is None:
        raise lodging.AttachmentMissing("There is no such file.", where="file", mend="Look at the list of files.")
    return evidence.answer(request, evidence.get(held.evidence), held.name)


@pages.page(Act.CERTIFICATE_READ)
def signed_object(request: Request, number: str) -> HttpResponseBase:
    """Hand out the signed bytes."""
    held = queries.certificate(number.replace("_", "/"), request.actor)
    name = f"{number}.cose"
    return download(bytes(held.content.cose), name, "application/cose")


@pages.page(Act.CERTIFICATE_READ)
def json_view(request: Request, number: str) -> HttpResponseBase:
    """Hand out the JSON view."""
    held = queries.certificate(number.replace("_", "/"), request.actor)
    typed = codec.decode_certificate(cose.read(bytes(held.content.cose)).payload)
    text = json.dumps(views.certificate_to_json(typed), ensure_ascii=False, indent=2) + "\n"
    return download(text.encode(), f"{number}.json", "application/json")


def download(data: bytes, name: str, media_type: str) -> FileResponse:
    """Return bytes to be stored under a name."""
    return FileResponse(io.BytesIO(data), as_attachment=True, filename=name, content_type=media_type)


def balance_sentence(matter: Application, *, at: datetime) -> str:
    """Return in a sentence what the trader's book covers, for whoever decides about a shortfall."""
    breaches = desk.standing_in_the_way(matter, at=at)
    return " ".join(sentences.said(breach.what) for breach in breaches if breach.rule == desk.BALANCE_RULE)
