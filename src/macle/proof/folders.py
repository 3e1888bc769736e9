"""Keys and trust as files: an authority's own folder, and the folder of whom it believes.

An authority's folder holds its root (kept on a stick in a safe, brought only to change the record), its
other private keys, each encrypted, their signing certificates, and ``record.cose``, the participant record
that others pin. A trust folder holds one pinned record a Participant, and perhaps a signed trust list with
its holders. Every file is replaced whole or not at all.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from macle import errors
from macle.proof import keys, trust
from macle.proof.keys import FileSigner, PublicKey, Usage
from macle.proof.trust import Ended, Holders, ParticipantRecord, Source, Trust, TrustedKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from macle.proof.cose import Signer
    from macle.scheme.participants import Participants
    from macle.scheme.terms import ParticipantCode

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class FolderUnreadable(errors.Malformed):
    """The folder is not what it should be."""

    code = "folder-unreadable"


class FolderTaken(errors.Conflict):
    """There is something already where something new was to be made."""

    code = "folder-taken"


def write(path: Path, content: bytes, *, secret: bool = False) -> None:
    """Write the file whole: whoever looks finds the old content or the new, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(beside, flags, 0o600 if secret else 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FolderUnreadable(f"The file cannot be read: {error.strerror}.", where=str(path)) from error


# --- An authority's own folder ----------------------------------------------------------------------


ROOT_KEY = "root.key.pem"
"""The private key of the root; it belongs on a stick in a safe, and in no backup."""


class AuthorityFolder:
    """The keys of one Participant's authority."""

    def __init__(self, path: Path) -> None:
        """Look at this folder; nothing is read yet."""
        self.path = path

    def create(
        self, *, participant: ParticipantCode, authority: str, passphrase: str, at: datetime
    ) -> ParticipantRecord:
        """Make a root and an empty record; raise `FolderTaken` if there is a root already."""
        from macle.proof import signing_certificates  # noqa: PLC0415 (X.509 only where keys are made)

        if (self.path / ROOT_KEY).exists():
            raise FolderTaken("There is a root already.", where=str(self.path), mend="Choose an empty folder.")
        root = FileSigner.new()
        record = ParticipantRecord(
            participant=participant,
            sequence=0,
            issued_at=at,
            reaches_until=at + trust.RECORD_LIFE,
            root=root.public_key,
            keys=(),
        )
        wrapped = signing_certificates.make_root(root=root, participant=participant, authority=authority, at=at)
        write(self.path / ROOT_KEY, root.to_pem(passphrase=passphrase), secret=True)
        write(self.path / "root.pem", wrapped)
        write(self.path / "record.cose", record.to_bytes(root=root))
        return record

    def record(self) -> ParticipantRecord:
        """Return the authority's own record; raise a `Malformed` error or `RecordUntrusted`."""
        return trust.read_record(_read(self.path / "record.cose"))

    def add_key(
        self, *, usage: Usage, holder: str, office: str, root_passphrase: str, passphrase: str, at: datetime
    ) -> TrustedKey:
        """Make a key of one usage for one holder, and enter it in the record.

        The private key is written first: a key without an entry is of no use to anybody, an entry without a
        key would bar the holder from a new one.
        """
        signer = FileSigner.new()
        pem = signer.to_pem(passphrase=passphrase)
        root = self._root(root_passphrase)
        self._refuse_second(holder, usage)
        path = self.key_path(holder, usage)
        if path.exists():
            path.replace(path.with_name(f"{holder}.{usage.name.lower()}.before-{signer.key_id.hex()}.key.pem"))
        write(path, pem, secret=True)
        return self._enter(public_key=signer.public_key, usage=usage, holder=holder, office=office, root=root, at=at)

    def enter_key(
        self, *, public_key: PublicKey, usage: Usage, holder: str, office: str, root_passphrase: str, at: datetime
    ) -> TrustedKey:
        """Enter a key that lives elsewhere, in a token, in the record, and wrap it in X.509."""
        root = self._root(root_passphrase)
        self._refuse_second(holder, usage)
        return self._enter(public_key=public_key, usage=usage, holder=holder, office=office, root=root, at=at)

    def _root(self, passphrase: str) -> FileSigner:
        return FileSigner.read(self.path / ROOT_KEY, passphrase=passphrase)

    def _refuse_second(self, holder: str, usage: Usage) -> None:
        """Raise `FolderTaken` if the holder has a key of this usage that is not ended, or it is the root's."""
        if usage is Usage.ROOT:
            raise FolderTaken("A folder has one root.", where="usage", mend="Choose another usage.")
        for key in self.record().keys:
            if (key.holder, key.usage, key.ended) == (holder, usage, None):
                raise FolderTaken(
                    f"{holder} already has a key to {usage.name.lower()}: {key.public_key.key_id.hex()}.",
                    where=str(self.path),
                    mend="End it with `macle keys end`, or name another holder.",
                )

    def _enter(
        self, *, public_key: PublicKey, usage: Usage, holder: str, office: str, root: FileSigner, at: datetime
    ) -> TrustedKey:
        from macle.proof import signing_certificates  # noqa: PLC0415 (X.509 only where keys are made)

        record = self.record()
        key = TrustedKey(
            participant=record.participant, public_key=public_key, usage=usage, holder=holder, office=office, since=at
        )
        wrapped = signing_certificates.make_signing_certificate(
            root=root, root_certificate=_read(self.path / "root.pem"), key=public_key, usage=usage, holder=holder, at=at
        )
        self._change(record, (*record.keys, key), root=root, at=at)
        write(self.wrapped_path(holder, usage), wrapped)
        return key

    def end_key(self, *, key_id: bytes, why: Ended, since: datetime, root_passphrase: str, at: datetime) -> TrustedKey:
        """End a key's time, retired or compromised.

        What is ended may still turn out compromised, or compromised earlier; no end is ever moved to a later
        time. Raises NotFound if the record has no such key, or nothing would change.
        """
        if why is Ended.COMPROMISED and since > at:
            raise errors.Conflict(
                f"Nobody can know that a key will be stolen on {since:%Y-%m-%d %H:%M} UTC.",
                where="since",
                mend="Give the instant since which it may be in other hands.",
            )
        root = self._root(root_passphrase)
        record = self.record()
        for index, key in enumerate(record.keys):
            if key.public_key.key_id == key_id:
                ended = key.end(at=since, why=why)
                if ended == key or (key.ended is not None and why is Ended.RETIRED):
                    break
                self._change(record, (*record.keys[:index], ended, *record.keys[index + 1 :]), root=root, at=at)
                return ended
        raise errors.NotFound(
            f"No key {key_id.hex()} is there to be ended so.", where=str(self.path), mend="See `macle keys show`."
        )

    def _change(
        self, record: ParticipantRecord, changed: tuple[TrustedKey, ...], *, root: Signer, at: datetime
    ) -> None:
        new = replace(
            record, sequence=record.sequence + 1, issued_at=at, reaches_until=at + trust.RECORD_LIFE, keys=changed
        )
        write(self.path / "record.cose", new.to_bytes(root=root))

    def key_path(self, holder: str, usage: Usage) -> Path:
        """Return where the private key of a holder is kept."""
        if not _NAME.fullmatch(holder):
            raise FolderUnreadable(
                f"{holder!r} is not an identifier.",
                where="holder",
                mend="Use letters, digits, '.', '_' and '-', such as official-07.",
            )
        return self.path / f"{holder}.{usage.name.lower()}.key.pem"

    def wrapped_path(self, holder: str, usage: Usage) -> Path:
        """Return where the X.509 wrapper of a holder's key is kept."""
        return self.key_path(holder, usage).with_suffix("").with_suffix(".pem")

    def signer(self, *, holder: str, usage: Usage, passphrase: str) -> FileSigner:
        """Open the private key of a holder; raise `PassphraseWrong` or `KeyUnreadable`."""
        return FileSigner.read(self.key_path(holder, usage), passphrase=passphrase)


# --- The folder of whom to believe ------------------------------------------------------------------


class TrustFolder:
    """Pinned participant records and a trust list, as files."""

    def __init__(self, path: Path) -> None:
        """Look at this folder; nothing is read yet."""
        self.path = path

    def pin(self, data: bytes, *, words: str, at: datetime) -> ParticipantRecord:
        """Pin a record whose root has the fingerprint that was read over a second channel.

        A newer record of a root that is pinned already needs no words. Raises `RootChanged`, `RolledBack`,
        or `FingerprintDiffers`.
        """
        record = trust.read_record(data)
        held = self.held(record.participant)
        if held is None and not keys.is_fingerprint_of(words, record.root.spki):
            raise FingerprintDiffers(
                f"These are not the words of {record.participant}'s root.",
                where="fingerprint",
                mend="Let the other authority read its words again, and not from the message that brought the file.",
            )
        trust.pin(record, held=held)
        write(self.path / "pins" / f"{record.participant}.cose", data)
        pins = self._notes("pins") | {record.participant: at.astimezone(UTC).isoformat(timespec="seconds")}
        write(self.path / "pins.json", json.dumps(pins, indent=1, sort_keys=True).encode())
        return record

    def put_list(self, data: bytes, *, holders: Holders) -> trust.TrustList:
        """Keep a newer trust list; raise `RolledBack` if it is older than the one held."""
        listed = trust.read_list(data, holders=holders)
        held = self._holders()
        if held is not None and held != holders:
            raise trust.RootChanged(
                "The holders are not those that are held here.",
                where="holders",
                mend="Compare their fingerprint first.",
            )
        if held is not None:
            old = trust.read_list(_read(self.path / "list.cbor"), holders=holders)
            if (listed.version, listed.issued_at) < (old.version, old.issued_at):
                raise trust.RolledBack(
                    f"List {listed.version} is older than list {old.version}, which is held.", where="list"
                )
            if listed.version == old.version and listed != old:
                raise trust.HistoryRewritten(
                    f"There are two different lists with the version {listed.version}.",
                    where="list",
                    mend="Keep both files and telephone the Secretariat.",
                )
        self._remember(listed)
        write(self.path / "holders.cbor", holders.to_bytes())
        write(self.path / "list.cbor", data)
        return listed

    def _remember(self, listed: trust.TrustList) -> None:
        """Keep the best record of each Participant that any list had: no later list can take one back."""
        known = {source.record.participant: source for source in self._sources("listed")}
        notes = self._notes("listed")
        for source, data in zip(trust.sources_of(listed), listed.records, strict=True):
            code = source.record.participant
            best, _ = trust.merged(known.get(code), source)
            if best.record == source.record:
                write(self.path / "listed" / f"{code}.cose", data)
                notes[code] = best.reaches_until.isoformat()
        write(self.path / "listed.json", json.dumps(notes, indent=1, sort_keys=True).encode())

    def held(self, code: ParticipantCode) -> ParticipantRecord | None:
        """Return the record that is pinned for a Participant, if there is one."""
        return next((source.record for source in self._sources("pins") if source.record.participant == code), None)

    def load(self, *, participants: Participants) -> Trust:
        """Return everything that this folder says, checked; raise a `Malformed` or `Untrusted` error."""
        holders = self._holders()
        listed = None if holders is None else trust.read_list(_read(self.path / "list.cbor"), holders=holders)
        return trust.assemble(
            pinned=self._sources("pins"),
            earlier=self._sources("listed"),
            listed=listed,
            participants=participants,
            standing_as_of=trust.midnight(participants.as_of),
        )

    def _holders(self) -> Holders | None:
        path = self.path / "holders.cbor"
        return Holders.from_bytes(_read(path)) if path.exists() else None

    def _notes(self, kind: str) -> dict[str, str]:
        """Return an instant for each record: when it was pinned, or until when its list reaches."""
        path = self.path / f"{kind}.json"
        if not path.exists():
            return {}
        try:
            notes = json.loads(_read(path))
            return {str(code): datetime.fromisoformat(moment).isoformat() for code, moment in notes.items()}
        except (ValueError, AttributeError, TypeError) as error:
            raise FolderUnreadable("This does not give an instant for each record.", where=str(path)) from error

    def _sources(self, kind: str) -> Iterator[Source]:
        for code, moment in self._notes(kind).items():
            record = trust.read_record(_read(self.path.joinpath(kind, f"{code}.cose")))
            if record.participant != code:
                raise FolderUnreadable(f"The record is of {record.participant}.", where=f"{kind}/{code}.cose")
            instant = datetime.fromisoformat(moment)
            if kind == "pins":
                yield trust.pinned(record, at=instant)
            else:
                yield Source(record=record, as_of=record.issued_at, reaches_until=instant, how="trust list")


class FingerprintDiffers(errors.Untrusted):
    """The words that were read do not belong to this key."""

    code = "fingerprint-differs"
