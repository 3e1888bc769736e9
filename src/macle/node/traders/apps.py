"""The app of this office."""

from __future__ import annotations

from django.apps import AppConfig


class TradersConfig(AppConfig):
    """Licensed exporters, importers, agents, couriers and miners, and their balance of carats."""

    name = "macle.node.traders"
    label = "traders"
