"""Every address of a node, asked by every role, for what is theirs and for what is not: as the table says, exactly."""

from __future__ import annotations

import re
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client

from macle.node.desk import pages
from macle.node.permissions import TABLE, Act, Reach, Role
from tests.support import node_routes
from tests.support.node_world import World, a_lasting_world, undone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpResponse

    from macle.node.accounts.models import User
    from tests.support.node_routes import Asked, Route

pytestmark = pytest.mark.django_db

ROUTES = node_routes.every()
OURS = [route for route in ROUTES if route.act is not None]
LIBRARY = ("allauth.", "macle.node.accounts.pages")
"""Where the pages without an act come from: they are for whoever is signing in, or for one's own factors."""

HEALTH = {"live", "ready"}
SIDES = ("own", "elsewhere", "other office", "other trader")
TOKEN = "t" * 32
SENT: dict[str, dict[str, str]] = {"audit:export": {"subject": "trader:T-0001"}}
"""What is sent where an empty form means that something does not exist."""

OPEN_TO_ALL = {
    *("live", "ready", "desk:appearance", "desk:choose", "desk:participant", "exporting:needs"),
    *("accounts:sign-in", "account_login", "account_inactive", "mfa_login_webauthn"),
}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:  # noqa: ARG001 (a database)
    """Make one world for all of these tests; each request to it is taken back."""
    with django_db_blocker.unblock(), a_lasting_world() as made:
        yield made


class Browser:
    """A browser that forgets what a page changed in it, as the database does: each request is the first one."""

    def __init__(self, person: User | None = None) -> None:
        self._cookies = {settings.CSRF_COOKIE_NAME: TOKEN}
        if person is not None:
            client = Client()
            client.force_login(person, "allauth.account.auth_backends.AuthenticationBackend")
            name = settings.SESSION_COOKIE_NAME
            self._cookies[name] = client.cookies[name].value

    def get(self, asked: Asked) -> HttpResponse:
        with self._once() as client:
            return _whole(client.get(asked.address))

    def post(self, asked: Asked, token: str = TOKEN) -> HttpResponse:
        sent = {"csrfmiddlewaretoken": token} if token else {}
        with self._once() as client:
            return _whole(client.post(asked.address, SENT.get(asked.route.name, {}) | sent))

    @contextmanager
    def _once(self) -> Iterator[Client]:
        client = Client(enforce_csrf_checks=True)
        for name, value in self._cookies.items():
            client.cookies[name] = value
        with undone():
            yield client


def _whole(answer: Any) -> HttpResponse:
    """Return the answer, which was read to its end if it was a file."""
    if answer.streaming:
        answer.getvalue()
    return answer  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def browsers(world: World) -> dict[Role, Browser]:
    """Return a browser for each role, in which somebody who holds it is signed in."""
    return {role: Browser(person) for role, person in world.people.items()}


def expected(asked: Asked, role: Role, world: World) -> int:
    """Return 200 where it is allowed, 403 where no role may do it, 404 where it is out of reach: as the table says."""
    for act in asked.acts:
        reach = TABLE[act].get(role)
        if reach is None:
            return HTTPStatus.FORBIDDEN
        is_within = {
            Reach.PARTICIPANT: True,
            Reach.OFFICE: asked.office == world.own.office,
            Reach.TRADER: asked.trader == world.own.trader.reference,
        }[reach]
        if (asked.office or asked.trader) and not is_within:
            return HTTPStatus.NOT_FOUND
    return HTTPStatus.OK if asked.only in {None, role} else HTTPStatus.NOT_FOUND


def came(answer: HttpResponse) -> int:
    """Return 200 for whatever is neither forbidden nor missing: done, shown, refused by a rule, or too late."""
    assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    refused = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    return answer.status_code if answer.status_code in refused else HTTPStatus.OK


def body_of(answer: HttpResponse, asked: Asked) -> str:
    text = re.sub(r'(name="csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+"', "", answer.content.decode())
    return asked.plain(text)


def test_every_page_says_which_act_it_serves() -> None:
    silent = [route for route in ROUTES if route.act is None and route.name not in HEALTH]
    assert [route.name for route in silent if not route.view.__module__.startswith(LIBRARY)] == []
    assert all(isinstance(route.act, Act | pages.Anybody) for route in OURS)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_nobody_gets_further_than_the_door(world: World, route: Route) -> None:
    browser = Browser()
    for asked in node_routes.at(route, world, world.own):
        for answer in (browser.get(asked), browser.post(asked)):
            if route.name in OPEN_TO_ALL:
                assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
            elif answer.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
                assert answer.status_code == HTTPStatus.FOUND, asked
                assert answer["Location"].startswith("/sign-in"), asked


@pytest.mark.parametrize("route", OURS, ids=str)
def test_each_role_reaches_what_the_table_says(world: World, browsers: dict[Role, Browser], route: Route) -> None:
    said = {}
    for place, asked in every_place(route, world):
        for role, browser in browsers.items():
            what = expected(asked, role, world)
            for ask in (browser.get, browser.post):
                answer = ask(asked)
                if answer.status_code != HTTPStatus.METHOD_NOT_ALLOWED and came(answer) != what:
                    said[f"{place}: {asked} for {role}"] = (came(answer), what)
    assert said == {}


def every_place(route: Route, world: World) -> Iterator[tuple[str, Asked]]:
    """Give the address with an object of each side; one is enough where it belongs to none."""
    for place, side in world.sides.items():
        all_asked = node_routes.at(route, world, side)
        assert all_asked, f"tests.support.node_routes has no object for {route}"
        for number, asked in enumerate(all_asked):
            # Acts on one page differ in who may do them; where things are is found alike for all of them.
            if place in {"own", "elsewhere"} or (number == 0 and (asked.office or asked.trader)):
                yield place, asked


@pytest.mark.parametrize("route", [route for route in OURS if route.parts], ids=str)
def test_what_is_out_of_reach_is_told_like_what_does_not_exist(
    world: World, browsers: dict[Role, Browser], route: Route
) -> None:
    asked = node_routes.at(route, world, world.elsewhere)[0]
    for role, browser in browsers.items():
        if expected(asked, role, world) != HTTPStatus.NOT_FOUND:
            continue
        for ask in (browser.get, browser.post):
            answer, nothing = ask(asked), ask(asked.missing())
            assert answer.status_code == nothing.status_code, role
            assert body_of(answer, asked) == body_of(nothing, asked.missing()), role


@pytest.mark.parametrize("route", [route for route in OURS if len(route.parts) > 1], ids=str)
def test_what_hangs_on_another_is_not_reached_through_ones_own(
    world: World, browsers: dict[Role, Browser], route: Route
) -> None:
    own, other = (node_routes.at(route, world, side)[0] for side in (world.own, world.elsewhere))
    rest = {part: other.given[part] for part in route.parts[1:]}
    if rest == {part: own.given[part] for part in route.parts[1:]}:
        return
    crossed = node_routes.Asked(route, own.given | rest, own.acts)
    for role, browser in browsers.items():
        if expected(own, role, world) == HTTPStatus.OK:
            assert browser.get(crossed).status_code == HTTPStatus.NOT_FOUND, role


@pytest.mark.parametrize("route", OURS, ids=str)
def test_a_form_from_elsewhere_does_nothing(world: World, browsers: dict[Role, Browser], route: Route) -> None:
    for asked in node_routes.at(route, world, world.own):
        allowed = [role for role in Role if expected(asked, role, world) == HTTPStatus.OK]
        for role in allowed[:1]:
            answer = browsers[role].post(asked, token="")
            assert answer.status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED}
            if answer.status_code == HTTPStatus.FORBIDDEN:
                assert "This form is no longer good" in answer.content.decode()
