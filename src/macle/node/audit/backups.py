"""One file with everything a node is: its tables, what people brought, its keys, and where its audit ended.

The rules of this module:

- The tables are read in one transaction that sees one moment, while others go on writing; files are read after it, so
  that every row finds its file.
- Tables are written as plain JSON lines, the same from SQLite and from PostgreSQL, so that either reads the other's.
- Sessions are left out: whoever was signed in signs in again. So is the root's key, which belongs on no node.
- ``manifest.json`` is the last member: version, tables, and the SHA-256 of every other member. The SHA-256 of the whole
  file goes into the audit, and is said, to be written down outside.
- The file is not encrypted, and it holds names and (encrypted) keys: only its owner may read it.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder

import macle
from macle import errors
from macle.node.audit import actions, heads, queries, stamping
from macle.node.configuration import SECRET_FILE
from macle.proof.folders import ROOT_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.db.models import Field, Model

FORMAT = 1
MANIFEST = "manifest.json"
TABLES, FOLDERS = "tables", ("files", stamping.FOLDER)
HEAD = "audit-head.cose"
BACKUP = "node:backup"
ROWS_AT_ONCE = 2000
_LEFT_OUT = {"accounts.session", "sessions.session"}


class BackupTaken(errors.Conflict):
    """There is something already where the backup was to be written."""

    code = "backup-taken"


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was written: its SHA-256, how large it is, how many rows and files it has, and what it lacks."""

    sha256: str
    size: int
    rows: int
    files: int
    left_out: tuple[str, ...]
    """Keys of a root that lie in the folder of the node, where they do not belong."""


def tables() -> list[type[Model]]:
    """Return every model whose rows go into a backup, by its label; tables between two others are among them."""
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in _LEFT_OUT  # noqa: SLF001 (Django's own name for it)
    ]
    return sorted(found, key=lambda model: model._meta.label_lower)  # noqa: SLF001


def columns(model: type[Model]) -> list[Field[Any, Any]]:
    """Return the columns of a table of its own, in their order."""
    return list(model._meta.local_concrete_fields)  # noqa: SLF001


def migrations() -> list[list[str]]:
    """Return which changes of the tables have been made: rows are read into the same ones only."""
    return sorted([app, name] for app, name in MigrationRecorder(connection).applied_migrations())


def plain(column: Field[Any, Any], row: Model) -> object:
    """Return the value of a column as JSON has it, from which `Field.to_python` makes it again."""
    value = column.value_from_object(row)
    if value is None or isinstance(value, bool | int | str) or isinstance(column, models.JSONField):
        return value
    return column.value_to_string(row)


def back_up(path: Path, *, actor: str, at: datetime) -> Made:
    """Write the backup whole or not at all, while the node goes on; raise `BackupTaken`."""
    if path.exists():
        raise BackupTaken("There is such a file already.", where=str(path), mend="Name another one.")
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w+b") as file:
            rows, members = _fill(file, at=at)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    made = Made(digest, path.stat().st_size, rows, members, _roots(settings.CONFIGURATION.home))
    with transaction.atomic():
        actions.record(
            authority=settings.CONFIGURATION.participant,
            tag=BACKUP,
            actor=actor,
            subject=f"node:{settings.CONFIGURATION.participant}",
            at=at,
            facts={"sha256": digest, "rows": rows, "files": members},
        )
    return made


def sha256_of(content: IO[bytes]) -> str:
    """Return the SHA-256 of what is still to be read."""
    digest = hashlib.sha256()
    while block := content.read(1024 * 1024):
        digest.update(block)
    return digest.hexdigest()


def _fill(file: IO[bytes], *, at: datetime) -> tuple[int, int]:
    """Write the archive; return how many rows and how many files are in it."""
    configured = settings.CONFIGURATION
    hashes: dict[str, str] = {}
    counts: dict[str, int] = {}
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        writer = _Writer(archive, hashes, at)
        with one_moment():
            known, made = queries.heads(), migrations()
            for model in tables():
                label = model._meta.label_lower  # noqa: SLF001
                with tempfile.TemporaryFile() as table:
                    counts[label] = _write_table(table, model)
                    writer.add(f"{TABLES}/{label}.jsonl.gz", table)
        own = [head for head in known if head.authority == configured.participant and head.length]
        signer = stamping.open_stamp_if_any(configured, at=at)
        if own and signer is not None:
            writer.add_bytes(HEAD, heads.attest(own[0], signer=signer, at=at).to_bytes())
        files = 0
        for name, source in _files(configured.home):
            with source.open("rb") as opened:
                writer.add(name, opened)
            files += 1
        manifest = {
            "format": FORMAT,
            "version": macle.__version__,
            "participant": configured.participant,
            "made_at": at.astimezone(UTC).isoformat(),
            "migrations": made,
            "rows": counts,
            "heads": [
                {"authority": each.authority, "length": each.length, "digest": each.digest.hex()} for each in known
            ],
            "sha256": hashes,
        }
        writer.add_bytes(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
    return sum(counts.values()), files


@contextlib.contextmanager
def one_moment() -> Iterator[None]:
    """See the tables as they are at one moment, without holding up whoever writes."""
    if connection.vendor == "sqlite":
        # A transaction that only reads: those of Django's take the turn of a writer at once.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _write_table(target: IO[bytes], model: type[Model]) -> int:
    """Write the rows of a table in the order of their keys, a line of JSON each; return how many."""
    shape, count = columns(model), 0
    with gzip.GzipFile(fileobj=target, mode="wb", mtime=0, compresslevel=3) as lines:
        lines.write(json.dumps([column.attname for column in shape]).encode() + b"\n")
        for row in model._base_manager.order_by("pk").iterator(chunk_size=ROWS_AT_ONCE):  # noqa: SLF001
            lines.write(json.dumps([plain(column, row) for column in shape], ensure_ascii=False).encode() + b"\n")
            count += 1
    return count


def _roots(home: Path) -> tuple[str, ...]:
    return tuple(str(path) for path in sorted((Path(home) / stamping.FOLDER).rglob(ROOT_KEY)))


def _files(home: Path) -> Iterator[tuple[str, Path]]:
    """Give every file of the node that is not in its tables; one that is gone or half written is none."""
    for folder in FOLDERS:
        for path in sorted((Path(home) / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and not path.name.startswith(".") and path.name != ROOT_KEY:
                yield path.relative_to(home).as_posix(), path
    yield SECRET_FILE, Path(home) / SECRET_FILE


@dataclass(slots=True)
class _Writer:
    """A tar archive, and the hash of each member."""

    archive: tarfile.TarFile
    hashes: dict[str, str]
    at: datetime

    def add(self, name: str, content: IO[bytes]) -> None:
        content.seek(0)
        digest = sha256_of(content)
        member = tarfile.TarInfo(name)
        member.size, member.mode = content.seek(0, os.SEEK_END), 0o600
        member.mtime = int(self.at.timestamp())
        content.seek(0)
        self.archive.addfile(member, content)
        self.hashes[name] = digest

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, io.BytesIO(content))
