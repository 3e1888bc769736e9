"""The kit in a real browser: accessible, within its width, in every direction and theme, and with no script at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.node.test_desk_lists import some_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page

    Contexts = Callable[..., BrowserContext]

pytestmark = pytest.mark.usefixtures("specimen")

AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options=AA).response
    assert len(found["passes"]) > 10
    return [(each["id"], node["html"]) for each in found["violations"] for node in each["nodes"]]


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize(
    ("width", "language", "more"),
    [
        (1440, "en", {}),
        (768, "fr", {}),
        (390, "pt", {}),
        (1440, "en", {"color_scheme": "dark"}),
        (1440, "ar", {}),
        (390, "ar", {"color_scheme": "dark"}),
        (320, "en", {}),
    ],
)
def test_every_part_is_accessible_and_within_its_width(
    node_at: str, context: Contexts, width: int, language: str, more: dict[str, Any]
) -> None:
    some_lines(120)
    made = context(width, **more)
    made.add_cookies([{"name": "macle_language", "value": language, "url": node_at}])
    page = made.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for address in ("/specimen?say=1", "/list?page=2&text=cert", "/list?text=none", "/appearance"):
        page.goto(node_at + address)
        assert violations(page) == [], address
        assert not overflows(page), address
    page.goto(f"{node_at}/specimen")
    page.locator("form[enctype] .button").first.click()
    page.wait_for_selector(".errors")
    assert violations(page) == []
    assert page.evaluate("document.activeElement.className") == "errors"
    # A violation of the content security policy would be said here.
    assert said == []


def test_what_stops_a_form_leads_to_its_field(node_at: str, context: Contexts) -> None:
    page = context().new_page()
    page.goto(f"{node_at}/specimen")
    page.locator("form[enctype] .button").first.click()
    page.locator(".errors a").nth(1).click()
    assert page.evaluate("document.activeElement.id") == "id_carats"


def test_pages_work_without_a_script(node_at: str, context: Contexts) -> None:
    page = context(java_script_enabled=False).new_page()
    page.goto(f"{node_at}/specimen")
    page.get_by_role("button", name="العربية").click()
    assert page.locator("html").get_attribute("dir") == "rtl"
    page.goto(f"{node_at}/appearance")
    page.locator("#theme-dark").check()
    page.locator("main .button").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto(f"{node_at}/list")
    page.locator("#narrow-text").fill("nothing")
    page.locator(".narrow .button").click()
    assert "text=nothing" in page.url


def test_the_keyboard_reaches_the_page_at_once(node_at: str, context: Contexts) -> None:
    page = context().new_page()
    page.goto(f"{node_at}/specimen")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_list_prints_without_what_only_a_screen_needs(node_at: str, context: Contexts) -> None:
    some_lines(3)
    page = context().new_page()
    page.goto(f"{node_at}/list")
    page.emulate_media(media="print")
    assert not page.locator(".narrow").is_visible()
    assert not page.locator(".find").is_visible()
    assert page.locator(".book").is_visible()
