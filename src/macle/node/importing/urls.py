"""Where the pages of this office are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from macle.node.importing.pages import acts, confirming, lists, presenting, queue, receiving, shipments

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

app_name = "importing"
urlpatterns: list[URLPattern | URLResolver] = [
    path("shipments/", lists.shipments, name="shipments"),
    path("shipments/desk", queue.queue, name="queue"),
    path("shipments/present", presenting.present, name="present"),
    path("shipments/receive", receiving.receive, name="receive"),
    path("shipments/<slug:reference>/", shipments.shipment, name="shipment"),
    path("shipments/<slug:reference>/inspect", acts.inspect, name="inspect"),
    path("shipments/<slug:reference>/release", acts.release, name="release"),
    path("shipments/<slug:reference>/take-back", acts.correct, name="correct"),
    path("shipments/<slug:reference>/decide/<slug:kind>", acts.decide, name="decide"),
    path("shipments/<slug:reference>/decisions/<int:decision>.pdf", acts.letter, name="letter"),
    path("shipments/<slug:reference>/confirm", confirming.confirm, name="confirm"),
    path("shipments/<slug:reference>/confirmation.pdf", confirming.slip, name="slip"),
    path("shipments/<slug:reference>/follow/<slug:name>", acts.follow, name="follow"),
    path("shipments/<slug:reference>/endorsement/ask", acts.ask, name="ask"),
    path("shipments/<slug:reference>/endorsement/answer", acts.answered, name="answered"),
]
