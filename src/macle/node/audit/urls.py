"""Where the pages of the audit are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from macle.node.audit import pages

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

app_name = "audit"
urlpatterns: list[URLPattern | URLResolver] = [
    path("audit", pages.search, name="search"),
    path("audit/verify", pages.verify, name="verify"),
    path("audit/lines/<int:number>", pages.line, name="line"),
    path("audit/export", pages.export, name="export"),
    path("audit/holds", pages.holds, name="holds"),
    path("audit/holds/place", pages.place, name="place"),
    path("audit/holds/<int:hold>/lift", pages.lift, name="lift"),
]
