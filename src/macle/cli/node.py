"""`macle node`: a Participant's node: made, run, and its audit verified. Settings come from the environment."""

from __future__ import annotations

import importlib.util
import json
import os
from typing import TYPE_CHECKING

import click

import macle
from macle import errors as families
from macle.cli import clock, errors

if TYPE_CHECKING:
    from macle.node.audit.heads import Head
    from macle.node.configuration import Configuration

LARGEST_HEADS = 1024 * 1024
"""Bytes of a file with the heads that were written down."""

LARGEST_PASSWORD = 1024
"""Bytes of a file with a password."""

OPERATOR = "operator"
"""Who acts from the command line: whoever may read the folder of the node. Their name is not in the audit."""

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
    _start_django()
    from django.core.management import call_command  # noqa: PLC0415 (Django only where a node is)
    from django.db import DatabaseError, transaction  # noqa: PLC0415

    from macle.node.audit import actions  # noqa: PLC0415

    try:
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise DatabaseUnready(
            "The database cannot be reached, or does not let tables be made.",
            where="MACLE_NODE_DATABASE_URL",
            mend=_ASK,
        ) from error
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
    from macle.node.permissions import Actor, Held, Reach, Role  # noqa: PLC0415

    operator, at = Actor(identifier=OPERATOR, held=(Held(role=Role.ADMINISTRATOR),)), clock.now()
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


@command.group("audit")
def audit() -> None:
    """Verify the audit, and write down where it ends."""


@audit.command("verify")
@click.option("--heads", metavar="FILE", help="Heads that were written down outside with `macle node audit heads`.")
def verify(*, heads: str | None) -> None:
    """Look for lines that were altered, removed or inserted, and for a tail that was cut off.

    \b
    macle node audit verify --heads heads.json

    Without heads from outside, whoever may write to the database can change it whole. Ends with 3 if a fault is found.
    """  # noqa: D301
    known = () if heads is None else _read_heads(heads)
    _opened()
    from macle.node.audit import queries  # noqa: PLC0415

    found = list(queries.faults(known=known))
    for fault in found:
        click.echo(f"{fault.authority} line {fault.number}: {fault.what}")
    if found:
        raise AuditBroken(
            f"The audit is not as it was written: {len(found)} places.",
            mend="Keep this database as it is, and compare it with the last backup.",
        )
    for head in queries.heads():
        click.echo(f"{head.authority}: {head.length} lines, none altered, removed or inserted.")


@audit.command("heads")
def write_heads() -> None:
    """Print where each chain ends, to be kept where nobody who runs the node can write.

    \b
    macle node audit heads > heads.json
    """  # noqa: D301
    _opened()
    from macle.node.audit import queries  # noqa: PLC0415

    plain = [
        {"authority": each.authority, "length": each.length, "digest": each.digest.hex()} for each in queries.heads()
    ]
    click.echo(json.dumps(plain, indent=2))


def _read_password(path: str) -> str:
    try:
        return errors.read_file(path, most=LARGEST_PASSWORD).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise PasswordMalformed("The file does not hold a password.", where=errors.shown(path)) from None


def _read_heads(path: str) -> tuple[Head, ...]:
    from macle.node.audit.heads import Head  # noqa: PLC0415

    try:
        return tuple(
            Head(str(each["authority"]), int(each["length"]), bytes.fromhex(each["digest"]))
            for each in json.loads(errors.read_file(path, most=LARGEST_HEADS))
        )
    except (ValueError, KeyError, TypeError) as error:
        raise HeadsMalformed(
            f"These are no heads: {error}.", where=errors.shown(path), mend="Write them with `macle node audit heads`."
        ) from None


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


def _start_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "macle.node.settings")
    import django  # noqa: PLC0415

    django.setup()
