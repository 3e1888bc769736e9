"""The trader's side in a real browser: accessible, within its width, saving itself, and working without a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from macle.node import settings as node
from macle.node.exporting.models import Application
from tests.browser.test_pages import overflows, violations
from tests.support import node_exporting as made
from tests.support import node_traders
from tests.support.node_desk import SignedIn

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext

    Contexts = Callable[..., BrowserContext]


@pytest.fixture
def signed_in(settings: Any) -> None:
    """Let the server believe that whoever the test names is signed in; cookies travel without TLS."""
    settings.MIDDLEWARE = [*node.MIDDLEWARE, "tests.support.node_desk.SignedIn"]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "session", "csrf"


@pytest.mark.usefixtures("signed_in")
class TestPortal:
    @pytest.mark.parametrize(("width", "language"), [(1440, "en"), (390, "ar")])
    def test_every_page_is_accessible_and_within_its_width(
        self, node_at: str, context: Contexts, monkeypatch: pytest.MonkeyPatch, width: int, language: str
    ) -> None:
        with made.a_house(carats="100.00") as house:
            monkeypatch.setattr(SignedIn, "actor", house.exporter)
            lodged = made.lodged(house).reference
            draft = made.a_draft(house, lines=[{"hs": "7102.31", "carats": "x"}]).reference
            steps = ("destination", "importer", "goods", "origin", "sources", "files", "declaration")
            addresses = [reverse(f"exporting:{name}") for name in ("queue", "start", "upload", "needs")]
            addresses += [reverse("exporting:step", args=[draft, name]) + "?from=check" for name in steps]
            addresses += [reverse("exporting:check-answers", args=[draft]), reverse("exporting:copy", args=[lodged])]
            addresses.append(reverse("exporting:needs") + "?goods=unsorted&movement=to+a+non-Participant")
            browser = context(width)
            browser.add_cookies([{"name": "macle_language", "value": language, "url": node_at}])
            page = browser.new_page()
            for address in addresses:
                page.goto(node_at + address)
                assert violations(page) == [], address
                assert not overflows(page), address

    def test_a_step_saves_itself(self, node_at: str, context: Contexts, monkeypatch: pytest.MonkeyPatch) -> None:
        with made.a_house() as house:
            monkeypatch.setattr(SignedIn, "actor", house.exporter)
            reference = made.a_draft(house).reference
            page = context().new_page()
            page.goto(node_at + reverse("exporting:step", args=[reference, "goods"]))
            page.fill("#id_parcels", "7")
            page.keyboard.press("Tab")
            page.get_by_text("Saved").wait_for()
            assert Application.objects.get(reference=reference).entered["parcels"] == "7"

    def test_an_application_is_lodged_without_a_script(
        self, node_at: str, context: Contexts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with made.a_house() as house:
            monkeypatch.setattr(SignedIn, "actor", house.exporter)
            node_traders.an_entry(house.trader, "1.00", origin="NA")
            page = context(java_script_enabled=False).new_page()
            page.goto(node_at + reverse("exporting:start"))
            page.get_by_role("button", name="Begin").click()
            page.select_option("#id_destination", "EU")
            page.get_by_role("button", name="Save and continue").click()
            for name, text in (
                ("name", "Quayside Rough Trading"),
                ("address", "12 Invented Quay"),
                ("town", "Antwerp"),
            ):
                page.fill(f"#id_importer_{name}", text)
            page.select_option("#id_importer_country", "BE")
            page.get_by_role("button", name="Save and continue").click()
            for name, text in (("carats_710231", "205.18"), ("value_710231", "41,036.00"), ("parcels", "3")):
                page.fill(f"#id_{name}", text)
            page.get_by_role("button", name="Save and continue").click()
            page.check("input[name=kind][value=single]")
            page.select_option("#id_country_0", "BW")
            page.select_option("#id_country_of_provenance", "BW")
            page.get_by_role("button", name="Save and continue").click()
            page.get_by_role("button", name="Add a source").click()
            for row, carats in ((0, "200.00"), (1, "5.18")):
                page.select_option(f"#id_sources_{row}_kind", "production_record")
                page.fill(f"#id_sources_{row}_reference", f"PR-{row}")
                page.fill(f"#id_sources_{row}_carats", carats)
            page.get_by_role("button", name="Save and continue").click()
            page.get_by_role("link", name="Continue", exact=True).click()
            page.check("input[name=synthetics_declared][value=no]")
            page.check("#id_not_conflict_diamonds")
            page.get_by_role("button", name="Save and continue").click()
            page.get_by_role("button", name="Lodge").click()
            assert "Lodged." in page.inner_text("main")
            assert Application.objects.get().state == "submitted"
