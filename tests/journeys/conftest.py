"""A browser for each person, a node that is served, and a clock that all of them go by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from macle.node import clock as clock_of_the_node
from macle.node.permissions import Role
from tests.journeys.house import Person, Staffed
from tests.support import browsers, hands
from tests.support.node_registry import AT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser


class Clock:
    """The clock of the node: it stands until it is moved."""

    def __init__(self) -> None:
        self.at = AT + timedelta(minutes=10)

    def now(self) -> datetime:
        """Return the instant."""
        return self.at

    def move(self, **by: float) -> None:
        """Let time pass."""
        self.at += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clock_of_the_node, "now", made.now)
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.chromium() as started:
        yield started


@pytest.fixture
def node(transactional_db: None, settings: Any) -> Iterator[str]:  # noqa: ARG001 (a database that others see)
    """Serve the node without HTTPS, and give its address."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.LANGUAGE_COOKIE_SECURE = False
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "session", "csrf"
    with browsers.served() as address:
        yield address


@pytest.fixture(params=["mouse", "keyboard"])
def hand(request: pytest.FixtureRequest) -> type[hands.Hand]:
    """Return each way of using a page: a journey is walked once with each."""
    return hands.HANDS[request.param]


@pytest.fixture
def enter(browser: Browser, node: str, clock: Clock, hand: type[hands.Hand]) -> Iterator[Callable[..., Person]]:
    """Return how one of the people of a house comes in: at a browser of their own, through the sign-in page."""
    contexts = []

    def come(house: Staffed, role: Role) -> Person:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
        contexts.append(context)
        person = Person(house.users[role], hand(context.new_page()), node, clock)
        person.sign_in()
        return person

    yield come
    for context in contexts:
        context.close()
