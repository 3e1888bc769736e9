"""A real browser and a server of pages in this process. Browser tests run on SQLite only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from django.test.testcases import LiveServerThread
from playwright.sync_api import sync_playwright

from macle.node import settings as node
from macle.node.permissions import Actor, Role
from tests.support.node_desk import SignedIn, an_actor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Playwright leaves an event loop in the thread of the tests; nothing of theirs runs in it: the database may be asked.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield chromium
        chromium.close()


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
    thread = LiveServerThread("127.0.0.1", lambda handler: handler)  # type: ignore[arg-type]
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()


@pytest.fixture
def specimen(settings: object, monkeypatch: pytest.MonkeyPatch) -> Actor:
    """Serve the specimen to an auditor who is signed in without a sign-in page."""
    settings.ROOT_URLCONF = "tests.support.specimen"  # type: ignore[attr-defined]
    settings.MIDDLEWARE = [*node.MIDDLEWARE, "tests.support.node_desk.SignedIn"]  # type: ignore[attr-defined]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False  # type: ignore[attr-defined]
    actor = an_actor(Role.AUDITOR, Role.VALIDATING_OFFICIAL)
    monkeypatch.setattr(SignedIn, "actor", actor)
    return actor
