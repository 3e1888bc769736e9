from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import path

from macle.node import logs
from macle.node import settings as node
from macle.node.desk import hues, marks, navigation, pages, static
from macle.node.desk.marks import MarkUnknown
from macle.node.permissions import Act, Actor, Role
from tests.support.node_desk import SignedIn, an_actor

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db


@pytest.fixture
def served(settings: SettingsWrapper) -> None:
    settings.ROOT_URLCONF = "tests.support.specimen"
    settings.MIDDLEWARE = [*node.MIDDLEWARE, "tests.support.node_desk.SignedIn"]


@pytest.fixture
def signed_in(served: None, monkeypatch: pytest.MonkeyPatch) -> Actor:  # noqa: ARG001
    actor = an_actor(Role.AUDITOR)
    monkeypatch.setattr(SignedIn, "actor", actor)
    return actor


@pytest.mark.usefixtures("served")
class TestPage:
    def test_whoever_is_not_signed_in_is_led_to_sign_in_and_back(self, client: Client) -> None:
        answer = client.get("/list?text=BW0")
        assert answer.status_code == 302
        assert answer["Location"].endswith("?next=%2Flist%3Ftext%3DBW0")

    def test_a_public_page_needs_no_sign_in(self, client: Client) -> None:
        assert client.get("/specimen").status_code == 200

    @pytest.mark.usefixtures("signed_in")
    def test_an_act_that_no_role_may_do_is_a_page_that_says_who_may(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(SignedIn, "actor", an_actor(Role.CUSTOMS))
        answer = client.get("/list")
        assert answer.status_code == 403
        assert "administrator, auditor" in answer.content.decode()

    @pytest.mark.usefixtures("signed_in")
    def test_a_page_that_reads_takes_no_form(self, client: Client) -> None:
        answer = client.post("/list")
        assert answer.status_code == 405
        assert answer["Allow"] == "GET, HEAD"

    def test_a_view_says_which_act_it_serves(self) -> None:
        @pages.page(Act.TRADER_REGISTER, post=True)
        def view(request: pages.Request) -> None: ...  # type: ignore[misc]

        assert path("x", view).callback.act is Act.TRADER_REGISTER  # type: ignore[attr-defined, arg-type]

    @pytest.mark.usefixtures("signed_in")
    def test_instants_are_in_the_time_of_the_office(self, client: Client) -> None:
        assert "25 November 2026, 11:30" in client.get("/specimen").content.decode()


@pytest.mark.usefixtures("signed_in")
class TestErrors:
    @pytest.mark.parametrize(
        ("how", "status", "said"),
        [
            ("refused", 422, ["The weights differ.", "Weigh again.", "Latin letters", "KPCS Core Document, Annex I-A"]),
            ("one", 422, ["The licence ended.", "Renew it.", "T-0042", "AnnexI.A.language"]),
            ("untrusted", 422, ["The signature is wrong."]),
            ("undecided", 422, ["The trust list is stale."]),
            ("malformed", 400, ["&lt;b&gt;This&lt;/b&gt; is no certificate."]),
            ("not-permitted", 403, ["You examined it yourself."]),
            ("not-found", 404, ["There is no such trader."]),
            ("conflict", 409, ["It was lodged already."]),
        ],
    )
    def test_each_family_has_its_status_and_a_way_on(
        self, client: Client, how: str, status: int, said: list[str]
    ) -> None:
        answer = client.get(f"/fails/{how}")
        page = answer.content.decode()
        assert answer.status_code == status
        assert [each for each in said if each not in page] == []
        assert 'href="/">Your desk' in page

    def test_a_fault_shows_a_reference_that_the_log_has_and_nothing_else(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        client.raise_request_exception = False
        answer = client.get("/fails/fault")
        page = answer.content.decode()
        assert answer.status_code == 500
        assert "ZeroDivisionError" not in page
        assert "secret" not in page
        (record,) = [each for each in caplog.records if each.name == "macle.node.pages"]
        line = json.loads(logs.JSONLines().format(record))
        assert line["reference"] in page
        assert line["error"] == "ZeroDivisionError"
        assert "Tamsin" not in json.dumps(line)

    def test_where_no_page_is_there_is_a_way_on(self, client: Client) -> None:
        answer = client.get("/nowhere")
        assert answer.status_code == 404
        assert "There is no such page" in answer.content.decode()

    def test_a_form_from_elsewhere_does_nothing(self) -> None:
        answer = Client(enforce_csrf_checks=True).post("/choose", {"language": "fr"})
        assert answer.status_code == 403
        assert "no longer good" in answer.content.decode()


@pytest.mark.usefixtures("served")
class TestHeaders:
    def test_nothing_foreign_and_nothing_inline_runs(self, client: Client) -> None:
        for address in ("/specimen", "/nowhere", "/static/desk/ui.css"):
            policy = client.get(address)["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
            assert "unsafe" not in policy

    def test_no_page_has_what_the_policy_forbids(self, client: Client) -> None:
        page = client.get("/specimen?say=1").content.decode()
        assert " style=" not in page
        assert "<style" not in page
        assert page.count("<script") == page.count("<script src=")
        assert " onclick" not in page

    @pytest.mark.usefixtures("signed_in")
    def test_pages_of_a_person_are_not_kept(self, client: Client) -> None:
        assert client.get("/specimen")["Cache-Control"] == "no-store"

    @pytest.mark.usefixtures("signed_in")
    def test_a_pdf_may_be_shown_in_a_page_of_ours_and_of_nobody_else(self, client: Client) -> None:
        answer = client.get("/pdf")
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
        assert client.get("/specimen")["X-Frame-Options"] == "DENY"

    @pytest.mark.usefixtures("signed_in")
    def test_the_log_says_that_something_was_asked_and_not_what_or_by_whom(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO, "macle.node.access"):
            client.get("/list?text=Selle+River")
        (record,) = [each for each in caplog.records if each.name == "macle.node.access"]
        line = json.loads(logs.JSONLines().format(record))
        assert (line["route"], line["method"], line["status"]) == ("list", "GET", 200)
        assert "Selle" not in json.dumps(line)
        assert "official" not in json.dumps(line)


@pytest.mark.usefixtures("served")
class TestStatic:
    def test_a_hashed_name_is_kept_for_good_and_travels_compressed(self, client: Client) -> None:
        address = static.Shelf().url("desk/ui.css")
        answer = client.get(address, headers={"accept-encoding": "gzip, br"})
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["Content-Encoding"] == "gzip"
        assert "charset=utf-8" in answer["Content-Type"]
        assert len(answer.content) < len(client.get(address).content)
        assert client.get(address, headers={"if-none-match": answer["ETag"]}).status_code == 304

    def test_a_style_sheet_names_its_fonts_by_their_hashed_names(self) -> None:
        sheet = static.files()["desk/tokens.css"].content.decode()
        assert static.files()["desk/fonts/source-sans-3.woff2"].hashed.removeprefix("desk/") in sheet

    def test_a_plain_name_is_asked_for_again(self, client: Client) -> None:
        assert client.get("/static/desk/ui.css")["Cache-Control"] == "no-cache"

    @pytest.mark.parametrize("address", ["nothing.css", "../settings.py", "desk/../../settings.py", ""])
    def test_nothing_else_is_served(self, client: Client, address: str) -> None:
        assert client.get(f"/static/{address}").status_code == 404

    def test_a_template_that_names_a_missing_file_fails_at_once(self) -> None:
        with pytest.raises(static.FileMissing):
            static.Shelf().url("desk/nothing.css")

    def test_licences_travel_beside_what_they_are_of(self) -> None:
        assert {"desk/fonts/OFL.txt", "desk/htmx/LICENSE"} <= set(static.files())

    def test_a_first_page_stays_below_a_hundred_kilobytes(self, client: Client) -> None:
        page = client.get("/appearance")
        names = ("desk/tokens.css", "desk/ui.css", "desk/desk.js", "desk/htmx/htmx.min.js", "desk/icon.svg")
        files = [static.files()[name] for name in names]
        fonts = [file for name, file in static.files().items() if name.endswith(".woff2") and name != file.hashed]
        whole = len(page.content) + len(hues.sheet().encode()) + sum(len(font.content) for font in fonts)
        assert whole + sum(len(file.compressed or file.content) for file in files) <= 100_000


@pytest.mark.usefixtures("served")
class TestChoose:
    def test_language_and_theme_are_kept_without_a_script(self, client: Client) -> None:
        answer = client.post("/choose", {"language": "ar", "theme": "dark", "next": "/specimen"})
        assert answer["Location"] == "/specimen"
        page = client.get("/specimen").content.decode()
        assert '<html lang="ar" dir="rtl" data-theme="dark">' in page

    def test_the_way_back_stays_in_this_house(self, client: Client) -> None:
        assert client.post("/choose", {"theme": "dark", "next": "https://elsewhere.example/"})["Location"] == "/"

    def test_an_unknown_language_is_not_kept(self, client: Client) -> None:
        assert "macle_language" not in client.post("/choose", {"language": "xx"}).cookies


class TestHues:
    def test_each_house_has_one_and_partners_keep_away_from_our_own(self, settings: SettingsWrapper) -> None:
        for hue in (0, 100, 230, 359):
            settings.CONFIGURATION = node.CONFIGURATION.__class__(
                **{name: getattr(node.CONFIGURATION, name) for name in node.CONFIGURATION.__dataclass_fields__}
                | {"hue": hue}
            )
            assert hues.of("BW") == hue
            for code in ("NA", "EU", "ZA", "XX"):
                assert abs((hues.of(code) - hue + 180) % 360 - 180) >= 40

    def test_the_sheet_may_be_kept_until_a_hue_changes(self, client: Client) -> None:
        assert "immutable" in client.get(hues.address())["Cache-Control"]
        assert client.get("/participant-old.css")["Cache-Control"] == "no-cache"


class TestMarks:
    def test_a_mark_that_is_not_drawn_is_refused(self) -> None:
        with pytest.raises(MarkUnknown):
            marks.drawn("okay")

    @pytest.mark.parametrize("name", marks.DRAWN)
    def test_each_has_a_word(self, name: str) -> None:
        assert str(marks.WORDS[name]) in marks.said(name)


class TestNavigation:
    @pytest.fixture(autouse=True)
    def entries(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(navigation, "_entries", {})
        monkeypatch.setattr(navigation, "_finders", {})

    @pytest.mark.usefixtures("served")
    def test_shows_what_the_actor_may_do_in_order(self) -> None:
        navigation.enter(
            navigation.Entry(label="Audit", url="list", act=Act.AUDIT_SEARCH, order=90),
            navigation.Entry(label="Find", url="desk:find", act=pages.SIGNED_IN, order=10),
            navigation.Entry(label="Missing", url="nowhere", act=pages.PUBLIC, order=1),
        )
        shown = navigation.shown_to(an_actor(Role.AUDITOR), path="/list/T-0001")
        assert [(each.label, each.current) for each in shown] == [("Find", False), ("Audit", True)]
        assert [each.label for each in navigation.shown_to(an_actor(Role.CUSTOMS), path="/")] == ["Find"]
        assert navigation.shown_to(Actor(identifier=""), path="/") == []

    @pytest.mark.usefixtures("signed_in")
    def test_one_thing_found_is_gone_to_and_several_are_listed(self, client: Client) -> None:
        def finder(text: str, **_: object) -> list[navigation.Found]:
            return [navigation.Found(kind="Trader", label=text, address=f"/t/{each}") for each in range(len(text))]

        navigation.answer_find("traders", finder)
        assert client.get("/find?q=x")["Location"] == "/t/0"
        assert client.get("/find?q=xx").content.decode().count('href="/t/') == 2
        assert "Nothing is called so" not in client.get("/find?q=").content.decode()

    @pytest.mark.usefixtures("signed_in")
    def test_home_is_the_first_page_that_is_open(self, client: Client) -> None:
        assert "Nothing is open to you" in client.get("/").content.decode()
        navigation.enter(navigation.Entry(label="Audit", url="list", act=Act.AUDIT_SEARCH, order=90))
        assert client.get("/")["Location"] == "/list"
