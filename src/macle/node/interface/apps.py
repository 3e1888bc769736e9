"""The app of the interface."""

from __future__ import annotations

from django.apps import AppConfig


class InterfaceConfig(AppConfig):
    """The interface for machines."""

    name = "macle.node.interface"
    label = "interface"
