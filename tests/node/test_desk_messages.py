from __future__ import annotations

import gettext
import io
import re

import pytest

from tests import messages


def strings_of(compiled: bytes) -> dict[str, str]:
    catalogue = gettext.GNUTranslations(io.BytesIO(compiled))._catalog  # type: ignore[attr-defined]
    return {name: text for name, text in catalogue.items() if name}


domains = pytest.mark.parametrize("domain", messages.DOMAINS)


@domains
def test_every_string_stands_in_every_catalogue(domain: str) -> None:
    wanted = {each.id for each in messages.catalogue(domain) if each.id}
    assert len(wanted) > 50
    for language in messages.LANGUAGES:
        assert {each.id for each in messages.read(language, domain) if each.id} == wanted, "python -m tests.messages"


@domains
@pytest.mark.parametrize("language", ["fr", "pt"])
def test_french_and_portuguese_are_complete(language: str, domain: str) -> None:
    assert not [each.id for each in messages.read(language, domain) if each.id and not _last(each.string)]


@domains
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_what_programs_read_is_what_translators_wrote(language: str, domain: str) -> None:
    kept = messages.path_of(language, domain).with_suffix(".mo").read_bytes()
    made = messages.compiled(language, domain)
    # Heads name the version of what compiled them.
    assert strings_of(kept) == strings_of(made)


@domains
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_translation_keeps_what_is_filled_in(language: str, domain: str) -> None:
    place = re.compile({"django": r"%\(\w+\)[sd]", "sentences": r"\{\w+\}"}[domain])
    for each in messages.read(language, domain):
        source, text = _last(each.id), _last(each.string)
        assert not text or set(place.findall(text)) == set(place.findall(source)), source


def _last(texts: str | list[str] | tuple[str, ...] | None) -> str:
    """Return the only text, or, of several forms, that of many."""
    return texts if isinstance(texts, str) else texts[-1] if texts else ""
