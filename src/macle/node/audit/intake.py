"""Moving in: rows of the records that an authority kept before its node, taken over chunk by chunk.

The rules of this module:

- A chunk is one transaction with one line of the audit: the digests of file and mapping, the rows, and what was taken.
  A chunk of which nothing is new writes nothing.
- Looking judges each row by the same function as recording, and writes nothing at all.
- There is no mark of how far an intake came: what was taken is there, and is told apart from what is new by its own
  number. So it may be stopped at any point and begun again, with the same file or a mended one.
- Nothing that is there is ever overwritten: a row that differs from it is refused.
"""

from __future__ import annotations

import itertools
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.db import transaction

from macle.node.audit import actions as audit
from macle.node.permissions import Act

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from macle.node.permissions import Actor
    from macle.paper.mappings import Field, Problem, Reader, Row

CHUNK = 1_000
"""Rows of one transaction."""


class Outcome(StrEnum):
    """What becomes of a row."""

    TAKEN = "taken"
    THERE = "already there"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with what becomes of it; ``entry`` is what its taker made of it, and none where it is refused."""

    row: Row
    outcome: Outcome
    entry: Any = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where rows came from: SHA-256 of the file and of its mapping in hexadecimal, who takes them over, and when."""

    file: str
    mapping: str
    by: str
    at: datetime

    @property
    def subject(self) -> str:
        """Return how the audit names it."""
        return f"legacy:{self.file[:16]}"


class Taker(Protocol):
    """What an office takes over. One of them judges one file, from its first row to its last."""

    what: str
    """As in *licensees*."""
    fields: Sequence[Field]

    def lock(self) -> None:
        """Lock, inside the transaction of a chunk, what others may add to while its rows are judged."""

    def judge(self, rows: Sequence[Row], *, reader: Reader, on: date) -> list[Judged]:
        """Return each row with what becomes of it; write nothing."""

    def write(self, judged: Sequence[Judged], *, source: Source) -> Mapping[str, object]:
        """Write down what is taken; return the facts of it for the audit."""

    def group(self, entry: Any) -> tuple[str, int, int]:  # noqa: ANN401 (the taker's own)
        """Return under what an entry is summed up, with its hundredths of a carat and US cents."""


@dataclass(slots=True)
class Summary:
    """What became of the rows so far; groups have count, hundredths of a carat and US cents of what was not refused."""

    rows: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Rows that are refused, by the first problem of each."""
    groups: dict[str, list[int]] = field(default_factory=dict)

    def add(self, judged: Judged, group: tuple[str, int, int] | None) -> None:
        """Count a row."""
        self.rows += 1
        self.outcomes[judged.outcome] += 1
        if judged.problems:
            self.reasons[judged.problems[0].reason] += 1
        if group is not None:
            name, hundredths, cents = group
            held = self.groups.setdefault(name, [0, 0, 0])
            self.groups[name] = [held[0] + 1, held[1] + hundredths, held[2] + cents]


def take(
    taker: Taker,
    rows: Iterable[Row],
    *,
    reader: Reader,
    file: str,
    mapping: str,
    recording: bool,
    by: Actor,
    now: Callable[[], datetime],
) -> Iterator[tuple[Summary, list[Judged]]]:
    """Judge the rows, and take over those that are sound if ``recording``; give the sums so far after each chunk.

    ``file`` and ``mapping`` are SHA-256 in hexadecimal.
    """
    by.require(Act.LEGACY_MOVE_IN)
    summary, remaining = Summary(), iter(rows)
    while chunk := list(itertools.islice(remaining, CHUNK)):
        source = Source(file=file, mapping=mapping, by=by.identifier, at=now())
        with transaction.atomic() if recording else nullcontext():
            if recording:
                taker.lock()
            judged = taker.judge(chunk, reader=reader, on=source.at.date())
            if recording:
                _record(taker, judged, source=source)
        for each in judged:
            summary.add(each, None if each.entry is None else taker.group(each.entry))
        yield summary, judged


def _record(taker: Taker, judged: Sequence[Judged], *, source: Source) -> None:
    counted = Counter(each.outcome for each in judged)
    if not counted[Outcome.TAKEN]:
        return
    facts = taker.write([each for each in judged if each.outcome is Outcome.TAKEN], source=source)
    audit.record(
        authority=settings.CONFIGURATION.participant,
        tag=Act.LEGACY_MOVE_IN,
        actor=source.by,
        subject=source.subject,
        at=source.at,
        facts={
            "what": taker.what,
            "file": source.file,
            "mapping": source.mapping,
            "first_row": judged[0].row.number,
            "last_row": judged[-1].row.number,
            **{outcome.name.lower(): counted[outcome] for outcome in Outcome},
            **facts,
        },
    )
