"""A node on a day of work: the people of one office and a trader, each at a browser of their own."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from macle.node.accounts import actions as accounts_actions
from macle.node.accounts import queries as accounts
from macle.node.exporting.actions import applications, certificates, desk, numbers, validation
from macle.node.permissions import Actor, Role
from tests.support import node_exporting, node_importing, node_registry, node_traders
from tests.support.browsers import apart
from tests.support.node_accounts import OPERATOR, PASSWORD, code_of
from tests.support.node_registry import ADMINISTRATOR, AT, OFFICE, PASSPHRASE
from tests.support.node_world import somebody

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from macle.node.accounts.models import User
    from macle.node.exporting.models import Application, Block, Certificate
    from macle.node.traders.models import Trader
    from tests.journeys.conftest import Clock
    from tests.support.hands import Hand


@dataclass
class Person:
    """Somebody at a browser: signed in with a password and the code on their telephone."""

    user: User
    hand: Hand
    address: str
    clock: Clock

    def sign_in(self) -> None:
        """Come to the node from nowhere."""
        self.hand.go(f"{self.address}/")
        self.hand.write("Login name", self.user.login)
        self.hand.write("Password", PASSWORD)
        self.hand.press("Sign in")
        self.hand.write("Code", self.code())
        self.hand.press("Sign in")

    def code(self) -> str:
        """Return what the telephone shows now; each code serves once, so half a minute has passed."""
        self.clock.move(seconds=30)
        return apart(code_of, self.user, self.clock.at)

    def open(self, path: str) -> Hand:
        """Open a page of the node."""
        self.hand.go(f"{self.address}{path}")
        return self.hand

    def consent(self, what: str = "document", *, do: str = "Validate") -> None:
        """Let the exact document be made, look at it, and consent to it."""
        self.hand.press(f"Show me the exact {what}")
        self.hand.sees("You sign exactly what stands here, with your own key, once.")
        self.hand.write("Your password", PASSWORD)
        self.hand.write("Code of your authenticator", self.code())
        self.hand.write("Passphrase of your signing key", PASSPHRASE)
        self.hand.press(do)


class Staffed(Protocol):
    """Wherever people are."""

    users: dict[Role, User]


@dataclass
class Arrivals:
    """Two offices to which a partner's shipments come, each with an importing official."""

    desk: node_importing.House
    users: dict[Role, User]
    quay: dict[Role, User]

    @property
    def elsewhere(self) -> Staffed:
        """Return the other office."""
        return Arrivals(self.desk, self.quay, self.users)


@contextmanager
def arrivals() -> Iterator[Arrivals]:
    """Open both offices."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        node_registry.keys_in(home)
        with node_registry.configured(home=home, authority="Selle Diamond Office"):
            yield apart(_received, home)


def _received(home: Path) -> Arrivals:
    desk = node_importing.opened(home)
    role = Role.IMPORTING_OFFICIAL
    here, there = somebody(role), somebody(role, office=node_importing.OTHER_OFFICE, login="quay.official")
    node_importing.appointed(home, identifier=here.identifier, name=here.name)
    return Arrivals(desk, {role: here}, {role: there})


@dataclass
class House:
    """One office with its people, and a trader."""

    home: Path
    trader: Trader
    users: dict[Role, User]
    block: Block

    def actor(self, role: Role, at: datetime) -> Actor:
        """Return one of the people as actions see them."""
        return accounts.actor(self.users[role], at=at)

    def also(self, role: Role, further: Role) -> None:
        """Give one of the people a further role at the office."""
        user = self.users[role].identifier
        accounts_actions.grant(user=user, role=further, office=OFFICE, by=OPERATOR, at=AT)

    def lodged(self, at: datetime) -> Application:
        """Return an application that the trader lodged."""
        by = self.actor(Role.EXPORTER, at)
        entered = node_exporting.House(self.trader, by, self.home).entered()
        made = applications.begin(trader=self.trader.reference, office=OFFICE, by=by, at=at, entered=entered)
        applications.lodge(reference=made.reference, by=by, at=at)
        return made

    def sealed(self, at: datetime, *, sheet: str = "", by: Role = Role.EXAMINER) -> Application:
        """Return one that was examined, has a number, and whose container is sealed."""
        made, clerk = self.lodged(at), self.actor(by, at)
        desk.examine(reference=made.reference, measured=node_exporting.measured(), by=clerk, at=at)
        desk.reserve(reference=made.reference, by=clerk, at=at, sheet=sheet)
        desk.seal(reference=made.reference, seals=[f"SL {made.reference[2:]}"], by=clerk, at=at)
        made.refresh_from_db()
        return made

    def validated(self, at: datetime, *, sheet: str = "") -> Certificate:
        """Return a certificate."""
        made, official = self.sealed(at, sheet=sheet), self.actor(Role.VALIDATING_OFFICIAL, at)
        intent = validation.prepare(reference=made.reference, by=official, at=at)
        return validation.validate(
            reference=made.reference,
            identity=intent.identity,
            secret=PASSPHRASE,
            consent=node_exporting.consented(intent, official, at=at),
            by=official,
            at=at,
        )

    def dispatched(self, at: datetime, *, sheet: str = "") -> Certificate:
        """Return a certificate whose shipment left."""
        certificate = self.validated(at, sheet=sheet)
        official = self.actor(Role.VALIDATING_OFFICIAL, at)
        certificates.dispatch(reference=certificate.application.reference, by=official, at=at)
        return certificate


@contextmanager
def a_house(*, carats: str = "90000.00", on_sheets: bool = False) -> Iterator[House]:
    """Open the office."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        node_registry.keys_in(home)
        with node_registry.configured(home=home, authority="Selle Diamond Office"):
            yield apart(_opened, home, carats=carats, on_sheets=on_sheets)


def _opened(home: Path, *, carats: str, on_sheets: bool) -> House:
    node_registry.an_office()
    node_registry.a_partner(participant="EU")
    trader = node_traders.a_trader()
    node_traders.a_licence(trader)
    node_traders.an_entry(trader, carats)
    wanted = (Role.EXPORTER, Role.EXAMINER, Role.VALIDATING_OFFICIAL)
    users = {role: somebody(role, trader=trader.reference) for role in wanted}
    official = users[Role.VALIDATING_OFFICIAL]
    node_registry.an_official(identifier=official.identifier, name=official.name)
    block = numbers.allot(office=OFFICE, first=4001, last=4999, width=8, on_sheets=on_sheets, by=ADMINISTRATOR, at=AT)
    if on_sheets:
        clerk = accounts.actor(users[Role.EXAMINER], at=AT)
        numbers.receive(block=block.pk, first=4001, last=4999, by=clerk, at=AT)
    return House(home, trader, users, block)
