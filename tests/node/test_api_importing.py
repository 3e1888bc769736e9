"""The importing desk by machine: from a certificate that is presented to a confirmation that is signed."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from macle.node import clock
from macle.node.accounts.models import User
from macle.node.importing.models import Alarm
from macle.node.permissions import Role
from macle.proof import codec, cose, qr
from tests.support import node_importing
from tests.support.node_accounts import PASSWORD, a_holder, code_of
from tests.support.node_interface import Program, problem
from tests.support.node_registry import OFFICE, PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.node_importing import House

pytestmark = pytest.mark.django_db
NOW = node_importing.AT
GROUNDS = {
    "grounds": [{"text": "4.00 ct too little.", "source": "An invented act, section 4"}],
    "appeal": "To an invented tribunal, within thirty days.",
}


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with node_importing.a_house() as made:
        yield made


@pytest.fixture
def desk(house: House) -> Program:
    """Return the program of Mirel Orr, who is appointed with a key of her own."""
    del house
    user = a_holder(Role.IMPORTING_OFFICIAL, "mirel.orr", name="Mirel Orr", office=OFFICE, at=NOW - timedelta(days=1))
    User.objects.filter(pk=user.pk).update(identifier=node_importing.IMPORTING.identifier)
    user.refresh_from_db()
    return Program.of(user, at=NOW)


def figures(house: House, **changes: Any) -> dict[str, Any]:
    certificate = house.certificate()
    lines = [
        {"hs": each.hs.value, "carats": each.carats.hundredths, "value": each.value.hundredths}
        for each in certificate.lines
    ]
    return {"parcels": certificate.parcels, "lines": lines} | changes


def presented(house: House, desk: Program) -> dict[str, Any]:
    said: dict[str, Any] = desk.do("/shipments", {"office": OFFICE, "text": qr.to_text(house.signed())})
    return said


class TestFromPresentationToConfirmation:
    def test_every_act_of_the_way_is_done_by_a_program(self, house: House, desk: Program) -> None:
        came = presented(house, desk)
        assert (came["genuine"], came["in_date"], came["again"]) == ("yes", "yes", False)
        assert came["steps"][0]["result"] == "passed"
        address = f"/shipments/{came['shipment']['reference']}"
        assert presented(house, desk)["again"]
        found = desk.do(f"{address}/inspect", {"seals": "intact", "measured": figures(house)})
        assert found["inspection"]["findings"] == []
        assert desk.do(f"{address}/release")["state"] == "released"

        prepared = desk.do(f"{address}/confirmation", {"remark": "All sound."})
        assert prepared["confirmation"]["remark"] == "All sound."
        consent = {
            "identity": prepared["identity"],
            "secret": PASSPHRASE,
            "password": PASSWORD,
            "code": code_of(User.objects.get(login="mirel.orr"), NOW),
        }
        confirmed = desk.do(f"{address}/confirmation/sign", consent)
        assert confirmed["identity"] == prepared["identity"]
        signed = cose.read(desk.get(f"{address}/confirmation/signed").content)
        assert codec.decode_confirmation(signed.payload).remark == "All sound."
        assert desk.read(address)["confirmed_at"] is not None

    def test_a_file_is_presented_in_base64(self, house: House, desk: Program) -> None:
        content = base64.b64encode(house.signed()).decode()
        came = desk.do("/shipments", {"office": OFFICE, "content": content})
        assert came["shipment"]["number"] == "ZA00004821"
        assert desk.read("/shipments?number=ZA00004821")["items"][0] == came["shipment"]


class TestWhatDoesNotAgree:
    def test_is_detained_with_a_letter(self, house: House, desk: Program) -> None:
        address = f"/shipments/{presented(house, desk)['shipment']['reference']}"
        found = desk.do(f"{address}/inspect", {"seals": "broken", "measured": figures(house, parcels=9)})
        assert found["inspection"]["findings"]
        decision = desk.do(f"{address}/detain", GROUNDS)
        assert decision["kind"] == "detention"
        letter = desk.get(f"{address}/decisions/1")
        assert letter.headers["Content-Type"] == "application/pdf"
        assert letter.content.startswith(b"%PDF-")
        problem(desk.get(f"{address}/decisions/2"), 404, "decision-missing")
        assert desk.do(f"{address}/ask-endorsement", {"text": "Nine parcels."})["state"] == "detained"
        assert desk.do(f"{address}/record-endorsement", {"answer": "consented"})["certificate_state"] == "endorsed"

    def test_a_second_presentation_elsewhere_is_an_alarm_that_stays(self, house: House, desk: Program) -> None:
        node_importing.presented(house.code(), office=node_importing.OTHER_OFFICE, by=node_importing.ELSEWHERE)
        body = {"office": OFFICE, "text": qr.to_text(house.signed())}
        said = problem(desk.post("/shipments", body, key="one"), 422, "presented-elsewhere")
        assert said["rule"] == "III.b.single-use"
        assert Alarm.objects.count() == 1
        assert desk.post("/shipments", body, key="one").json() == said  # type: ignore[attr-defined]
        assert Alarm.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({}, "not-one-certificate"),
            ({"text": "KP1:X", "content": "eA=="}, "not-one-certificate"),
            ({"content": "no base64"}, "not-one-certificate"),
            ({"content": base64.b64encode(b"\xff\xfe\x00").decode()}, "kind-unknown"),
            ({"text": "KP1:NOTHING"}, "nothing-to-present"),
        ],
    )
    def test_what_is_no_certificate_is_refused(self, desk: Program, body: dict[str, str], code: str) -> None:
        problem(desk.post("/shipments", {"office": OFFICE, **body}), 400, code)

    def test_goods_without_a_certificate_are_taken_into_custody(self, desk: Program) -> None:
        goods = {"office": OFFICE, "way": "found", "arrived_on": "2026-11-25", "seals": ["SL 1"]}
        assert desk.do("/received-shipments", goods)["certificate_state"] is None
        problem(desk.post("/received-shipments", goods | {"arrived_on": "2026-11-26"}), 400, "arrival-malformed")


class TestWhatFollows:
    def test_customs_hands_over_and_the_goods_are_forfeited(self, house: House, desk: Program) -> None:
        del house
        customs = Program.of(a_holder(Role.CUSTOMS, "wenna.tarr", office=OFFICE, at=NOW - timedelta(days=1)), at=NOW)
        sent = {"office": OFFICE, "seals": ["CU 77"], "announced": "ZA00004821"}
        problem(customs.post("/handed-over-shipments", sent | {"stopped": True}), 400, "arrival-malformed")
        came = customs.do("/handed-over-shipments", sent)
        assert (came["state"], came["announced"], came["number"]) == ("in_custody", "ZA00004821", None)
        problem(desk.post("/handed-over-shipments", sent), 403, "act-forbidden")

    def test_a_seizure_ends_as_the_law_says(self, house: House, desk: Program) -> None:
        del house
        came = desk.do("/received-shipments", {"office": OFFICE, "way": "found", "arrived_on": "2026-11-25"})
        address = f"/shipments/{came['reference']}"
        desk.do(f"{address}/inspect", {"seals": "broken"})
        desk.do(f"{address}/detain", GROUNDS)
        desk.do(f"{address}/seize", GROUNDS)
        reason = {"reason": "An invented court decided so."}
        assert desk.do(f"{address}/lift-seizure", reason)["state"] == "detained"
        desk.do(f"{address}/seize", GROUNDS)
        desk.do(f"{address}/forfeit", reason)
        assert desk.do(f"{address}/dispose", reason | {"destroyed": True})["state"] == "destroyed"

    def test_what_is_ordered_back_leaves(self, house: House, desk: Program) -> None:
        address = f"/shipments/{presented(house, desk)['shipment']['reference']}"
        desk.do(f"{address}/inspect", {"seals": "intact", "measured": figures(house, parcels=2)})
        desk.do(f"{address}/detain", GROUNDS)
        desk.do(f"{address}/return", GROUNDS)
        assert desk.do(f"{address}/returned")["state"] == "returned"

    def test_only_customs_stops_goods(self, house: House, desk: Program) -> None:
        del house
        sent = {"office": OFFICE, "way": "stopped", "arrived_on": "2026-11-25"}
        problem(desk.post("/received-shipments", sent), 400, "arrival-malformed")
