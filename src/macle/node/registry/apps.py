"""The app of this office."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from macle.node.desk.navigation import Found
    from macle.node.permissions import Actor


class RegistryConfig(AppConfig):
    """Offices, officials with their keys, and the authorities of partners."""

    name = "macle.node.registry"
    label = "registry"

    def ready(self) -> None:
        """Enter the lists into the bar, and answer the find box."""
        from macle.node.desk import navigation  # noqa: PLC0415 (once the apps are there)
        from macle.node.desk.navigation import Entry  # noqa: PLC0415
        from macle.node.permissions import Act  # noqa: PLC0415

        navigation.enter(
            Entry(label=gettext_lazy("Partners"), url="registry:partners", act=Act.PARTNER_READ, order=70),
            Entry(label=gettext_lazy("Offices"), url="registry:offices", act=Act.OFFICE_READ, order=80),
            Entry(label=gettext_lazy("Officials"), url="registry:officials", act=Act.OFFICE_READ, order=81),
        )
        navigation.answer_find("registry", _find)


def _find(text: str, *, by: Actor, at: datetime) -> Iterator[Found]:
    """Give the partners whose code or authority begins so."""
    from django.db.models import Q  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from macle.node.desk.navigation import Found  # noqa: PLC0415
    from macle.node.registry import queries  # noqa: PLC0415

    most = 10
    named = Q(participant__iexact=text) | Q(authority__istartswith=text)
    for each in queries.partners_of(by, at=at).filter(named)[:most]:
        address = reverse("registry:partner", args=[each.participant])
        yield Found(kind=gettext_lazy("Partner"), label=each.participant, address=address, about=each.authority)
