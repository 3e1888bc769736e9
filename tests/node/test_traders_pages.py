"""The pages of the register, asked by several people; what a page does is an action, which has tests of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from django.db import transaction
from django.test import RequestFactory
from django.urls import URLPattern, resolve, reverse

from macle.node.permissions import Act, Actor, Role
from macle.node.traders import actions, navigation, pages, urls, wording
from macle.node.traders.models import Balance, EntryKind, KnownParty, Licence, LicenceKind, Message, Suspension, Trader
from macle.scheme.terms import Carats
from tests.support.node_traders import AT, DAY, a_licence, a_trader, an_entry, an_exporter, an_official

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

pytestmark = pytest.mark.django_db

PAGES = [each for each in urls.urlpatterns if isinstance(each, URLPattern)]


def asked(
    by: Actor,
    name: str,
    *arguments: object,
    post: dict[str, Any] | None = None,
    get: dict[str, str] | None = None,
) -> HttpResponseBase:
    """Ask for a page as this person; sessions and sign-in are the business of another office."""
    address = reverse(f"traders:{name}", args=arguments)
    factory = RequestFactory()
    request = factory.get(address, get or {}) if post is None else factory.post(address, post)
    request.actor, request.at, request.person = by, AT, "Joren Pell"  # type: ignore[attr-defined]
    view, positional, named = resolve(address)
    answer: HttpResponseBase = view(request, *positional, **named)
    return answer


def text_of(answer: HttpResponseBase) -> str:
    """Return the words of a page."""
    content = getattr(answer, "content", b"").decode()
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())


def a_message(trader: Trader) -> Message:
    with transaction.atomic():
        return actions.tell(trader=trader, code="example", subject="application:7", facts={"breaches": 2}, at=AT)


def a_furnished_trader() -> Trader:
    """Return a trader with something in every part of its page."""
    trader = a_trader(name="Selle River Mining", beneficial_owners="Joren Pell, 60 %")
    a_licence(trader)
    an_entry(trader, "1204.35", EntryKind.OPENING_STOCK)
    an_entry(trader, "58.02", EntryKind.IMPORT, origin="ZA", reference="ZA0000017")
    actions.authorise_contact(
        trader=trader,
        name="Tamsin Vale",
        email="t.vale@selle.example",
        since=DAY,
        may_lodge=True,
        by=an_official(),
        at=AT,
    )
    actions.add_known_party(
        trader=trader,
        name="Quayside Rough Trading",
        address="11 Quay Street",
        town="Antwerp",
        country="BE",
        on=DAY,
        by=an_exporter(trader),
        at=AT,
    )
    actions.declare_stock(trader=trader, year=2026, stock={"BW": Carats(120435)}, by=an_official(), at=AT)
    return trader


class TestTrader:
    def test_shows_what_is_known(self) -> None:
        trader = a_furnished_trader()
        said = text_of(asked(an_official(), "trader", trader.reference))
        for words in ("Selle River Mining", "In force", "1,204.35", "Tamsin Vale", "Quayside", "South Africa", "60 %"):
            assert words in said

    def test_an_official_is_offered_what_officials_do(self) -> None:
        trader = a_furnished_trader()
        said = text_of(asked(an_official(), "trader", trader.reference))
        assert "Grant a licence" in said
        assert "Add to the address book" not in said

    def test_a_trader_is_offered_what_traders_do(self) -> None:
        trader = a_furnished_trader()
        said = text_of(asked(an_exporter(trader), "trader", trader.reference))
        assert "Add to the address book" in said
        assert "Grant a licence" not in said

    def test_says_what_stops_it_and_not_why_it_is_suspended(self) -> None:
        trader = a_furnished_trader()
        actions.suspend(trader=trader, since=DAY, reason="Under suspicion", by=an_official(), at=AT)
        said = text_of(asked(an_exporter(trader), "trader", trader.reference))
        assert "Nothing can be lodged" in said
        assert "Under suspicion" not in said
        assert "Under suspicion" in text_of(asked(an_official(), "trader", trader.reference))

    def test_an_empty_one_says_what_comes_first(self) -> None:
        said = text_of(asked(an_official(), "trader", a_trader().reference))
        assert "No licence was ever granted." in said
        assert "Opening stock is entered first." in said

    def test_a_short_balance_is_drawn_the_other_way(self) -> None:
        trader = a_trader()
        an_entry(trader, "5.00", origin="ZA")
        Balance.objects.create(trader=trader, origin="BW", carats_hundredths=-500)
        answer = asked(an_official(), "trader", trader.reference)
        assert "more left than came in" in text_of(answer)
        assert b'x="0" y="2" width="500"' in getattr(answer, "content", b"")

    def test_has_no_style_and_no_script_of_its_own(self) -> None:
        trader = a_furnished_trader()
        for name in ("trader", "book"):
            content = getattr(asked(an_official(), name, trader.reference), "content", b"").decode()
            assert not re.search(r"\sstyle=|\son[a-z]+=", content)


class TestOfAnother:
    @pytest.mark.parametrize("name", [each.name for each in PAGES if "reference" in str(each.pattern)])
    def test_no_page_and_no_form_reaches_it(self, name: str) -> None:
        other, own = a_furnished_trader(), a_trader()
        a_message(other)
        keys = {
            "end-licence": other.licences,
            "end-contact": other.contacts,
            "change-known-party": other.known_parties,
            "remove-known-party": other.known_parties,
            "message": other.messages,
        }
        key = [keys[name].get().pk] if name in keys else []
        attempts: tuple[dict[str, Any] | None, ...] = (None, {})
        for post in attempts:
            # A list of those methods that a page allows is no news of anybody.
            assert asked(an_exporter(own), name, other.reference, *key, post=post).status_code in {403, 404, 405}
            if key:
                assert asked(an_exporter(own), name, own.reference, *key, post=post).status_code in {403, 404, 405}

    def test_every_page_says_which_act_it_serves(self) -> None:
        assert all(isinstance(getattr(each.callback, "act", None), Act) for each in PAGES)


class TestRegister:
    ANSWERS: ClassVar = {
        "name": "Brindle Alluvials",
        "latin_name": "",
        "residence": "company registered in Botswana",
        "address": "2 Sluice Road",
        "town": "Port Selle",
        "country": "BW",
        "beneficial_owners": "",
    }

    def test_goes_step_by_step_and_carries_the_answers(self) -> None:
        first = {name: self.ANSWERS[name] for name in ("name", "latin_name", "residence")}
        answer = asked(an_official(), "register", post={"step": "who", **first})
        content = getattr(answer, "content", b"").decode()
        assert 'name="step" value="where"' in content
        assert 'name="name" value="Brindle Alluvials"' in content
        assert "has-error" not in content

    def test_stays_where_something_is_missing(self) -> None:
        said = getattr(asked(an_official(), "register", post={"step": "who", "name": ""}), "content", b"").decode()
        assert 'name="step" value="who"' in said
        assert "has-error" in said

    def test_shows_every_answer_before_it_registers(self) -> None:
        answer = asked(an_official(), "register", post={"step": "owners", **self.ANSWERS})
        assert "Brindle Alluvials" in text_of(answer)
        assert not Trader.objects.exists()

    def test_goes_back_to_change_an_answer(self) -> None:
        answer = asked(an_official(), "register", post={"step": "check", "go": "where", **self.ANSWERS})
        content = getattr(answer, "content", b"").decode()
        assert 'value="2 Sluice Road"' in content
        assert not Trader.objects.exists()

    def test_registers(self) -> None:
        answer = asked(an_official(), "register", post={"step": "check", **self.ANSWERS})
        assert answer["Location"] == "/traders/T-0001"
        assert Trader.objects.get().town == "Port Selle"

    def test_cannot_be_tricked_past_a_missing_answer(self) -> None:
        answer = asked(an_official(), "register", post={"step": "check", **self.ANSWERS, "town": ""})
        assert 'name="step" value="where"' in getattr(answer, "content", b"").decode()
        assert not Trader.objects.exists()


class TestForms:
    def test_a_licence_is_granted_and_ended(self) -> None:
        trader = a_trader()
        given = {"kind": "exporter", "number": "PSD-7", "since": "2026-01-01", "until": "", "area": ""}
        assert asked(an_official(), "grant-licence", trader.reference, post=given).status_code == 302
        licence = Licence.objects.get()
        assert licence.until is None
        ended = {"until": "2026-11-25", "reason": "Given back"}
        assert asked(an_official(), "end-licence", trader.reference, licence.pk, post=ended).status_code == 302

    def test_what_is_refused_stands_at_its_field(self) -> None:
        trader = a_trader()
        given = {"kind": "artisanal miner", "number": "PSD-7", "since": "2026-01-01", "until": "", "area": ""}
        content = getattr(asked(an_official(), "grant-licence", trader.reference, post=given), "content", b"").decode()
        assert 'id="id_area_error"' in content
        assert not Licence.objects.exists()

    def test_a_trader_is_suspended_and_the_suspension_lifted(self) -> None:
        trader = a_trader()
        by = an_official()
        asked(by, "suspend", trader.reference, post={"since": "2026-11-25", "reason": "Books not shown"})
        asked(by, "lift", trader.reference, post={"until": "2026-11-26", "reason": "Books shown"})
        assert Suspension.objects.get().lift_reason == "Books shown"

    def test_the_address_book_is_kept(self) -> None:
        trader = a_trader()
        by = an_exporter(trader)
        given = {"name": "Quayside", "address": "11 Quay Street", "town": "Antwerp", "country": "BE"}
        asked(by, "add-known-party", trader.reference, post=given)
        party = KnownParty.objects.get()
        asked(by, "change-known-party", trader.reference, party.pk, post=given | {"town": "Ghent"})
        assert KnownParty.objects.get().town == "Ghent"
        asked(by, "remove-known-party", trader.reference, party.pk, post={})
        assert KnownParty.objects.get().until == DAY

    def test_a_contact_is_authorised_and_ended(self) -> None:
        trader = a_trader()
        given = {"name": "Tamsin Vale", "email": "t.vale@selle.example", "language": "en", "since": "2026-11-25"}
        by = an_exporter(trader)
        assert asked(by, "authorise-contact", trader.reference, post=given).status_code == 302
        contact = trader.contacts.get()
        assert not contact.may_lodge
        asked(by, "end-contact", trader.reference, contact.pk, post={"until": "2026-11-26", "reason": "Left"})
        assert trader.contacts.get().until is not None

    def test_what_the_register_says_is_changed(self) -> None:
        trader = a_trader()
        given = {name: getattr(trader, name) for name in TestRegister.ANSWERS} | {"town": "Selle Mouth"}
        assert asked(an_official(), "change", trader.reference, post=given).status_code == 302
        assert Trader.objects.get().town == "Selle Mouth"

    def test_a_stock_of_nothing_is_ticked(self) -> None:
        trader = a_trader()
        by = an_exporter(trader)
        said = text_of(asked(by, "declare-stock", trader.reference, post={"year": "2026"}))
        assert "tick that it holds nothing" in said
        assert asked(by, "declare-stock", trader.reference, post={"year": "2026", "nothing": "on"}).status_code == 302
        assert trader.declarations.count() == 1

    def test_a_stock_is_declared_by_origin(self) -> None:
        trader = a_trader()
        given = {"year": "2026", "origin_0": "BW", "carats_0": "1,204.35", "origin_1": "mixed", "carats_1": "2"}
        assert asked(an_exporter(trader), "declare-stock", trader.reference, post=given).status_code == 302
        assert trader.declarations.get().carats == Carats(120635)

    def test_carats_are_entered_sold_mixed_and_corrected(self) -> None:
        trader, buyer = a_trader(), a_trader()
        by = an_official(Role.EXAMINER)
        common = {"origin": "BW", "on": "2026-11-25", "reference": "D 1"}
        asked(by, "enter", trader.reference, post={**common, "kind": "opening stock", "carats": "100"})
        asked(by, "sell", trader.reference, post={**common, "buyer": "t-0002", "carats": "30"})
        asked(
            by, "correct", trader.reference, post={**common, "less": "less", "carats": "1", "reason": "Weighed again"}
        )
        lines = {"origin_0": "BW", "carats_0": "9", "on": "2026-11-25", "reference": "MX 1"}
        asked(by, "mix", trader.reference, post=lines)
        found = dict(Balance.objects.filter(trader=trader).values_list("origin", "carats_hundredths"))
        assert found == {"BW": 6000, "mixed": 900}
        assert Balance.objects.get(trader=buyer).carats == Carats(3000)

    def test_a_buyer_that_does_not_exist_is_named(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        given = {"origin": "BW", "on": "2026-11-25", "reference": "D 1", "buyer": "T-9999", "carats": "1"}
        assert "There is no trader T-9999." in text_of(asked(an_official(), "sell", trader.reference, post=given))


class TestMessages:
    def test_are_listed_and_read(self) -> None:
        trader = a_trader()
        wording.say({"example": "%(breaches)s things stop application %(subject)s."})
        told = a_message(trader)
        by = an_exporter(trader)
        assert "2 things stop application 7." in text_of(asked(by, "messages"))
        asked(by, "message", trader.reference, told.pk)
        assert Message.objects.get().read_at is None
        asked(by, "message", trader.reference, told.pk, post={})
        assert Message.objects.get().read_at == AT

    def test_of_an_unknown_code_still_say_something(self) -> None:
        message = Message(code="unheard-of", subject="application:7", facts={})
        assert wording.sentence(message) == "There is news of application:7."

    def test_lead_to_what_they_are_about(self) -> None:
        wording.lead("example", lambda key: f"/examples/{key}")
        assert wording.place(Message(code="example", subject="example:7")) == "/examples/7"
        assert wording.place(Message(code="example", subject="other:7")) == ""


class TestOwn:
    def test_leads_to_the_one_trader(self) -> None:
        trader = a_trader()
        assert asked(an_exporter(trader), "own")["Location"] == f"/traders/{trader.reference}"
        assert asked(an_exporter(trader), "own-book")["Location"] == f"/traders/{trader.reference}/book"

    def test_an_agent_chooses_among_several(self) -> None:
        traders = [a_trader(), a_trader()]
        assert asked(an_exporter(*traders, role=Role.AGENT), "own")["Location"] == "/traders"


class TestList:
    def test_shows_all_to_officials_and_its_own_to_a_trader(self) -> None:
        a_furnished_trader()
        own = a_trader(name="Brindle Alluvials")
        assert "Selle River Mining" in text_of(asked(an_official(), "register-of-traders"))
        said = text_of(asked(an_exporter(own), "register-of-traders"))
        assert "Brindle Alluvials" in said
        assert "Selle River Mining" not in said

    def test_asks_the_database_a_fixed_number_of_questions(self, django_assert_max_num_queries: Any) -> None:
        for _ in range(30):
            a_licence(a_trader())
        with django_assert_max_num_queries(8):
            asked(an_official(), "register-of-traders")

    @pytest.mark.parametrize(
        ("asked_for", "expected"),
        [
            ({"kind": "artisanal miner"}, ["Redwater Cooperative"]),
            ({"state": "licensed"}, ["Brindle Alluvials", "Redwater Cooperative"]),
            ({"state": "unlicensed"}, ["Selle River Mining"]),
            ({"state": "suspended"}, ["Selle River Mining"]),
            ({"like": "brindle"}, ["Brindle Alluvials"]),
        ],
    )
    def test_is_narrowed_and_exported_as_it_is_narrowed(self, asked_for: dict[str, str], expected: list[str]) -> None:
        idle, licensed, miner = (a_trader() for _ in range(3))
        a_licence(licensed)
        a_licence(miner, LicenceKind.ARTISANAL_MINER)
        actions.suspend(trader=idle, since=DAY, reason="Books not shown", by=an_official(), at=AT)
        answer = asked(an_official(), "register-of-traders", get=asked_for | {"export": "csv"})
        lines = b"".join(getattr(answer, "streaming_content", ())).decode().splitlines()
        assert [line.split('"')[1] for line in lines[1:]] == expected


class TestFind:
    def test_finds_by_name_reference_and_licence_within_reach(self) -> None:
        trader, own = a_furnished_trader(), a_trader(name="Brindle Alluvials")
        number = trader.licences.get().number
        for text in ("selle river", "t-0001", number.lower()):
            assert [each.label for each in navigation.find(text, by=an_official(), at=AT)] == [trader.name]
            assert list(navigation.find(text, by=an_exporter(own), at=AT)) == []

    def test_a_single_letter_finds_nothing(self) -> None:
        a_trader()
        assert list(navigation.find("s", by=an_official(), at=AT)) == []


def test_pages_serve_acts_of_the_table() -> None:
    assert pages.trader.act is Act.TRADER_READ
