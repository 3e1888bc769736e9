"""Reading PDFs that somebody brought: a file with a certificate attached, or a scan of the paper.

A child process opens the file (`macle.paper.opening`); here only plain data are looked at. A file with a certificate
attached is judged by its attachment and its stamp, never by what its pages show. One without is a scan: its pages are
drawn, and their codes are judged.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from macle import errors
from macle.paper import confined, opening
from macle.paper.carriers import Carried
from macle.proof import qr, stamps, views
from macle.proof.qr import PREFIX
from macle.proof.stamps import StampEvidence

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_READING = 60
"""Seconds that a PDF may take by the clock: three times what its reader may take of a processor that others use too."""

LONGEST_SENTENCE = 300
"""Characters of what the reader says about a file that it cannot read."""


class DocumentUnreadable(errors.Malformed):
    """The file is no PDF that can be read, or it carries nothing that can be judged."""

    code = "document-unreadable"


def read(data: bytes) -> list[Carried]:
    """Return what a PDF carries; raise `DocumentUnreadable`, in which nothing is said for or against a certificate."""
    try:
        answer = confined.run("macle.paper.opening", data=data, seconds=LONGEST_READING, most=opening.LARGEST_ANSWER)
    except confined.ReaderEnded as error:
        raise DocumentUnreadable(error.what, where="PDF", mend=_SCAN_AGAIN) from None
    return carried(data, answer)


def carried(data: bytes, answer: bytes) -> list[Carried]:
    """Return what a PDF carries, by the answer of its reader; raise `DocumentUnreadable`.

    The reader has met hostile bytes, so its answer may be anything.
    """
    try:
        found = json.loads(answer)
        if isinstance(found, str):
            raise DocumentUnreadable(_sentence(found), where="PDF", mend=_SCAN_AGAIN)
        _bounded(found)
        attached = [(name, base64.b64decode(text)) for name, text in found["attachments"] if name in opening.OBJECTS]
        evidence = tuple(_evidence(data, each) for each in found["stamps"]) if attached else ()
        codes = [(int(page), str(text)) for page, text in found["codes"]]
        pages = int(found["pages"])
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise DocumentUnreadable(
            "Its reader gave no answer that can be read.", where="PDF", mend=_SCAN_AGAIN
        ) from error
    if len(attached) > 1:
        raise DocumentUnreadable(
            "The PDF has more than one certificate attached.",
            where="attachments",
            mend="Ask whoever sent it for the file as it was stamped.",
        )
    if attached:
        return [Carried(attached[0][1], f"attached to a PDF as {attached[0][0]}", evidence)]
    return _scanned(codes, pages)


_SCAN_AGAIN = "Scan the paper at 300 dpi, or ask for the file again."


def _bounded(found: dict[str, Any]) -> None:
    """Raise ValueError for more of anything than the reader looks at."""
    for name, most in (
        ("attachments", opening.MOST_ATTACHMENTS),
        ("stamps", opening.MOST_STAMPS),
        ("codes", opening.MOST_CODES),
    ):
        if len(found[name]) > most:
            raise ValueError(f"The reader states more {name} than it looks at.")


def _sentence(text: str) -> str:
    """Return a sentence of the reader; raise ValueError for what is none."""
    if not text.isprintable() or len(text) > LONGEST_SENTENCE:
        raise ValueError("This is no sentence.")
    return text


def _evidence(file: bytes, stamp: dict[str, Any]) -> StampEvidence:
    if stamp["problem"]:
        return StampEvidence(problem=_sentence(stamp["problem"]))
    raw = {
        name: bytes.fromhex(stamp[name]) for name in ("contents", "spki", "message_digest", "attributes", "signature")
    }
    return stamps.evidence(file, byte_range=tuple(stamp["byte_range"]), stamped_at=_moment(stamp["stamped_at"]), **raw)


def _moment(text: str) -> datetime | None:
    return views.instant_in(text) if text else None


def _scanned(codes: list[tuple[int, str]], pages: int) -> list[Carried]:
    """Return the certificates whose codes stand on the pages."""
    texts = [(page, text) for page, text in codes if text.startswith(PREFIX)]
    if texts:
        return [Carried(text, f"read from a picture, page {page} of a PDF", None) for page, text in texts]
    looked_at = min(pages, opening.MOST_PAGES)
    where = "its one page" if pages == 1 else f"the first {looked_at} of its {pages:,} pages"
    others = qr.said_of(text for _, text in codes)
    raise DocumentUnreadable(
        f"No certificate is attached to the PDF, and no code of one was found on {where}. {others}".rstrip(),
        where="PDF",
        mend="Scan the page flat, in focus, at 300 dpi, with the white frame of the code.",
    )
