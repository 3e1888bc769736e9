"""The app of this office."""

from __future__ import annotations

from django.apps import AppConfig


class TradersConfig(AppConfig):
    """Licensed exporters, importers, agents, couriers and miners, and their balance of carats."""

    name = "macle.node.traders"
    label = "traders"

    def ready(self) -> None:
        """Enter what stands in the bar, and what the find box finds."""
        from macle.node.traders import navigation  # noqa: PLC0415 (models are there only now)

        navigation.enter()
