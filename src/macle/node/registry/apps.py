"""The app of this office."""

from __future__ import annotations

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Offices, officials with their keys, and the authorities of partners."""

    name = "macle.node.registry"
    label = "registry"
