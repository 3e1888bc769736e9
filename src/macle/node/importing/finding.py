"""What the find box finds at this desk: a number, a reference, a seal, or the name of an importer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from macle.node.desk.navigation import Found
from macle.node.importing import queries, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from macle.node.permissions import Actor

MOST: Final = 20


def find(text: str, *, by: Actor, at: datetime) -> Iterator[Found]:  # noqa: ARG001 (as the find box asks)
    """Give what is called so, within the actor's reach: exact numbers first, then what holds the text."""
    plain = "".join(text.split()).upper()
    reachable = queries.shipments_of(by)
    found = list(reachable.filter(Q(number=plain) | Q(reference=plain))[:MOST]) if plain else []
    if not found:
        holds = Q(number__contains=plain) | Q(importer_name__icontains=text) | Q(seals__icontains=text)
        found = list(reachable.filter(holds)[:MOST])
    for shipment in found:
        yield Found(
            kind=_("Shipment"),
            label=shipment.number or shipment.reference,
            address=reverse("importing:shipment", args=[shipment.reference]),
            about=f"{words.mark(shipment.state)[1]}, {shipment.importer_name}".rstrip(", "),
        )
