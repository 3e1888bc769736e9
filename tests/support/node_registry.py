"""Builders for the registry and the exchange: an authority with keys, its offices, officials and partners."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.test import override_settings

from macle.node.permissions import Actor, Held, Role
from macle.node.registry import actions
from macle.proof.folders import AuthorityFolder, write
from macle.proof.keys import Usage, fingerprint
from macle.scheme.certificates import ConsentLevel
from macle.scheme.terms import ParticipantCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from macle.node.registry.models import Office, Official, Partner

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
"""When pages are asked for."""

OFFICE = "Port Selle Diamond Office"
PASSPHRASE, STAMP_PASSPHRASE, ROOT_PASSPHRASE = "a key of one test", "a stamp of one test", "a root of one test"
ADMINISTRATOR = Actor(identifier="user-admin", held=(Held(role=Role.ADMINISTRATOR),))
OFFICIAL = Actor(identifier="user-vale", held=(Held(role=Role.VALIDATING_OFFICIAL, office=OFFICE),))
STRANGER = Actor(identifier="user-pell", held=(Held(role=Role.VALIDATING_OFFICIAL, office="Quayside Office"),))


class Acting:
    """A middleware that lets every request be that of one actor, without accounts."""

    actor: ClassVar[Actor] = ADMINISTRATOR

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.actor, request.person, request.at = self.actor, "Tamsin Vale", LATER  # type: ignore[attr-defined]
        return self.get_response(request)


@lru_cache(maxsize=1)
def _files() -> dict[str, bytes]:
    """Return the files of an authority's folder: made once, for making keys takes its time."""
    with TemporaryDirectory() as folder:
        authority = AuthorityFolder(Path(folder))
        authority.create(
            participant=ParticipantCode("BW"), authority="Selle Diamond Office", passphrase=ROOT_PASSPHRASE, at=SINCE
        )
        for holder, usage, office, passphrase in (
            ("official-07", Usage.VALIDATE, "", PASSPHRASE),
            ("official-08", Usage.VALIDATE, "Quayside Office", PASSPHRASE),
            ("stamp-01", Usage.STAMP, "", STAMP_PASSPHRASE),
        ):
            authority.add_key(
                usage=usage,
                holder=holder,
                office=office,
                root_passphrase=ROOT_PASSPHRASE,
                passphrase=passphrase,
                at=SINCE,
            )
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def keys_in(home: Path) -> AuthorityFolder:
    """Put an authority's keys into the folder of a node, with the passphrase of its stamp."""
    for name, content in _files().items():
        write(home / "authority" / name, content, secret=name.endswith(".key.pem"))
    (home / "stamp-passphrase").write_text(STAMP_PASSPHRASE + "\n")
    return AuthorityFolder(home / "authority")


@contextmanager
def configured(**changes: Any) -> Iterator[None]:
    """Change settings of the node for a while."""
    with override_settings(CONFIGURATION=replace(settings.CONFIGURATION, **changes)):
        yield


def an_office(**changes: Any) -> Office:
    given: dict[str, Any] = {"name": OFFICE, "address": "1 Harbor Road\nPort Selle", "telephone": "+267 395 1000"}
    return actions.open_office(**(given | {"by": ADMINISTRATOR, "at": SINCE} | changes))


def an_official(**changes: Any) -> Official:
    """Appoint Tamsin Vale; the office must be open and the keys in place."""
    given: dict[str, Any] = {
        "identifier": "user-vale",
        "holder": "official-07",
        "name": "Tamsin Vale",
        "title": "Senior Diamond Officer",
        "office": OFFICE,
        "highest_level": ConsentLevel.PILOT,
    }
    return actions.appoint_official(**(given | {"by": ADMINISTRATOR, "at": AT} | changes))


def a_partner(**changes: Any) -> Partner:
    given: dict[str, Any] = {
        "participant": "ZA",
        "authority": "Brindle Diamond Regulator",
        "pre_advice": ("kp@brindle.example",),
        "confirmations": ("confirm@brindle.example", "desk@brindle.example"),
        "telephone": "+27 11 555 0100",
    }
    return actions.add_partner(**(given | {"by": ADMINISTRATOR, "at": SINCE} | changes))


class Authority:
    """The authority of a partner: its folder of keys, and what it sends and reads over the telephone."""

    def __init__(self, folder: AuthorityFolder) -> None:
        self.folder = folder

    @property
    def record(self) -> bytes:
        """Return its participant record as it sends it."""
        return (self.folder.path / "record.cose").read_bytes()

    @property
    def words(self) -> str:
        """Return what it reads over the telephone."""
        return " ".join(fingerprint(self.folder.record().root.spki))

    def appoint(self, holder: str, usage: Usage = Usage.VALIDATE) -> None:
        """Name one more key in the record."""
        self.folder.add_key(
            usage=usage, holder=holder, office="", root_passphrase=ROOT_PASSPHRASE, passphrase=PASSPHRASE, at=SINCE
        )


def an_authority(home: Path, *, participant: str = "ZA") -> Authority:
    """Return the authority of a partner with one official, its keys made anew in a folder."""
    folder = AuthorityFolder(home / participant)
    folder.create(
        participant=ParticipantCode(participant),
        authority="Brindle Diamond Regulator",
        passphrase=ROOT_PASSPHRASE,
        at=SINCE,
    )
    made = Authority(folder)
    made.appoint("official-01")
    return made
