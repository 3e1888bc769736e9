from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.test import RequestFactory
from django.urls import resolve, reverse
from django.utils import translation

from macle.node.desk import navigation, sentences
from macle.node.exporting.actions import applications, desk
from macle.node.exporting.models import Application, Attachment
from macle.node.exporting.pages import uploads
from macle.node.permissions import Actor, Role
from macle.node.traders import queries as traders
from macle.node.traders import wording
from macle.node.traders.models import KnownParty, Message
from macle.scheme import movements
from macle.scheme.lifecycle import CertificateState
from macle.scheme.movements import Movement
from tests.node.test_exporting_pages import _Notes, text_of
from tests.support import node_exporting as made
from tests.support import node_traders
from tests.support.node_exporting import EXAMINER, OFFICIAL
from tests.support.node_registry import OFFICE

if TYPE_CHECKING:
    from datetime import datetime

    from django.http.response import HttpResponseBase

    from tests.support.node_exporting import House

pytestmark = pytest.mark.django_db

NOW = made.later(10)
DESTINATION = {"destination": "EU"}
IMPORTER = {
    "importer_name": "Quayside Rough Trading",
    "importer_address": "12 Invented Quay",
    "importer_town": "Antwerp",
    "importer_country": "BE",
}
GOODS = {"carats_710231": "205.18", "value_710231": "41,036.00", "parcels": "3"}
ORIGIN = {"kind": "single", "country_0": "BW", "country_of_provenance": "BW"}
SOURCES = {
    "sources_0_kind": "production_record",
    "sources_0_reference": "PR-2026-11",
    "sources_0_carats": "205.18",
}
DECLARATION = {"synthetics_declared": "no", "not_conflict_diamonds": "on"}
STEPS = {
    "destination": DESTINATION,
    "importer": IMPORTER,
    "goods": GOODS,
    "origin": ORIGIN,
    "sources": SOURCES,
    "declaration": DECLARATION,
}


class Asking:
    """Somebody at their browser: a session that lasts, and pages without a sign-in."""

    def __init__(self, by: Actor) -> None:
        self.by, self.notes = by, _Notes()
        self.session: dict[str, Any] = {}

    def get(self, name: str, *arguments: object, query: str = "", at: datetime = NOW) -> HttpResponseBase:
        return self._asked(RequestFactory().get(reverse(f"exporting:{name}", args=arguments) + query), at)

    def post(
        self,
        name: str,
        *arguments: object,
        sent: dict[str, Any] | None = None,
        query: str = "",
        at: datetime = NOW,
        by_itself: bool = False,
    ) -> HttpResponseBase:
        address = reverse(f"exporting:{name}", args=arguments) + query
        headers = {"HX-Request": "true"} if by_itself else {}
        return self._asked(RequestFactory().post(address, sent or {}, headers=headers), at)

    def _asked(self, request: Any, at: datetime) -> HttpResponseBase:
        request.actor, request.at, request.person = self.by, at, "Joren Pell"
        request._messages, request.session = self.notes, self.session
        view, positional, named = resolve(request.path)
        answer: HttpResponseBase = view(request, *positional, **named)
        return answer


def begun(house: House, **changes: Any) -> tuple[Asking, str]:
    """Return a browser and the reference of a draft in which only these fields stand."""
    draft = applications.begin(
        trader=house.trader.reference, office=OFFICE, by=house.exporter, at=made.AT, entered=changes
    )
    return Asking(house.exporter), draft.reference


def entered(reference: str) -> dict[str, Any]:
    found: dict[str, Any] = Application.objects.get(reference=reference).entered
    return found


def html_of(answer: HttpResponseBase) -> str:
    return bytes(getattr(answer, "content", b"")).decode()


def an_invoice() -> SimpleUploadedFile:
    return SimpleUploadedFile("invoice.txt", b"Invoice 7 of Selle River Mining\n", content_type="text/plain")


class TestStart:
    def test_begins_at_once_where_there_is_one_trader_and_one_office(self) -> None:
        with made.a_house() as house:
            page = Asking(house.exporter)
            assert "For which trader" not in text_of(page.get("start"))
            done = page.post("start")
            (draft,) = Application.objects.all()
            assert done.status_code == 302
            assert done["Location"] == reverse("exporting:step", args=[draft.reference, "destination"])
            assert (draft.trader_id, draft.office) == (house.trader.reference, OFFICE)

    def test_asks_an_agent_for_which_trader(self) -> None:
        with made.a_house() as house:
            other = node_traders.a_trader()
            agent = Asking(node_traders.an_exporter(house.trader, other, role=Role.AGENT))
            assert "For which trader" in text_of(agent.get("start"))
            refused = agent.post("start")
            assert refused.status_code == 422
            assert "Say for which trader" in text_of(refused)
            agent.post("start", sent={"trader": other.reference})
            assert Application.objects.get().trader_id == other.reference

    def test_takes_no_trader_that_is_not_ones_own(self) -> None:
        with made.a_house() as house:
            stranger, other = node_traders.a_trader(), node_traders.a_trader()
            agent = Asking(node_traders.an_exporter(house.trader, other, role=Role.AGENT))
            assert agent.post("start", sent={"trader": stranger.reference}).status_code == 422
            assert not Application.objects.exists()

    def test_says_who_acts_for_nobody_and_refuses_officials(self) -> None:
        with made.a_house():
            nobody = Asking(node_traders.an_official(Role.EXPORTER))
            assert "You act for no trader now" in text_of(nobody.get("start"))
            assert Asking(OFFICIAL).get("start").status_code == 403


class TestSteps:
    def test_lead_from_nothing_to_a_lodged_application(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house)
            order = ["destination", "importer", "goods", "origin", "sources", "files", "declaration"]
            for name, sent in STEPS.items():
                assert page.get("step", reference, name).status_code == 200
                done = page.post("step", reference, name, sent=sent)
                assert done.status_code == 302, text_of(done)
                following = [*order, ""][order.index(name) + 1]
                expected = ("step", reference, following) if following else ("check-answers", reference)
                assert done["Location"] == reverse(f"exporting:{expected[0]}", args=expected[1:])
            read = entered(reference)
            assert read["lines"] == [{"hs": "7102.31", "carats": "205.18", "value": "41036.00"}]
            assert read["not_conflict_diamonds"] is True
            assert read["synthetics_declared"] is False
            check = page.get("check-answers", reference)
            assert "Quayside Rough Trading" in text_of(check)
            assert "205.18" in text_of(check)
            assert page.post("check-answers", reference).status_code == 302
            assert Application.objects.get().status is CertificateState.SUBMITTED

    @pytest.mark.parametrize(
        ("name", "sent", "kept", "said"),
        [
            ("destination", {"destination": "QQ"}, {"destination": "QQ"}, "Choose one from the list."),
            ("importer", IMPORTER | {"importer_town": ""}, {"importer": None}, "Give the town."),
            ("goods", GOODS | {"carats_710231": "205.185"}, {"lines": None}, "205.185"),
            ("goods", GOODS | {"value_710231": ""}, {"lines": None}, "Give the value too."),
            ("origin", ORIGIN | {"country_0": ""}, {"origin": {"kind": "single"}}, "Name the one country"),
            ("origin", ORIGIN | {"kind": "mixed_listed"}, {"origin": None}, "List two countries at least."),
            ("origin", ORIGIN | {"kind": "mixed_undisclosed"}, {"origin": None}, "An undisclosed origin lists no"),
            ("sources", SOURCES | {"sources_0_carats": "lots"}, {"sources": None}, "lots"),
            ("sources", {"sources_0_reference": "PR 7"}, {"sources": [{"reference": "PR 7"}]}, "Say what it is."),
            ("declaration", {"synthetics_declared": "yes"}, {"synthetics_declared": True}, "Only the exporter can"),
            ("declaration", {}, {}, "Say whether there are synthetic"),
        ],
    )
    def test_save_what_is_wrong_and_say_what_is_wrong_at_the_field(
        self, name: str, sent: dict[str, str], kept: dict[str, Any], said: str
    ) -> None:
        with made.a_house() as house:
            page, reference = begun(house)
            refused = page.post("step", reference, name, sent=sent)
            assert refused.status_code == 422
            assert said in text_of(refused)
            assert 'aria-invalid="true"' in html_of(refused) or "has-error" in html_of(refused)
            for field, value in kept.items():
                assert field in entered(reference)
                assert value is None or entered(reference)[field] == value

    def test_show_raw_text_again_and_what_is_wrong_with_it(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house)
            page.post("step", reference, "goods", sent=GOODS | {"carats_710231": "205.185"})
            again = page.get("step", reference, "goods")
            assert again.status_code == 200
            assert 'value="205.185"' in html_of(again)
            assert "205.185" in text_of(again)

    def test_name_no_gaps_to_who_only_begins(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house, importer={"name": "Quayside Rough Trading"})
            assert "Give the town." not in text_of(page.get("step", reference, "importer"))
            assert "Give the town." in text_of(page.get("step", reference, "importer", query="?from=check"))

    def test_say_what_a_rule_refuses_with_its_source(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house)
            refused = page.post("step", reference, "declaration", sent=DECLARATION | {"synthetics_declared": "yes"})
            assert refused.status_code == 422
            assert "KPCS Core Document, Section I (diamond)" in text_of(refused)

    def test_ask_for_the_mining_area_where_standing_is_partial(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house)
            sent = {"kind": "single", "country_0": "CF", "country_of_provenance": "BW"}
            at = made.AT.replace(year=2023)
            refused = page.post("step", reference, "origin", sent=sent, at=at)
            assert "Mining area" in text_of(refused)
            assert "Name the mining area." in text_of(refused)
            assert "Mining area" not in text_of(page.post("step", reference, "origin", sent=ORIGIN))

    def test_save_themselves_while_somebody_types(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house)
            saved = page.post("step", reference, "goods", sent={"carats_710231": "2"}, by_itself=True)
            assert saved.status_code == 200
            assert re.fullmatch(r"Saved \d\d:\d\d", text_of(saved))
            assert entered(reference)["lines"] == [{"hs": "7102.31", "carats": "2.00"}]

    def test_add_a_row_without_a_script(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house)
            done = page.post("step", reference, "sources", sent=SOURCES | {"add": "source"})
            assert done.status_code == 302
            assert "rows=2" in done["Location"]
            again = page.get("step", reference, "sources", query="?rows=2")
            assert "sources_1_kind" in html_of(again)
            assert "PR-2026-11" in html_of(again)
            assert "10000.00" in text_of(again).replace(",", "")
            two = SOURCES | {name.replace("_0_", "_1_"): value for name, value in SOURCES.items()}
            assert page.post("step", reference, "sources", sent=two).status_code == 302
            assert len(entered(reference)["sources"]) == 2

    def test_go_back_to_the_check_when_one_answer_was_changed(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house, **house.entered())
            done = page.post("step", reference, "goods", sent=GOODS, query="?from=check")
            assert done["Location"] == reverse("exporting:check-answers", args=[reference])

    def test_take_an_importer_out_of_the_address_book_and_keep_one_in_it(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house)
            page.post("step", reference, "importer", sent=IMPORTER | {"keep": "on"})
            page.post("step", reference, "importer", sent=IMPORTER | {"keep": "on"})
            (party,) = KnownParty.objects.all()
            _, second = begun(house)
            taken = page.post("step", second, "importer", sent={"take": "1", "known": str(party.pk)})
            assert taken.status_code == 302
            assert entered(second)["importer"]["town"] == "Antwerp"
            page.post("step", second, "importer", sent={"take": "1", "known": "x"})
            assert entered(second)["importer"]["town"] == "Antwerp"

    def test_lead_on_to_the_first_that_is_not_complete(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house, destination="EU")
            assert page.get("draft", reference)["Location"].endswith("/draft/importer")
            page, reference = begun(house, **house.entered())
            assert page.get("draft", reference)["Location"] == reverse("exporting:check-answers", args=[reference])

    def test_name_a_line_that_came_with_a_file_and_has_no_place(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house, lines=[{"hs": "7102.39", "carats": "1.00", "value": "1.00"}, "odd"])
            assert "7102.39" in text_of(page.get("step", reference, "goods"))

    @pytest.mark.parametrize(
        "odd", [{"importer": "nobody"}, {"lines": {"a": 1}}, {"sources": [1, None]}, {"origin": []}, {"parcels": [3]}]
    )
    def test_stand_whatever_a_file_brought(self, odd: dict[str, Any]) -> None:
        with made.a_house() as house:
            page, reference = begun(house, **odd)
            for name in STEPS:
                assert page.get("step", reference, name, query="?from=check").status_code == 200
            assert page.get("check-answers", reference).status_code == 200

    def test_keep_no_nought_character(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house)
            assert (
                page.post("step", reference, "importer", sent=IMPORTER | {"importer_name": "A\x00B"}).status_code == 422
            )
            assert entered(reference)["importer"]["name"] == "AB"

    def test_are_closed_once_it_is_lodged(self) -> None:
        with made.a_house() as house:
            reference = made.lodged(house).reference
            page = Asking(house.exporter)
            for name in (*STEPS, "files"):
                assert page.get("step", reference, name)["Location"] == reverse(
                    "exporting:application", args=[reference]
                )
                done = page.post("step", reference, name, sent=STEPS.get(name, {}))
                assert done["Location"] == reverse("exporting:application", args=[reference])
            assert page.get("draft", reference).status_code == 302
            with pytest.raises(Http404):
                page.get("step", reference, "nothing")


class TestTechnical:
    def test_an_official_begins_it_and_the_trader_fills_it_in_and_lodges_it(self) -> None:
        with made.law(technical_certificates=made.sourced(True)), made.a_house() as house:
            official = Asking(OFFICIAL)
            for name in ("applications", "queue"):
                assert reverse("exporting:technical") in html_of(official.get(name))
            form = official.get("technical")
            assert "Act 1" in text_of(form)
            missing = official.post("technical")
            assert missing.status_code == 422
            assert "Give the number of that certificate." in text_of(missing)
            own = official.post("technical", sent={"trader": house.trader.reference, "arrived_under": "BW00004001"})
            assert own.status_code == 422
            assert "BW&#x27;s own" in html_of(own)
            done = official.post("technical", sent={"trader": house.trader.reference, "arrived_under": "IL 00012"})
            assert (done.status_code, done["Location"]) == (302, reverse("exporting:applications"))
            reference = Application.objects.get().reference
            assert official.notes.said == [
                f"{reference} is begun. {house.trader.name} is told, fills it in and lodges it."
            ]
            page = Asking(house.exporter)
            assert reference in text_of(page.get("queue"))
            first = page.get("step", reference, "destination")
            assert "arrived under IL00012" in text_of(first)
            assert page.post("step", reference, "destination", sent={"destination": "IL"}).status_code == 302
            for name, sent in (STEPS | {"sources": SOURCES | {"sources_0_reference": "IL00012"}}).items():
                if name != "destination":
                    assert page.post("step", reference, name, sent=sent).status_code == 302, name
            check = text_of(page.get("check-answers", reference))
            assert "Kind of certificate Technical The goods arrived under IL00012." in check
            assert page.post("check-answers", reference).status_code == 302
            assert "Technical" in text_of(official.get("application", reference))

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({}, "It is in doubt whether the law of Botswana knows technical certificates."),
            ({"technical_certificates": made.sourced(False)}, "The law of Botswana knows no technical certificates."),
        ],
    )
    def test_says_clearly_where_the_law_does_not_know_it(self, fields: dict[str, Any], said: str) -> None:
        with made.law(**fields), made.a_house() as house:
            official = Asking(OFFICIAL)
            page = official.get("technical")
            assert page.status_code == 200
            assert said in text_of(page)
            assert ("own rule not verified" if not fields else "Act 1") in text_of(page)
            assert 'name="arrived_under"' not in html_of(page)
            refused = official.post("technical", sent={"trader": house.trader.reference, "arrived_under": "IL 00012"})
            assert refused.status_code == 422
            assert not Application.objects.exists()

    def test_stays_standard_where_a_trader_says_it_is_technical(self) -> None:
        with made.law(technical_certificates=made.sourced(True)), made.a_house() as house:
            page, reference = begun(house, kind="technical", refers_to={"number": "IL00012"})
            assert "begun by the desk" in text_of(page.get("check-answers", reference))
            assert page.post("step", reference, "destination", sent=DESTINATION).status_code == 302
            assert entered(reference)["kind"] == "standard"

    def test_is_offered_where_goods_go_back_to_those_who_may_begin_it(self) -> None:
        back = "?goods=unsorted&movement=" + Movement.TURNED_BACK.replace(" ", "+")
        with made.a_house() as house:
            assert reverse("exporting:technical") in html_of(Asking(OFFICIAL).get("needs", query=back))
            for other in (house.exporter, made.somebody(Role.EXAMINER, office=OFFICE), Actor(identifier="")):
                assert reverse("exporting:technical") not in html_of(Asking(other).get("needs", query=back))
            there = "?goods=unsorted&movement=to+a+Participant"
            assert reverse("exporting:technical") not in html_of(Asking(OFFICIAL).get("needs", query=there))


class TestReturned:
    def test_opens_in_the_same_steps_with_the_reason_on_top(self) -> None:
        with made.a_house() as house:
            reference = made.examined(house).reference
            desk.return_to_trader(
                reference=reference, reason="The invoice is of another shipment.", by=EXAMINER, at=made.later(2)
            )
            page = Asking(house.exporter)
            assert "The invoice is of another shipment." in text_of(page.get("step", reference, "goods"))
            assert "The invoice is of another shipment." in text_of(page.get("check-answers", reference))
            assert page.post("check-answers", reference).status_code == 302
            assert Application.objects.get().status is CertificateState.SUBMITTED


class TestCheck:
    def test_shows_all_breaches_at_once_with_their_sources_and_lodges_nothing(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house, lines=[{"hs": "7102.31", "carats": "x"}])
            for answer in (page.get("check-answers", reference), page.post("check-answers", reference)):
                said = text_of(answer)
                assert "things stop this" in said
                assert "KPCS Core Document, Section III(a), (c)" in said
                assert "KPCS Core Document, Annex II-18" in said
                assert reverse("exporting:step", args=[reference, "destination"]) + "?from=check" in html_of(answer)
            assert page.post("check-answers", reference).status_code == 422
            assert Application.objects.get().status is CertificateState.DRAFT

    def test_says_of_a_short_book_that_it_only_holds(self) -> None:
        with made.a_house(carats="100.00") as house:
            page, reference = begun(house, **house.entered())
            said = text_of(page.get("check-answers", reference))
            assert "You may lodge it. It is then held" in said
            assert "Section IV(a)" in said
            assert page.post("check-answers", reference).status_code == 302


class TestFiles:
    def test_are_added_named_when_missing_and_taken_out(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house)
            assert text_of(page.get("step", reference, "files")).count("missing") == 4
            added = page.post("step", reference, "files", sent={"kind": "invoice", "file": an_invoice()})
            assert added.status_code == 302
            assert text_of(page.get("step", reference, "files")).count("missing") == 3
            (held,) = Attachment.objects.all()
            page.post("step", reference, "files", sent={"out": str(held.pk)})
            assert not Attachment.objects.filter(ended_at=None).exists()

    def test_of_a_wrong_kind_end_in_a_clear_error(self) -> None:
        with made.a_house() as house:
            page, reference = begun(house)
            for name, data, said in (
                ("invoice.exe", b"MZ", "whose name ends with"),
                ("invoice.pdf", b"MZ" * 40, "invoice.pdf"),
            ):
                file = SimpleUploadedFile(name, data)
                refused = page.post("step", reference, "files", sent={"kind": "invoice", "file": file})
                assert refused.status_code == 422
                assert said in text_of(refused)
            assert page.post("step", reference, "files").status_code == 422
            missing = page.post("step", reference, "files", sent={"out": "999999"})
            assert missing.status_code == 404


class TestCopy:
    def test_begins_with_the_same_goods_and_declares_nothing(self) -> None:
        with made.a_house() as house:
            reference = made.lodged(house).reference
            page = Asking(house.exporter)
            assert "Copy this application" in text_of(page.get("application", reference))
            assert page.get("copy", reference).status_code == 200
            done = page.post("copy", reference)
            copied = Application.objects.exclude(reference=reference).get()
            assert done["Location"] == reverse("exporting:draft", args=[copied.reference])
            assert copied.entered["destination"] == "EU"
            assert "not_conflict_diamonds" not in copied.entered
            assert page.get("draft", copied.reference)["Location"].endswith("/draft/sources")


class TestReach:
    def test_another_traders_reference_is_not_there_on_any_address(self) -> None:
        with made.a_house() as house:
            reference = made.a_draft(house).reference
            stranger = Asking(node_traders.an_exporter(node_traders.a_trader()))
            addresses = [
                ("draft", []),
                ("check-answers", []),
                ("copy", []),
                *(("step", [name]) for name in (*STEPS, "files")),
            ]
            for name, more in addresses:
                assert stranger.get(name, reference, *more).status_code == 404, name
                if name != "draft":
                    assert stranger.post(name, reference, *more, sent={}).status_code == 404, name
            before = entered(reference)
            stranger.post("step", reference, "destination", sent={"destination": "AE"}, by_itself=True)
            assert entered(reference) == before

    def test_officials_fill_in_nothing(self) -> None:
        with made.a_house() as house:
            reference = made.lodged(house).reference
            for name, more in (("draft", []), ("check-answers", []), ("copy", []), ("step", ["goods"])):
                assert Asking(OFFICIAL).get(name, reference, *more).status_code == 403, name

    def test_an_agent_works_for_both_of_its_traders_and_no_third(self) -> None:
        with made.a_house() as house:
            other = node_traders.a_trader()
            node_traders.a_licence(other)
            third = node_traders.a_trader()
            agent = node_traders.an_exporter(house.trader, other, role=Role.AGENT)
            page = Asking(agent)
            for each in (house.trader, other):
                draft = applications.begin(trader=each.reference, office=OFFICE, by=agent, at=made.AT)
                assert page.post("step", draft.reference, "destination", sent=DESTINATION).status_code == 302
            home = text_of(page.get("queue"))
            assert house.trader.name in home
            assert other.name in home
            assert third.name not in home

    def test_another_persons_upload_is_not_there(self) -> None:
        with made.a_house() as house:
            page = Asking(house.exporter)
            done = page.post("upload", sent={"file": table(row(house))})
            key = done["Location"].rsplit("/", 1)[-1]
            stranger = Asking(Actor(identifier="person-2", held=node_traders.an_exporter(node_traders.a_trader()).held))
            for name in ("upload-report", "lodge-all"):
                with pytest.raises(Http404):
                    stranger.get(name, key)


def row(house: House, **changes: str) -> dict[str, str]:
    del house
    return dict(uploads.TEMPLATE) | {"not_conflict_diamonds": "true", "synthetics_declared": "false"} | changes


def table(*given: dict[str, str], name: str = "applications.csv") -> SimpleUploadedFile:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(given[0]))
    writer.writeheader()
    writer.writerows(given)
    return SimpleUploadedFile(name, text.getvalue().encode())


class TestUpload:
    def test_reports_on_each_row_and_lodges_all_that_can_be_lodged(self) -> None:
        with made.a_house() as house:
            page = Asking(house.exporter)
            good, bad = row(house), row(house) | {"destination": "", "lines[0].carats": "x"}
            done = page.post("upload", sent={"file": table(good, bad, good)})
            assert done.status_code == 302, text_of(done)
            key = done["Location"].rsplit("/", 1)[-1]
            report = page.get("upload-report", key)
            said = text_of(report)
            assert "2 can be lodged, 1 cannot" in said.replace(" ,", ",")
            assert "applications.csv row 3" in said
            assert "Section III(a), (c)" in said
            assert "2 applications" in text_of(page.get("lodge-all", key))
            assert page.post("lodge-all", key).status_code == 302
            assert page.notes.said == ["2 applications are lodged."]
            states = list(Application.objects.order_by("pk").values_list("state", flat=True))
            assert states == [CertificateState.SUBMITTED, CertificateState.DRAFT, CertificateState.SUBMITTED]
            assert "2 are lodged" in text_of(page.get("upload-report", key))
            assert "Nothing of this upload can be lodged now" in text_of(page.get("lodge-all", key))

    def test_the_template_makes_a_draft_in_which_only_the_declarations_are_missing(self) -> None:
        with made.a_house() as house:
            page = Asking(house.exporter)
            handed = page.get("upload-template")
            data = b"".join(handed.streaming_content)  # type: ignore[attr-defined]
            page.post("upload", sent={"file": SimpleUploadedFile("applications.csv", data)})
            (draft,) = Application.objects.all()
            breaches = applications.findings(draft, at=made.later(10))
            assert {each.rule for each in breaches} == {"AnnexII.18.declaration"}

    def test_a_row_that_cannot_be_read_spoils_only_itself(self) -> None:
        with made.a_house() as house:
            page = Asking(house.exporter)
            data = b'[{"destination": "EU"}, 7, {"destination": "A\\u0000B"}, {"destination": "\\ud800"}]'
            done = page.post("upload", sent={"file": SimpleUploadedFile("a.json", data)})
            assert Application.objects.count() == 1
            report = page.get("upload-report", done["Location"].rsplit("/", 1)[-1])
            said = text_of(report)
            assert said.count("Not read") == 3
            assert "a character that cannot be kept" in said

    def test_countries_beyond_what_a_list_is_searched_by_are_kept(self) -> None:
        with made.a_house() as house:
            page = Asking(house.exporter)
            many = ";".join(["BW"] * 60)
            page.post(
                "upload", sent={"file": table(row(house) | {"origin.kind": "mixed_listed", "origin.countries": many})}
            )
            assert len(Application.objects.get().entered["origin"]["countries"]) == 60

    @pytest.mark.parametrize(
        ("name", "data", "said"),
        [
            ("a.csv", b"", "empty"),
            ("a.csv", b"\xff\xfe\x00", "neither JSON, nor CSV"),
            ("a.csv", b"destination\n", "no rows below"),
            ("a.csv", b"=cmd|'/c calc'!A1\nEU\n", "not a heading"),
            ("a.xlsx", b"PK\x03\x04 nothing", "spreadsheet"),
            ("a.json", b"[" * 100_000, "nested too deeply"),
            ("a.json", b'{"destination": NaN}', "not JSON"),
            ("a.exe", b"destination\nEU\n", "whose name ends with"),
            ("a.csv", b"destination\n" + b"EU\n" * 201, "201 applications"),
        ],
    )
    def test_hostile_files_end_in_a_clear_error(self, name: str, data: bytes, said: str) -> None:
        with made.a_house() as house:
            refused = Asking(house.exporter).post("upload", sent={"file": SimpleUploadedFile(name, data)})
            assert refused.status_code == 422
            assert said in text_of(refused)
            assert not Application.objects.exists()

    def test_asks_for_a_file_and_for_which_trader(self) -> None:
        with made.a_house() as house:
            agent = Asking(node_traders.an_exporter(house.trader, node_traders.a_trader(), role=Role.AGENT))
            said = text_of(agent.post("upload"))
            assert "Choose the file." in said
            assert "Say for which trader" in said


class TestHome:
    def test_shows_what_is_ones_own_and_why_it_waits(self) -> None:
        with made.a_house() as house:
            made.lodged(house)
            made.a_draft(house)
            said = text_of(Asking(house.exporter).get("queue"))
            assert "Go on with it" in said
            assert "It waits for the office to weigh, count and value the goods." in said
            assert "is lodged" in said
            assert "until" in said
            assert "10,000.00" in said

    def test_shows_nothing_of_anybody_elses(self) -> None:
        with made.a_house() as house:
            reference = made.lodged(house).reference
            stranger = text_of(Asking(node_traders.an_exporter(node_traders.a_trader())).get("queue"))
            assert reference not in stranger
            assert house.trader.name not in stranger
            assert "10,000.00" not in stranger

    def test_reads_only_that_it_is_under_examination_while_a_suspicion_is_open(self) -> None:
        with made.a_house() as house:
            reference = made.examined(house).reference
            desk.return_to_trader(reference=reference, reason="Not these stones.", by=EXAMINER, at=made.later(2))
            desk.suspect(reference=reference, text="The stones are of another mine.", by=OFFICIAL, at=made.later(3))
            page = Asking(house.exporter)
            home = text_of(page.get("queue"))
            assert "Under examination" in home
            assert "Mend it" not in home
            assert "another mine" not in home
            under_way = home[home.index("Under way") :]
            assert "Not these stones" not in under_way
            # Neither what is listed nor how a list is narrowed says more.
            for query in ("?state=", "?state=under_examination", "?sort=state"):
                assert reference in text_of(page.get("applications", query=query))
            assert reference not in text_of(page.get("applications", query="?state=deficient"))
            for name, more in (("step", ["goods"]), ("check-answers", []), ("draft", [])):
                answer = page.get(name, reference, *more)
                assert answer["Location"] == reverse("exporting:application", args=[reference])
            assert page.post("check-answers", reference).status_code == 302
            assert Application.objects.get().status is CertificateState.DEFICIENT
            assert "Returned" in text_of(Asking(OFFICIAL).get("applications"))

    def test_messages_are_said_in_words_and_lead_to_their_application(self) -> None:
        with made.a_house() as house:
            reference = made.lodged(house).reference
            message = Message.objects.get()
            assert wording.sentence(message) == (
                f"Your application {reference} is lodged. The office weighs, counts and values the goods."
            )
            assert wording.place(message) == reverse("exporting:application", args=[reference])
            assert traders.unread(house.exporter) == 1


class TestNeeds:
    def test_answers_everybody_with_the_source(self) -> None:
        page = Asking(Actor(identifier=""))
        assert page.get("needs").status_code == 200
        yes = page.get("needs", query="?goods=unsorted&movement=to+a+Participant")
        assert "Yes, it needs a certificate" in text_of(yes)
        assert "KPCS Core Document, Section III(a)" in text_of(yes)
        never = page.get("needs", query="?goods=industrial&movement=to+a+non-Participant")
        assert "It may not take place" in text_of(never)
        assert "No, it needs none" in text_of(page.get("needs", query="?goods=polished&movement=to+a+Participant"))

    def test_asks_again_for_what_is_missing(self) -> None:
        page = Asking(Actor(identifier=""))
        refused = page.get("needs", query="?goods=unsorted&movement=sideways")
        assert refused.status_code == 422
        assert "Say what happens to it." in text_of(page.get("needs", query="?goods=unsorted"))

    @pytest.mark.parametrize("language", ["fr", "pt"])
    def test_says_in_the_language_of_the_page_what_the_scheme_says(self, language: str) -> None:
        for goods in movements.Goods:
            for movement in movements.Movement:
                answer = movements.needs_certificate(goods=goods, movement=movement)
                with translation.override(language):
                    assert {sentences.said(text) for text in (answer.why, answer.then)}.isdisjoint(
                        {answer.why, answer.then}
                    )

    def test_stands_in_the_bar_of_traders_alone(self) -> None:
        with made.a_house() as house:
            address = reverse("exporting:needs")
            assert address in {each.address for each in navigation.shown_to(house.exporter, path="/")}
            assert address not in {each.address for each in navigation.shown_to(OFFICIAL, path="/")}
