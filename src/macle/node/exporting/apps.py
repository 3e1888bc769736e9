"""The app of this office."""

from __future__ import annotations

from django.apps import AppConfig


class ExportingConfig(AppConfig):
    """The exporting desk: from an application to a certificate that is on its way and confirmed."""

    name = "macle.node.exporting"
    label = "exporting"
