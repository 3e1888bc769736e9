"""The app of this office."""

from __future__ import annotations

from django.apps import AppConfig


class ImportingConfig(AppConfig):
    """The importing desk: from a certificate that is presented to an import that is confirmed."""

    name = "macle.node.importing"
    label = "importing"
