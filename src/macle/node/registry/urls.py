"""Where the pages of this office are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from macle.node.registry import pages

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

app_name = "registry"
urlpatterns: list[URLPattern | URLResolver] = [
    path("offices", pages.offices, name="offices"),
    path("offices/open", pages.open_office, name="open-office"),
    path("offices/change/<path:name>", pages.change_office, name="change-office"),
    path("offices/close/<path:name>", pages.close_office, name="close-office"),
    path("offices/of/<path:name>", pages.office, name="office"),
    path("officials", pages.officials, name="officials"),
    path("officials/appoint", pages.appoint_official, name="appoint-official"),
    path("officials/end", pages.end_official, name="end-official"),
    path("partners", pages.partners, name="partners"),
    path("partners/add", pages.add_partner, name="add-partner"),
    path("partners/<str:code>", pages.partner, name="partner"),
    path("partners/<str:code>/change", pages.change_partner, name="change-partner"),
    path("partners/<str:code>/end", pages.end_partner, name="end-partner"),
    path("partners/<str:code>/record", pages.pin_record, name="pin-record"),
    path("partners/<str:code>/record/end", pages.unpin_record, name="unpin-record"),
]
