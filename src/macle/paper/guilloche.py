"""Line work as SVG: a pure function of colours, measures and a number.

A border belongs to the issuer and is drawn once; a rosette belongs to a number, whose SHA-256 chooses lobes, turns
and angles. A border is a few beads repeated, a ring a few lobes repeated, each under its own transform: in the
page's stream the repeats are equal bytes and compress to nearly nothing. Coordinates are whole units of 0.02 mm.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from math import cos, gcd, pi, sin, tau
from typing import NamedTuple

UNIT = 50
"""Units a millimetre."""

_BEADS = 3
"""Beads under one transform: fewer make the page smaller, more make it faster."""

_LOBES = 6
"""Lobes under one transform; each ring has a multiple of it."""

_STEPS = 6
"""Curves a bead."""

HAIR = 0.1
"""Width of a line, in millimetres."""


class _Sample(NamedTuple):
    """A point and its derivative a step, in units."""

    x: float
    y: float
    dx: float
    dy: float


@dataclass(frozen=True, slots=True)
class Ribbon:
    """The thread of a border: length of a bead and half its height in millimetres, threads of each colour."""

    bead: float
    height: float
    threads: int
    first: str
    second: str

    @property
    def room(self) -> float:
        """Return how far the lines reach to either side, in millimetres."""
        return self.height + 0.2


class Ring(NamedTuple):
    """A ring of lace: radii as parts of the rosette's, and the fewest lobes and turns."""

    inner: float
    outer: float
    lobes: int
    turns: int


UNDERPRINT = (Ring(0.60, 1.0, 42, 11), Ring(0.12, 0.70, 24, 7))
STAMP = (Ring(0.66, 1.0, 36, 7), Ring(0.30, 0.74, 30, 7), Ring(0.05, 0.38, 18, 5))


@lru_cache(maxsize=64)
def border(width: float, height: float, radius: float, ribbon: Ribbon) -> str:
    """Return a frame of two ribbons in counter-phase; width and height are of its outer edge, in millimetres.

    Every side and corner holds whole beads, so that all four corners are alike.
    """
    w, h = width - 2 * ribbon.room, height - 2 * ribbon.room
    straight = _motif(ribbon.bead, ribbon, beads=_BEADS)
    corner = _motif(pi * radius / 2, ribbon, radius=radius)
    sides = (
        (radius, 0, 1, 0, w - 2 * radius),
        (w, radius, 0, 1, h - 2 * radius),
        (w - radius, h, -1, 0, w - 2 * radius),
        (0, h - radius, 0, -1, h - 2 * radius),
    )
    centres = ((w - radius, radius), (w - radius, h - radius), (radius, h - radius), (radius, radius))
    out = []
    for (x, y, across, down, length), (corner_x, corner_y) in zip(sides, centres, strict=True):
        count = max(1, round(length / ribbon.bead / _BEADS))
        stretch = length / count / ribbon.bead / _BEADS
        for index in range(count):
            along = index * length / count
            place = ((x + ribbon.room + across * along) * UNIT, (y + ribbon.room + down * along) * UNIT)
            matrix = f"{across * stretch:.5g} {down * stretch:.5g} {-down} {across} {place[0]:.1f} {place[1]:.1f}"
            out.append(_moved(straight, matrix))
        place = ((corner_x + ribbon.room) * UNIT, (corner_y + ribbon.room) * UNIT)
        out.append(_moved(corner, f"{across} {down} {-down} {across} {place[0]:.1f} {place[1]:.1f}"))
    return _svg(width, height, "".join(out))


@lru_cache(maxsize=64)
def rule(width: float, ribbon: Ribbon) -> str:
    """Return a straight ribbon, for letterheads."""
    count = round(width / ribbon.bead)
    motif = _motif(width / count, ribbon)
    beads = (
        _moved(motif, f"1 0 0 1 {index * width / count * UNIT:.0f} {ribbon.room * UNIT:.0f}") for index in range(count)
    )
    return _svg(width, 2 * ribbon.room, "".join(beads))


@lru_cache(maxsize=64)
def waves(width: float, height: float, count: int, colour: str) -> str:
    """Return parallel waves for the place of a signature: what is scraped off takes the lines with it."""
    steps, swing = 10, 0.35 * UNIT
    step = width / steps * UNIT
    wave = _stroke(
        _through(
            [_Sample(i * step, swing * sin(i * pi / 2), step, swing * pi / 2 * cos(i * pi / 2)) for i in range(11)]
        ),
        colour,
    )
    lines = (_moved(wave, f"1 0 0 1 0 {height * UNIT * (index + 0.5) / count:.0f}") for index in range(count))
    return _svg(width, height, "".join(lines))


def rosette(text: str, radius: float, colour: str, rings: tuple[Ring, ...]) -> str:
    """Return the rosette of a number, whose radius is in millimetres."""
    seed = hashlib.sha256(text.encode()).digest()
    centre = (radius + 0.2) * UNIT
    out = []
    for index, ring in enumerate(rings):
        lobes = ring.lobes + _LOBES * (seed[2 * index] % 3)
        turns = ring.turns + seed[2 * index + 1] % 5
        while gcd(lobes, turns) > 1:
            turns += 1
        angle = seed[8 + index] / 256 * tau
        lace = _lace(radius * ring.inner, radius * ring.outer, lobes, turns, colour)
        for chunk in range(lobes // _LOBES):
            turn = angle + tau * turns * _LOBES * chunk / lobes
            out.append(
                _moved(
                    lace, f"{cos(turn):.4f} {sin(turn):.4f} {-sin(turn):.4f} {cos(turn):.4f} {centre:.0f} {centre:.0f}"
                )
            )
    return _svg(2 * radius + 0.4, 2 * radius + 0.4, "".join(out))


def _lace(inner: float, outer: float, lobes: int, turns: int, colour: str) -> str:
    """Return the first lobes of a ring that has so many while it goes round so many times."""
    middle, swing = (inner + outer) / 2 * UNIT, (outer - inner) / 2 * UNIT
    step = tau * turns / lobes / 4
    quarters = ((1, 0), (0, -1), (-1, 0), (0, 1))
    samples = []
    for index in range(4 * _LOBES + 1):
        level, slope = quarters[index % 4]
        angle, out, grow = index * step, middle + swing * level, swing * slope * pi / 2
        samples.append(
            _Sample(
                out * cos(angle),
                out * sin(angle),
                grow * cos(angle) - out * step * sin(angle),
                grow * sin(angle) + out * step * cos(angle),
            )
        )
    return _stroke(_through(samples), colour)


def _motif(length: float, ribbon: Ribbon, *, radius: float | None = None, beads: int = 1) -> str:
    """Return beads of both ribbons: one swells where the other narrows."""
    return "".join(
        _stroke(
            "".join(
                _thread(length, ribbon.height, swell, (k + shift) / ribbon.threads * tau, radius=radius, beads=beads)
                for k in range(ribbon.threads)
            ),
            colour,
        )
        for colour, swell, shift in ((ribbon.first, 0.42, 0.0), (ribbon.second, -0.42, 0.5))
    )


def _thread(length: float, height: float, swell: float, phase: float, *, radius: float | None, beads: int) -> str:
    """Return beads of one thread, along a line or round a corner.

    Its offset is height (1 - |swell| + swell cos 2πu) sin(2πu + phase).
    """
    samples = []
    step = length * UNIT / _STEPS
    for index in range(beads * _STEPS + 1):
        turn = tau * index / _STEPS
        base = 1 - abs(swell) + swell * cos(turn)
        out = height * base * sin(turn + phase) * UNIT
        grow = height * UNIT * tau / _STEPS * (base * cos(turn + phase) - swell * sin(turn) * sin(turn + phase))
        if radius is None:
            samples.append(_Sample(index * step, -out, step, -grow))
            continue
        far, angle = radius * UNIT + out, -pi / 2 + index / _STEPS * pi / 2
        run = step * (1 + out / (radius * UNIT))
        samples.append(
            _Sample(
                far * cos(angle),
                far * sin(angle),
                -sin(angle) * run + cos(angle) * grow,
                cos(angle) * run + sin(angle) * grow,
            )
        )
    return _through(samples)


def _through(samples: list[_Sample]) -> str:
    """Return the path through the samples, a cubic curve from each to the next."""
    here = samples[0]
    out = [f"M{here.x:.0f} {here.y:.0f}C"]
    for there in samples[1:]:
        out.append(
            f"{here.x + here.dx / 3:.0f} {here.y + here.dy / 3:.0f} "
            f"{there.x - there.dx / 3:.0f} {there.y - there.dy / 3:.0f} {there.x:.0f} {there.y:.0f} "
        )
        here = there
    return "".join(out)


def _stroke(path: str, colour: str) -> str:
    return f'<path d="{path}" stroke="{colour}" stroke-width="{HAIR * UNIT:.0f}"/>'


def _moved(body: str, matrix: str) -> str:
    return f'<g transform="matrix({matrix})">{body}</g>'


def _svg(width: float, height: float, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" '
        f'viewBox="0 0 {width * UNIT:.0f} {height * UNIT:.0f}" fill="none">{body}</svg>'
    )
