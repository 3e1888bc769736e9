"""Forms: a label, a hint, the errors at the field and all of them at the top, each with the source of its rule.

A field gives what the Scheme's own parser gives (`Carats`, `CertificateNumber`, a code), and shows that parser's
message and mend. What an action refuses comes back with `Form.take`: every breach stands at the field it is about.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.utils import flatatt
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle.errors import MacleError
from macle.node.desk import pages, sentences, words
from macle.scheme import participants, terms
from macle.scheme.rules import Breach, RulesRefuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from django.forms.boundfield import BoundField
    from django.utils.safestring import SafeString
    from django_stubs_ext import StrOrPromise


MEGABYTE: Final = 1024 * 1024


class Said(ValidationError):
    """A mistake with the source of its rule, where it has one."""

    def __init__(self, text: StrOrPromise, *, code: str = "", source: str = "") -> None:
        super().__init__(text, code=code)
        self.source = source

    @classmethod
    def of(cls, error: MacleError) -> Said:
        """Return what the error says is wrong, and how to mend it."""
        return cls(_sentences(error.what, error.mend), code=error.code, source=_source(error.rule))

    @classmethod
    def of_breach(cls, breach: Breach, code: str = RulesRefuse.code) -> Said:
        """Return what a rule says is wrong, and how to mend it."""
        return cls(_sentences(breach.what, breach.mend), code=code, source=_source(breach.rule))


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One mistake as the page shows it: what to do, the rule's source, and the field that it is about."""

    text: str
    source: str
    target: str
    """The id of the element to go to; nothing where the mistake is about the whole form."""
    label: str


class Form(forms.Form):
    """The form of every page."""

    required_css_class = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (Django's own)
        kwargs.setdefault("label_suffix", "")
        # What is missing is said by us, in our words, and not by the browser in its own.
        kwargs.setdefault("use_required_attribute", False)
        super().__init__(*args, **kwargs)
        self.say_what_is_missing()

    def say_what_is_missing(self) -> None:
        """Let each field say by its name that it is missing; call it again where fields or labels came later."""
        for name, field in self.fields.items():
            said = getattr(field, "missing", "") or _("%(label)s: this is missing.") % {"label": field.label or name}
            field.error_messages["required"] = said

    def take(self, error: MacleError) -> None:
        """Put what was refused at the field it is about, or, where no field is, at the top."""
        if isinstance(error, RulesRefuse):
            for breach in error.breaches:
                self._put(breach.where, Said.of_breach(breach, error.code))
        else:
            self._put(error.where, Said.of(error))

    def _put(self, where: str, said: Said) -> None:
        self.add_error(self.field_of(where), said)

    def field_of(self, where: str) -> str | None:
        """Return the field that a place of the Scheme means, such as ``lines[0].carats``; None where none does."""
        plain = re.sub(r"\[(\d+)\]", r"-\1", where).replace(".", "-")
        for name in (where, plain, plain.replace("-", "_"), where.rpartition(".")[2]):
            if name and name in self.fields:
                return name
        return None

    def mistakes(self) -> list[Mistake]:
        """Return every mistake in the order of the fields; those about the whole form come first."""
        if not self.is_bound:
            return []
        order = [NON_FIELD_ERRORS, *self.fields]
        return [
            Mistake(
                text=" ".join(said.messages),
                source=getattr(said, "source", ""),
                target="" if name == NON_FIELD_ERRORS else _target(self[name]),
                label="" if name == NON_FIELD_ERRORS else str(self[name].label),
            )
            for name in order
            for said in self.errors.as_data().get(name, ())
        ]


def _sentences(what: str, mend: str) -> str:
    return f"{sentences.said(what)} {sentences.said(mend)}".strip()


def _source(rule: str | None) -> str:
    papers = pages.source_of(rule)
    return papers.source if papers else ""


class _TextField(forms.CharField):
    """A line of text that a parser of ours reads."""

    width = "medium"
    figures = False

    def __init__(
        self,
        *,
        parse: Callable[[str], Any],
        missing: StrOrPromise = "",
        width: str = "",
        **kwargs: Any,  # noqa: ANN401 (Django's own)
    ) -> None:
        super().__init__(**kwargs)
        self.missing = missing
        self.parse = parse
        self.width = width or self.width

    def clean(self, value: Any) -> Any:  # noqa: ANN401 (each field has its own type)
        """Return what the parser gives, or None for an empty line that may be empty."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return self.parse(text)
        except MacleError as error:
            raise Said.of(error) from None

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401
        """Return the value as it is typed."""
        return value if value is None or isinstance(value, str) else str(value)


class TextField(_TextField):
    """Plain words on one line."""

    def __init__(self, *, most: int = 200, width: str = "wide", **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(parse=_printable, width=width, max_length=most, **kwargs)


class CaratsField(_TextField):
    """A weight; gives `Carats`."""

    width, figures = "short", True
    unit = "ct"

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(parse=lambda text: terms.Carats.parse(_ungrouped(text)), max_length=30, **kwargs)


class DollarsField(_TextField):
    """A value; gives `USDollars`."""

    width, figures = "short", True
    unit = "US$"

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(parse=lambda text: terms.USDollars.parse(_ungrouped(text)), max_length=30, **kwargs)


class NumberField(_TextField):
    """A certificate number; gives `CertificateNumber`."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(parse=terms.CertificateNumber.parse, max_length=40, **kwargs)


class CountField(_TextField):
    """A whole number."""

    width, figures = "short", True

    def __init__(self, *, least: int = 0, most: int = 10**9, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(parse=lambda text: _whole(text, least, most), max_length=20, **kwargs)


def _printable(text: str) -> str:
    if not terms.is_printable(text):
        raise terms.TermInvalid(
            _("This holds a character that does not print."), mend=_("Type it instead of pasting it.")
        )
    return text


_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:[,\u00a0\u202f ][0-9]{3})+(?:\.[0-9]+)?")


def _ungrouped(text: str) -> str:
    """Return the digits without the separators of thousands with which we ourselves write them."""
    return re.sub(r"[,\u00a0\u202f ]", "", text) if _GROUPED.fullmatch(text) else text


def _whole(text: str, least: int, most: int) -> int:
    plain = _ungrouped(text)
    if not plain.isascii() or not plain.isdigit() or not least <= int(plain) <= most:
        raise terms.TermInvalid(
            _("%(text)s is no whole number from %(least)s to %(most)s.")
            % {"text": terms.shown(text), "least": words.count(least), "most": words.count(most)}
        )
    return int(plain)


class DayField(forms.DateField):
    """A day; gives a `date`. The browser's own calendar writes it."""

    width = "short"

    def __init__(self, *, missing: StrOrPromise = "", **kwargs: Any) -> None:  # noqa: ANN401
        kwargs.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        super().__init__(input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"], **kwargs)
        self.missing = missing
        self.error_messages["invalid"] = gettext_lazy("This is no day. Write year, month and day: 2026-11-25.")

    def to_python(self, value: Any) -> dt.date | None:  # noqa: ANN401
        """Return the day; a year of less than four digits is a slip."""
        day = super().to_python(value)
        if day is not None and day.year < 1900:  # noqa: PLR2004 (nobody lodges anything before)
            raise Said(_("This is no day of ours. Write the year with four digits."))
        return day


class ReasonField(forms.CharField):
    """Why something is done, in words that are kept with it."""

    width = "wide"

    def __init__(self, *, least: int = 3, most: int = 2000, missing: StrOrPromise = "", **kwargs: Any) -> None:  # noqa: ANN401
        kwargs.setdefault("label", gettext_lazy("Reason"))
        kwargs.setdefault("help_text", gettext_lazy("It is kept with the act, and others read it."))
        super().__init__(
            min_length=least, max_length=most, widget=forms.Textarea(attrs={"rows": 3, "cols": None}), **kwargs
        )
        self.missing = missing or gettext_lazy("Give the reason.")
        self.error_messages["min_length"] = gettext_lazy("Say it in a few words.")


class ChoiceField(forms.ChoiceField):
    """One of a few, as radios: nothing is chosen beforehand. A choice may have a hint under it."""

    def __init__(
        self,
        *,
        hints: Mapping[str, StrOrPromise] | None = None,
        missing: StrOrPromise = "",
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        kwargs.setdefault("widget", forms.RadioSelect())
        super().__init__(**kwargs)
        self.hints = {str(value): hint for value, hint in (hints or {}).items()}
        self.missing = missing
        self.error_messages["invalid_choice"] = gettext_lazy("Choose one of those below.")


class ChoicesField(forms.MultipleChoiceField):
    """Several of a few, as boxes to tick."""

    def __init__(
        self,
        *,
        hints: Mapping[str, StrOrPromise] | None = None,
        missing: StrOrPromise = "",
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple())
        super().__init__(**kwargs)
        self.hints = {str(value): hint for value, hint in (hints or {}).items()}
        self.missing = missing
        self.error_messages["invalid_choice"] = gettext_lazy("Choose among those below.")


class TickField(forms.BooleanField):
    """A box to tick: a declaration, or an option."""

    def __init__(self, *, missing: StrOrPromise = "", **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.missing = missing or gettext_lazy("Tick the box to go on.")


class _Opening(forms.Select):
    """A list that opens, drawn at once: a template for each of sixty Participants is most of a page's time."""

    def render(
        self,
        name: str,
        value: object,
        attrs: Mapping[str, Any] | None = None,
        renderer: object = None,  # noqa: ARG002 (Django's own)
    ) -> SafeString:
        """Return the list with the value chosen."""
        chosen = "" if value is None else str(value)
        attributes = flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})}))
        options = _options(tuple((str(code), str(said)) for code, said in self.choices), chosen)
        return mark_safe(f"<select{attributes}>{options}</select>")  # noqa: S308 (each part is escaped)


@functools.lru_cache(maxsize=256)
def _options(choices: tuple[tuple[str, str], ...], chosen: str) -> str:
    return "".join(
        f'<option value="{escape(code)}"{" selected" if code == chosen else ""}>{escape(said)}</option>'
        for code, said in choices
    )


class OneOfManyField(forms.ChoiceField):
    """One of many, as a list that opens; the first entry is empty."""

    width = "medium"
    widget = _Opening

    def __init__(
        self,
        *,
        choices: Callable[[], Iterable[tuple[str, str]]] | Iterable[tuple[str, str]],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        self.missing = kwargs.pop("missing", "")
        empty = kwargs.pop("empty", "")

        def with_empty() -> list[tuple[str, str]]:
            return [("", str(empty) or _("Choose…")), *(choices() if callable(choices) else choices)]

        super().__init__(choices=with_empty, **kwargs)
        self.error_messages["invalid_choice"] = gettext_lazy("Choose one from the list.")


class ParticipantField(OneOfManyField):
    """A Participant, by name in the language of the page; gives its code."""

    def __init__(self, *, without: Sequence[str] = (), **kwargs: Any) -> None:  # noqa: ANN401
        def choices() -> list[tuple[str, str]]:
            return [pair for pair in words.participants_by_name() if pair[0] not in without]

        super().__init__(choices=choices, **kwargs)


class CountryField(OneOfManyField):
    """A country, by name in the language of the page; gives its code."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        def choices() -> list[tuple[str, str]]:
            territories = words.locale().territories.items()
            return sorted(((code, name) for code, name in territories if _is_country(code)), key=_by_name)

        super().__init__(choices=choices, **kwargs)


_NO_COUNTRIES: Final = frozenset({"EU", "EZ", "UN", "ZZ", "XA", "XB", "QO", "AC", "CP", "DG", "EA", "IC", "TA", "CQ"})
"""Codes of two letters in the CLDR that ISO 3166-1 does not give to a country."""


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES  # noqa: PLR2004 (alpha-2)


def _by_name(pair: tuple[str, str]) -> str:
    return participants.folded(pair[1])


class FileField(forms.FileField):
    """A file up to a size and of some endings; gives the upload."""

    def __init__(
        self,
        *,
        most: int = 10 * MEGABYTE,
        endings: Sequence[str] = (),
        missing: StrOrPromise = "",
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**kwargs)
        self.most, self.endings, self.missing = most, tuple(endings), missing
        if self.endings:
            self.widget.attrs["accept"] = ",".join(self.endings)
        self.error_messages["empty"] = gettext_lazy("The file is empty.")

    def clean(self, value: Any, initial: Any = None) -> Any:  # noqa: ANN401
        """Return the file; refuse one that is too large or of another kind by its name."""
        file = super().clean(value, initial)
        if file and file.size > self.most:
            raise Said(
                _("The file has %(size)s MB; up to %(most)s MB can be stored.")
                % {"size": f"{file.size / MEGABYTE:.1f}", "most": f"{self.most / MEGABYTE:g}"}
            )
        if file and self.endings and not file.name.lower().endswith(self.endings):
            raise Said(_("Give a file whose name ends with %(endings)s.") % {"endings": _(", ").join(self.endings)})
        return file


# How a field is drawn.


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One radio or box as it is drawn."""

    control: SafeString
    id: str
    label: str
    hint: str


def shown(bound: BoundField) -> dict[str, Any]:
    """Return what `desk/parts/field.html` needs."""
    field, widget = bound.field, bound.field.widget
    base = bound.auto_id or bound.html_name
    errors = [] if not bound.form.is_bound else bound.form.errors.as_data().get(bound.name, [])
    described = [f"{base}_hint"] if bound.help_text else []
    described += [f"{base}_error"] if errors else []
    attributes: dict[str, Any] = {}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if errors:
        attributes["aria-invalid"] = "true"
    if isinstance(field, CaratsField | DollarsField | CountField):
        attributes |= {"inputmode": "decimal", "autocomplete": "off"}
    classes = [
        name for name in (getattr(field, "width", ""), "fig" if getattr(field, "figures", False) else "") if name
    ]
    if classes:
        attributes["class"] = " ".join([*classes, widget.attrs.get("class", "")]).strip()
    grouped = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    single = isinstance(widget, forms.CheckboxInput) and not grouped
    return {
        "field": bound,
        "base": base,
        "kind": "hidden" if bound.is_hidden else "group" if grouped else "tick" if single else "line",
        "errors": [(" ".join(said.messages), getattr(said, "source", "")) for said in errors],
        "choices": _choices(bound) if grouped else [],
        "group_attributes": flatatt({"aria-describedby": " ".join(described)}) if grouped and described else "",
        "control": "" if grouped else bound.as_widget(attrs=attributes),
        "unit": getattr(field, "unit", ""),
        "optional": not field.required and not bound.is_hidden and not single,
    }


def _choices(bound: BoundField) -> list[Choice]:
    hints: Mapping[str, StrOrPromise] = getattr(bound.field, "hints", {})
    drawn = []
    for place in bound.subwidgets:
        attributes = {**place.data["attrs"], "type": place.data["type"], "name": place.data["name"]}
        attributes = {name: value for name, value in attributes.items() if value not in (None, False)}
        attributes["value"] = place.data["value"]
        control = _input(attributes)
        hint = str(hints.get(str(place.data["value"]), ""))
        drawn.append(Choice(control=control, id=place.data["attrs"]["id"], label=place.choice_label, hint=hint))
    return drawn


def _input(attributes: dict[str, Any]) -> SafeString:
    return format_html("<input{}>", flatatt(attributes))


def _target(bound: BoundField) -> str:
    """Return the id of what the field's mistake leads to: the control, or the first of a group."""
    if isinstance(bound.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return next((place.data["attrs"]["id"] for place in bound.subwidgets), bound.auto_id)
    return bound.id_for_label or bound.auto_id


# Check your answers.


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer to be checked before it is lodged: the question, what was answered, and where to change it."""

    question: StrOrPromise
    answer: object
    change: str = ""
    under: StrOrPromise = ""
