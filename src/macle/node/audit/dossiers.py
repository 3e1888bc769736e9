"""The whole file of one certificate or one trader, with its evidence, as one ZIP for a court or a review visit.

Offices say what they know of a subject: ``dossiers.register("certificate", collector)`` in their ``AppConfig.ready()``.
A collector is asked ``collector(subject, at)`` and gives pieces: `File` (bytes), `Kept` (evidence, by its hash), `Rows`
(plain data, written as JSON lines), `Related` (another subject whose audit lines belong to it), `Cited` (one line).

The same subject at the same time gives the same bytes: pieces stand in the order of their names, with the time of the
export and no other. The hash of every file is in ``manifest.json``.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from dataclasses import dataclass, field
from datetime import UTC
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string

import macle
from macle import errors
from macle.node.audit import actions, chain, evidence, heads, stamping
from macle.node.audit.heads import Head
from macle.node.audit.models import Chain, Line
from macle.node.permissions import Act

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from macle.node.permissions import Actor

MANIFEST, LINES, PAGE, HEAD, RECORD = (
    "manifest.json",
    "audit.jsonl",
    "audit.html",
    "audit-head.cose",
    "participant-record.cose",
)
IN_MEMORY = 16 * 1024 * 1024
"""Bytes above which a dossier is put together on the disk."""


class SubjectUnknown(errors.NotFound):
    """Nothing is known of this subject."""

    code = "subject-unknown"


@dataclass(frozen=True, slots=True)
class File:
    """A file with its bytes, such as ``certificate.cose``."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was kept as evidence, under the name that the office has for it."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Plain data, a line of JSON each, such as ``acts.jsonl``."""

    name: str
    rows: Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Related:
    """Another subject whose lines of the audit belong into this dossier."""

    subject: str


@dataclass(frozen=True, slots=True)
class Cited:
    """One line of the audit that belongs into this dossier, of a subject whose other lines do not."""

    line: int


if TYPE_CHECKING:
    Piece = File | Kept | Rows | Related | Cited
    Collector = Callable[[str, datetime], Iterable[Piece]]

_COLLECTORS: dict[str, list[Collector]] = {}


def register(kind: str, collector: Collector) -> None:
    """Let an office add what it knows of subjects of a kind, such as ``certificate`` or ``trader``."""
    known = _COLLECTORS.setdefault(kind, [])
    if collector not in known:
        known.append(collector)


def kinds() -> list[str]:
    """Return the kinds of subjects of which there are dossiers with more than the audit."""
    return sorted(_COLLECTORS)


@dataclass(slots=True)
class _Archive:
    """The ZIP while it is written: names once each, one time, and the hash of everything."""

    archive: zipfile.ZipFile
    at: datetime
    files: dict[str, dict[str, object]] = field(default_factory=dict)
    missing: list[dict[str, str]] = field(default_factory=list)

    def add(self, name: str, content: bytes) -> None:
        chosen, count = name, 1
        while chosen in self.files:
            count += 1
            stem, dot, ending = name.rpartition(".")
            chosen = f"{stem}-{count}{dot}{ending}" if stem else f"{name}-{count}"
        self._write(chosen, content)
        self.files[chosen] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}

    def close(self, manifest: Mapping[str, object]) -> bytes:
        """Write the manifest and return its hash."""
        told = {**manifest, "files": dict(sorted(self.files.items())), "missing": self.missing}
        content = json.dumps(told, indent=2, ensure_ascii=False).encode() + b"\n"
        self._write(MANIFEST, content)
        return hashlib.sha256(content).digest()

    def _write(self, name: str, content: bytes) -> None:
        moment = self.at.astimezone(UTC)
        entry = zipfile.ZipInfo(
            name, (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
        )
        entry.external_attr = 0o600 << 16
        entry.create_system = 3
        entry.compress_type = zipfile.ZIP_DEFLATED
        self.archive.writestr(entry, content)


def dossier(subject: str, *, by: Actor, at: datetime) -> IO[bytes]:
    """Return the ZIP of everything that is known of the subject, at its beginning, to be closed by whoever asked.

    Evidence that is damaged does not hold up the rest: the manifest says under ``missing`` what could not be given. The
    export itself is a line of the audit. Raises `SubjectUnknown`.
    """
    by.require(Act.AUDIT_EXPORT)
    head = _head()
    pieces = [piece for collect in _COLLECTORS.get(subject.partition(":")[0], ()) for piece in collect(subject, at)]
    subjects = sorted({subject, *(piece.subject for piece in pieces if isinstance(piece, Related))})
    lines = _lines(subjects, head, cited=[piece.line for piece in pieces if isinstance(piece, Cited)])
    if not pieces and not lines:
        raise SubjectUnknown(
            "Nothing is known of this subject.",
            where="subject",
            mend="Write it as certificate:BW0000123 or trader:T-0007.",
        )
    target: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (whoever asked closes it)
    try:
        digest, count = _fill(target, subject, subjects=subjects, pieces=pieces, lines=lines, head=head, at=at)
        with transaction.atomic():
            actions.record(
                authority=settings.CONFIGURATION.participant,
                tag=Act.AUDIT_EXPORT,
                actor=by.identifier,
                subject=subject,
                at=at,
                facts={"manifest": digest.hex(), "files": count, "lines": len(lines)},
            )
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target


def _head() -> Head | None:
    """Return where the chain ends now; the dossier has no later lines."""
    held = Chain.objects.filter(authority=settings.CONFIGURATION.participant).first()
    return Head(held.authority, held.length, bytes(held.head)) if held is not None and held.length else None


def _lines(subjects: Sequence[str], head: Head | None, *, cited: Sequence[int]) -> list[dict[str, Any]]:
    """Return the lines in their order, each with its digest and that of the line before it."""
    if head is None:
        return []
    belongs = Q(subject__in=subjects) | Q(number__in=cited)
    found = list(Line.objects.filter(belongs, chain_id=head.authority, number__lte=head.length).order_by("number"))
    before = {number: bytes(digest) for number, digest in _digests([line.number - 1 for line in found], head)}
    return [
        {
            "number": line.number,
            "at": line.at.astimezone(UTC).isoformat(),
            "actor": line.actor,
            "tag": line.tag,
            "subject": line.subject,
            "office": line.office,
            "facts": line.facts,
            "before": before.get(line.number - 1, chain.BEGINNING).hex(),
            "digest": bytes(line.digest).hex(),
        }
        for line in found
    ]


def _digests(numbers: Sequence[int], head: Head) -> Iterable[tuple[int, bytes]]:
    for start in range(0, len(numbers), 500):
        yield from Line.objects.filter(chain_id=head.authority, number__in=numbers[start : start + 500]).values_list(
            "number", "digest"
        )


def _fill(
    target: IO[bytes],
    subject: str,
    *,
    subjects: Sequence[str],
    pieces: Sequence[Piece],
    lines: Sequence[dict[str, Any]],
    head: Head | None,
    at: datetime,
) -> tuple[bytes, int]:
    """Write the ZIP; return the hash of its manifest, and how many files it has."""
    configured = settings.CONFIGURATION
    with zipfile.ZipFile(target, "w") as opened:
        archive = _Archive(opened, at)
        archive.add(LINES, _json_lines(lines))
        page = render_to_string(
            "audit/dossier.html", {"subject": subject, "lines": lines, "at": at, "head": head, "kept": _named(pieces)}
        )
        archive.add(PAGE, page.encode())
        if head is not None and (signer := stamping.open_stamp_if_any(configured, at=at)):
            archive.add(HEAD, heads.attest(head, signer=signer, at=at).to_bytes())
            archive.add(RECORD, (configured.home / stamping.FOLDER / "record.cose").read_bytes())
        for piece in sorted(_named(pieces), key=lambda each: each.name):
            _put(archive, piece)
        plain_head = None if head is None else {"length": head.length, "digest": head.digest.hex()}
        digest = archive.close(
            {
                "subject": subject,
                "subjects": list(subjects),
                "authority": configured.participant,
                "exported_at": at.astimezone(UTC).isoformat(),
                "version": macle.__version__,
                "audit_head": plain_head,
            }
        )
    return digest, len(archive.files)


def _named(pieces: Sequence[Piece]) -> list[File | Kept | Rows]:
    return [piece for piece in pieces if not isinstance(piece, Related | Cited)]


def _put(archive: _Archive, piece: File | Kept | Rows) -> None:
    if isinstance(piece, Rows):
        archive.add(_safe(piece.name), _json_lines(piece.rows))
    elif isinstance(piece, File):
        archive.add(_safe(piece.name), piece.content)
    else:
        try:
            kept, content = evidence.get(piece.sha256), evidence.read(piece.sha256)
        except (evidence.EvidenceMissing, evidence.EvidenceDamaged) as error:
            archive.missing.append({"name": piece.name, "sha256": piece.sha256, "why": error.what})
        else:
            archive.add(f"evidence/{evidence.file_name(piece.name, kept.media_type)}", content)


def _safe(name: str) -> str:
    """Return a name below the folder of the ZIP, whatever an office or a person called the thing."""
    parts = [
        "".join(sign for sign in part if sign.isprintable()).strip(". ") for part in name.replace("\\", "/").split("/")
    ]
    return "/".join(part for part in parts if part) or "file"


def _json_lines(rows: Iterable[Mapping[str, object]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n" for row in rows)
