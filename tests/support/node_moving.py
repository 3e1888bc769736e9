"""Builders for moving in: a table of the old records, and taking it over."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from macle.node.audit import intake
from macle.node.audit.models import Line
from macle.node.exporting.moving import Certificates
from macle.node.permissions import Act
from macle.node.traders.moving import Licensees
from macle.paper import mappings
from macle.paper.mappings import Mapping, Reader
from tests.support.node_registry import ADMINISTRATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from macle.node.audit.intake import Judged, Summary, Taker
    from macle.paper.mappings import Field

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)

BOOK = {
    "number": "BW00000001",
    "state": "confirmed",
    "date_of_issuance": "2019-03-04",
    "date_of_expiry": "2019-05-04",
    "exporter": "Selle River Mining",
    "importer": "Quayside Rough Trading",
    "destination": "BE",
    "origin": "BW",
    "carats": "1234.50",
    "value": "98000.00",
    "parcels": "3",
}
"""A row of the old book, by our own headings."""

LICENCE = {
    "name": "Brindle Alluvials",
    "address": "4 Assay Lane",
    "town": "Port Selle",
    "country": "BW",
    "residence": "company registered in Botswana",
    "kind": "exporter",
    "licence": "EXP-17",
    "since": "2026-01-01",
    "last_day": "2026-12-31",
    "area": "",
}
"""A row of the old list of licences."""


def table(row: dict[str, str], *changes: dict[str, str]) -> list[list[str]]:
    """Return a table with headings and a row for each of the changes."""
    return [list(row), *([*(row | each).values()] for each in (changes or ({},)))]


def mapping_of(rows: Sequence[Sequence[str]], fields: Sequence[Field]) -> Mapping:
    """Return the mapping of a table that is in our own words."""
    names = {each.name for each in fields}
    return Mapping(columns={heading: heading for heading in rows[0] if heading in names})


def take(
    taker: Taker,
    rows: Sequence[Sequence[str]],
    *,
    mapping: Mapping | None = None,
    recording: bool = True,
    at: datetime = AT,
) -> tuple[Summary, list[Judged]]:
    """Take the rows over, and return the sums and each row with what became of it."""
    read = mapping or mapping_of(rows, taker.fields)
    reader = Reader(read, fields=taker.fields, headings=rows[0])
    content = "\n".join("\t".join(row) for row in rows).encode()
    written = mappings.to_toml(read, fields=taker.fields, headings=rows[0])
    steps = list(
        intake.take(
            taker,
            reader.rows(rows[1:]),
            reader=reader,
            file=hashlib.sha256(content).hexdigest(),
            mapping=hashlib.sha256(written).hexdigest(),
            recording=recording,
            by=ADMINISTRATOR,
            now=lambda: at,
        )
    )
    summary = steps[-1][0] if steps else intake.Summary()
    return summary, [each for _, judged in steps for each in judged]


def take_book(*changes: dict[str, str], recording: bool = True) -> tuple[Summary, list[Judged]]:
    """Take over a row of the old book for each of the changes."""
    return take(Certificates(), table(BOOK, *changes), recording=recording)


def take_licences(*changes: dict[str, str], recording: bool = True) -> tuple[Summary, list[Judged]]:
    """Take over a licence for each of the changes."""
    return take(Licensees(), table(LICENCE, *changes), recording=recording)


def said(judged: Iterable[Judged]) -> list[tuple[int, str, str]]:
    """Return row, column and reason of each problem."""
    return [(each.row.number, problem.column, problem.reason.name) for each in judged for problem in each.problems]


def lines() -> list[Line]:
    """Return the lines of the audit that moving in left."""
    return list(Line.objects.filter(tag=Act.LEGACY_MOVE_IN).order_by("number"))
