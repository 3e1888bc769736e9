"""The app of this office."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from macle.node.permissions import Act


class AccountsConfig(AppConfig):
    """Users, their roles for a time, their deputies, and how they sign in."""

    name = "macle.node.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen to what happens at the door, and enter the list of people into the bar."""
        from macle.node.accounts import door  # noqa: F401, PLC0415 (the tables are there only now)
        from macle.node.desk import navigation  # noqa: PLC0415

        navigation.enter(
            navigation.Entry(label=gettext_lazy("People"), url="accounts:users", act=Act.ACCOUNT_READ, order=90)
        )
