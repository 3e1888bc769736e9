"""The exporting desk by machine: from a draft to a confirmed certificate, and what stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from macle.node.exporting.models import Application
from macle.node.permissions import Role
from macle.proof import codec, cose
from tests.support import node_exporting
from tests.support.node_accounts import PASSWORD, code_of
from tests.support.node_interface import Program, problem
from tests.support.node_registry import OFFICE, PASSPHRASE
from tests.support.node_world import LATER, World, a_lasting_world, undone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def lasting(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:  # noqa: ARG001 (a database)
    with django_db_blocker.unblock(), a_lasting_world() as made:
        yield made


@pytest.fixture
def world(lasting: World) -> Iterator[World]:
    with undone(whole=True):
        yield lasting


def program(world: World, role: Role) -> Program:
    return Program.of(world.people[role], at=LATER)


def entered(world: World) -> dict[str, object]:
    house = node_exporting.House(world.own.trader, world.own.lodging, home=world.home)
    return house.entered()


WEIGHED = {"parcels": 3, "lines": [{"hs": "7102.31", "carats": 20518, "value": 4103600}]}


class TestFromDraftToConfirmation:
    def test_every_act_of_the_way_is_done_by_programs(self, world: World) -> None:
        exporter, examiner = program(world, Role.EXPORTER), program(world, Role.EXAMINER)
        official = program(world, Role.VALIDATING_OFFICIAL)

        begun = exporter.do(
            "/applications",
            {"trader": world.own.trader.reference, "office": OFFICE, "application": entered(world)},
        )
        matter = f"/applications/{begun['reference']}"
        assert (begun["state"], begun["channel"], begun["carats"], begun["value"]) == (
            "draft",
            "interface",
            20518,
            4103600,
        )
        assert exporter.do(f"{matter}/lodge")["state"] == "submitted"
        assert examiner.do(f"{matter}/examine", WEIGHED)["state"] == "under_examination"
        number = examiner.do(f"{matter}/reserve")["number"]
        assert examiner.do(f"{matter}/seal", {"seals": ["SL 771204"]})["state"] == "sealed"

        prepared = official.do(f"{matter}/validation")
        assert (prepared["number"], prepared["level"], prepared["passkey"]) == (number, "pilot", None)
        assert prepared["certificate"]["carat_weight"] == "205.18"
        assert official.read(f"{matter}/validation")["identity"] == prepared["identity"]
        assert official.get(f"{matter}/validation/document").content.startswith(b"%PDF-")

        signed = official.do(
            f"{matter}/validation/sign",
            {
                "identity": prepared["identity"],
                "secret": PASSPHRASE,
                "password": PASSWORD,
                "code": code_of(world.people[Role.VALIDATING_OFFICIAL], LATER),
            },
        )
        assert (signed["number"], signed["identity"], signed["state"]) == (number, prepared["identity"], "validated")
        bytes_of_it = official.get(f"/certificates/{number}/signed")
        assert bytes_of_it.headers["Content-Type"] == "application/cose"
        object_of_it = cose.read(bytes_of_it.content)
        assert object_of_it.identity.hex() == prepared["identity"]
        assert str(codec.decode_certificate(object_of_it.payload).number) == number
        assert exporter.read(f"/certificates/{number}")["certificate"] == prepared["certificate"]
        printed = official.post(f"{matter}/print", {"what": "original"})
        assert printed.headers["Content-Type"] == "application/pdf"
        assert printed.content.startswith(b"%PDF-")

        assert official.do(f"{matter}/dispatch")["state"] == "dispatched"
        confirmed = official.do(
            "/confirmations",
            {
                "number": number,
                "arrival": "e-mail",
                "received_on": "2026-11-25",
                "date_of_receipt": "2026-11-25",
                "opened": True,
                "parcels": 3,
                "carats": 20508,
                "value": 4103600,
            },
        )
        assert confirmed["differs"] == ["carats"]
        settled = official.do(f"/certificates/{number}/settle", {"text": "Their scales were adjusted."})
        assert settled["settled"] == "Their scales were adjusted."
        whole = exporter.read(matter)
        assert whole["state"] == "confirmed"
        assert [each["act"] for each in whole["acts"]][:3] == ["submit", "examine", "reserve"]

    def test_a_lodging_that_rules_refuse_says_every_breach_with_its_source(self, world: World) -> None:
        exporter = program(world, Role.EXPORTER)
        wrong = entered(world) | {"synthetics_declared": True, "not_conflict_diamonds": False}
        begun = exporter.do(
            "/applications", {"trader": world.own.trader.reference, "office": OFFICE, "application": wrong}
        )
        said = problem(exporter.post(f"/applications/{begun['reference']}/lodge"), 422, "rules-refuse")
        assert len(said["breaches"]) > 1
        assert {each["rule"] for each in said["breaches"]} >= {"I.synthetics"}
        assert all(each["source"] and each["what"] and each["outcome"] for each in said["breaches"])

    def test_a_draft_is_changed_field_by_field(self, world: World) -> None:
        exporter = program(world, Role.EXPORTER)
        matter = f"/applications/{world.own.matters['draft'].reference}"
        exporter.do(f"{matter}/entered", {"parcels": 4, "languages": []}, method="PATCH")
        now = exporter.read(matter)["entered"]
        assert (now["parcels"], "languages" in now) == (4, False)


class TestConsent:
    def consent(self, world: World, identity: str, **changes: str) -> dict[str, str]:
        code = code_of(world.people[Role.VALIDATING_OFFICIAL], LATER)
        return {"identity": identity, "secret": PASSPHRASE, "password": PASSWORD, "code": code} | changes

    def test_a_wrong_password_signs_nothing(self, world: World) -> None:
        official = program(world, Role.VALIDATING_OFFICIAL)
        reference = world.own.matters["sealed"].reference
        identity = official.do(f"/applications/{reference}/validation")["identity"]
        answer = official.post(
            f"/applications/{reference}/validation/sign", self.consent(world, identity, password="wrong")
        )
        problem(answer, 403, "consent-refused")
        assert Application.objects.get(reference=reference).state == "sealed"

    def test_five_wrong_passwords_lock_the_name(self, world: World) -> None:
        official = program(world, Role.VALIDATING_OFFICIAL)
        address = f"/applications/{world.own.matters['sealed'].reference}/validation"
        identity = official.do(address)["identity"]
        wrong = self.consent(world, identity, password="wrong")
        for _ in range(4):
            problem(official.post(f"{address}/sign", wrong), 403, "consent-refused")
        problem(official.post(f"{address}/sign", wrong), 403, "sign-in-locked")
        problem(official.post(f"{address}/sign", self.consent(world, identity)), 403, "sign-in-locked")

    def test_what_was_not_looked_at_is_not_signed(self, world: World) -> None:
        official = program(world, Role.VALIDATING_OFFICIAL)
        address = f"/applications/{world.own.matters['sealed'].reference}/validation"
        official.do(address)
        problem(official.post(f"{address}/sign", self.consent(world, "00" * 32)), 409, "intent-missing")


class TestFiles:
    def test_a_file_is_attached_once_and_read_again(self, world: World, tmp_path: Path) -> None:
        exporter = program(world, Role.EXPORTER)
        reference = world.own.matters["draft"].reference
        file = tmp_path / "packing.txt"
        file.write_text("Three parcels.\n", encoding="utf-8")

        def attach(key: str) -> dict[str, object]:
            with file.open("rb") as upload:
                answer = exporter.client.post(
                    f"/api/v1/applications/{reference}/files",
                    {"kind": "packing list", "upload": upload},
                    headers={"Authorization": f"Bearer {exporter.secret}", "Idempotency-Key": key},
                )
            assert answer.status_code == 201, answer.content
            said: dict[str, object] = answer.json()
            return said

        first = attach("one")
        assert attach("one") == first == attach("two")
        assert len(exporter.read(f"/applications/{reference}")["files"]) == 2
        read = exporter.get(f"/applications/{reference}/files/{first['id']}")
        assert read.content == b"Three parcels.\n"
        assert read.headers["Content-Disposition"].startswith("attachment")

    def test_what_nobody_can_open_is_refused(self, world: World) -> None:
        exporter = program(world, Role.EXPORTER)
        answer = exporter.client.post(
            f"/api/v1/applications/{world.own.matters['draft'].reference}/files",
            {"kind": "invoice", "upload": ""},
            headers={"Authorization": f"Bearer {exporter.secret}", "Idempotency-Key": "x"},
        )
        problem(answer, 400, "request-malformed")  # type: ignore[arg-type]


class TestWhatATraderMayKnow:
    def test_a_suspicion_is_not_told(self, world: World) -> None:
        official, exporter = program(world, Role.VALIDATING_OFFICIAL), program(world, Role.EXPORTER)
        matter = world.own.matters["dispatched"]
        address, number = f"/applications/{matter.reference}", world.own.certificates["dispatched"].number
        assert official.do(f"{address}/suspect", {"text": "Its seals were seen elsewhere."})["state"] == "dispatched"
        told = exporter.read(address)
        assert (told["state"], told["acts"], told["next"], told["findings"]) == ("under_examination", [], [], [])
        assert exporter.read(f"/certificates/{number}")["state"] == "under_examination"
        (listed,) = exporter.read(f"/applications?number={number}")["items"]
        assert listed["state"] == "under_examination"
        listed = exporter.read("/applications?state=dispatched")["items"]
        assert matter.reference not in {each["reference"] for each in listed}
        assert official.do(f"{address}/clear", {"text": "It was another seal."})["state"] == "dispatched"


class TestNumbersAndCustoms:
    def test_blocks_and_their_numbers_are_read(self, world: World) -> None:
        official = program(world, Role.VALIDATING_OFFICIAL)
        blocks = official.read("/blocks")["items"]
        assert {each["office"] for each in blocks} == {OFFICE}
        plain = next(each for each in blocks if not each["on_sheets"])
        taken = official.read(f"/blocks/{plain['id']}/numbers")["items"]
        assert {each["use"] for each in taken} >= {"issued", "reserved"}

    def test_customs_asks_whether_it_may_leave(self, world: World) -> None:
        customs = program(world, Role.CUSTOMS)
        number = world.own.certificates["validated"].number
        seen = customs.do("/customs/look", {"what": number})
        assert (seen["number"], seen["certificate"]["number"]) == (number, number)
        problem(customs.post("/customs/look", {"what": "?"}), 400, "term-invalid")
