from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from macle.node.audit import actions, queries
from macle.node.audit.actions import OutsideTransaction
from macle.node.audit.heads import Head
from macle.node.audit.models import AuditUnalterable, Line

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def a_chain(length: int = 5, authority: str = "BW") -> list[Line]:
    """Add lines about several subjects by several people, a minute apart."""
    with transaction.atomic():
        return [
            actions.record(
                authority=authority,
                tag="node:start",
                actor=f"official-{index % 2}",
                subject=f"certificate:{authority}{index % 3}",
                at=AT + timedelta(minutes=index),
                facts={"carats": 20518 + index, "names": ["a", "b"], "opened": True},
            )
            for index in range(length)
        ]


def altered(sql: str, *values: str | int | bytes | datetime) -> list[tuple[int, str]]:
    """Change the tables behind the model's back, and return the faults that are found."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    return found()


def found(*known: Head) -> list[tuple[int, str]]:
    return [(fault.number, fault.what) for fault in queries.faults(known=known)]


def an_act_that_fails() -> None:
    with transaction.atomic():
        actions.record(authority="BW", tag="node:start", actor="node", subject="node:BW", at=AT)
        raise ZeroDivisionError


class TestRecord:
    def test_lines_hang_together(self) -> None:
        a_chain()
        assert found() == []
        (head,) = queries.heads()
        assert (head.authority, head.length) == ("BW", 5)

    def test_each_authority_has_a_chain_of_its_own(self) -> None:
        a_chain(3)
        a_chain(2, authority="EU")
        assert [(head.authority, head.length) for head in queries.heads()] == [("BW", 3), ("EU", 2)]
        assert found() == []

    @pytest.mark.django_db(transaction=True)
    def test_lines_of_several_writers_at_once_follow_one_another(self) -> None:
        def write(_: int) -> None:
            try:
                for _ in range(10):
                    a_chain(2)
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as writers:
            list(writers.map(write, range(4)))
        assert [head.length for head in queries.heads()] == [80]
        assert found() == []

    @pytest.mark.django_db(transaction=True)
    def test_a_line_without_its_act_is_refused(self) -> None:
        with pytest.raises(OutsideTransaction):
            actions.record(authority="BW", tag="node:start", actor="node", subject="node:BW", at=AT)
        assert not Line.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_a_line_goes_with_the_act_that_failed(self) -> None:
        a_chain(2)
        with pytest.raises(ZeroDivisionError):
            an_act_that_fails()
        assert Line.objects.count() == 2
        a_chain(1)
        assert found() == []


class TestUnalterable:
    def test_a_line_is_not_changed_through_the_model(self) -> None:
        line = a_chain(1)[0]
        line.actor = "somebody-else"
        with pytest.raises(AuditUnalterable):
            line.save()

    def test_a_line_is_not_deleted_through_the_model(self) -> None:
        line = a_chain(1)[0]
        with pytest.raises(AuditUnalterable):
            line.delete()

    @pytest.mark.parametrize("act", ["update", "delete", "bulk_update"])
    def test_lines_are_not_changed_through_queries(self, act: str) -> None:
        a_chain(2)
        arguments: dict[str, tuple[object, ...]] = {"bulk_update": ([], ["actor"])}
        options = {"actor": "somebody-else"} if act == "update" else {}
        with pytest.raises(AuditUnalterable):
            getattr(Line.objects.all(), act)(*arguments.get(act, ()), **options)


class TestFaults:
    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("actor", "somebody-else"),
            ("tag", "backup:made"),
            ("subject", "certificate:BW9"),
            ("office", "Antwerp"),
            ("at", AT + timedelta(days=1)),
            ("at", AT + timedelta(minutes=2, microseconds=1)),
            ("facts", '{"carats": 1}'),
            ("digest", b"\x01" * 32),
        ],
    )
    def test_an_altered_line_is_found(self, column: str, value: str | int | bytes | datetime) -> None:
        a_chain()
        faults = altered(f"UPDATE audit_line SET {column} = %s WHERE number = 3", value)  # noqa: S608 (of this table)
        assert 3 in [number for number, _ in faults]

    def test_a_removed_line_is_found(self) -> None:
        a_chain()
        assert (3, "Missing: 3.") in altered("DELETE FROM audit_line WHERE number = 3")

    def test_an_inserted_line_is_found(self) -> None:
        a_chain()
        faults = altered(
            "INSERT INTO audit_line (chain_id, number, at, actor, tag, subject, office, facts, digest) "
            "SELECT chain_id, 6, at, actor, tag, subject, office, facts, digest FROM audit_line WHERE number = 2"
        )
        assert [number for number, _ in faults] == [6, 7]

    def test_lines_that_changed_places_are_found(self) -> None:
        a_chain()
        altered("UPDATE audit_line SET number = 100 WHERE number = 2")
        altered("UPDATE audit_line SET number = 2 WHERE number = 3")
        assert altered("UPDATE audit_line SET number = 3 WHERE number = 100")

    def test_a_tail_that_was_cut_off_is_found(self) -> None:
        a_chain()
        faults = altered("DELETE FROM audit_line WHERE number > 3")
        assert faults == [(4, "The chain has 3 lines, and 5 were written.")]

    def test_a_tail_cut_off_with_the_head_is_found_by_a_head_from_outside(self) -> None:
        a_chain()
        (outside,) = queries.heads()
        third = Line.objects.get(number=3)
        altered("DELETE FROM audit_line WHERE number > 3")
        assert altered("UPDATE audit_chain SET length = 3, head = %s", bytes(third.digest)) == []
        assert found(outside) == [(4, "The chain ends before line 5, which was written down outside.")]

    def test_a_chain_that_was_written_anew_is_found_by_a_head_from_outside(self) -> None:
        a_chain()
        (outside,) = queries.heads()
        assert found(Head(outside.authority, outside.length, b"\x02" * 32)) == [
            (5, "The line is not the one that was written down outside.")
        ]

    def test_a_chain_that_is_gone_is_found_by_a_head_from_outside(self) -> None:
        assert found(Head("BW", 5, b"\x02" * 32)) == [(0, "The chain that was written down outside is not there.")]


class TestSearch:
    def test_finds_by_subject_person_and_time_newest_first(self) -> None:
        a_chain(6)
        assert [line.number for line in queries.search(subject="certificate:BW0")] == [4, 1]
        assert [line.number for line in queries.search(actor="official-1")] == [6, 4, 2]
        since, until = AT + timedelta(minutes=1), AT + timedelta(minutes=3)
        assert [line.number for line in queries.search(since=since, until=until)] == [3, 2]
