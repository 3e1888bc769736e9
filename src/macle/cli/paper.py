"""`macle paper`: what is printed beside the certificate itself: copies, labels, confirmations, letters, calibration."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from macle import errors as families
from macle.cli import carriers, clock, errors, keys, options, printing
from macle.paper import shop as shops
from macle.proof import codec, cose, folders, qr
from macle.proof.keys import Usage
from macle.proof.trust import Ended

if TYPE_CHECKING:
    from macle.proof.cose import Signed
    from macle.scheme.certificates import Certificate
    from macle.scheme.confirmations import ImportConfirmation

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


class NotOwn(families.Untrusted):
    """No key of the authority signed what it is to print."""

    code = "not-own"


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
    folders.write(out, shops.press_of(()).calibration(sheet, look=look, at=clock.now()))
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

    folder = folders.AuthorityFolder(errors.existing(authority))
    signed = _own(file, cose.CERTIFICATE, folder)
    number = codec.decode_certificate(signed.payload).number
    order = shops.Order(
        authority=authority,
        participant=number.participant,
        stamp_holder="",
        stamp_secret="",
        language=given["language"],
        stationery=given["stationery"],
        fonts=tuple(given["fonts"]),
    )
    look = Look(stationery=shops.stationery_of(order), statement=STATEMENT, language=order.language)
    folders.write(out, shops.press_of(order.fonts).label(signed, look=look))
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

    folder, order = _order(authority, given)
    signed = _own(file, cose.CERTIFICATE, folder)
    certificate = codec.decode_certificate(signed.payload)
    with shops.Shop(order) as shop:
        place = Place(Layout(given["layout"] or shop.stationery.layout))
        pdf = shop.press.certificate(signed, look=shop.look(certificate, is_copy=True), place=place)
        attached = (CERTIFICATE_FILE, signed.to_bytes())
        folders.write(out, shop.stamped(pdf, attached=attached, office=certificate.office, at=given["at"]))
    click.echo(f"{out}: copy of {certificate.number.for_people}.")


@command.command("confirmation")
@click.argument("file")
@_AUTHORITY
@_OUT
@click.option("--certificate", "certificate_file", metavar="FILE", help="The certificate that is confirmed.")
@options.trust_folder(meaning=": only a genuine certificate is confirmed. [default: MACLE_TRUST]")
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
    macle paper confirmation found.json --certificate BW00004001.pdf --authority eu --holder official-12 --out slip.pdf

    Findings are confirmed only if the certificate is genuine: they are compared with it by every rule of confirmation,
    and signed, before they are printed. The signed confirmation is attached to the PDF and lies beside it.
    """  # noqa: D301
    from macle.paper.rendering import CONFIRMATION_FILE, Look  # noqa: PLC0415
    from macle.scheme.certificates import STATEMENT  # noqa: PLC0415

    folder, order = _order(authority, given)
    signed = (
        _confirm(file, folder, certificate_file, given)
        if file.endswith(".json")
        else _own(file, cose.CONFIRMATION, folder)
    )
    confirmed = codec.decode_confirmation(signed.payload)
    beside = out.with_name(f"{out.stem}.confirmation.cose")
    with shops.Shop(order) as shop:
        look = Look(stationery=shop.stationery, statement=STATEMENT, language=order.language)
        pdf = shop.press.confirmation(signed, look=look)
        attached = (CONFIRMATION_FILE, signed.to_bytes())
        stamped = shop.stamped(pdf, attached=attached, office=confirmed.office, at=given["at"])
    folders.write(beside, signed.to_bytes())
    folders.write(out, stamped)
    click.echo(f"{out}: import confirmation of {confirmed.certificate.number.for_people}, signed in {beside.name}.")


def _confirm(file: str, folder: folders.AuthorityFolder, certificate_file: str | None, given: dict[str, Any]) -> Signed:
    """Compare the findings with their genuine certificate by every rule, and sign them."""
    from macle.proof import issuing, views  # noqa: PLC0415
    from macle.scheme import profiles  # noqa: PLC0415
    from macle.scheme.rules.settings import ConfirmationSetting  # noqa: PLC0415

    if not given["holder"] or certificate_file is None or given["trust_folder"] is None:
        raise click.UsageError(
            "Findings need --holder, who signs, --certificate, which they are compared with, and --trust to judge it."
        )
    found = views.confirmation_from_json(_json(file))
    certificate, of = _genuine(certificate_file, given["trust_folder"], found)
    if not found.certificate.identity:
        found = replace(found, certificate=replace(found.certificate, identity=of.identity))
    setting = ConfirmationSetting(
        certificate=certificate,
        profile=profiles.load().of_day(found.importing_participant, at=found.confirmed_at, office=found.office),
        identity=of.identity,
    )
    signer = keys.signer_from_file(
        folder, holder=given["holder"], usage="confirm", passphrase_file=given["passphrase_file"]
    )
    record = folder.record()
    _must_be_own(record.participant, found.importing_participant, file)
    if found.official != given["holder"]:
        raise families.NotPermitted(
            f"The findings are of {found.official}, and {given['holder']} signs.",
            where="holder",
            mend="Let the official who found it sign.",
        )
    record.require(
        key_id=signer.key_id,
        holder=given["holder"],
        usage=Usage.CONFIRM,
        office=found.office,
        at=found.confirmed_at,
    )
    return issuing.confirm(confirmation=found, setting=setting, signer=signer)


def _genuine(file: str, trust_folder: Path, found: ImportConfirmation) -> tuple[Certificate, Signed]:
    """Return the one certificate in the file with its signed bytes; raise the error of the step that is against it.

    It may have expired, or be inadmissible: what was found is confirmed all the same.
    """
    from macle.cli import verifying  # noqa: PLC0415
    from macle.proof.verification import Answer  # noqa: PLC0415

    asked = verifying.Asked(found.confirmed_at, found.importing_participant, found.office, None)
    judged = verifying.judge_file(file, asked.under(verifying.load_trust(trust_folder)))
    if len(judged) != 1 or judged[0].report is None:
        raise FindingsMalformed("There is not one certificate in it.", where=errors.shown(file), mend="Give one.")
    report = judged[0].report
    if report.genuine is Answer.YES and report.certificate is not None and report.signed is not None:
        return report.certificate, report.signed
    failing = report.failing
    raise families.Undecided("Nothing was judged.") if failing is None else failing.to_error()


@command.command("decision")
@click.argument("file")
@_AUTHORITY
@_OUT
@printing.paper_options
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
    with shops.Shop(order) as shop:
        look = Look(stationery=shop.stationery, statement=STATEMENT, language=letter.language)
        pdf = shop.press.decision(letter, look=look)
        folders.write(out, shop.stamped(pdf, attached=None, office="", at=given["at"]))
    click.echo(f"{out}: {letter.kind}, {letter.reference}.")


def _order(authority: Path, given: dict[str, Any]) -> tuple[folders.AuthorityFolder, shops.Order]:
    folder = folders.AuthorityFolder(errors.existing(authority))
    plain = {name: value for name, value in given.items() if name != "layout"}
    return folder, printing.order_of(folder, folder.record(), plain)


def _own(file: str, typ: str, folder: folders.AuthorityFolder) -> Signed:
    """Return the one signed object of that type in a file, which a key of the authority's own record signed.

    Raises `NotOwn`: an office prints and stamps nothing else.
    """
    signed, record = _signed(file, typ), folder.record()
    if typ == cose.CERTIFICATE:
        certificate = codec.decode_certificate(signed.payload)
        of, at, usage = certificate.issuer, certificate.validated_at, Usage.VALIDATE
    else:
        confirmation = codec.decode_confirmation(signed.payload)
        of, at, usage = confirmation.importing_participant, confirmation.confirmed_at, Usage.CONFIRM
    _must_be_own(record.participant, of, file)
    for key in record.keys:
        in_force = key.usage is usage and key.ended is not Ended.COMPROMISED and key.spans(at)
        if in_force and key.public_key.has_signed(signed.to_be_signed, signed.signature):
            return signed
    raise NotOwn(
        "No key of this authority that was in force signed it.",
        where=errors.shown(file),
        mend="Print what was issued here, and tell the official whose number it bears.",
    )


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
