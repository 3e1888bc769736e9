"""The authority's stamp, with which heads of the audit are signed; the folder of its keys is the node's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from macle import errors
from macle.proof.folders import AuthorityFolder
from macle.proof.keys import Usage

if TYPE_CHECKING:
    from datetime import datetime

    from macle.node.configuration import Configuration
    from macle.proof.keys import FileSigner
    from macle.proof.trust import ParticipantRecord

FOLDER = "authority"
"""The folder of the authority's record and keys, in the folder of the node."""


class StampMissing(errors.NotFound):
    """The node has no stamp that it can open."""

    code = "stamp-missing"


def record(configured: Configuration) -> ParticipantRecord | None:
    """Return the authority's own record; None where the node has none yet."""
    folder = AuthorityFolder(Path(configured.home) / FOLDER)
    return folder.record() if (folder.path / "record.cose").exists() else None


def open_stamp(configured: Configuration, *, at: datetime) -> FileSigner:
    """Return the stamp in force whose key is in the folder; one of every office before one of a single office.

    Raises `StampMissing`, or `PassphraseWrong`.
    """
    folder, own = AuthorityFolder(Path(configured.home) / FOLDER), record(configured)
    if own is None or not configured.stamp_passphrase_path.exists():
        raise StampMissing(
            "The node has no stamp: its record, or the file with the passphrase of the stamp, is not there.",
            where=str(folder.path) if own is None else "MACLE_NODE_STAMP_PASSPHRASE_FILE",
            mend="Make one: macle keys new FOLDER --usage stamp; then name the file with its passphrase.",
        )
    for key in sorted(own.keys, key=lambda each: each.office != ""):
        here = key.usage is Usage.STAMP and key.spans(at) and folder.key_path(key.holder, Usage.STAMP).exists()
        if here:
            signer = folder.signer(
                holder=key.holder, usage=Usage.STAMP, passphrase=_first_line(configured.stamp_passphrase_path)
            )
            if signer.public_key == key.public_key:
                return signer
    raise StampMissing(
        "No stamp that is in force has its key in this folder.",
        where=str(folder.path),
        mend="Make one: macle keys new FOLDER --usage stamp",
    )


def open_stamp_if_any(configured: Configuration, *, at: datetime) -> FileSigner | None:
    """Return the stamp; None where the node has none. A wrong passphrase is still said."""
    try:
        return open_stamp(configured, at=at)
    except StampMissing:
        return None


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").split("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise StampMissing(
            "The file with the passphrase of the stamp cannot be read.",
            where=str(path),
            mend="Name one that this user may read: MACLE_NODE_STAMP_PASSPHRASE_FILE",
        ) from error
