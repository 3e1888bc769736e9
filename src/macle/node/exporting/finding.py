"""What the find box finds at this desk: a number, a reference, a seal, or the name of an importer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from macle.node.desk.navigation import Found
from macle.node.exporting import queries, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from macle.node.permissions import Actor

MOST = 20


def find(text: str, *, by: Actor, at: datetime) -> Iterator[Found]:  # noqa: ARG001 (as the find box asks)
    """Give what is called so, within the actor's reach: exact numbers first, then what holds the text."""
    plain = "".join(text.split()).upper()
    reachable = queries.applications_of(by)
    exact = reachable.filter(Q(number=plain) | Q(number__endswith=plain, number__regex=r"^..") | Q(reference=plain))
    found = list(exact[:MOST]) if plain else []
    if not found:
        found = list(
            reachable.filter(Q(number__contains=plain) | Q(importer_name__icontains=text) | Q(seals__icontains=text))[
                :MOST
            ]
        )
    for matter in found:
        yield Found(
            kind=_("Certificate") if matter.number else _("Application"),
            label=matter.number or matter.reference,
            address=reverse("exporting:application", args=[matter.reference]),
            about=f"{words.state(matter.state)}, {matter.exporter_name}",
        )
    yield from _earlier(text, plain, by=by)


def _earlier(text: str, plain: str, *, by: Actor) -> Iterator[Found]:
    """Give what was issued before this node: exact numbers first, then what holds the text."""
    reachable = queries.earlier_of(by)
    exact = Q(number=plain) | Q(number__endswith=plain, number__regex=r"^..")
    found = list(reachable.filter(exact)[:MOST]) if plain else []
    if not found:
        holding = Q(number__contains=plain) | Q(names__exporter__icontains=text) | Q(names__importer__icontains=text)
        found = list(reachable.filter(holding)[:MOST])
    for held in found:
        yield Found(
            kind=_("Issued on paper before this node"),
            label=held.number,
            address=reverse("exporting:earlier-certificate", args=[held.number.replace("/", "_")]),
            about=", ".join(filter(None, (words.legacy_mark(held.state)[1], held.names.exporter))),
        )
