"""Where everything is."""

from __future__ import annotations

from django.urls import include, path

from macle.node import health
from macle.node.exchange import api as exchange
from macle.node.exporting.api import applications, certificates, confirmations, desk, numbers, validating
from macle.node.importing import api as importing
from macle.node.interface import api
from macle.node.registry import api as registry
from macle.node.traders import api as traders

interface = api.new()
for routes in (
    *(api.own, applications.routes, desk.routes, validating.routes, certificates.routes, confirmations.routes),
    *(numbers.routes, numbers.at_the_border, importing.routes, traders.routes, registry.routes, exchange.routes),
    api.auditing,
):
    interface.add_router("", routes)

urlpatterns = [
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path(f"api/{api.VERSION}/", interface.urls),
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
