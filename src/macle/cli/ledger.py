"""What was meant and what was done, number by number, in an append-only file.

The rules of this module:

- An authority has one ledger, beside its keys: a number is unique in it, wherever the certificates go.
- Before a certificate is signed its intent is on the disk: number, digest of the full record, instant, key.
- Signed bytes leave the process only after the result, with these bytes, is on the disk. The files of a
  certificate can therefore always be made anew from it.
- A number belongs to the application of its first intent. Finishing an intent repeats its instant and its
  key, so that the content, and with it the identity, is the same as if nothing had been cut off.
- A line that a power cut left unfinished at the end was never an intent or a result: nothing had followed
  from it, and it is dropped. Any other line that cannot be read stops everything.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from macle import errors as families
from macle.scheme.terms import CertificateNumber

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

NAME = "ledger.jsonl"


class LedgerUnreadable(families.Malformed):
    """The ledger holds a line that is none of its own."""

    code = "ledger-unreadable"


class LedgerBusy(families.Conflict):
    """Another process writes to this ledger."""

    code = "ledger-busy"


class NumberTaken(families.Conflict):
    """The number belongs to another application."""

    code = "number-taken"


@dataclass(frozen=True, slots=True)
class Intent:
    """What will be signed: under which number, of which record, at which instant, with which key."""

    number: CertificateNumber
    record_digest: bytes
    validated_at: datetime
    key_id: bytes

    def to_line(self) -> dict[str, str]:
        """Return the fields of the line."""
        return {
            "act": "intent",
            "number": str(self.number),
            "record_digest": self.record_digest.hex(),
            "validated_at": self.validated_at.isoformat(),
            "key_id": self.key_id.hex(),
        }


@dataclass(frozen=True, slots=True)
class Result:
    """What was signed."""

    number: CertificateNumber
    identity: bytes
    record_digest: bytes
    cose: bytes

    def to_line(self) -> dict[str, str]:
        """Return the fields of the line."""
        return {
            "act": "result",
            "number": str(self.number),
            "identity": self.identity.hex(),
            "record_digest": self.record_digest.hex(),
            "cose": self.cose.hex(),
        }


class Ledger:
    """The ledger of one authority, held by one process at a time."""

    def __init__(self, path: Path) -> None:
        """Look at this file; nothing is opened yet."""
        self.path = path
        self.intents: dict[CertificateNumber, Intent] = {}
        self.results: dict[CertificateNumber, Result] = {}
        self._file = -1

    def __enter__(self) -> Self:
        """Take hold of the file and read it; raise `LedgerBusy` or `LedgerUnreadable`."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise LedgerBusy(
                "Another run writes to this ledger.",
                where=str(self.path),
                mend="Wait until it ends.",
            ) from None
        try:
            self._sync_folder()
            self._read()
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _sync_folder(self) -> None:
        """Write the file's name down, safe from a power cut: a ledger that loses it would be begun anew."""
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self) -> None:
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError, families.Malformed) as error:
                raise LedgerUnreadable(
                    "This line is none of a ledger.",
                    where=f"{self.path} line {number}",
                    mend="Do not edit the ledger; look for the one in your backup.",
                ) from error
        if whole != len(content):
            os.ftruncate(self._file, whole)

    def _take(self, line: dict[str, Any]) -> None:
        number = CertificateNumber.parse(line["number"])
        digest = bytes.fromhex(line["record_digest"])
        if line["act"] == "intent":
            self.intents[number] = Intent(
                number, digest, datetime.fromisoformat(line["validated_at"]), bytes.fromhex(line["key_id"])
            )
        elif line["act"] == "result":
            self.results[number] = Result(number, bytes.fromhex(line["identity"]), digest, bytes.fromhex(line["cose"]))
        else:
            raise ValueError(line["act"])

    def intend(self, intents: Iterable[Intent]) -> None:
        """Write intents down, safe from a power cut; raise `NumberTaken` if one is of another application."""
        new = []
        for intent in intents:
            held = self.intents.get(intent.number)
            if held is None:
                new.append(intent)
            elif held != intent:
                raise NumberTaken(f"{intent.number} belongs to another application.", where="number")
        self._append([intent.to_line() for intent in new])
        self.intents |= {intent.number: intent for intent in new}

    def record(self, results: Iterable[Result]) -> None:
        """Write results down, safe from a power cut; raise `NumberTaken` for a second identity."""
        new = []
        for result in results:
            held = self.results.get(result.number)
            if held is not None and held.identity != result.identity:
                raise NumberTaken(f"{result.number} is issued already, with another identity.", where="number")
            intent = self.intents.get(result.number)
            if intent is None or intent.record_digest != result.record_digest:
                raise NumberTaken(f"{result.number} was never meant for this application.", where="number")
            if held is None:
                new.append(result)
        self._append([result.to_line() for result in new])
        self.results |= {result.number: result for result in new}

    def _append(self, lines: list[dict[str, str]]) -> None:
        if not lines:
            return
        content = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()
        written = os.write(self._file, content)
        if written != len(content):
            raise OSError(f"{self.path}: the disk took {written} of {len(content)} bytes.")
        os.fsync(self._file)
