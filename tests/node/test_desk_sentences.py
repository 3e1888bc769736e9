from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.utils import translation

from macle.node.desk import sentences
from tests import messages

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = re.compile(r"\{(\w+)\}")
in_both = pytest.mark.parametrize("language", ["fr", "pt"])


def filled(text: str) -> str:
    """Return the text with a value in each place: words, figures, and what patterns are made of."""
    values = iter(["BW00012345", "12.50 ct", "Port (Selle)", "a.b*c", "2026-11-25", "7102.31"])
    given: dict[str, str] = {}
    return PLACE.sub(lambda place: given.setdefault(place[1], next(values, place[1])), text)


def pairs(language: str) -> Iterator[tuple[str, str]]:
    for each in messages.read(language, "sentences"):
        if each.id:
            yield str(each.id), str(each.string)


@in_both
def test_every_sentence_is_said_with_its_values(language: str) -> None:
    with translation.override(language):
        for wanted, text in pairs(language):
            # Another pattern may fit as well; what is said then must have the same values.
            said = sentences.said(filled(wanted))
            places = {place: filled("".join(f"{{{each}}}" for each in PLACE.findall(wanted))) for place in [wanted]}
            assert said != filled(wanted) or text == wanted, places
            if not PLACE.search(wanted):
                assert said == text


def test_english_stays_as_it_is() -> None:
    for language in ("en", "ar"):
        with translation.override(language):
            assert sentences.said("Give it one. A reason is missing.") == "Give it one. A reason is missing."
            assert sentences.said("") == ""


@in_both
def test_several_sentences_are_said_one_by_one(language: str) -> None:
    with translation.override(language):
        one, other = sentences.said("A reason is missing."), sentences.said("Choose another.")
        assert sentences.said("A reason is missing. Nobody ever said this. Choose another.") == (
            f"{one} Nobody ever said this. {other}"
        )
