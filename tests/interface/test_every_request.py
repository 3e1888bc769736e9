"""The interface asked everything that its description allows, and much that it does not: it fails as described only."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi import checks

from macle.node.permissions import TABLE, Role
from macle.node.wsgi import application
from tests.support import node_operations
from tests.support.node_interface import Program
from tests.support.node_world import LATER, World, a_lasting_world, undone

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db

SCHEMA = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
EXAMPLES = 8
"""For each operation."""

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
]
OPERATIONS = {each.name: each for each in node_operations.every()}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:  # noqa: ARG001 (a database)
    # As Django's own test client has it: a request does not close the connection in which all of this is taken back.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    with django_db_blocker.unblock(), a_lasting_world() as made:
        yield made
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def programs(world: World) -> dict[Role, Program]:
    return {role: Program.of(person, at=LATER) for role, person in world.people.items()}


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)
def test_is_answered_as_described(case: schemathesis.Case[Any], world: World, programs: dict[Role, Program]) -> None:
    """Chance finds no number that exists: half of the requests are about something that does."""
    operation = OPERATIONS[case.operation.definition.raw["operationId"]]
    role = next(iter(TABLE[operation.act])) if operation.act else Role.EXAMINER
    is_sound = case.meta is not None and case.meta.generation.mode.is_positive
    if is_sound and case.path_parameters and random.Random(case.id).random() < 0.5:
        case.path_parameters.update(node_operations.parts_of(operation, world, world.own))
    with undone(whole=True):
        case.call_and_validate(headers={"Authorization": f"Bearer {programs[role].secret}"}, checks=CHECKS)
