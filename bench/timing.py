"""Interleaved timing: a figure and its reference take turns, so that a busy machine slows both."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """The best time of a subject and of its reference, in seconds a call."""

    subject: float
    reference: float

    @property
    def speed(self) -> float:
        """Return how fast the subject is, the reference being 1."""
        return self.reference / self.subject


def interleaved(
    subject: Callable[[], object], reference: Callable[[], object], *, calls: int, reference_calls: int | None = None
) -> Pair:
    """Time both in turn, five rounds of so many calls, and keep the best of each."""
    best_subject = best_reference = float("inf")
    for _ in range(ROUNDS):
        best_subject = min(best_subject, seconds_a_call(subject, calls))
        best_reference = min(best_reference, seconds_a_call(reference, reference_calls or calls))
    return Pair(best_subject, best_reference)


def seconds_a_call(action: Callable[[], object], calls: int) -> float:
    """Return the seconds of one call, of so many in a row."""
    begun = time.perf_counter()
    for _ in range(calls):
        action()
    return (time.perf_counter() - begun) / calls


def load() -> str:
    """Return what the machine has to do beside this."""
    one, five, fifteen = os.getloadavg()
    return f"{os.cpu_count()} cores, load {one:.2f} {five:.2f} {fifteen:.2f}"
