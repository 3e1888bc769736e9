"""Reading PDFs that somebody brought: a file with a certificate attached, or a scan of the paper.

A child process opens the file (`macle.paper.opening`); here only plain data are looked at. A file with a certificate
attached is judged by its attachment and its stamp, never by what its pages show. One without is a scan: its pages are
drawn, and their codes are judged.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from macle import errors
from macle.paper import confined, opening
from macle.proof import stamps, views
from macle.proof.qr import PREFIX
from macle.proof.stamps import StampEvidence

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_READING = 30
"""Seconds that a PDF may take."""

OBJECTS = ("certificate.cose", "confirmation.cose")
"""Names of the signed objects that a file of ours carries; a file carries one."""


class DocumentUnreadable(errors.Malformed):
    """The file is no PDF that can be read, or it carries nothing that can be judged."""

    code = "document-unreadable"


@dataclass(frozen=True, slots=True)
class Carried:
    """One signed object from a PDF.

    ``stamps`` are those of the file that it is attached to; None for a code that was read from the picture of a page.
    """

    data: bytes | str
    carrier: str
    stamps: tuple[StampEvidence, ...] | None


def read(data: bytes) -> list[Carried]:
    """Return what a PDF carries; raise `DocumentUnreadable`, in which nothing is said for or against a certificate."""
    found = _contents(data)
    attached = [(name, content) for name, content in found["attachments"] if name in OBJECTS]
    if len(attached) > 1:
        raise DocumentUnreadable(
            "The PDF has more than one certificate attached.",
            where="attachments",
            mend="Ask whoever sent it for the file as it was stamped.",
        )
    if attached:
        evidence = tuple(_evidence(data, each) for each in found["stamps"])
        return [Carried(attached[0][1], f"attached to a PDF as {attached[0][0]}", evidence)]
    return _scanned(found)


def _contents(data: bytes) -> dict[str, Any]:
    try:
        answer: dict[str, Any] | str = json.loads(
            confined.run("macle.paper.opening", data=data, seconds=LONGEST_READING, most=opening.LARGEST_ANSWER)
        )
        if isinstance(answer, dict):
            answer["attachments"] = [(name, base64.b64decode(text)) for name, text in answer["attachments"]]
    except confined.ReaderEnded as error:
        raise DocumentUnreadable(error.what, where="PDF", mend=_SCAN_AGAIN) from None
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise DocumentUnreadable(
            "Its reader gave no answer that can be read.", where="PDF", mend=_SCAN_AGAIN
        ) from error
    if isinstance(answer, str):
        raise DocumentUnreadable(answer, where="PDF", mend=_SCAN_AGAIN)
    return answer


_SCAN_AGAIN = "Scan the paper at 300 dpi, or ask for the file again."


def _evidence(file: bytes, stamp: dict[str, Any]) -> StampEvidence:
    if stamp["problem"]:
        return StampEvidence(problem=str(stamp["problem"]))
    raw = {
        name: bytes.fromhex(stamp[name]) for name in ("contents", "spki", "message_digest", "attributes", "signature")
    }
    return stamps.evidence(file, byte_range=tuple(stamp["byte_range"]), stamped_at=_moment(stamp["stamped_at"]), **raw)


def _moment(text: str) -> datetime | None:
    return views.instant_in(text) if text else None


def _scanned(found: dict[str, Any]) -> list[Carried]:
    """Return the certificates whose codes stand on the pages."""
    texts = [(page, text) for page, text in found["codes"] if text.startswith(PREFIX)]
    if texts:
        return [Carried(text, f"read from a picture, page {page} of a PDF", None) for page, text in texts]
    looked_at = min(found["pages"], opening.MOST_PAGES)
    where = "its one page" if found["pages"] == 1 else f"the first {looked_at} of its {found['pages']:,} pages"
    others = " A code was found, but none of a certificate." if found["codes"] else ""
    raise DocumentUnreadable(
        f"No certificate is attached to the PDF, and no code of one was found on {where}.{others}",
        where="PDF",
        mend="Scan the page flat, in focus, at 300 dpi, with the white frame of the code.",
    )
