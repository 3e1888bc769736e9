"""The counter in a real browser: accessible and within its width, in every direction and theme."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from macle.node import settings as node
from macle.node.exporting.actions import certificates, confirmations, fees, notices, numbers
from macle.node.exporting.models import Arrival, Block
from macle.node.permissions import Actor, Held, Role
from macle.proof import qr
from macle.scheme.terms import Carats, USDollars
from tests.browser.test_pages import overflows, violations
from tests.support import node_exporting as made
from tests.support.node_desk import SignedIn
from tests.support.node_exporting import EXAMINER, OFFICIAL
from tests.support.node_registry import OFFICE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import BrowserContext, Page

    from tests.support.node_exporting import House

EVERYBODY = Actor(
    identifier="user-vale",
    held=(
        Held(role=Role.VALIDATING_OFFICIAL, office=OFFICE),
        Held(role=Role.EXAMINER, office=OFFICE),
        Held(role=Role.ADMINISTRATOR),
    ),
)
CUSTOMS = Actor(identifier="user-dock", held=(Held(role=Role.CUSTOMS),))


def _build(house: House) -> dict[str, Any]:
    held = [made.validated(house, sheet=f"BW0000400{each}") for each in range(1, 7)]
    for each in held[:5]:
        certificates.dispatch(reference=each.application.reference, by=OFFICIAL, at=made.later(6))
    stock = Block.objects.get()
    certificates.void(
        reference=held[5].application.reference, why="printer error", words="", by=OFFICIAL, at=made.later(7)
    )
    numbers.spoil(block=stock.pk, counter=4007, why="wet", by=EXAMINER, at=made.later(7))
    slip = confirmations.Slip(
        number=held[0].number,
        arrival=Arrival.POST,
        received_on=made.TODAY,
        date_of_receipt=made.TODAY,
        opened=True,
        parcels=3,
        carats=Carats(20498),
        value=USDollars(4103600),
        picture=qr.code_of("KPL:BW00004001:" + "A" * 64).to_png(pixels=6),
        picture_name="slip.png",
    )
    confirmations.record(slip=slip, by=OFFICIAL, at=made.later(8))
    fees.charge(
        reference=held[1].application.reference,
        what="Certificate fee",
        currency="USD",
        amount_cents=25000,
        by=OFFICIAL,
        at=made.later(8),
    )
    notice = notices.issue_for_sheets(
        block=stock.pk, first=4003, last=4030, since=made.AT, text="A box is gone.", by=OFFICIAL, at=made.later(9)
    )
    notices.reconfirm(notice=notice.pk, ours=[held[4].number], not_ours=[], by=OFFICIAL, at=made.later(10))
    return {"held": held, "stock": stock, "notice": notice}


def _built(house: House) -> dict[str, Any]:
    try:
        return _build(house)
    finally:
        connection.close()


@pytest.fixture
def counter(settings: Any, monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Open a house in which something of everything happened."""
    settings.MIDDLEWARE = [*node.MIDDLEWARE, "tests.support.node_desk.SignedIn"]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.CSRF_COOKIE_NAME = "csrftoken"
    monkeypatch.setattr(SignedIn, "actor", EVERYBODY)
    with made.a_house(on_sheets=True) as house, ThreadPoolExecutor(1) as other:
        # Stamping runs an event loop of its own, and Playwright has left one in this thread.
        yield other.submit(_built, house).result()


def shot(page: Page, name: str) -> None:
    """Keep a picture for whoever asked for them."""
    if folder := os.environ.get("MACLE_TEST_SCREENS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("width", "language", "more"),
    [
        (1440, "en", {}),
        (768, "fr", {}),
        (390, "en", {}),
        (390, "ar", {}),
        (1440, "ar", {"color_scheme": "dark"}),
    ],
)
def test_every_page_is_accessible_and_within_its_width(  # noqa: PLR0915 (every page)
    counter: dict[str, Any],
    node_at: str,
    context: Callable[..., BrowserContext],
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    language: str,
    more: dict[str, Any],
) -> None:
    made_context = context(width, **more)
    made_context.add_cookies([{"name": "macle_language", "value": language, "url": node_at}])
    page = made_context.new_page()
    page.set_default_timeout(8000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    held, stock, notice = counter["held"], counter["stock"], counter["notice"]

    def look(name: str, address: str = "") -> None:
        if address:
            page.goto(node_at + address)
        shot(page, f"{name}-{width}-{language}")
        # The masthead is looked at where it is made.
        assert [each for each in violations(page) if "/account" not in each[1]] == [], name
        assert not overflows(page), name

    look("awaited", "/confirmations/")
    look("received", "/confirmations/received/")
    look("confirmation", f"/confirmations/of/{held[0].number}/")
    look("settle", f"/confirmations/of/{held[0].number}/settle")
    look("find", "/confirmations/record/")
    look("slip", f"/confirmations/record/?number={held[1].number}")
    for place in ("opened_0", "seals_0", "result_0", "arrival_0"):
        page.locator(f"#id_{place}").check()
    page.locator("#id_date_of_receipt").fill("2026-11-25")
    page.locator("#id_parcels").fill("3")
    page.locator("#id_carats").fill("204.18")
    page.locator("main form .button").last.click()
    look("slip-check")
    look("stack", "/confirmations/record-many/")
    page.locator("#id_arrival").select_option("post")
    page.locator("#id_opened").select_option("yes")
    page.locator("#id_seals").select_option("0")
    page.locator("#id_result").select_option("0")
    page.locator("#id_s1-number").fill(held[1].number)
    page.locator("#id_s1-date_of_receipt").fill("2026-11-25")
    page.locator("#id_s1-carats").fill("205.18")
    page.locator("#id_s2-number").fill(held[2].number)
    page.locator("#id_s2-date_of_receipt").fill("2026-11-25")
    page.locator("#id_s2-carats").fill("204.18")
    page.locator("#id_s3-number").fill(held[5].number)
    page.locator("main .buttons button[value=check]").click()
    look("stack-check")
    page.locator("main button[value=record]").click()
    look("stack-report")
    look("numbers", "/numbers/")
    look("block", f"/numbers/{stock.pk}/")
    look("allot", "/numbers/allot")
    look("receive", f"/numbers/{stock.pk}/receive")
    look("spoil", f"/numbers/{stock.pk}/spoil")
    look("notices", "/notices/")
    look("notice", f"/notices/{notice.pk}/")
    look("notice-sheets", "/notices/sheets")
    look("notice-end", f"/notices/{notice.pk}/end")
    page.goto(f"{node_at}/notices/{notice.pk}/?ticked=all")
    page.locator("#answers .button").first.click()
    look("reconfirm")
    page.goto(f"{node_at}/notices/key")
    page.locator("#id_official").select_option(index=1)
    page.locator("#id_since_day").fill("2026-11-25")
    page.locator("#id_text").fill("The laptop is gone.")
    page.locator("main form .button").first.click()
    look("notice-check")
    look("fees", "/fees/")
    look("charge", f"/applications/{held[1].application.reference}/fees/charge")
    look("matter", f"/applications/{held[1].application.reference}/")
    monkeypatch.setattr(SignedIn, "actor", CUSTOMS)
    look("customs", "/customs/")
    look("customs-void", f"/customs/?number={held[5].number}")
    look("customs-notice", f"/customs/?number={held[3].number}")
    look("customs-leave", f"/customs/?number={held[4].number}")
    page.goto(f"{node_at}/customs/")
    # A scanner types at once; a page that is still being drawn would lose how the code begins.
    page.wait_for_function("document.activeElement.id === 'id_what'")
    page.keyboard.type(qr.to_text(bytes(held[4].content.cose)))
    page.keyboard.press("Enter")
    page.wait_for_selector(".verdict")
    look("customs-code")
    # What the browser says of a form that was refused is no fault.
    assert [text for text in said if "422" not in text] == []
