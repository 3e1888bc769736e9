"""Printing from the command line: whose stationery, on what, in which language, with whose stamp.

An `Order` is plain data, so that another process can take it; a `Shop` is what one process prints with. A numbered
official sheet is the original: what is drawn on plain paper beside it is marked COPY.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import click

from macle import errors as families
from macle.cli import errors, keys, options
from macle.proof import codec, folders
from macle.proof.keys import Usage
from macle.scheme import profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from types import TracebackType

    from macle.paper.rendering import Look, Place, Press
    from macle.paper.sheets import Form, Printer
    from macle.paper.stamping import Stamp
    from macle.paper.stationery import Stationery
    from macle.proof.cose import Signed, Signer
    from macle.proof.trust import ParticipantRecord
    from macle.scheme.certificates import Certificate
    from macle.scheme.terms import ParticipantCode

STATIONERY = "stationery.toml"
"""The file in an authority's folder that says how it prints."""

LAYOUTS = ("general", "eu", "sheet")

PDF, SHEET_PDF = ".pdf", ".sheet.pdf"
"""Endings of a drawn certificate, and of the values for an official sheet."""

_F = TypeVar("_F", bound="Callable[..., Any]")


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
        from macle.paper import sheets  # noqa: PLC0415 (drawing is loaded where something is drawn)
        from macle.paper.stamping import Stamp  # noqa: PLC0415

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
        from macle.paper.rendering import Look, SheetRefused  # noqa: PLC0415

        profile = profiles.load().of(certificate.issuer, on=certificate.date_of_issuance)
        statement = profile.statements.get(certificate.profile.statement)
        if statement is None:
            raise SheetRefused(
                f"The legal profile has no statement {certificate.profile.statement!r}.", where="profile.statement"
            )
        return Look(stationery=self.stationery, statement=statement, language=self.order.language, is_copy=is_copy)

    def places(self, certificate: Certificate) -> Iterator[tuple[str, Place, bool]]:
        """Give each file that is printed of a certificate: its ending, on what, and whether it is a copy."""
        from macle.paper.rendering import Layout, Place  # noqa: PLC0415

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
        from macle.paper.rendering import CERTIFICATE_FILE  # noqa: PLC0415

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
    from macle.paper.rendering import Press  # noqa: PLC0415

    if fonts not in _PRESSES:
        _PRESSES[fonts] = Press(font_folders=fonts)
    return _PRESSES[fonts]


def stationery_of(order: Order) -> Stationery:
    """Return the stationery that is named, or lies in the authority's folder, or travels here as an example."""
    from macle.paper import stationery  # noqa: PLC0415

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
        raise errors.FileMissing(
            "The X.509 wrapper of the key is missing.",
            where=str(path),
            mend="It is made with the key; see `macle keys new`.",
        )
    return path.read_bytes()


# --- Options ----------------------------------------------------------------------------------------


def look_options(command: _F) -> _F:
    """Add the options that say how a sheet looks."""
    language = click.option(
        "--language", metavar="CODE", help="Language beside English. [default: the stationery's first]"
    )
    return language(paper_options(command))


def paper_options(command: _F) -> _F:
    """Add the options that say with whose stationery and fonts a sheet is printed."""
    for option in (
        click.option(
            "--fonts",
            multiple=True,
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            metavar="FOLDER",
            help="Further fonts, for characters that those of the package do not have.",
        ),
        click.option(
            "--stationery",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help=f"How the authority prints. [default: {STATIONERY} in its folder; without it a SPECIMEN]",
        ),
    ):
        command = option(command)
    return command


def stamp_options(command: _F) -> _F:
    """Add the options that say whose stamp is set."""
    for option in (
        options.passphrase_file("--stamp-passphrase-file", of="the stamp", variable=keys.STAMP_VARIABLE),
        click.option("--stamp-in-token", is_flag=True, help="The stamp is a key in the token, labeled as its holder."),
        click.option("--stamp-holder", help="Holder of the stamp. [default: the only one that the record names]"),
    ):
        command = option(command)
    return command


def token_options(command: _F) -> _F:
    """Add the options that say in which token a stamp is."""
    for option in (
        options.passphrase_file("--pin-file", of="the token", variable=keys.PIN_VARIABLE),
        click.option("--token", help="Label of the token."),
        click.option("--pkcs11-module", metavar="PATH", help="The stamp is in a token; this is its PKCS#11 module."),
    ):
        command = option(command)
    return command


def order_of(folder: folders.AuthorityFolder, record: ParticipantRecord, given: dict[str, Any]) -> Order:
    """Return the order that the options make; ask for the stamp's passphrase if nothing else gives it."""
    if (given.get("layout") == "sheet") is not (given.get("form") is not None):
        raise click.UsageError("An official sheet needs both --layout sheet and --form.")
    if given.get("printer") is not None and given.get("form") is None:
        raise click.UsageError("--printer belongs to an official sheet.")
    holder = given["stamp_holder"] or _only_stamp(record, folder)
    return Order(
        authority=folder.path,
        participant=record.participant,
        stamp_holder=holder,
        stamp_secret=_secret(folder, holder, given),
        layout=given.get("layout"),
        language=given.get("language"),
        stationery=given["stationery"],
        form=given.get("form"),
        printer=given.get("printer"),
        fonts=tuple(given["fonts"]),
    )


def _secret(folder: folders.AuthorityFolder, holder: str, given: dict[str, Any]) -> str | InToken:
    if given["stamp_in_token"]:
        if not given.get("pkcs11_module") or not given.get("token"):
            raise click.UsageError("A stamp in a token needs --pkcs11-module and --token.")
        pin = options.passphrase(of="the token", variable=keys.PIN_VARIABLE, file=given.get("pin_file"))
        return InToken(module=given["pkcs11_module"], token=given["token"], pin=pin)
    path = folder.key_path(holder, Usage.STAMP)
    if not path.exists():
        raise errors.FileMissing(
            f"{holder} has no stamp here.", where=errors.shown(str(path)), mend="See `macle keys show`."
        )
    return options.passphrase(of=f"{holder}'s stamp", variable=keys.STAMP_VARIABLE, file=given["stamp_passphrase_file"])


def _only_stamp(record: ParticipantRecord, folder: folders.AuthorityFolder) -> str:
    holders = [key.holder for key in record.keys if key.usage is Usage.STAMP and key.ended is None]
    if len(holders) == 1:
        return holders[0]
    if holders:
        raise click.UsageError(f"There are several stamps: choose with --stamp-holder one of {', '.join(holders)}.")
    raise NoStamp(
        "The authority has no stamp, and a PDF without one is not valid.",
        where=errors.shown(str(folder.path)),
        mend="Make one: macle keys new FOLDER --usage stamp --holder stamp-01",
    )


class NoStamp(families.NotFound):
    """The authority has no key to stamp with."""

    code = "no-stamp"
