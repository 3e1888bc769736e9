"""Presenting: what was brought is read and judged, and only then, on a page of its own, is the number used.

Looking writes nothing, and what is used is exactly what was looked at: it travels from the one page to the other as a
token that is good for this person alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from macle import errors
from macle.node.audit import evidence
from macle.node.desk import pages
from macle.node.importing import forms, judging, papers, queries
from macle.node.importing.actions import presenting
from macle.node.importing.models import Alarm, Way
from macle.node.importing.pages import reports
from macle.node.permissions import Act
from macle.paper.carriers import Carried
from macle.proof import qr
from macle.proof.verification import Answer
from macle.scheme.terms import CertificateNumber, TermInvalid

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request

_BROUGHT: Final = "macle.node.importing.brought"


class SeveralBrought(errors.Malformed):
    """A file carries more than one certificate."""

    code = "several-brought"


class BroughtLost(errors.Malformed):
    """What was looked at is not what is presented."""

    code = "brought-lost"


@pages.page(Act.CERTIFICATE_PRESENT, post=True)
def present(request: Request) -> HttpResponseBase:
    """Read what was brought and show the report; when that is sent, use the number."""
    if request.method == "POST" and request.POST.get("do") == "present":
        return _presented(request)
    form = forms.BringForm(request.POST, request.FILES) if request.method == "POST" else forms.BringForm()
    if form.is_bound and form.is_valid():
        if number := number_in(form.cleaned_data["what"]):
            return HttpResponseRedirect(f"{reverse('importing:paper')}?{urlencode({'number': number})}")
        try:
            brought, token = _read(request, form)
            return _looked_at(request, brought, token)
        except errors.MacleError as error:
            form.take(error)
    status = 422 if form.is_bound else 200
    return pages.render(request, "importing/bring.html", {"form": form}, status=status)


@pages.page(Act.CERTIFICATE_PRESENT, post=True)
def paper(request: Request) -> HttpResponseBase:
    """Take what a paper certificate says, with its pictures, and show the report; nothing is used yet."""
    form = (
        forms.PaperForm(request.POST, request.FILES)
        if request.method == "POST"
        else forms.PaperForm(initial={"number": request.GET.get("number", "")})
    )
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            held = [_kept(request, given[side], where=side) for side in ("front", "back") if given[side]]
            brought = papers.Paper(typed=form.typed(), pictures=tuple(held), looks_right=given["looks"] == "yes")
            return _looked_at(request, brought, _token(request, paper=brought.plain()))
        except errors.MacleError as error:
            form.take(error)
    status = 422 if form.is_bound else 200
    return pages.render(request, "importing/paper.html", {"form": form}, status=status)


def _kept(request: Request, upload: UploadedFile[bytes], *, where: str) -> str:
    """Keep a picture of the paper, and return its digest."""
    name = upload.name or where
    held = evidence.keep(data=upload, name=name, by_identifier=request.actor.identifier, at=request.at, where=where)
    if not evidence.has_picture(held):
        raise evidence.UploadRefused(f"{name} is no picture.", where=where, mend="Scan the sheet, or photograph it.")
    return held.sha256


def number_in(text: str | None) -> str:
    """Return the number of a certificate if that is what was typed, and nothing else."""
    try:
        return str(CertificateNumber.parse(" ".join((text or "").upper().split())))
    except TermInvalid:
        return ""


def _read(request: Request, form: forms.BringForm) -> tuple[Carried, str]:
    """Return what was brought, and the token by which the next page knows it."""
    upload = form.cleaned_data.get("file")
    if not upload:
        text = str(form.cleaned_data["what"]).strip()
        return only(judging.brought(text.encode())), _token(request, text=text)
    data = upload.read()
    carried = only(judging.brought(data))
    if carried.stamps is None:
        # What matters of a picture or of bytes is the code; a stamped file is judged whole.
        text = carried.data if isinstance(carried.data, str) else qr.to_text(carried.data)
        return carried, _token(request, text=text, carrier=carried.carrier)
    upload.seek(0)
    held = evidence.keep(
        data=upload, name=upload.name, by_identifier=request.actor.identifier, at=request.at, where="file"
    )
    return carried, _token(request, digest=held.sha256)


def only(found: list[Carried]) -> Carried:
    """Return the one certificate that was brought; raise `SeveralBrought`."""
    if len(found) > 1:
        raise SeveralBrought(
            f"{len(found)} certificates are in it.", where="file", mend="Bring one at a time: each is used by itself."
        )
    return found[0]


def _token(request: Request, **what: object) -> str:
    return signing.dumps([what, request.actor.identifier], salt=_BROUGHT, compress=True)


def _brought(request: Request) -> Carried | papers.Paper:
    """Return what was looked at on the page before."""
    try:
        what, whose = signing.loads(request.POST.get("brought", ""), salt=_BROUGHT)
    except (signing.BadSignature, ValueError):
        what, whose = {}, ""
    if whose != request.actor.identifier:
        raise BroughtLost("What was looked at is not there any more.", where="brought", mend="Bring it again.")
    if "paper" in what:
        return papers.read(what["paper"])
    if "digest" in what:
        return only(judging.brought(evidence.read(what["digest"])))
    return Carried(what["text"], what.get("carrier", "QR text"), None)


def _form(request: Request, *, token: str = "", number: str = "") -> forms.PresentForm:
    offices = sorted(request.actor.reach(Act.CERTIFICATE_PRESENT).offices)
    announced = queries.without_certificate(request.actor).filter(announced=number).first() if number else None
    waiting = [
        (each.reference, f"{each.reference}, {each.arrived_on} {each.announced}".strip())
        for each in queries.without_certificate(request.actor)
    ]
    sent = request.POST if request.POST.get("do") == "present" else None
    return forms.PresentForm(
        sent,
        offices=offices,
        waiting=waiting,
        initial={
            "brought": token,
            "way": announced.way if announced else Way.PRESENTED.value,
            "received": announced.reference if announced else "",
        },
    )


def _looked_at(
    request: Request, brought: Carried | papers.Paper, token: str, *, form: forms.PresentForm | None = None
) -> HttpResponseBase:
    """Show what the verifier says, and how it is presented; nothing is written."""
    offices = sorted(request.actor.reach(Act.CERTIFICATE_PRESENT).offices)
    report = judging.report(brought, office=offices[0], at=request.at)
    certificate = report.certificate or report.claim
    on_paper = brought if isinstance(brought, papers.Paper) else None
    context = {
        "paper": on_paper,
        "uses": on_paper.looks_right if on_paper else report.genuine is Answer.YES,
        "seen": reports.seen_of(report, importing=settings.CONFIGURATION.participant),
        "first": judging.using(str(certificate.number)) if certificate is not None else None,
        "form": form or _form(request, token=token, number=str(certificate.number) if certificate else ""),
    }
    return pages.render(request, "importing/present.html", context, status=422 if form is not None else 200)


def _presented(request: Request) -> HttpResponseBase:
    try:
        carried = _brought(request)
    except errors.MacleError as error:
        messages.error(request, f"{error.what} {error.mend}".strip())
        return HttpResponseRedirect(reverse("importing:present"))
    asked = _form(request)
    if not asked.is_valid():
        return _looked_at(request, carried, request.POST.get("brought", ""), form=asked)
    given = asked.cleaned_data
    try:
        done = presenting.present(
            carried=carried,
            office=given["office"],
            way=Way(given["way"]),
            arrived_on=given["arrived_on"],
            customs_reference=given["customs_reference"] or "",
            received=given.get("received") or "",
            by=request.actor,
            at=request.at,
        )
    except presenting.PresentedElsewhere as error:
        alarm = Alarm.objects.select_related("first").get(pk=error.facts["alarm"])
        return pages.render(request, "importing/alarm.html", {"alarm": alarm, "error": error}, status=409)
    except errors.MacleError as error:
        asked.take(error)
        return _looked_at(request, carried, request.POST.get("brought", ""), form=asked)
    messages.success(
        request,
        _("It was presented here before; nothing is written twice.") if done.again else _("The certificate is used."),
    )
    return HttpResponseRedirect(reverse("importing:shipment", args=[done.shipment.reference]))
