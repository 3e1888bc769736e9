"""Words of the Scheme for people, in the language of the page: roles, countries, Participants, days, quantities."""

from __future__ import annotations

import functools
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from babel import Locale, dates
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from macle.node.permissions import Role
from macle.scheme import participants
from macle.scheme.terms import Carats, USDollars

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django_stubs_ext import StrOrPromise

ROLES: Final[Mapping[Role, StrOrPromise]] = {
    Role.EXPORTER: _("Exporter"),
    Role.AGENT: _("Agent"),
    Role.EXAMINER: _("Examiner"),
    Role.VALUER: _("Valuer"),
    Role.VALIDATING_OFFICIAL: _("Validating official"),
    Role.IMPORTING_OFFICIAL: _("Importing official"),
    Role.CUSTOMS: _("Customs"),
    Role.STATISTICIAN: _("Statistician"),
    Role.AUDITOR: _("Auditor"),
    Role.ADMINISTRATOR: _("Administrator"),
    Role.SECRETARIAT: _("Secretariat"),
    Role.CHAIR: _("Chair's staff"),
    Role.OBSERVER: _("Observer"),
}
"""Each role as people read it."""

MINUS: Final = "\N{MINUS SIGN}"

_LOCALES: Final = {"en": "en_GB", "fr": "fr", "pt": "pt_PT", "ar": "ar", "ru": "ru", "zh-hans": "zh_Hans_CN"}


@functools.cache
def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, "en_GB"))


def locale() -> Locale:
    """Return how numbers, names and days are written in the language of the page."""
    return _locale(translation.get_language() or "en")


def role(value: Role | str) -> str:
    """Return the role as people read it."""
    return str(ROLES[Role(value)])


def country(code: str) -> str:
    """Return the name of a country in the language of the page, or its code where no name is known."""
    return locale().territories.get(code) or code


def participant(code: str) -> str:
    """Return the name of a Participant: the Scheme's own in English, else that of its country."""
    return _participant(code, locale())


@functools.lru_cache(maxsize=1024)
def _participant(code: str, where: Locale) -> str:
    known = participants.load()
    if code in known and where.language == "en":
        return known[code].name
    return where.territories.get(code) or (known[code].name if code in known else code)


def participants_by_name() -> Sequence[tuple[str, str]]:
    """Return the code and the name of every Participant, in the order in which people look for names."""
    return _participants_by_name(locale())


@functools.cache
def _participants_by_name(where: Locale) -> Sequence[tuple[str, str]]:
    named = [(each.code, _participant(each.code, where)) for each in participants.load()]
    return tuple(sorted(named, key=lambda pair: participants.folded(pair[1])))


def day(value: date | datetime | None) -> str:
    """Return the day with its month in words; of an instant, the day in the office's time."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return _day(value, locale())


@functools.lru_cache(maxsize=4096)
def _day(value: date, where: Locale) -> str:
    # A list has a hundred days, and most of them stand in many of its rows.
    return dates.format_date(value, format="long", locale=where)


def clock_time(value: datetime) -> str:
    """Return hours and minutes in the office's time."""
    return f"{timezone.localtime(value):%H:%M}"


def instant(value: datetime | None) -> str:
    """Return day and time of an instant in the office's time."""
    return "" if value is None else f"{day(value)}, {clock_time(value)}"


def carats(value: Carats | int) -> str:
    """Return a weight with two decimals; an integer is hundredths of a carat."""
    return (value if isinstance(value, Carats) else Carats(value)).for_people


def dollars(value: USDollars | int) -> str:
    """Return a value with two decimals; an integer is US cents."""
    return (value if isinstance(value, USDollars) else USDollars(value)).for_people


def difference(amount: int, *, written: Callable[[int], str]) -> str:
    """Return how far a figure is from another one, with its sign; nothing where both are the same."""
    return ("+" if amount > 0 else MINUS) + written(abs(amount)) if amount else ""


def days(count: int) -> str:
    """Return a number of days in words."""
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}


def count(value: int) -> str:
    """Return a whole number with separated thousands, one shape in every language."""
    return f"{value:,}"
