"""`macle show`: what is written in a file, without a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from macle import errors as families
from macle.cli import carriers, clock, errors, words
from macle.proof import codec, cose, qr, views
from macle.scheme import participants

if TYPE_CHECKING:
    from macle.cli.carriers import Brought
    from macle.proof.cose import Signed


@click.command("show", short_help="Show what is written in a file, without a verdict.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print the JSON views.")
def command(files: tuple[str, ...], *, as_json: bool) -> int:
    """Show what is written in certificates, import confirmations and participant records.

    \b
    macle show scan.png
    macle show issued/BW00004001.cose --json

    No signature is looked at: whoever made the file could write anything. For a verdict: macle verify.
    """  # noqa: D301
    codes, shown = [], []
    for path in files:
        try:
            shown += [_show(brought, as_json=as_json) for brought in carriers.read(path)]
        except families.MacleError as error:
            error.where = ": ".join(filter(None, [errors.shown(path), error.where]))
            errors.say(error)
            codes.append(errors.exit_code(error))
    if as_json:
        click.echo(errors.as_json(shown))
    return errors.gravest(codes)


def _show(brought: Brought, *, as_json: bool) -> dict[str, Any]:
    signed = cose.read(qr.from_text(brought.data) if isinstance(brought.data, str) else brought.data)
    view, lines = _contents(signed)
    if not as_json:
        click.secho(f"{brought.file}  {view['type'].replace('_', ' ')}", bold=True)
        words.print_contents(words.UNLOOKED, iter(lines))
    return {"file": brought.file, "identity": signed.identity.hex(), "claim": view}


def _contents(signed: Signed) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the JSON view of a signed object, and its lines for people."""
    known = participants.load()
    identity = ("Identity", signed.identity.hex())
    if signed.header.typ == cose.CERTIFICATE:
        certificate = codec.decode_certificate(signed.payload)
        return views.certificate_to_json(certificate), [*words.certificate_lines(certificate, known), identity]
    if signed.header.typ == cose.CONFIRMATION:
        confirmation = codec.decode_confirmation(signed.payload)
        return views.confirmation_to_json(confirmation), [*words.confirmation_lines(confirmation, known), identity]
    if signed.header.typ == cose.RECORD:
        return _record(signed)
    raise cose.OfAnotherType(
        f"This is {signed.header.typ[:80]!r}.",
        mend="Certificates, import confirmations and participant records can be shown.",
    )


def _record(signed: Signed) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    from macle.proof import trust  # noqa: PLC0415 (only for records)

    record = trust.read_record(signed.to_bytes())
    keys = [
        {
            "key_id": key.public_key.key_id.hex(),
            "usage": key.usage.name.lower(),
            "holder": key.holder,
            "office": key.office,
            "since": key.since.isoformat(),
            "until": None if key.until is None else key.until.isoformat(),
            "ended": None if key.ended is None else key.ended.name.lower(),
        }
        for key in record.keys
    ]
    view = {
        "type": "participant_record",
        "participant": record.participant,
        "sequence": record.sequence,
        "issued_at": record.issued_at.isoformat(),
        "reaches_until": record.reaches_until.isoformat(),
        "root_key_id": record.root.key_id.hex(),
        "keys": keys,
    }
    lines = [
        ("Participant", record.participant),
        ("Record", f"number {record.sequence} of {clock.moment(record.issued_at)}"),
        ("Reaches", clock.moment(record.reaches_until)),
        *((f"Key {key['key_id']}", _of_a_key(key)) for key in keys),
    ]
    return view, lines


def _of_a_key(key: dict[str, Any]) -> str:
    """Return what a record says of a key, its end above all."""
    whose = f"{key['holder']}, office {key['office']}" if key["office"] else key["holder"]
    ended = f", {key['ended']} {key['until']}" if key["ended"] else ""
    return f"{key['usage']}, {whose}, since {key['since']}{ended}"
