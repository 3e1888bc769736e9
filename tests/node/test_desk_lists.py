from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from macle.node import settings as node
from macle.node.audit.models import Line
from macle.node.desk import lists
from macle.node.permissions import Role
from tests.support.node_desk import SignedIn, an_actor

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries, Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def served(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ROOT_URLCONF = "tests.support.specimen"
    settings.MIDDLEWARE = [*node.MIDDLEWARE, "tests.support.node_desk.SignedIn"]
    monkeypatch.setattr(SignedIn, "actor", an_actor(Role.AUDITOR))


def some_lines(count: int, subject: str = "certificate:BW1") -> None:
    """Write rows alone: a list does not ask how they hang together."""
    Line.objects.bulk_create(
        Line(
            chain_id=chain(),
            number=number,
            at=datetime(2026, 11, 1 + number % 28, 22, 30, tzinfo=UTC),
            actor=f"official-{number % 2}",
            tag="node:start",
            subject=subject,
            office="",
            facts={},
            digest=bytes(32),
        )
        for number in range(1, count + 1)
    )


def chain() -> str:
    from macle.node.audit.models import Chain  # noqa: PLC0415

    return Chain.objects.get_or_create(authority="BW", defaults={"length": 0, "head": bytes(32)})[0].pk


def page(client: Client, query: str = "") -> str:
    return client.get(f"/list?{query}").content.decode()


class TestAnswer:
    def test_costs_two_queries_however_long_the_list_is(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        some_lines(1200)
        page(client)
        with django_assert_num_queries(2):
            found = page(client, "page=12&sort=at&text=cert")
        assert "551 to 600 of <b>1,200</b>" in found
        assert found.count("<tr>") == 51

    @pytest.mark.parametrize("asked", ["0", "-1", "x", "99999999999", "²"])
    def test_a_page_that_is_not_there_is_the_nearest(self, client: Client, asked: str) -> None:
        some_lines(60)
        assert "of <b>60</b>" in page(client, f"page={asked}")

    def test_a_longer_list_than_is_counted_says_so_and_is_exported_whole(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lists, "MOST_COUNTED", 100)
        some_lines(101)
        found = page(client, "page=9")
        assert "51 to 100 of more than <b>100</b>" in found
        assert "page=3" not in found
        exported = b"".join(client.get("/list?export=csv").streaming_content)  # type: ignore[attr-defined]
        assert exported.count(b"certificate:BW1") == 101

    def test_is_sorted_by_its_headings_and_says_so(self, client: Client) -> None:
        some_lines(3)
        found = page(client, "sort=number")
        assert found.index("BW</b>0000001") < found.index("BW</b>0000003")
        assert 'aria-sort="ascending"' in found
        assert "sort=-number" in found
        assert page(client, "sort=digest").count("aria-sort") == 0

    def test_is_narrowed_in_words(self, client: Client) -> None:
        some_lines(28)
        found = page(client, "actor=official-1&day_from=2026-11-10&day_until=2026-11-12")
        assert "By: Second" in found
        assert "When: 10 November 2026 until 12 November 2026" in found
        # 22:30 in UTC is half an hour after midnight at the office.
        assert "1 to 1 of <b>1</b>" in found

    def test_a_filter_that_cannot_be_read_is_said_and_narrows_nothing(self, client: Client) -> None:
        some_lines(3)
        found = page(client, "day_from=yesterday&actor=official-9")
        assert "2 things stop this" in found
        assert "of <b>3</b>" in found

    def test_says_what_to_do_where_nothing_is(self, client: Client) -> None:
        assert "The first line comes with the first act." in page(client)
        assert "Nothing is like that." in page(client, "text=zzz")

    def test_the_height_of_rows_is_kept(self, client: Client) -> None:
        some_lines(1)
        page(client, "density=compact")
        assert 'data-density="compact"' in page(client)


class TestNumbers:
    @pytest.mark.parametrize(
        ("at", "most", "offered"),
        [
            (1, 1, [1]),
            (1, 5, [1, 2, 3, 4, 5]),
            (1, 6, [1, 2, 3, None, 6]),
            (10, 20, [1, None, 8, 9, 10, 11, 12, None, 20]),
            (20, 20, [1, None, 18, 19, 20]),
        ],
    )
    def test_the_first_the_last_and_neighbors_are_offered(self, at: int, most: int, offered: list[int | None]) -> None:
        assert lists.numbers(at, most) == offered


class TestExports:
    def test_csv_has_all_rows_of_what_is_narrowed(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        some_lines(3000)
        with django_assert_num_queries(1):
            answer = client.get("/list?export=csv&actor=official-0&sort=number")
            text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        rows = list(csv.reader(io.StringIO(text)))
        assert len(rows) == 1501
        assert rows[0][:3] == ["About", "Line", "Carats"]
        assert rows[1] == [
            "certificate:BW1", "2", "246.90", "BW0000002", "2026-11-04T00:30:00+02:00", "Valid"
        ]  # fmt: skip
        assert 'filename="audit-2026-11-25.csv"' in answer["Content-Disposition"]

    @pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx"])
    def test_no_cell_is_a_formula(self, client: Client, cell: str) -> None:
        some_lines(1, subject=cell)
        text = b"".join(client.get("/list?export=csv").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        assert next(iter(list(csv.reader(io.StringIO(text, newline="")))[1:]))[0] == f"'{cell}"
        sheet = b"".join(client.get("/list?export=xlsx").streaming_content)  # type: ignore[attr-defined]
        rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
        assert str(rows[1][0]).startswith("'")

    def test_a_spreadsheet_has_quantities_as_numbers(self, client: Client) -> None:
        some_lines(2)
        answer = client.get("/list?export=xlsx&sort=number")
        sheet = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
        assert rows[1][1:4] == [1.0, 123.45, "BW0000001"]
        answer.close()

    def test_a_sheet_that_is_too_long_is_refused(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        some_lines(2)
        monkeypatch.setattr(lists, "MOST_ROWS_OF_A_SHEET", 1)
        assert client.get("/list?export=xlsx").status_code == 422
