"""An invented ministry: its offices, keys, people, partners and traders, made through the acts that a real one uses.

Nobody here exists. Botswana's code stands for any Participant; the names of firms and people are made up.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from macle.node.accounts import actions as accounts
from macle.node.accounts import queries as people
from macle.node.exporting.actions import numbers
from macle.node.permissions import Actor, Held, Role
from macle.node.registry import actions as registry
from macle.node.traders import actions as traders
from macle.node.traders.models import EntryKind, LicenceKind
from macle.proof.folders import AuthorityFolder, write
from macle.proof.keys import Usage
from macle.scheme.certificates import ConsentLevel
from macle.scheme.terms import Carats, ParticipantCode

if TYPE_CHECKING:
    from datetime import datetime

    from macle.node.accounts.models import User
    from macle.node.traders.models import Trader

AUTHORITY: Final = "Example Ministry of Minerals"
CAPITAL, NORTH = "Gaborone", "Francistown"
PASSWORD = "sorted by north light"  # noqa: S105 (an example, and printed)
ROOT_PASSPHRASE, STAMP_PASSPHRASE = "an example root, not a secret", "an example stamp"
OPERATOR = Actor(identifier="operator", held=(Held(role=Role.ADMINISTRATOR),))
"""Whoever may read the folder of the node: makes the first account."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account; ``trader`` names those for whom they act, ``holder`` their signing key."""

    login: str
    name: str
    role: Role
    office: str = ""
    traders: tuple[str, ...] = ()
    holder: str = ""
    title: str = ""

    @property
    def passphrase(self) -> str:
        """Return the passphrase of their signing key, as examples go."""
        return f"an example for {self.holder}" if self.holder else ""

    @property
    def place(self) -> str:
        """Return where they work, or for whom they act, and what is special about it."""
        if self.login == ABSENT:
            return f"{self.office}, away: {person(DEPUTY).name} is deputy"
        marks = {SUSPENDED: " (suspended)", LICENCE_ENDED: " (licence ended)"}
        return self.office or ", ".join(f"{name}{marks.get(name, '')}" for name in self.traders)


PEOPLE: Final = (
    Person("ansel.wray", "Ansel Wray", Role.ADMINISTRATOR),
    Person("joren.pell", "Joren Pell", Role.EXAMINER, CAPITAL),
    Person("mira.sandgate", "Mira Sandgate", Role.EXAMINER, NORTH),
    Person("lucian.fenn", "Lucian Fenn", Role.VALUER, CAPITAL),
    Person(
        "tamsin.vale", "Tamsin Vale", Role.VALIDATING_OFFICIAL, CAPITAL, (), "official-07", "Senior Diamond Officer"
    ),
    Person("edda.thorne", "Edda Thorne", Role.VALIDATING_OFFICIAL, CAPITAL, (), "official-08", "Diamond Officer"),
    Person("corin.ashby", "Corin Ashby", Role.VALIDATING_OFFICIAL, NORTH, (), "official-09", "Diamond Officer"),
    Person("bram.osier", "Bram Osier", Role.CUSTOMS, CAPITAL),
    Person("nell.harrow", "Nell Harrow", Role.IMPORTING_OFFICIAL, CAPITAL),
    Person("vera.locke", "Vera Locke", Role.AUDITOR),
    Person("theo.quill", "Theo Quill", Role.STATISTICIAN),
    Person("ruben.stride", "Ruben Stride", Role.EXPORTER, traders=("Quayside Rough Trading",)),
    Person("ada.finch", "Ada Finch", Role.AGENT, traders=("Selle River Mining", "Lantern Hill Stones")),
    Person("jonah.teal", "Jonah Teal", Role.EXPORTER, traders=("Redwater Cooperative",)),
    Person("odile.marsh", "Odile Marsh", Role.EXPORTER, traders=("Brindle Alluvials",)),
    Person("pia.renner", "Pia Renner", Role.EXPORTER, traders=("Swift Casket Couriers",)),
)
ABSENT, DEPUTY = "edda.thorne", "corin.ashby"
AWAY: Final = timedelta(days=12)
"""Before the present: since then the absent official has a deputy."""


@dataclass(frozen=True, slots=True)
class Firm:
    """A trader, its licences and what its book is fed with; weights are whole carats."""

    name: str
    town: str
    licences: tuple[LicenceKind, ...]
    opening: int = 0
    monthly: int = 0
    usual: int = 0
    """Carats of a usual shipment."""
    share: int = 0
    """How many of a hundred shipments are this firm's."""
    office: str = CAPITAL


FIRMS: Final = (
    Firm(
        "Selle River Mining",
        "Port Selle",
        (LicenceKind.EXPORTER, LicenceKind.INDUSTRIAL_MINER),
        90_000,
        30_000,
        1500,
        32,
    ),
    Firm("Quayside Rough Trading", CAPITAL, (LicenceKind.EXPORTER, LicenceKind.IMPORTER), 30_000, 0, 500, 26),
    Firm("Lantern Hill Stones", NORTH, (LicenceKind.EXPORTER,), 25_000, 0, 350, 18, NORTH),
    Firm("Redwater Cooperative", NORTH, (LicenceKind.EXPORTER, LicenceKind.ARTISANAL_MINER), 4_000, 900, 80, 12, NORTH),
    Firm(
        "Brindle Alluvials", NORTH, (LicenceKind.EXPORTER, LicenceKind.ARTISANAL_MINER), 15_000, 4_500, 600, 12, NORTH
    ),
    Firm("Swift Casket Couriers", CAPITAL, (LicenceKind.COURIER,)),
)
SUSPENDED, LICENCE_ENDED = "Brindle Alluvials", "Redwater Cooperative"
STOPPED: Final = (SUSPENDED, LICENCE_ENDED)
"""Firms that cannot lodge any more today."""
SALES: Final = (
    ("Selle River Mining", "Quayside Rough Trading", 6_000),
    ("Selle River Mining", "Lantern Hill Stones", 5_000),
    ("Brindle Alluvials", "Lantern Hill Stones", 400),
)
"""What is sold at home each month, in whole carats."""

PARTNERS: Final = ("EU", "AE", "IN", "ZA", "CN", "IL", "US", "NA", "CH", "CA")
FIRST_SHEET, LAST_SHEET = 5001, 5600


@dataclass
class House:
    """The ministry as it stands: who its people are to the node, its traders, and where its numbers are."""

    begun: datetime
    until: datetime
    users: dict[str, User] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """Of each login the secret of its authenticator."""
    firms: dict[str, Trader] = field(default_factory=dict)
    sheets: int = 0
    """The block of pre-printed sheets."""

    def who(self, login: str, *, at: datetime) -> Actor:
        """Return who somebody is at this instant, with the roles that the node knows of."""
        return people.actor(self.users[login], at=at)


def person(login: str) -> Person:
    """Return somebody by their login name."""
    return next(each for each in PEOPLE if each.login == login)


def firm(name: str) -> Firm:
    """Return a firm by its name."""
    return next(each for each in FIRMS if each.name == name)


def speaker(name: str) -> str:
    """Return the login of whoever acts for a firm."""
    return next(each.login for each in PEOPLE if name in each.traders)


def make_keys(home: Path, *, at: datetime) -> None:
    """Make root, stamp and a key for each official; a real root lies in a safe and not in the folder of the node."""
    folder = AuthorityFolder(home / "authority")
    folder.create(participant=ParticipantCode("BW"), authority=AUTHORITY, passphrase=ROOT_PASSPHRASE, at=at)
    wanted = [(Usage.STAMP, "stamp-01", "", STAMP_PASSPHRASE)]
    # The deputy's key serves at both offices.
    wanted += [
        (Usage.VALIDATE, each.holder, "" if each.login == DEPUTY else each.office, each.passphrase)
        for each in PEOPLE
        if each.holder
    ]
    for usage, holder, office, passphrase in wanted:
        folder.add_key(
            usage=usage, holder=holder, office=office, root_passphrase=ROOT_PASSPHRASE, passphrase=passphrase, at=at
        )
    write(home / "stamp-passphrase", f"{STAMP_PASSPHRASE}\n".encode(), secret=True)


def found(home: Path, *, begun: datetime, until: datetime) -> House:
    """Found the ministry: keys, people, offices, officials, partners, numbers, traders and what they begin with."""
    house = House(begun, until)
    make_keys(home, at=begun)
    chief = _accounts(house)
    _registry(house, by=chief)
    _firms(house)
    _grants(house, by=chief)
    _books(house)
    return house


def _accounts(house: House) -> Actor:
    """Make the accounts and their authenticators; the administrator's comes first and makes the others."""
    by = OPERATOR
    for each in PEOPLE:
        made = accounts.create(
            login=each.login,
            name=each.name,
            email=f"{each.login}@ministry.example",
            password=PASSWORD,
            by=by,
            at=house.begun,
        )
        house.users[each.login] = made.user
        house.secrets[each.login] = accounts.give_authenticator(user=made.user.identifier, by=by, at=house.begun)
        if not each.traders:
            accounts.grant(user=made.user.identifier, role=each.role, office=each.office, by=by, at=house.begun)
        if each.role is Role.ADMINISTRATOR:
            by = house.who(each.login, at=house.begun)
    return by


def _registry(house: House, *, by: Actor) -> None:
    at = house.begun
    for name, street in ((CAPITAL, "1 Assay Square"), (NORTH, "14 Old Tailings Road")):
        registry.open_office(
            name=name,
            address=f"{AUTHORITY}\n{street}\n{name}",
            email=f"{name.lower()}@ministry.example",
            telephone="+267 555 0100",
            by=by,
            at=at,
        )
    for each in PEOPLE:
        if each.holder:
            registry.appoint_official(
                identifier=house.users[each.login].identifier,
                holder=each.holder,
                name=each.name,
                title=each.title,
                office=each.office,
                highest_level=ConsentLevel.PILOT,
                by=by,
                at=at,
            )
    for code in PARTNERS:
        registry.add_partner(
            participant=code,
            authority="",
            pre_advice=(f"pre-advice@{code.lower()}.authority.example",),
            confirmations=(f"confirmations@{code.lower()}.authority.example",),
            alerts=(f"alerts@{code.lower()}.authority.example",),
            remark="An address that reaches nobody.",
            by=by,
            at=at,
        )
    numbers.allot(office=CAPITAL, first=10_001, last=19_999, width=8, on_sheets=False, by=by, at=at)
    block = numbers.allot(office=NORTH, first=FIRST_SHEET, last=LAST_SHEET, width=8, on_sheets=True, by=by, at=at)
    house.sheets = block.pk


def _grants(house: House, *, by: Actor) -> None:
    for each in PEOPLE:
        for trader in each.traders:
            accounts.grant(
                user=house.users[each.login].identifier,
                role=each.role,
                trader=house.firms[trader].reference,
                by=by,
                at=house.begun,
            )


def _firms(house: House) -> None:
    """Register the traders with licences, contacts and address books."""
    at = house.begun
    by = house.who("tamsin.vale", at=at)
    for index, each in enumerate(FIRMS):
        trader = traders.register(
            name=each.name,
            address=f"Plot {index + 11}, Sample Park, {each.town}",
            town=each.town,
            country="BW",
            residence="company registered in Botswana",
            beneficial_owners=f"{('Ola', 'Piet', 'Suri', 'Finn', 'Greta', 'Ilan')[index]} Example",
            by=by,
            at=at,
        )
        house.firms[each.name] = trader
        for kind in each.licences:
            traders.grant_licence(
                trader=trader,
                kind=kind,
                number=f"EX-{index + 1:04d}-{kind.name[:3]}",
                since=at.date() - timedelta(days=30),
                until=house.until.date() + timedelta(days=200),
                area=f"Block {index + 7}, Selle River" if kind.is_miner else "",
                by=by,
                at=at,
            )
        spoken = person(speaker(each.name))
        traders.authorise_contact(
            trader=trader,
            name=spoken.name,
            email=f"{spoken.login}@traders.example",
            telephone="+267 555 0199",
            since=at.date(),
            may_lodge=True,
            by=by,
            at=at,
        )


def _books(house: House) -> None:
    """Enter what the traders hold as it begins, and fill their address books."""
    at = house.begun
    by = house.who("tamsin.vale", at=at)
    for index, each in enumerate(FIRMS):
        trader = house.firms[each.name]
        own = house.who(speaker(each.name), at=at)
        if each.opening:
            traders.enter(
                trader=trader,
                origin="BW",
                kind=EntryKind.OPENING_STOCK,
                carats=Carats(each.opening * 100),
                on=at.date(),
                reference="stock count",
                by=by,
                at=at,
            )
            traders.declare_stock(trader=trader, year=at.year, stock={"BW": Carats(each.opening * 100)}, by=own, at=at)
        for party in parties()[index : index + 4]:
            known = {name: party[name] for name in ("name", "latin_name", "address", "town", "country")}
            traders.add_known_party(trader=trader, on=at.date(), by=own, at=at, **known)


def parties() -> list[dict[str, Any]]:
    """Return the invented importers of the partners, in the order of their file."""
    path = Path(__file__).parent / "invented" / "parties.csv"
    with path.open(encoding="utf-8", newline="") as table:
        rows = [
            row for row in csv.DictReader(table) if row["participant"] in {"EU", "AE", "IN", "IL", "US", "CN", "ZA"}
        ]
    return sorted(rows, key=lambda row: (row["participant"] != "EU", row["licence"]))
