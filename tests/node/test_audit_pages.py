from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as configured
from django.db import transaction
from django.test import Client

from macle.node.audit import actions
from macle.node.audit.models import Hold, Line
from macle.node.permissions import Role
from tests.node.test_audit import altered
from tests.support.node_audit import ADMINISTRATOR
from tests.support.node_desk import AT, SignedIn, an_actor

if TYPE_CHECKING:
    from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def pages(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign in an auditor, and have some lines."""
    settings.MIDDLEWARE = [*configured.MIDDLEWARE, "tests.support.node_desk.SignedIn"]
    settings.SECURE_SSL_REDIRECT = False
    monkeypatch.setattr(SignedIn, "actor", an_actor(Role.AUDITOR))
    with transaction.atomic():
        for number in range(60):
            actions.record(
                authority="BW",
                tag="certificate:validate",
                actor=f"official-{number % 2}",
                subject=f"certificate:BW{number:07d}",
                at=AT - timedelta(days=60 - number),
                facts={"carats": 20518, "said": "<script>"},
            )


@pytest.fixture
def administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SignedIn, "actor", an_actor(Role.ADMINISTRATOR))


def text(address: str, status: int = 200) -> str:
    response = Client().get(address)
    assert response.status_code == status, response.content
    return response.content.decode()


class TestSearch:
    def test_shows_the_newest_lines_and_a_way_to_the_older(self) -> None:
        shown = text("/audit")
        assert "certificate%3ABW0000059" in shown
        assert "certificate%3ABW0000003" not in shown
        assert "certificate%3ABW0000003" in text("/audit?page=2")

    def test_finds_by_subject_person_act_and_time(self) -> None:
        assert "BW0000007" in text("/audit?subject=certificate:BW0000007&actor=official-1&tag=certificate:validate")
        assert "No line is like that" in text("/audit?subject=certificate:BW0000007&actor=official-0")
        day = f"{AT - timedelta(days=60 - 7):%Y-%m-%d}"
        shown = text(f"/audit?since={day}&until={day}")
        assert "BW0000007" in shown
        assert "BW0000008" not in shown

    def test_what_is_no_day_is_said(self) -> None:
        assert "This is no day" in text("/audit?since=tomorrow")

    def test_is_nothing_for_an_examiner(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(SignedIn, "actor", an_actor(Role.EXAMINER))
        for address in ("/audit", "/audit/verify", "/audit/lines/1", "/audit/holds", "/audit/export"):
            text(address, 403)

    def test_asks_the_database_a_few_questions_whatever_there_is(self, django_assert_max_num_queries: object) -> None:
        with django_assert_max_num_queries(6):  # type: ignore[operator]
            text("/audit")


class TestLine:
    def test_shows_what_it_says(self) -> None:
        shown = text("/audit/lines/1")
        assert "20518" in shown
        assert "&lt;script&gt;" in shown

    def test_that_is_not_there_is_said(self) -> None:
        assert "no such line" in text("/audit/lines/9999", 404)


class TestVerify:
    def test_says_that_it_holds(self) -> None:
        assert "Yes: no line was altered" in text("/audit/verify")

    def test_says_where_it_does_not(self) -> None:
        altered("UPDATE audit_line SET actor = 'somebody' WHERE number = 3")
        assert "No: it is not as it was written" in text("/audit/verify")

    def test_says_of_what_was_kept_whether_it_still_proves(self) -> None:
        assert "Consents by passkey: each signs its certificate." in text("/audit/verify")
        with transaction.atomic():
            actions.record(
                authority="BW",
                tag="certificate:validate",
                actor="u-gone",
                subject="certificate:BW0000099",
                at=AT,
                facts={"act": "validate", "identity": "00" * 32, "level": 2},
            )
        shown = text("/audit/verify")
        assert "Yes: no line was altered" in shown
        assert "What u-gone consented to is not there." in shown


class TestExport:
    def test_sends_the_file_and_leaves_a_line(self) -> None:
        response = Client().post("/audit/export", {"subject": "certificate:BW0000007"})
        assert response["Content-Disposition"] == 'attachment; filename="certificate-BW0000007-2026-11-25.zip"'
        with zipfile.ZipFile(io.BytesIO(b"".join(response))) as archive:
            assert {"manifest.json", "audit.jsonl", "audit.html"} <= set(archive.namelist())
        assert Line.objects.filter(tag="audit:export", subject="certificate:BW0000007").exists()

    def test_of_nothing_is_said(self) -> None:
        assert Client().post("/audit/export", {"subject": "x"}).status_code == 404

    def test_reading_the_address_exports_nothing(self) -> None:
        assert Client().get("/audit/export").status_code == 302
        assert not Line.objects.filter(tag="audit:export").exists()


class TestHolds:
    def test_an_auditor_reads_them_and_places_none(self) -> None:
        actions.place_hold(subject="trader:T-0007", reason="Proceeding 7", by=ADMINISTRATOR, at=AT)
        shown = text("/audit/holds")
        assert "Proceeding 7" in shown
        assert "Place a hold" not in shown
        text("/audit/holds/place", 403)

    @pytest.mark.usefixtures("administrator")
    def test_an_administrator_places_and_lifts_one(self) -> None:
        placed = Client().post("/audit/holds/place", {"subject": "trader:T-0007", "reason": "Proceeding 7"})
        assert placed.status_code == 302
        hold = Hold.objects.get()
        assert Client().post(f"/audit/holds/{hold.pk}/lift", {"reason": "Decided."}).status_code == 302
        hold.refresh_from_db()
        assert hold.until == AT

    @pytest.mark.usefixtures("administrator")
    def test_what_names_no_subject_is_said_at_the_field(self) -> None:
        response = Client().post("/audit/holds/place", {"subject": "T-0007", "reason": "Proceeding 7"})
        assert "names no subject" in response.content.decode()
        assert not Hold.objects.exists()
