"""Where the pages of this office are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from macle.node.exporting.pages import (
    acts,
    confirmations,
    customs,
    earlier,
    fees,
    lists,
    matters,
    needs,
    notices,
    numbers,
    portal,
    technical,
    uploads,
    validating,
)

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

app_name = "exporting"
_MATTER = "applications/<slug:reference>"
urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/", lists.queue, name="queue"),
    path("applications/", lists.applications, name="applications"),
    path("certificates/", lists.certificates, name="certificates"),
    path("certificates/earlier/", earlier.earlier_certificates, name="earlier-certificates"),
    path("certificates/earlier/<str:number>/", earlier.earlier_certificate, name="earlier-certificate"),
    path("needs-certificate", needs.needs, name="needs"),
    path("applications/start", portal.start, name="start"),
    path("applications/technical", technical.begin, name="technical"),
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
    path(f"{_MATTER}/value", acts.value, name="value"),
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
    path("customs/", customs.look, name="customs"),
    path("confirmations/", confirmations.awaited, name="confirmations"),
    path("confirmations/received/", confirmations.received, name="confirmations-received"),
    path("confirmations/record/", confirmations.record, name="record-confirmation"),
    path("confirmations/record-many/", confirmations.record_many, name="record-confirmations"),
    path("confirmations/of/<str:number>/", confirmations.confirmation, name="confirmation"),
    path("confirmations/of/<str:number>/slip", confirmations.slip, name="slip"),
    path("confirmations/of/<str:number>/slip.jpg", confirmations.slip_picture, name="slip-picture"),
    path("confirmations/of/<str:number>/settle", confirmations.settle, name="settle"),
    path("numbers/", numbers.blocks, name="numbers"),
    path("numbers/allot", numbers.allot, name="allot"),
    path("numbers/<int:block>/", numbers.one, name="block"),
    path("numbers/<int:block>/receive", numbers.receive, name="receive-sheets"),
    path("numbers/<int:block>/spoil", numbers.spoil, name="spoil-sheet"),
    path("notices/", notices.notices, name="notices"),
    path("notices/sheets", notices.issue_for_sheets, name="notice-of-sheets"),
    path("notices/key", notices.issue_for_key, name="notice-of-key"),
    path("notices/<int:notice>/", notices.one, name="notice"),
    path("notices/<int:notice>/reconfirm", notices.reconfirm, name="reconfirm"),
    path("notices/<int:notice>/end", notices.end, name="end-notice"),
    path("notices/<int:notice>/evidence", notices.evidence_of, name="notice-evidence"),
    path("fees/", fees.listed, name="fees"),
    path(f"{_MATTER}/fees/charge", fees.charge, name="charge-fee"),
    path("fees/<int:fee>/pay", fees.pay, name="pay-fee"),
    path("fees/<int:fee>/waive", fees.waive, name="waive-fee"),
]
