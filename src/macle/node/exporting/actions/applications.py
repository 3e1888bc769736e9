"""What a trader does: begin a draft, save it, lodge it, take it back; one by one, by copying, or from a table."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from macle import errors
from macle.node.audit import actions as audit
from macle.node.audit import evidence
from macle.node.exporting import drafting, queries
from macle.node.exporting.actions import steps
from macle.node.exporting.models import Application, Attachment, AttachmentKind, Channel
from macle.node.permissions import Act
from macle.node.registry import queries as registry
from macle.node.traders import queries as traders
from macle.paper import tables
from macle.scheme import applications, rules
from macle.scheme.lifecycle import CertificateAct, CertificateState
from macle.scheme.rules import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from macle.node.exporting.models import Step
    from macle.node.permissions import Actor
    from macle.scheme.rules import Breach

MOST_ENTERED = 64 * 1024
"""Bytes of what a trader enters in one application, as JSON."""

MOST_ATTACHMENTS = 40

MOST_ROWS = 500
"""Rows of a table that are taken at a time: each is looked at by every rule while somebody waits."""

_OPEN = (CertificateState.DRAFT, CertificateState.DEFICIENT)


class DraftTooLarge(errors.Malformed):
    """More was entered than one application holds."""

    code = "draft-too-large"


class DraftMalformed(errors.Malformed):
    """What was entered cannot be kept at all."""

    code = "draft-malformed"


class TooManyRows(errors.Refused):
    """The table has more rows than are taken at a time."""

    code = "too-many-rows"


class NotADraft(errors.Conflict):
    """The application is lodged: what was entered stays as it is."""

    code = "not-a-draft"


class TooManyFiles(errors.Refused):
    """The application has as many files as it may."""

    code = "too-many-files"


class AttachmentMissing(errors.NotFound):
    """There is no such file beside the application."""

    code = "attachment-missing"


def begin(
    *,
    trader: str,
    office: str,
    by: Actor,
    at: datetime,
    entered: Mapping[str, Any] | None = None,
    channel: Channel = Channel.PAGE,
) -> Application:
    """Begin a draft for a trader at an office."""
    by.require(Act.APPLICATION_DRAFT, trader=trader)
    return _begun(Act.APPLICATION_DRAFT, trader=trader, office=office, by=by, at=at, entered=entered, channel=channel)


def begin_at_the_desk(
    *, tag: Act, trader: str, office: str, by: Actor, at: datetime, entered: Mapping[str, Any]
) -> Application:
    """Begin a draft for a trader as an official whom the act ``tag`` lets do it at this office.

    It is the trader's own from then on: only the trader reads it, fills it in, declares and lodges it.
    """
    by.require(tag, office=office)
    return _begun(tag, trader=trader, office=office, by=by, at=at, entered=entered, channel=Channel.DESK)


def _begun(
    tag: Act,
    *,
    trader: str,
    office: str,
    by: Actor,
    at: datetime,
    entered: Mapping[str, Any] | None,
    channel: Channel,
) -> Application:
    with transaction.atomic():
        application = Application(
            reference=steps.new_reference(),
            trader=traders.get(trader),
            office=registry.office(office, at=at).name,
            channel=channel,
            entered=_sound(drafting.kept(entered or {})),
            since=at,
            begun_at=at,
            begun_by=by.identifier,
        )
        _searchable(application)
        application.save(force_insert=True)
        audit.record(
            authority=settings.CONFIGURATION.participant,
            tag=tag,
            actor=by.identifier,
            subject=application.subject,
            at=at,
            office=application.office,
            facts={"trader": trader, "channel": str(channel)},
        )
    return application


def copy(*, reference: str, by: Actor, at: datetime) -> Application:
    """Begin a draft with what was entered in an earlier application of the same trader."""
    earlier = steps.reached(reference, Act.APPLICATION_DRAFT, by, lock=False)
    entered = {name: value for name, value in earlier.entered.items() if name not in _NOT_COPIED}
    if entered.get("kind") in _OF_THE_DESK:
        entered["kind"] = "standard"
    return begin(trader=earlier.trader_id, office=earlier.office, by=by, at=at, entered=entered, channel=Channel.COPY)


_NOT_COPIED = frozenset({"not_conflict_diamonds", "synthetics_declared", "sources", "refers_to"})
"""A declaration is made anew each time, and the sources are those of other goods."""

_OF_THE_DESK = frozenset({"replacement", "technical"})
"""Kinds that only the desk begins."""


def save(*, reference: str, changes: Mapping[str, Any], by: Actor, at: datetime) -> Application:
    """Put what was entered into the draft; an empty value takes a field out.

    A draft is the trader's working paper: saving leaves no line in the audit, lodging does, with the digest of all of
    it. Raises `NotADraft`.
    """
    with transaction.atomic():
        application = steps.reached(reference, Act.APPLICATION_DRAFT, by)
        _require_draft(application)
        entered = {**application.entered, **drafting.kept(changes)}
        application.entered = _sound(
            {name: value for name, value in entered.items() if value not in ("", None, [], {})}
        )
        if application.state == CertificateState.DRAFT:
            application.since = at
        _searchable(application)
        application.save()
    return application


def _require_draft(application: Application) -> None:
    if application.status not in _OPEN:
        raise NotADraft(
            "The application is lodged, and what was entered stays as it is.",
            where="reference",
            mend="Ask the office to return it, or begin another by copying it.",
        )


def _sound(entered: dict[str, Any]) -> dict[str, Any]:
    """Return the data if it can be kept; raise `DraftMalformed` or `DraftTooLarge`.

    Databases do not keep the character nought, half characters, and numbers that are none.
    """
    try:
        text = json.dumps(entered, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except (ValueError, TypeError, RecursionError):
        text, size = "\\u0000", 0
    if "\\u0000" in text:
        raise DraftMalformed(
            "What was entered holds a character that cannot be kept.", where="entered", mend="Type it anew."
        )
    if size > MOST_ENTERED:
        raise DraftTooLarge(
            f"More than {MOST_ENTERED:,} bytes were entered.",
            where="entered",
            mend="Put long lists into a file beside it.",
        )
    return entered


_LONGEST_ORIGIN = 48


def _searchable(application: Application) -> None:
    """Repeat in columns what lists are searched by, as far as it can be read."""
    read = applications.read(drafting.kept(application.entered))
    weight, value = read.carat_weight, read.value
    application.exporter_name = application.trader.name[:120]
    application.importer_name = (read.importer.name if read.importer else "") or ""
    application.destination = read.destination or ""
    application.origin = queries.origin_in_short(read.origin)[:_LONGEST_ORIGIN]
    application.carats_hundredths = weight.hundredths if weight else 0
    application.value_cents = value.hundredths if value else 0


def lodge(*, reference: str, by: Actor, at: datetime) -> Step:
    """Lodge a draft, or again what was returned; every rule is asked first.

    Raises `macle.scheme.rules.RulesRefuse` with all breaches if one refuses. A breach that only holds lets it be
    lodged: the desk holds it once it is examined, and an official decides.
    """
    with transaction.atomic():
        application = steps.reached(reference, Act.APPLICATION_LODGE, by)
        steps.require_allowed(application, CertificateAct.SUBMIT)
        breaches = findings(application, at=at)
        refusing = [breach for breach in breaches if breach.outcome not in (Outcome.REVIEW, Outcome.HOLD)]
        if refusing:
            raise rules.RulesRefuse(refusing)
        application.lodged_at = at
        _searchable(application)
        step = steps.take(
            application,
            CertificateAct.SUBMIT,
            tag=Act.APPLICATION_LODGE,
            by=by,
            at=at,
            facts={
                "entered": digest_of(application.entered),
                "to_look_at": sorted({breach.rule for breach in breaches}),
                "files": sorted(application.attachments.filter(ended_at=None).values_list("evidence", flat=True)),
            },
        )
        steps.tell(application, "lodged", at=at)
    return step


def digest_of(entered: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what was entered, as canonical JSON."""
    text = json.dumps(entered, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def findings(application: Application, *, at: datetime) -> list[Breach]:
    """Return every breach of the rules of an application before its examination, and of the trader's register."""
    return queries.breaches(application, at=at, with_findings=False)


def cancel(*, reference: str, reason: str, by: Actor, at: datetime) -> Step:
    """Take an application back before a number is reserved for it."""
    with transaction.atomic():
        application = steps.reached(reference, Act.APPLICATION_WITHDRAW, by)
        step = steps.take(
            application,
            CertificateAct.CANCEL,
            tag=Act.APPLICATION_WITHDRAW,
            by=by,
            at=at,
            reason=steps.given(reason),
        )
        steps.tell(application, "cancelled", at=at)
    return step


def attach(*, reference: str, kind: AttachmentKind, data: bytes, name: str, by: Actor, at: datetime) -> Attachment:
    """Keep a file as evidence beside an application; raise `macle.node.audit.evidence.UploadRefused`.

    A file that is there as evidence of the same kind is not added again. The bytes are looked at before the transaction
    begins, so that a slow file holds no lock.
    """
    application = steps.reached(reference, Act.EVIDENCE_ADD, by, lock=False)
    held = evidence.keep(data=data, name=name, by_identifier=by.identifier, at=at)
    with transaction.atomic():
        application = steps.reached(reference, Act.EVIDENCE_ADD, by)
        if steps.is_ended(application):
            raise NotADraft("The matter is ended.", where="reference", mend="Add the file to its successor.")
        there = application.attachments.filter(ended_at=None, kind=kind, evidence=held.sha256).first()
        if there is not None:
            return there
        if application.attachments.filter(ended_at=None).count() >= MOST_ATTACHMENTS:
            raise TooManyFiles(
                f"An application has at most {MOST_ATTACHMENTS} files.", where="file", mend="Join several into one PDF."
            )
        attachment = Attachment.objects.create(
            application=application,
            kind=kind,
            evidence=held.sha256,
            name=queries.plain_name(name),
            added_at=at,
            added_by=by.identifier,
        )
        steps.note(application, tag=Act.EVIDENCE_ADD, by=by, at=at, facts={"kind": str(kind), "sha256": held.sha256})
    return attachment


def detach(*, reference: str, attachment: int, by: Actor, at: datetime) -> None:
    """Take a file out of a draft; its bytes stay in the store."""
    with transaction.atomic():
        application = steps.reached(reference, Act.EVIDENCE_ADD, by)
        _require_draft(application)
        held = application.attachments.filter(pk=attachment, ended_at=None).first()
        if held is None:
            raise AttachmentMissing("There is no such file.", where="file", mend="Look at the list of files.")
        held.ended_at = at
        held.save(update_fields=["ended_at"])
        steps.note(application, tag=Act.EVIDENCE_ADD, by=by, at=at, facts={"taken_out": held.evidence})


# --- From a table -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one row of a table: the draft that was made of it, and what stands in its way."""

    place: str
    reference: str
    breaches: tuple[Breach, ...]

    @property
    def stops(self) -> bool:
        """Return whether it cannot be lodged as it is."""
        return any(breach.outcome not in (Outcome.REVIEW, Outcome.HOLD) for breach in self.breaches)


def unread(rule: str, what: str, mend: str) -> Breach:
    """Return again the breach of a row that made no draft, as a report keeps it."""
    return rules.Breach(rule, Outcome.REFUSE, "", what, mend)


def upload(*, data: bytes, name: str, trader: str, office: str, by: Actor, at: datetime) -> list[Row]:
    """Make a draft of each row of a table (CSV, XLSX or JSON), and say of each what stands in its way.

    A row that cannot be read makes no draft and spoils only itself. Nothing is lodged. Raises
    `macle.paper.tables.TableMalformed` if the file holds no table at all, and `TooManyRows`.
    """
    by.require(Act.APPLICATION_DRAFT, trader=trader)
    registry.office(office, at=at)
    given = tables.applications_in(data, queries.plain_name(name))
    if len(given) > MOST_ROWS:
        raise TooManyRows(f"The table has {len(given):,} rows.", where="file", mend=f"Give at most {MOST_ROWS}.")
    made = []
    for lodged in given:
        if lodged.problem is not None or not isinstance(lodged.data, dict):
            problem = lodged.problem or applications.ApplicationMalformed(
                "An application is an object with fields.", mend="Give a table with headings."
            )
            made.append(Row(lodged.place, "", (queries.as_breach(problem),)))
            continue
        try:
            draft = begin(trader=trader, office=office, by=by, at=at, entered=lodged.data, channel=Channel.UPLOAD)
        except errors.Malformed as error:
            made.append(Row(lodged.place, "", (queries.as_breach(error),)))
            continue
        made.append(Row(lodged.place, draft.reference, tuple(findings(draft, at=at))))
    return made
