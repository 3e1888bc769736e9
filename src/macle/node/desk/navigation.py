"""What stands in the bar of a desk, and who answers the find box: each office enters its own when the node starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from macle.node.desk import pages
from macle.node.permissions import Act, Actor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of the bar: shown to whoever may do the act, in the order of the numbers."""

    label: StrOrPromise
    """Lazily translated: entries are made before anybody's language is known."""
    url: str
    act: Act | pages.Anybody
    order: int
    hide_from: Callable[[Actor], bool] | None = None


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An entry as it stands in a page."""

    label: StrOrPromise
    address: str
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class Found:
    """One thing that the find box found: what kind of thing, what it is called, where its page is."""

    kind: StrOrPromise
    label: str
    address: str
    about: str = ""


_entries: dict[str, Entry] = {}
_finders: dict[str, Callable[..., Iterable[Found]]] = {}


def enter(*entries: Entry) -> None:
    """Add entries to the bar; called in `AppConfig.ready`."""
    _entries.update({entry.url: entry for entry in entries})


def answer_find(name: str, finder: Callable[..., Iterable[Found]]) -> None:
    """Let ``finder(text, by=actor, at=instant)`` answer the find box; called in `AppConfig.ready`."""
    _finders[name] = finder


def find(text: str, *, by: Actor, at: datetime) -> list[Found]:
    """Return what all offices find under the text, within the actor's reach."""
    return [found for finder in _finders.values() for found in finder(text, by=by, at=at)]


def shown_to(actor: Actor, *, path: str) -> list[Shown]:
    """Return the entries for the actor; current is the one whose address is the longest beginning of the path."""
    allowed = [
        Shown(label=entry.label, address=address)
        for entry in sorted(_entries.values(), key=lambda entry: entry.order)
        if _is_for(entry, actor) and (address := pages.address(entry.url))
    ]
    here = max((each.address for each in allowed if _is_below(path, each.address)), key=len, default="")
    return [Shown(label=each.label, address=each.address, current=each.address == here) for each in allowed]


def _is_below(path: str, address: str) -> bool:
    return path == address or path.startswith(address.rstrip("/") + "/")


def _is_for(entry: Entry, actor: Actor) -> bool:
    if entry.hide_from and entry.hide_from(actor):
        return False
    if isinstance(entry.act, Act):
        return actor.may(entry.act)
    return entry.act is pages.PUBLIC or bool(actor.identifier)
