"""The pages of the registry and the exchange in a real browser: nothing that keeps anybody out, on any width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from macle.node import settings as node
from macle.node.exchange.actions import ToPartner
from macle.node.exchange.carriers import LetterBounced
from tests.support.node_exchange import Carrying, a_letter, one_round
from tests.support.node_registry import (
    ADMINISTRATOR,
    OFFICE,
    Acting,
    a_partner,
    an_office,
    an_official,
    configured,
    keys_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext

    from macle.node.exchange.messages import Message


WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def bounce(_: Message) -> None:
    raise LetterBounced("smtp-550")


@pytest.fixture
def acting(settings: object, tmp_path: Path) -> Iterator[None]:
    """Let every request be the administrator's, and the node have keys."""
    settings.MIDDLEWARE = [*node.MIDDLEWARE, "tests.support.node_registry.Acting"]  # type: ignore[attr-defined]
    Acting.actor = ADMINISTRATOR
    keys_in(tmp_path)
    with configured(home=tmp_path):
        yield


def test_pages_keep_nobody_out(acting: None, node_at: str, context: Callable[..., BrowserContext]) -> None:  # noqa: ARG001
    an_office()
    an_official()
    a_partner()
    a_letter()
    one_round(Carrying())
    a_letter(about="certificate:BW0000124", to=ToPartner("NA"))
    one_round(Carrying())
    letter = a_letter(about="certificate:BW0000125")
    one_round(Carrying(first=bounce))
    pages = {
        reverse("exchange:letters"): "Letters",
        reverse("exchange:letter", args=[letter.pk]): "Certificate to",
        reverse("exchange:set-aside", args=[letter.pk]): "Stop sending this letter",
        reverse("registry:partners"): "Partners",
        reverse("registry:partner", args=["ZA"]): "South Africa",
        reverse("registry:change-partner", args=["ZA"]): "Change the details of South Africa",
        reverse("registry:officials"): "Officials",
        reverse("registry:appoint-official"): "Appoint an official",
        reverse("registry:offices"): "Offices",
        reverse("registry:office", args=[OFFICE]): OFFICE,
    }
    for width in (1440, 360):
        page = context(width).new_page()
        for address, heading in pages.items():
            page.goto(node_at + address)
            assert heading in page.inner_text("h1"), address
            found = Axe().run(page, options=WCAG)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
