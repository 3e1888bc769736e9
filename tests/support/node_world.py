"""A whole node with one of everything: two offices, two traders, somebody for each role, and matters in every state."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from macle.node import clock
from macle.node.accounts import actions as accounts
from macle.node.accounts import queries as people
from macle.node.accounts import tokens
from macle.node.audit import actions as audit
from macle.node.audit import evidence
from macle.node.exchange import webhooks
from macle.node.exchange.models import Letter, Subscription
from macle.node.exporting.actions import (
    applications,
    certificates,
    confirmations,
    desk,
    fees,
    notices,
    numbers,
    validation,
)
from macle.node.exporting.models import Arrival, AttachmentKind
from macle.node.importing.actions import inspecting
from macle.node.permissions import Actor, Held, Reach, Role
from macle.node.registry import actions as registry
from macle.node.traders import actions as traders
from macle.node.traders.models import Message
from macle.scheme.terms import Carats
from tests.support import node_exporting, node_importing, node_moving, node_registry, node_traders
from tests.support.node_accounts import OPERATOR, a_user, an_authenticator
from tests.support.node_audit import a_picture
from tests.support.node_registry import ADMINISTRATOR, AT, OFFICE, PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from macle.node.accounts.models import Deputy, Grant, Token, User
    from macle.node.audit.models import Hold
    from macle.node.exporting.models import Application, Attachment, Block, Certificate, Fee, Notice
    from macle.node.importing.models import Shipment
    from macle.node.traders.models import Contact, KnownParty, Licence, Suspension, Trader

OTHER_OFFICE = "Quayside Office"
LATER = AT + timedelta(minutes=20)
"""When pages of the world are asked for: what was prepared for a signature is still good."""

EARLIER = "BW00000017"
"""A certificate that was issued on paper before there was this node."""

TODAY = date(2026, 11, 25)
NAMES = ("Tamsin Vale", "Joren Pell", "Ilse Marrow", "Odo Fenwick", "Petra Lund", "Anselm Rook", "Wenna Tarr")


@dataclass
class Side:
    """What belongs to one office and one trader: a matter in each state that has a page, and all that hangs on it."""

    office: str
    trader: Trader
    lodging: Actor
    examining: Actor
    official: Actor
    first: int
    matters: dict[str, Application] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    attachments: dict[str, Attachment] = field(default_factory=dict)
    fees: dict[str, Fee] = field(default_factory=dict)
    shipments: dict[str, Shipment] = field(default_factory=dict)
    """That came to it: presented, detained with a question to the issuing authority, confirmed, and with paper."""

    @property
    def letter(self) -> Letter:
        """Return the letter with the certificate that waits to leave."""
        return Letter.objects.get(about=f"certificate:{self.certificates['validated'].number}")

    @property
    def message(self) -> Message:
        """Return what the trader was told first about one of these matters."""
        references = [matter.reference for matter in self.matters.values()]
        told = Message.objects.filter(trader=self.trader).order_by("pk")
        return next(each for each in told if each.facts.get("reference") in references)


@dataclass
class Book:
    """What hangs on a trader: one of each."""

    licence: Licence
    contact: Contact
    party: KnownParty
    suspension: Suspension | None = None


@dataclass
class World:
    """The node."""

    home: Path
    people: dict[Role, User]
    own: Side
    """Office and trader for which the people of this world hold their roles."""
    elsewhere: Side
    other_office: Side
    """Of their trader, at another office."""
    other_trader: Side
    """At their office, of another trader."""
    books: dict[str, Book]
    blocks: dict[str, Block]
    """Of pre-printed sheets, one for each office."""
    notices: dict[str, Notice]
    upload: str
    """A table that the exporter uploaded."""
    hold: Hold
    grant: Grant
    deputyship: Deputy
    token: Token
    """The administrator's."""
    subscription: Subscription
    """A system that is told of all acts."""

    def actor(self, role: Role) -> Actor:
        """Return who holds the role, as the node sees them."""
        return people.actor(self.people[role], at=LATER)

    @property
    def sides(self) -> dict[str, Side]:
        """Return every side under its name."""
        return {
            "own": self.own,
            "elsewhere": self.elsewhere,
            "other office": self.other_office,
            "other trader": self.other_trader,
        }


def somebody(role: Role, *, office: str = OFFICE, trader: str = "", at: datetime = AT, login: str = "") -> User:
    """Make a person with an account, an authenticator and this one role."""
    needs = accounts.needs_of(role)
    name = NAMES[list(Role).index(role) % len(NAMES)]
    user = a_user(login or role.name.lower().replace("_", "."), name=name, at=at)
    accounts.grant(
        user=user.identifier,
        role=role,
        office=office if needs is Reach.OFFICE else "",
        trader=trader if needs is Reach.TRADER else "",
        by=OPERATOR,
        at=at,
    )
    an_authenticator(user)
    return user


@contextmanager
def undone(*, whole: bool = False) -> Iterator[None]:
    """Take back whatever is written within; ``whole`` where what must commit by itself is done within it."""
    around = transaction.atomic()
    # What must commit by itself does so in a node; here all of it is taken back at the end.
    around._from_testcase = whole  # type: ignore[attr-defined]
    with around:
        yield
        transaction.set_rollback(True)


@contextmanager
def a_lasting_world() -> Iterator[World]:
    """Make one world for all tests of a module, asked for at ``LATER``; each of them takes back what it did."""
    with pytest.MonkeyPatch.context() as patch, undone(whole=True):
        patch.setattr(clock, "now", lambda: LATER)
        with a_world() as made:
            yield made


@contextmanager
def a_world() -> Iterator[World]:
    """Make the node of these tests, with its keys in a folder of its own."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        node_registry.keys_in(home)
        with node_registry.configured(home=home, authority="Selle Diamond Office"):
            yield _made(home)


def _made(home: Path) -> World:
    for name in (OFFICE, OTHER_OFFICE):
        node_registry.an_office(name=name)
    node_registry.a_partner(participant="EU")
    node_registry.a_partner()
    partner = node_registry.an_authority(home / "partners")
    registry.pin_record(of="ZA", data=partner.record, words=partner.words, by=ADMINISTRATOR, at=AT)
    both = [node_traders.a_trader(), node_traders.a_trader()]
    held = {role: somebody(role, trader=both[0].reference) for role in Role}
    official = held[Role.VALIDATING_OFFICIAL]
    node_registry.an_official(identifier=official.identifier, name=official.name)
    node_registry.an_official(identifier="user-fenwick", name="Odo Fenwick", holder="official-08", office=OTHER_OFFICE)
    blocks = {}
    for office, first in ((OFFICE, 4001), (OTHER_OFFICE, 5001)):
        numbers.allot(office=office, first=first, last=first + 998, width=8, on_sheets=False, by=ADMINISTRATOR, at=AT)
        blocks[office] = numbers.allot(
            office=office, first=first + 2000, last=first + 2099, width=8, on_sheets=True, by=ADMINISTRATOR, at=AT
        )
        numbers.receive(block=blocks[office].pk, first=first + 2000, last=first + 2049, by=_clerk(office), at=AT)
    books = {trader.reference: _book(trader) for trader in both}
    grant = held[Role.EXAMINER].grants.get()
    stand_in = somebody(Role.EXAMINER, login="stand.in")
    deputyship = accounts.deputise(
        absent=official.identifier,
        deputy=stand_in.identifier,
        role=Role.VALIDATING_OFFICIAL,
        office=OFFICE,
        reason="On leave.",
        by=OPERATOR,
        at=AT,
    )
    hold = audit.place_hold(subject=f"trader:{both[0].reference}", reason="A court asked.", by=ADMINISTRATOR, at=AT)
    clerks = {
        OFFICE: (people.actor(held[Role.EXAMINER], at=AT), people.actor(official, at=AT)),
        OTHER_OFFICE: (
            _clerk(OTHER_OFFICE),
            Actor(identifier="user-fenwick", held=(Held(role=Role.VALIDATING_OFFICIAL, office=OTHER_OFFICE),)),
        ),
    }
    sides = [_side(office, trader, *clerks[office]) for office in (OFFICE, OTHER_OFFICE) for trader in both]
    importing = {
        OFFICE: people.actor(held[Role.IMPORTING_OFFICIAL], at=AT),
        OTHER_OFFICE: node_importing.ELSEWHERE,
    }
    for (office, by), holder in zip(importing.items(), ("official-21", "official-22"), strict=True):
        node_importing.appointed(home, holder=holder, identifier=by.identifier, office=office, name="Mirel Orr")
    for place, side in enumerate(sides):
        _import(side, node_importing.House(partner, side.trader), importing[side.office], first=4800 + 10 * place)
    report = evidence.keep(data=b"Police report 77.\n", name="report.txt", by_identifier="user-rook", at=_after(7))
    issued = {
        office: notices.issue_for_key(
            key_id=side.certificates["dispatched"].key_id,
            since=AT,
            office=office,
            text="A safe was found open.",
            evidence=report.sha256,
            by=side.official,
            at=_after(8),
        )
        for office, side in ((OFFICE, sides[0]), (OTHER_OFFICE, sides[3]))
    }
    table = b"importer.name,destination\nQuayside Rough Trading,EU\n"
    node_moving.take_book({"number": EARLIER})
    exporter = people.actor(held[Role.EXPORTER], at=AT)
    applications.upload(
        data=table, name="table.csv", trader=both[0].reference, office=OFFICE, by=exporter, at=_after(9)
    )
    return World(
        home=home,
        people=held,
        own=sides[0],
        other_trader=sides[1],
        other_office=sides[2],
        elsewhere=sides[3],
        books=books,
        blocks=blocks,
        notices=issued,
        upload=f"{_after(9):%Y%m%dT%H%M%S%f}",
        hold=hold,
        grant=grant,
        deputyship=deputyship,
        token=tokens.make(
            name="Backup report",
            held=Held(role=Role.ADMINISTRATOR),
            ends_at=AT + timedelta(days=90),
            by=people.actor(held[Role.ADMINISTRATOR], at=AT),
            at=AT,
        ).token,
        subscription=webhooks.subscribe(
            url="https://window.example/macle",
            events=[],
            office="",
            by=people.actor(held[Role.ADMINISTRATOR], at=AT),
            at=_after(9),
        ).subscription,
    )


def _clerk(office: str) -> Actor:
    return Actor(identifier="user-rook", held=(Held(role=Role.EXAMINER, office=office),))


def _book(trader: Trader) -> Book:
    node_traders.an_entry(trader, "90000.00")
    by = node_traders.an_official()
    licence = node_traders.a_licence(trader)
    contact = traders.authorise_contact(
        trader=trader, name="Ilse Marrow", email="ilse@selle.example", since=TODAY, may_lodge=True, by=by, at=AT
    )
    party = traders.add_known_party(
        trader=trader,
        name="Quayside Rough Trading",
        address="12 Invented Quay",
        town="Antwerp",
        country="BE",
        on=TODAY,
        by=node_traders.an_exporter(trader),
        at=AT,
    )
    traders.declare_stock(
        trader=trader, year=2026, stock={"BW": Carats(100000)}, by=node_traders.an_exporter(trader), at=AT
    )
    return Book(licence, contact, party)


def _side(office: str, trader: Trader, examining: Actor, official: Actor) -> Side:
    side = Side(office, trader, node_traders.an_exporter(trader), examining, official, 0)
    for state in (
        "draft",
        "lodged",
        "examined",
        "held",
        "returned",
        "reserved",
        "sealed",
        "validated",
        "dispatched",
        "confirmed",
    ):
        _bring_to(side, state)
    return side


def _bring_to(side: Side, state: str) -> None:  # noqa: C901, PLR0911 (the states, one after another)
    entered = node_exporting.House(side.trader, side.lodging, Path()).entered()
    made = applications.begin(trader=side.trader.reference, office=side.office, by=side.lodging, at=AT, entered=entered)
    side.matters[state] = made
    given: dict[str, Any] = {"reference": made.reference}
    if state in {"draft", "lodged"}:
        kind, data = AttachmentKind.INVOICE, f"Invoice of {made.reference}\n".encode()
        side.attachments[state] = applications.attach(
            **given, kind=kind, data=data, name="invoice.txt", by=side.lodging, at=AT
        )
    if state == "draft":
        return
    applications.lodge(**given, by=side.lodging, at=AT)
    if state == "lodged":
        return
    desk.examine(**given, measured=node_exporting.measured(), by=side.examining, at=_after(1))
    if state == "returned":
        desk.return_to_trader(**given, reason="The invoice is missing.", by=side.examining, at=_after(2))
        return
    if state == "held":
        desk.hold(
            **given, reason="The seals of the mine are not those of the invoice.", by=side.examining, at=_after(2)
        )
        return
    if state == "examined":
        return
    desk.reserve(**given, by=side.examining, at=_after(2))
    side.fees[state] = fees.charge(
        **given, what="Certificate fee", currency="USD", amount_cents=12500, by=side.examining, at=_after(2)
    )
    if state == "reserved":
        return
    desk.seal(**given, seals=["SL 771204"], by=side.examining, at=_after(3))
    if state == "sealed":
        validation.prepare(**given, by=side.official, at=_after(15))
        return
    intent = validation.prepare(**given, by=side.official, at=_after(4))
    side.certificates[state] = validation.validate(
        **given,
        identity=intent.identity,
        secret=PASSPHRASE,
        consent=node_exporting.consented(intent, side.official, at=_after(5)),
        by=side.official,
        at=_after(5),
    )
    if state == "validated":
        return
    certificates.dispatch(**given, by=side.official, at=_after(6))
    if state == "confirmed":
        slip = confirmations.Slip(
            number=made_number(side, state),
            arrival=Arrival.SCAN,
            received_on=TODAY,
            date_of_receipt=TODAY,
            opened=True,
            parcels=3,
            carats=Carats(20508),
            picture=a_picture(),
            picture_name="slip.png",
        )
        confirmations.record(slip=slip, by=side.examining, at=_after(7))


def _import(side: Side, house: node_importing.House, by: Actor, *, first: int) -> None:
    for place, state in enumerate(("presented", "asked", "confirmed")):
        code = house.code(number=f"ZA{first + place:08}")
        side.shipments[state] = node_importing.presented(code, office=side.office, by=by, at=AT).shipment
    paper = node_importing.on_paper(side.trader, number=f"ZA{first + 9:08}")
    side.shipments["paper"] = node_importing.presented(paper, office=side.office, by=by, at=AT).shipment
    short, whole = side.shipments["asked"], side.shipments["confirmed"]
    node_importing.inspected(short, measured=node_importing.counted("201.18"), by=by, at=_after(1))
    node_importing.decided(short, by=by, at=_after(2))
    inspecting.ask_endorsement(reference=short.reference, text="1,201.18 ct were weighed.", by=by, at=_after(3))
    node_importing.inspected(whole, by=by, at=_after(1))
    node_importing.confirmed(whole, by=by, at=_after(2))


def made_number(side: Side, state: str) -> str:
    """Return the number of the certificate that was brought to this state."""
    return side.certificates[state].number


def _after(minutes: int) -> datetime:
    return AT + timedelta(minutes=minutes)
