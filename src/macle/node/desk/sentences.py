"""Says what errors, rules and steps say in the language of the page.

The Scheme's own packages say in plain English what is wrong and how to mend it, and know nothing of pages. All that
they, and the actions of the node, can say stands in a catalogue of its own, taken from the code by
``python -m tests.messages``: ``{number} is taken.`` Here a sentence is recognised by its pattern and said in the page's
language with the same values. One that no pattern knows stays as it is.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel.messages import mofile
from django.utils import translation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE: Final = "sentences.mo"

_LOCALE: Final = Path(__file__).parents[1] / "locale"
_VALUE: Final = re.compile(r"\{(\w+)\}")
_BETWEEN: Final = re.compile(r"(?<=[.!?]) ")
_WITHIN: Final = r"(?:(?!(?<=[.!?]) ).)+?"
"""What a value can be: no text that goes on into another sentence."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A sentence with values, and how it is said."""

    shape: re.Pattern[str]
    fixed: int
    """How many of its characters are always the same: of two that fit, the one with more is meant."""
    said: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What is translated into a language."""

    plain: Mapping[str, str]
    patterns: Sequence[_Pattern]

    def sentence(self, text: str) -> str | None:
        """Return how the text is said; None where nothing knows it."""
        if text in self.plain:
            return self.plain[text]
        for each in self.patterns:
            if fits := each.shape.fullmatch(text):
                # A value may be a sentence or a word that is known by itself.
                values = {name: self.plain.get(value, value) for name, value in fits.groupdict().items()}
                return _VALUE.sub(lambda place, values=values: values[place[1]], each.said)  # type: ignore[misc]
        # What it is about may stand before it, such as the name of a file.
        about, colon, rest = text.partition(": ")
        said = self.sentence(rest) if colon else None
        return None if said is None else f"{about}: {said}"

    def text(self, text: str) -> str:
        """Return several sentences, each as it is said, the longest first that is known as a whole."""
        parts = _BETWEEN.split(text)
        found, begin = [], 0
        while begin < len(parts):
            for end in range(len(parts), begin, -1):
                whole = " ".join(parts[begin:end])
                if (said := self.sentence(whole)) is not None or end == begin + 1:
                    found.append(whole if said is None else said)
                    begin = end
                    break
        return " ".join(found)


def said(text: str) -> str:
    """Return the text in the language of the page, as far as it is translated."""
    language = translation.get_language() or "en"
    return str(text) if language == "en" or not text else _said(str(text), language)


@functools.lru_cache(maxsize=4096)
def _said(text: str, language: str) -> str:
    return _known(language).text(text)


@functools.cache
def _known(language: str) -> _Known:
    path = _LOCALE / translation.to_locale(language) / "LC_MESSAGES" / FILE
    with path.open("rb") as file:
        catalogue = mofile.read_mo(file)
    pairs = {str(each.id): str(each.string) for each in catalogue if each.id and each.string}
    patterns = [_pattern(wanted, text) for wanted, text in pairs.items() if _VALUE.search(wanted)]
    plain = {wanted: text for wanted, text in pairs.items() if not _VALUE.search(wanted)}
    return _Known(plain, sorted(patterns, key=lambda each: -each.fixed))


def _pattern(wanted: str, text: str) -> _Pattern:
    # Parts and names take turns.
    parts = _VALUE.split(wanted)
    shape = "".join(f"(?P<{part}>{_WITHIN})" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    return _Pattern(re.compile(shape, re.DOTALL), sum(map(len, parts[::2])), text)
