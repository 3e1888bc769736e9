"""What this office puts into the bar and the find box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from macle.node.desk import navigation
from macle.node.desk.navigation import Entry, Found
from macle.node.permissions import Act
from macle.node.traders import queries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from macle.node.permissions import Actor

_MOST: Final = 20
_SHORTEST: Final = 2


def enter() -> None:
    """Enter the pages of this office in the bar, and answer the find box."""
    navigation.enter(
        Entry(
            label=_("Traders"),
            url="traders:register-of-traders",
            act=Act.TRADER_READ,
            order=60,
            hide_from=acts_for_one_trader,
        ),
        Entry(label=_("Stock book"), url="traders:own-book", act=Act.MESSAGE_READ, order=40),
        Entry(label=_("Licences"), url="traders:own", act=Act.MESSAGE_READ, order=50),
        Entry(label=_("Messages"), url="traders:messages", act=Act.MESSAGE_READ, order=70),
    )
    navigation.answer_find("traders", find)


def acts_for_one_trader(actor: Actor) -> bool:
    """Return whether the register is one trader long for this person: then it needs no entry."""
    reach = actor.reach(Act.TRADER_READ)
    return not reach.everything and len(reach.traders) == 1


def find(text: str, *, by: Actor, at: datetime) -> Iterator[Found]:  # noqa: ARG001 (the find box asks all alike)
    """Give the traders within reach whose reference, name, town or licence number is like the text."""
    if len(text) < _SHORTEST:
        return
    like = (
        Q(reference__iexact=text)
        | Q(name__icontains=text)
        | Q(latin_name__icontains=text)
        | Q(licences__number__iexact=text)
    )
    for trader in queries.traders_of(by).filter(like).distinct()[:_MOST]:
        yield Found(
            kind=_("Trader"),
            label=trader.name,
            address=reverse("traders:trader", args=[trader.reference]),
            about=f"{trader.reference} · {trader.town}",
        )
