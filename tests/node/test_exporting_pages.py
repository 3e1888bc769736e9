from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import RequestFactory
from django.urls import resolve, reverse

from macle.node.exporting.actions import certificates
from macle.node.permissions import Actor, Held, Role
from tests.support import node_exporting as made
from tests.support.node_exporting import EXAMINER, OFFICIAL
from tests.support.node_registry import OFFICE

if TYPE_CHECKING:
    from datetime import datetime

    from django.http.response import HttpResponseBase


pytestmark = pytest.mark.django_db


LATER = made.later(10)


class _Notes:
    """What a page says next time: kept, as a session would."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def add(self, _: int, text: str, __: str = "") -> None:
        self.said.append(text)

    def __iter__(self) -> Any:
        return iter(())


def asked(
    by: Actor,
    name: str,
    *arguments: object,
    post: dict[str, Any] | None = None,
    at: datetime = LATER,
    notes: _Notes | None = None,
) -> HttpResponseBase:
    """Ask for a page as this person; sessions and sign-in are the business of another office."""
    address = reverse(name if ":" in name else f"exporting:{name}", args=arguments)
    factory = RequestFactory()
    request = factory.get(address) if post is None else factory.post(address, post)
    request.actor, request.at, request.person = by, at, "Joren Pell"  # type: ignore[attr-defined]
    request._messages = notes or _Notes()  # type: ignore[attr-defined]
    view, positional, named = resolve(address)
    answer: HttpResponseBase = view(request, *positional, **named)
    return answer


def text_of(answer: HttpResponseBase) -> str:
    content = getattr(answer, "content", b"").decode()
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())


class TestPagesOfTheDesk:
    def test_show_a_certificate_with_its_acts_and_what_may_be_done_next(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            page = asked(OFFICIAL, "certificate", certificate.number)
            assert page.status_code == 200
            assert "Record the departure" in text_of(page)
            assert "205.18 ct" in text_of(page)
            assert asked(OFFICIAL, "signed-object", certificate.number).status_code == 200
            assert asked(OFFICIAL, "json-view", certificate.number).status_code == 200

    def test_show_an_application_before_and_after_its_examination(self) -> None:
        with made.a_house() as house:
            application = made.lodged(house)
            page = text_of(asked(EXAMINER, "application", application.reference))
            assert "Examine the goods" in page
            form = asked(EXAMINER, "examine", application.reference)
            assert form.status_code == 200
            done = asked(
                EXAMINER,
                "examine",
                application.reference,
                post={"parcels": "3", "carats_710231": "205.18", "value_710231": "41036.00"},
            )
            assert done.status_code == 302
            assert "Reserve a number" in text_of(asked(EXAMINER, "application", application.reference))
            assert asked(EXAMINER, "reserve", application.reference).status_code == 200
            assert asked(EXAMINER, "reserve", application.reference, post={}).status_code == 302
            assert asked(EXAMINER, "seal", application.reference, post={"seals": "SL 1\nSL 2"}).status_code == 302
            assert "Show me the exact document" in text_of(asked(OFFICIAL, "validate", application.reference))
            assert not application.intents.exists(), "A page that is only asked for prepares nothing."
            assert asked(OFFICIAL, "validate", application.reference, post={"do": "prepare"}).status_code == 302
            shown = asked(OFFICIAL, "validate", application.reference)
            assert "Identity in words" in text_of(shown)
            assert asked(OFFICIAL, "document", application.reference).status_code == 200
            refused = asked(EXAMINER, "validate", application.reference)
            assert refused.status_code in {403, 404}

    def test_say_at_once_that_another_weight_was_applied_for_than_was_measured(self) -> None:
        said = "Weighed 27699.00 carats, and 277.00 were applied for: 27422.00 more (9899 %)."
        with made.a_house(carats="90000.00") as house:
            entered = [{"hs": "7102.31", "carats": "277.00", "value": "55400.00"}]
            application = made.lodged(house, lines=entered)
            notes = _Notes()
            done = asked(
                EXAMINER,
                "examine",
                application.reference,
                post={"parcels": "3", "carats_710231": "27699.00", "value_710231": "5539800.00"},
                notes=notes,
            )
            assert done.status_code == 302
            assert notes.said[0].startswith(said)
            assert said in text_of(asked(EXAMINER, "examine", application.reference))
            assert said in text_of(asked(EXAMINER, "application", application.reference))
            certificate = made.validate(made.goes_on(application, minute=2), minute=5)
            page = text_of(asked(OFFICIAL, "certificate", certificate.number))
            assert said in page
            assert "Macle: what is measured is compared with what was applied for" in page

    def test_show_the_official_what_is_to_be_looked_at_before_they_prepare(self) -> None:
        with made.a_house() as house:
            entered = [{"hs": "7102.31", "carats": "205.19", "value": "41036.00"}]
            application = made.sealed(house, lines=entered)
            page = text_of(asked(OFFICIAL, "validate", application.reference))
            assert "Weighed 205.18 carats, and 205.19 were applied for: 0.01 less." in page

    def test_say_nothing_of_a_weight_that_is_the_one_applied_for(self) -> None:
        with made.a_house() as house:
            application = made.examined(house)
            assert "were applied for" not in text_of(asked(EXAMINER, "application", application.reference))

    def test_lists_and_queue(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            certificates.dispatch(reference=certificate.application.reference, by=OFFICIAL, at=made.later(6))
            for name in ("queue", "applications", "certificates"):
                for who in (OFFICIAL, EXAMINER, house.exporter):
                    assert asked(who, name).status_code == 200, name
            assert "BW00004001" in text_of(asked(OFFICIAL, "certificates")).replace(" ", "")

    def test_a_valuer_values_what_is_weighed(self) -> None:
        valuer = Actor(identifier="user-quill", held=(Held(role=Role.VALUER, office=OFFICE),))
        with made.a_house() as house:
            application = made.examined(house)
            assert "Value the goods" in text_of(asked(valuer, "application", application.reference))
            assert asked(valuer, "value", application.reference, post={"government": "50000.00"}).status_code == 302
            last = application.examinations.first()
            assert last is not None
            assert (last.government_cents, last.declared_cents, last.valued_by) == (5_000_000, 4_103_600, "declared")
            assert asked(valuer, "value", application.reference, post={}).status_code == 422
