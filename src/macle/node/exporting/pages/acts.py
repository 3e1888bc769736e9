"""Doing an act: a page that says what follows, asks for what it needs, and goes back to the matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from macle import errors
from macle.node.desk import pages, sentences
from macle.node.exporting import forms, queries, words
from macle.node.exporting.actions import applications, certificates, desk, valuing
from macle.node.exporting.models import AttachmentKind, Block
from macle.node.exporting.pages import matters
from macle.node.permissions import Act
from macle.scheme.lifecycle import CertificateAct

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import QueryDict
    from django.http.response import HttpResponseBase

    from macle.node.desk.forms import Form
    from macle.node.desk.pages import Request
    from macle.node.exporting.models import Application

_WITH_REASON: dict[CertificateAct, Callable[..., Any]] = {
    CertificateAct.CANCEL: applications.cancel,
    CertificateAct.FIND_DEFICIENT: desk.return_to_trader,
    CertificateAct.HOLD: desk.hold,
    CertificateAct.RELEASE_HOLD: desk.release,
    CertificateAct.REJECT: desk.reject,
    CertificateAct.REPLACE: certificates.replace,
    CertificateAct.REPORT_LOST: certificates.report_lost,
    CertificateAct.REPORT_FOUND: certificates.report_found,
    CertificateAct.INVALIDATE: certificates.invalidate,
}
_WITHOUT: dict[CertificateAct, Callable[..., Any]] = {
    CertificateAct.REQUEST_KP_APPROVAL: desk.request_approval,
    CertificateAct.DISPATCH: certificates.dispatch,
}
WEIGHT_RULE = "issuing.weight"
_DECIDED = {CertificateAct.APPROVE: True, CertificateAct.DECLINE: False}


@pages.page(Act.APPLICATION_READ, post=True)
def act(request: Request, reference: str, name: str) -> HttpResponseBase:
    """Do one of the acts that ask for a reason, or only to be confirmed."""
    try:
        chosen = CertificateAct(name.replace("-", "_"))
    except ValueError:
        raise Http404 from None
    matter = queries.application(reference, request.actor)
    if chosen in _WITHOUT:
        run = _WITHOUT[chosen]
        form: Form = forms.ConfirmForm(_sent(request))
    elif chosen in _WITH_REASON or chosen in _DECIDED:
        run, form = _WITH_REASON.get(chosen, desk.approve), forms.ReasonForm(_sent(request))
    else:
        raise Http404
    request.actor.require(queries.TAGS[chosen], office=matter.office, trader=matter.trader_id)
    if request.method == "POST" and form.is_valid():
        given: dict[str, Any] = {"reference": reference, "by": request.actor, "at": request.at, **form.cleaned_data}
        if chosen in _DECIDED:
            given["approved"] = _DECIDED[chosen]
        try:
            run(**given)
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, str(words.DONE[chosen]))
    return _form(
        request,
        matter,
        form,
        heading=str(words.TO_DO[chosen]),
        why=str(words.WHY[chosen]),
        is_grave=chosen in words.GRAVE,
        about=matters.balance_sentence(matter, at=request.at) if chosen is CertificateAct.RELEASE_HOLD else "",
    )


def _sent(request: Request) -> QueryDict | None:
    """Return what was sent, which may be an empty form, or nothing where the page is only asked for."""
    return request.POST if request.method == "POST" else None


def _done(request: Request, reference: str, said: str) -> HttpResponseRedirect:
    messages.success(request, said)
    return HttpResponseRedirect(reverse("exporting:application", args=[reference]))


def _form(
    request: Request,
    matter: Application,
    form: Any,  # noqa: ANN401 (each act has its own)
    *,
    heading: str,
    why: str,
    is_grave: bool = False,
    about: str = "",
    template: str = "exporting/act.html",
    **more: Any,  # noqa: ANN401
) -> HttpResponseBase:
    status = 422 if request.method == "POST" else 200
    context = {"matter": matter, "form": form, "heading": heading, "why": why, "is_grave": is_grave, "about": about}
    return pages.render(request, template, context | more, status=status)


@pages.page(Act.APPLICATION_EXAMINE, post=True)
def examine(request: Request, reference: str) -> HttpResponseBase:
    """Record what was weighed, counted and valued."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.APPLICATION_EXAMINE, office=matter.office)
    form = forms.ExaminationForm(_sent(request), matter=matter)
    if request.method == "POST" and form.is_valid():
        try:
            desk.examine(reference=reference, measured=form.measured, by=request.actor, at=request.at)
        except errors.MacleError as error:
            form.take(error)
        else:
            _say_of_weight(request, matter)
            return _done(request, reference, _("The examination is recorded."))
    return _form(
        request,
        matter,
        form,
        heading=str(words.TO_DO[CertificateAct.EXAMINE]),
        why=str(words.WHY[CertificateAct.EXAMINE]),
        template="exporting/examine.html",
        is_wide=True,
        checks=matters.checks_of(matter, at=request.at) if matter.examined_by else [],
    )


def _say_of_weight(request: Request, matter: Application) -> None:
    """Say at once what the rule of the weight finds in what was just recorded."""
    for breach in queries.examined(matter, at=request.at).breaches:
        if breach.rule == WEIGHT_RULE:
            messages.warning(request, sentences.said(f"{breach.what} {breach.mend}"))


@pages.page(Act.APPLICATION_VALUE, post=True)
def value(request: Request, reference: str) -> HttpResponseBase:
    """Record the government's or an independent valuation."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.APPLICATION_VALUE, office=matter.office)
    form = forms.ValuationForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            valuing.value(reference=reference, by=request.actor, at=request.at, **form.cleaned_data)
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, _("The valuation is recorded."))
    return _form(
        request,
        matter,
        form,
        heading=_("Value the goods"),
        why=_("The legal profile says which of the values counts. What is left empty stays as it was."),
    )


@pages.page(Act.CERTIFICATE_RESERVE, post=True)
def reserve(request: Request, reference: str) -> HttpResponseBase:
    """Reserve a number; on pre-printed forms the sheet on top is read first."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.CERTIFICATE_RESERVE, office=matter.office)
    block = next_block(matter.office)
    form_class = forms.SheetForm if block is not None and block.on_sheets else forms.ConfirmForm
    form = form_class(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            number = desk.reserve(
                reference=reference, by=request.actor, at=request.at, sheet=form.cleaned_data.get("sheet") or ""
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, _("%(number)s is reserved.") % {"number": number.number})
    return _form(
        request,
        matter,
        form,
        heading=str(words.TO_DO[CertificateAct.RESERVE]),
        why=str(words.WHY[CertificateAct.RESERVE]),
        template="exporting/reserve.html",
        stock=block,
        next_number=None if block is None else block.national(block.next),
        checks=matters.checks_of(matter, at=request.at),
    )


def next_block(office: str) -> Block | None:
    """Return the block from which the office's next number comes."""
    blocks = Block.objects.filter(office=office, ended_at=None).order_by("allotted_at", "id")
    return next((block for block in blocks if block.next <= block.last), None)


@pages.page(Act.CERTIFICATE_SEAL, post=True)
def seal(request: Request, reference: str) -> HttpResponseBase:
    """Record the container's seals."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.CERTIFICATE_SEAL, office=matter.office)
    form = forms.SealForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            desk.seal(reference=reference, seals=form.cleaned_data["seals"], by=request.actor, at=request.at)
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, str(words.DONE[CertificateAct.SEAL]))
    return _form(
        request,
        matter,
        form,
        heading=str(words.TO_DO[CertificateAct.SEAL]),
        why=str(words.WHY[CertificateAct.SEAL]),
    )


@pages.page(Act.CERTIFICATE_VOID, post=True)
def void(request: Request, reference: str) -> HttpResponseBase:
    """Void a number with a reason."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.CERTIFICATE_VOID, office=matter.office)
    form = forms.VoidForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            certificates.void(
                reference=reference,
                why=form.cleaned_data["why"],
                words=form.cleaned_data["words"] or "",
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, str(words.DONE[CertificateAct.VOID]))
    return _form(
        request,
        matter,
        form,
        heading=str(words.TO_DO[CertificateAct.VOID]),
        why=str(words.WHY[CertificateAct.VOID]),
        is_grave=True,
    )


@pages.page(Act.SHEET_SPOIL, post=True)
def spoil(request: Request, reference: str) -> HttpResponseBase:
    """Record that the sheet was spoiled; a successor goes on."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.SHEET_SPOIL, office=matter.office)
    form = forms.SpoilForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            successor = certificates.spoil(
                reference=reference, words=form.cleaned_data["words"], by=request.actor, at=request.at
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, successor.reference, _("The sheet is void. This application goes on in its place."))
    return _form(
        request,
        matter,
        form,
        heading=_("Record a spoiled sheet"),
        why=_("Its number is void for ever. The shipment goes on with the same examination and the next number."),
        is_grave=True,
    )


@pages.page(Act.EVIDENCE_ADD, post=True)
def attach(request: Request, reference: str) -> HttpResponseBase:
    """Add a file as evidence."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.EVIDENCE_ADD, office=matter.office, trader=matter.trader_id)
    form = forms.FileForm(_sent(request), request.FILES if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            applications.attach(
                reference=reference,
                kind=AttachmentKind(form.cleaned_data["kind"]),
                data=upload.read(),
                name=upload.name,
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, _("The file is kept."))
    return _form(
        request,
        matter,
        form,
        heading=_("Add a file"),
        why=_("It is kept under its digest, and its digest goes into the full record of the certificate."),
        has_file=True,
    )


@pages.page(Act.CERTIFICATE_PRINT, post=True)
def print_out(request: Request, reference: str, what: str) -> HttpResponseBase:
    """Print a certificate: drawn, on its sheet, a copy, or the label."""
    if what not in {"original", "sheet", "copy", "label"}:
        raise Http404
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.CERTIFICATE_PRINT, office=matter.office)
    form = (forms.SheetForm if what == "sheet" else forms.ConfirmForm)(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            pdf = certificates.print_out(
                reference=reference,
                what=what,
                by=request.actor,
                at=request.at,
                sheet=form.cleaned_data.get("sheet") or "",
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            name = f"{matter.number}.{what}.pdf".replace("/", "_")
            return matters.download(pdf, name, "application/pdf")
    headings = {
        "original": _("Print the certificate"),
        "sheet": _("Print on the official sheet"),
        "copy": _("Print a copy"),
        "label": _("Print the container label"),
    }
    return _form(
        request,
        matter,
        form,
        heading=headings[what],
        why=_("It is written down that you printed it."),
    )


@pages.page(Act.CERTIFICATE_SUSPECT, post=True)
def suspect(request: Request, reference: str) -> HttpResponseBase:
    """Open a suspicion, or end the one that is open."""
    matter = queries.application(reference, request.actor)
    request.actor.require(Act.CERTIFICATE_SUSPECT, office=matter.office)
    is_open = queries.is_suspected(matter)
    form = forms.ReasonForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        words_given = form.cleaned_data["reason"]
        try:
            if is_open:
                desk.clear(reference=reference, outcome=words_given, by=request.actor, at=request.at)
            else:
                desk.suspect(reference=reference, text=words_given, by=request.actor, at=request.at)
        except errors.MacleError as error:
            form.take(error)
        else:
            return _done(request, reference, _("It is recorded."))
    return _form(
        request,
        matter,
        form,
        heading=_("End the suspicion") if is_open else _("Open a suspicion"),
        why=_("Say what came of it.")
        if is_open
        else _("As long as it is open, the trader reads only “under examination”."),
    )
