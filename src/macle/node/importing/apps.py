"""The app of this office."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from macle.node.desk.navigation import Found
    from macle.node.permissions import Actor


class ImportingConfig(AppConfig):
    """The importing desk: from a certificate that is presented to an import that is confirmed."""

    name = "macle.node.importing"
    label = "importing"

    def ready(self) -> None:
        """Enter the desk's pages in the bar, and let the find box find its shipments."""
        from django.utils.translation import gettext_lazy as _  # noqa: PLC0415 (once the apps are there)

        from macle.node.desk import navigation  # noqa: PLC0415
        from macle.node.permissions import Act  # noqa: PLC0415

        navigation.enter(
            navigation.Entry(label=_("Import desk"), url="importing:queue", act=Act.CERTIFICATE_PRESENT, order=12),
            navigation.Entry(label=_("Arrivals"), url="importing:border", act=Act.SHIPMENT_HAND_OVER, order=36),
            navigation.Entry(label=_("Shipments"), url="importing:shipments", act=Act.SHIPMENT_READ, order=32),
        )
        navigation.answer_find("importing", _find)


def _find(text: str, *, by: Actor, at: datetime) -> Iterator[Found]:
    from macle.node.importing import finding  # noqa: PLC0415

    return finding.find(text, by=by, at=at)
