"""Writing to the audit: the one function that adds a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from macle import errors
from macle.node.audit import chain
from macle.node.audit.models import Chain, Line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class OutsideTransaction(errors.Conflict):
    """A line was to be added without the act that it is about."""

    code = "outside-transaction"


def record(
    *,
    authority: str,
    tag: str,
    actor: str,
    subject: str,
    at: datetime,
    office: str = "",
    facts: Mapping[str, object] | None = None,
) -> Line:
    """Add a line to the authority's chain, in the transaction of the act that it is about.

    ``tag`` says what was done, as ``subject:act``, from an enumeration of the office that does it.
    ``actor`` and ``subject`` are identifiers and never names. Raises `OutsideTransaction`: a line and its act commit
    together or not at all.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("A line is added in the transaction of its act.", where=tag)
    Chain.objects.get_or_create(authority=authority, defaults={"length": 0, "head": chain.BEGINNING})
    held = Chain.objects.select_for_update().get(authority=authority)
    line = Line(
        chain=held,
        number=held.length + 1,
        at=at,
        actor=actor,
        tag=tag,
        subject=subject,
        office=office,
        facts=dict(facts or {}),
    )
    line.digest = chain.digest_of(line.content, before=bytes(held.head))
    line.save(force_insert=True)
    held.length, held.head = line.number, line.digest
    held.save(update_fields=["length", "head"])
    return line
