"""The QR codes in a picture or a scan that somebody brought, read in a process that may die of it."""

from __future__ import annotations

import json

from macle import errors
from macle.node.audit import evidence, inspecting
from macle.proof import qr


class CodesUnreadable(errors.Malformed):
    """Codes cannot be looked for in this file, or the search took longer than it may."""

    code = "codes-unreadable"


_MEND = "Scan the page flat, in focus, at 300 dpi, or type what the code stands for."


def codes_in(data: bytes, *, where: str = "file") -> list[str]:
    """Return the texts of all QR codes on the first pages of a picture or a PDF, each once, whatever they say.

    An empty list means that none was found. Raises `CodesUnreadable`.
    """
    answer = evidence.ask("codes", data=data, refuse=lambda what: CodesUnreadable(what, where=where, mend=_MEND))
    try:
        found = json.loads(answer)
        if not isinstance(found, list) or len(found) > inspecting.MOST_CODES:
            raise ValueError("no list of codes")  # noqa: TRY301 (as any other answer that cannot be)
        return [text for text in found if isinstance(text, str) and len(text) <= qr.LONGEST_TEXT]
    except (ValueError, RecursionError):
        raise CodesUnreadable("The reader gave no answer that can be read.", where=where, mend=_MEND) from None
