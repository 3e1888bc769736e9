"""The app of this office."""

from __future__ import annotations

from django.apps import AppConfig


class ImportingConfig(AppConfig):
    """The importing desk: from a certificate that is presented to an import that is confirmed."""

    name = "macle.node.importing"
    label = "importing"

    def ready(self) -> None:
        """Enter the desk's pages in the bar."""
        from django.utils.translation import gettext_lazy as _  # noqa: PLC0415 (once the apps are there)

        from macle.node.desk import navigation  # noqa: PLC0415
        from macle.node.permissions import Act  # noqa: PLC0415

        navigation.enter(
            navigation.Entry(label=_("Shipments"), url="importing:shipments", act=Act.SHIPMENT_READ, order=32)
        )
