from __future__ import annotations

import re

import pytest

from tests import messages


def test_every_string_stands_in_every_catalogue() -> None:
    wanted = {each.id for each in messages.catalogue() if each.id}
    assert len(wanted) > 50
    for language in messages.LANGUAGES:
        assert {each.id for each in messages.read(language) if each.id} == wanted, "python -m tests.messages"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_what_programs_read_is_what_translators_wrote(language: str) -> None:
    assert messages.path_of(language).with_suffix(".mo").read_bytes() == messages.compiled(language)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_translation_keeps_what_is_filled_in(language: str) -> None:
    place = re.compile(r"%\(\w+\)[sd]")
    for each in messages.read(language):
        source = each.id if isinstance(each.id, str) else each.id[-1]
        texts = [each.string] if isinstance(each.string, str) else each.string
        for text in texts[-1:]:
            assert not text or set(place.findall(text)) == set(place.findall(source)), source
