"""The app of this office."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, their roles for a time, their deputies, and how they sign in."""

    name = "macle.node.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen to what happens at the door."""
        from macle.node.accounts import door  # noqa: F401, PLC0415 (the tables are there only now)
