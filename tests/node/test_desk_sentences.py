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


VALUES = ("BW00012345", "12.50", "Port-Selle[1]", "a.b*c", "2026-11-25", "7102.31", "ZA", "4")
"""Numbers, weights, names, and what patterns are made of."""


def pairs(language: str) -> Iterator[tuple[str, str]]:
    for each in messages.read(language, "sentences"):
        if each.id:
            yield str(each.id), str(each.string)


@in_both
def test_every_sentence_is_said_with_its_values(language: str) -> None:
    with translation.override(language):
        for wanted, text in pairs(language):
            given = dict(zip(dict.fromkeys(PLACE.findall(wanted)), VALUES, strict=False))
            said = sentences.said(PLACE.sub(lambda place: given[place[1]], wanted))  # noqa: B023 (called at once)
            assert said == PLACE.sub(lambda place: given[place[1]], text)  # noqa: B023


def test_english_stays_as_it_is() -> None:
    for language in ("en", "ar"):
        with translation.override(language):
            assert sentences.said("Give it one. A reason is missing.") == "Give it one. A reason is missing."
            assert sentences.said("") == ""


@in_both
def test_several_sentences_are_said_one_by_one(language: str) -> None:
    with translation.override(language):
        one, other = sentences.said("A reason is missing."), sentences.said("Choose another.")
        assert sentences.said("A reason is missing. Zebras never say so. Choose another.") == (
            f"{one} Zebras never say so. {other}"
        )
