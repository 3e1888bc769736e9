"""Certificates on paper as a bad office scanner shows them: folded, stained, turned, unevenly lit and out of focus.

Each page is a stamped certificate, drawn from its PDF at 150 or 300 dots an inch in modules of 0.5 mm, and every page
suffers all of this, in the order in which paper and scanner do it:

1. A fold runs across the code: a dark line beside a bright one where the ink came off, and one side darker.
2. One to three stains cover 5 % of the code, in random shapes with a darker rim. They lie anywhere on it, on its finder
   patterns too, because coffee does not choose; they leave the print a quarter to half of its contrast, the rim less.
3. The page is turned by up to 7 degrees.
4. A shadow lies over it, whose edge is a gradient across the code down to a third to two thirds of the light.
5. It is blurred by up to a third of a module.
6. It is kept as a JPEG of quality 40.

Each page has a seed of its own, so the same pages are read in every run.
"""

from __future__ import annotations

import io
import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from macle.paper import opening
from macle.paper.rendering import Layout
from macle.proof import qr
from tests.support import signed
from tests.support.documents import a_document
from tests.support.full import a_full_certificate

if TYPE_CHECKING:
    from collections.abc import Callable

    from macle.scheme.certificates import Certificate
    from tests.support.signed import Authority

RESOLUTIONS = (150, 300)
PAGES, WORKERS = 400, 2

MOST_TURNED = 7.0
"""Degrees."""

STAINED = 0.05
"""The part of the code that lies under stains."""

JPEG_QUALITY = 40
_INCH_MM = 25.4
_BESIDE_THE_PAGE = 245


class Sheet(NamedTuple):
    """A stamped PDF, and the text of the code on it."""

    pdf: bytes
    text: str


class Place(NamedTuple):
    """Where a code lies on its page, in dots; before the page is turned it lies straight."""

    left: int
    top: int
    side: int

    def at(self, across: float, down: float) -> tuple[float, float]:
        """Return the dot at these parts of the side."""
        return self.left + across * self.side, self.top + down * self.side


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How many pages of each resolution there were, how many were read with exactly the right text, and which not."""

    pages: dict[int, int]
    read: dict[int, int]
    unread: tuple[int, ...]

    @property
    def per_cent(self) -> float:
        """Return the part of all pages that was read."""
        return 100 * sum(self.read.values()) / sum(self.pages.values())


def degraded_read(*, pages: int = PAGES, workers: int = WORKERS) -> Reading:
    """Degrade so many pages, half of them at each resolution, and read them as the product reads a scan."""
    seen, read, unread = dict.fromkeys(RESOLUTIONS, 0), dict.fromkeys(RESOLUTIONS, 0), []
    # A fresh process has none of the threads that drawing the PDFs started here.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=fresh, initializer=_take, initargs=(sheets(),)) as pool:
        for seed, good in enumerate(pool.map(_is_read, range(pages), chunksize=5)):
            seen[_dpi_of(seed)] += 1
            read[_dpi_of(seed)] += good
            if not good:
                unread.append(seed)
    return Reading(pages=seen, read=read, unread=tuple(unread))


_SHEETS: list[Sheet] = []
"""The sheets that the pages of this process are drawn from."""


def _take(taken: list[Sheet]) -> None:
    _SHEETS[:] = taken


def sheets() -> list[Sheet]:
    """Return the sheets that take turns: every second is the full certificate, the others vary in language and size."""
    small, large = signed.a_small_certificate, signed.a_full_certificate
    usual = _sheet(signed.an_authority("AE", "Dubai"), lambda _: a_full_certificate())
    others = [
        _sheet(signed.an_authority("BW", "Gaborone"), large),
        _sheet(signed.an_authority("CN", "Shanghai"), small),
        _sheet(signed.an_authority("RU", "Moscow"), large),
        _sheet(signed.an_authority("EU", "Antwerp"), small, Layout.EU),
        _sheet(signed.an_authority("AO", "Luanda"), large),
    ]
    return [sheet for other in others for sheet in (usual, other)]


def _sheet(authority: Authority, make: Callable[[Authority], Certificate], layout: Layout = Layout.GENERAL) -> Sheet:
    certificate = authority.sign(make(authority))
    return Sheet(a_document(certificate, authority, layout=layout), qr.to_text(certificate.to_bytes()))


def _dpi_of(seed: int) -> int:
    return RESOLUTIONS[seed % len(RESOLUTIONS)]


def _sheet_of(seed: int) -> int:
    return seed // len(RESOLUTIONS) % len(_SHEETS)


def _is_read(seed: int) -> bool:
    try:
        return qr.texts_in_picture(degraded(seed)) == [_SHEETS[_sheet_of(seed)].text]
    except qr.PictureUnreadable:
        return False


def degraded(seed: int) -> bytes:
    """Return the page of this seed as a JPEG."""
    chance, dpi = Random(seed), _dpi_of(seed)
    dots = dpi / _INCH_MM
    page, place = _drawn(_sheet_of(seed), dpi)
    paper = _stained(_folded(page, place, chance, dots), place, chance)
    angle = chance.uniform(-MOST_TURNED, MOST_TURNED)
    scan = paper.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=_BESIDE_THE_PAGE)
    scan = _shaded(scan, _turned(place.at(0.5, 0.5), angle, page.size, scan.size), chance, dots)
    scan = scan.filter(ImageFilter.GaussianBlur(chance.uniform(0.08, 0.16) * dots))
    target = io.BytesIO()
    scan.save(target, "JPEG", quality=JPEG_QUALITY, dpi=(dpi, dpi))
    return target.getvalue()


@lru_cache(maxsize=32)
def _drawn(number: int, dpi: int) -> tuple[Image.Image, Place]:
    """Return a sheet's page in grey, and where its code is."""
    sheet = _SHEETS[number]
    with opening.opened(sheet.pdf) as document:
        grey = opening.page_of(document, 0, dpi=dpi)
    (code,) = (found for found in zxingcpp.read_barcodes(grey) if found.text == sheet.text)
    first, last = code.position.top_left, code.position.bottom_right
    side = last.x - first.x
    modules = qr.code_of(sheet.text).modules
    if side / modules / dpi * _INCH_MM < qr.MODULE_MM - 0.01:
        raise RuntimeError(f"A module is {side / modules / dpi * _INCH_MM:.3f} mm wide.")
    return grey, Place(first.x, first.y, side)


def _folded(page: Image.Image, place: Place, chance: Random, dots: float) -> Image.Image:
    """Return the page with a fold through the code, across or down the page and a little askew."""
    x, y = place.at(chance.uniform(0.1, 0.9), chance.uniform(0.1, 0.9))
    angle = math.radians(chance.choice((0, 90)) + chance.uniform(-4, 4))
    along, aside = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
    far, width = page.width + page.height, chance.uniform(0.3, 0.7) * dots

    def dot(ahead: float, beside: float) -> tuple[float, float]:
        return x + ahead * along[0] + beside * aside[0], y + ahead * along[1] + beside * aside[1]

    def strip(one: float, other: float) -> list[tuple[float, float]]:
        return [dot(-far, one), dot(far, one), dot(far, other), dot(-far, other)]

    shade, flaked = Image.new("L", page.size, 255), Image.new("L", page.size, 0)
    pen = ImageDraw.Draw(shade)
    pen.polygon(strip(0, far), fill=chance.randint(190, 235))
    pen.polygon(strip(0, width), fill=chance.randint(80, 150))
    ImageDraw.Draw(flaked).polygon(strip(-width * 0.7, 0), fill=chance.randint(90, 170))
    return ImageChops.multiply(ImageChops.screen(page, flaked), shade)


_GRAIN = 512
"""Dots a side of the drawing of stains; the code is the middle half of it."""


def _stained(page: Image.Image, place: Place, chance: Random) -> Image.Image:
    """Return the page with its stains."""
    outlines = [_blotch(chance) for _ in range(chance.randint(1, 3))]
    low, high = 0.0, 1.0
    for _ in range(12):
        size = (low + high) / 2
        covered = ImageStat.Stat(_blotches(outlines, size).crop((_GRAIN // 4,) * 2 + (_GRAIN * 3 // 4,) * 2)).mean[0]
        low, high = (size, high) if covered < 255 * STAINED else (low, size)
    inner = _blotches(outlines, low)
    rim = ImageChops.subtract(inner, inner.filter(ImageFilter.MinFilter(7)))
    opacity, at_the_rim = chance.uniform(0.5, 0.75), chance.uniform(0.05, 0.1)
    inner = inner.point([round(level * opacity) for level in range(256)])
    mask = ImageChops.add(inner, rim.point([round(level * at_the_rim) for level in range(256)]))
    mask = mask.resize((place.side * 2, place.side * 2), Image.Resampling.BICUBIC)
    stained = page.copy()
    corner = (place.left - place.side // 2, place.top - place.side // 2)
    stained.paste(chance.randint(50, 110), (*corner, corner[0] + mask.width, corner[1] + mask.height), mask)
    return stained


def _blotch(chance: Random) -> tuple[float, float, list[tuple[float, float]]]:
    """Return the middle of a blotch, in parts of the code's side, and its outline around it."""
    size = chance.uniform(0.5, 1)
    waves = [(count, chance.uniform(0, 0.5 / count), chance.uniform(0, math.tau)) for count in range(2, 8)]
    outline = []
    for degree in range(0, 360, 4):
        turn = math.radians(degree)
        radius = size * (1 + sum(height * math.sin(count * turn + shift) for count, height, shift in waves))
        outline.append((radius * math.cos(turn), radius * math.sin(turn)))
    return chance.uniform(0, 1), chance.uniform(0, 1), outline


def _blotches(outlines: list[tuple[float, float, list[tuple[float, float]]]], size: float) -> Image.Image:
    """Return the mask of the blotches at this size."""
    mask, code = Image.new("L", (_GRAIN, _GRAIN), 0), _GRAIN / 2
    for across, down, outline in outlines:
        middle = (code * (0.5 + across), code * (0.5 + down))
        ImageDraw.Draw(mask).polygon(
            [(middle[0] + x * size * code, middle[1] + y * size * code) for x, y in outline], 255
        )
    return mask


def _turned(
    dot: tuple[float, float], angle: float, before: tuple[int, int], after: tuple[int, int]
) -> tuple[float, float]:
    """Return where a dot of the page comes to lie when the page is turned, in degrees counter-clockwise."""
    turn = math.radians(angle)
    x, y = dot[0] - before[0] / 2, dot[1] - before[1] / 2
    return (
        after[0] / 2 + x * math.cos(turn) + y * math.sin(turn),
        after[1] / 2 - x * math.sin(turn) + y * math.cos(turn),
    )


def _shaded(scan: Image.Image, middle: tuple[float, float], chance: Random, dots: float) -> Image.Image:
    """Return the scan with a shadow whose edge runs across the code; it falls over 60 to 200 mm, in any direction."""
    darkest, span, turn = chance.uniform(0.35, 0.65), chance.uniform(60, 200) * dots, chance.uniform(0, math.tau)
    wide, tall = 48, 64
    across = [((column + 0.5) / wide * scan.width - middle[0]) * math.cos(turn) / span for column in range(wide)]
    down = [((row + 0.5) / tall * scan.height - middle[1]) * math.sin(turn) / span for row in range(tall)]
    levels = bytes(round(255 * (1 - (1 - darkest) * min(1.0, max(0.0, 0.5 + x + y)))) for y in down for x in across)
    light = Image.frombytes("L", (wide, tall), levels).resize(scan.size, Image.Resampling.BILINEAR)
    return ImageChops.multiply(scan, light)
