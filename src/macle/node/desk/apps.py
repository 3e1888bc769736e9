"""The app of what all pages share."""

from __future__ import annotations

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Carries templates, style sheets and template tags; it has no tables."""

    name = "macle.node.desk"
    label = "desk"
