"""Any list of things: narrowed in words, sorted by its headings, page by page, and exported as it is narrowed.

A page costs two queries, and these the same however long the list is: how many up to ten thousand, and these fifty.
Exports go through all rows without holding them, and every cell is harmless to a spreadsheet.
"""

from __future__ import annotations

import csv
import datetime as dt
import operator
import tempfile
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from html import escape
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import xlsxwriter
from django.db.models import Q
from django.http import FileResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from macle import errors
from macle.node.desk import ages, forms, marks, pages, words
from macle.node.desk.templatetags import desk as tags
from macle.paper.tables import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from django.db.models import QuerySet
    from django.http import QueryDict
    from django.http.response import HttpResponseBase
    from django_stubs_ext import StrOrPromise

    from macle.node.desk.pages import Request
    from macle.node.desk.parts import NextAct

ROWS: Final = 50
"""Rows of one page."""

MOST_COUNTED: Final = 10_000
"""Up to how many rows are counted and paged through; a longer list says so, to be narrowed or exported."""

MOST_ROWS_OF_A_SHEET: Final = 1_048_575
"""Rows below the headings of one spreadsheet; a CSV file has no end."""

DENSITY_COOKIE: Final = "macle_density"
DENSITIES: Final = ("compact", "regular", "roomy")

_FIGURE: Final = ' class="fig"'
_CHUNK: Final = 2000
_OWN: Final = frozenset({"page", "sort", "export", "density"})
"""What a query holds beside the filters."""


class SheetTooLong(errors.Refused):
    """The list has more rows than a spreadsheet has."""

    code = "sheet-too-long"


class Kind(StrEnum):
    """What a column holds, and so how it is written, aligned and exported."""

    TEXT = "text"
    NUMBER = "number"
    """A certificate number or another reference."""
    CARATS = "carats"
    DOLLARS = "dollars"
    COUNT = "count"
    DAY = "day"
    INSTANT = "instant"
    MARK = "mark"
    """A pair: the name of a mark, and its word."""
    AGE = "age"
    """How long something has waited."""

    @property
    def is_figure(self) -> bool:
        """Return whether units stand under units."""
        return self in {Kind.CARATS, Kind.DOLLARS, Kind.COUNT, Kind.AGE}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; the first is the row's heading. Without ``value``, the attribute of its name is shown."""

    name: str
    label: StrOrPromise
    kind: Kind = Kind.TEXT
    value: Callable[[Any], Any] | None = None
    sort: str = ""
    """The field of the database to sort by; a column without one is not sorted."""
    link: Callable[[Any], str] | None = None
    under: Callable[[Any], StrOrPromise] | None = None
    """A quiet second line, which is not exported."""
    css: str = ""
    """The class of cells that need no heading on a narrow page, such as ``full`` for those that have a line there."""

    def of(self, row: Any) -> Any:  # noqa: ANN401 (a column's own type)
        """Return what the column holds of the row."""
        return self.value(row) if self.value else operator.attrgetter(self.name)(row)


class Filter(Protocol):
    """Something by which a list is narrowed."""

    @property
    def name(self) -> str:
        """Return the name in the query."""

    @property
    def label(self) -> StrOrPromise:
        """Return what people call it."""

    def fields(self) -> Mapping[str, Any]:
        """Return the fields of the form, by name."""

    def narrow(self, rows: QuerySet[Any], asked: Mapping[str, Any]) -> QuerySet[Any]:
        """Return the rows that are asked for."""

    def said(self, asked: Mapping[str, Any]) -> str:
        """Return in words what is asked for; nothing where nothing is."""


@dataclass(frozen=True, kw_only=True)
class TextFilter:
    """Rows in which one of the fields of the database holds the text."""

    name: str
    label: StrOrPromise
    of: Sequence[str]

    def fields(self) -> Mapping[str, Any]:
        """Return one line of text."""
        return {self.name: forms.TextField(label=self.label, required=False, width="")}

    def narrow(self, rows: QuerySet[Any], asked: Mapping[str, Any]) -> QuerySet[Any]:
        """Return the rows that hold the text, whatever its capitals."""
        text = asked.get(self.name)
        if not text:
            return rows
        return rows.filter(reduce(operator.or_, (Q(**{f"{each}__icontains": text}) for each in self.of)))

    def said(self, asked: Mapping[str, Any]) -> str:
        """Return the text in quotation marks."""
        text = asked.get(self.name)
        return f"{self.label}: “{text}”" if text else ""


@dataclass(frozen=True, kw_only=True)
class ChoiceFilter:
    """Rows in which a field of the database has the value; ``narrowing`` may say otherwise what a choice means."""

    name: str
    label: StrOrPromise
    choices: Callable[[], Iterable[tuple[str, str]]] | Iterable[tuple[str, StrOrPromise]]
    of: str = ""
    narrowing: Callable[[str], Q] | None = None

    def fields(self) -> Mapping[str, Any]:
        """Return a list that opens."""
        return {self.name: forms.OneOfManyField(label=self.label, required=False, choices=self._named, empty=_("Any"))}

    def _named(self) -> list[tuple[str, str]]:
        choices = self.choices() if callable(self.choices) else self.choices
        return [(value, str(name)) for value, name in choices]

    def narrow(self, rows: QuerySet[Any], asked: Mapping[str, Any]) -> QuerySet[Any]:
        """Return the rows of that choice."""
        value = asked.get(self.name)
        if not value:
            return rows
        return rows.filter(self.narrowing(value) if self.narrowing else Q(**{self.of or self.name: value}))

    def said(self, asked: Mapping[str, Any]) -> str:
        """Return the choice by its name."""
        value = asked.get(self.name)
        return f"{self.label}: {dict(self._named()).get(value, value)}" if value else ""


@dataclass(frozen=True, kw_only=True)
class DaysFilter:
    """Rows from one day until another, both included; of a field with instants, days are those of the office."""

    name: str
    label: StrOrPromise
    of: str
    instants: bool = False

    def fields(self) -> Mapping[str, Any]:
        """Return two days."""
        return {
            f"{self.name}_from": forms.DayField(label=_("From"), required=False),
            f"{self.name}_until": forms.DayField(label=_("Until"), required=False),
        }

    def narrow(self, rows: QuerySet[Any], asked: Mapping[str, Any]) -> QuerySet[Any]:
        """Return the rows of those days."""
        first, last = asked.get(f"{self.name}_from"), asked.get(f"{self.name}_until")
        if first:
            rows = rows.filter(**{f"{self.of}__gte": self._begin_of(first)})
        if last:
            rows = rows.filter(**{f"{self.of}__lt": self._begin_of(last + dt.timedelta(days=1))})
        return rows

    def _begin_of(self, day: dt.date) -> dt.date | dt.datetime:
        return timezone.make_aware(dt.datetime.combine(day, dt.time())) if self.instants else day

    def said(self, asked: Mapping[str, Any]) -> str:
        """Return the days in words."""
        first, last = asked.get(f"{self.name}_from"), asked.get(f"{self.name}_until")
        if first and last:
            said = _("%(first)s until %(last)s") % {"first": words.day(first), "last": words.day(last)}
        elif first:
            said = _("from %(first)s") % {"first": words.day(first)}
        elif last:
            said = _("until %(last)s") % {"last": words.day(last)}
        else:
            return ""
        return f"{self.label}: {said}"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list as an office describes it, once."""

    name: str
    """Names exported files and saved filters, as in ``traders``."""
    title: StrOrPromise
    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    order: Sequence[str] = ("-pk",)
    """The order unless a heading is pressed; it ends in something unique."""
    empty: StrOrPromise = ""
    """What to do where there is nothing at all."""
    intro: StrOrPromise = ""


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A column's heading as it is shown: how it is sorted now, and what pressing it asks for."""

    label: StrOrPromise
    is_figure: bool
    sorted: str = ""
    """ascending, descending or nothing."""
    query: str = ""


@dataclass(frozen=True, kw_only=True)
class Chip:
    """One thing to which the list is narrowed, in words, and the query without it."""

    words: str
    without: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """One filter with its fields."""

    label: StrOrPromise
    bounds: Sequence[Any]
    is_days: bool


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One page of a list, for ``desk/parts/list.html``."""

    listing: Listing
    headings: Sequence[Heading]
    rows: Sequence[SafeString]
    """Each row as it stands in the table; fifty rows of cells are too many for a template to draw."""
    form: Any
    places: Sequence[Place]
    chips: Sequence[Chip]
    total: int
    is_longer: bool
    """Whether there are more rows than ``total``."""
    first: int
    last: int
    page: int
    pages: Sequence[int | None]
    """Numbers of pages; None is a gap."""
    density: str
    sort: str
    saved: Sequence[Any] = field(default_factory=tuple)
    save_at: str = ""
    acts: Sequence[NextAct] = ()
    query: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Return whether anything is asked for."""
        return bool(self.chips)


def answer(
    request: Request,
    listing: Listing,
    rows: QuerySet[Any],
    *,
    template: str = "desk/list.html",
    context: Mapping[str, Any] | None = None,
    acts: Sequence[NextAct] = (),
) -> HttpResponseBase:
    """Return the page of the list, or its export; ``acts`` stand beside the title, such as registering another."""
    form, asked = _asked(request, listing)
    narrowed = narrow(listing, rows, asked)
    match request.GET.get("export"):
        case "csv":
            return as_csv(listing, _sorted(request, listing, narrowed), at=request.at)
        case "xlsx":
            return as_xlsx(listing, _sorted(request, listing, narrowed), at=request.at)
    found = _shown(request, listing, narrowed, form=form, asked=asked, acts=acts)
    page = pages.render(request, template, {"list": found, **(context or {})})
    if request.GET.get("density") in DENSITIES:
        page.set_cookie(DENSITY_COOKIE, found.density, samesite="Lax", httponly=True, secure=request.is_secure())
    return page


def shown(request: Request, listing: Listing, rows: QuerySet[Any], *, acts: Sequence[NextAct] = ()) -> Shown:
    """Return one page of the list, to be a part of another page: ``{% include "desk/parts/list.html" %}``."""
    form, asked = _asked(request, listing)
    return _shown(request, listing, narrow(listing, rows, asked), form=form, asked=asked, acts=acts)


def narrow(listing: Listing, rows: QuerySet[Any], asked: Mapping[str, Any]) -> QuerySet[Any]:
    """Return the rows that all filters together let through."""
    for each in listing.filters:
        rows = each.narrow(rows, asked)
    return rows


def _asked(request: Request, listing: Listing) -> tuple[forms.Form, Mapping[str, Any]]:
    """Return the form of the filters and what is asked for; what cannot be read narrows nothing and is said."""
    fields = {name: each for place in listing.filters for name, each in place.fields().items()}
    kind = cast("type[forms.Form]", type("Narrowing", (forms.Form,), fields))
    form = kind(request.GET, auto_id="narrow-%s")
    form.is_valid()
    return form, form.cleaned_data


def _sorted(request: Request, listing: Listing, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows in the order that is asked for; an order that no heading offers is the usual one."""
    wanted = request.GET.get("sort", "")
    column = next((each for each in listing.columns if each.sort and each.name == wanted.lstrip("-")), None)
    if column is None:
        return rows.order_by(*listing.order)
    sign = "-" if wanted.startswith("-") else ""
    return rows.order_by(f"{sign}{column.sort}", *listing.order)


def _shown(
    request: Request,
    listing: Listing,
    narrowed: QuerySet[Any],
    *,
    form: forms.Form,
    asked: Mapping[str, Any],
    acts: Sequence[NextAct],
) -> Shown:
    counted = narrowed.order_by().values("pk")[: MOST_COUNTED + 1].count()
    total = min(counted, MOST_COUNTED)
    most = max(1, -(-total // ROWS))
    number = _page(request.GET.get("page", ""), most)
    begin = (number - 1) * ROWS
    rows = list(_sorted(request, listing, narrowed)[begin : begin + ROWS]) if total else []
    density = request.GET.get("density") or request.COOKIES.get(DENSITY_COOKIE, "")
    saved = getattr(request, "saved_filters", None)
    return Shown(
        listing=listing,
        headings=[_heading(request.GET, column) for column in listing.columns],
        rows=drawn(listing.columns, rows),
        form=form,
        places=[_place(each, form) for each in listing.filters],
        chips=_chips(request.GET, listing, asked),
        total=total,
        is_longer=counted > MOST_COUNTED,
        first=begin + 1 if rows else 0,
        last=begin + len(rows),
        page=number,
        pages=numbers(number, most),
        density=density if density in DENSITIES else "regular",
        sort=request.GET.get("sort", ""),
        saved=list(saved.of(listing.name)) if saved is not None else (),
        save_at=getattr(saved, "url", "") if saved is not None else "",
        acts=acts,
        query=_query(request.GET, *_OWN - {"sort"}),
    )


def _page(text: str, most: int) -> int:
    """Return the number of the page: the nearest there is."""
    digits = 9
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= digits else 1
    return min(max(number, 1), most)


def numbers(page: int, most: int) -> list[int | None]:
    """Return which pages are offered: the first, the last, this one and its neighbors; None is a gap."""
    wanted = sorted({1, most, *range(max(1, page - 2), min(most, page + 2) + 1)})
    found: list[int | None] = []
    for number in wanted:
        if found and number - wanted[wanted.index(number) - 1] > 1:
            # A gap of one page is that page.
            found.append(number - 1 if number - wanted[wanted.index(number) - 1] == 2 else None)  # noqa: PLR2004
        found.append(number)
    return found


def _place(each: Filter, form: forms.Form) -> Place:
    names = list(each.fields())
    return Place(label=each.label, bounds=[forms.shown(form[name]) for name in names], is_days=len(names) > 1)


def _chips(query: QueryDict, listing: Listing, asked: Mapping[str, Any]) -> list[Chip]:
    return [
        Chip(words=said, without=f"?{_query(query, 'page', 'export', *each.fields())}")
        for each in listing.filters
        if (said := each.said(asked))
    ]


def _heading(query: QueryDict, column: Column) -> Heading:
    if not column.sort:
        return Heading(label=column.label, is_figure=column.kind.is_figure)
    now = query.get("sort", "")
    is_up, is_down = now == column.name, now == f"-{column.name}"
    rest = _query(query, "sort", "page", "export")
    wanted = f"-{column.name}" if is_up else column.name
    return Heading(
        label=column.label,
        is_figure=column.kind.is_figure,
        sorted="ascending" if is_up else "descending" if is_down else "",
        query=f"?{rest}&sort={wanted}" if rest else f"?sort={wanted}",
    )


def _query(query: QueryDict, *without: str) -> str:
    rest = query.copy()
    for name in without:
        rest.pop(name, None)
    for name in [name for name, value in rest.items() if not value]:
        rest.pop(name)
    return rest.urlencode()


def drawn(columns: Sequence[Column], rows: Sequence[Any]) -> list[SafeString]:
    """Return the rows of the table: the first cell heads its row, and the others know the heading they stand under."""
    opened = ['<th scope="row">', *(_opened(column) for column in columns[1:])]
    closed = ["</th>"] + ["</td>"] * (len(columns) - 1)
    cells = list(zip(opened, columns, closed, strict=True))
    return [
        mark_safe("".join(f"{begin}{_cell(column, row)}{end}" for begin, column, end in cells))  # noqa: S308 (escaped)
        for row in rows
    ]


def _opened(column: Column) -> str:
    if column.css:
        return f'<td class="{column.css}">'
    return f'<td data-th="{escape(str(column.label))}"{_FIGURE if column.kind.is_figure else ""}>'


def _cell(column: Column, row: object) -> str:
    """Return what stands in the cell, escaped."""
    html = _html(column, column.of(row))
    if column.link and html and (address := column.link(row)):
        html = f'<a href="{escape(address)}">{html}</a>'
    under = column.under(row) if column.under else ""
    return f'{html}<span class="under">{_escaped(under)}</span>' if under else html


def _escaped(value: object) -> str:
    """Return the value as HTML; Django's own functions for that cost a page of fifty rows some milliseconds."""
    return value if isinstance(value, SafeString) else escape(str(value))


def _html(column: Column, value: Any) -> str:  # noqa: ANN401, PLR0911 (each kind has its own type and form)
    """Return the value as its kind is written, escaped."""
    if value is None or value == "":
        return ""
    match column.kind:
        case Kind.NUMBER:
            return tags.number(value)
        case Kind.CARATS:
            return tags.carats(value, "bare")
        case Kind.DOLLARS:
            return tags.dollars(value, "bare")
        case Kind.COUNT:
            return words.count(value)
        case Kind.AGE:
            return ages.span(value)
        case Kind.DAY:
            return tags.day(value)
        case Kind.INSTANT:
            return tags.instant(value)
        case Kind.MARK:
            name, word = value
            return marks.said(name, word)
    return value if isinstance(value, SafeString) else f"<bdi>{escape(str(value))}</bdi>"


# Exports.


def _plain(column: Column, row: object) -> str:  # noqa: PLR0911 (each kind has its own form)
    """Return what a cell of an export holds, as text: quantities without separators, days as ISO 8601."""
    value = column.of(row)
    if value is None:
        return ""
    match column.kind:
        case Kind.CARATS:
            return words.carats(value).replace(",", "")
        case Kind.DOLLARS:
            return words.dollars(value).replace(",", "")
        case Kind.DAY:
            return str(timezone.localtime(value).date() if isinstance(value, dt.datetime) else value)
        case Kind.INSTANT:
            return timezone.localtime(value).isoformat(timespec="seconds")
        case Kind.MARK:
            return str(value[1])
        case Kind.AGE:
            return ages.span(value)
    return str(value)


class _Line:
    """A file that gives back each line that is written to it."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def as_csv(listing: Listing, rows: QuerySet[Any], *, at: dt.datetime) -> StreamingHttpResponse:
    """Return all rows as CSV in UTF-8, row by row as they leave the database."""
    writer = csv.writer(_Line(), lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    zone = timezone.get_current_timezone()

    def lines() -> Iterator[str]:
        # Rows leave after the view has ended, and with it the time of the office.
        with timezone.override(zone):
            yield "\ufeff" + writer.writerow([harmless(str(column.label)) for column in listing.columns])
            for row in rows.iterator(chunk_size=_CHUNK):
                yield writer.writerow([harmless(_plain(column, row)) for column in listing.columns])

    return StreamingHttpResponse(
        lines(), content_type="text/csv; charset=utf-8", headers=_attached(listing, "csv", at=at)
    )


def as_xlsx(listing: Listing, rows: QuerySet[Any], *, at: dt.datetime) -> HttpResponseBase:
    """Return all rows as a spreadsheet: quantities are numbers, anything else is text and never a formula."""
    if (count := rows.count()) > MOST_ROWS_OF_A_SHEET:
        raise SheetTooLong(
            _("The list has %(count)s rows; a spreadsheet has %(most)s.")
            % {"count": words.count(count), "most": words.count(MOST_ROWS_OF_A_SHEET)},
            mend=_("Narrow the list, or take it as CSV."),
        )
    # The answer closes the file, and the file is gone with it.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "text_wrap": True})
    two_decimals = book.add_format({"num_format": "#,##0.00"})
    for place, column in enumerate(listing.columns):
        sheet.set_column(place, place, 14 if column.kind.is_figure else 24)
        sheet.write_string(0, place, harmless(str(column.label)), bold)
    for line, row in enumerate(rows.iterator(chunk_size=_CHUNK), start=1):
        for place, column in enumerate(listing.columns):
            text = _plain(column, row)
            if column.kind in {Kind.CARATS, Kind.DOLLARS} and text:
                # Hundredths below 10**15 are exact to the digit in a spreadsheet's own numbers.
                sheet.write_number(line, place, float(text), two_decimals)
            elif column.kind is Kind.COUNT and text:
                sheet.write_number(line, place, int(text))
            else:
                sheet.write_string(line, place, harmless(text))
    sheet.freeze_panes(1, 1)
    book.close()
    file.seek(0)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return FileResponse(file, content_type=kind, headers=_attached(listing, "xlsx", at=at))


def _attached(listing: Listing, ending: str, *, at: dt.datetime) -> dict[str, str]:
    name = f"{listing.name}-{timezone.localtime(at):%Y-%m-%d}.{ending}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}
