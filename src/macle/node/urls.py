"""Where everything is."""

from __future__ import annotations

from django.urls import include, path

from macle.node import health

urlpatterns = [
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("", include("macle.node.desk.urls")),
    path("", include("macle.node.audit.urls")),
    path("", include("macle.node.accounts.urls")),
    path("", include("macle.node.registry.urls")),
    path("", include("macle.node.traders.urls")),
    path("", include("macle.node.exchange.urls")),
    path("", include("macle.node.exporting.urls")),
    path("", include("macle.node.importing.urls")),
]

handler400 = "macle.node.desk.pages.bad_request"
handler403 = "macle.node.desk.pages.forbidden"
handler404 = "macle.node.desk.pages.not_found"
handler500 = "macle.node.desk.pages.broken"
