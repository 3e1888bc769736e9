"""Where the pages of this office are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from macle.node.importing.pages import lists, presenting, shipments

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

app_name = "importing"
urlpatterns: list[URLPattern | URLResolver] = [
    path("shipments/", lists.shipments, name="shipments"),
    path("shipments/present", presenting.present, name="present"),
    path("shipments/<slug:reference>/", shipments.shipment, name="shipment"),
]
