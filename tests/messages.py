"""The words of the node's pages for translators: ``python -m tests.messages`` brings the catalogues up to the pages.

Django's own command needs GNU gettext; Babel, which the node has anyway, reads Python and writes catalogues, and
Django's own reader turns a template into what Babel reads. Catalogues are compiled beside their sources, so that an
installed node needs no step for them.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel.messages import extract, mofile, pofile
from babel.messages.catalog import Catalog
from django.utils.translation.template import templatize

if TYPE_CHECKING:
    from collections.abc import Iterator

NODE: Final = Path(__file__).parents[1] / "src" / "macle" / "node"
LOCALE: Final = NODE / "locale"
LANGUAGES: Final = ("ar", "fr", "pt", "ru", "zh_Hans")

_KEYWORDS: Final = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def catalogue() -> Catalog:
    """Return every string that a page or a message of the node holds, each with the files in which it stands."""
    found = Catalog(project="macle", charset="utf-8", fuzzy=False)
    for file in sorted([*NODE.rglob("*.py"), *NODE.rglob("*.html")]):
        for _line, message, _comments, context in _strings(file):
            found.add(message, locations=[(file.relative_to(NODE).as_posix(), 0)], context=context)
    return found


def _strings(file: Path) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".html":
        # What is no string is blotted out, and indentation, which would mean something in Python, with it.
        text = re.sub(r"(?m)^[ \t]+", "", templatize(text))
    yield from extract.extract("python", io.BytesIO(text.encode()), keywords=_KEYWORDS)


def path_of(language: str) -> Path:
    """Return where the catalogue of a language is."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """Return what is translated."""
    if not path_of(language).exists():
        return Catalog(locale=language)
    with path_of(language).open("rb") as file:
        return pofile.read_po(file, locale=language)


def compiled(language: str) -> bytes:
    """Return the catalogue as programs read it."""
    file = io.BytesIO()
    mofile.write_mo(file, read(language))
    return file.getvalue()


def bring_up(language: str) -> tuple[int, int]:
    """Add what is new, drop what is gone and compile; return how many strings are translated, and of how many."""
    known, wanted = read(language), catalogue()
    known.update(wanted, no_fuzzy_matching=True)
    known.obsolete.clear()
    known.fuzzy, known.header_comment = False, f"# The pages of a node in {known.locale.english_name}."
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        pofile.write_po(file, known, width=120, sort_output=True, omit_header=False, include_lineno=False)
    # What changes with each run and says nothing is left out, so that a catalogue changes only with its strings.
    text = re.sub(
        r'"(Project-Id-Version|Report-Msgid-Bugs-To|Language-Team|POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator):[^"]*"\n',
        "",
        path.read_text(encoding="utf-8"),
    )
    path.write_text(text, encoding="utf-8")
    path.with_suffix(".mo").write_bytes(compiled(language))
    messages = [each for each in known if each.id]
    return sum(bool(each.string and all(_texts(each.string))) for each in messages), len(messages)


def _texts(string: str | tuple[str, ...] | list[str]) -> list[str]:
    return [string] if isinstance(string, str) else list(string)


if __name__ == "__main__":
    import django
    from django.conf import settings

    settings.configure(USE_I18N=True)
    django.setup()
    for each in LANGUAGES:
        done, whole = bring_up(each)
        print(f"{each}: {done} of {whole}")
