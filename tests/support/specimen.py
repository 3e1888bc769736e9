"""Pages with every part of the kit, and pages that fail in every way: for tests alone."""
# ruff: noqa: E501 (the template)

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.template import engines
from django.urls import include, path

from macle import errors
from macle.node.audit.models import Line
from macle.node.desk import forms, lists, marks, pages, parts
from macle.node.permissions import Act
from macle.scheme.rules import RulesRefuse, breach
from macle.scheme.terms import Carats
from tests.support.node_desk import AT

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request


class Shipment(forms.Form):
    exporter = forms.TextField(label="Exporter", help_text="As on its licence.")
    number = forms.NumberField(label="Certificate number", required=False)
    carats = forms.CaratsField(label="Weight", help_text="To the hundredth of a carat.")
    value = forms.DollarsField(label="Value", missing="Give a value in US$.")
    parcels = forms.CountField(label="Parcels", least=1, most=999)
    destination = forms.ParticipantField(label="Importing Participant", without=["BW"])
    origin = forms.CountryField(label="Mined in")
    day = forms.DayField(label="Day of the invoice", required=False)
    decision = forms.ChoiceField(
        label="Your decision",
        choices=[("accept", "Accept"), ("return", "Return to the trader"), ("hold", "Hold")],
        hints={"return": "The trader mends it and lodges it again.", "hold": "An official decides within five days."},
    )
    copies = forms.ChoicesField(
        label="Send copies to", choices=[("a", "Customs"), ("b", "The importer")], required=False
    )
    invoice = forms.FileField(label="Invoice", endings=[".pdf"], most=1000, required=False)
    reason = forms.ReasonField()
    declaration = forms.TickField(
        label="I declare that these are no conflict diamonds.", help_text="KPCS Annex II, 17."
    )


LINES = lists.Listing(
    name="audit",
    title="Lines of the audit",
    intro="What was done at this node, by whom and when.",
    order=("-number",),
    columns=[
        lists.Column(name="subject", label="About", sort="subject", under=lambda line: f"by {line.actor}"),
        lists.Column(name="number", label="Line", kind=lists.Kind.COUNT, sort="number"),
        lists.Column(
            name="weight", label="Carats", kind=lists.Kind.CARATS, value=lambda line: Carats(line.number * 12345)
        ),
        lists.Column(
            name="certificate", label="Certificate", kind=lists.Kind.NUMBER, value=lambda line: f"BW{line.number:07}"
        ),
        lists.Column(name="at", label="When", kind=lists.Kind.INSTANT, sort="at"),
        lists.Column(name="state", label="State", kind=lists.Kind.MARK, value=lambda _: ("valid", "Valid")),
    ],
    filters=[
        lists.TextFilter(name="text", label="About", of=["subject"]),
        lists.ChoiceFilter(name="actor", label="By", choices=[("official-0", "First"), ("official-1", "Second")]),
        lists.DaysFilter(name="day", label="When", of="at", instants=True),
    ],
    empty="The first line comes with the first act.",
)

SPECIMEN = """{% extends "desk/page.html" %}{% load desk i18n %}
{% block title %}Specimen{% endblock %}
{% block crumbs %}{% include "desk/parts/crumbs.html" %}{% endblock %}
{% block heading %}Specimen <bdi class="no"><b>BW</b>0000123</bdi>{% endblock %}
{% block aside %}<p class="said">{% mark "valid" %}</p><p class="said">{% mark "until" "Until 11 January 2027" %}</p>
<p class="aside">{{ request.at|instant }} · Port Selle</p>{% endblock %}
{% block main %}<div class="cols"><div class="stack">
<div class="notice tone-differs">{% mark_alone "differs" %}<div><p><b>Merrow measured 412.20 ct, 0.40 ct less.</b></p>
<p>Before you decide: is the scale tared?</p></div></div>
<section class="sheet queue" aria-labelledby="late"><header>{% mark_alone "late" %}<h2 id="late">Late</h2><span
class="count">3</span><span class="more"><a href="/list">All 19</a></span></header>
<div class="scroll" tabindex="0" role="region" aria-label="Late"><table class="book slips"><thead><tr><th scope="col">Certificate</th><th scope="col">What is missing</th>
<th scope="col">Age and term</th><th scope="col">In words</th><th scope="col" class="fig">Carats</th>
<th scope="col" class="fig">US$</th></tr></thead><tbody>
{% for number, until in waits %}<tr><th scope="row">{{ number|number }}</th><td>Import confirmation<span
class="under">from {{ "NA"|participant }}</span></td><td class="full">{% age since until request.at %}</td>
<td class="full">{% age_words since until request.at %}</td><td class="fig" data-th="Carats">{{ weight|carats:"bare" }}</td>
<td class="fig" data-th="US$">{{ 11843000|dollars:"bare" }}</td></tr>{% endfor %}
</tbody><tfoot><tr><th scope="row">Together</th><td></td><td></td><td></td><td class="fig" data-th="Carats">1,237.80</td>
<td class="fig" data-th="US$">355,290.00</td></tr></tfoot></table></div></section>
<form method="post" enctype="multipart/form-data">{% csrf_token %}{% error_summary form %}
<div class="sheet pad-l"><h2>What does the shipment hold?</h2><div class="fields gap-m">
{% for each in form %}{% field each %}{% endfor %}</div>
<div class="buttons"><button class="button" type="submit">Save and continue</button><button class="button second"
type="submit">Look up</button><button class="button grave" type="submit">Void</button><a href="/">Leave it</a></div>
</div></form>
<section class="sheet pad-l">{% include "desk/parts/answers.html" with title="Check your answers" %}</section>
<section class="sheet pad">{% include "desk/parts/seam.html" with here="Ardesia" there="Merrow" here_code="BW" there_code="NA" here_about="exports" there_about="imports" acts=seam %}</section>
<section><h2>Marks</h2><ul class="sheet pad stack-s">{% for name in marks %}<li>{% mark name %}</li>{% endfor %}</ul>
</section></div>
<aside class="stack" aria-label="Beside it"><section><h2>What may be done</h2>{% include "desk/parts/next_acts.html" with acts=next %}
</section><section><h2>Facts</h2><div class="sheet pad">{% facts "Sheets left" "868" "Next sheet" next_sheet "Value" value "Seals" "" %}</div>
</section><nav aria-label="Steps"><ol class="steps"><li class="done"><a href="/">Who exports</a></li><li
aria-current="step">What it holds</li><li>Evidence</li></ol></nav></aside></div>{% endblock %}"""


@pages.page(pages.PUBLIC, post=True)
def specimen(request: Request) -> HttpResponse:
    form = Shipment(request.POST or None, request.FILES or None)
    if request.method == "POST":
        form.is_valid()
    if request.GET.get("say"):
        messages.success(request, "Selle River Mining is registered as T-0042.")
    context = {
        "form": form,
        "marks": list(marks.DRAWN),
        "crumbs": [("/", "Desk"), ("/list", "Certificates"), ("", "BW 0000123")],
        "since": AT - timedelta(days=18),
        "waits": [("BW0023987", AT - timedelta(days=3)), ("BW0023940", AT + timedelta(days=9)), ("BW0023761", None)],
        "weight": Carats(41260),
        "next_sheet": engines["django"].from_string("{% load desk %}{{ 'BW0024132'|number }}").render({}),
        "value": engines["django"].from_string("{% load desk %}{{ 11843000|dollars }}").render({}),
        "answers": [
            forms.Answer(question="Exporter", answer="Harrow & Finch Rough", change="/", under="licence A-204"),
            forms.Answer(question="Parcels", answer=2, change="/"),
            forms.Answer(question="Together", answer="214.48 ct"),
        ],
        "next": [
            parts.NextAct(label="Validate", address="/", why="You are a validating official of Port Selle."),
            parts.NextAct(label="Replace", why="It has not been endorsed by the importing authority. KPCS III(b)"),
        ],
        "seam": [
            parts.SeamAct(side="here", what="Validated", at=AT, by="Tamsin Vale"),
            parts.SeamAct(side="here", kind="letter", what="Letter sent", at=AT),
            parts.SeamAct(side="there", what="Presented", at=AT + timedelta(days=4), by="Ida Loren"),
            parts.SeamAct(side="there", kind="ahead", what="Confirmation is due"),
        ],
    }
    return HttpResponse(engines["django"].from_string(SPECIMEN).render(context, request))


@pages.page(Act.AUDIT_SEARCH)
def listed(request: Request) -> HttpResponseBase:
    acts = [parts.NextAct(label="Write another", address="/specimen")]
    return lists.answer(request, LINES, Line.objects.all(), acts=acts)


FAILURES: dict[str, Callable[[], Exception]] = {
    "refused": lambda: RulesRefuse(
        [
            *breach("III.b.confirmation-matches", where="carats", what="The weights differ.", mend="Weigh again."),
            *breach("AnnexI.A.language", where="exporter.name", what="There is no form in Latin letters."),
        ]
    ),
    "one": lambda: errors.Refused("The licence ended.", where="T-0042", mend="Renew it.", rule="AnnexI.A.language"),
    "untrusted": lambda: errors.Untrusted("The signature is wrong."),
    "undecided": lambda: errors.Undecided("The trust list is stale."),
    "malformed": lambda: errors.Malformed("<b>This</b> is no certificate."),
    "not-permitted": lambda: errors.NotPermitted("You examined it yourself."),
    "not-found": lambda: errors.NotFound("There is no such trader."),
    "conflict": lambda: errors.Conflict("It was lodged already."),
    "fault": lambda: ZeroDivisionError("secret of Tamsin Vale"),
}


@pages.page(pages.SIGNED_IN)
def fails(request: Request, how: str) -> HttpResponse:  # noqa: ARG001
    raise FAILURES[how]()  # noqa: RSE102 (made when it is asked for)


@pages.page(pages.SIGNED_IN)
def pdf(request: Request) -> HttpResponse:  # noqa: ARG001
    return HttpResponse(b"%PDF-1.7", content_type="application/pdf")


DAY = date(2026, 11, 25)

urlpatterns = [
    path("specimen", specimen),
    path("list", listed, name="list"),
    path("fails/<slug:how>", fails),
    path("pdf", pdf),
    path("", include("macle.node.urls")),
]
handler400 = "macle.node.desk.pages.bad_request"
handler403 = "macle.node.desk.pages.forbidden"
handler404 = "macle.node.desk.pages.not_found"
handler500 = "macle.node.desk.pages.broken"
