"""The words of messages to traders, and of kinds: each office that sends messages enters its own when the node starts.

A message is stored as a code with plain facts, so that it can be read in any language, years later too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle.node.traders.models import MIXED, EntryKind, LicenceKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django_stubs_ext import StrOrPromise

    from macle.node.traders.models import Message

KINDS: Final[Mapping[LicenceKind, StrOrPromise]] = {
    LicenceKind.EXPORTER: gettext_lazy("Exporter"),
    LicenceKind.IMPORTER: gettext_lazy("Importer"),
    LicenceKind.AGENT: gettext_lazy("Agent"),
    LicenceKind.COURIER: gettext_lazy("Courier"),
    LicenceKind.ARTISANAL_MINER: gettext_lazy("Artisanal miner"),
    LicenceKind.INDUSTRIAL_MINER: gettext_lazy("Industrial miner"),
}
"""Each kind of licence as people read it."""

ENTRIES: Final[Mapping[EntryKind, StrOrPromise]] = {
    EntryKind.OPENING_STOCK: gettext_lazy("Opening stock"),
    EntryKind.PRODUCTION: gettext_lazy("Production"),
    EntryKind.IMPORT: gettext_lazy("Import"),
    EntryKind.LOCAL_PURCHASE: gettext_lazy("Local purchase"),
    EntryKind.LOCAL_SALE: gettext_lazy("Local sale"),
    EntryKind.MANUFACTURING: gettext_lazy("Manufacturing"),
    EntryKind.LOSS: gettext_lazy("Loss"),
    EntryKind.MIXING: gettext_lazy("Mixing"),
    EntryKind.EXPORT: gettext_lazy("Export"),
    EntryKind.EXPORT_RETURNED: gettext_lazy("Export that did not take place"),
    EntryKind.CORRECTION: gettext_lazy("Correction"),
}
"""Each kind of entry of a book as people read it."""

_sentences: dict[str, StrOrPromise] = {}
_places: dict[str, Callable[[str], str]] = {}


def say(sentences: Mapping[str, StrOrPromise]) -> None:
    """Enter the words of messages by code, lazily translated; ``%(name)s`` stands for a fact or for the subject's key.

    Called in `AppConfig.ready` of the office that sends them.
    """
    _sentences.update(sentences)


def lead(kind: str, address: Callable[[str], str]) -> None:
    """Say where the page of a subject ``kind:key`` is; called in `AppConfig.ready`."""
    _places[kind] = address


def sentence(message: Message) -> str:
    """Return what the message says in the language of the page; of an unknown code, that there is news."""
    kind, _sep, key = message.subject.partition(":")
    words = _sentences.get(message.code)
    if words is None:
        return _("There is news of %(subject)s.") % {"subject": message.subject}
    return str(words) % {"subject": key, "kind": kind, **message.facts}


def place(message: Message) -> str:
    """Return the address of the page that the message is about, or nothing."""
    kind, _sep, key = message.subject.partition(":")
    return _places[kind](key) if kind in _places else ""


def kind(value: str) -> str:
    """Return the kind of licence as people read it."""
    return str(KINDS[LicenceKind(value)])


def entry(value: str) -> str:
    """Return the kind of entry as people read it."""
    return str(ENTRIES[EntryKind(value)])


def origin(code: str, name: Callable[[str], str]) -> str:
    """Return an origin as people read it: mixed goods, or the country's ``name``."""
    return _("Mixed origin") if code == MIXED else name(code)
