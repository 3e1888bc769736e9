from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

if TYPE_CHECKING:
    from django.test import Client


def test_a_process_that_answers_lives(client: Client) -> None:
    assert json.loads(client.get("/health/live").content) == {"live": True}


@pytest.mark.django_db
def test_a_node_with_its_tables_is_ready(client: Client) -> None:
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert json.loads(answer.content) == {"ready": True}


@pytest.mark.django_db
def test_a_node_whose_tables_are_of_another_version_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: [("audit", "0002")])
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert "not of this version" in json.loads(answer.content)["why"]


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post("/health/live").status_code == 405


@pytest.mark.django_db
def test_the_database_is_the_one_that_was_asked_for() -> None:
    wanted = os.environ.get("MACLE_TEST_DATABASE", "sqlite")
    assert connection.vendor == wanted
