"""What was issued before the node, where people look a certificate up: never shown as valid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from macle.node.exporting import finding
from macle.node.exporting.models import LegacyCertificate
from macle.node.permissions import Role
from macle.proof import qr
from tests.node.test_exporting_pages import asked, text_of
from tests.support import node_exporting as made
from tests.support import node_moving as moving
from tests.support.node_exporting import OFFICIAL
from tests.support.node_moving import take_book
from tests.support.node_registry import ADMINISTRATOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.node_exporting import House

pytestmark = pytest.mark.django_db

CUSTOMS = made.somebody(Role.CUSTOMS)


@pytest.fixture(autouse=True)
def house() -> Iterator[House]:
    with made.a_house() as opened:
        yield opened


class TestList:
    def test_is_reached_from_the_certificates_once_there_is_something_in_it(self, house: House) -> None:
        assert "Earlier certificates" not in text_of(asked(OFFICIAL, "certificates"))
        take_book()
        assert "Earlier certificates" in text_of(asked(OFFICIAL, "certificates"))
        assert "Earlier certificates" not in text_of(asked(house.exporter, "certificates"))

    def test_shows_and_narrows_what_was_taken_over(self) -> None:
        take_book(
            {}, {"number": "2", "exporter": "Brindle Alluvials", "state": "lost", "date_of_issuance": "2018-01-02"}
        )
        page = text_of(asked(OFFICIAL, "earlier-certificates"))
        assert "Selle River Mining" in page
        assert "1,234.50" in page
        assert "Lost" in page
        for query in ("what=brindle", "state=lost", "issued_until=2018-12-31"):
            narrowed = text_of(narrowed_by(query))
            assert "Brindle Alluvials" in narrowed
            assert "Selle River Mining" not in narrowed

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_is_exported(self, kind: str) -> None:
        take_book()
        answer: Any = narrowed_by(f"export={kind}")
        content = answer.getvalue()
        answer.close()
        assert content.startswith(b"PK") if kind == "xlsx" else b"BW00000001" in content

    def test_is_not_for_traders(self, house: House) -> None:
        take_book()
        assert asked(house.exporter, "earlier-certificates").status_code == 403
        assert asked(ADMINISTRATOR, "earlier-certificates").status_code == 200


def narrowed_by(query: str) -> Any:
    """Return the list as this query asks for it."""
    from django.test import RequestFactory  # noqa: PLC0415 (only here)
    from django.urls import resolve  # noqa: PLC0415

    request: Any = RequestFactory().get(f"/certificates/earlier/?{query}")
    request.actor, request.at, request.person = OFFICIAL, made.later(10), "Joren Pell"
    view, positional, named = resolve("/certificates/earlier/")
    return view(request, *positional, **named)


class TestPage:
    def test_says_all_that_is_known_and_where_it_comes_from(self) -> None:
        take_book()
        page = text_of(asked(OFFICIAL, "earlier-certificate", "BW00000001"))
        for words in (
            *("It was issued on paper before this node.", "nothing can be verified here", "Quayside Rough Trading"),
            *("European Union", "Botswana", "1,234.50", "98,000.00", "4 March 2019"),
            LegacyCertificate.objects.get().file,
        ):
            assert words in page, words

    def test_of_a_void_number_has_no_goods(self) -> None:
        take_book(dict.fromkeys(moving.BOOK, "") | {"number": "BW1/A", "state": "void"})
        assert "Void" in text_of(asked(OFFICIAL, "earlier-certificate", "BW1_A"))

    def test_that_is_not_there_is_not_found(self) -> None:
        assert asked(OFFICIAL, "earlier-certificate", "BW00000001").status_code == 404


class TestFind:
    @pytest.mark.parametrize("text", ["BW00000001", "bw 0000 0001", "00000001", "0000000", "quayside", "selle"])
    def test_finds_it_by_number_or_name_and_says_that_it_is_on_paper(self, text: str) -> None:
        take_book()
        (found,) = finding.find(text, by=OFFICIAL, at=made.AT)
        assert found.kind == "Issued on paper before this node"
        assert found.address == "/certificates/earlier/BW00000001/"
        assert found.about == "Confirmed, Selle River Mining"

    def test_finds_nothing_for_a_trader(self, house: House) -> None:
        take_book()
        assert not list(finding.find("BW00000001", by=house.exporter, at=made.AT))


class TestCustoms:
    @pytest.mark.parametrize(
        ("change", "word", "said"),
        [
            ({"state": "open", "date_of_expiry": ""}, "Cannot decide", "nothing can be verified here"),
            ({"state": "open"}, "Expired", "It expired without being used."),
            ({"state": "expired", "date_of_expiry": ""}, "Expired", "It expired without being used."),
            ({"state": "confirmed"}, "Stop", "its import is confirmed already"),
            ({"state": "void"}, "Stop", "It is void."),
            ({"state": "lost"}, "Stop", "It was reported lost."),
            ({"state": "replaced"}, "Stop", "It was replaced by another certificate."),
            ({"state": "refused"}, "Stop", "The importing authority refused it."),
        ],
    )
    def test_reads_that_it_was_issued_on_paper(self, change: dict[str, str], word: str, said: str) -> None:
        take_book(change)
        for what in ("BW00000001", "00000001"):
            page = text_of(asked(CUSTOMS, "customs", post={"what": what}))
            assert word in page
            assert "It was issued on paper before this node." in page
            assert said in page
            assert "1,234.50 carats" in page
            assert "May leave" not in page

    def test_reads_of_a_label_that_none_was_printed(self) -> None:
        take_book({"state": "open"})
        page = text_of(asked(CUSTOMS, "customs", post={"what": qr.label_text("BW00000001", bytes(32))}))
        assert "no label with a code was ever printed for it" in page
