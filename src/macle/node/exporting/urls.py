"""Where the pages of this office are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from macle.node.exporting.pages import acts, lists, matters, needs, portal, uploads, validating

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

app_name = "exporting"
_MATTER = "applications/<slug:reference>"
urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/", lists.queue, name="queue"),
    path("applications/", lists.applications, name="applications"),
    path("certificates/", lists.certificates, name="certificates"),
    path("needs-certificate", needs.needs, name="needs"),
    path("applications/start", portal.start, name="start"),
    path("applications/upload", uploads.upload, name="upload"),
    path("applications/upload/applications.csv", uploads.template, name="upload-template"),
    path("applications/upload/<slug:key>", uploads.report, name="upload-report"),
    path("applications/upload/<slug:key>/lodge", uploads.lodge_all, name="lodge-all"),
    path(f"{_MATTER}/copy", portal.copy, name="copy"),
    path(f"{_MATTER}/draft", portal.draft, name="draft"),
    path(f"{_MATTER}/draft/<slug:name>", portal.step, name="step"),
    path(f"{_MATTER}/check-answers", portal.check_answers, name="check-answers"),
    path(f"{_MATTER}/", matters.application, name="application"),
    path(f"{_MATTER}/examine", acts.examine, name="examine"),
    path(f"{_MATTER}/reserve", acts.reserve, name="reserve"),
    path(f"{_MATTER}/seal", acts.seal, name="seal"),
    path(f"{_MATTER}/validate", validating.validate, name="validate"),
    path(f"{_MATTER}/to-be-signed.pdf", validating.document, name="document"),
    path(f"{_MATTER}/void", acts.void, name="void"),
    path(f"{_MATTER}/spoil", acts.spoil, name="spoil"),
    path(f"{_MATTER}/suspicion", acts.suspect, name="suspicion"),
    path(f"{_MATTER}/files/add", acts.attach, name="attach"),
    path(f"{_MATTER}/files/<int:attachment>", matters.file, name="file"),
    path(f"{_MATTER}/print/<slug:what>", acts.print_out, name="print"),
    path(f"{_MATTER}/act/<slug:name>", acts.act, name="act"),
    path("certificates/<str:number>/", matters.certificate, name="certificate"),
    path("certificates/<str:number>/certificate.cose", matters.signed_object, name="signed-object"),
    path("certificates/<str:number>/certificate.json", matters.json_view, name="json-view"),
]
