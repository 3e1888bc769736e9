"""Where everything is."""

from __future__ import annotations

from django.urls import path

from macle.node import health

urlpatterns = [
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
]
