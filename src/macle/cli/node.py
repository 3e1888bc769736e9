"""`macle node`: a Participant's node: made, run, and its audit verified. Settings come from the environment."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import macle
from macle import errors as families
from macle.cli import clock, errors, moving

if TYPE_CHECKING:
    from macle.node.audit.heads import Head
    from macle.node.configuration import Configuration
    from macle.node.permissions import Actor

LARGEST_HEADS = 1024 * 1024
"""Bytes of a file with the heads that were written down."""

LARGEST_PASSWORD = 1024
"""Bytes of a file with a password."""

OPERATOR = "operator"
"""Who acts from the command line: whoever may read the folder of the node. Their name is not in the audit."""

_INTO = "The folder of the new node, in place of MACLE_NODE_HOME."

_ASK = "See that the server runs and the name and password are right; then: macle node init"


class NodeMissing(families.NotFound):
    """The part of Macle that a node needs is not installed."""

    code = "node-missing"


class DatabaseUnready(families.Conflict):
    """The node's database is not there, or not of this version."""

    code = "database-unready"


class AuditBroken(families.Untrusted):
    """The audit is not as it was written."""

    code = "audit-broken"


class PasswordMalformed(families.Malformed):
    """The file does not hold a password."""

    code = "password-malformed"


class HeadsMalformed(families.Malformed):
    """The file does not hold heads of the audit."""

    code = "heads-malformed"


@click.group("node", short_help="Make and run a Participant's node, and verify its audit.")
def command() -> None:
    """Make and run a Participant's node. Settings come from the environment; see docs/reference/settings.md.

    \b
    MACLE_NODE_PARTICIPANT=BW macle node init
    MACLE_NODE_PARTICIPANT=BW macle node run
    """  # noqa: D301


@command.command("init")
def init() -> None:
    """Make the node's folder, its secret key and its tables, or bring the tables up to this version.

    The audit says when and with which version of Macle.

    \b
    macle node init
    """  # noqa: D301
    configured = _configured()
    configured.prepare()
    _migrate()
    from django.db import transaction  # noqa: PLC0415 (Django only where a node is)

    from macle.node.audit import actions  # noqa: PLC0415

    with transaction.atomic():
        actions.record(
            authority=configured.participant,
            tag="node:prepare",
            actor=OPERATOR,
            subject=f"node:{configured.participant}",
            at=clock.now(),
            facts={"version": macle.__version__},
        )
    click.echo(f"The node of {configured.participant} is ready in {configured.home}. Start it: macle node run")


@command.command("run")
def run() -> None:
    """Answer requests until interrupted.

    \b
    macle node run
    """  # noqa: D301
    configured = _opened()
    from django.db import connections  # noqa: PLC0415
    from granian import Granian  # noqa: PLC0415 (the server only where it runs)
    from granian.constants import Interfaces  # noqa: PLC0415

    from macle.node.configuration import CONNECTIONS  # noqa: PLC0415

    # The processes that answer are copies of this one, and a connection belongs to one process.
    for connection in connections.all(initialized_only=True):
        connection.close()
        if close_pool := getattr(connection, "close_pool", None):
            close_pool()
    click.echo(f"The node of {configured.participant} answers at http://{configured.host}:{configured.port}/", err=True)
    Granian(
        "macle.node.wsgi:application",
        address=configured.host,
        port=configured.port,
        interface=Interfaces.WSGI,
        workers=configured.workers,
        # More threads than connections to the database would only wait for one another.
        blocking_threads=CONNECTIONS,
        log_enabled=False,
    ).serve()


@command.command("createuser")
@click.argument("login")
@click.option("--name", required=True, help="The person's name, as pages show it.")
@click.option("--email", default="", help="Their e-mail address.")
@click.option("--role", "roles", metavar="ROLE", multiple=True, help="A role they hold from now on; may be repeated.")
@click.option("--office", default="", metavar="NAME", help="The office for which roles of an office are held.")
@click.option("--trader", default="", metavar="REFERENCE", help="The trader for which roles of a trader are held.")
@click.option("--password-file", metavar="FILE", help="Their password; without it a first one is made and printed.")
@click.option("--totp", is_flag=True, help="Give them an authenticator now, and print its secret.")
def createuser(
    *,
    login: str,
    name: str,
    email: str,
    roles: tuple[str, ...],
    office: str,
    trader: str,
    password_file: str | None,
    totp: bool,
) -> None:
    """Make an account for somebody who signs in, and print what to hand over to them.

    \b
    macle node createuser joren.pell --name "Joren Pell" --role administrator
    macle node createuser tamsin.vale --name "Tamsin Vale" --role examiner --office "Port Selle"

    A first password serves for seven days; its holder must choose another before anything else. The roles are in
    docs/reference/permissions.md.
    """  # noqa: D301
    password = "" if password_file is None else _read_password(password_file)
    _opened()
    from allauth.mfa.adapter import get_adapter  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from macle.node.accounts import actions  # noqa: PLC0415
    from macle.node.permissions import Reach  # noqa: PLC0415

    operator, at = _operator(), clock.now()
    secret = ""
    with transaction.atomic():
        made = actions.create(login=login, name=name, email=email, password=password, by=operator, at=at)
        for word in roles:
            role = actions.role(word)
            needs = actions.needs_of(role)
            actions.grant(
                user=made.user.identifier,
                role=role,
                office=office if needs is Reach.OFFICE else "",
                trader=trader if needs is Reach.TRADER else "",
                by=operator,
                at=at,
            )
        if totp:
            secret = actions.give_authenticator(user=made.user.identifier, by=operator, at=at)
    click.echo(f"{made.user.login} is {made.user.identifier}.")
    if made.first_password:
        click.echo(f"First password, until {made.user.first_password_until:%Y-%m-%d}: {made.first_password}")
    if secret:
        click.echo(f"Authenticator: {secret}")
        click.echo(get_adapter().build_totp_url(made.user, secret))


@command.command("worker")
@click.option("--once", is_flag=True, help="Do what is due, and end.")
def work(*, once: bool) -> None:
    """Send letters and do what falls due, until interrupted; several may run.

    \b
    macle node worker

    A letter that does not get through is tried again, ever more slowly, and never dropped.
    """  # noqa: D301
    configured = _opened()
    from macle.node.exchange import carriers, worker  # noqa: PLC0415

    carrier, stop = carriers.configured(configured), threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        # Whoever waits holds a lock now and then, so another thread tells.
        signal.signal(each, lambda *_: threading.Thread(target=stop.set).start())
    if not once:
        click.echo(f"The worker of {configured.participant} sends letters by {carrier.name}.", err=True)
    done = worker.run(carrier=carrier, now=clock.now, stop=stop, once=once)
    click.echo(
        f"Letters: {done.sent} sent, {done.failed} not. Jobs: {done.jobs} done, {done.jobs_failed} failed.", err=True
    )


@command.group("audit")
def audit() -> None:
    """Verify the audit, and write down where it ends."""


@audit.command("verify")
@click.option("--heads", metavar="FILE", help="Heads that were written down outside with `macle node audit heads`.")
@click.option(
    "--record",
    metavar="FILE",
    help="The participant record against which signed heads are verified; the node's own unless given.",
)
def verify(*, heads: str | None, record: str | None) -> None:
    """Look for lines that were altered, removed or inserted, and for a tail that was cut off.

    \b
    macle node audit verify --heads heads.json

    Consents by passkey are checked anew: each must sign its certificate's identity, with a passkey that was its
    official's by the audit.

    Without heads from outside, whoever may write to the database can change it whole. Ends with 3 if a fault is found.
    """  # noqa: D301
    known = () if heads is None else _read_heads(heads, record=record)
    _opened()
    from macle.node.audit import checks, queries  # noqa: PLC0415

    found = [f"{fault.authority} line {fault.number}: {fault.what}" for fault in queries.faults(known=known)]
    found += [f"{each.subject}: {each.what}" for each in checks.findings()]
    for said in found:
        click.echo(said)
    if found:
        raise AuditBroken(
            f"The audit is not as it was written: {len(found)} places.",
            mend="Keep this database as it is, and compare it with the last backup.",
        )
    for head in queries.heads():
        click.echo(f"{head.authority}: {head.length} lines, none altered, removed or inserted.")
    for sentence in checks.sentences():
        click.echo(sentence)


@audit.command("heads")
@click.option("--sign", is_flag=True, help="Sign them with the stamp of the node, so that others can verify them.")
def write_heads(*, sign: bool) -> None:
    """Print where each chain ends, to be kept where nobody who runs the node can write.

    \b
    macle node audit heads > heads.json
    macle node audit heads --sign > heads.json
    """  # noqa: D301
    configured = _opened()
    from macle.node.audit import heads, queries, stamping  # noqa: PLC0415

    at = clock.now()
    signer = stamping.open_stamp(configured, at=at) if sign else None
    plain = []
    for each in queries.heads():
        told = {"authority": each.authority, "length": each.length, "digest": each.digest.hex()}
        if signer is not None and each.authority == configured.participant:
            told["signed"] = heads.attest(each, signer=signer, at=at).to_bytes().hex()
        plain.append(told)
    click.echo(json.dumps(plain, indent=2))


def _read_password(path: str) -> str:
    try:
        return errors.read_file(path, most=LARGEST_PASSWORD).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise PasswordMalformed("The file does not hold a password.", where=errors.shown(path)) from None


def _read_heads(path: str, *, record: str | None) -> tuple[Head, ...]:
    """Return the heads of a file; one that is signed is verified."""
    from macle.node.audit.heads import Head  # noqa: PLC0415

    known = []
    try:
        for each in json.loads(errors.read_file(path, most=LARGEST_HEADS)):
            head = Head(str(each["authority"]), int(each["length"]), bytes.fromhex(each["digest"]))
            if "signed" in each:
                _require_signed(head, bytes.fromhex(each["signed"]), record=record)
            known.append(head)
    except (ValueError, KeyError, TypeError) as error:
        raise HeadsMalformed(
            f"These are no heads: {error}.", where=errors.shown(path), mend="Write them with `macle node audit heads`."
        ) from None
    return tuple(known)


def _require_signed(head: Head, signed: bytes, *, record: str | None) -> None:
    """Raise `HeadUntrusted` unless a stamp of the record signed this very head."""
    from macle.node.audit import heads, stamping  # noqa: PLC0415
    from macle.proof import trust  # noqa: PLC0415

    if record is not None:
        believed = trust.read_record(errors.read_file(record, most=LARGEST_HEADS))
    else:
        own = stamping.record(_configured())
        if own is None:
            raise HeadsMalformed(
                "The heads are signed, and this node has no record that says by whom.",
                where=head.authority,
                mend="Give one: --record FILE",
            )
        believed = own
    if heads.verify(signed, record=believed).head != head:
        raise heads.HeadUntrusted(
            "The head is not the one that was signed.", where=head.authority, mend="Keep the file as it was printed."
        )


@audit.command("protect")
@click.option("--role", required=True, metavar="NAME", help="The database user as which the node runs.")
@click.option("--apply", is_flag=True, help="Run the statements as the tables' owner, in place of printing them.")
def protect(*, role: str, apply: bool) -> None:
    """Take from the node's database user the right to change or delete what is only added to (PostgreSQL).

    \b
    macle node audit protect --role macle_node | psql ...
    macle node audit protect --role macle_node --apply

    The tables belong to another user, as whom `init` is run. Do it again after each `init`.
    """  # noqa: D301
    _opened()
    from macle.node.audit import append_only  # noqa: PLC0415

    wanted = append_only.statements(role=role)
    if not apply:
        click.echo("\n".join(f"{statement};" for statement in wanted))
        return
    append_only.protect(role=role)
    names = ", ".join(model._meta.db_table for model in append_only.models())  # noqa: SLF001 (Django's own name for it)
    click.echo(f"{role} may only add to: {names}.")


@command.group("move-in")
def move_in() -> None:
    """Take over what was kept before the node: licensees, and certificates issued on paper."""


@move_in.command("licensees")
@moving.options
def move_licensees_in(**given: Any) -> int:  # noqa: ANN401 (click's own)
    """Enter holders of licences in the register, from a table (CSV, XLSX) with one licence a row.

    \b
    macle node move-in licensees licences.xlsx --propose licences.toml
    macle node move-in licensees licences.xlsx --mapping licences.toml --report refused.csv
    macle node move-in licensees licences.xlsx --mapping licences.toml --record

    What is there already is told apart and never overwritten, so this may be stopped and begun again. Ends with 1 if a
    row cannot be taken.
    """  # noqa: D301
    _opened()
    from macle.node.traders.moving import Licensees  # noqa: PLC0415

    return moving.move_in(Licensees(), moving.Given(**given), by=_operator())


@move_in.command("certificates")
@moving.options
def move_certificates_in(**given: Any) -> int:  # noqa: ANN401 (click's own)
    """Enter certificates that were issued on paper, from a table (CSV, XLSX) with one certificate a row.

    \b
    macle node move-in certificates book.csv --propose book.toml
    macle node move-in certificates book.csv --mapping book.toml --report refused.csv
    macle node move-in certificates book.csv --mapping book.toml --record

    Compare the sums of each year with your own book before you record. What is there already is told apart and never
    overwritten, so this may be stopped and begun again. Ends with 1 if a row cannot be taken.
    """  # noqa: D301
    _opened()
    from macle.node.exporting.moving import Certificates  # noqa: PLC0415

    return moving.move_in(Certificates(), moving.Given(**given), by=_operator())


@command.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def back_up(*, file: Path) -> None:
    """Write everything the node is into one file, while it goes on running.

    \b
    macle node backup /backups/2026-11-25.tar

    The file is not encrypted and holds names and keys: only you may read it, and it belongs where nobody else can. A
    root's key is left out.
    """  # noqa: D301
    _opened()
    from macle.node.audit import backups  # noqa: PLC0415

    made = backups.back_up(file, actor=OPERATOR, at=clock.now())
    click.echo(f"{errors.shown(str(file))}: {made.rows:,} rows and {made.files:,} files, {made.size:,} bytes.")
    click.echo(f"SHA-256 {made.sha256}: write it down elsewhere.")
    for each in made.left_out:
        click.echo(f"Not in it: {errors.shown(each)}. A root's key belongs on a stick in a safe; take it off the node.")


@command.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help=_INTO)
@click.option("--sha256", metavar="HEX", default="", help="What was written down when the backup was made.")
def restore(*, file: Path, into: Path | None, sha256: str) -> None:
    """Make a node again from its backup: in place of `init`, into an empty folder and an empty database.

    \b
    macle node restore /backups/2026-11-25.tar --into /srv/macle

    It verifies hashes and audit before anything counts, and begins a new epoch: what the lost node did after the backup
    is not known here, so the rest of every block of numbers is skipped.
    """  # noqa: D301
    if into is not None:
        os.environ["MACLE_NODE_HOME"] = str(into)
    configured = _configured()
    configured.prepare()
    _migrate()
    from macle.node.audit import restoring  # noqa: PLC0415

    done = restoring.restore(file, configured=configured, actor=OPERATOR, at=clock.now(), sha256=sha256)
    click.echo(f"The node of {configured.participant} is as it was at {done.made_at}, in {configured.home}.")
    click.echo(
        f"{done.rows:,} rows, {done.files:,} files, {done.length:,} lines of the audit; epoch {done.epoch} begins."
    )


def _operator() -> Actor:
    """Return who acts from the command line."""
    from macle.node.permissions import Actor, Held, Role  # noqa: PLC0415

    return Actor(identifier=OPERATOR, held=(Held(role=Role.ADMINISTRATOR),))


def _configured() -> Configuration:
    """Return the configuration; raise `NodeMissing` where only the command line is installed."""
    if importlib.util.find_spec("django") is None:
        raise NodeMissing("This installation has no node.", mend="Install it: pip install 'macle[node]'")
    from macle.node import configuration  # noqa: PLC0415

    configured = configuration.read(os.environ)
    if "postgresql" in configured.database["ENGINE"] and importlib.util.find_spec("psycopg") is None:
        raise NodeMissing(
            "This installation cannot reach PostgreSQL.", mend="Install it: pip install 'macle[postgresql]'"
        )
    return configured


def _opened() -> Configuration:
    """Return the configuration of a node whose database serves this version; raise `DatabaseUnready`."""
    configured = _configured()
    _start_django()
    from macle.node import health  # noqa: PLC0415

    if why := health.what_is_missing():
        raise DatabaseUnready(why, where="MACLE_NODE_DATABASE_URL", mend=_ASK)
    return configured


def _migrate() -> None:
    """Make the tables, or bring them up to this version; raise `DatabaseUnready`."""
    _start_django()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import DatabaseError  # noqa: PLC0415

    try:
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise DatabaseUnready(
            "The database cannot be reached, or does not let tables be made.",
            where="MACLE_NODE_DATABASE_URL",
            mend=_ASK,
        ) from error


def _start_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "macle.node.settings")
    import django  # noqa: PLC0415

    django.setup()
