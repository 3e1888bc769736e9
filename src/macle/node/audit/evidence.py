"""Evidence: files that people bring, kept under the SHA-256 of their bytes, and served so that nothing in them runs.

The rules of this module:

- What a file is, its content alone says; its name and what a browser claims are not asked.
- Every file is opened once before it is kept, in a process of its own with limits on time and memory.
- A file is written whole and synced before its row is committed. A file without a row is of no use to anybody.
- The hash is compared whenever a file is read. Nothing is overwritten and nothing is deleted here.
- A file has no name here: names may be people's. The office that took it keeps the name with what it belongs to.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from macle import errors
from macle.node.audit import inspecting
from macle.node.audit.models import Evidence
from macle.paper import confined

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.http import HttpRequest

ENDINGS: Final = {
    inspecting.PDF: (".pdf",),
    inspecting.PNG: (".png",),
    inspecting.JPEG: (".jpg", ".jpeg"),
    inspecting.TIFF: (".tif", ".tiff"),
    inspecting.WEBP: (".webp",),
    inspecting.CSV: (".csv",),
    inspecting.TEXT: (".txt", ".csv"),
    inspecting.XLSX: (".xlsx",),
}
"""The kinds of files that are kept, each with the endings of a name; the first is added where none stands."""

PATIENCE = 20
"""Seconds that a file may take by the clock: twice what its reader may take of a processor that others use too."""

THUMBNAIL, PREVIEW = 480, 1600
"""Dots of the longer side of a picture in a list, and of one in which a slip can be read."""

LONGEST_NAME = 120
LONGEST_SENTENCE = 300

_KINDS = "Bring it as PDF, PNG, JPEG, TIFF or WebP, as a spreadsheet (XLSX), or as text or CSV in UTF-8."


class UploadRefused(errors.Malformed):
    """The file is none that is kept: too large, of another kind, or unreadable."""

    code = "upload-refused"


class EvidenceMissing(errors.NotFound):
    """No such file was kept."""

    code = "evidence-missing"


class EvidenceDamaged(errors.Conflict):
    """The file on the disk is not the one that was kept."""

    code = "evidence-damaged"


class PictureMissing(errors.NotFound):
    """There is no picture of this kind of file, or none can be made."""

    code = "picture-missing"


class Readable(Protocol):
    """An open file, such as Django's of an upload."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes."""


def keep(*, data: bytes | Readable, name: str, by_identifier: str, at: datetime, where: str = "file") -> Evidence:
    """Keep a file, and return its row; the same bytes are kept once, with who brought them first.

    ``name`` is only used in what is said if it is refused, ``where`` is the form's field. Call it in the transaction
    of the act that it belongs to, whose audit line holds ``evidence.sha256``. Raises `UploadRefused`.
    """
    most = settings.CONFIGURATION.largest_upload * 1024 * 1024
    raw = data[: most + 1] if isinstance(data, bytes) else data.read(most + 1)
    said = _shown(name)
    if len(raw) > most:
        raise UploadRefused(
            f"{said} has more than {settings.CONFIGURATION.largest_upload} MB.",
            where=where,
            mend="Scan it at 300 dpi in grey, or bring it in parts.",
        )
    found = _looked_at(raw, said=said, where=where)
    sha256 = hashlib.sha256(raw).hexdigest()
    _write(path_of(sha256), raw, sha256=sha256)
    evidence, _ = Evidence.objects.get_or_create(
        sha256=sha256,
        defaults={
            "media_type": found["kind"],
            "size": len(raw),
            "pages": found["pages"],
            "kept_at": at,
            "kept_by": by_identifier,
        },
    )
    return evidence


def _looked_at(raw: bytes, *, said: str, where: str) -> dict[str, Any]:
    """Return what the file is by its reader; raise `UploadRefused`. The reader has met hostile bytes."""
    answer = ask("kind", data=raw, refuse=lambda what: UploadRefused(f"{said}: {what}", where=where, mend=_KINDS))
    try:
        found = json.loads(answer)
        kind, pages = found["kind"], int(found.get("pages", 0))
        known = kind in ENDINGS and 0 <= pages <= inspecting.MOST_PAGES
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        known, kind, pages = False, "", 0
    if not known:
        raise UploadRefused(f"{said}: its reader gave no answer that can be read.", where=where, mend=_KINDS)
    return {"kind": kind, "pages": pages}


def ask(question: str, *arguments: str, data: bytes, refuse: Callable[[str], errors.MacleError]) -> bytes:
    """Return what the reader in its own process answers; raise what ``refuse`` makes of its sentence."""
    try:
        answer = confined.run(
            "macle.node.audit.inspecting",
            question,
            *arguments,
            data=data,
            seconds=PATIENCE,
            most=inspecting.LARGEST_ANSWER,
        )
    except confined.ReaderEnded as error:
        raise refuse(error.what) from None
    if answer[:1] == b'"':
        raise refuse(_sentence(answer))
    return answer


def _sentence(answer: bytes) -> str:
    try:
        text = json.loads(answer)
    except (ValueError, RecursionError):
        text = ""
    if not isinstance(text, str) or not text.isprintable() or not 0 < len(text) <= LONGEST_SENTENCE:
        return "It cannot be read."
    return text


def get(sha256: str) -> Evidence:
    """Return the row of a file that was kept; raise `EvidenceMissing`. Who may see it, the calling office says."""
    try:
        return Evidence.objects.get(sha256=sha256)
    except Evidence.DoesNotExist:
        raise EvidenceMissing("There is no such file.", where="file", mend="Look at what it belongs to.") from None


def read(sha256: str) -> bytes:
    """Return the bytes of a file that was kept; raise `EvidenceMissing` or `EvidenceDamaged`."""
    evidence = get(sha256)
    try:
        data = path_of(evidence.sha256).read_bytes()
    except FileNotFoundError:
        raise EvidenceDamaged(
            "The file that was kept is not on the disk.", where=sha256, mend="Bring it back from the last backup."
        ) from None
    if hashlib.sha256(data).hexdigest() != evidence.sha256:
        raise EvidenceDamaged(
            "The file on the disk is not the one that was kept.",
            where=sha256,
            mend="Bring it back from the last backup, and look who may write to the folder.",
        )
    return data


def path_of(sha256: str) -> Path:
    """Return where a file is kept: below two folders by the beginning of its hash."""
    return folder() / sha256[:2] / sha256[2:4] / sha256


def folder() -> Path:
    """Return the folder of all files that are kept."""
    return Path(settings.CONFIGURATION.home) / "files"


def has_picture(evidence: Evidence) -> bool:
    """Return whether it is a file of which there are pictures."""
    return evidence.media_type in {inspecting.PDF, *inspecting.FORMATS}


def thumbnail(evidence: Evidence, *, side: int = THUMBNAIL) -> bytes:
    """Return a JPEG of the first page, at most ``side`` dots (`THUMBNAIL` or `PREVIEW`), without what a camera writes.

    Raises `PictureMissing` for files of which there is no picture.
    """
    if side not in {THUMBNAIL, PREVIEW}:
        raise ValueError(f"Pictures are made with {THUMBNAIL} or {PREVIEW} dots, not {side}.")
    if not has_picture(evidence):
        raise PictureMissing("There is no picture of this kind of file.", where=evidence.sha256)
    made = Path(settings.CONFIGURATION.home) / "thumbnails" / str(side) / evidence.sha256[:2] / f"{evidence.sha256}.jpg"
    try:
        return made.read_bytes()
    except FileNotFoundError:
        pass
    picture = ask(
        "small",
        str(side),
        data=read(evidence.sha256),
        refuse=lambda what: PictureMissing(what, where=evidence.sha256, mend="Open the file itself."),
    )
    if picture[:3] != b"\xff\xd8\xff":
        raise PictureMissing("No picture could be made.", where=evidence.sha256, mend="Open the file itself.")
    _write(made, picture, sha256=hashlib.sha256(picture).hexdigest())
    return picture


def answer(request: HttpRequest, evidence: Evidence, name: str) -> HttpResponse:  # noqa: ARG001 (as views are called)
    """Return the file, to be stored and never shown in the page's own place; raise `EvidenceDamaged`."""
    response = HttpResponse(read(evidence.sha256), content_type=_content_type(evidence.media_type))
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=file_name(name, evidence.media_type)
    )
    return _harmless(response)


def picture_answer(request: HttpRequest, evidence: Evidence, *, side: int = THUMBNAIL) -> HttpResponse:  # noqa: ARG001
    """Return the picture of the first page, to be shown in a page; raise `PictureMissing`."""
    response = HttpResponse(thumbnail(evidence, side=side), content_type=inspecting.JPEG)
    response["Content-Disposition"] = "inline"
    return _harmless(response)


def _harmless(response: HttpResponse) -> HttpResponse:
    """Say to the browser that nothing in the answer may run, be embedded elsewhere, or stay in a shared cache."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _content_type(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def file_name(name: str, media_type: str) -> str:
    """Return a name that is none of a folder, and that ends as its content is: ``invoice.html`` is no page."""
    bare = "".join(sign for sign in name.replace("\\", "/").rpartition("/")[2] if sign.isprintable()).strip(". ")
    bare = bare[-LONGEST_NAME:] or "file"
    endings = ENDINGS[media_type]
    return bare if bare.lower().endswith(endings) else bare + endings[0]


def _shown(name: str) -> str:
    bare = "".join(sign for sign in name if sign.isprintable())
    return bare[:LONGEST_NAME] or "The file"


def _write(path: Path, content: bytes, *, sha256: str) -> None:
    """Write the file whole unless it is there: several processes may write the same at once."""
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
            return
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    for each in (path.parent, path.parent.parent, path.parent.parent.parent):
        opened = os.open(each, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
