"""Certificates: what is signed, and all that ends or moves them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from django.http import HttpResponse

from macle import errors
from macle.node.exporting import queries
from macle.node.exporting.actions import certificates, desk
from macle.node.exporting.api import shown
from macle.node.exporting.api.applications import Reason
from macle.node.interface.bearer import Asked
from macle.node.interface.fields import Given, Line, Plain, Shown, Words
from macle.node.interface.paging import USUAL, After, Limit, Page, page
from macle.node.interface.routes import COSE, PDF, Routes, file
from macle.node.permissions import Act
from macle.scheme.lifecycle import CertificateState

routes = Routes("Certificates")


class WholeCertificate(shown.Certificate):
    """A certificate with what it says."""

    certificate: Plain | None
    """The JSON view, as spec/schemas/certificate.schema.json has it; null once its time to be kept is over."""


class Void(Given):
    """Why a number is void."""

    why: Line
    """One of the reasons of the list, such as: printer error."""
    words: Words = ""
    """In one's own words; needed where the reason is another one."""


class Print(Given):
    """What is printed."""

    what: Literal["original", "sheet", "copy", "label"]
    sheet: Line = ""
    """The number that was read from the pre-printed sheet in the printer."""


class Suspicion(Given):
    """What is suspected, or what came of it."""

    text: Words


class Technical(Given):
    """For whom goods go back, at which office, and under which certificate they arrived."""

    trader: Line
    office: Line
    arrived_under: Line
    """The number of the certificate under which the goods arrived."""


class Begun(Shown):
    """A draft that is its trader's own."""

    reference: str


class ContentErased(errors.NotFound):
    """The certificate's time to be kept is over, and its signed bytes are not here any more."""

    code = "content-erased"


@routes.reads("/certificates", Act.CERTIFICATE_READ)
def list_certificates(
    request: Asked,
    state: CertificateState | None = None,
    number: Line = "",
    destination: Line = "",
    after: After | None = None,
    limit: Limit = USUAL,
) -> Page[shown.Certificate]:
    """List certificates."""
    rows = queries.certificates_of(request.actor).select_related("application")
    rows = queries.hiding(rows, request.actor, application="application_id")
    if state is not None:
        rows = rows.filter(queries.in_state(state, of="application__state"))
    wanted = {"number": number, "destination": destination}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return page(request, rows, lambda row: shown.certificate(row, hidden=row.hidden), after=after, limit=limit)


@routes.reads("/certificates/{number}", Act.CERTIFICATE_READ)
def read_certificate(request: Asked, number: str) -> WholeCertificate:
    """Read a certificate with what it says."""
    held = queries.certificate(_number(number), request.actor)
    hidden = shown.is_hidden(held.application, request.actor)
    return WholeCertificate(
        **shown.certificate(held, hidden=hidden).model_dump(), certificate=shown.view_of(bytes(held.content.cose))
    )


def _number(part: str) -> str:
    return part.replace("_", "/")


@routes.reads("/certificates/{number}/signed", Act.CERTIFICATE_READ, file=COSE)
def read_signed(request: Asked, number: str) -> HttpResponse:
    """Read the signed bytes."""
    held = queries.certificate(_number(number), request.actor)
    if not held.content.cose:
        raise ContentErased("The signed bytes are not kept any longer.", where="number")
    return file(bytes(held.content.cose), f"{number}.cose", COSE)


@routes.writes("/applications/{reference}/print", Act.CERTIFICATE_PRINT, whole=False, file=PDF)
def print_certificate(request: Asked, reference: str, given: Print) -> HttpResponse:
    """Print the original, the values for its sheet, a copy or the container's label; it is written down."""
    pdf = certificates.print_out(
        reference=reference, what=given.what, sheet=given.sheet, by=request.actor, at=request.at
    )
    return file(pdf, f"{reference}-{given.what}.pdf", PDF)


@routes.writes("/applications/{reference}/dispatch", Act.CERTIFICATE_DISPATCH)
def dispatch_shipment(request: Asked, reference: str) -> shown.Application:
    """Record that the shipment left with its certificate; from now on the confirmation is awaited."""
    certificates.dispatch(reference=reference, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/void", Act.CERTIFICATE_VOID)
def void_number(request: Asked, reference: str, given: Void) -> shown.Application:
    """Void a reserved number, or a certificate that did not leave."""
    certificates.void(reference=reference, why=given.why, words=given.words, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/spoil", Act.SHEET_SPOIL)
def spoil_sheet(request: Asked, reference: str, given: Suspicion) -> shown.Application:
    """Record that a sheet was spoiled; what comes back is the successor, which goes on at the desk."""
    successor = certificates.spoil(reference=reference, words=given.text, by=request.actor, at=request.at)
    return shown.after(successor.reference, request.actor)


@routes.writes("/applications/{reference}/replace", Act.CERTIFICATE_REPLACE)
def replace_certificate(request: Asked, reference: str, given: Reason) -> shown.Application:
    """Begin the replacement of a certificate; what comes back is the successor, which goes on at the desk."""
    successor = certificates.replace(reference=reference, reason=given.reason, by=request.actor, at=request.at)
    return shown.after(successor.reference, request.actor)


@routes.writes("/applications/{reference}/report-lost", Act.CERTIFICATE_REPORT_LOST)
def report_lost(request: Asked, reference: str, given: Reason) -> shown.Application:
    """Record that a certificate was lost; the partner is told."""
    certificates.report_lost(reference=reference, reason=given.reason, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/report-found", Act.CERTIFICATE_REPORT_FOUND)
def report_found(request: Asked, reference: str, given: Reason) -> shown.Application:
    """Record that a lost certificate was found."""
    certificates.report_found(reference=reference, reason=given.reason, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/invalidate", Act.CERTIFICATE_INVALIDATE)
def invalidate_certificate(request: Asked, reference: str, given: Reason) -> shown.Application:
    """Invalidate a certificate whose data are inaccurate or have changed; the partner is told."""
    certificates.invalidate(reference=reference, reason=given.reason, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/suspect", Act.CERTIFICATE_SUSPECT)
def open_suspicion(request: Asked, reference: str, given: Suspicion) -> shown.Application:
    """Open a suspicion: the trader then reads only *under examination*."""
    desk.suspect(reference=reference, text=given.text, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/applications/{reference}/clear", Act.CERTIFICATE_SUSPECT)
def end_suspicion(request: Asked, reference: str, given: Suspicion) -> shown.Application:
    """End a suspicion with what came of it."""
    desk.clear(reference=reference, outcome=given.text, by=request.actor, at=request.at)
    return shown.after(reference, request.actor)


@routes.writes("/technical-applications", Act.APPLICATION_BEGIN_TECHNICAL, status=HTTPStatus.CREATED)
def begin_technical(request: Asked, given: Technical) -> Begun:
    """Begin, for a trader, the application for a technical certificate; the trader fills it in and lodges it."""
    draft = certificates.technical(
        trader=given.trader,
        office=given.office,
        arrived_under=given.arrived_under,
        by=request.actor,
        at=request.at,
    )
    return Begun(reference=draft.reference)
