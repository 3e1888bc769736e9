"""A real browser and a server of pages in this process. Browser tests run on SQLite only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from macle.node import settings as node
from macle.node.permissions import Actor, Role
from tests.support import browsers
from tests.support.node_desk import SignedIn, an_actor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext


# Of a module and not of the session: Playwright leaves a running loop in this thread, in which others cannot sign.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.chromium() as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Return a maker of contexts, closed with the test."""
    made: list[BrowserContext] = []

    def make(width: int = 1440, **more: object) -> BrowserContext:
        made.append(browser.new_context(viewport={"width": width, "height": 900}, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def node_at(transactional_db: None, settings: object) -> Iterator[str]:  # noqa: ARG001 (a database that others see)
    """Return the address of a node whose pages, and the specimen's, are served by threads of this process."""
    del settings
    with browsers.served() as address:
        yield address


@pytest.fixture
def specimen(settings: object, monkeypatch: pytest.MonkeyPatch) -> Actor:
    """Serve the specimen to an auditor who is signed in without a sign-in page."""
    settings.ROOT_URLCONF = "tests.support.specimen"  # type: ignore[attr-defined]
    settings.MIDDLEWARE = [*node.MIDDLEWARE, "tests.support.node_desk.SignedIn"]  # type: ignore[attr-defined]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False  # type: ignore[attr-defined]
    # Without HTTPS a browser keeps no cookie of these names.
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "session", "csrf"  # type: ignore[attr-defined]
    actor = an_actor(Role.AUDITOR, Role.VALIDATING_OFFICIAL)
    monkeypatch.setattr(SignedIn, "actor", actor)
    return actor
