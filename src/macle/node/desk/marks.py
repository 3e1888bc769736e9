"""The hallmarks: small drawings whose outline says what the word beside them says; colour comes last.

They survive a photocopy, a reader who sees no colours, and a translation.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from macle import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise

_LINE: Final = 'fill="none" stroke="currentColor"'
_PAPER: Final = 'stroke="var(--on-verdict)"'
_FULL: Final = 'fill="currentColor"'

DRAWN: Final[Mapping[str, str]] = {
    "valid": (
        f'<circle cx="12" cy="12" r="11" {_FULL}/>'
        f'<path d="M6.8 12.4l3.6 3.6 6.8-7.6" fill="none" {_PAPER} stroke-width="2.6"/>'
    ),
    "not-valid": (
        f'<path d="M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z" {_FULL}/>'
        f'<path d="M7.8 7.8l8.4 8.4M16.2 7.8l-8.4 8.4" {_PAPER} stroke-width="2.8"/>'
    ),
    "cannot-decide": (
        f'<circle cx="12" cy="12" r="10" {_LINE} stroke-width="2.2" stroke-dasharray="5.6 2.25"/>'
        f'<path d="M8.9 9.6c0-1.9 1.4-3.1 3.2-3.1s3.1 1.1 3.1 2.8c0 2.4-3 2.4-3 4.9" {_LINE} stroke-width="2.3"/>'
        f'<path d="M10.9 16h2.6v2.5h-2.6z" {_FULL}/>'
    ),
    "until": (
        f'<path d="M3 4.5h18v17H3z" {_LINE} stroke-width="2.2"/>'
        '<path d="M3 9.5h18M8 1.5v5M16 1.5v5" stroke="currentColor" stroke-width="2.2"/>'
        f'<path d="M8 14.6l2.8 2.8 5-5.2" {_LINE} stroke-width="2.2"/>'
    ),
    "expired": (
        '<path d="M4 1.5h16M4 22.5h16" stroke="currentColor" stroke-width="2.6"/>'
        '<path d="M6 3h12c0 4.6-3.2 6.4-4.6 9 1.4 2.6 4.6 4.4 4.6 9H6c0-4.6 3.2-6.4 4.6-9C9.2 9.4 6 7.6 6 3z" '
        f'{_LINE} stroke-width="2"/>'
        f'<path d="M7.6 20c.5-2.7 2.6-3.8 4.4-5.6 1.8 1.8 3.9 2.9 4.4 5.6z" {_FULL}/>'
    ),
    "admissible": (
        f'<path d="M2.5 2.5h19v19h-19z" {_LINE} stroke-width="2.4"/>'
        f'<path d="M6.9 12.3l3.5 3.5 6.7-7.4" {_LINE} stroke-width="2.6"/>'
    ),
    "inadmissible": (f'<path d="M1.5 1.5h21v21h-21z" {_FULL}/><path d="M5 9.8h14v4.4H5z" fill="var(--on-verdict)"/>'),
    "not-judged": (
        f'<path d="M2.5 2.5h19v19h-19z" {_LINE} stroke-width="2.2" stroke-dasharray="4.6 2.7"/>'
        '<path d="M7 12h10" stroke="currentColor" stroke-width="2.6"/>'
    ),
    "first": (
        f'<path d="M2.5 2.5h19v19h-19z" {_LINE} stroke-width="2.2"/>'
        f'<path d="M8.8 8.6l3.8-2.2V17.5M8.6 17.5h7.6" {_LINE} stroke-width="2.3"/>'
    ),
    "waits": (
        f'<path d="M3 2.5h13l5 5v14H3z" {_LINE} stroke-width="2.3"/>'
        '<path d="M7.5 12h9M7.5 16.5h6" stroke="currentColor" stroke-width="2.3"/>'
    ),
    "late": (
        f'<circle cx="12" cy="12" r="10" {_LINE} stroke-width="2.4"/>'
        f'<path d="M12 5.8V12l4.2 3.2" {_LINE} stroke-width="2.6"/>'
    ),
    "differs": (
        f'<path d="M12 .8L23.2 12 12 23.2.8 12z" {_FULL}/>'
        f'<path d="M7.2 10h9.6M7.2 14.2h9.6M14.4 6.8l-4.8 10.6" {_PAPER} stroke-width="2"/>'
    ),
}
"""Each mark's shapes on a square of 24; what lies on a filled shape has the colour of the paper."""

WORDS: Final[Mapping[str, StrOrPromise]] = {
    "valid": _("Valid"),
    "not-valid": _("Not valid"),
    "cannot-decide": _("Cannot decide"),
    "until": _("In date"),
    "expired": _("Expired"),
    "admissible": _("Admissible here"),
    "inadmissible": _("Not admissible here"),
    "not-judged": _("Not judged"),
    "first": _("Not presented before"),
    "waits": _("Waits"),
    "late": _("Late"),
    "differs": _("Does not agree"),
}
"""The word beside each mark, unless a page says something closer."""

PLAIN: Final = frozenset({"until", "admissible", "not-judged", "first", "waits"})
"""Marks in the colour of text: they are no verdict."""


class MarkUnknown(errors.NotFound):
    """A template names a mark that is not drawn."""

    code = "mark-unknown"


def tone(name: str) -> str:
    """Return the class that colours the mark and its word."""
    if name not in DRAWN:
        raise MarkUnknown(f"There is no mark {name!r}.", mend=f"Known: {', '.join(DRAWN)}.")
    return "is-plain" if name in PLAIN else f"is-{name}"


def drawn(name: str, *, label: StrOrPromise = "") -> SafeString:
    """Return the mark alone; without a label, a word must stand beside it."""
    return _drawn(name, str(label))


@functools.lru_cache(maxsize=1024)
def _drawn(name: str, label: str) -> SafeString:
    # A page draws the same few marks again and again.
    shapes = mark_safe(DRAWN.get(name, ""))  # noqa: S308 (our own drawings)
    said = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="mark {}" viewBox="0 0 24 24" {}>{}</svg>', tone(name), said, shapes)


def said(name: str, word: StrOrPromise = "") -> SafeString:
    """Return the mark with its word."""
    return _said(name, str(word or WORDS[name]))


@functools.lru_cache(maxsize=1024)
def _said(name: str, word: str) -> SafeString:
    return format_html('<span class="said {}">{}{}</span>', tone(name), drawn(name), word)
