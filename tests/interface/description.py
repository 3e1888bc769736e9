"""Writes spec/openapi.json from the operations of a node: python -m tests.interface.description."""

from __future__ import annotations

import json
import os
from pathlib import Path

FILE = Path(__file__).parents[2] / "spec" / "openapi.json"


def text() -> str:
    """Return the description as it stands in the file."""
    from macle.node.urls import interface  # noqa: PLC0415 (once Django is set up)

    return json.dumps(interface.get_openapi_schema(), indent=2, ensure_ascii=False) + "\n"


def _write() -> None:
    import django  # noqa: PLC0415 (only when written)

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.node.settings")
    django.setup()
    FILE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    _write()
