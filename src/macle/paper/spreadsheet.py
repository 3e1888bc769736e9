"""The first sheet of a spreadsheet, in a process that may die of it.

``python -m macle.paper.spreadsheet ROWS COLUMNS SECONDS`` takes an XLSX file on the standard input and prints its cells
as JSON, numbers as numbers and all else as text, or a sentence that says why not. It gives itself limits on memory and
time first: the reader makes room for every cell between the first and the last, and ends the process if there is no
such room.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from datetime import date, datetime, time

from macle.paper import confined

MOST_MEMORY = 1024 * 1024 * 1024
"""Bytes of address space."""

LARGEST_UNPACKED = 512 * 1024 * 1024
"""Bytes that the parts of a spreadsheet may claim to unpack to."""

LARGEST_TEXT = 64 * 1024 * 1024
"""Characters of all cells together."""

LARGEST_ANSWER = 8 * LARGEST_TEXT
"""Bytes of the answer: as JSON a character has up to six, and each cell its marks."""


def first_sheet(data: bytes, *, most_rows: int, most_columns: int) -> list[list[str | float]] | str:
    """Return the rows of the first sheet, or in one sentence why there are none; of a formula, what it last showed."""
    import python_calamine  # noqa: PLC0415 (within the limits)

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())
        if unpacked > LARGEST_UNPACKED:
            return f"The spreadsheet unpacks to more than {LARGEST_UNPACKED:,} bytes."
        sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        if sheet.end is not None and (sheet.end[0] >= most_rows or sheet.end[1] >= most_columns):
            return f"The sheet has cells beyond row {most_rows:,} or column {most_columns}."
        rows: list[list[str | float]] = []
        length = 0
        for row in sheet.to_python(skip_empty_area=False):
            texts = [cell_text(cell) for cell in row]
            rows.append([_plain(cell, text) for cell, text in zip(row, texts, strict=True)])
            length += sum(map(len, texts))
            if length > LARGEST_TEXT:
                return f"The cells hold more than {LARGEST_TEXT:,} characters."
    except (python_calamine.CalamineError, zipfile.BadZipFile, ValueError, IndexError, OSError) as error:
        return f"This is not a spreadsheet that can be read: {error}."
    else:
        return rows


def _plain(cell: object, text: str) -> str | float:
    return cell if isinstance(cell, int | float) and not isinstance(cell, bool) else text


def cell_text(value: object) -> str:
    """Return a cell's text; a number of at most two decimals in its one form, any other as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _number(value: float) -> str:
    """Return the number that was typed, as far as floating point tells: 205.18 and 7102.10, never a rounded one."""
    if value.is_integer():
        return str(int(value))
    two = f"{value:.2f}"
    return two if float(two) == value else repr(value)


def main() -> None:
    """Read the standard input and print the rows, or why there are none."""
    most_rows, most_columns, seconds = map(int, sys.argv[1:])
    confined.limit(memory=MOST_MEMORY, seconds=seconds, output=LARGEST_ANSWER)
    answer = first_sheet(sys.stdin.buffer.read(), most_rows=most_rows, most_columns=most_columns)
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
