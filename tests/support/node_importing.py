"""Builders for the importing desk: two offices, a partner whose record is believed, and what it signs."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from macle.node.accounts.consent import Consent
from macle.node.importing.actions import confirming, deciding, inspecting, presenting
from macle.node.importing.actions.deciding import Ground
from macle.node.permissions import Actor, Held, Role
from macle.node.registry import actions as registry
from macle.paper.carriers import Carried
from macle.paper.decisions import DecisionKind
from macle.proof import codec, cose, qr
from macle.proof.folders import AuthorityFolder
from macle.proof.keys import Usage
from macle.scheme.certificates import ConsentLevel
from macle.scheme.confirmations import Count, SealState
from macle.scheme.terms import HSCode, ParticipantCode
from tests.support import builders, node_registry, node_traders
from tests.support.node_registry import ADMINISTRATOR, OFFICE, PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from macle.node.importing.models import Confirmation, Decision, Inspection, Shipment
    from macle.node.traders.models import Trader
    from macle.scheme.certificates import Certificate

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
OTHER_OFFICE = "Quayside Office"
IMPORTING = Actor(identifier="user-orr", held=(Held(role=Role.IMPORTING_OFFICIAL, office=OFFICE),))
ELSEWHERE = Actor(identifier="user-lund", held=(Held(role=Role.IMPORTING_OFFICIAL, office=OTHER_OFFICE),))


@dataclass(frozen=True)
class House:
    """What the desk needs before the first shipment comes."""

    partner: node_registry.Authority
    trader: Trader

    def certificate(self, **changes: Any) -> Certificate:
        """Return what the partner issues for a shipment to this Participant."""
        given: dict[str, Any] = {
            "number": "ZA00004821",
            "office": "Kimberley",
            "issuing_authority": "Brindle Diamond Regulator",
            "destination": ParticipantCode("BW"),
            "country_of_provenance": ParticipantCode("ZA"),
            "origin": builders.an_origin("ZA"),
            "importer": builders.an_importer(name=self.trader.name, town="Gaborone", licence=""),
            "date_of_issuance": date(2026, 11, 20),
            "date_of_expiry": date(2027, 1, 18),
        }
        return builders.a_certificate(**(given | changes))

    def signed(self, *, holder: str = "official-01", **changes: Any) -> bytes:
        """Return a certificate of the partner, signed by its official."""
        signer = self.partner.folder.signer(holder=holder, usage=Usage.VALIDATE, passphrase=PASSPHRASE)
        payload = codec.encode_certificate(self.certificate(**changes))
        return cose.sign(signer=signer, typ=cose.CERTIFICATE, payload=payload).to_bytes()

    def code(self, **changes: Any) -> Carried:
        """Return the code of such a certificate, as it is scanned from paper."""
        return scanned(self.signed(**changes))


def scanned(data: bytes) -> Carried:
    return Carried(qr.to_text(data), "QR text", None)


@contextmanager
def a_house(*, is_believed: bool = True) -> Iterator[House]:
    """Open two offices and enter a partner, whose record is believed unless told otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        node_registry.keys_in(home)
        with node_registry.configured(home=home, authority="Selle Diamond Office"):
            made = opened(home, is_believed=is_believed)
            appointed(home)
            yield made


def opened(home: Path, *, is_believed: bool = True) -> House:
    """Open the offices of a node whose keys are there."""
    node_registry.an_office()
    node_registry.an_office(name=OTHER_OFFICE, address="2 Quay Road\nPort Selle")
    node_registry.a_partner()
    partner = node_registry.an_authority(home / "partners")
    if is_believed:
        registry.pin_record(
            of="ZA", data=partner.record, words=partner.words, by=ADMINISTRATOR, at=AT - timedelta(days=30)
        )
    return House(partner, node_traders.a_trader())


def appointed(home: Path, *, holder: str = "official-21", **changes: Any) -> None:
    """Appoint Mirel Orr, who confirms imports, with a key to do so."""
    AuthorityFolder(home / "authority").add_key(
        usage=Usage.CONFIRM,
        holder=holder,
        office="",
        root_passphrase=node_registry.ROOT_PASSPHRASE,
        passphrase=PASSPHRASE,
        at=node_registry.SINCE,
    )
    given: dict[str, Any] = {"identifier": IMPORTING.identifier, "name": "Mirel Orr", "at": AT}
    node_registry.an_official(holder=holder, **(given | changes))


def later(minutes: int) -> datetime:
    return AT + timedelta(minutes=minutes)


def presented(carried: Carried, **changes: Any) -> presenting.Presented:
    given: dict[str, Any] = {"carried": carried, "office": OFFICE, "by": IMPORTING, "at": AT}
    return presenting.present(**(given | changes))


def decided(shipment: Shipment, kind: DecisionKind = DecisionKind.DETENTION, **changes: Any) -> Decision:
    given: dict[str, Any] = {
        "reference": shipment.reference,
        "kind": kind,
        "grounds": [Ground(text="4.00 ct too little.", source="An invented act, section 4")],
        "appeal": "To an invented tribunal, within thirty days.",
        "by": IMPORTING,
        "at": later(6),
    }
    return deciding.decide(**(given | changes))


def counted(carats: str = "205.18", *, parcels: int = 3) -> Count:
    """Return what is declared, with another weight of the first heading or another number of parcels."""
    return Count(parcels, (builders.a_line(carats=carats), builders.a_line(HSCode.INDUSTRIAL, "1000.00", "12500.50")))


def inspected(shipment: Shipment, *, by: Actor = IMPORTING, at: datetime | None = None, **changes: Any) -> Inspection:
    """Inspect a shipment: seals whole and all as declared, unless told otherwise."""
    given: dict[str, Any] = {"seals": SealState.INTACT, "measured": counted()}
    found = inspecting.Found(**(given | changes))
    inspection = inspecting.inspect(reference=shipment.reference, found=found, by=by, at=at or later(5))
    shipment.refresh_from_db()
    return inspection


def confirmed(shipment: Shipment, *, by: Actor = IMPORTING, at: datetime = AT) -> Confirmation:
    """Release what agrees, and confirm it with the official's consent."""
    inspecting.release(reference=shipment.reference, by=by, at=at)
    intent = confirming.prepare(reference=shipment.reference, by=by, at=at)
    consent = Consent(level=ConsentLevel.PILOT, by=by.identifier, at=at, challenge=bytes.fromhex(intent.identity))
    return confirming.confirm(
        reference=shipment.reference, identity=intent.identity, secret=PASSPHRASE, consent=consent, by=by, at=at
    )
