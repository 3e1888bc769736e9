"""One hue for each house: the node's own is a setting, the others are spread around the circle away from it."""

from __future__ import annotations

import functools
import hashlib
from typing import Final

from django.conf import settings
from django.urls import reverse

from macle.scheme import participants

_GOLDEN: Final = 137.508
"""Degrees between one Participant and the next: neighbours in the alphabet then never look alike."""
_APART: Final = 40
"""Degrees that a partner's hue keeps from our own, so that the two sides of a seam differ."""


def of(code: str) -> int:
    """Return the hue of a Participant, from 0 to 359."""
    own: int = settings.CONFIGURATION.hue
    if code == settings.CONFIGURATION.participant:
        return own
    return _away_from(own, round(_places().get(code, len(_places())) * _GOLDEN) % 360)


def _away_from(own: int, hue: int) -> int:
    distance = (hue - own + 180) % 360 - 180
    if abs(distance) >= _APART:
        return hue
    return (own + (_APART + abs(distance)) * (1 if distance >= 0 else -1)) % 360


@functools.cache
def _places() -> dict[str, int]:
    return {code: place for place, code in enumerate(sorted(each.code for each in participants.load()))}


@functools.cache
def sheet() -> str:
    """Return the style sheet that sets the hues."""
    partners = "".join(f".of-{code}{{--hue:{of(code)}}}" for code in _places())
    return f":root{{--hue:{settings.CONFIGURATION.hue}}}{partners}"


def digest() -> str:
    """Return what the address of the sheet holds, so that a browser may keep it until a hue changes."""
    return hashlib.sha256(sheet().encode()).hexdigest()[:12]


def address() -> str:
    """Return where the sheet is."""
    return reverse("desk:participant", kwargs={"digest": digest()})
