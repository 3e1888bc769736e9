"""The options with which something is printed from the command line, and the order that they make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from macle import errors as families
from macle.cli import errors, keys, options
from macle.paper.shop import STATIONERY, InToken, Order
from macle.proof.keys import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from macle.proof import folders
    from macle.proof.trust import ParticipantRecord

LAYOUTS = ("general", "eu", "sheet")

_F = TypeVar("_F", bound="Callable[..., Any]")


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
