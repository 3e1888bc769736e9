"""The door in a real browser: a passkey of its own, and no violation of WCAG 2.2 AA on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from macle.node import clock
from macle.node.accounts import actions
from macle.node.permissions import Role
from tests.support.node_accounts import OPERATOR, PASSWORD, a_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def node(node_at: str, settings: Any) -> str:
    """Return the address of a node without HTTPS; browsers take localhost for safe."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.LANGUAGE_COOKIE_SECURE = False
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "session", "csrf"
    return node_at.replace("127.0.0.1", "localhost")


def look(page: Page) -> None:
    """Look for violations in what is this page's own; the frame around it is the kit's."""
    found = Axe().run(page, context="main", options={"runOnly": {"type": "tag", "values": TAGS}})
    assert found.violations_count == 0, found.generate_report()


def test_a_passkey_is_made_and_signs_in_alone(context: Callable[..., BrowserContext], node: str) -> None:
    user = a_user(at=clock.now())
    actions.grant(user=user.identifier, role=Role.ADMINISTRATOR, by=OPERATOR, at=clock.now())
    page = context().new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    key |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    page.goto(f"{node}/users")
    look(page)
    page.get_by_label("Login name").fill("tamsin.vale")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/account/second-factor")
    look(page)
    page.get_by_role("link", name="An authenticator on your telephone").click()
    look(page)
    page.go_back()
    page.get_by_role("link", name="A passkey").click()
    look(page)
    page.get_by_label("Let it sign in alone").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/account/factors/recovery")
    look(page)
    for path in ("/account", "/account/password", "/account/factors/passkeys", "/users", "/users/new"):
        page.goto(f"{node}{path}")
        look(page)
    for path in ("", "/grant", "/reset", "/close", "/deputise"):
        page.goto(f"{node}/users/{user.identifier}{path}")
        look(page)
    page.goto(f"{node}/sign-out")
    look(page)
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto(f"{node}/users")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/users")
    page.goto(f"{node}/account")
    assert page.get_by_role("heading", name="Your account").is_visible()
    assert said == []
