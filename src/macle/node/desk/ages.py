"""How long something has waited, and its term: as a small drawing and in words."""

from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from datetime import datetime

_WIDTH: Final = 120
_LONGEST: Final = timedelta(days=30)
"""What fills the line where there is no term."""

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


def span(length: timedelta) -> str:
    """Return a length of time in words, in hours below two days and in whole days above; never less than it is."""
    if length < 2 * _DAY:
        hours = int(length / _HOUR)
        if hours < 1:
            return _("less than 1 hour")
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    return ngettext("%(count)d day", "%(count)d days", length.days) % {"count": length.days}


def words(*, since: datetime, until: datetime | None, now: datetime) -> str:
    """Return an age in words: how late, how long until the term, or how old without one."""
    if until is None:
        return _("%(age)s, no fixed term") % {"age": span(now - since)}
    if now >= until:
        return _("%(age)s late") % {"age": span(now - until)}
    return _("%(age)s left") % {"age": span(until - now)}


def line(*, since: datetime, until: datetime | None, now: datetime) -> SafeString:
    """Return the line of an age, drawn with attributes alone.

    Its whole length is twice the term, or, where something is later than that, the age; without a term, thirty days.
    """
    age = max(now - since, timedelta())
    if until is None:
        shapes = f'<path class="open" d="M0 9h{_at(age, max(_LONGEST, age))}"/>'
    else:
        term = max(until - since, timedelta(minutes=1))
        whole = max(2 * term, age)
        due, run = _at(term, whole), _at(age, whole)
        shapes = f'<path class="run" d="M0 9H{min(due, run)}"/>'
        if run > due:
            shapes += f'<path class="over" d="M{due} 9H{run}"/>'
        shapes += f'<path class="due" d="M{due} 2v14"/>'
    said = escape(words(since=since, until=until, now=now))
    return SafeString(
        f'<svg class="age" viewBox="0 0 {_WIDTH} 18" preserveAspectRatio="none" role="img" aria-label="{said}">'
        f'<path class="line" d="M0 9h{_WIDTH}"/>{shapes}</svg>'
    )


def _at(length: timedelta, whole: timedelta) -> float:
    return round(_WIDTH * (length / whole), 1)
