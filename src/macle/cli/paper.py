"""`macle paper`: what is printed beside the certificate itself: copies, labels, confirmations, letters, calibration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from macle import errors as families
from macle.cli import carriers, clock, errors, keys, options, printing
from macle.proof import codec, cose, folders, qr
from macle.proof.keys import Usage

if TYPE_CHECKING:
    from macle.proof.cose import Signed

LARGEST_FILE = 1024 * 1024
"""Bytes of a file that says what a confirmation or a letter says."""

_AUTHORITY = click.option(
    "--authority",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The authority's folder, made with `macle keys new`.",
)
_OUT = click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The PDF to write.",
)


class FindingsMalformed(families.Malformed):
    """The file does not say what was found, or what was decided."""

    code = "findings-malformed"


@click.group("paper", short_help="Print copies, labels, confirmations, letters and calibration sheets.")
def command() -> None:
    """Print what goes with certificates: copies, labels, import confirmations, letters of decision, calibration."""


@command.command("calibrate")
@click.argument("form", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_OUT
def calibrate(form: Path, *, out: Path) -> None:
    """Print the calibration sheet of a FORM: rulers, crosses and every field at its place.

    \b
    macle paper calibrate examples/forms/union-2026.toml --out calibration.pdf

    Lay the print over a void form and write what is off into a printer's file: right, down, across, along.
    """  # noqa: D301
    from macle.paper import sheets, stationery  # noqa: PLC0415 (drawing is loaded where something is drawn)
    from macle.paper.rendering import Look  # noqa: PLC0415
    from macle.scheme.certificates import STATEMENT  # noqa: PLC0415
    from macle.scheme.terms import ParticipantCode  # noqa: PLC0415

    sheet = sheets.read(form)
    look = Look(stationery=stationery.packaged(ParticipantCode("ZZ")), statement=STATEMENT)
    folders.write(out, printing.press_of(()).calibration(sheet, look=look, at=clock.now()))
    click.echo(f"{out}: {sheet.name}, {len(sheet.fields)} fields.")


@command.command("label")
@click.argument("file")
@_AUTHORITY
@_OUT
@printing.look_options
def label(file: str, *, authority: Path, out: Path, **given: Any) -> None:  # noqa: ANN401 (each option has its own type)
    """Print the label of the container: number, seals and identity of the certificate in FILE, and nothing of value.

    \b
    macle paper label issued/BW00004001.cose --authority bw --out label.pdf
    """  # noqa: D301
    from macle.paper.rendering import Look  # noqa: PLC0415
    from macle.scheme.certificates import STATEMENT  # noqa: PLC0415

    signed = _signed(file, cose.CERTIFICATE)
    number = codec.decode_certificate(signed.payload).number
    record = folders.AuthorityFolder(errors.existing(authority)).record()
    _must_be_own(record.participant, number.participant, file)
    order = printing.Order(
        authority=authority,
        participant=record.participant,
        stamp_holder="",
        stamp_secret="",
        language=given["language"],
        stationery=given["stationery"],
        fonts=tuple(given["fonts"]),
    )
    look = Look(stationery=printing.stationery_of(order), statement=STATEMENT, language=order.language)
    folders.write(out, printing.press_of(order.fonts).label(signed, look=look))
    click.echo(f"{out}: label of {number.for_people}.")


@command.command("copy")
@click.argument("file")
@_AUTHORITY
@_OUT
@printing.look_options
@printing.stamp_options
@printing.token_options
@click.option("--layout", type=click.Choice(printing.LAYOUTS[:2]), help="[default: as the stationery says]")
@options.at_option(meaning="When it is stamped.")
def copy(file: str, *, authority: Path, out: Path, **given: Any) -> None:  # noqa: ANN401
    """Print the certificate in FILE once more, on plain paper, marked COPY in every language.

    \b
    macle paper copy issued/BW00004001.cose --authority bw --out copy.pdf
    """  # noqa: D301
    from macle.paper.rendering import CERTIFICATE_FILE, Layout, Place  # noqa: PLC0415

    signed = _signed(file, cose.CERTIFICATE)
    certificate = codec.decode_certificate(signed.payload)
    folder, order = _order(authority, given)
    _must_be_own(folder.record().participant, certificate.issuer, file)
    with printing.Shop(order) as shop:
        place = Place(Layout(given["layout"] or shop.stationery.layout))
        pdf = shop.press.certificate(signed, look=shop.look(certificate, is_copy=True), place=place)
        folders.write(out, shop.stamped(pdf, attached=(CERTIFICATE_FILE, signed.to_bytes()), at=given["at"]))
    click.echo(f"{out}: copy of {certificate.number.for_people}.")


@command.command("confirmation")
@click.argument("file")
@_AUTHORITY
@_OUT
@click.option("--certificate", "certificate_file", metavar="FILE", help="The certificate that is confirmed.")
@click.option("--holder", help="Official who confirms and whose key signs; for findings that are not signed yet.")
@options.passphrase_file("--passphrase-file", of="the official's key", variable=keys.KEY_VARIABLE)
@printing.look_options
@printing.stamp_options
@printing.token_options
@options.at_option(meaning="When it is stamped.")
def confirmation(
    file: str,
    *,
    authority: Path,
    out: Path,
    certificate_file: str | None,
    **given: Any,  # noqa: ANN401
) -> None:
    """Print an import confirmation: FILE is a signed one (.cose), or says as JSON what was found.

    \b
    macle paper confirmation slip.cose --authority eu --out slip.pdf
    macle paper confirmation found.json --certificate BW00004001.cose --authority eu --holder official-12 --out slip.pdf

    What was found is compared with the certificate by every rule of confirmation, and signed, before it is printed.
    The signed confirmation is attached to the PDF and lies beside it.
    """  # noqa: D301
    from macle.paper.rendering import CONFIRMATION_FILE, Look  # noqa: PLC0415
    from macle.scheme.certificates import STATEMENT  # noqa: PLC0415

    folder, order = _order(authority, given)
    if file.endswith(".json"):
        signed = _confirm(file, folder, certificate_file, given)
    else:
        signed = _signed(file, cose.CONFIRMATION)
    confirmed = codec.decode_confirmation(signed.payload)
    _must_be_own(folder.record().participant, confirmed.importing_participant, file)
    with printing.Shop(order) as shop:
        look = Look(stationery=shop.stationery, statement=STATEMENT, language=order.language)
        pdf = shop.press.confirmation(signed, look=look)
        folders.write(out, shop.stamped(pdf, attached=(CONFIRMATION_FILE, signed.to_bytes()), at=given["at"]))
    folders.write(out.with_suffix(".cose"), signed.to_bytes())
    click.echo(f"{out}: import confirmation of {confirmed.certificate.number.for_people}.")


def _confirm(file: str, folder: folders.AuthorityFolder, certificate_file: str | None, given: dict[str, Any]) -> Signed:
    """Compare the findings with their certificate by every rule, and sign them."""
    from macle.proof import issuing, views  # noqa: PLC0415
    from macle.scheme import profiles  # noqa: PLC0415
    from macle.scheme.rules.settings import ConfirmationSetting  # noqa: PLC0415

    if not given["holder"] or certificate_file is None:
        raise click.UsageError("Findings need --holder, who signs, and --certificate, with which they are compared.")
    found = views.confirmation_from_json(_json(file))
    of = _signed(certificate_file, cose.CERTIFICATE)
    setting = ConfirmationSetting(
        certificate=codec.decode_certificate(of.payload),
        profile=profiles.load().of_day(found.importing_participant, at=found.confirmed_at, office=found.office),
        identity=of.identity,
    )
    signer = keys.signer_from_file(
        folder, holder=given["holder"], usage="confirm", passphrase_file=given["passphrase_file"]
    )
    own = next((key for key in folder.record().keys if key.public_key.key_id == signer.key_id), None)
    wrong = (
        "The record does not name this key."
        if own is None
        else own.why_not(participant=found.importing_participant, usage=Usage.CONFIRM, office=found.office)
    )
    if wrong or found.official != given["holder"]:
        raise families.NotPermitted(
            wrong or f"The findings are of {found.official}, and {given['holder']} signs.",
            where="holder",
            mend="Let the official who found it sign.",
        )
    return issuing.confirm(confirmation=found, setting=setting, signer=signer)


@command.command("decision")
@click.argument("file")
@_AUTHORITY
@_OUT
@printing.look_options
@printing.stamp_options
@printing.token_options
@options.at_option(meaning="When it is stamped.")
def decision(file: str, *, authority: Path, out: Path, **given: Any) -> None:  # noqa: ANN401
    """Print a letter of decision on the office's letterhead: detention, refusal, return or seizure.

    \b
    macle paper decision decision.json --authority eu --out letter.pdf

    FILE says as JSON what was decided, on which legal basis, and how to appeal.
    """  # noqa: D301
    from macle.paper import decisions  # noqa: PLC0415
    from macle.paper.rendering import Look  # noqa: PLC0415
    from macle.scheme.certificates import STATEMENT  # noqa: PLC0415

    _, order = _order(authority, given)
    letter = decisions.read(_json(file))
    with printing.Shop(order) as shop:
        look = Look(stationery=shop.stationery, statement=STATEMENT, language=letter.language)
        pdf = shop.press.decision(letter, look=look)
        folders.write(out, shop.stamped(pdf, attached=None, at=given["at"]))
    click.echo(f"{out}: {letter.kind}, {letter.reference}.")


def _order(authority: Path, given: dict[str, Any]) -> tuple[folders.AuthorityFolder, printing.Order]:
    folder = folders.AuthorityFolder(errors.existing(authority))
    plain = {name: value for name, value in given.items() if name != "layout"}
    return folder, printing.order_of(folder, folder.record(), plain)


def _must_be_own(own: str, found: str, file: str) -> None:
    if own != found:
        raise families.NotPermitted(
            f"It is of {found}, and this folder is of {own}.",
            where=errors.shown(file),
            mend="Only the authority itself prints it.",
        )


def _signed(file: str, typ: str) -> Signed:
    """Return the one signed object of that type in a file; no signature is looked at."""
    found = [
        cose.read(qr.from_text(each.data) if isinstance(each.data, str) else each.data) for each in carriers.read(file)
    ]
    if len(found) != 1:
        raise FindingsMalformed(f"There are {len(found)} codes in it.", where=errors.shown(file), mend="Give one.")
    cose.expect(found[0], typ)
    return found[0]


def _json(file: str) -> object:
    try:
        return json.loads(errors.read_file(file, most=LARGEST_FILE))
    except (ValueError, RecursionError) as error:
        raise FindingsMalformed(f"This is not JSON that can be read: {error}.", where=errors.shown(file)) from None
