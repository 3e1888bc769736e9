"""What stands on a drawn page, as PDFium reads it back: letters and where they stand, rules, line by line."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import unicodedata
from functools import lru_cache
from math import cos, radians, sin
from typing import TYPE_CHECKING, Any, NamedTuple

import pypdfium2_raw as pdfium

from macle.paper import opening

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

POINT = 25.4 / 72
"""Millimetres."""

_OUTLINED = 2
"""How SPECIMEN and COPY are drawn: filled with nothing, and stroked."""


class Letter(NamedTuple):
    """One letter: its box and its place on the baseline, in millimetres from the top left corner; size in points."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    x: float
    y: float
    size: float
    outlined: bool


class Rule(NamedTuple):
    """A straight line across, in millimetres."""

    left: float
    right: float
    y: float


@contextlib.contextmanager
def _opened(pdf: bytes) -> Iterator[tuple[Any, float]]:
    """Give the first page and its height in points."""
    with opening.opened(pdf) as document:
        page = pdfium.FPDF_LoadPage(document, 0)
        try:
            yield page, pdfium.FPDF_GetPageHeightF(page)
        finally:
            pdfium.FPDF_ClosePage(page)


def size(pdf: bytes) -> tuple[int, float, float]:
    """Return the number of pages, and width and height of the first in millimetres."""
    with opening.opened(pdf) as document:
        count = pdfium.FPDF_GetPageCount(document)
    with _opened(pdf) as (page, height):
        return count, pdfium.FPDF_GetPageWidthF(page) * POINT, height * POINT


@lru_cache(maxsize=64)
def letters(pdf: bytes) -> tuple[Letter, ...]:
    """Return the letters of the first page as they follow each other in it, without white space."""
    with _opened(pdf) as (page, height):
        text = pdfium.FPDFText_LoadPage(page)
        try:
            found = [_letter(text, index, height) for index in range(pdfium.FPDFText_CountChars(text))]
        finally:
            pdfium.FPDFText_ClosePage(text)
    return tuple(letter for letter in found if letter.text.strip())


def _letter(text: Any, index: int, height: float) -> Letter:
    left, right, bottom, top, x, y = (ctypes.c_double() for _ in range(6))
    pdfium.FPDFText_GetCharBox(text, index, left, right, bottom, top)
    pdfium.FPDFText_GetCharOrigin(text, index, x, y)
    part_of = pdfium.FPDFText_GetTextObject(text, index)
    return Letter(
        chr(pdfium.FPDFText_GetUnicode(text, index)),
        left.value * POINT,
        (height - top.value) * POINT,
        right.value * POINT,
        (height - bottom.value) * POINT,
        x.value * POINT,
        (height - y.value) * POINT,
        pdfium.FPDFText_GetFontSize(text, index),
        bool(part_of) and pdfium.FPDFTextObj_GetTextRenderMode(part_of) == _OUTLINED,
    )


def rules(pdf: bytes) -> list[Rule]:
    """Return the lines across the first page that are longer than 8 mm, from the top down."""
    found = []
    with _opened(pdf) as (page, height):
        for index in range(pdfium.FPDFPage_CountObjects(page)):
            part = pdfium.FPDFPage_GetObject(page, index)
            left, bottom, right, top = (ctypes.c_float() for _ in range(4))
            pdfium.FPDFPageObj_GetBounds(part, left, bottom, right, top)
            is_path = pdfium.FPDFPageObj_GetType(part) == pdfium.FPDF_PAGEOBJ_PATH
            if is_path and top.value - bottom.value < 2 and (right.value - left.value) * POINT > 8:
                middle = height - (top.value + bottom.value) / 2
                found.append(Rule(left.value * POINT, right.value * POINT, middle * POINT))
    return sorted(found, key=lambda rule: rule.y)


@lru_cache(maxsize=64)
def lines(pdf: bytes) -> tuple[str, ...]:
    """Return each baseline's letters from left to right, without white space."""
    return tuple(
        "".join(letter.text for letter in sorted(line, key=lambda each: each.x)) for line in _baselines(letters(pdf))
    )


def lines_from_the_right(of: Iterable[Letter], *, turned: float = 0) -> list[str]:
    """Return each baseline's letters from right to left, as Arabic is read, once each of neighbours that are the same.

    A font may draw a letter and its dots apart, and a reader then finds the letter twice, off the baseline. ``turned``
    is by how many degrees the page was turned.
    """
    return [
        squeezed("".join(letter.text for letter in sorted(line, key=lambda each: -each.x)))
        for line in _baselines(_turned(of, turned))
    ]


def _turned(of: Iterable[Letter], degrees: float) -> list[Letter]:
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return [each._replace(x=each.x * c + each.y * s, y=each.y * c - each.x * s) for each in of]


def _baselines(of: Iterable[Letter]) -> list[list[Letter]]:
    """Return the letters of each baseline; two baselines are a tenth of a millimetre apart at least."""
    ordered = sorted(of, key=lambda letter: letter.y)
    starts = [0, *(i for i in range(1, len(ordered)) if ordered[i].y - ordered[i - 1].y > 0.05)]
    return [ordered[start:end] for start, end in itertools.pairwise([*starts, len(ordered)])]


def bare(text: str) -> str:
    """Return the text without white space, and brackets all alike: on a page from the right they are mirrored."""
    return "".join(text.split()).replace(")", "(")


def squeezed(text: str) -> str:
    """Return the text without white space, marks, and letters that stand behind the same letter."""
    kept = [letter for letter in bare(text) if unicodedata.category(letter) != "Mn"]
    return "".join(letter for letter, _ in itertools.groupby(kept))


def flowing(pdf: bytes) -> str:
    """Return all letters of the first page in the order of reading, bare, so that a text may go on in the next line."""
    return bare("".join(letter.text for letter in letters(pdf)))


def outlined(pdf: bytes) -> str:
    """Return what stands across the page, in outlines."""
    return "".join(letter.text for letter in letters(pdf) if letter.outlined)


def says(pdf: bytes, text: str) -> bool:
    """Return whether one line of the first page has the text, whatever the white space."""
    return any(bare(text) in bare(line) for line in lines(pdf))


def says_in_arabic(pdf: bytes, text: str) -> bool:
    """Return whether each word of the text stands in one line, from right to left."""
    read = lines_from_the_right(letters(pdf))
    return all(any(squeezed(word) in line for line in read) for word in text.split())


def says_over_lines(pdf: bytes, text: str) -> bool:
    """Return whether the lines of the first page have the text, from the top down, each a part of it."""
    rest = bare(text)
    for line in map(bare, lines(pdf)):
        fits = next((end for end in range(len(rest), 0, -1) if rest[:end] in line), 0) if rest[:6] in line else 0
        if fits >= min(len(rest), 6):
            rest = rest[fits:]
    return not rest


def clashes(pdf: bytes) -> list[str]:
    """Return which letters of the first page stand on each other or on a rule, or beyond its frame."""
    read = [letter for letter in letters(pdf) if letter.size > 2.5 and not letter.outlined and _stands_alone(letter)]
    found = [f"{each.text} at {each.left:.0f}, {each.top:.0f} is outside" for each in read if not 17 < each.left < 192]
    read.sort(key=lambda letter: letter.top)
    for index, one in enumerate(read):
        for other in itertools.takewhile(lambda each, end=one.bottom: each.top < end, read[index + 1 :]):  # type: ignore[misc]
            wide = min(one.right, other.right) - max(one.left, other.left)
            tall = min(one.bottom, other.bottom) - max(one.top, other.top)
            # A comma may reach under the letter before it.
            half = min(each.right - each.left if each.text.isalnum() else 9 for each in (one, other)) / 2
            beside = abs(one.y - other.y) < 0.3 and wide < half
            if wide > 0.15 and tall > 0.15 and not beside and one[1:5] != other[1:5]:
                found.append(f"{one.text} is on {other.text} at {one.left:.0f}, {one.top:.0f}")
    found.extend(
        f"{letter.text} is on a rule at {letter.left:.0f}, {rule.y:.0f}"
        for letter, rule in itertools.product(read, rules(pdf))
        if letter.top + 0.15 < rule.y < letter.bottom - 0.15 and rule.left < letter.right and letter.left < rule.right
    )
    return found


def _stands_alone(letter: Letter) -> bool:
    """Return whether nothing of another letter may reach into its box, as marks and Arabic letters do."""
    return unicodedata.category(letter.text) != "Mn" and not "\u0590" <= letter.text <= "\u0eff"
