from __future__ import annotations

import gettext
import io
import re

import pytest

from tests import messages


def strings_of(compiled: bytes) -> dict[str, str]:
    catalogue = gettext.GNUTranslations(io.BytesIO(compiled))._catalog  # type: ignore[attr-defined]
    return {name: text for name, text in catalogue.items() if name}


def test_every_string_stands_in_every_catalogue() -> None:
    wanted = {each.id for each in messages.catalogue() if each.id}
    assert len(wanted) > 50
    for language in messages.LANGUAGES:
        assert {each.id for each in messages.read(language) if each.id} == wanted, "python -m tests.messages"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_what_programs_read_is_what_translators_wrote(language: str) -> None:
    kept, made = messages.path_of(language).with_suffix(".mo").read_bytes(), messages.compiled(language)
    # Heads name the version of what compiled them.
    assert strings_of(kept) == strings_of(made)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_translation_keeps_what_is_filled_in(language: str) -> None:
    place = re.compile(r"%\(\w+\)[sd]")
    for each in messages.read(language):
        source, text = _last(each.id), _last(each.string)
        assert not text or set(place.findall(text)) == set(place.findall(source)), source


def _last(texts: str | list[str] | tuple[str, ...] | None) -> str:
    """Return the only text, or, of several forms, that of many."""
    return texts if isinstance(texts, str) else texts[-1] if texts else ""
