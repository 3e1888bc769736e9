"""A shop that prints: whose stationery, on what, in which language, with whose stamp.

An `Order` is plain data, so that another process can take it; a `Shop` is what one process prints with. A numbered
official sheet is the original: what is drawn on plain paper beside it is marked COPY.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from macle import errors
from macle.paper import sheets, stationery
from macle.paper.rendering import CERTIFICATE_FILE, Layout, Look, Place, Press, SheetRefused
from macle.proof import codec, folders
from macle.proof.keys import Usage
from macle.scheme import profiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from types import TracebackType

    from macle.paper.sheets import Form, Printer
    from macle.paper.stamping import Stamp
    from macle.paper.stationery import Stationery
    from macle.proof.cose import Signed, Signer
    from macle.proof.trust import ParticipantRecord
    from macle.scheme.certificates import Certificate
    from macle.scheme.terms import ParticipantCode

STATIONERY = "stationery.toml"
"""The file in an authority's folder that says how it prints."""

PDF, SHEET_PDF = ".pdf", ".sheet.pdf"
"""Endings of a drawn certificate, and of the values for an official sheet."""


class WrapperMissing(errors.NotFound):
    """A key has no X.509 wrapper, without which nothing can be stamped."""

    code = "wrapper-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class InToken:
    """Where a stamp in a token is: PKCS#11 module, label of the token, PIN."""

    module: str
    token: str
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How an authority prints; ``stamp_secret`` opens the stamp's key: a passphrase, or a token."""

    authority: Path
    participant: ParticipantCode
    stamp_holder: str
    stamp_secret: str | InToken = field(repr=False)
    layout: str | None = None
    language: str | None = None
    stationery: Path | None = None
    form: Path | None = None
    printer: Path | None = None
    fonts: tuple[Path, ...] = ()

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Return the endings of the files that are printed for one certificate."""
        return (PDF, SHEET_PDF) if self.layout == "sheet" else (PDF,)


class Shop:
    """The press, the stationery and the stamp of one process; to be closed, for a token is."""

    def __init__(self, order: Order, *, stamp: Signer | None = None) -> None:
        """Take the order; nothing is opened yet. ``stamp`` is the stamp's key where it is open already."""
        self.order = order
        self._stamp_key = stamp
        self._open = contextlib.ExitStack()
        self._press: Press | None = None
        self._stationery: Stationery | None = None
        self._form: tuple[Form, Printer] | None = None
        self._stamp: Stamp | None = None
        self._record: ParticipantRecord | None = None

    def __enter__(self) -> Self:
        """Read stationery, form and stamp: what is wrong with them is said before anything is signed."""
        from macle.paper.stamping import Stamp  # noqa: PLC0415 (half a second, where something is stamped)

        order = self.order
        self._stationery = stationery_of(order)
        self._stationery.language(order.language)
        if order.form is not None:
            printer = sheets.UNSHIFTED if order.printer is None else sheets.read_printer(order.printer)
            self._form = (sheets.read(order.form), printer)
        folder = folders.AuthorityFolder(order.authority)
        self._record = folder.record()
        if self._stamp_key is None:
            self._stamp_key = self._open.enter_context(_stamp_signer(folder, order))
        self._stamp = Stamp(
            signer=self._stamp_key,
            signing_certificate=_pem(folder.wrapped_path(order.stamp_holder, Usage.STAMP)),
            root_certificate=_pem(folder.path / "root.pem"),
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the token."""
        self._open.close()

    def close(self) -> None:
        """Close everything that this process prints with, when it ends."""
        self._open.close()
        for press in _PRESSES.values():
            press.close()

    @property
    def press(self) -> Press:
        """Return the press of this process, which reads its fonts once."""
        if self._press is None:
            self._press = press_of(self.order.fonts)
        return self._press

    @property
    def stationery(self) -> Stationery:
        """Return the authority's stationery."""
        if self._stationery is None:
            self._stationery = stationery_of(self.order)
        return self._stationery

    def look(self, certificate: Certificate, *, is_copy: bool) -> Look:
        """Return how this certificate is to look; raise `SheetRefused` if its statement is not known."""
        profile = profiles.load().of(certificate.issuer, on=certificate.date_of_issuance)
        statement = profile.statements.get(certificate.profile.statement)
        if statement is None:
            raise SheetRefused(
                f"The legal profile has no statement {certificate.profile.statement!r}.", where="profile.statement"
            )
        return Look(stationery=self.stationery, statement=statement, language=self.order.language, is_copy=is_copy)

    def places(self, certificate: Certificate) -> Iterator[tuple[str, Place, bool]]:
        """Give each file that is printed of a certificate: its ending, on what, and whether it is a copy."""
        drawn = Layout(self.stationery.layout)
        if self._form is not None:
            form, printer = self._form
            yield SHEET_PDF, Place(Layout.SHEET, form, printer), False
            yield PDF, Place(drawn), True
            return
        profile = profiles.load().of(certificate.issuer, on=certificate.date_of_issuance)
        layout = drawn if self.order.layout is None else Layout(self.order.layout)
        yield PDF, Place(layout), profile.numbers_belong_to_sheets is True

    def rehearse(self, signed: Signed, *, at: datetime) -> None:
        """Raise `SheetRefused` if the certificate could not be printed whole, `KeyNotPermitted` if not stamped."""
        certificate = codec.decode_certificate(signed.payload)
        self._require_stamp(office=certificate.office, at=at)
        for _, place, is_copy in self.places(certificate):
            self.press.certificate(signed, look=self.look(certificate, is_copy=is_copy), place=place, rehearsed=True)

    def files(self, signed: Signed, *, at: datetime) -> dict[str, bytes]:
        """Return the stamped PDFs of a certificate by their endings."""
        certificate = codec.decode_certificate(signed.payload)
        made = {}
        for suffix, place, is_copy in self.places(certificate):
            pdf = self.press.certificate(signed, look=self.look(certificate, is_copy=is_copy), place=place)
            attached = (CERTIFICATE_FILE, signed.to_bytes())
            made[suffix] = self.stamped(pdf, attached=attached, office=certificate.office, at=at)
        return made

    def stamped(self, pdf: bytes, *, attached: tuple[str, bytes] | None, office: str, at: datetime) -> bytes:
        """Return the file with the stamp of the office, which the record must let it set at that instant."""
        self._require_stamp(office=office, at=at)
        if self._stamp is None:
            raise _not_open()
        return self._stamp.on(pdf, attached=attached, at=at)

    def _require_stamp(self, *, office: str, at: datetime) -> None:
        if self._record is None or self._stamp_key is None:
            raise _not_open()
        self._record.require(
            key_id=self._stamp_key.key_id, holder=self.order.stamp_holder, usage=Usage.STAMP, office=office, at=at
        )


def _not_open() -> RuntimeError:
    return RuntimeError("The shop is not open.")


_PRESSES: dict[tuple[Path, ...], Press] = {}


def press_of(fonts: tuple[Path, ...]) -> Press:
    """Return the press with these further fonts; a process has one, however many shops it opens."""
    if fonts not in _PRESSES:
        _PRESSES[fonts] = Press(font_folders=fonts)
    return _PRESSES[fonts]


def stationery_of(order: Order) -> Stationery:
    """Return the stationery that is named, or lies in the authority's folder, or travels here as an example."""
    path = order.stationery or order.authority / STATIONERY
    if order.stationery is None and not path.exists():
        return stationery.packaged(order.participant)
    found = stationery.read(path)
    if found.participant != order.participant:
        raise stationery.StationeryMalformed(
            f"This is the stationery of {found.participant}, and {order.participant} prints.",
            where=str(path),
            mend="Give the authority's own.",
        )
    return found


@contextlib.contextmanager
def _stamp_signer(folder: folders.AuthorityFolder, order: Order) -> Iterator[Signer]:
    secret = order.stamp_secret
    if isinstance(secret, str):
        yield folder.signer(holder=order.stamp_holder, usage=Usage.STAMP, passphrase=secret)
        return
    from macle.proof import tokens  # noqa: PLC0415 (tokens only where there are some)

    with tokens.opened(module=secret.module, token=secret.token, label=order.stamp_holder, pin=secret.pin) as in_token:
        yield in_token


def _pem(path: Path) -> bytes:
    if not path.exists():
        raise WrapperMissing(
            "The X.509 wrapper of the key is missing.",
            where=str(path),
            mend="It is made with the key; see `macle keys new`.",
        )
    return path.read_bytes()
