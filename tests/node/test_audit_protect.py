from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors as refusals
from psycopg import sql

from macle.node.audit import append_only
from macle.node.audit.models import Line
from tests.node.test_commands import environment_of
from tests.unit.cli.desk import process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = os.environ.get("MACLE_NODE_DATABASE_URL", "")


def test_the_audit_is_among_what_is_only_added_to() -> None:
    assert Line in append_only.models()


if SERVER:
    # Only PostgreSQL has users.

    class TestProtect:
        @pytest.fixture
        def node(self, tmp_path: Path) -> dict[str, str]:
            environment = environment_of(tmp_path)
            made = process("node", "init", **environment)
            assert made.returncode == 0, made.stderr
            return environment

        @pytest.fixture
        def role(self, node: dict[str, str]) -> Iterator[str]:
            name = f"node_{uuid4().hex[:12]}"
            with psycopg.connect(node["MACLE_NODE_DATABASE_URL"], autocommit=True) as owner:
                owner.execute(
                    sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'a role of one test'").format(sql.Identifier(name))
                )
                yield name
                owner.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
                owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))

        def as_role(self, node: dict[str, str], role: str) -> psycopg.Connection:
            connection = psycopg.connect(node["MACLE_NODE_DATABASE_URL"], autocommit=True)
            connection.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(role)))
            return connection

        def test_the_application_adds_and_reads_and_cannot_change_or_delete(
            self, node: dict[str, str], role: str
        ) -> None:
            done = process("node", "audit", "protect", "--role", role, "--apply", **node)
            assert done.returncode == 0, done.stderr
            assert "audit_line" in done.stdout
            with self.as_role(node, role) as application:
                assert application.execute("SELECT count(*) FROM audit_line").fetchone() == (1,)
                application.execute(
                    "INSERT INTO audit_line (chain_id, number, at, actor, tag, subject, office, facts, digest) "
                    "SELECT chain_id, 2, at, actor, tag, subject, office, facts, digest FROM audit_line"
                )
                application.execute("UPDATE audit_chain SET length = 2")
                for statement in (
                    "UPDATE audit_line SET actor = 'somebody'",
                    "DELETE FROM audit_line",
                    "TRUNCATE audit_line",
                    "DROP TABLE audit_line",
                    "ALTER TABLE audit_line ADD COLUMN x int",
                ):
                    with pytest.raises(refusals.InsufficientPrivilege):
                        application.execute(statement)

        def test_the_statements_are_printed_for_another_to_run(self, node: dict[str, str], role: str) -> None:
            printed = process("node", "audit", "protect", "--role", role, **node)
            assert printed.returncode == 0, printed.stderr
            with psycopg.connect(node["MACLE_NODE_DATABASE_URL"], autocommit=True) as owner:
                owner.execute(printed.stdout.encode())
            with self.as_role(node, role) as application, pytest.raises(refusals.InsufficientPrivilege):
                application.execute("DELETE FROM audit_line")

        def test_the_node_works_as_that_user(self, node: dict[str, str], role: str) -> None:
            assert process("node", "audit", "protect", "--role", role, "--apply", **node).returncode == 0
            address = urlsplit(node["MACLE_NODE_DATABASE_URL"])
            host = address.netloc.rpartition("@")[2]
            own = urlunsplit(address._replace(netloc=f"{role}:a%20role%20of%20one%20test@{host}"))
            verified = process("node", "audit", "verify", **node | {"MACLE_NODE_DATABASE_URL": own})
            assert verified.returncode == 0, verified.stderr

        def test_the_owner_is_refused(self, node: dict[str, str]) -> None:
            with psycopg.connect(node["MACLE_NODE_DATABASE_URL"]) as owner:
                name = owner.execute("SELECT current_user").fetchone()
            assert name is not None
            refused = process("node", "audit", "protect", "--role", name[0], "--apply", **node)
            assert refused.returncode == 7
            assert "no right can be taken" in refused.stderr

        @pytest.mark.parametrize("role", ["nobody_of_that_name", "a; DROP TABLE audit_line", ""])
        def test_a_user_that_is_none_is_refused(self, node: dict[str, str], role: str) -> None:
            refused = process("node", "audit", "protect", "--role", role, "--apply", **node)
            assert refused.returncode == 4

else:

    def test_an_embedded_database_is_said_to_have_no_users(tmp_path: Path) -> None:
        environment = environment_of(tmp_path)
        assert process("node", "init", **environment).returncode == 0
        refused = process("node", "audit", "protect", "--role", "macle_node", **environment)
        assert refused.returncode == 7
        assert "no users" in refused.stderr
