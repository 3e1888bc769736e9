"""Every operation of the interface, asked by every role, for what is theirs and for what is not: as the table says."""

from __future__ import annotations

import json
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from macle.node.permissions import TABLE, Act, Reach, Role
from tests.support import node_operations
from tests.support.node_interface import BASE, Program, problem
from tests.support.node_world import LATER, World, a_lasting_world, undone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpResponse

    from tests.support.node_operations import Asked, Operation

pytestmark = pytest.mark.django_db

OPERATIONS = node_operations.every()
REACHED = {
    *("consent-refused", "consent-missing", "four-eyes", "sign-in-locked"),
    *("decision-missing", "nothing-signed", "official-unknown", "attachment-missing"),
}
"""What is said, in the same words of HTTP, by an act that was reached."""

NOWHERE: dict[str, Any] = {
    "reference": "A-NOWHERE0",
    "number": "BW99999999",
    "attachment": 99_999_999,
    "block": 99_999_999,
    "subscription": uuid.UUID(int=0),
}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:  # noqa: ARG001 (a database)
    with django_db_blocker.unblock(), a_lasting_world() as made:
        yield made


@pytest.fixture(scope="module")
def programs(world: World) -> dict[Role, Program]:
    """Return a program for each role, with a token of somebody who holds it."""
    return {role: Program.of(person, at=LATER) for role, person in world.people.items()}


def send(program: Program, asked: Asked) -> HttpResponse:
    """Send the request, and take back what it did."""
    with undone(whole=True):
        if asked.operation.name != "attach_file":
            body = None if asked.operation.method == "GET" else asked.body
            return program.ask(asked.operation.method, asked.path, body)
        return Client().post(  # type: ignore[return-value]
            BASE + asked.path,
            {"kind": "invoice", "upload": SimpleUploadedFile("invoice.txt", b"Invoice 77.\n")},
            headers={"Authorization": f"Bearer {program.secret}", "Idempotency-Key": "one"},
        )


def expected(asked: Asked, role: Role, world: World) -> int:
    """Return 200 where it is allowed, 403 where no role may do it, 404 where it is out of reach: as the table says."""
    act = asked.operation.act
    if act is None:
        return HTTPStatus.OK
    reach = TABLE[act].get(role)
    if reach is None:
        return HTTPStatus.FORBIDDEN
    is_within = {
        Reach.PARTICIPANT: True,
        Reach.OFFICE: asked.office == world.own.office,
        Reach.TRADER: asked.trader == world.own.trader.reference,
    }[reach]
    return HTTPStatus.OK if is_within or not (asked.office or asked.trader) else HTTPStatus.NOT_FOUND


def came(answer: HttpResponse) -> int:
    """Return 200 for whatever is neither forbidden nor missing: done, shown, refused by a rule, or too late."""
    assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, answer.content
    if answer.status_code not in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return HTTPStatus.OK
    code = json.loads(answer.content)["code"]
    return HTTPStatus.OK if code in REACHED else answer.status_code


def test_every_operation_has_a_name_of_its_own_and_says_its_act() -> None:
    names = [each.name for each in OPERATIONS]
    assert len(set(names)) == len(names)
    assert [each.name for each in OPERATIONS if not isinstance(each.act, Act)] == ["read_self"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_nobody_gets_further_than_the_door(world: World, operation: Operation) -> None:
    asked = node_operations.at(operation, world, world.own)
    problem(send(Program("macle_nobody"), asked), 401, "token-refused")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_each_role_reaches_what_the_table_says(
    world: World, programs: dict[Role, Program], operation: Operation
) -> None:
    said = {}
    for place, side in world.sides.items():
        asked = node_operations.at(operation, world, side)
        for role, program in programs.items():
            answer = send(program, asked)
            what = expected(asked, role, world)
            if came(answer) != what:
                said[f"{place}: {asked} for {role}"] = (answer.status_code, answer.content, what)
    assert said == {}


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if "{" in each.path], ids=str)
def test_what_is_out_of_reach_is_told_like_what_does_not_exist(
    world: World, programs: dict[Role, Program], operation: Operation
) -> None:
    asked = node_operations.at(operation, world, world.elsewhere)
    for role, program in programs.items():
        if expected(asked, role, world) != HTTPStatus.NOT_FOUND:
            continue
        nothing = operation.path.format(**NOWHERE | ({"number": 1} if "shipments" in operation.path else {}))
        there = json.loads(send(program, asked).content)
        nowhere = json.loads(send(program, node_operations.Asked(operation, nothing, asked.body)).content)
        assert there | {"instance": ""} == nowhere | {"instance": ""}, role
