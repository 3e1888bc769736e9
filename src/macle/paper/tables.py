"""Files of applications: JSON objects, and tables (CSV, XLSX) with one application a row; and any other table.

A file's kind is told by its content. A table's headings are paths: ``exporter.name``, ``lines[0].hs``;
simple lists are one cell, joined with ``;``. Cells of a spreadsheet that are numbers come as floating point:
one that is exactly a number of two decimals is read as such, any other is left for the reader to refuse.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from macle import errors
from macle.paper import confined, spreadsheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LARGEST_FILE = 64 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS = 10_000, 200
"""Applications of one file, and fields of each in a table."""

_ROWS_IN_TIME = 50_000

LONGEST_READING = 30
"""Seconds that 50,000 rows of a spreadsheet may take; of the processor, two thirds of them."""

LISTS = frozenset({"origin.countries", "container_seals", "validation.officials", "languages"})
"""The fields that are simple lists."""

_MOST_ITEMS = 100
_SPLIT = "Divide it into several files."
_HEADING = re.compile(r"[a-z_]+(?:\[[0-9]{1,2}\])?(?:\.[a-z_]+(?:\[[0-9]{1,2}\])?)*")
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class TableMalformed(errors.Malformed):
    """The file is neither an application nor a table of applications."""

    code = "table-malformed"


class Figure(str):
    """The text of a cell that a spreadsheet holds as a number: a point before its decimals, and no separators."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Lodged:
    """One application as it was given: plain data, and where it stood."""

    file: str
    row: int | None
    data: object
    problem: errors.Malformed | None = None
    """Why this one row could not be read as data at all; the others are not affected."""

    @property
    def place(self) -> str:
        """Return where it stood, for people."""
        return self.file if self.row is None else f"{self.file} row {self.row}"

    def record(self) -> bytes:
        """Return the full record: the application as given, as canonical JSON; raise `TableMalformed`."""
        try:
            text = json.dumps(self.data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
            return text.encode()
        except (ValueError, TypeError, RecursionError) as error:
            raise TableMalformed(f"This cannot be kept as a record: {error}.", where=self.place) from None


def record_digest(record: bytes) -> bytes:
    """Return the digest of a full record, which stands in the certificate."""
    return hashlib.sha256(record).digest()


def applications_in(data: bytes, name: str) -> list[Lodged]:
    """Return the applications that the bytes hold; ``name`` says to people where they come from."""
    if data.startswith(_ZIP):
        return _of_rows(name, _spreadsheet(data, name, most_rows=MOST_ROWS))
    text = _text(data, name)
    return _json(text, name) if text.lstrip()[0] in "{[" else _of_rows(name, _csv(text, name))


def rows_in(data: bytes, name: str, *, most_rows: int) -> Iterator[Sequence[str]]:
    """Give the rows of any table, its headings first; raise `TableMalformed`, perhaps only on the way.

    Rows that are empty are given too, so that counting from 1 counts as spreadsheets do. What a spreadsheet holds as a
    number is a `Figure`, and what it holds as a day is written ``2026-11-25``.
    """
    rows = _spreadsheet(data, name, most_rows=most_rows) if data.startswith(_ZIP) else _csv(_text(data, name), name)
    for number, row in enumerate(rows, start=1):
        if number > most_rows + 1 or len(row) > MOST_COLUMNS:
            raise _too_large(name, most_rows)
        yield row


def _too_large(name: str, most_rows: int) -> TableMalformed:
    return TableMalformed(
        f"The table has more than {most_rows:,} rows or {MOST_COLUMNS} columns.", where=name, mend=_SPLIT
    )


def _text(data: bytes, name: str) -> str:
    """Return the text of a file that is no spreadsheet."""
    if data.startswith(_OLD_EXCEL):
        raise TableMalformed("This is an old spreadsheet.", where=name, mend="Save it as .xlsx or as CSV UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableMalformed(
            "This is neither JSON, nor CSV, nor a spreadsheet in UTF-8.",
            where=name,
            mend="Save the table as CSV UTF-8.",
        ) from None
    if not text.strip():
        raise TableMalformed("The file is empty.", where=name, mend="Give one application, or a table of them.")
    return text


def _json(text: str, name: str) -> list[Lodged]:
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise TableMalformed(f"This is not JSON that can be read: {reason}.", where=name) from None
    if isinstance(value, list):
        if len(value) > MOST_ROWS:
            raise TableMalformed(f"There are more than {MOST_ROWS:,} applications.", where=name, mend=_SPLIT)
        return [Lodged(name, index, each) for index, each in enumerate(value, start=1)]
    return [Lodged(name, None, value)]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [field for field, _ in pairs]
        raise ValueError(f"the field {next(field for field in names if names.count(field) > 1)!r} stands twice")
    return fields


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _csv(text: str, name: str) -> Iterator[list[str]]:
    first = text.splitlines()[0]
    separator = max(",;\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    except csv.Error as error:
        raise TableMalformed(f"This is not a CSV table that can be read: {error}.", where=name) from None


def _spreadsheet(data: bytes, name: str, *, most_rows: int) -> list[list[str]]:
    """Return the cells of the first sheet as text, read in a process of its own.

    The reader makes room for what a sheet claims, and a few bytes can claim more than any machine has. That ends
    a process, so it is another one, with limits; see `macle.paper.spreadsheet`.
    """
    smaller = f"Save the table as CSV UTF-8, with up to {most_rows:,} rows and {MOST_COLUMNS} columns."
    seconds = LONGEST_READING * max(1, most_rows // _ROWS_IN_TIME)
    try:
        printed = confined.run(
            "macle.paper.spreadsheet",
            str(most_rows + 1),
            str(MOST_COLUMNS),
            str(int(seconds * 2 / 3)),
            data=data,
            seconds=seconds,
            most=spreadsheet.LARGEST_ANSWER,
        )
    except confined.ReaderEnded as error:
        raise TableMalformed(error.what, where=name, mend=smaller) from None
    answer = json.loads(printed)
    if isinstance(answer, str):
        raise TableMalformed(answer, where=name, mend=smaller)
    rows: list[list[str | float]] = answer
    return [[cell if isinstance(cell, str) else Figure(spreadsheet.cell_text(cell)) for cell in row] for row in rows]


def _of_rows(name: str, rows: Iterable[Sequence[str]]) -> list[Lodged]:
    """Turn a table with headings into applications; the row is counted as spreadsheets count it."""
    lodged: list[Lodged] = []
    headings: list[str] | None = None
    for number, row in enumerate(rows, start=1):
        if number > MOST_ROWS + 1 or len(row) > MOST_COLUMNS:
            raise _too_large(name, MOST_ROWS)
        if headings is None:
            headings = _headings(row, name)
        elif any(cell.strip() for cell in row):
            lodged.append(_application(name, number, headings, row))
    if not lodged:
        raise TableMalformed("The table has no rows below its headings.", where=name)
    return lodged


def _headings(row: Sequence[str], name: str) -> list[str]:
    headings = [cell.strip() for cell in row]
    while headings and not headings[-1]:
        headings.pop()
    for heading in headings:
        if not _HEADING.fullmatch(heading):
            raise TableMalformed(
                f"{heading[:40]!r} is not a heading.",
                where=name,
                mend="Write the fields' paths in the first row, such as number, exporter.name, lines[0].hs.",
            )
    twice = {heading for heading in headings if headings.count(heading) > 1}
    if twice:
        raise TableMalformed(f"The heading {min(twice)} stands twice.", where=name)
    return headings


def _application(name: str, number: int, headings: list[str], row: Sequence[str]) -> Lodged:
    if any(cell.strip() for cell in row[len(headings) :]):
        problem = TableMalformed(
            "The row has more cells than there are headings.",
            where=f"column {len(headings) + 1}",
            mend="Put a cell that holds the separator into quotes.",
        )
        return Lodged(name, number, {}, problem)
    data: dict[str, Any] = {}
    try:
        for heading, cell in zip(headings, row, strict=False):
            if cell.strip():
                _place(data, heading, cell.strip())
    except TableMalformed as error:
        return Lodged(name, number, data, error)
    return Lodged(name, number, data)


def _place(data: dict[str, Any], heading: str, cell: str) -> None:
    """Put a cell where its heading says."""
    value: object = [item.strip() for item in cell.split(";") if item.strip()] if heading in LISTS else cell
    *above, last = heading.split(".")
    for part in above:
        data = _inside(data, part, heading)
    field, bracket, index = last.partition("[")
    if bracket:
        raise TableMalformed("An item of this list has fields.", where=heading, mend=f"Write {field}[{index}.name.")
    if field in data:
        raise TableMalformed("This is given twice, in different ways.", where=heading)
    data[field] = value


def _inside(data: dict[str, Any], part: str, heading: str) -> dict[str, Any]:
    field, bracket, index = part.partition("[")
    if not bracket:
        inner = data.setdefault(field, {})
    else:
        items = data.setdefault(field, [])
        at = int(index.rstrip("]"))
        if not isinstance(items, list) or at >= _MOST_ITEMS:
            raise TableMalformed("This is given twice, in different ways.", where=heading)
        items.extend({} for _ in range(at + 1 - len(items)))
        inner = items[at]
    if not isinstance(inner, dict):
        raise TableMalformed("This is given twice, in different ways.", where=heading)
    return inner


_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(cell: str) -> str:
    """Return the cell so that a spreadsheet takes it for text and never for a formula."""
    return "'" + cell if cell.startswith(_STARTS_A_FORMULA) else cell


def to_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a CSV table that is safe to open in a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(headings)
    writer.writerows([[harmless(cell) for cell in row] for row in rows])
    return ("\ufeff" + text.getvalue()).encode()
