"""`macle issue`: from applications to signed certificates, one or many, and to the end after a power cut.

The rules of this module:

- The only path to a signature is `macle.proof.issuing.validate`; before it every rule of the application and
  of validation was asked, so that an intent is written down only for what will be signed.
- Intent, signature, result, files: in this order. The ledger decides what is done and what is not.
- One bad row spoils only itself: it is reported with its rule, and the others go on.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import signal
import sys
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from macle import errors as families
from macle.cli import checking, errors, keys, options, printing
from macle.cli import ledger as ledgers
from macle.cli.ledger import Intent, Ledger, Result
from macle.paper import shop as shops
from macle.paper import tables
from macle.proof import codec, cose, folders, qr, trust, views
from macle.proof import issuing as proof_issuing
from macle.proof.keys import Usage
from macle.scheme import applications, examination, profiles, rules
from macle.scheme.certificates import ConsentLevel, ProfileReference
from macle.scheme.rules import Breach, Outcome, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from macle.paper.tables import Lodged
    from macle.proof.cose import Signed, Signer
    from macle.proof.trust import ParticipantRecord
    from macle.scheme.certificates import Certificate
    from macle.scheme.rules.settings import IssuingSetting
    from macle.scheme.terms import CertificateNumber

BATCH = 25
"""Certificates whose intents, and then whose results, are written down together."""

REFUSED_FILE = "refused.csv"
STATEMENT = "core"
"""The id of the printed statement: the text of the Core Document."""

_SMALL_PAYLOAD = 1200
"""Bytes of content that fit a QR code whatever they are."""


class LedgerElsewhere(families.Conflict):
    """There is a ledger among the certificates, and another one would be used."""

    code = "ledger-elsewhere"


class DatedAnotherDay(families.Refused):
    """The application is dated on a day on which it is not validated."""

    code = "dated-another-day"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A certificate that every rule allows, ready to be signed."""

    lodged: Lodged
    certificate: Certificate
    setting: IssuingSetting
    record: bytes
    intent: Intent


@dataclass(frozen=True, slots=True)
class Refusal:
    """An application that was not validated, and why."""

    lodged: Lodged
    number: CertificateNumber | None
    breaches: tuple[Breach, ...]


@dataclass(slots=True)
class Desk:
    """The official's desk: who signs, for whom, when, and what was done so far."""

    record: ParticipantRecord
    signer: Signer
    holder: str
    consent_level: ConsentLevel
    at: datetime
    at_own_date: bool
    ledger: Ledger
    out: Path
    shop: shops.Shop | None = None
    issued: int = 0
    finished: int = 0
    done_before: int = 0
    signed_for_others: int = 0
    to_look_at: Counter[str] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)
    unprinted: dict[CertificateNumber, str] = field(default_factory=dict)

    def prepare(self, lodged: Lodged, waiting: dict[CertificateNumber, Intent]) -> Prepared | Refusal | Result:
        """Return what is to be signed, why it is not, or what was signed before for this very application."""
        try:
            record = lodged.record()
        except tables.TableMalformed as error:
            return Refusal(lodged, None, (examination.as_breach(error),))
        digest = tables.record_digest(record)
        number = _number(lodged)
        held = None if number is None else waiting.get(number) or self.ledger.intents.get(number)
        mine = held is not None and held.record_digest == digest
        if mine and number in self.ledger.results:
            return self.ledger.results[number]
        at = held.validated_at if held is not None and mine else self._instant(lodged)
        taken = () if held is None or mine else (held.number,)
        examined = checking.check(lodged, at=at, today=at.date(), numbers_taken=taken)
        application, setting = examined.application, examined.setting
        self.to_look_at.update(breach.rule for breach in examined.breaches if breach.outcome is Outcome.REVIEW)
        if examined.stops or setting is None:
            return Refusal(lodged, application.number, examined.breaches)
        try:
            certificate = self._certificate(application, setting, at=at, digest=digest)
            self._may_sign(application, certificate)
            self._fits_paper(certificate)
            if held is not None and held.key_id != self.signer.key_id:
                raise families.Conflict(
                    f"This was begun with the key {held.key_id.hex()}.", where="number", mend="Finish it with that key."
                )
        except families.MacleError as error:
            return Refusal(lodged, application.number, (examination.as_breach(error),))
        breaches = tuple(rules.check(stage=Stage.VALIDATION, subject=certificate, setting=setting))
        if any(breach.outcome.stops for breach in breaches):
            return Refusal(lodged, certificate.number, breaches)
        intent = Intent(certificate.number, digest, at, self.signer.key_id)
        return Prepared(lodged, certificate, setting, record, intent)

    def _instant(self, lodged: Lodged) -> datetime:
        """Return the instant of validation: the one of this run, or noon of the application's own date."""
        if not self.at_own_date or not isinstance(lodged.data, dict):
            return self.at
        application = applications.read(lodged.data)
        if application.date_of_issuance is None:
            return self.at
        profile = profiles.load().of(self.record.participant, on=application.date_of_issuance)
        zone = profile.zone(application.office or "")
        return datetime.combine(application.date_of_issuance, time(12), zone).astimezone(UTC)

    def _certificate(
        self, application: applications.Application, setting: IssuingSetting, *, at: datetime, digest: bytes
    ) -> Certificate:
        if application.date_of_issuance != setting.on:
            raise DatedAnotherDay(
                f"It is dated {application.date_of_issuance} and would be validated on {setting.on}.",
                where="date_of_issuance",
                mend=f"Date it {setting.on}, or give --at.",
                rule="AnnexI.A.date-of-issuance",
            )
        last_day = examination.expiry_of(application, setting.profile)
        if last_day is None:
            raise applications.ApplicationIncomplete("This is missing.", where="date_of_expiry", mend="Fill it in.")
        return applications.to_certificate(
            replace(application, date_of_expiry=last_day),
            validated_at=at,
            expires_at=setting.profile.end_of(last_day, office=application.office or ""),
            consent_level=self.consent_level,
            profile=ProfileReference(setting.profile.version, STATEMENT),
            record_digest=digest,
        )

    def _may_sign(self, application: applications.Application, certificate: Certificate) -> None:
        """Raise NotPermitted unless the record lets this key validate this certificate at its instant."""
        record = self.record
        if record.participant != (application.participant or certificate.issuer):
            raise families.NotPermitted(
                f"The application is of {application.participant}, this folder of {record.participant}.",
                where="participant",
                mend="Give it to that authority.",
                rule=_VALIDATION_RULE,
            )
        try:
            record.require(
                key_id=self.signer.key_id,
                holder=self.holder,
                usage=Usage.VALIDATE,
                office=certificate.office,
                at=certificate.validated_at,
            )
        except trust.KeyNotPermitted as error:
            error.rule = _VALIDATION_RULE
            raise

    def _fits_paper(self, certificate: Certificate) -> None:
        """Raise `TextMalformed` if no QR code would hold the certificate, and `SheetRefused` if its sheet would not.

        Both are asked with a signature that is as long, and as hard to deflate, as the one to come.
        """
        payload = codec.encode_certificate(certificate)
        header = cose.Header(self.signer.algorithm, self.signer.key_id, cose.CERTIFICATE)
        as_long = cose.Signed(b"\x00" * 64, payload, hashlib.sha512(payload).digest(), header)
        if len(payload) > _SMALL_PAYLOAD:
            qr.code_of(qr.to_text(as_long.to_bytes()) + "0" * 16)
        if self.shop is not None:
            self.shop.rehearse(as_long, at=certificate.validated_at if self.at_own_date else self.at)

    def batch(self, all_lodged: Sequence[Lodged]) -> Iterator[Made]:
        """Validate a batch: intents, signatures, results; give what was made."""
        waiting: dict[CertificateNumber, Intent] = {}
        prepared: list[Prepared] = []
        for lodged in all_lodged:
            what = self.prepare(lodged, waiting)
            if isinstance(what, Refusal):
                self.refusals.append(what)
            elif isinstance(what, Result):
                self.done_before += 1
                yield Made(what, lodged.record())
            elif what.certificate.number in waiting:
                self.done_before += 1
            else:
                waiting[what.certificate.number] = what.intent
                prepared.append(what)
        begun = {each.intent.number for each in prepared if each.intent.number in self.ledger.intents}
        self.ledger.intend(each.intent for each in prepared)
        signed = [(each, self._validate(each)) for each in prepared]
        made = [
            Made(Result(each.certificate.number, it.identity, each.intent.record_digest, it.to_bytes()), each.record)
            for each, it in signed
        ]
        self.ledger.record(each.result for each in made)
        self.finished += len(begun)
        self.issued += len(made) - len(begun)
        yield from made

    def _validate(self, prepared: Prepared) -> Signed:
        officials = prepared.certificate.validation.officials
        self.signed_for_others += bool(officials) and self.holder not in officials
        return proof_issuing.validate(certificate=prepared.certificate, setting=prepared.setting, signer=self.signer)


_VALIDATION_RULE = "AnnexI.A.validation"


@dataclass(frozen=True, slots=True)
class Made:
    """Signed bytes that the ledger holds, and the full record that travels beside them."""

    result: Result
    record: bytes


def _number(lodged: Lodged) -> CertificateNumber | None:
    """Return the number that the application asks for, as far as it can be read."""
    if lodged.problem is not None or not isinstance(lodged.data, dict):
        return None
    return applications.read({"number": lodged.data.get("number")}).number


# --- Files ------------------------------------------------------------------------------------------

FILES = (".cose", ".txt", ".png", ".json", ".record.json")


def file_name(number: CertificateNumber) -> str:
    """Return the number as the name of a file; a stroke, which a number may have, becomes an underscore."""
    return str(number).replace("/", "_")


def write_files(folder: str, made: Made, shop: shops.Shop | None = None, at: datetime | None = None) -> str:
    """Write the files of one certificate, unless they are there already; ``at`` is when its PDFs are stamped.

    Returns why it could not be printed, or nothing: what is signed is written whatever becomes of its PDF.
    """
    path = Path(folder) / file_name(made.result.number)
    printed = () if shop is None else shop.order.suffixes
    with_suffix = {suffix: path.with_name(path.name + suffix) for suffix in (*FILES, *printed)}
    if _is_whole(with_suffix, made):
        return ""
    text = qr.to_text(made.result.cose)
    signed = cose.read(made.result.cose)
    certificate = codec.decode_certificate(signed.payload)
    view = json.dumps(views.certificate_to_json(certificate), ensure_ascii=False, indent=2) + "\n"
    folders.write(with_suffix[".record.json"], made.record, secret=True)
    folders.write(with_suffix[".txt"], text.encode() + b"\n")
    folders.write(with_suffix[".png"], qr.code_of(text).to_png())
    folders.write(with_suffix[".json"], view.encode())
    folders.write(with_suffix[".cose"], made.result.cose)
    if shop is not None:
        try:
            pdfs = shop.files(signed, at=at or certificate.validated_at)
        except families.MacleError as error:
            return str(error)
        for suffix, pdf in pdfs.items():
            folders.write(with_suffix[suffix], pdf)
    return ""


def _is_whole(paths: dict[str, Path], made: Made) -> bool:
    """Return whether all files are there."""
    with contextlib.suppress(OSError):
        return paths[".cose"].read_bytes() == made.result.cose and all(path.exists() for path in paths.values())
    return False


_SHOP: list[shops.Shop] = []
"""What a writing process prints with; opened once, when it starts."""


def _start(order: shops.Order | None, parent: int) -> None:
    """Open the shop of a process that writes; it ends with the one that started it, and leaves nothing behind."""
    _end_with(parent)
    if order is not None:
        shop = shops.Shop(order)
        shop.__enter__()
        Finalize(shop, shop.close, exitpriority=1)
        _SHOP[:] = [shop]


def _end_with(parent: int) -> None:
    """Let the system end this process when its parent is gone, where the system can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux."""


def _write_in_process(folder: str, made: Made, at: datetime | None) -> str:
    return write_files(folder, made, _SHOP[0] if _SHOP else None, at)


class _Writer:
    """Writes files in this process, or in others while this one goes on signing.

    Others are started anew and not forked: they must hold neither the ledger nor the official's key.
    """

    def __init__(self, desk: Desk, workers: int) -> None:
        self._desk = desk
        self._at = None if desk.at_own_date else desk.at
        self._pool: ProcessPoolExecutor | None = None
        self._pending: list[tuple[Made, Future[str]]] = []
        if workers > 1:
            order = None if desk.shop is None else desk.shop.order
            self._pool = ProcessPoolExecutor(
                workers, mp_context=get_context("spawn"), initializer=_start, initargs=(order, os.getpid())
            )

    def write(self, made: Iterable[Made], went_on: Callable[[int], None]) -> None:
        out = str(self._desk.out)
        if self._pool is None:
            for each in made:
                self._written(each, write_files(out, each, self._desk.shop, self._at), went_on)
            return
        earlier = self._pending
        self._pending = [(each, self._pool.submit(_write_in_process, out, each, self._at)) for each in made]
        self._finish(earlier, went_on)

    def close(self, went_on: Callable[[int], None]) -> None:
        self._finish(self._pending, went_on)
        if self._pool is not None:
            self._pool.shutdown()

    def _finish(self, pending: Iterable[tuple[Made, Future[str]]], went_on: Callable[[int], None]) -> None:
        for made, future in pending:
            self._written(made, future.result(), went_on)

    def _written(self, made: Made, problem: str, went_on: Callable[[int], None]) -> None:
        if problem:
            self._desk.unprinted[made.result.number] = problem
        went_on(1)


def refused_table(refusals: Iterable[Refusal]) -> bytes:
    """Return the table of everything that was refused, safe to open in a spreadsheet."""
    headings = ("file", "row", "number", "outcome", "rule", "where", "what", "mend")
    return tables.to_csv(
        headings,
        [
            (
                refusal.lodged.file,
                "" if refusal.lodged.row is None else str(refusal.lodged.row),
                "" if refusal.number is None else str(refusal.number),
                breach.outcome.value,
                breach.rule,
                breach.where,
                breach.what,
                breach.mend,
            )
            for refusal in refusals
            for breach in refusal.breaches
        ],
    )


# --- The command ------------------------------------------------------------------------------------


@click.command("issue", short_help="Validate applications and write signed certificates.")
@click.argument("files", nargs=-1, required=True, metavar="APPLICATION...")
@click.option(
    "--authority",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The authority's folder, made with `macle keys new`.",
)
@click.option("--holder", required=True, help="Identifier of the official who validates and whose key signs.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the certificates go.",
)
@click.option(
    "--ledger",
    "ledger_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=f"What was meant and done, number by number. [default: {ledgers.NAME} in the authority's folder]",
)
@options.at_option(meaning="The instant of validation.")
@click.option(
    "--at-date-of-issuance",
    is_flag=True,
    help="Validate each at noon of its own date of issuance: for examples, and for taking over a paper register.",
)
@options.passphrase_file("--passphrase-file", of="the official's key", variable=keys.KEY_VARIABLE)
@click.option("--pkcs11-module", metavar="PATH", help="The key is in a token; this is its PKCS#11 module.")
@click.option("--token", help="Label of the token.")
@click.option("--label", help="Label of the key in the token. [default: the holder]")
@options.passphrase_file("--pin-file", of="the token", variable=keys.PIN_VARIABLE)
@click.option("--pdf", is_flag=True, help="Print each as a stamped PDF, too.")
@click.option(
    "--layout",
    type=click.Choice(printing.LAYOUTS),
    help="How it is printed; implies --pdf. [default: as the stationery says]",
)
@click.option(
    "--form",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the values stand on an official sheet; with --layout sheet.",
)
@click.option(
    "--printer",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What `macle paper calibrate` showed of the printer.",
)
@printing.look_options
@printing.stamp_options
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that write.")
def command(files: tuple[str, ...], *, out: Path, ledger_file: Path | None, workers: int, **given: Any) -> int:  # noqa: ANN401 (each option has its own type)
    """Validate applications (JSON, or CSV and XLSX for many) and write signed certificates into DIR.

    \b
    macle issue application.json --authority bw --holder official-07 --out issued
    macle issue applications.csv --authority bw --holder official-07 --out issued --pdf --workers 2

    Every rule is asked before anything is signed. What is refused stands in DIR/refused.csv; the rest is
    issued. A second run skips what is done and finishes what was cut off, whatever DIR is. Ends with 1 if
    any was refused.
    """  # noqa: D301
    all_lodged = checking.read_all(files)
    folder = folders.AuthorityFolder(errors.existing(given["authority"]))
    record = folder.record()
    path = ledger_file or folder.path / ledgers.NAME
    _refuse_another_ledger(out / ledgers.NAME, path)
    printed = given["pdf"] or given["layout"] is not None
    if not printed and any(given[name] for name in _FOR_PRINTING):
        raise click.UsageError("Printing needs --pdf or --layout.")
    if given["stamp_in_token"] and workers > 1:
        raise click.UsageError("A stamp in a token sets one after the other: leave --workers out.")
    order = printing.order_of(folder, record, given) if printed else None
    with (
        contextlib.ExitStack() as opened,
        Ledger(path) as ledger,
        _signer(folder, given, order) as own,
    ):
        desk = Desk(
            record=record,
            signer=own.signer,
            holder=given["holder"],
            consent_level=own.consent_level,
            at=given["at"],
            at_own_date=given["at_date_of_issuance"],
            ledger=ledger,
            out=out,
            shop=None if order is None else opened.enter_context(shops.Shop(order, stamp=own.stamp)),
        )
        _issue(desk, all_lodged, _Writer(desk, min(workers, len(all_lodged))))
    return _sum_up(desk)


_FOR_PRINTING = (
    *("form", "printer", "stationery", "language", "fonts"),
    *("stamp_holder", "stamp_passphrase_file", "stamp_in_token"),
)
"""Options that say nothing where nothing is printed."""


def _refuse_another_ledger(beside: Path, path: Path) -> None:
    """Raise `LedgerElsewhere` if a ledger lies among the certificates that is not the one to be used."""
    if beside.exists() and not (path.exists() and path.samefile(beside)):
        raise LedgerElsewhere(
            f"There is a ledger here already, and {path} is another one.",
            where=errors.shown(str(beside)),
            mend="Go on with it: give --ledger, or move it to the authority's folder if there is none.",
        )


@dataclass(frozen=True, slots=True)
class _Opened:
    """The keys that are open: the official's, with the level of consent that it stands for, and perhaps the stamp."""

    signer: Signer
    consent_level: ConsentLevel
    stamp: Signer | None = None


@contextlib.contextmanager
def _signer(folder: folders.AuthorityFolder, given: dict[str, Any], order: shops.Order | None) -> Iterator[_Opened]:
    """Give the official's key: from an encrypted file (consent level *pilot*) or a token (*token*)."""
    if given["pkcs11_module"] is None:
        if given["token"] or given["label"]:
            raise click.UsageError("A key in a token needs --pkcs11-module.")
        file = given["passphrase_file"]
        yield _Opened(
            keys.signer_from_file(folder, holder=given["holder"], usage="validate", passphrase_file=file),
            ConsentLevel.PILOT,
        )
        return
    if not given["token"]:
        raise click.UsageError("A key in a token needs both --pkcs11-module and --token.")
    from macle.proof import tokens  # noqa: PLC0415 (tokens only where there are some)

    secret = None if order is None else order.stamp_secret
    in_token = isinstance(secret, shops.InToken)
    pin = secret.pin if isinstance(secret, shops.InToken) else _pin(given)
    labels = (given["label"] or given["holder"], *([order.stamp_holder] if order is not None and in_token else []))
    with tokens.opened_with(module=given["pkcs11_module"], token=given["token"], labels=labels, pin=pin) as signers:
        yield _Opened(signers[0], ConsentLevel.TOKEN, signers[1] if in_token else None)


def _pin(given: dict[str, Any]) -> str:
    return options.passphrase(of="the token", variable=keys.PIN_VARIABLE, file=given["pin_file"])


def _issue(desk: Desk, all_lodged: list[Lodged], writer: _Writer) -> None:
    with _progress(len(all_lodged)) as went_on:
        try:
            for at in range(0, len(all_lodged), BATCH):
                batch = all_lodged[at : at + BATCH]
                refused_before = len(desk.refusals)
                writer.write(desk.batch(batch), went_on)
                went_on(len(desk.refusals) - refused_before)
        finally:
            writer.close(went_on)
    refused = desk.out / REFUSED_FILE
    if desk.refusals:
        folders.write(refused, refused_table(desk.refusals))
    else:
        refused.unlink(missing_ok=True)


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, and nothing elsewhere."""
    stream = sys.stderr
    if total == 1 or not stream.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=total, label="Validating", file=stream) as bar:
        yield bar.update


_SHOWN_REFUSALS = 10


def _sum_up(desk: Desk) -> int:
    for refusal in desk.refusals[:_SHOWN_REFUSALS]:
        number = f", {refusal.number.for_people}" if refusal.number else ""
        click.echo(f"{click.style('Refused', fg='red')}  {refusal.lodged.place}{number}")
        for breach in refusal.breaches:
            what = f"{breach.where + ': ' if breach.where else ''}{breach.what} {breach.mend}"
            click.echo(f"         {errors.printable(what)}".rstrip())
            click.secho(f"         {breach.rule}, {examination.source_of(breach)}", dim=True)
    if len(desk.refusals) > _SHOWN_REFUSALS:
        click.echo(f"         and {len(desk.refusals) - _SHOWN_REFUSALS} more.")
    click.echo(f"{desk.issued} issued into {desk.out}.")
    if desk.finished:
        click.echo(f"{desk.finished} begun earlier and now finished.")
    if desk.done_before:
        click.echo(f"{desk.done_before} issued before; nothing was signed again.")
    if desk.signed_for_others:
        click.echo(f"{desk.signed_for_others} name other officials than {desk.holder}, whose key signed.")
    for unprinted, problem in desk.unprinted.items():
        click.secho(f"{unprinted.for_people} is signed and was not printed: {errors.printable(problem)}", fg="yellow")
    for rule, count in desk.to_look_at.items():
        click.echo(f"{count} to look at: {rule}; see `macle check`.")
    if desk.refusals:
        click.echo(f"{len(desk.refusals)} refused, each with its rule in {desk.out / REFUSED_FILE}.")
        return errors.REFUSED
    return errors.REFUSED if desk.unprinted else errors.OK
