"""A node made again from its backup, or not at all.

The rules of this module:

- Only an empty node is filled: nothing is merged and nothing is overwritten.
- Everything is compared with its hash before anything is written, and the tables of the backup must be those of this
  version: an old backup is restored with the version that made it, and then brought up.
- The rows, the verified chain, the act ``node:restore`` and what offices do after it are one transaction.
- The act begins a new epoch. What was done between backup and loss is not known here, so offices that give out numbers
  register with `after`, and skip what may have been used.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.utils import DatabaseError

from macle import errors
from macle.node.audit import actions, backups, heads, queries, stamping
from macle.node.audit.heads import Head
from macle.node.configuration import SECRET_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from django.db.models import Model

    from macle.node.configuration import Configuration

LARGEST_MANIFEST = 256 * 1024 * 1024

_MADE_BY_TABLES = ("auth.permission", "contenttypes.contenttype")
"""Rows that making the tables writes: those of the backup take their place."""


class BackupMalformed(errors.Malformed):
    """The file is no backup that can be read, or something in it is not as it was written."""

    code = "backup-malformed"


class BackupOfAnotherVersion(errors.Conflict):
    """The backup has other tables than this version of Macle."""

    code = "backup-of-another-version"


class BackupOfAnother(errors.Conflict):
    """The backup is of another Participant's node."""

    code = "backup-of-another"


class BackupBroken(errors.Untrusted):
    """The audit in the backup is not as it was written."""

    code = "backup-broken"


class NodeNotEmpty(errors.Conflict):
    """There is a node already where one was to be restored."""

    code = "node-not-empty"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: when the backup was made, the rows and files, and the epoch that begins."""

    made_at: str
    rows: int
    files: int
    epoch: int
    length: int


if TYPE_CHECKING:
    Hook = Callable[[datetime], object]

_AFTER: list[Hook] = []


def after(hook: Hook) -> Hook:
    """Let an office do something in the transaction of each restoration: it is called with the instant of the act."""
    if hook not in _AFTER:
        _AFTER.append(hook)
    return hook


def restore(path: Path, *, configured: Configuration, actor: str, at: datetime, sha256: str = "") -> Restored:
    """Fill an empty node from the backup; the tables must have been made.

    ``sha256`` is what was written down when the backup was made. Raises `NodeNotEmpty`, `BackupMalformed`,
    `BackupOfAnother`, `BackupOfAnotherVersion` or `BackupBroken`, and leaves the node empty then.
    """
    _require_empty(configured)
    with path.open("rb") as file:
        if sha256 and backups.sha256_of(file) != sha256.lower():
            raise BackupMalformed(
                "This is not the file whose SHA-256 was written down.", where=str(path), mend="Take an earlier backup."
            )
        file.seek(0)
        try:
            with tarfile.open(fileobj=file, mode="r:") as archive:
                return _restored(_Backup(archive, str(path)), configured, actor=actor, at=at)
        except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
            raise _unreadable(str(path)) from error


def _restored(backup: _Backup, configured: Configuration, *, actor: str, at: datetime) -> Restored:
    manifest = backup.verified()
    if manifest["participant"] != configured.participant:
        raise BackupOfAnother(
            f"The backup is of the node of {manifest['participant']}, and this is that of {configured.participant}.",
            where="MACLE_NODE_PARTICIPANT",
        )
    if manifest["migrations"] != backups.migrations():
        raise BackupOfAnotherVersion(
            f"The backup was made by Macle {manifest['version']}, whose tables are others than those of this version.",
            where=backup.where,
            mend=f"Restore it with Macle {manifest['version']}, then bring it up: macle node init",
        )
    home = Path(configured.home)
    try:
        files = backup.unpack(home)
        with transaction.atomic():
            rows = sum(_fill(model, backup) for model in _in_place_of(backup))
            connection.check_constraints()
            _reset_sequences()
            own = _verify_chain(backup, configured)
            actions.record(
                authority=configured.participant,
                tag=queries.RESTORE,
                actor=actor,
                subject=f"node:{configured.participant}",
                at=at,
                facts={"manifest": backup.manifest_sha256, "made_at": manifest["made_at"], "length": own},
            )
            for hook in _AFTER:
                hook(at)
            epoch = queries.epoch()
    except BaseException as error:
        for folder in backups.FOLDERS:
            shutil.rmtree(home / folder, ignore_errors=True)
        if isinstance(error, DatabaseError | ValueError | TypeError | LookupError):
            raise BackupMalformed(
                "A row of the backup does not fit into its table.", where=backup.where, mend=_EARLIER
            ) from error
        raise
    return Restored(str(manifest["made_at"]), rows, files, epoch, own)


_EARLIER = "Take an earlier backup, and keep this one for whoever looks into it."


def _unreadable(where: str) -> BackupMalformed:
    return BackupMalformed("This is no backup of a node, or it is cut off.", where=where, mend=_EARLIER)


def _require_empty(configured: Configuration) -> None:
    filled = [
        model._meta.verbose_name  # noqa: SLF001 (Django's own name for it)
        for model in backups.tables()
        if model._meta.label_lower not in _MADE_BY_TABLES and model._base_manager.exists()  # noqa: SLF001
    ]
    folders = [name for name in backups.FOLDERS if any((Path(configured.home) / name).rglob("*"))]
    if filled or folders:
        raise NodeNotEmpty(
            f"There is a node already, with {(filled or folders)[0]}.",
            where=str(configured.home),
            mend="Restore into an empty folder and an empty database, and run `restore` in place of `init`.",
        )


class _Backup:
    """A backup that is open, of which nothing is believed before `verified`."""

    def __init__(self, archive: tarfile.TarFile, where: str) -> None:
        self.where = where
        self.manifest_sha256 = ""
        self._archive = archive
        self._members: dict[str, tarfile.TarInfo] = {}
        self._manifest: dict[str, Any] = {}

    def verified(self) -> dict[str, Any]:
        """Return the manifest, once every member was found to be as it says; raise `BackupMalformed`."""
        for member in self._archive:
            name = PurePosixPath(member.name)
            sound = member.isreg() and not name.is_absolute() and ".." not in name.parts and str(name) == member.name
            if not sound or member.name in self._members or not _is_ours(name):
                raise BackupMalformed(
                    "There is something in the file that no backup has.",
                    where=_shown(member.name),
                    mend=_EARLIER,
                )
            self._members[member.name] = member
        listed = self._members.pop(backups.MANIFEST, None)
        if listed is None or listed.size > LARGEST_MANIFEST:
            raise _unreadable(self.where)
        content = self._open(listed).read()
        self.manifest_sha256 = hashlib.sha256(content).hexdigest()
        self._manifest = _manifest(content, where=self.where)
        hashes = self._manifest["sha256"]
        for part in sorted(hashes.keys() ^ self._members.keys()):
            what = "It is missing." if part in hashes else "It is not in the manifest."
            raise BackupMalformed(what, where=_shown(part), mend=_EARLIER)
        for each, member in self._members.items():
            if backups.sha256_of(self._open(member)) != hashes[each]:
                raise BackupMalformed("It is not as it was written.", where=_shown(each), mend=_EARLIER)
        return self._manifest

    def _open(self, member: tarfile.TarInfo) -> IO[bytes]:
        opened = self._archive.extractfile(member)
        if opened is None:
            raise _unreadable(self.where)
        return opened

    def bytes_of(self, name: str) -> bytes | None:
        """Return a member, or None."""
        member = self._members.get(name)
        return None if member is None else self._open(member).read()

    def known_heads(self) -> tuple[Head, ...]:
        """Return where the chains ended."""
        return tuple(
            Head(str(each["authority"]), int(each["length"]), bytes.fromhex(each["digest"]))
            for each in self._manifest["heads"]
        )

    def labels(self) -> Mapping[str, int]:
        """Return how many rows each table has."""
        rows: Mapping[str, int] = self._manifest["rows"]
        return rows

    def rows(self, label: str) -> Iterator[Any]:
        """Give the names of the columns, then each row."""
        member = self._members.get(f"{backups.TABLES}/{label}.jsonl.gz")
        if member is None:
            raise BackupMalformed("The table is missing.", where=label, mend=_EARLIER)
        with gzip.GzipFile(fileobj=self._open(member)) as lines:
            yield from map(json.loads, lines)

    def unpack(self, home: Path) -> int:
        """Write the node's files, synced; return how many."""
        count = 0
        for name, member in self._members.items():
            if PurePosixPath(name).parts[0] not in backups.FOLDERS and name != SECRET_FILE:
                continue
            target = home / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                shutil.copyfileobj(self._open(member), file)
                file.flush()
                os.fsync(file.fileno())
            count += name != SECRET_FILE
        return count


def _is_ours(name: PurePosixPath) -> bool:
    top = name.parts[0] if name.parts else ""
    return str(name) in {backups.MANIFEST, backups.HEAD, SECRET_FILE} or (
        top in {backups.TABLES, *backups.FOLDERS} and len(name.parts) > 1
    )


def _shown(name: str) -> str:
    """Return the name of a member so that it can be said."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)[:200]


_KEYS = {
    "format": int,
    "version": str,
    "participant": str,
    "made_at": str,
    "migrations": list,
    "rows": dict,
    "heads": list,
    "sha256": dict,
}


def _manifest(content: bytes, *, where: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise _unreadable(where) from None
    if not isinstance(found, dict) or any(not isinstance(found.get(key), kind) for key, kind in _KEYS.items()):
        raise _unreadable(where)
    if found["format"] != backups.FORMAT:
        raise BackupOfAnotherVersion(
            f"The backup is of form {found['format']}, and this version reads form {backups.FORMAT}.",
            where=where,
            mend=f"Restore it with Macle {_shown(found['version'])}.",
        )
    return found


def _in_place_of(backup: _Backup) -> list[type[Model]]:
    """Return the tables to be filled, emptied of what making them wrote; raise `BackupMalformed` if they differ."""
    here = {model._meta.label_lower: model for model in backups.tables()}  # noqa: SLF001
    for label in sorted(here.keys() ^ backup.labels().keys()):
        raise BackupMalformed("This version has no such table, or the backup has none.", where=_shown(label))
    for label in _MADE_BY_TABLES:
        if label in here:
            here[label]._base_manager.all().delete()  # noqa: SLF001
    return list(here.values())


def _fill(model: type[Model], backup: _Backup) -> int:
    """Write the rows of a table as they were; return how many."""
    label, columns = model._meta.label_lower, backups.columns(model)  # noqa: SLF001
    rows = backup.rows(label)
    if next(rows, None) != [column.attname for column in columns]:
        raise BackupMalformed("The table has other columns.", where=label, mend=_EARLIER)
    most = max(1, min(500, connection.ops.bulk_batch_size(columns, range(500))))
    count, waiting = 0, []
    for row in rows:
        values = zip(columns, row, strict=True)
        waiting.append(model(**{column.attname: column.to_python(value) for column, value in values}))
        if len(waiting) == most:
            count += _insert(model, waiting)
    count += _insert(model, waiting)
    if count != backup.labels()[label]:
        raise BackupMalformed("The table has not as many rows as were written.", where=label, mend=_EARLIER)
    return count


def _insert(model: type[Model], waiting: list[Model]) -> int:
    """Insert rows as they are, without what saving one would set anew; empty the list, and return how many."""
    if not waiting:
        return 0
    query = models.sql.InsertQuery(model)
    query.insert_values(backups.columns(model), list(waiting), raw=True)
    query.get_compiler(using=connection.alias).execute_sql()
    count = len(waiting)
    waiting.clear()
    return count


def _reset_sequences() -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(
            no_style(), list(apps.get_models(include_auto_created=True))
        ):
            cursor.execute(statement)


def _verify_chain(backup: _Backup, configured: Configuration) -> int:
    """Return the length of the node's own chain; raise `BackupBroken` if any chain does not hold, or its head."""
    known = backup.known_heads()
    found = next(queries.faults(known=known), None)
    if found is not None:
        raise BackupBroken(f"Line {found.number} of {found.authority}: {found.what}", where="audit", mend=_EARLIER)
    own = next((head for head in known if head.authority == configured.participant), None)
    attested = backup.bytes_of(backups.HEAD)
    if attested is not None:
        record = stamping.record(configured)
        if record is None:
            raise BackupBroken("The head of the audit is signed, and no record says by whom.", where=backups.HEAD)
        if heads.verify(attested, record=record).head != own:
            raise BackupBroken("The audit does not end where its signed head says.", where=backups.HEAD, mend=_EARLIER)
    return 0 if own is None else own.length
