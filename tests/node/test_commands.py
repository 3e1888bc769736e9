from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, LiteralString
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.unit.cli.desk import COMMAND, process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 60
"""Seconds after which a node that does not answer has failed."""


@pytest.fixture
def node(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a node that was made."""
    environment = environment_of(tmp_path)
    made = process("node", "init", **environment)
    assert made.returncode == 0, made.stderr
    assert "The node of BW is ready" in made.stdout
    return environment


def environment_of(folder: Path) -> dict[str, str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        "MACLE_NODE_PARTICIPANT": "BW",
        "MACLE_NODE_HOME": str(folder / "node"),
        "MACLE_NODE_DATABASE_URL": an_empty_database(),
        "MACLE_NODE_PORT": str(port),
        "MACLE_NODE_WORKERS": "1",
        "DJANGO_SETTINGS_MODULE": "macle.node.settings",
    }


def an_empty_database() -> str:
    """Return the address of a database of this test alone, on the server that the tests run on; none for SQLite."""
    server = os.environ.get("MACLE_NODE_DATABASE_URL", "")
    if not server:
        return ""
    name = f"node_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


@contextmanager
def running(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, "node", "run"],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            yield server
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(PATIENCE)


def answer(environment: dict[str, str], path: str) -> tuple[int, dict[str, object]]:
    """Return what the node answers, as soon as it does."""
    until = time.monotonic() + PATIENCE
    while True:
        connection = HTTPConnection("127.0.0.1", int(environment["MACLE_NODE_PORT"]), timeout=PATIENCE)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except ConnectionRefusedError:
            assert time.monotonic() < until
            time.sleep(0.1)
        finally:
            connection.close()


def change(environment: dict[str, str], *statements: LiteralString) -> None:
    """Change the tables as somebody does who has the database and not the node."""
    address = environment["MACLE_NODE_DATABASE_URL"]
    file = f"{environment['MACLE_NODE_HOME']}/node.sqlite3"
    opened = psycopg.connect(address) if address else sqlite3.connect(file)
    with closing(opened) as tables:
        for statement in statements:
            tables.execute(statement)
        tables.commit()


def test_a_node_answers_until_it_is_interrupted(node: dict[str, str]) -> None:
    with running(node) as server:
        assert answer(node, "/health/live") == (200, {"live": True})
        assert answer(node, "/health/ready") == (200, {"ready": True})
    assert server.returncode == 0


def test_its_audit_begins_with_how_it_was_made_and_holds(node: dict[str, str]) -> None:
    again = process("node", "init", **node)
    assert again.returncode == 0, again.stderr
    verified = process("node", "audit", "verify", **node)
    assert verified.returncode == 0, verified.stderr
    assert "BW: 2 lines, none altered, removed or inserted." in verified.stdout


def test_a_line_altered_in_the_database_ends_with_3(node: dict[str, str]) -> None:
    change(node, "UPDATE audit_line SET actor = 'somebody'")
    verified = process("node", "audit", "verify", **node)
    assert verified.returncode == 3
    assert "BW line 1: The line, or the one before it, is not as it was written." in verified.stdout
    assert "compare it with the last backup" in verified.stderr


FORGED = """
from macle.cli.node import _opened
_opened()
from datetime import UTC, datetime
from django.db import transaction
from macle.node.audit import actions
with transaction.atomic():
    actions.record(
        authority="BW", tag="certificate:validate", actor="u-gone", subject="certificate:BW00000001",
        at=datetime(2026, 11, 25, tzinfo=UTC), facts={"act": "validate", "identity": "00" * 32, "level": 2},
    )
"""
"""A line of a certificate at the level *bound* whose certificate and evidence are nowhere."""


def test_a_consent_that_nothing_proves_any_more_ends_with_3(node: dict[str, str]) -> None:
    said = process("node", "audit", "verify", **node).stdout
    assert "Consents by passkey: each signs its certificate." in said
    subprocess.run([sys.executable, "-c", FORGED], env={**os.environ, **node}, check=True)
    verified = process("node", "audit", "verify", **node)
    assert verified.returncode == 3
    assert "certificate:BW00000001: What u-gone consented to is not there." in verified.stdout


def test_heads_kept_outside_find_a_cut_that_the_database_hides(node: dict[str, str], tmp_path: Path) -> None:
    heads = tmp_path / "heads.json"
    heads.write_text(process("node", "audit", "heads", **node).stdout)
    assert process("node", "audit", "verify", "--heads", heads, **node).returncode == 0
    change(node, "DELETE FROM audit_line", "DELETE FROM audit_chain")
    assert process("node", "audit", "verify", **node).returncode == 0
    verified = process("node", "audit", "verify", "--heads", heads, **node)
    assert verified.returncode == 3
    assert "The chain that was written down outside is not there." in verified.stdout


@pytest.mark.parametrize("text", ["", "[]x", '{"authority": "BW"}', '[{"authority": "BW", "length": "one"}]'])
def test_what_holds_no_heads_is_refused(node: dict[str, str], tmp_path: Path, text: str) -> None:
    heads = tmp_path / "heads.json"
    heads.write_text(text)
    verified = process("node", "audit", "verify", "--heads", heads, **node)
    assert verified.returncode == 4
    assert "macle node audit heads" in verified.stderr


def test_a_folder_that_is_no_node_is_refused(tmp_path: Path) -> None:
    verified = process("node", "audit", "verify", **environment_of(tmp_path))
    assert verified.returncode == 4
    assert "macle node init" in verified.stderr


def test_a_node_of_nobody_is_refused(tmp_path: Path) -> None:
    made = process("node", "init", **environment_of(tmp_path) | {"MACLE_NODE_PARTICIPANT": ""})
    assert made.returncode == 4
    assert "MACLE_NODE_PARTICIPANT" in made.stderr


@pytest.mark.parametrize("command", ["init", "run", "audit verify", "audit heads"])
def test_a_database_that_is_not_there_is_said(node: dict[str, str], command: str) -> None:
    nowhere = node | {"MACLE_NODE_DATABASE_URL": "postgresql://macle:secret@127.0.0.1:1/bw"}
    refused = process("node", *command.split(), **nowhere)
    assert refused.returncode == 7
    assert "The database cannot be reached" in refused.stderr
    assert "secret" not in refused.stderr


@pytest.mark.parametrize("command", ["run", "audit verify", "audit heads"])
def test_a_database_without_its_tables_is_said(tmp_path: Path, command: str) -> None:
    environment = environment_of(tmp_path)
    folder = tmp_path / "node"
    folder.mkdir()
    (folder / "secret-key").write_text("a key of one test")
    refused = process("node", *command.split(), **environment)
    assert refused.returncode == 7
    assert "The database is not of this version." in refused.stderr
    assert "macle node init" in refused.stderr
