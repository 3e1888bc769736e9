"""At the importing desk: what is scanned, weighed, stopped, detained and confirmed."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from macle.node.exchange.models import Kind, Letter
from macle.node.importing.models import Alarm, Confirmation, Presentation, Shipment
from macle.node.permissions import Role
from macle.proof import qr
from tests.journeys.house import arrivals
from tests.support.browsers import apart
from tests.support.node_audit import a_picture as a_scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.journeys.house import Arrivals, Person
    from tests.support.hands import Hand

ROLE = Role.IMPORTING_OFFICIAL


def a_picture(house: Arrivals, folder: Path) -> Path:
    """Return a picture of the certificate's code, as somebody takes it."""
    target = folder / "code.png"
    target.write_bytes(qr.code_of(qr.to_text(house.desk.signed())).to_png())
    return target


def present(person: Person, picture: Path) -> Hand:
    hand = person.open("/shipments/desk")
    hand.follow("Present a certificate", within="main")
    hand.bring(re.compile("^Or a file"), picture)
    hand.press("Read it")
    hand.sees("Valid")
    hand.sees("South Africa signed this certificate, and it has not been changed.")
    hand.choose("How did it come?", "Handed over by customs, under seal")
    hand.press("Present it")
    return hand


def weigh(hand: Hand, *, carats: str = "205.18", synthetics: str = "") -> None:
    hand.follow("Inspect it", within="main")
    hand.choose("Seals", "Intact")
    hand.pick("Opened, weighed and counted")
    hand.write(re.compile("^Parcels counted"), "3")
    hand.write(re.compile("7102.21 industrial: weight"), "1000.00")
    hand.write(re.compile("7102.21 industrial: value"), "12500.50")
    hand.write(re.compile("7102.31 non-industrial: weight"), carats)
    hand.write(re.compile("7102.31 non-industrial: value"), "41036.00")
    if synthetics:
        hand.write(re.compile("synthetic diamonds"), synthetics)
    hand.press("Inspect")


def decide(hand: Hand, what: str) -> None:
    hand.follow(what, within="main")
    hand.write("Why", "What was found is not what is declared.")
    hand.write("Provision", "An invented act, section 4")
    hand.write("How to appeal", "To an invented tribunal, within thirty days.")
    hand.press(what)
    hand.sees("It is decided. The letter is on this page.", within="body")


def test_four_carats_too_little_are_detained_endorsed_and_confirmed(
    enter: Callable[..., Person], tmp_path: Path
) -> None:
    with arrivals() as house:
        person = enter(house, ROLE)
        hand = present(person, a_picture(house, tmp_path))
        hand.sees("The certificate is used.", within="body")
        weigh(hand, carats="201.18")
        hand.sees("Does not agree", within="body")
        decide(hand, "Detain it")
        letter = hand.fetch("Detention (PDF)", tmp_path / "letter.pdf", is_link=True)
        assert letter.read_bytes().startswith(b"%PDF")
        hand.follow("Ask for an endorsement", within="main")
        hand.write("Reason", "1,201.18 ct were weighed instead of 1,205.18 ct.")
        hand.press("Ask for an endorsement")
        hand.follow("Record the answer", within="main")
        hand.pick("It consents to the note")
        hand.press("Record the answer")
        hand.follow("Release it", within="main")
        hand.press("Release it")
        hand.follow("Confirm the import", within="main")
        person.consent("confirmation", do="Confirm")
        hand.sees("The confirmation is signed, and on its way to South Africa.", within="body")
        hand.fetch("Confirmation (PDF)", tmp_path / "confirmation.pdf", is_link=True)
        confirmed = apart(Confirmation.objects.get)
        assert confirmed.carats_hundredths == 120_118
        kinds = apart(lambda: sorted(Letter.objects.values_list("kind", flat=True)))
        assert Kind.CONFIRMATION in kinds


def test_a_second_presentation_elsewhere_is_stopped_and_the_same_one_here_is_not(
    enter: Callable[..., Person], tmp_path: Path
) -> None:
    with arrivals() as house:
        picture = a_picture(house, tmp_path)
        hand = present(enter(house, ROLE), picture)
        hand.sees("The certificate is used.", within="body")
        again = present(enter(house, ROLE), picture)
        again.sees("It was presented here before; nothing is written twice.", within="body")
        there = present(enter(house.elsewhere, ROLE), picture)
        assert there.heading() == "Stop: it was presented elsewhere"
        there.sees("Port Selle Diamond Office")
        hand.go(hand.page.url)
        hand.sees("This certificate was presented again.")
        assert apart(Presentation.objects.count) == 1
        assert apart(Alarm.objects.get).office == "Quayside Office"


def test_goods_without_a_certificate_are_seized_and_never_enter_the_trade(
    enter: Callable[..., Person], tmp_path: Path
) -> None:
    del tmp_path
    with arrivals() as house:
        hand = enter(house, ROLE).open("/shipments/desk")
        hand.follow("Receive a shipment", within="main")
        hand.pick("Goods without a certificate")
        hand.write(re.compile("^Remark"), "Found in hand luggage.")
        hand.press("Take it into custody")
        hand.sees("is in custody.", within="body")
        weigh(hand)
        hand.sees("Does not agree", within="body")
        decide(hand, "Detain it")
        decide(hand, "Seize it")
        hand.follow("Record the forfeiture", within="main")
        hand.write("Reason", "An invented court decided so.")
        hand.press("Record the forfeiture")
        hand.follow("Record that it was destroyed", within="main")
        hand.write("Reason", "In the presence of two officials.")
        hand.press("Record that it was destroyed")
        hand.sees("Destroyed", within="body")
        assert apart(Shipment.objects.get).state == "destroyed"


def test_a_synthetic_in_a_parcel_does_not_agree(enter: Callable[..., Person], tmp_path: Path) -> None:
    with arrivals() as house:
        hand = present(enter(house, ROLE), a_picture(house, tmp_path))
        weigh(hand, synthetics="1.10")
        hand.sees("Does not agree", within="body")
        hand.sees(re.compile("Of this weight, .*synthetic diamonds"))
        hand.follow("Detain it", within="main")


def test_a_paper_certificate_is_typed_compared_by_eye_and_confirmed(
    enter: Callable[..., Person], tmp_path: Path
) -> None:
    with arrivals() as house:
        picture = tmp_path / "front.png"
        picture.write_bytes(a_scan())
        person = enter(house, ROLE)
        hand = person.open("/shipments/present")
        hand.write("Code of the certificate", "ZA 00007001")
        hand.press("Read it")
        assert hand.heading() == "Enter a paper certificate"
        hand.date("Issued", date(2026, 11, 20))
        hand.date("Expires", date(2027, 1, 18))
        for who, town, country in (("exporter", "Kimberley", "South Africa"), ("importer", "Port Selle", "Botswana")):
            name = house.desk.trader.name if who == "importer" else "Example Pan Diamonds"
            hand.write(who.capitalize(), name)
            hand.write(f"Town of the {who}", town)
            hand.choose(f"Country of the {who}", country)
        hand.choose(re.compile("^Origin"), "South Africa")
        hand.write(re.compile("7102.31 non-industrial: weight"), "205.18")
        hand.write(re.compile("7102.31 non-industrial: value"), "41036.00")
        hand.write("Parcels", "3")
        hand.write("Container seals", "PX 11")
        hand.bring("Picture of the front", picture)
        hand.pick(re.compile("^Yes: paper"))
        hand.press("See what the rules say")
        hand.sees("Paper is judged by eye: compare it with what South Africa issues.")
        hand.choose("How did it come?", "Came by post")
        hand.press("Present it")
        hand.follow("Inspect it", within="main")
        hand.choose("Seals", "Intact")
        hand.pick("Not opened")
        hand.press("Inspect")
        hand.follow("Release it", within="main")
        hand.press("Release it")
        hand.follow("Confirm the import", within="main")
        person.consent("confirmation", do="Confirm")
        hand.sees("The confirmation is signed, and on its way to South Africa.", within="body")


def test_customs_hands_over_on_a_phone_and_the_desk_presents(enter: Callable[..., Person], tmp_path: Path) -> None:
    with arrivals() as house:
        picture = a_picture(house, tmp_path)
        phone = enter(house, Role.CUSTOMS)
        phone.hand.page.set_viewport_size({"width": 390, "height": 844})
        hand = phone.open("/")
        hand.follow("Arrivals")
        assert hand.heading() == "What arrives"
        hand.bring(re.compile("^Or a file"), picture)
        hand.press("Look at it")
        hand.sees("Valid")
        hand.choose("To which office", "Port Selle Diamond Office")
        hand.write("Seals, also those that you put on", "CU 77")
        hand.write(re.compile("^Customs reference"), "C-118")
        hand.press("Hand it over under seal")
        hand.sees("Handed over to Port Selle Diamond Office.", within="body")
        desk = enter(house, ROLE).open("/shipments/desk")
        desk.sees("Handed over by customs, under seal")
        desk.follow("Present its certificate", within="main")
        desk.bring(re.compile("^Or a file"), picture)
        desk.press("Read it")
        desk.press("Present it")
        desk.sees("Handed over by customs, under seal")
        shipment = apart(Shipment.objects.get)
        assert (shipment.number, shipment.announced, shipment.customs_reference) == (
            "ZA00004821",
            "ZA00004821",
            "C-118",
        )


def test_customs_stops_goods_without_a_certificate(enter: Callable[..., Person]) -> None:
    with arrivals() as house:
        phone = enter(house, Role.CUSTOMS)
        phone.hand.page.set_viewport_size({"width": 390, "height": 844})
        hand = phone.open("/customs/arrivals")
        hand.choose("To which office", "Port Selle Diamond Office")
        hand.write("Seals, also those that you put on", "CU 78")
        hand.press("Stop it")
        hand.sees("Goods are stopped for a reason.")
        hand.write(re.compile("^Remark"), "Found in hand luggage.")
        hand.press("Stop it")
        hand.sees("Stopped: Port Selle Diamond Office decides.", within="body")
        assert apart(Shipment.objects.get).way == "stopped"
