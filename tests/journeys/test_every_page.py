"""Every page of a node in a real browser: nobody is kept out, nothing is blocked, and it stays within its width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as configured
from django.test import Client

from macle.node import clock as clock_of_the_node
from macle.node.desk.pages import PUBLIC
from macle.node.permissions import TABLE, Act, Role
from tests.support import node_routes
from tests.support.browsers import apart
from tests.support.node_world import LATER, World, a_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.support.node_routes import Asked, Route

AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
WIDE, NARROW = 1440, 390
MOST_BYTES = 100_000
"""Of a page with all that it needs, nothing of it cached."""

WHO = (
    *(Role.VALIDATING_OFFICIAL, Role.EXPORTER, Role.EXAMINER, Role.ADMINISTRATOR, Role.AUDITOR),
    *(Role.IMPORTING_OFFICIAL, Role.CUSTOMS),
)
"""Who looks at a page: the first of them who may."""

OF_SEVERAL = {
    *("exporting:queue", "exporting:application", "exporting:applications", "exporting:certificate"),
    *("traders:trader", "exporting:confirmations", "exporting:fees"),
}
"""Pages that look different to a trader, to an auditor and to the desk."""


@pytest.fixture
def world(node: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:  # noqa: ARG001 (a database that is served)
    monkeypatch.setattr(clock_of_the_node, "now", lambda: LATER)
    whole = a_world()
    yield apart(whole.__enter__)
    whole.__exit__(None, None, None)


def lookers(route: Route) -> list[Role | None]:
    """Return who looks at a page of this route; None is somebody who is not signed in."""
    if not isinstance(route.act, Act):
        return [None] if route.act is PUBLIC or "sign-in" in route.name or "login" in route.name else [Role.AUDITOR]
    able = [role for role in WHO if role in TABLE[route.act]]
    if route.name in OF_SEVERAL:
        return [role for role in able if role in {Role.VALIDATING_OFFICIAL, Role.EXPORTER, Role.AUDITOR}]
    return list(able[:1])


def addresses(role: Role | None, world: World) -> list[Asked]:
    """Return what this person looks at."""
    found = []
    for route in node_routes.every():
        if role not in lookers(route):
            continue
        all_asked = node_routes.at(route, world, world.own)
        able = [each for each in all_asked if role is None or all(role in TABLE[act] for act in each.acts)]
        # Acts that only ask for a reason are drawn by one template.
        found += able[:1] if route.name in {"exporting:act", "exporting:print"} else able
    return found


def session_of(role: Role, world: World) -> str:
    client = Client()
    client.force_login(world.people[role], "allauth.account.auth_backends.AuthenticationBackend")
    return str(client.cookies[configured.SESSION_COOKIE_NAME].value)


def violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options=AA).response
    assert len(found["passes"]) > 5
    return [(each["id"], node["html"][:120]) for each in found["violations"] for node in each["nodes"]]


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


class Weighing:
    """Counts what is loaded."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        protocol = page.context.new_cdp_session(page)
        protocol.send("Network.enable")
        protocol.send("Network.setCacheDisabled", {"cacheDisabled": True})
        protocol.on("Network.loadingFinished", self._count)

    def _count(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("role", [*WHO, None], ids=lambda role: role or "nobody")
def test_every_page_keeps_nobody_out(browser: Browser, node: str, world: World, role: Role | None, half: int) -> None:
    asked = apart(addresses, role, world)[half::2]
    session = apart(session_of, role, world) if role else ""
    context, arabic = (_context(browser, node, session, language) for language in ("en", "ar"))
    page, wrong, seen, said = context.new_page(), {}, 0, []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    weighing, other = Weighing(page), arabic.new_page()
    other.set_viewport_size({"width": NARROW, "height": 844})
    for each in asked:
        answer = context.request.get(node + each.address, max_redirects=0)
        assert answer.status < 500, each
        if answer.status != 200 or not answer.headers["content-type"].startswith("text/html"):
            continue
        seen += 1
        wrong[each.address] = [*_looked_at(page, node + each.address, weighing, said), *_in_arabic(other, node, each)]
    context.close()
    arabic.close()
    assert seen or not asked
    assert {address: found for address, found in wrong.items() if found} == {}


def _context(browser: Browser, node: str, session: str, language: str) -> BrowserContext:
    context = browser.new_context(viewport={"width": WIDE, "height": 900})
    cookies = [{"name": configured.LANGUAGE_COOKIE_NAME, "value": language, "url": node}]
    cookies += [{"name": configured.SESSION_COOKIE_NAME, "value": session, "url": node}] if session else []
    context.add_cookies(cookies)  # type: ignore[arg-type]
    return context


def _looked_at(page: Page, address: str, weighing: Weighing, said: list[str]) -> Iterator[object]:
    weighing.bytes = 0
    said.clear()
    page.set_viewport_size({"width": WIDE, "height": 900})
    page.goto(address)
    if weighing.bytes > MOST_BYTES:
        yield f"{weighing.bytes} bytes"
    if (page.get_attribute("html", "lang"), page.get_attribute("html", "dir")) != ("en", "ltr"):
        yield "its language is not said"
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        yield from ((width, *found) for found in violations(page))
        if overflows(page):
            yield f"wider than {width}"
    yield from said


def _in_arabic(page: Page, node: str, asked: Asked) -> Iterator[object]:
    page.goto(node + asked.address)
    if (page.get_attribute("html", "lang"), page.get_attribute("html", "dir")) != ("ar", "rtl"):
        yield "its direction is not said"
    if overflows(page):
        yield "wider than the screen in Arabic"
