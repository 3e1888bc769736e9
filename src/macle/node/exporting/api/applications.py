"""What traders do with applications, and their files."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django.http import HttpResponse
from ninja import Body, Field, File, Form, UploadedFile

from macle.node.audit import evidence
from macle.node.exporting import queries
from macle.node.exporting.actions import applications
from macle.node.exporting.api import shown
from macle.node.exporting.models import AttachmentKind, Channel
from macle.node.interface.api import Breach
from macle.node.interface.bearer import Asked
from macle.node.interface.fields import Given, Key, Line, Plain, Shown, Words
from macle.node.interface.paging import USUAL, After, Limit, Page, page
from macle.node.interface.routes import Routes, file
from macle.node.permissions import Act
from macle.scheme.lifecycle import CertificateAct, CertificateState

if TYPE_CHECKING:
    from macle.node.exporting import models

routes = Routes("Applications")


class Begin(Given):
    """A new draft."""

    trader: Line
    """The reference of the trader, such as T-0001."""
    office: Line
    """The office, as its certificates name it."""
    application: Plain = Field(default_factory=dict)
    """What the trader enters, as spec/schemas/application.schema.json has it; what the register knows is left out."""


class Reason(Given):
    """Why something is done."""

    reason: Words


class Next(Shown):
    """An act that the state allows."""

    act: CertificateAct
    why_not: str
    """Why this token may not do it: its role, or four eyes; empty if it may."""


class WholeApplication(shown.Application):
    """An application with all that hangs on it."""

    entered: Plain
    """What the trader entered."""
    examination: shown.Examination | None
    findings: list[Breach]
    """What the rules say of it now, as long as nothing is signed."""
    acts: list[shown.Step]
    next: list[Next]
    files: list[shown.File]
    replaces: str | None
    """The reference of the application whose certificate it replaces."""
    successor: str | None


@routes.reads("/applications", Act.APPLICATION_READ)
def list_applications(
    request: Asked,
    state: CertificateState | None = None,
    number: Line = "",
    trader: Line = "",
    destination: Line = "",
    after: After | None = None,
    limit: Limit = USUAL,
) -> Page[shown.Application]:
    """List applications."""
    rows = queries.hiding(queries.applications_of(request.actor), request.actor)
    if state is not None:
        rows = rows.filter(queries.in_state(state))
    wanted = {"number": number, "trader_id": trader, "destination": destination}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return page(request, rows, lambda row: shown.application(row, hidden=row.hidden), after=after, limit=limit)


@routes.reads("/applications/{reference}", Act.APPLICATION_READ)
def read_application(request: Asked, reference: str) -> WholeApplication:
    """Read an application with all that hangs on it."""
    matter = queries.application(reference, request.actor)
    hidden = shown.is_hidden(matter, request.actor)
    measured: models.Examination | None = matter.examinations.first()
    successor: models.Application | None = getattr(matter, "successor", None)
    return WholeApplication(
        **shown.application(matter, hidden=hidden).model_dump(),
        entered=matter.entered,
        examination=None if measured is None else shown.examination(measured),
        findings=[] if hidden else [shown.breach(each) for each in queries.findings(matter, at=request.at)],
        acts=[]
        if hidden
        else [shown.step(each) for each in matter.steps.order_by("sequence").select_related("reason")],
        next=[]
        if hidden
        else [
            Next(act=each.act, why_not=each.why_not) for each in queries.next_acts(matter, request.actor, at=request.at)
        ],
        files=[shown.attachment(each) for each in matter.attachments.filter(ended_at=None)],
        replaces=None if matter.replaces is None else matter.replaces.reference,
        successor=None if successor is None else successor.reference,
    )


@routes.writes("/applications", Act.APPLICATION_DRAFT, status=HTTPStatus.CREATED)
def begin_application(request: Asked, given: Begin) -> shown.Application:
    """Begin a draft; it is lodged by an act of its own."""
    draft = applications.begin(
        trader=given.trader,
        office=given.office,
        entered=given.application,
        channel=Channel.INTERFACE,
        by=request.actor,
        at=request.at,
    )
    return shown.after(draft.reference, request.actor)


@routes.writes("/applications/{reference}/entered", Act.APPLICATION_DRAFT, method="PATCH")
def change_application(request: Asked, reference: str, given: Body[Plain]) -> shown.Application:
    """Change what was entered in a draft, or in what was returned; an empty value takes a field out."""
    applications.save(reference=reference, changes=given, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/copy", Act.APPLICATION_DRAFT, status=HTTPStatus.CREATED)
def copy_application(request: Asked, reference: str) -> shown.Application:
    """Begin a draft with what was entered in an earlier application."""
    draft = applications.copy(reference=reference, by=request.actor, at=request.at)
    return shown.after(draft.reference, request.actor)


@routes.writes("/applications/{reference}/lodge", Act.APPLICATION_LODGE)
def lodge_application(request: Asked, reference: str) -> shown.Application:
    """Lodge a draft, or again what was returned; every rule is asked, and all breaches come back at once."""
    applications.lodge(reference=reference, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/withdraw", Act.APPLICATION_WITHDRAW)
def withdraw_application(request: Asked, reference: str, given: Reason) -> shown.Application:
    """Take an application back before a number is reserved for it."""
    applications.cancel(reference=reference, reason=given.reason, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/files", Act.EVIDENCE_ADD, status=HTTPStatus.CREATED, whole=False)
def attach_file(
    request: Asked,
    reference: str,
    kind: Form[AttachmentKind],
    upload: File[UploadedFile],
) -> shown.File:
    """Keep a file as evidence beside an application: PDF, picture, table or text."""
    held = applications.attach(
        reference=reference,
        kind=kind,
        data=upload.read(),
        name=upload.name or "file",
        by=request.actor,
        at=request.at,
    )
    return shown.attachment(held)


@routes.reads("/applications/{reference}/files/{attachment}", Act.EVIDENCE_READ, file="application/octet-stream")
def read_file(request: Asked, reference: str, attachment: Key) -> HttpResponse:
    """Read a file."""
    matter = queries.application(reference, request.actor)
    held = matter.attachments.filter(pk=attachment).first()
    if held is None:
        raise applications.AttachmentMissing("There is no such file.", where="file", mend="Look at the list of files.")
    name = evidence.file_name(held.name, evidence.get(held.evidence).media_type)
    return file(evidence.read(held.evidence), name, "application/octet-stream")


@routes.writes("/applications/{reference}/files/{attachment}/detach", Act.EVIDENCE_ADD)
def detach_file(request: Asked, reference: str, attachment: Key) -> shown.Application:
    """Take a file out of a draft; its bytes stay in the store."""
    applications.detach(reference=reference, attachment=attachment, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)
