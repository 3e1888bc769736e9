"""The node's keys: those of its officials, each opened for one consent, and the stamps of its offices.

The rules of this module:

- The keys lie in the folder ``authority`` of the node, or in tokens. The root is not there: it is in a safe.
- An official's key is opened with that official's own passphrase or PIN, each time anew, and closed again; the secret
  is kept nowhere.
- No key is handed out before the participant record lets this holder use it for this office at this instant.
- A stamp is opened once a process: an office stamps what its officials have signed, and asks nobody.
- A process is logged in to tokens once at a time: whoever else comes waits, and cannot ride on another's PIN.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from macle import errors
from macle.proof.folders import AuthorityFolder
from macle.proof.keys import FileSigner, KeyUnreadable, PassphraseWrong, Usage
from macle.proof.trust import Ended, KeyNotPermitted
from macle.scheme.certificates import ConsentLevel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from macle.node.configuration import Configuration
    from macle.node.registry.models import Official
    from macle.proof.cose import Signer
    from macle.proof.trust import ParticipantRecord, TrustedKey

FOLDER = "authority"
STAMP_PASSPHRASE_FILE = "stamp-passphrase"  # noqa: S105 (the name of a file)

_SHOW = "See `macle keys show`."


class TokenUnset(errors.Conflict):
    """The official's key is in a token, and the node was not told where tokens are."""

    code = "token-unset"


class StampMissing(errors.NotFound):
    """The office has no stamp that can be set now, or its passphrase is not there."""

    code = "stamp-missing"


@dataclass(frozen=True, slots=True)
class OpenStamp:
    """An office's stamp: the holder that the participant record names, and the key."""

    holder: str
    signer: FileSigner


@dataclass(frozen=True, slots=True)
class _Version:
    """Which state of a file was read."""

    path: Path
    inode: int
    changed: int
    size: int

    @classmethod
    def of(cls, path: Path) -> _Version:
        try:
            found = path.stat()
        except OSError as error:
            raise KeyUnreadable(
                f"The file cannot be read: {error.strerror}.", where=path.name, mend="See `macle keys new`."
            ) from error
        return cls(path, found.st_ino, found.st_mtime_ns, found.st_size)


_LOCK = threading.Lock()
_TOKENS = threading.Lock()
_record: tuple[_Version, ParticipantRecord] | None = None
_stamps: dict[_Version, FileSigner] = {}


def authority() -> AuthorityFolder:
    """Return the folder of this authority's keys."""
    return AuthorityFolder(_configuration().home / FOLDER)


def record() -> ParticipantRecord:
    """Return this authority's participant record, read anew when its file changed."""
    global _record  # noqa: PLW0603 (one file, read once)
    folder = authority()
    version = _Version.of(folder.path / "record.cose")
    with _LOCK:
        if _record is None or _record[0] != version:
            _record = (version, folder.record())
        return _record[1]


def of(holder: str, *, usage: Usage, office: str, at: datetime) -> TrustedKey:
    """Return the holder's key that the record lets them use for this office at this instant.

    Raises `KeyNotPermitted`, with the reason if the record names the holder at all.
    """
    own = [key for key in record().keys if (key.holder, key.usage) == (holder, usage)]
    if not own:
        raise KeyNotPermitted(
            f"The record names no key of {holder} to {usage.name.lower()}.", where="holder", mend=_SHOW
        )
    # The newest is the one in use: a holder has one key of a usage at a time.
    newest = max(own, key=lambda key: key.since)
    return record().require(key_id=newest.public_key.key_id, holder=holder, usage=usage, office=office, at=at)


@contextmanager
def signer(official: Official, *, secret: str, at: datetime, usage: Usage = Usage.VALIDATE) -> Iterator[Signer]:
    """Open the official's key to validate or to confirm, with their passphrase or PIN, for one consent.

    Raises `PassphraseWrong`, `KeyNotPermitted`, or an error of the token.
    """
    holder, office = official.holder, official.office
    with _token(holder, secret) if _is_in_token(official) else _file(holder, secret, usage) as opened:
        record().require(key_id=opened.key_id, holder=holder, usage=usage, office=office, at=at)
        yield opened


def _is_in_token(official: Official) -> bool:
    """Return whether the key is in a token; one for consents that are bound may be in either."""
    if official.level is ConsentLevel.BOUND:
        return bool(_configuration().pkcs11_module)
    return official.level is ConsentLevel.TOKEN


@contextmanager
def _file(holder: str, passphrase: str, usage: Usage) -> Iterator[Signer]:
    try:
        opened = authority().signer(holder=holder, usage=usage, passphrase=passphrase)
    except PassphraseWrong as error:
        # The path of the file is nothing to show to whoever types passphrases.
        raise PassphraseWrong(error.what, where="secret", mend="Type the passphrase of your signing key.") from None
    yield opened


@contextmanager
def _token(holder: str, pin: str) -> Iterator[Signer]:
    from macle.proof import tokens  # noqa: PLC0415 (tokens only where there are some)

    configured = _configuration()
    if not configured.pkcs11_module:
        raise TokenUnset(
            "The node was not told where tokens are.", where="MACLE_NODE_PKCS11_MODULE", mend="Set it, and start anew."
        )
    label = configured.token.replace("{holder}", holder)
    with _TOKENS, tokens.opened(module=configured.pkcs11_module, token=label, label=holder, pin=pin) as opened:
        yield opened


def stamp(*, office: str, at: datetime) -> OpenStamp:
    """Return the stamp of this office, opened with the passphrase that the node keeps in a file.

    The office's own stamp is taken before one that is for every office. Raises `StampMissing`, `PassphraseWrong` or
    `KeyUnreadable`.
    """
    folder = authority()
    able = [
        key
        for key in record().keys
        if key.usage is Usage.STAMP
        and key.office in {"", office}
        and key.ended is not Ended.COMPROMISED
        and key.spans(at)
        and folder.key_path(key.holder, Usage.STAMP).exists()
    ]
    if not able:
        raise StampMissing(
            f"There is no stamp for {office or 'every office'} that is in force.",
            where="office",
            mend="Make one: macle keys new FOLDER --usage stamp --holder stamp-01",
        )
    key = max(able, key=lambda each: (each.office == office, each.since))
    version = _Version.of(folder.key_path(key.holder, Usage.STAMP))
    with _LOCK:
        if version not in _stamps:
            _stamps[version] = folder.signer(holder=key.holder, usage=Usage.STAMP, passphrase=_stamp_passphrase())
        opened = _stamps[version]
    record().require(key_id=opened.key_id, holder=key.holder, usage=Usage.STAMP, office=office, at=at)
    return OpenStamp(key.holder, opened)


def _stamp_passphrase() -> str:
    configured = _configuration()
    try:
        return configured.stamp_passphrase_path.read_text(encoding="utf-8").split("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise StampMissing(
            "The passphrase of the stamp cannot be read.",
            where="MACLE_NODE_STAMP_PASSPHRASE_FILE",
            mend=f"Write it into a file, or into {STAMP_PASSPHRASE_FILE} in the folder of the node.",
        ) from error


def _configuration() -> Configuration:
    configured: Configuration = settings.CONFIGURATION
    return configured
