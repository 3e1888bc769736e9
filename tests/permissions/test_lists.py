"""A list costs the same however long it is: lists, the queue and a matter's page ask a bounded number of questions."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from macle.node import clock
from macle.node.accounts.models import User
from macle.node.audit.models import Line
from macle.node.exchange.models import Letter
from macle.node.exporting.models import Application, Number
from macle.node.permissions import Role
from macle.node.traders.models import Message, Trader
from tests.support import node_moving
from tests.support.node_world import LATER, World, a_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.models import Model

pytestmark = pytest.mark.django_db
FEW, MANY = 10, 200


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(clock, "now", lambda: LATER)
    with a_world() as made:
        yield made


def copies(row: Model, count: int, **changing: Callable[[int], Any]) -> None:
    """Put so many copies of a row beside it, each with these fields of its own."""
    made = []
    for index in range(count):
        plain = {
            field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name != "id"
        }
        plain |= {name: give(index) for name, give in changing.items()}
        made.append(type(row)(**plain))
    type(row)._default_manager.bulk_create(made)


def longer(world: World, count: int, mark: str) -> None:
    """Lengthen every list that a page shows."""
    own = world.own
    for state in ("lodged", "held", "dispatched"):
        matter = Application.objects.get(pk=own.matters[state].pk)
        copies(
            matter,
            count,
            reference=lambda index, state=state: f"A-{mark}{state[0]}{index:05}",  # type: ignore[misc]
            number=lambda _: "",
            succeeds_id=lambda _: None,
            since=lambda index: LATER - timedelta(days=index % 40),
        )
    trader = Trader.objects.get(pk=own.trader.pk)
    copies(trader, count, reference=lambda index: f"T-{mark}{index:04}")
    copies(
        User.objects.get(pk=world.people[Role.EXAMINER].pk),
        count,
        login=lambda index: f"clerk-{mark}{index}",
        identifier=lambda index: f"user-{mark}{index}",
    )
    copies(Message.objects.filter(trader=own.trader)[0], count)
    number = Number.objects.filter(block__office=own.office)[0]
    copies(
        number,
        count,
        counter=lambda index: number.block.first + 200 + index + (MANY if mark == "m" else 0),
        number=lambda index: f"BW9{mark}{index:05}",
        application_id=lambda _: None,
        status_index=lambda _: None,
    )
    copies(own.fees["validated"], count)
    node_moving.take_book(*({"number": f"BW{mark.upper()}{index:05}"} for index in range(count)))
    about = f"certificate:{own.certificates['dispatched'].number}"
    copies(Letter.objects.filter(about=about)[0], count, **_own_letters(mark))


def _own_letters(mark: str) -> dict[str, Callable[[int], Any]]:
    return {
        "sequence": lambda index: 1000 + index + (MANY if mark == "m" else 0),
        "id": lambda _: uuid.uuid4(),
    }


PAGES = [
    *((Role.VALIDATING_OFFICIAL, f"exporting:{name}") for name in ("queue", "applications", "certificates")),
    (Role.VALIDATING_OFFICIAL, "exporting:earlier-certificates"),
    *((Role.VALIDATING_OFFICIAL, f"exporting:{name}") for name in ("confirmations", "confirmations-received")),
    *((Role.VALIDATING_OFFICIAL, f"exporting:{name}") for name in ("numbers", "notices", "fees")),
    *((Role.EXPORTER, f"exporting:{name}") for name in ("queue", "applications", "certificates", "fees")),
    *((Role.VALIDATING_OFFICIAL, name) for name in ("traders:register-of-traders", "exchange:letters")),
    *((Role.VALIDATING_OFFICIAL, f"registry:{name}") for name in ("offices", "officials", "partners")),
    (Role.EXPORTER, "traders:messages"),
    *((Role.ADMINISTRATOR, name) for name in ("accounts:users", "audit:search", "audit:holds")),
]


def test_every_list_and_the_queue_ask_the_same_of_ten_and_of_two_hundred(world: World) -> None:
    asked = [(role, name, reverse(name)) for role, name in PAGES]
    asked.append((Role.VALIDATING_OFFICIAL, "a matter", reverse("exporting:application", args=[_reference(world)])))
    block = Number.objects.filter(block__office=world.own.office)[0].block.pk
    asked.append((Role.VALIDATING_OFFICIAL, "a block", reverse("exporting:block", args=[block])))
    longer(world, FEW, "f")
    few = {(role, name): cost(world, role, address) for role, name, address in asked}
    longer(world, MANY, "m")
    many = {(role, name): cost(world, role, address) for role, name, address in asked}
    assert Line.objects.count() > FEW
    assert {each: (few[each], many[each]) for each in few if many[each] > few[each] + 2} == {}
    assert max(many.values()) < 60, many


def _reference(world: World) -> str:
    return str(world.own.matters["dispatched"].reference)


def cost(world: World, role: Role, address: str) -> int:
    """Return how many questions the page asks the database, of somebody who was here a moment ago."""
    client = Client()
    client.force_login(world.people[role], "allauth.account.auth_backends.AuthenticationBackend")
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200, address
    return len(captured)
