"""Reading the body of a request: JSON of which every part can be kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn, cast

from ninja.parser import Parser

if TYPE_CHECKING:
    from django.http import HttpRequest


class Strict(Parser):
    """Refuses what databases do not keep, the character nought and half characters, and numbers that are none."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the body says; whatever is raised is a body that could not be read."""
        text = request.body.decode()
        if "\0" in text:
            raise ValueError("nought")
        plain = json.loads(text, parse_constant=_refused)
        said = json.dumps(plain, ensure_ascii=False)
        said.encode()
        if "\\u0000" in said:
            raise ValueError("nought")
        return cast("dict[str, Any]", plain)


def _refused(word: str) -> NoReturn:
    raise ValueError(word)
