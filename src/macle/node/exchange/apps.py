"""The app of this office."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from datetime import datetime


class ExchangeConfig(AppConfig):
    """Letters between authorities: what goes out, by which carrier, and what became of it."""

    name = "macle.node.exchange"
    label = "exchange"

    def ready(self) -> None:
        """Enter the outbox into the bar, and let the clock forget what the interface keeps for a while."""
        from macle.node.desk import navigation  # noqa: PLC0415 (once the apps are there)
        from macle.node.desk.navigation import Entry  # noqa: PLC0415
        from macle.node.exchange import worker  # noqa: PLC0415
        from macle.node.permissions import Act  # noqa: PLC0415

        navigation.enter(
            Entry(label=gettext_lazy("Letters"), url="exchange:letters", act=Act.LETTER_READ, order=60),
        )
        worker.every(_HOUR, "forget answers of the interface")(_forget)
        worker.every(_A_MOMENT, "tell other systems")(_tell)


_HOUR = 3600


_A_MOMENT = 5


def _tell(at: datetime) -> None:
    from macle.node.exchange import webhooks  # noqa: PLC0415

    webhooks.deliver(at)


def _forget(at: datetime) -> None:
    from macle.node.interface import idempotency  # noqa: PLC0415

    idempotency.forget(at=at)
