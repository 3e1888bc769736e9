"""The app of this office."""

from __future__ import annotations

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Letters between authorities: what goes out, by which carrier, and what became of it."""

    name = "macle.node.exchange"
    label = "exchange"
