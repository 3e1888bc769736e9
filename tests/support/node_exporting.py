"""Builders for the exporting desk: an office with keys, numbers, people and a trader whose book covers its goods."""

from __future__ import annotations

import tempfile
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from macle.node.accounts.consent import Consent
from macle.node.audit import queries as audit
from macle.node.audit.models import Line
from macle.node.exchange.models import Letter
from macle.node.exporting import queries
from macle.node.exporting.actions import applications, certificates, confirmations, desk, numbers, validation
from macle.node.exporting.models import Application, Arrival, Block, Number, Step
from macle.node.permissions import Actor, Held, Role
from macle.node.traders import queries as traders
from macle.node.traders.models import BalanceEntry, Message
from macle.proof.folders import AuthorityFolder
from macle.proof.keys import Usage
from macle.scheme import lifecycle, profiles
from macle.scheme.certificates import ConsentLevel
from macle.scheme.lifecycle import CertificateState
from macle.scheme.terms import Carats, CountryCode, HSCode, USDollars
from tests.support import node_registry, node_traders
from tests.support.node_registry import ADMINISTRATOR, OFFICE, PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from macle.node.exporting.models import Certificate, Intent
    from macle.node.traders.models import Trader
    from macle.scheme.terms import ParticipantCode

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
EXAMINER = Actor(
    identifier="user-pell",
    held=(Held(role=Role.EXAMINER, office=OFFICE), Held(role=Role.VALIDATING_OFFICIAL, office=OFFICE)),
)
OFFICIAL = Actor(identifier="user-vale", held=(Held(role=Role.VALIDATING_OFFICIAL, office=OFFICE),))
LINES = {HSCode.NON_INDUSTRIAL: (Carats(20518), USDollars(4103600))}


@dataclass(frozen=True)
class House:
    """What the desk needs before the first application comes."""

    trader: Trader
    exporter: Actor
    home: Path

    def entered(self, **changes: Any) -> dict[str, Any]:
        """Return what a trader enters for a sound shipment."""
        return {
            "kind": "standard",
            "importer": {
                "name": "Quayside Rough Trading",
                "address": "12 Invented Quay",
                "town": "Antwerp",
                "country": "BE",
            },
            "destination": "EU",
            "country_of_provenance": "BW",
            "origin": {"kind": "single", "countries": ["BW"]},
            "lines": [{"hs": "7102.31", "carats": "205.18", "value": "41036.00"}],
            "parcels": 3,
            "not_conflict_diamonds": True,
            "synthetics_declared": False,
            "sources": [{"kind": "production_record", "reference": "PR-2026-11", "carats": "205.18"}],
        } | changes


@contextmanager
def a_house(*, carats: str = "10000.00", on_sheets: bool = False, **settings: Any) -> Iterator[House]:
    """Open an office with an official's key, a block of numbers, a partner and a trader with so many carats."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        node_registry.keys_in(home)
        given = {"home": home, "authority": "Selle Diamond Office"} | settings
        with node_registry.configured(**given):
            yield furnished(home, carats=carats, on_sheets=on_sheets)


def furnished(home: Path, *, carats: str = "10000.00", on_sheets: bool = False) -> House:
    """Furnish a node whose keys are there: an office, its official and numbers, a partner, and a trader."""
    node_registry.an_office()
    node_registry.an_official()
    node_registry.a_partner(participant="EU")
    a_block(on_sheets=on_sheets)
    trader = node_traders.a_trader()
    node_traders.a_licence(trader)
    if carats:
        node_traders.an_entry(trader, carats)
    return House(trader, node_traders.an_exporter(trader), home)


def a_block(*, first: int = 4001, last: int = 4999, on_sheets: bool = False) -> None:
    block = numbers.allot(office=OFFICE, first=first, last=last, width=8, on_sheets=on_sheets, by=ADMINISTRATOR, at=AT)
    if on_sheets:
        numbers.receive(block=block.pk, first=first, last=last, by=EXAMINER, at=AT)


def a_draft(house: House, **changes: Any) -> Application:
    return applications.begin(
        trader=house.trader.reference, office=OFFICE, by=house.exporter, at=AT, entered=house.entered(**changes)
    )


def lodged(house: House, **changes: Any) -> Application:
    draft = a_draft(house, **changes)
    applications.lodge(reference=draft.reference, by=house.exporter, at=AT)
    draft.refresh_from_db()
    return draft


def measured(**changes: Any) -> desk.Measured:
    given: dict[str, Any] = {"parcels": 3, "lines": LINES}
    return desk.Measured(**(given | changes))


def examined(house: House, **changes: Any) -> Application:
    application = lodged(house, **changes)
    lines = changes.get("measured", measured())
    desk.examine(reference=application.reference, measured=lines, by=EXAMINER, at=later(1))
    application.refresh_from_db()
    return application


def reserved(house: House, *, sheet: str = "", **changes: Any) -> tuple[Application, Number]:
    application = examined(house, **changes)
    number = desk.reserve(reference=application.reference, by=EXAMINER, at=later(2), sheet=sheet)
    application.refresh_from_db()
    return application, number


def sealed(house: House, **changes: Any) -> Application:
    application, _ = reserved(house, **changes)
    desk.seal(reference=application.reference, seals=["SL 771204"], by=EXAMINER, at=later(3))
    application.refresh_from_db()
    return application


def validated(house: House, **changes: Any) -> Certificate:
    application = sealed(house, **changes)
    intent = validation.prepare(reference=application.reference, by=OFFICIAL, at=later(4))
    return validation.validate(
        reference=application.reference,
        identity=intent.identity,
        secret=PASSPHRASE,
        consent=consented(intent, OFFICIAL, at=later(5)),
        by=OFFICIAL,
        at=later(5),
    )


def consented(
    intent: Intent, by: Actor, *, at: datetime, level: ConsentLevel = ConsentLevel.PILOT, **changes: Any
) -> Consent:
    """Return that this person consented to what is prepared, as `macle.node.accounts.consent` says it."""
    given: dict[str, Any] = {"level": level, "by": by.identifier, "at": at, "challenge": bytes.fromhex(intent.identity)}
    return Consent(**(given | changes))


def later(minutes: int) -> datetime:
    return AT + timedelta(minutes=minutes)


TODAY = date(2026, 11, 25)

OTHER_OFFICE = "Quayside Office"
BOTSWANA = (CountryCode("BW"),)
VALE = Actor(identifier="user-vale", held=(Held(role=Role.VALIDATING_OFFICIAL, office=OFFICE),))


def somebody(role: Role, *, office: str = "", trader: str = "", identifier: str = "user-vale") -> Actor:
    """Return somebody with one role, for an office or a trader, or for none in particular."""
    return Actor(identifier=identifier, held=(Held(role=role, office=office, trader=trader),))


def deputy(role: Role = Role.VALIDATING_OFFICIAL, *, of: str = "user-away", identifier: str = "user-vale") -> Actor:
    return Actor(identifier=identifier, held=(Held(role=role, office=OFFICE, deputises_for=of),))


@contextmanager
def law(**fields: object) -> Iterator[None]:
    """Let Botswana have a legal profile of its own: the minima of the Scheme with these fields in their place."""
    real = profiles.load()
    folder = resources.files("macle.scheme") / "reference" / "profiles"
    minima = tomllib.loads((folder / "minima.toml").read_text(encoding="utf-8"))
    notes = [note for note in minima["notes"] if note["field"] not in fields]
    head = {"participant": "BW", "version": "BW-test-1"}
    table = {**minima, **head, **fields, "notes": notes}
    zones = real.of("BW", on=TODAY).zones
    own = profiles.read(table, zones=zones)

    def of_minima(code: ParticipantCode) -> profiles.LegalProfile:
        return profiles.read({**minima, "participant": code}, zones=profiles.Zones("Etc/UTC"))

    changed = profiles.Profiles([*real, own], minima=of_minima)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profiles, "load", lambda: changed)
        yield


def sourced(value: object) -> dict[str, object]:
    return {"value": value, "source": "Act 1"}


def a_second_official(home: Path) -> None:
    """Appoint Idris Calder as a second official of the office, with a key of his own."""
    AuthorityFolder(home / "authority").add_key(
        usage=Usage.VALIDATE,
        holder="official-09",
        office="",
        root_passphrase=node_registry.ROOT_PASSPHRASE,
        passphrase=PASSPHRASE,
        at=node_registry.SINCE,
    )
    node_registry.an_official(identifier="user-calder", holder="official-09", name="Idris Calder")


def validate(application: Application, *, by: Actor = OFFICIAL, minute: int = 4, **given: Any) -> Certificate:
    intent = validation.prepare(reference=application.reference, by=by, at=later(minute), **given)
    return sign(intent, by=by, minute=minute + 1)


def sign(intent: Intent, *, by: Actor = OFFICIAL, minute: int = 5, **given: Any) -> Certificate:
    consent = consented(intent, by, at=later(minute))
    arguments: dict[str, Any] = {"secret": PASSPHRASE, "consent": consent, "identity": intent.identity} | given
    return validation.validate(reference=intent.application.reference, by=by, at=later(minute), **arguments)


def dispatched(house: House, **changes: Any) -> Certificate:
    certificate = validated(house, **changes)
    certificates.dispatch(reference=certificate.application.reference, by=OFFICIAL, at=later(6))
    return fresh(certificate)


def fresh(certificate: Certificate) -> Certificate:
    """Return the certificate with its application as both stand now."""
    found: Certificate = type(certificate).objects.select_related("application").get(pk=certificate.pk)
    return found


def a_slip(certificate: Certificate, **changes: Any) -> confirmations.Slip:
    given: dict[str, Any] = {
        "number": certificate.number,
        "arrival": Arrival.POST,
        "received_on": TODAY + timedelta(days=9),
        "date_of_receipt": TODAY + timedelta(days=3),
        "opened": True,
        "parcels": 3,
        "carats": Carats(20518),
        "value": USDollars(4103600),
        "office": "Diamond Office",
    }
    return confirmations.Slip(**(given | changes))


def goes_on(successor: Application, *, minute: int, sheet: str = "") -> Application:
    """Let the desk reserve and seal a successor."""
    desk.reserve(reference=successor.reference, by=EXAMINER, at=later(minute), sheet=sheet)
    desk.seal(reference=successor.reference, seals=["SL 771205"], by=EXAMINER, at=later(minute + 1))
    successor.refresh_from_db()
    return successor


@dataclass(frozen=True)
class Traces:
    """How much of everything there is: what a refused act must leave as it was."""

    steps: int
    lines: int
    letters: int
    messages: int
    numbers: int
    entries: int
    states: tuple[str, ...]

    @classmethod
    def now(cls) -> Traces:
        return cls(
            Step.objects.count(),
            Line.objects.count(),
            Letter.objects.count(),
            Message.objects.count(),
            Number.objects.count(),
            BalanceEntry.objects.count(),
            tuple(Application.objects.order_by("pk").values_list("state", flat=True)),
        )


def faults() -> list[object]:
    """Return everything that does not hold: states, numbers, balances, the chain of the audit."""
    found: list[object] = [*queries.faults(), *traders.balance_faults(), *audit.faults()]
    for block in Block.objects.all():
        found += queries.unaccounted(block)
        found += [
            gap
            for gap in block.gaps.all()
            if Number.objects.filter(block=block, counter__range=(gap.first, gap.last)).exists()
        ]
    for each in Application.objects.exclude(number=""):
        left = queries.has_left(each)
        ended_unused = each.status in {CertificateState.VOID, CertificateState.INVALIDATED, CertificateState.EXPIRED}
        other = each.replacements.exclude(number="").filter(numbers__use__in=["reserved", "issued"]).first()
        is_out = queries.charged(each)
        if ended_unused and not left and is_out:
            found.append(f"{each.reference} ended unused and is still charged")
        if each.status is CertificateState.REPLACED and is_out:
            found.append(f"{each.reference} is replaced and still charged")
        live = not lifecycle.is_terminal(each.status)
        if live and not is_out and (other is None or lifecycle.is_terminal(other.status)):
            found.append(f"{each.reference} lives and is not charged")
    return found
