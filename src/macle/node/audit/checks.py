"""What is looked at again beside the chain: each office says what else must still hold of what it kept.

An office registers its check in ``AppConfig.ready()``: ``checks.register(check, holds=...)``. A check gives what is
amiss, each with its subject, and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from django_stubs_ext import StrOrPromise

    Check = Callable[[], Iterable["Finding"]]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold any more: of what, and in a sentence what is wrong."""

    subject: str
    what: str


_CHECKS: dict[Check, StrOrPromise] = {}


def register(check: Check, *, holds: StrOrPromise) -> None:
    """Let an office look again at what it kept; ``holds`` is what is said where nothing is amiss."""
    _CHECKS[check] = holds


def findings() -> Iterator[Finding]:
    """Give everything that does not hold, of every office."""
    for check in list(_CHECKS):
        yield from check()


def sentences() -> list[StrOrPromise]:
    """Return what is said of each check where nothing is amiss."""
    return list(_CHECKS.values())
