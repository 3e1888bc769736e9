"""The description of the interface: what the code says, and what we promise of every operation."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from macle.node.interface import fields
from tests.interface import description
from tests.support import node_operations

WRITES = {"post", "patch", "put", "delete"}
ASKS = {"look_at_certificate"}


def described() -> dict[str, Any]:
    said: dict[str, Any] = json.loads(description.FILE.read_text(encoding="utf-8"))
    return said


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [(method, each) for path in described()["paths"].values() for method, each in path.items()]


def test_the_file_is_what_the_code_says() -> None:
    assert description.FILE.read_text(encoding="utf-8") == description.text(), (
        "Write it: python -m tests.interface.description"
    )


@pytest.mark.django_db
def test_a_node_gives_it_to_everybody() -> None:
    assert Client().get("/api/v1/openapi.json").json() == described()


def test_every_operation_is_described_once() -> None:
    names = [each["operationId"] for _, each in operations()]
    assert sorted(names) == sorted(each.name for each in node_operations.every())


def test_every_operation_declares_how_it_fails() -> None:
    for method, each in operations():
        wanted = {"400", "401", "403"} | ({"404", "409", "413", "422"} if method in WRITES else set())
        assert wanted <= set(each["responses"]), each["operationId"]
        for status, said in each["responses"].items():
            if status >= "400":
                assert said == {"$ref": "#/components/responses/Problem"}


def test_every_write_has_a_key() -> None:
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    keyed = {each["operationId"] for _, each in operations() if key in each["parameters"]}
    assert keyed == {each["operationId"] for method, each in operations() if method in WRITES} - ASKS


def test_every_operation_says_the_act_that_it_serves() -> None:
    acts = {each["operationId"]: each.get("x-act") for _, each in operations()}
    assert acts == {each.name: each.act.value if each.act else None for each in node_operations.every()}


def test_every_schema_is_one() -> None:
    for name, schema in described()["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema.get("description") or name.startswith("Page_"), name


def test_no_two_schemas_have_one_name() -> None:
    def below(kind: type[fields.Given | fields.Shown]) -> list[type[Any]]:
        return [each for one in kind.__subclasses__() for each in (one, *below(one))]

    names = Counter(each.__name__ for each in (*below(fields.Given), *below(fields.Shown)))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_quantity_is_a_fraction() -> None:
    assert '"number"' not in [schema.get("type") for schema in described()["components"]["schemas"].values()]
    assert '"type": "number"' not in description.FILE.read_text(encoding="utf-8")
