"""Pages of the registry and the exchange, asked for as a browser does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.urls import reverse

from macle.node.exchange import actions, queries
from macle.node.exchange import urls as exchange_urls
from macle.node.exchange.models import State
from macle.node.permissions import Act, Actor, Held, Role
from macle.node.registry import actions as registry_actions
from macle.node.registry import queries as registry
from macle.node.registry import urls as registry_urls
from tests.support.node_exchange import COSE, PDF, Carrying, a_letter, one_round
from tests.support.node_registry import (
    ADMINISTRATOR,
    AT,
    OFFICE,
    OFFICIAL,
    STRANGER,
    Acting,
    a_partner,
    an_authority,
    an_office,
    an_official,
    configured,
    keys_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django.http import HttpResponse

pytestmark = pytest.mark.django_db

EXPORTER = Actor(identifier="user-exporter", held=(Held(role=Role.EXPORTER, trader="T-0001"),))


@pytest.fixture(autouse=True)
def _acting() -> Iterator[None]:
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, "tests.support.node_registry.Acting"]):
        yield


def get(name: str, /, *arguments: object, by: Actor = ADMINISTRATOR, **query: str) -> tuple[int, str]:
    Acting.actor = by
    answer = Client().get(reverse(name, args=arguments), query)
    return answer.status_code, answer.content.decode() if not answer.streaming else ""


def post(name: str, /, *arguments: object, by: Actor = ADMINISTRATOR, **given: Any) -> HttpResponse:
    Acting.actor = by
    return cast("HttpResponse", Client().post(reverse(name, args=arguments), given))


class TestEveryPage:
    @pytest.mark.parametrize("pattern", [*registry_urls.urlpatterns, *exchange_urls.urlpatterns], ids=str)
    def test_says_which_act_it_serves(self, pattern: Any) -> None:
        assert isinstance(pattern.callback.act, Act)

    @pytest.mark.parametrize(
        "name", ["registry:partners", "registry:offices", "registry:officials", "exchange:letters"]
    )
    def test_is_not_for_a_trader(self, name: str) -> None:
        assert get(name, by=EXPORTER)[0] == 403

    @pytest.mark.parametrize(
        "name", ["registry:partners", "registry:offices", "registry:officials", "exchange:letters"]
    )
    def test_a_list_without_anything_says_so(self, name: str) -> None:
        assert get(name)[0] == 200


class TestOffices:
    def test_are_opened_changed_and_closed(self) -> None:
        assert get("registry:open-office")[0] == 200
        assert post("registry:open-office", name=OFFICE, address="1 Harbor Road").status_code == 302
        assert OFFICE in get("registry:offices")[1]
        status, text = get("registry:change-office", OFFICE)
        assert status == 200
        assert "1 Harbor Road" in text
        assert post("registry:change-office", OFFICE, address="9 Quay").status_code == 302
        status, text = get("registry:office", OFFICE)
        assert status == 200
        assert "9 Quay" in text
        assert "1 Harbor Road" in text
        assert "Africa/Gaborone" in text
        assert post("registry:close-office", OFFICE, reason="Moved to the capital").status_code == 302
        assert "Moved to the capital" in get("registry:office", OFFICE)[1]

    def test_what_the_action_refuses_stands_at_its_field(self) -> None:
        answer = post("registry:open-office", name=OFFICE, address="1 Harbor Road", telephone="call me")
        assert answer.status_code == 200
        assert "is no telephone number" in answer.content.decode()
        assert not registry.offices().exists()

    def test_one_that_is_not_yours_is_not_there(self) -> None:
        an_office()
        assert get("registry:office", OFFICE, by=OFFICIAL)[0] == 200
        assert get("registry:office", OFFICE, by=STRANGER)[0] == 404
        assert get("registry:office", "Nowhere")[0] == 404

    def test_an_official_opens_none(self) -> None:
        assert post("registry:open-office", by=OFFICIAL, name=OFFICE, address="x").status_code == 403


class TestOfficials:
    @pytest.fixture(autouse=True)
    def _keys(self, tmp_path: Path) -> Iterator[None]:
        keys_in(tmp_path)
        with configured(home=tmp_path):
            yield

    given: ClassVar[dict[str, Any]] = {
        "identifier": "user-vale",
        "holder": "official-07",
        "name": "Tamsin Vale",
        "title": "Senior Diamond Officer",
        "office": OFFICE,
        "highest_level": "0",
    }

    def test_are_appointed_and_shown_with_their_key(self) -> None:
        an_office()
        assert get("registry:appoint-official")[0] == 200
        assert post("registry:appoint-official", **self.given).status_code == 302
        text = get("registry:officials")[1]
        assert "Tamsin Vale" in text
        assert "official-07" in text

    def test_a_holder_whom_the_record_does_not_name_is_said(self) -> None:
        an_office()
        answer = post("registry:appoint-official", **self.given | {"holder": "official-99"})
        assert "names no key of official-99" in answer.content.decode()

    def test_an_appointment_is_ended(self) -> None:
        an_office()
        an_official()
        assert "Tamsin Vale" in get("registry:end-official")[1]
        assert post("registry:end-official", identifier="user-vale", reason="Retired").status_code == 302
        assert not registry.officials().exists()


class TestPartners:
    given: ClassVar[dict[str, Any]] = {
        "participant": "ZA",
        "authority": "Brindle Diamond Regulator",
        "pre_advice": "kp@brindle.example\r\ndesk@brindle.example",
        "language": "en",
    }

    def test_are_added_changed_and_ended(self) -> None:
        assert get("registry:add-partner")[0] == 200
        assert post("registry:add-partner", **self.given).status_code == 302
        assert registry.partner("ZA").pre_advice == ["kp@brindle.example", "desk@brindle.example"]
        assert "Brindle Diamond Regulator" in get("registry:partners", by=OFFICIAL)[1]
        assert "desk@brindle.example" in get("registry:change-partner", "ZA")[1]
        changed = self.given | {"pre_advice": "new@brindle.example"}
        assert post("registry:change-partner", "ZA", **changed).status_code == 302
        status, text = get("registry:partner", "ZA", by=OFFICIAL)
        assert status == 200
        assert "new@brindle.example" in text
        assert "desk@brindle.example" in text
        assert "participant" in text
        assert post("registry:end-partner", "ZA", reason="Merged").status_code == 302
        assert get("registry:partner", "ZA")[0] == 200

    def test_one_that_is_not_entered_is_not_there(self) -> None:
        assert get("registry:partner", "ZA")[0] == 404

    def test_are_exported(self) -> None:
        a_partner()
        Acting.actor = OFFICIAL
        answer = Client().get(reverse("registry:partners"), {"export": "csv"})
        assert b"kp@brindle.example" in b"".join(answer)

    def test_an_act_that_may_not_be_done_is_not_offered(self) -> None:
        assert reverse("registry:add-partner") in get("registry:partners")[1]
        assert reverse("registry:add-partner") not in get("registry:partners", by=OFFICIAL)[1]


class TestRecordsOfPartners:
    @pytest.fixture(autouse=True)
    def _partner(self, tmp_path: Path) -> Iterator[None]:
        keys_in(tmp_path)
        a_partner()
        self.authority = an_authority(tmp_path / "partners")
        with configured(home=tmp_path):
            yield

    def send(self, words: str, data: bytes | None = None) -> HttpResponse:
        file = SimpleUploadedFile("record.cose", data or self.authority.record)
        return post("registry:pin-record", "ZA", record=file, words=words)

    def test_is_believed_shown_and_given_up(self) -> None:
        assert "None is trusted" in get("registry:partner", "ZA")[1]
        assert self.send(self.authority.words).status_code == 302
        shown = get("registry:partner", "ZA")[1]
        assert " ".join(self.authority.words.split()[:6]) in shown
        assert "Believe its record no more" in shown
        assert post("registry:unpin-record", "ZA", reason="The keys were lost.").status_code == 302
        assert "None is trusted" in get("registry:partner", "ZA")[1]

    def test_wrong_words_stand_at_their_field(self) -> None:
        answer = self.send("abandon abandon")
        assert answer.status_code == 200
        assert "These are not the 24 words" in answer.content.decode()

    def test_what_is_no_record_stands_at_the_file(self) -> None:
        assert 'id="id_record_error"' in self.send(self.authority.words, b"nothing").content.decode()

    def test_an_official_is_not_offered_it(self) -> None:
        assert "Believe its record" not in get("registry:partner", "ZA", by=OFFICIAL)[1]


class TestLetters:
    def test_are_listed_with_what_became_of_them(self) -> None:
        a_partner()
        sent = a_letter()
        one_round(Carrying())
        a_letter(about="certificate:BW0000124")
        text = get("exchange:letters", by=OFFICIAL)[1]
        assert "BW0000123" in text
        assert "BW0000124" in text
        narrowed = get("exchange:letters", by=OFFICIAL, state=State.SENT.value)[1]
        assert reverse("exchange:letter", args=[sent.pk]) in narrowed
        assert "BW0000124" not in narrowed
        assert "BW0000123" not in get("exchange:letters", by=OFFICIAL, state=State.WAITING.value)[1]
        assert "BW0000123" not in get("exchange:letters", by=STRANGER)[1]

    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    def test_are_exported(self, form: str) -> None:
        a_letter()
        Acting.actor = OFFICIAL
        answer = Client().get(reverse("exchange:letters"), {"export": form})
        content = b"".join(answer)
        assert answer.status_code == 200
        assert content[:2] == b"PK" if form == "xlsx" else b"BW0000123" in content

    def test_a_letter_is_read_with_its_parts_and_tries(self) -> None:
        letter = a_letter()
        one_round(Carrying())
        status, text = get("exchange:letter", letter.pk, by=OFFICIAL)
        assert status == 200
        assert "Redwater Cooperative" in text
        assert "no-address" in text
        assert COSE.name in text
        assert get("exchange:letter", letter.pk, by=STRANGER)[0] == 404

    def test_a_part_is_kept_as_a_file(self) -> None:
        letter = a_letter()
        Acting.actor = OFFICIAL
        answer = Client().get(reverse("exchange:part", args=[letter.pk, 0]))
        assert answer.content == PDF.content
        assert answer["Content-Disposition"] == f'attachment; filename="{PDF.name}"'
        assert get("exchange:part", letter.pk, 7, by=OFFICIAL)[0] == 404
        assert get("exchange:part", letter.pk, 0, by=STRANGER)[0] == 404

    def test_is_sent_again_from_its_page(self) -> None:
        a_partner()
        letter = a_letter()
        one_round(Carrying())
        assert post("exchange:resend", letter.pk, by=OFFICIAL).status_code == 302
        assert queries.letter_of(OFFICIAL, letter.pk).state is State.WAITING
        assert post("exchange:resend", letter.pk, by=STRANGER).status_code == 404

    def test_is_set_aside_with_a_reason(self) -> None:
        letter = a_letter()
        assert get("exchange:set-aside", letter.pk, by=OFFICIAL)[0] == 200
        assert post("exchange:set-aside", letter.pk, by=OFFICIAL).status_code == 200
        assert post("exchange:set-aside", letter.pk, by=OFFICIAL, why="overtaken").status_code == 302
        assert queries.letter_of(OFFICIAL, letter.pk).state is State.SET_ASIDE
        again = post("exchange:set-aside", letter.pk, by=OFFICIAL, why="overtaken")
        assert "does not wait" in again.content.decode()

    def test_what_is_underway_is_said(self) -> None:
        letter = a_letter()
        actions.take(at=AT + timedelta(days=36500))
        assert post("exchange:resend", letter.pk, by=OFFICIAL).status_code == 409


def test_the_find_box_finds_partners() -> None:
    from macle.node.desk import navigation  # noqa: PLC0415

    a_partner()
    for text in ("za", "Brindle"):
        assert [each.label for each in navigation.find(text, by=OFFICIAL, at=AT)] == ["ZA"]
    assert not navigation.find("za", by=EXPORTER, at=AT)
    registry_actions.end_partner(participant="ZA", reason="Merged", by=ADMINISTRATOR, at=AT)
    assert not navigation.find("za", by=OFFICIAL, at=AT)
