"""Writes docs/reference/pages.md from the addresses of a node: python -m tests.docs.pages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from django.urls import URLPattern, URLResolver

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "pages.md"

_INTRODUCTION = """# Pages of a node

Every address that a node answers, and the act that each page serves. Who may do an act is in
[permissions](permissions.md); what it reaches is asked again when it is done. This page is written from the addresses
themselves.

Addresses below `/api/` are for machines and stand in `spec/openapi.json`: see
[use the API](../how-to/use-the-api.md).

*Everybody* needs no sign-in, *signed in* no role. The pages of sign-in itself and of second factors are
django-allauth's, in our frame.
"""

_OFFICES = {
    "desk": "Everywhere",
    "audit": "Audit",
    "accounts": "People and sign-in",
    "registry": "Offices, officials, partners",
    "traders": "Traders",
    "exchange": "Letters",
    "exporting": "Exporting desk",
}
"""The offices in the order of the page, by the package of the view."""


def page() -> str:
    """Return the page: a heading for each office, with its addresses in their order and the act of each."""
    from macle.node import urls  # noqa: PLC0415 (once Django is set up)

    rows: dict[str, list[str]] = {name: [] for name in _OFFICES}
    for address, pattern in _patterns(urls.urlpatterns):
        rows.setdefault(_office(pattern), []).append(f"| `/{address}` | {_served(pattern)} |")
    parts = [_INTRODUCTION]
    for office, lines in rows.items():
        if lines:
            parts += [f"## {_OFFICES.get(office, office.capitalize())}\n", "| Address | Serves |\n|---|---|"]
            # An address may have two names.
            parts += [*dict.fromkeys(lines), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def _patterns(found: Iterable[object], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in found:
        address = before + str(getattr(each, "pattern", ""))
        if isinstance(each, URLResolver) and each.namespace == "interface":
            continue
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns, address)
        elif isinstance(each, URLPattern):
            yield address, each


def _office(pattern: URLPattern) -> str:
    module = pattern.callback.__module__.split(".")
    if module[0] == "allauth":
        return "accounts"
    return module[2] if len(module) > 3 else "desk"


def _served(pattern: URLPattern) -> str:
    act = getattr(pattern.callback, "act", None)
    if act is None:
        return "sign-in and second factors" if _office(pattern) == "accounts" else "everybody"
    return {"public": "everybody", "signed in": "signed in"}.get(str(act.value), f"`{act.value}`")


def _write() -> None:
    import django  # noqa: PLC0415 (only when written)

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.node.settings")
    django.setup()
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    _write()
