"""An issuer's own pre-printed sheets: where each value goes, in millimetres, and what a printer shifts.

On a numbered sheet the number belongs to the sheet: it is not printed again, and a sheet that is spoiled makes the
number void. What is printed on plain paper is a copy and says so.

Source: practice under KPCS Core Document, Annex I-A (a unique number; tamper and forgery resistance).
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from macle import errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES = (
    "number", "kind", "issued", "expires", "exporter", "importer", "origin", "provenance", "destination", "hs",
    "carats", "value", "total-carats", "total-value", "parcels", "seals", "authority", "official", "words", "qr",
    "small-qr", "slip-number", "slip-destination", "slip-importer", "slip-hs", "slip-parcels", "slip-carats",
    "slip-value",
)  # fmt: skip
"""What can be put on a sheet. ``hs``, ``carats`` and ``value`` are columns of three rows; ``slip-`` fields belong to
the import confirmation below the perforation; signature and stamp are the official's."""

WHOLE = {
    "issued", "expires", "exporter", "importer", "origin", "hs", "carats", "value", "parcels", "seals", "authority",
    "official", "qr",
}  # fmt: skip
"""What a form must have: the rest of Annex I is printed on the sheet already."""

_NUMBERS = {"number", "slip-number"}
_LARGEST, _CROSSES = 420.0, 40.0
"""Millimetres of A3; and how far the four crosses of a calibration sheet stand from its edges, both sides together."""
_MOST_SHIFT, _MOST_STRETCH = 15.0, 0.02
_SMALLEST, _LARGEST_LETTERS = 6.0, 40.0
"""Points of the first size of a field; it is made smaller step by step, down to little more than half."""
_EDGE = 5.0
"""Millimetres that the white frame of a code keeps to the edge of a sheet; no printer reaches the edge."""


class FormMalformed(errors.Malformed):
    """The form, or the printer's file, is not written as it must be."""

    code = "form-malformed"


@dataclass(frozen=True, slots=True)
class Field:
    """Where a value stands, in millimetres from the top left corner, and its largest size in points."""

    name: str
    x: float
    y: float
    width: float
    height: float
    size: float = 9.5
    align: str = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One edition of an issuer's sheet; measures in millimetres.

    ``instructions`` is where the calibration sheet has room for its text.
    """

    name: str
    width: float
    height: float
    numbered: bool
    perforation: float | None
    instructions: float
    fields: tuple[Field, ...]

    def plain(self) -> dict[str, Any]:
        """Return the form as plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Printer:
    """What a calibration sheet showed of one printer and tray.

    ``right`` and ``down`` are how many millimetres it prints too far left or too high, that is, by how much to move;
    ``across`` and ``along`` are what the distances between the crosses measure, None where they are right.
    """

    right: float = 0.0
    down: float = 0.0
    across: float | None = None
    along: float | None = None

    def applied(self, form: Form) -> dict[str, Any]:
        """Return the form as plain data, with what this printer needs."""
        return form.plain() | {
            "right": self.right,
            "down": self.down,
            "stretch-across": _stretch(self.across, form.width - _CROSSES, "across"),
            "stretch-along": _stretch(self.along, form.height - _CROSSES, "along"),
        }


UNSHIFTED = Printer()
"""A printer that puts everything where it belongs."""


def _stretch(measured: float | None, wanted: float, where: str) -> float:
    """Return by how much to draw things apart that the printer draws together."""
    if measured is None:
        return 1.0
    if abs(measured - wanted) > wanted * _MOST_STRETCH:
        raise FormMalformed(
            f"The crosses stand {measured} mm apart and not {wanted:g}: the page was fitted or scaled.",
            where=where,
            mend="Print the calibration sheet again at 100 %.",
        )
    return wanted / measured


def read(path: Path) -> Form:
    """Return the form of a file (TOML); raise `FormMalformed` with what is wrong and where."""
    table = _table(path)
    try:
        return _form(table)
    except (KeyError, TypeError, ValueError) as error:
        raise FormMalformed(f"A field is missing or holds what it cannot hold: {error}.", where=str(path)) from error
    except FormMalformed as error:
        error.where = f"{path}: {error.where}"
        raise


def read_printer(path: Path) -> Printer:
    """Return the printer of a file (TOML); raise `FormMalformed`."""
    table = _table(path)
    strangers = sorted(set(table) - {"right", "down", "across", "along"})
    if strangers:
        raise FormMalformed(
            "There is no such field.", where=f"{path}: {strangers[0]}", mend="See `macle paper calibrate`."
        )
    try:
        printer = Printer(**{name: _number(value) for name, value in table.items()})
    except (TypeError, ValueError) as error:
        raise FormMalformed(f"These are no millimetres: {error}.", where=str(path)) from error
    if abs(printer.right) > _MOST_SHIFT or abs(printer.down) > _MOST_SHIFT:
        raise FormMalformed(f"No printer shifts by more than {_MOST_SHIFT:g} mm.", where=str(path))
    return printer


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FormMalformed(f"The file cannot be read: {error.strerror}.", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormMalformed(f"This is not TOML: {error}.", where=str(path)) from error


_ENTRIES = {"name", "width", "height", "numbered", "perforation", "instructions", "fields"}


def _number(value: object) -> float:
    """Return a finite number; raise ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _form(table: Mapping[str, Any]) -> Form:
    for stranger in sorted(set(table) - _ENTRIES):
        raise FormMalformed("There is no such entry.", where=stranger, mend=f"Known: {', '.join(sorted(_ENTRIES))}.")
    fields = tuple(_field(each) for each in table["fields"])
    form = Form(
        name=str(table["name"]),
        width=_number(table["width"]),
        height=_number(table["height"]),
        numbered=_flag(table["numbered"]),
        perforation=None if table.get("perforation") is None else _number(table["perforation"]),
        instructions=_number(table.get("instructions", 22)),
        fields=fields,
    )
    _refuse_measures(form)
    _refuse_names(form)
    for field in fields:
        _refuse_place(form, field)
    return form


def _refuse_measures(form: Form) -> None:
    if not (0 < form.width <= _LARGEST and 0 < form.height <= _LARGEST):
        raise FormMalformed("A sheet is no larger than A3.", where="width, height")
    for where, measure in (("perforation", form.perforation), ("instructions", form.instructions)):
        if measure is not None and not 0 <= measure <= form.height:
            raise FormMalformed("This is not on the sheet.", where=where)


def _refuse_names(form: Form) -> None:
    """Refuse a form that has a field twice, lacks one of Annex I, or prints a number that is there already."""
    names = [field.name for field in form.fields]
    if len(set(names)) != len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise FormMalformed("A field stands on a sheet once.", where=double)
    missing = sorted(WHOLE - set(names))
    if missing:
        raise FormMalformed("A certificate needs this field.", where=missing[0], mend="Give its place in millimetres.")
    if form.numbered and _NUMBERS & set(names):
        raise FormMalformed(
            "The number is printed on the sheet already.", where=min(_NUMBERS & set(names)), mend="Leave it out."
        )
    if not form.numbered and "number" not in names:
        raise FormMalformed("The sheet bears no number, so it must be printed.", where="number", mend="Give its place.")


def _refuse_place(form: Form, field: Field) -> None:
    """Refuse a field that is not on the sheet, a code at its edge, and letters that nobody reads."""
    from_edge = min(field.x, field.y, form.width - field.x - field.width, form.height - field.y - field.height)
    if from_edge < 0 or field.width <= 0 or field.height <= 0:
        raise FormMalformed("The field is not inside the sheet.", where=field.name)
    if field.name in {"qr", "small-qr"} and from_edge < _EDGE:
        raise FormMalformed(f"A code keeps {_EDGE:g} mm to the edge, with its white frame.", where=field.name)
    if not _SMALLEST <= field.size <= _LARGEST_LETTERS:
        raise FormMalformed(
            f"Letters have {_SMALLEST:g} to {_LARGEST_LETTERS:g} points.", where=field.name, mend="Give its size."
        )


def _field(table: Mapping[str, Any]) -> Field:
    strangers = sorted(set(table) - set(Field.__dataclass_fields__))
    name = str(table["name"])
    if strangers or name not in NAMES:
        what = f"There is no such entry: {strangers[0]}." if strangers else "There is no such field."
        raise FormMalformed(what, where=name, mend=f"Known fields: {', '.join(NAMES)}.")
    align = str(table.get("align", "left"))
    if align not in {"left", "right"}:
        raise FormMalformed(f"{align!r} is neither left nor right.", where=name)
    size = _number(table.get("size", 9.5))
    x, y, width, height = (_number(table[each]) for each in ("x", "y", "width", "height"))
    return Field(name, x, y, width, height, size, align)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise FormMalformed(f"{value!r} is neither true nor false.", where="numbered")
    return value
