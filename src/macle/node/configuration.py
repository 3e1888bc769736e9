"""What a node is told from its environment: typed, with one meaning each, and an error that says how to mend it.

A setting has one name, one type and one sentence; ``docs/reference/settings.md`` has a heading for each, and a test
holds both to each other. Secrets are files or variables, never arguments.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from macle import errors
from macle.scheme import terms
from macle.scheme.certificates import ValidationKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from macle.scheme.terms import ParticipantCode

PREFIX = "MACLE_NODE_"
SECRET_FILE = "secret-key"  # noqa: S105 (the name of a file)
DATABASE_FILE = "node.sqlite3"
CONNECTIONS = 4
"""Connections that each process keeps to PostgreSQL at most, and requests that it answers at a time."""


class ConfigurationMalformed(errors.Malformed):
    """A variable of the environment does not hold what it must."""

    code = "configuration-malformed"


def _setting(about: str, *, default: str) -> Any:  # noqa: ANN401 (dataclasses' own)
    return field(metadata={"about": about, "default": default})


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The settings of one node."""

    home: Path = _setting(  # noqa: RUF009 (a field)
        "The folder of the node: its database, keys and files.", default="node"
    )
    participant: ParticipantCode = _setting(  # noqa: RUF009
        "The code of the Participant whose node this is, such as BW; it must be given.", default=""
    )
    database_url: str = _setting(
        "Where the database is: sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME; a SQLite file in the "
        "folder of the node unless given.",
        default="",
    )
    authority: str = _setting(
        "The issuing authority, as its certificates name it; unless given, the Participant as its stationery names it.",
        default="",
    )
    validation_kind: str = _setting(
        "How this authority validates where no law of it is verified: one_official, two_officials, "
        "second_official_elsewhere or customs_reference.",
        default="one_official",
    )
    validity_days: int = _setting(
        "Days after issuance on which a certificate expires where no law of this Participant is verified: a practice "
        "of the house, and no rule.",
        default="60",
    )
    host: str = _setting("The address on which the node listens.", default="127.0.0.1")
    port: int = _setting("The port on which the node listens.", default="8000")
    hosts: tuple[str, ...] = _setting(
        "The names under which people reach the node, separated by commas.", default="localhost,127.0.0.1"
    )
    workers: int = _setting("Processes that answer requests.", default="2")
    largest_upload: int = _setting("Megabytes of the largest file that is taken as evidence.", default="20")
    hue: int = _setting(
        "The color of this house on its pages: a hue from 0 to 359, as on a wheel of colors.", default="230"
    )
    https: bool = _setting(
        "Whether people reach the node through HTTPS only; cookies are then sent over nothing else.", default="yes"
    )
    pkcs11_module: str = _setting(
        "The path of the PKCS#11 module through which tokens with the keys of officials are reached; without it there "
        "are none.",
        default="",
    )
    token: str = _setting(
        "The label of the token that holds an official's key; {holder} in it stands for the holder of the key.",
        default="{holder}",
    )
    stamp_passphrase_file: Path | None = _setting(  # noqa: RUF009
        "A file whose first line is the passphrase of the stamp; the file stamp-passphrase in the folder of the node "
        "unless given.",
        default="",
    )
    smtp_url: str = _setting(
        "By which way e-mail leaves: smtp://USER:PASSWORD@HOST:PORT (with STARTTLS), smtps://USER:PASSWORD@HOST:PORT, "
        "or folder:///PATH, which keeps each message as a file and sends nothing; the folder outgoing in the folder of "
        "the node unless given.",
        default="",
    )
    mail_from: str = _setting(
        "The address from which the node writes; with an SMTP server it must be given.", default=""
    )
    webhooks_private: bool = _setting(
        "Whether other systems may be told of acts at addresses that are not public, as within a ministry's network.",
        default="no",
    )
    idle_minutes: int = _setting("Minutes without use after which a session ends.", default="30")
    session_hours: int = _setting("Hours after which a session ends in any case.", default="12")
    oidc_server_url: str = _setting(
        "The address of a ministry's own sign-in service (OpenID Connect), as in https://login.example; without it "
        "people sign in here only. It opens accounts that are there, found by e-mail address or subject, and makes "
        "none.",
        default="",
    )
    oidc_client_id: str = _setting("The name by which that service knows this node.", default="")
    oidc_client_secret_file: Path | None = _setting(  # noqa: RUF009 (a field)
        "A file with the secret that this node shares with that service.", default=""
    )
    oidc_name: str = _setting("What the button for that service says.", default="Ministry")

    @property
    def database(self) -> dict[str, Any]:
        """Return the database as Django names it."""
        if not self.database_url:
            return _sqlite(self.home / DATABASE_FILE)
        parts = urlsplit(self.database_url)
        if parts.scheme == "sqlite":
            return _sqlite(Path(unquote(parts.path.removeprefix("/"))))
        # A server behind a socket of the file system is named in the query, as libpq does it.
        socket = dict(parse_qsl(parts.query)).get("host", "")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": socket or unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 0,
            "OPTIONS": {
                "pool": {"min_size": 2, "max_size": CONNECTIONS, "timeout": 5},
                # A statement that comes again is not planned again: a third less work for the server.
                "server_side_binding": True,
                "prepare_threshold": 3,
            },
        }

    def oidc_client_secret(self) -> str:
        """Return the secret shared with the ministry's sign-in service; nothing if there is no file."""
        if self.oidc_client_secret_file is None:
            return ""
        try:
            return self.oidc_client_secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationMalformed(
                "The file cannot be read.",
                where=PREFIX + "OIDC_CLIENT_SECRET_FILE",
                mend="Name a file that the node may read.",
            ) from error

    @property
    def stamp_passphrase_path(self) -> Path:
        """Return the file with the passphrase of the stamp, whether it is there or not."""
        return self.stamp_passphrase_file or self.home / "stamp-passphrase"

    def last_day(self, issued_on: date) -> date:
        """Return the day of expiry that the house prints where no law says one."""
        return issued_on + timedelta(days=self.validity_days)

    def secret_key(self) -> str:
        """Return the key with which sessions are signed: a file of the node's own, made by `prepare`."""
        try:
            return (self.home / SECRET_FILE).read_text(encoding="ascii").strip()
        except OSError as error:
            raise ConfigurationMalformed(
                "This is no folder of a node yet.", where=str(self.home), mend="Make it one: macle node init"
            ) from error

    def prepare(self) -> None:
        """Make the folder and its secret key, unless they are there."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.home / SECRET_FILE
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(64), encoding="ascii")


def _sqlite(path: Path) -> dict[str, Any]:
    """Return an embedded database that survives a power cut and waits for its turn to write."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def read(environment: Mapping[str, str]) -> Configuration:
    """Return the configuration that the environment holds; raise `ConfigurationMalformed`."""
    given: dict[str, Any] = {}
    for each in fields(Configuration):
        variable = PREFIX + each.name.upper()
        text = environment.get(variable, each.metadata["default"])
        try:
            given[each.name] = _PARSERS[each.name](text)
        except ValueError as error:
            shown = "This" if "://" in text else repr(text)  # An address may hold a password.
            raise ConfigurationMalformed(
                f"{shown} is none: {error}.", where=variable, mend=each.metadata["about"]
            ) from error
        except errors.Malformed as error:
            raise ConfigurationMalformed(error.what, where=variable, mend=error.mend) from error
    known = {PREFIX + each.name.upper() for each in fields(Configuration)}
    strangers = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if strangers:
        raise ConfigurationMalformed("There is no such setting.", where=strangers[0], mend=f"Known: {sorted(known)}.")
    return Configuration(**given)


def _url(text: str) -> str:
    parts = urlsplit(text)
    if text and parts.scheme not in {"sqlite", "postgresql"}:
        raise ValueError("it begins with sqlite:// or postgresql://")
    return text


def _mail_url(text: str) -> str:
    parts = urlsplit(text)
    if not text or (parts.scheme == "folder" and not parts.netloc and parts.path.strip("/")):
        return text
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("it begins with smtp://, smtps:// or folder:///")
    _ = parts.port  # Raises ValueError for what is no port.
    return text


def _address(text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", text):
        raise ValueError("it is no e-mail address")
    return text


def _service(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme != "https" or not parts.hostname):
        raise ValueError("it begins with https://")
    return text


def _flag(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError("write yes or no")
    return text == "yes"


def _count(most: int) -> Any:  # noqa: ANN401 (a parser)
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
            raise ValueError(f"write a whole number from 1 to {most}")
        return int(text)

    return parse


def _validation_kind(text: str) -> str:
    if text.upper() not in ValidationKind.__members__:
        raise ValueError(f"write one of {', '.join(kind.name.lower() for kind in ValidationKind)}")
    return text.lower()


def _hue(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text) < 360:  # noqa: PLR2004 (degrees)
        raise ValueError("write a whole number from 0 to 359")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise ValueError("name at least one")
    return names


def _name(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text


_PARSERS: dict[str, Any] = {
    "home": lambda text: Path(_name(text)),
    "participant": terms.participant_code,
    "database_url": _url,
    "host": _name,
    "authority": str,
    "validation_kind": _validation_kind,
    "validity_days": _count(3650),
    "port": _count(65535),
    "hosts": _names,
    "workers": _count(64),
    "largest_upload": _count(200),
    "hue": _hue,
    "https": _flag,
    "pkcs11_module": str,
    "token": _name,
    "stamp_passphrase_file": lambda text: Path(text) if text.strip() else None,
    "smtp_url": _mail_url,
    "mail_from": _address,
    "webhooks_private": _flag,
    "idle_minutes": _count(24 * 60),
    "session_hours": _count(24 * 7),
    "oidc_server_url": _service,
    "oidc_client_id": str,
    "oidc_client_secret_file": lambda text: Path(text) if text else None,
    "oidc_name": _name,
}
