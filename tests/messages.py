"""The words of the node's pages for translators: ``python -m tests.messages`` brings the catalogues up to the pages.

Django's own command needs GNU gettext; Babel, which the node has anyway, reads Python and writes catalogues, and
Django's own reader turns a template into what Babel reads. Catalogues are compiled beside their sources, so that an
installed node needs no step for them.

There are two: ``django`` has the strings of pages, and ``sentences`` what errors, rules and steps say in the packages
below, as patterns (`macle.node.desk.sentences`).
"""

from __future__ import annotations

import ast
import io
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel.messages import extract, mofile, pofile
from babel.messages.catalog import Catalog
from django.utils.translation.template import templatize

if TYPE_CHECKING:
    from collections.abc import Iterator

MACLE: Final = Path(__file__).parents[1] / "src" / "macle"
NODE: Final = MACLE / "node"
LOCALE: Final = NODE / "locale"
LANGUAGES: Final = ("ar", "fr", "pt", "ru", "zh_Hans")
DOMAINS: Final = ("django", "sentences")
OPERATORS: Final = (
    "cli",
    "node/interface",
    "node/configuration.py",
    "node/exchange/webhooks.py",
    "node/health.py",
    "proof/folders.py",
    "proof/vectors.py",
)
"""What speaks to whoever runs a node or writes programs."""

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


def catalogue(domain: str) -> Catalog:
    """Return every string of the domain, each with the files in which it stands."""
    found = Catalog(project="macle", charset="utf-8", fuzzy=False)
    if domain == "sentences":
        for file in sorted(MACLE.rglob("*.py")):
            name = file.relative_to(MACLE).as_posix()
            if not name.startswith(OPERATORS) and "migrations" not in file.parts and not _is_for_machines(file):
                for sentence in sorted(_sentences(ast.parse(file.read_text(encoding="utf-8")))):
                    found.add(sentence, locations=[(name, 0)])
        return found
    for file in sorted([*NODE.rglob("*.py"), *NODE.rglob("*.html")]):
        for _line, message, _comments, context in _strings(file):
            found.add(message, locations=[(file.relative_to(NODE).as_posix(), 0)], context=context)
    return found


def _is_for_machines(file: Path) -> bool:
    return file.stem == "api" or "api" in file.relative_to(MACLE).parts


def _strings(file: Path) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".html":
        # What is no string is blotted out, and indentation, which would mean something in Python, with it.
        text = re.sub(r"(?m)^[ \t]+", "", templatize(text))
    yield from extract.extract("python", io.BytesIO(text.encode()), keywords=_KEYWORDS)


def _sentences(tree: ast.AST) -> set[str]:
    """Return the patterns of all sentences in the code that are neither documentation nor a string of pages.

    What a table called ``_WORDS`` has is said within sentences, and belongs to them.
    """
    found = set()
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.Call) and getattr(child.func, "id", "") in _KEYWORDS:
            continue
        if isinstance(child, ast.Assign) and isinstance(child.value, ast.Dict) and _name(child.targets[0]) == "words":
            found |= {_pattern(each) for each in child.value.values if isinstance(each, ast.Constant)}
        elif isinstance(child, ast.Constant | ast.JoinedStr):
            text = _pattern(child)
            if _SENTENCE.fullmatch(text):
                found.add(text)
        else:
            found |= _sentences(child)
    return found


_SENTENCE: Final = re.compile(r"[A-Z{\"“].* .*[.!?]\)?", re.DOTALL)


def _pattern(string: ast.Constant | ast.JoinedStr) -> str:
    """Return the text with the name of each value in braces."""
    if isinstance(string, ast.Constant):
        return string.value if isinstance(string.value, str) else ""
    text, names = "", Counter[str]()
    for part in string.values:
        if isinstance(part, ast.FormattedValue):
            name = _name(part.value)
            names[name] += 1
            text += f"{{{name}{names[name] if names[name] > 1 else ''}}}"
        else:
            text += _pattern(part)  # type: ignore[arg-type]
    return text


def _name(value: ast.expr) -> str:
    """Return what a translator can call the value: the last name in it."""
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").lower()
        case ast.Call(args=[first, *_]):
            return _name(first)
        case ast.Call(func=called):
            return _name(called)
        case ast.Subscript(value=whole):
            return _name(whole)
    return "value"


def path_of(language: str, domain: str) -> Path:
    """Return where the catalogue of a language is."""
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.po"


def read(language: str, domain: str) -> Catalog:
    """Return what is translated."""
    path = path_of(language, domain)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)


def compiled(language: str, domain: str) -> bytes:
    """Return the catalogue as programs read it."""
    file, known = io.BytesIO(), read(language, domain)
    # No catalogue is made anew because a day has passed.
    known.creation_date = known.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    mofile.write_mo(file, known)
    return file.getvalue()


def bring_up(language: str, domain: str) -> tuple[int, int]:
    """Add what is new, drop what is gone and compile; return how many strings are translated, and of how many."""
    known, wanted = read(language, domain), catalogue(domain)
    known.update(wanted, no_fuzzy_matching=True)
    known.obsolete.clear()
    known.fuzzy, known.header_comment = False, f"# The pages of a node in {known.locale.english_name}."
    path = path_of(language, domain)
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
    path.with_suffix(".mo").write_bytes(compiled(language, domain))
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
        for place in DOMAINS:
            done, whole = bring_up(each, place)
            print(f"{each} {place}: {done} of {whole}")
