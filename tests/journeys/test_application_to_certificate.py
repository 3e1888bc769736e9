"""From a trader's first step to a certificate that anybody verifies: three people, three browsers, one document."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from macle.node.exporting.models import Certificate, Step
from macle.node.permissions import Role
from tests.journeys.house import a_house
from tests.support.browsers import apart
from tests.support.node_audit import a_pdf
from tests.unit.cli.desk import succeed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.journeys.conftest import Clock
    from tests.journeys.house import House, Person
    from tests.support.hands import Hand


def apply(hand: Hand, invoice: Path) -> None:
    """Fill in an application, step by step."""
    hand.follow("Start an application", within="main")
    hand.press("Begin")
    hand.choose("To which Participant does the shipment go?", "European Union")
    hand.press("Save and continue")
    hand.write("Name of the importer", "Quayside Rough Trading")
    hand.write("Street and number", "12 Invented Quay")
    hand.write("Town", "Antwerp")
    hand.choose("Country", "Belgium")
    hand.press("Save and continue")
    goods = hand.page.locator("fieldset", has_text="7102.31 non-industrial")
    hand.write_into(goods.get_by_label("Weight"), "205.18")
    hand.write_into(goods.get_by_label("Value"), "41036.00")
    hand.write("How many parcels?", "3")
    hand.press("Save and continue")
    hand.pick("All of it in one country")
    hand.choose(re.compile("Country 1"), "Botswana")
    hand.choose("Country of provenance", "Botswana")
    hand.press("Save and continue")
    hand.choose(re.compile("^Kind"), "Production record")
    hand.write(re.compile("^Its number"), "PR-2026-11")
    hand.write(re.compile("^Carats"), "205.18")
    hand.press("Save and continue")
    hand.choose("What is it?", "Invoice")
    hand.bring("File", invoice)
    hand.press("Add it")
    hand.sees("The file is kept.", within="body")
    hand.follow("Continue", within="main")
    hand.pick("No")
    hand.tick(re.compile("not conflict diamonds"))
    hand.press("Save and continue")
    assert hand.heading() == "Check your answers"
    hand.press("Lodge")
    hand.sees("Lodged. The office weighs, counts and values the goods.", within="body")


def test_an_application_becomes_a_certificate_in_the_hands_of_three_people(
    enter: Callable[..., Person], tmp_path: Path
) -> None:
    invoice = tmp_path / "invoice.pdf"
    invoice.write_bytes(a_pdf())
    with a_house() as house:
        trader = enter(house, Role.EXPORTER)
        apply(trader.hand, invoice)
        clerk = enter(house, Role.EXAMINER)
        clerk.hand.follow("Examine the goods", within="main")
        clerk.hand.write("Parcels counted", "3")
        clerk.hand.write(re.compile("7102.31 non-industrial: weight"), "205.18")
        clerk.hand.write(re.compile("7102.31 non-industrial: value"), "41036.00")
        clerk.hand.press("Examine the goods")
        clerk.hand.follow("Reserve a number", within="main")
        clerk.hand.press("Reserve a number")
        clerk.hand.follow("Record the seals", within="main")
        clerk.hand.write("Container seals", "SL 771204")
        clerk.hand.press("Record the seals")
        official = enter(house, Role.VALIDATING_OFFICIAL)
        official.hand.follow("Validate", within="main")
        official.consent()
        official.hand.sees("BW00004001 is validated.", within="body")
        official.hand.follow("Record the departure", within="main")
        official.hand.press("Record the departure")
        official.hand.sees("Confirm the import")
        trader.open("/certificates/").follow(re.compile("BW ?0000 ?4001|BW00004001"), within="main")
        trader.hand.sees("205.18")
        people = apart(_who_did_it)
        assert people == {house.users[role].identifier for role in house.users}


def _who_did_it() -> set[str]:
    return set(Step.objects.values_list("actor", flat=True))


def test_what_was_signed_on_the_page_verifies_elsewhere(
    enter: Callable[..., Person], clock: Clock, tmp_path: Path
) -> None:
    with a_house() as house:
        matter = apart(house.sealed, clock.at)
        official = enter(house, Role.VALIDATING_OFFICIAL)
        official.open(f"/applications/{matter.reference}/validate")
        official.consent()
        hand = official.hand
        signed = hand.fetch(re.compile("^Signed object"), tmp_path / "certificate.cose", is_link=True)
        hand.follow("Certificate", within="main")
        printed = hand.fetch("Print the certificate", tmp_path / "certificate.pdf")
        certificate = apart(Certificate.objects.get)
        for file in (signed, printed):
            said = apart(verified, house, file, clock, tmp_path)
            assert "Valid" in said
            assert "Selle River Mining" in said
            assert certificate.number in said.replace(" ", "")


def verified(house: House, file: Path, clock: Clock, folder: Path) -> str:
    """Return what the verifier says of a file to somebody who pinned the authority's record."""
    record, trust = house.home / "authority" / "record.cose", folder / "trust"
    words = succeed("trust", "fingerprint", record)
    succeed("trust", "pin", record, "--trust", trust, "--fingerprint", words, "--at", f"{clock.at:%Y-%m-%dT%H:%M:%SZ}")
    return succeed("verify", file, "--trust", trust, "--at", f"{clock.at + timedelta(days=1):%Y-%m-%d}")
