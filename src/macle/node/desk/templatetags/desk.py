"""Tags and filters of all pages: ``{% load desk %}``."""

from __future__ import annotations

from datetime import date, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from django import template
from django.forms.boundfield import BoundField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from macle.errors import MacleError
from macle.node.desk import ages, forms, hues, marks, sentences, words
from macle.node.permissions import Act
from macle.scheme.terms import CertificateNumber

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.template.context import Context

    from macle.scheme.terms import Carats, USDollars

register = template.Library()


# Quantities, numbers, names and days. They stand in every row of a list, where Django's own way to write HTML takes as
# long as all else: what is written here is digits, or escaped.


@register.filter
def carats(value: Carats | int | None, form: str = "") -> SafeString:
    """Return a weight with its unit, or ``|carats:"bare"`` under a heading that names the unit."""
    if value is None:
        return mark_safe("")
    if form == "bare":
        return SafeString(f'<bdi class="nowrap" dir="ltr">{words.carats(value)}</bdi>')
    return SafeString(f'<bdi class="nowrap" dir="ltr">{words.carats(value)} <span class="unit">ct</span></bdi>')


@register.filter
def dollars(value: USDollars | int | None, form: str = "") -> SafeString:
    """Return a value with its unit, or ``|dollars:"bare"`` under a heading that names the unit."""
    if value is None:
        return mark_safe("")
    if form == "bare":
        return SafeString(f'<bdi class="nowrap" dir="ltr">{words.dollars(value)}</bdi>')
    return SafeString(f'<bdi class="nowrap" dir="ltr"><span class="unit">US$</span> {words.dollars(value)}</bdi>')


@register.filter
def said(text: str | None) -> str:
    """Return what an error or a rule says, in the language of the page."""
    return sentences.said(text) if text else ""


@register.filter
def named(identifier: str, names: Mapping[str, str]) -> str:
    """Return the name of whoever did something, or the identifier where it is nobody's by now."""
    return names.get(identifier, identifier)


@register.filter
def subject(text: str) -> SafeString:
    """Return what a line of the audit or a letter is about: a number in its shape, everything else after its kind."""
    kind, _colon, name = text.partition(":")
    return number(name) if kind == "certificate" else format_html("{}", name or kind)


@register.filter
def count(value: int | None) -> str:
    """Return a whole number with separated thousands."""
    return "" if value is None else words.count(value)


@register.filter
def number(value: CertificateNumber | str | None) -> SafeString:
    """Return a certificate number in its one shape; any other reference is only kept together."""
    if not value:
        return mark_safe("")
    if isinstance(value, str):
        try:
            value = CertificateNumber.parse(value)
        except MacleError:
            return format_html('<bdi class="no">{}</bdi>', value)
    return SafeString(f'<bdi class="no"><b>{escape(value.participant)}</b>{escape(value.national)}</bdi>')


@register.filter
def day(value: date | datetime | None) -> SafeString:
    """Return the day with its month in words; of an instant, the day in the office's time."""
    if value is None:
        return mark_safe("")
    return SafeString(f'<time datetime="{value.isoformat()}">{escape(words.day(value))}</time>')


@register.filter
def instant(value: datetime | None) -> SafeString:
    """Return day and time of an instant in the office's time."""
    if value is None:
        return mark_safe("")
    return SafeString(f'<time datetime="{value.isoformat()}">{escape(words.instant(value))}</time>')


@register.filter
def clock(value: datetime | None) -> SafeString:
    """Return the time alone, where the day is plain."""
    if value is None:
        return mark_safe("")
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), words.clock_time(value))


@register.filter
def country(code: str) -> str:
    """Return the name of a country."""
    return words.country(code) if code else ""


@register.filter
def participant(code: str) -> str:
    """Return the name of a Participant."""
    return words.participant(code) if code else ""


@register.filter
def role(value: str) -> str:
    """Return a role as people read it."""
    return words.role(value)


@register.filter
def hue_of(code: str) -> int:
    """Return the hue of a Participant, for a drawing."""
    return hues.of(code)


# Marks, ages and the seam.


@register.simple_tag
def mark(name: str, word: str = "") -> SafeString:
    """Return the mark with its word."""
    return marks.said(name, word)


@register.simple_tag
def mark_alone(name: str, label: str = "") -> SafeString:
    """Return the mark without a word, where the word stands beside it or is given as ``label``."""
    return marks.drawn(name, label=label)


@register.simple_tag
def age(since: datetime, until: datetime | None, now: datetime) -> SafeString:
    """Return the line of an age: time run, term as a tick, overrun in red; dotted where there is no term."""
    return ages.line(since=since, until=until, now=now)


@register.simple_tag
def age_words(since: datetime, until: datetime | None, now: datetime) -> str:
    """Return an age in words: how late, how long until the term, or how old without one."""
    return ages.words(since=since, until=until, now=now)


# Rights, forms and facts.


@register.simple_tag(takes_context=True)
def may(context: Context, act: str, office: str = "", trader: str = "") -> bool:
    """Return whether the person may do the act; with an office or trader, to what belongs to it."""
    actor = getattr(context["request"], "actor", None)
    if actor is None:
        return False
    asked = Act(act)
    if not office and not trader:
        return bool(actor.may(asked))
    return bool(actor.reach(asked).covers(office=office, trader=trader))


@register.inclusion_tag("desk/parts/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """Return a field with its label, hint and errors."""
    return forms.shown(bound)


@register.inclusion_tag("desk/parts/error_summary.html")
def error_summary(form: forms.Form) -> dict[str, Any]:
    """Return all that stops the form, each linked to its field; nothing where nothing does."""
    return {"form": form, "mistakes": form.mistakes()}


@register.simple_tag
def facts(*pairs: object) -> SafeString:
    """Return labels and values as a list: ``{% facts "Seals" seals "Parcels" parcels %}``; empty ones are left out."""
    rows = [(label, value) for label, value in zip(pairs[::2], pairs[1::2], strict=True) if value not in (None, "")]
    return format_html(
        '<dl class="facts">{}</dl>', format_html_join("", '<div class="row"><dt>{}</dt><dd>{}</dd></div>', rows)
    )


@register.simple_tag(takes_context=True)
def query(context: Context, **changed: object) -> str:
    """Return the query of this page with some values changed; an empty one is left out, and the page begins anew."""
    asked = context["request"].GET.copy()
    if "page" not in changed:
        asked.pop("page", None)
    for name, value in changed.items():
        asked.pop(name, None)
        if value not in (None, ""):
            asked[name] = str(value)
    return f"?{asked.urlencode()}"


@register.filter
def joined(values: Iterable[object]) -> str:
    """Return the values as one line, with the comma of the language."""
    return _(", ").join(str(value) for value in values)
