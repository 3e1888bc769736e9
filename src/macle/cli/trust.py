"""`macle trust`: say whom to believe, and compare fingerprints over a second channel."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from macle import errors as families
from macle.cli import errors, keys, options, words
from macle.proof import codec, cose, folders, trust
from macle.proof import keys as proof_keys
from macle.proof.keys import Usage
from macle.proof.trust import Holder, Holders, TrustList
from macle.scheme import participants

if TYPE_CHECKING:
    from macle.proof.cose import Signer
    from macle.proof.trust import TrustedKey
    from macle.scheme.terms import ParticipantCode

LARGEST_FILE = trust.LARGEST_LIST

_FOLDER = click.option(
    "--trust", "folder", required=True, type=click.Path(path_type=Path), metavar="FOLDER", envvar="MACLE_TRUST",
    help="The folder of whom to believe. [default: MACLE_TRUST]",
)  # fmt: skip
_HOLDERS = click.option(
    "--holders", "holders_file", required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="Who signs the list, made with `macle trust holders`.",
)  # fmt: skip
_SIGN = click.option(
    "--sign", "signing", nargs=2, multiple=True, required=True, metavar="FOLDER HOLDER",
    help="Sign with the commit key of this holder in this authority's folder; may be given again.",
)  # fmt: skip


class NotAHolder(families.NotPermitted):
    """The key is not of one of those who sign the list."""

    code = "not-a-holder"


class FingerprintNotOf(families.Malformed):
    """The file holds no key whose fingerprint could be taken."""

    code = "fingerprint-not-of"


@click.group("trust", short_help="Say whom to believe: pins, trust lists, fingerprints.")
def command() -> None:
    """Say whom to believe: pinned records, signed trust lists, fingerprints.

    Two authorities begin by pinning each other's record. A trust list, signed by several holders together,
    brings everyone's records at once.
    """


@command.command("pin")
@click.argument("file", type=click.Path(path_type=Path))
@_FOLDER
@click.option("--fingerprint", metavar='"24 WORDS"', help="The words that the other authority read to you.")
@options.at_option(meaning="When the record came.")
def pin(file: Path, *, folder: Path, fingerprint: str | None, at: datetime) -> None:
    """Believe the participant record in FILE from now on, after comparing its root's fingerprint.

    \b
    macle trust pin bw/record.cose --trust trust

    Telephone the authority and let it read its 24 words to you; words that came with the file prove
    nothing. A newer record of a root that is pinned already needs no words.
    """  # noqa: D301
    data = _bytes(file)
    record = trust.read_record(data)
    named = words.named(record.participant, participants.load())
    believed = folders.TrustFolder(folder)
    if believed.held(record.participant) is None and fingerprint is None:
        if not sys.stdin.isatty():
            raise click.UsageError("The fingerprint is needed: let the authority read it, and give --fingerprint.")
        click.echo(f"Telephone the authority of {named}; it reads its 24 words.", err=True)
        fingerprint = click.prompt("The words", err=True)
    believed.pin(data, words=fingerprint or "", at=at)
    click.echo(
        f"{named}: record {record.sequence} with {len(record.keys)} keys is pinned in {folder}, "
        f"reaching {record.reaches_until:%Y-%m-%d}."
    )


@command.command("list")
@_FOLDER
@options.at_option(days=True, meaning="Whether it still reaches.")
def list_(folder: Path, *, at: datetime) -> None:
    """List whom the folder believes, how, since when and how far that reaches.

    \b
    macle trust list --trust trust
    """  # noqa: D301
    believed = folders.TrustFolder(errors.existing(folder)).load(participants=participants.load())
    for alarm in believed.alarms:
        click.secho(f"Alarm  {alarm}", fg="red", err=True)
    for code, source in sorted(believed.sources.items()):
        ended = sum(key.until is not None for key in source.record.keys)
        also = f", {ended} ended" if ended else ""
        click.echo(f"{words.named(code, believed.participants)}")
        click.echo(f"  {source.how}, as of {source.as_of:%Y-%m-%d}, reaches {source.reaches_until:%Y-%m-%d}")
        click.echo(f"  record {source.record.sequence}, {len(source.record.keys)} keys{also}")
    if not believed.sources:
        click.echo("Nobody yet. Begin with: macle trust pin")
    click.echo(
        f"Standing of Participants as of {believed.standing_as_of:%Y-%m-%d}, "
        f"reaches {believed.standing_reaches_until:%Y-%m-%d}."
    )
    reaches = [source.reaches_until for source in believed.sources.values()]
    for warning in words.ends_soon(min([believed.standing_reaches_until, *reaches]), at=at):
        click.secho(f"Warning  {warning}", fg="yellow", err=True)


@command.command("fingerprint")
@click.argument("file", type=click.Path(path_type=Path))
def fingerprint_(file: Path) -> None:
    """Print the fingerprint of a participant record's root, of X.509 (PEM), or of a file of holders.

    \b
    macle trust fingerprint bw/record.cose

    Read the words to the other side over a second channel. Do not send them beside the file.
    """  # noqa: D301
    data = _bytes(file)
    click.echo(proof_keys.fingerprint_for_people(_hashed(data, file)))


def _hashed(data: bytes, file: Path) -> bytes:
    """Return the bytes whose fingerprint people compare."""
    if data.startswith(b"-----BEGIN CERTIFICATE"):
        from cryptography import x509  # noqa: PLC0415 (only for these files)
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

        try:
            key = x509.load_pem_x509_certificate(data).public_key()
        except ValueError as error:
            raise FingerprintNotOf("This is no X.509 that can be read.", where=errors.shown(str(file))) from error
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if data.startswith(b"\xd2"):
        return trust.read_record(data).root.spki
    try:
        return Holders.from_bytes(data).to_bytes()
    except families.Malformed as error:
        raise FingerprintNotOf(
            "This is no participant record, X.509 or file of holders.", where=errors.shown(str(file))
        ) from error


# --- The trust list ---------------------------------------------------------------------------------


@command.command("holders")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--holder",
    "given",
    nargs=2,
    multiple=True,
    required=True,
    metavar="RECORD HOLDER",
    help="A participant record and the holder in it whose commit key signs; given for each holder.",
)
@click.option("--threshold", type=click.IntRange(2), default=2, show_default=True, help="How many of them it takes.")
def holders_(out: Path, *, given: tuple[tuple[str, str], ...], threshold: int) -> None:
    """Write down who signs the trust list together; no list is signed by one key alone.

    \b
    macle trust holders holders.cbor --holder bw/record.cose secretariat \\
        --holder ae/record.cose chair --holder in/record.cose vice-chair
    """  # noqa: D301
    named = []
    for file, holder in given:
        record = trust.read_record(_bytes(Path(file)))
        key = next((key for key in record.keys if _may_commit(key, holder)), None)
        if key is None:
            raise NotAHolder(
                f"{holder} has no key to commit in force in this record.",
                where=errors.shown(file),
                mend=f"Make it: macle keys new ... --usage commit --holder {holder}",
            )
        named.append(Holder(f"{record.participant} {holder}", record.participant, key.public_key))
    holders = Holders(threshold, tuple(named))
    folders.write(out, holders.to_bytes())
    click.echo(f"{threshold} of {len(named)} holders sign the trust list. The fingerprint of {out}:")
    click.echo(proof_keys.fingerprint_for_people(holders.to_bytes()))


def _may_commit(key: TrustedKey, holder: str) -> bool:
    return key.holder == holder and key.usage is Usage.COMMIT and key.until is None


@command.command("bundle")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--record", "records", multiple=True, metavar="FILE", help="A participant record; given for each.")
@click.option(
    "--from",
    "from_folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Also every record pinned in this trust folder.",
)
@_HOLDERS
@_SIGN
@click.option("--version", "version", type=click.IntRange(1), required=True, help="Number of the list; it grows.")
@options.passphrase_file("--passphrase-file", of="the signing holders", variable=keys.KEY_VARIABLE)
@options.at_option(meaning="When the list is made.")
def bundle(
    out: Path,
    *,
    records: tuple[str, ...],
    from_folder: Path | None,
    holders_file: Path,
    signing: tuple[tuple[str, str], ...],
    version: int,
    passphrase_file: Path | None,
    at: datetime,
) -> None:
    """Make a trust list of participant records and of the standing that is packaged with this program.

    \b
    macle trust bundle list.cbor --record bw/record.cose --record ae/record.cose \\
        --holders holders.cbor --sign bw secretariat --sign ae chair --version 12

    Holders who are elsewhere sign the same list with `macle trust approve`. It lives 35 days.
    """  # noqa: D301
    holders = _holders(holders_file)
    found = _newest([_bytes(Path(file)) for file in records] + _records_of(from_folder))
    if not found:
        raise click.UsageError("A trust list holds at least one record: give --record or --from.")
    listed = TrustList(
        version=version,
        issued_at=at,
        reaches_until=at + trust.LIST_LIFE,
        records=tuple(found[code] for code in sorted(found)),
        standing=participants.load().rows(),
    )
    content = listed.to_bytes(signers=_signers(signing, holders, passphrase_file))
    folders.write(out, content)
    click.echo(f"List {version} with {len(found)} records is in {out}, reaching {listed.reaches_until:%Y-%m-%d}.")
    _say_signed(content, holders)


@command.command("approve")
@click.argument("file", type=click.Path(path_type=Path))
@_HOLDERS
@_SIGN
@options.passphrase_file("--passphrase-file", of="the signing holders", variable=keys.KEY_VARIABLE)
@options.at_option(meaning="When it is approved.")
def approve(
    file: Path,
    *,
    holders_file: Path,
    signing: tuple[tuple[str, str], ...],
    passphrase_file: Path | None,
    at: datetime,
) -> None:
    """Add the signatures of further holders to the trust list in FILE.

    \b
    macle trust approve list.cbor --holders holders.cbor --sign ae chair
    """  # noqa: D301
    holders = _holders(holders_file)
    listed, *approvals = trust.parts_of_list(_bytes(file))
    cose.expect(listed, cose.TRUST_LIST)
    signers = _signers(signing, holders, passphrase_file)
    approvals += [trust.approve(listed, signer=signer, at=at) for signer in signers]
    content = codec.encode([signed.to_bytes() for signed in (listed, *approvals)])
    folders.write(file, content)
    _say_signed(content, holders)


@command.command("accept")
@click.argument("file", type=click.Path(path_type=Path))
@_FOLDER
@_HOLDERS
@click.option("--fingerprint", metavar='"24 WORDS"', help="The words of the holders, needed with the first list.")
def accept(file: Path, *, folder: Path, holders_file: Path, fingerprint: str | None) -> None:
    """Believe the trust list in FILE, once enough of its holders have signed it.

    \b
    macle trust accept list.cbor --holders holders.cbor --trust trust

    The first list needs the holders' fingerprint, read over a second channel; later ones do not.
    """  # noqa: D301
    holders = _holders(holders_file)
    if not (folder / "holders.cbor").exists():
        if fingerprint is None:
            if not sys.stdin.isatty():
                raise click.UsageError("The first list needs the holders' fingerprint: give --fingerprint.")
            click.echo("Telephone the Secretariat; it reads the 24 words of the holders.", err=True)
            fingerprint = click.prompt("The words", err=True)
        if not proof_keys.is_fingerprint_of(fingerprint, holders.to_bytes()):
            raise folders.FingerprintDiffers(
                "These are not the words of these holders.",
                where="fingerprint",
                mend="Let the Secretariat read its words to you again.",
            )
    listed = folders.TrustFolder(folder).put_list(_bytes(file), holders=holders)
    click.echo(
        f"List {listed.version} with {len(listed.records)} records is believed in {folder}, "
        f"reaching {listed.reaches_until:%Y-%m-%d}."
    )
    for alarm in folders.TrustFolder(folder).load(participants=participants.load()).alarms:
        click.secho(f"Alarm  {alarm}", fg="red", err=True)


def _signers(signing: tuple[tuple[str, str], ...], holders: Holders, passphrase_file: Path | None) -> list[Signer]:
    """Open the holders' keys; raise `NotAHolder` for a key that is none of theirs."""
    known = {holder.public_key.key_id for holder in holders.holders}
    signers = []
    for path, holder in signing:
        folder = folders.AuthorityFolder(errors.existing(Path(path)))
        signer = keys.signer_from_file(folder, holder=holder, usage="commit", passphrase_file=passphrase_file)
        if signer.key_id not in known:
            raise NotAHolder(f"{holder} is not among the holders of the list.", where=errors.shown(path))
        signers.append(signer)
    return signers


def _say_signed(content: bytes, holders: Holders) -> None:
    try:
        trust.read_list(content, holders=holders)
    except trust.RecordUntrusted as error:
        click.echo(f"{error.what} The others add theirs with: macle trust approve")
    else:
        click.echo("Enough holders have signed it.")


def _newest(data: list[bytes]) -> dict[ParticipantCode, bytes]:
    """Return the newest record of each Participant; raise an `Untrusted` error if one does not continue another."""
    found: dict[ParticipantCode, bytes] = {}
    for each in data:
        record = trust.read_record(each)
        other = found.get(record.participant)
        old = None if other is None else trust.read_record(other)
        if old is None or record.sequence > old.sequence:
            trust.pin(record, held=old)
            found[record.participant] = each
        else:
            trust.pin(old, held=record)
    return found


def _records_of(folder: Path | None) -> list[bytes]:
    """Return the records that a trust folder has pinned."""
    if folder is None:
        return []
    return [_bytes(path) for path in sorted((errors.existing(folder) / "pins").glob("*.cose"))]


def _holders(file: Path) -> Holders:
    return Holders.from_bytes(_bytes(file))


def _bytes(path: Path) -> bytes:
    return errors.read_file(str(path), most=LARGEST_FILE)
