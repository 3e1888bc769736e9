"""`macle keys`: make, show and end the keys of one authority."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from macle.cli import clock, errors, options

if TYPE_CHECKING:
    from macle.proof.cose import Signer
    from macle.proof.folders import AuthorityFolder
    from macle.proof.trust import TrustedKey

USAGES = ("validate", "confirm", "commit", "stamp", "exchange")

ROOT_VARIABLE, KEY_VARIABLE, PIN_VARIABLE = "MACLE_ROOT_PASSPHRASE", "MACLE_PASSPHRASE", "MACLE_PIN"
STAMP_VARIABLE = "MACLE_STAMP_PASSPHRASE"
"""An official's key and the office's stamp are opened side by side, so each has a variable of its own."""

_OF_ROOT = options.passphrase_file("--root-passphrase-file", of="the root", variable=ROOT_VARIABLE)


@click.group("keys", short_help="Make, show and end the keys of an authority.")
def command() -> None:
    """Make, show and end the keys of an authority.

    An authority's folder holds its root, its other private keys, each encrypted, and record.cose, the
    statement of who may do what that other authorities pin.
    """


@command.command("new")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--participant", type=options.Code(), help="Make a root for this Participant.")
@click.option("--authority", help="Name of the authority, for the root.")
@click.option("--usage", type=click.Choice(USAGES), help="Make a key that may do this and nothing else.")
@click.option("--holder", help="Identifier of the official or office that holds the key, such as official-07.")
@click.option("--office", default="", help="The one office for which the key may be used. [default: every office]")
@click.option("--pkcs11-module", metavar="PATH", help="Make the key in a token, through this PKCS#11 module.")
@click.option("--token", help="Label of the token.")
@click.option("--label", help="Label of the key in the token. [default: the holder]")
@options.passphrase_file(
    "--passphrase-file", of="the new key", variable=f"{KEY_VARIABLE} (of a stamp {STAMP_VARIABLE})"
)
@_OF_ROOT
@options.passphrase_file("--pin-file", of="the token", variable=PIN_VARIABLE)
@options.at_option(meaning="From when the key is in force.")
def new(**given: Any) -> None:  # noqa: ANN401 (each option has its own type)
    """Make a root, or a key of one usage that the root vouches for.

    \b
    macle keys new bw --participant BW --authority "Example Diamond Office"
    macle keys new bw --usage validate --holder official-07 --office Gaborone
    """  # noqa: D301
    from macle.proof.folders import AuthorityFolder  # noqa: PLC0415 (only when called)

    folder = AuthorityFolder(given["folder"])
    if given["usage"] is None:
        _new_root(folder, given)
    else:
        _new_key(folder, given)


def _new_root(folder: AuthorityFolder, given: dict[str, Any]) -> None:
    if not given["participant"] or not given["authority"]:
        raise click.UsageError("For a root give --participant and --authority, for another key --usage and --holder.")
    _refuse(given, "holder", "office", "pkcs11_module", "token", "label", "passphrase_file", "pin_file")
    passphrase = options.passphrase(
        of="the new root", variable=ROOT_VARIABLE, file=given["root_passphrase_file"], new=True
    )
    record = folder.create(
        participant=given["participant"], authority=given["authority"], passphrase=passphrase, at=given["at"]
    )
    click.echo(f"The root of {record.participant} is in {folder.path}. Its fingerprint, for others to compare:")
    click.echo(_words(record.root.spki))
    click.echo("Keep root.key.pem on a stick in a safe; it is needed only to change the record.")


def _new_key(folder: AuthorityFolder, given: dict[str, Any]) -> None:
    from macle.proof.keys import FileSigner, Usage  # noqa: PLC0415

    if not given["holder"]:
        raise click.UsageError("A key has a holder: give --holder.")
    _refuse(given, "participant", "authority")
    in_token = given["pkcs11_module"] is not None
    if in_token is not (given["token"] is not None):
        raise click.UsageError("A key in a token needs both --pkcs11-module and --token.")
    holder, office, at = given["holder"], given["office"], given["at"]
    usage = Usage[given["usage"].upper()]
    folder.key_path(holder, usage)
    folder.record()
    root_passphrase = options.passphrase(of="the root", variable=ROOT_VARIABLE, file=given["root_passphrase_file"])
    if in_token:
        from macle.proof import tokens  # noqa: PLC0415 (tokens only where there are some)

        # The root is opened first: a key in a token that no record names could not be taken out again.
        FileSigner.read(folder.path / "root.key.pem", passphrase=root_passphrase)
        pin = options.passphrase(of="the token", variable=PIN_VARIABLE, file=given["pin_file"])
        public_key = tokens.make_key(
            module=given["pkcs11_module"], token=given["token"], label=given["label"] or holder, pin=pin
        )
        key = folder.enter_key(
            public_key=public_key, usage=usage, holder=holder, office=office, root_passphrase=root_passphrase, at=at
        )
    else:
        _refuse(given, "label", "pin_file")
        passphrase = options.passphrase(
            of=f"{holder}'s new key",
            variable=STAMP_VARIABLE if usage is Usage.STAMP else KEY_VARIABLE,
            file=given["passphrase_file"],
            new=True,
        )
        key = folder.add_key(
            usage=usage, holder=holder, office=office, root_passphrase=root_passphrase, passphrase=passphrase, at=at
        )
    click.echo(
        f"{holder} may {given['usage']} from {clock.moment(key.since)} with the key {key.public_key.key_id.hex()}."
    )
    click.echo(f"Give the new {folder.path / 'record.cose'} to everyone who pinned the old one.")


def _refuse(given: dict[str, Any], *names: str) -> None:
    for name in names:
        if given[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} does not belong to this kind of key.")


@command.command("show")
@click.argument("folder", type=click.Path(path_type=Path))
def show(folder: Path) -> None:
    """Show the participant record in FOLDER: its keys, when each is in force, and the root's fingerprint.

    \b
    macle keys show bw
    """  # noqa: D301
    from macle.proof.folders import AuthorityFolder  # noqa: PLC0415

    record = AuthorityFolder(errors.existing(folder)).record()
    click.echo(f"Participant   {record.participant}")
    reach = f"reaches {clock.moment(record.reaches_until)}"
    click.echo(f"Record        number {record.sequence} of {clock.moment(record.issued_at)}, {reach}")
    click.echo("Fingerprint   " + _words(record.root.spki).replace("\n", "\n              "))
    click.echo(f"Keys          {len(record.keys) or 'none'}")
    for key in record.keys:
        office = f", office {key.office}" if key.office else ""
        whose = errors.printable(f"{key.holder}{office}")
        click.echo(f"  {key.public_key.key_id.hex()}  {key.usage.name.lower():<9} {whose}")
        click.echo(f"                    {_interval(key)}")


@command.command("end")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("key_id")
@click.option("--retired", is_flag=True, help="The holder stops; what the key signed stays good.")
@click.option(
    "--compromised-since", type=options.Instant(), help="The key is stolen; what it signed needs other evidence."
)
@_OF_ROOT
@options.at_option(meaning="When this is decided, and when a retired key ends.")
def end(
    folder: Path,
    key_id: str,
    *,
    retired: bool,
    compromised_since: datetime | None,
    root_passphrase_file: Path | None,
    at: datetime,
) -> None:
    """End the time of a key, with the reason; nothing is deleted.

    \b
    macle keys end bw 1f0e3dad99908345 --retired
    macle keys end bw 1f0e3dad99908345 --compromised-since 2026-11-02T00:00:00Z
    """  # noqa: D301
    from macle.proof.folders import AuthorityFolder  # noqa: PLC0415
    from macle.proof.trust import Ended  # noqa: PLC0415

    if retired is (compromised_since is not None):
        raise click.UsageError("Give either --retired or --compromised-since.")
    try:
        hint = bytes.fromhex(key_id)
    except ValueError:
        raise click.UsageError(f"{key_id!r} is no key id: write its 16 hexadecimal digits.") from None
    ended = AuthorityFolder(errors.existing(folder)).end_key(
        key_id=hint,
        why=Ended.RETIRED if compromised_since is None else Ended.COMPROMISED,
        since=compromised_since or at,
        root_passphrase=options.passphrase(of="the root", variable=ROOT_VARIABLE, file=root_passphrase_file),
        at=at,
    )
    click.echo(f"The key {key_id} of {errors.printable(ended.holder)}: {_interval(ended)}.")
    click.echo(f"Give the new {folder / 'record.cose'} to everyone who pinned the old one, today.")


def signer_from_file(folder: AuthorityFolder, *, holder: str, usage: str, passphrase_file: Path | None) -> Signer:
    """Open the private key of a holder; raise NotFound if the folder has none."""
    from macle.proof.keys import Usage  # noqa: PLC0415

    path = folder.key_path(holder, Usage[usage.upper()])
    if not path.exists():
        raise errors.FileMissing(
            f"{holder} has no key to {usage} here.",
            where=str(path),
            mend="See `macle keys show`, or make it with `macle keys new`.",
        )
    passphrase = options.passphrase(of=f"{holder}'s key", variable=KEY_VARIABLE, file=passphrase_file)
    return folder.signer(holder=holder, usage=Usage[usage.upper()], passphrase=passphrase)


def _words(spki: bytes) -> str:
    from macle.proof import keys  # noqa: PLC0415

    return keys.fingerprint_for_people(spki)


def _interval(key: TrustedKey) -> str:
    """Return in words when a key is in force."""
    from macle.proof.trust import Ended  # noqa: PLC0415

    since = f"in force since {clock.moment(key.since)}"
    if key.until is None:
        return since
    why = "retired on" if key.ended is Ended.RETIRED else "compromised since"
    return f"{since}, {why} {clock.moment(key.until)}"
