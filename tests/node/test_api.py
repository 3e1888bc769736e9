"""What all operations share: tokens, problems, pages of lists, and writes that happen once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from django.test import Client

from macle.node import clock
from macle.node.accounts import actions, tokens
from macle.node.accounts.models import Grant, Token
from macle.node.audit.models import Line
from macle.node.exporting.actions import desk
from macle.node.interface import idempotency
from macle.node.interface.models import Answer
from macle.node.permissions import Act, Held, Role
from tests.support.node_accounts import OPERATOR, actor_of
from tests.support.node_interface import Program, a_token, problem
from tests.support.node_registry import OFFICE
from tests.support.node_world import LATER, World, a_lasting_world, undone

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def lasting(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:  # noqa: ARG001 (a database)
    with django_db_blocker.unblock(), a_lasting_world() as made:
        yield made


@pytest.fixture
def world(lasting: World) -> Iterator[World]:
    with undone(whole=True):
        yield lasting


@pytest.fixture
def examiner(world: World) -> Program:
    return Program.of(world.people[Role.EXAMINER], at=LATER)


class TestTokens:
    def test_say_who_acts_and_what_they_may_do(self, world: World, examiner: Program) -> None:
        myself = examiner.read("/self")
        assert myself["identifier"] == world.people[Role.EXAMINER].identifier
        assert (myself["role"], myself["office"], myself["trader"]) == ("examiner", OFFICE, "")
        assert "application:examine" in myself["acts"]
        assert "certificate:validate" not in myself["acts"]

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer macle_nobody", "Basic bWFjbGU6eA==", "Bearer é"])
    def test_without_one_nothing_is_told(self, world: World, header: str) -> None:
        del world
        answer = Client().get("/api/v1/applications", headers={"Authorization": header} if header else {})
        problem(answer, 401, "token-refused")  # type: ignore[arg-type]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_a_session_is_none(self, world: World) -> None:
        client = Client()
        client.force_login(world.people[Role.EXAMINER], "allauth.account.auth_backends.AuthenticationBackend")
        problem(client.get("/api/v1/applications"), 401, "token-refused")  # type: ignore[arg-type]

    def test_gives_the_one_role_that_it_is_bound_to(self, world: World) -> None:
        user = world.people[Role.EXAMINER]
        actions.grant(
            user=user.identifier, role=Role.VALIDATING_OFFICIAL, office=OFFICE, by=OPERATOR, at=LATER - MINUTE
        )
        actor = actor_of(user, LATER)
        assert len(actor.held) == 2
        one = next(each for each in actor.held if each.role is Role.EXAMINER)
        made = tokens.make(name="Scales", held=one, ends_at=LATER + MINUTE, by=actor, at=LATER)
        answer = Program(made.secret).post(f"/applications/{world.own.matters['sealed'].reference}/validation")
        said = problem(answer, 403, "act-forbidden")
        assert said["facts"] == {"act": "certificate:validate", "roles": ["validating official"]}

    def test_ends_with_the_role(self, world: World, examiner: Program) -> None:
        grant = Grant.objects.get(user=world.people[Role.EXAMINER])
        actions.end_grant(grant=grant.pk, reason="Moved.", by=OPERATOR, at=LATER)
        problem(examiner.get("/self"), 401, "token-refused")

    def test_ends_on_its_day(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        made = a_token(world.people[Role.EXAMINER], at=LATER, days=1)
        program = Program(made.secret)
        monkeypatch.setattr(clock, "now", lambda: LATER + timedelta(days=1) - timedelta(microseconds=1))
        assert program.get("/self").status_code == 200
        monkeypatch.setattr(clock, "now", lambda: LATER + timedelta(days=1))
        problem(program.get("/self"), 401, "token-refused")

    @pytest.mark.parametrize("what", ["close", "reset_password", "reset_second_factor"])
    def test_ends_when_the_account_is_closed_or_reset(self, world: World, examiner: Program, what: str) -> None:
        user = world.people[Role.EXAMINER]
        getattr(actions, what)(user=user.identifier, reason="Lost.", by=OPERATOR, at=LATER)
        problem(examiner.get("/self"), 401, "token-refused")
        assert Line.objects.filter(tag=Act.TOKEN_REVOKE, subject=f"account:{user.identifier}").exists()

    def test_is_revoked_by_its_maker_and_by_nobody_else(self, world: World) -> None:
        user, other = world.people[Role.EXAMINER], world.people[Role.CUSTOMS]
        made = a_token(user, at=LATER)
        with pytest.raises(tokens.TokenUnknown):
            tokens.revoke(token=made.token.pk, by=actor_of(other, LATER), at=LATER)
        tokens.revoke(token=made.token.pk, by=actor_of(user, LATER), at=LATER)
        with pytest.raises(tokens.TokenOver):
            tokens.revoke(token=made.token.pk, by=actor_of(user, LATER), at=LATER)
        problem(Program(made.secret).get("/self"), 401, "token-refused")

    def test_an_administrator_revokes_anybodys(self, world: World) -> None:
        made = a_token(world.people[Role.EXAMINER], at=LATER)
        tokens.revoke(token=made.token.pk, by=world.actor(Role.ADMINISTRATOR), at=LATER)
        problem(Program(made.secret).get("/self"), 401, "token-refused")

    def test_is_kept_as_a_digest_only(self, world: World) -> None:
        made = a_token(world.people[Role.EXAMINER], at=LATER)
        kept = Token.objects.filter(pk=made.token.pk).values().get()
        assert made.secret not in str(kept)
        assert made.secret not in str(list(Line.objects.filter(tag=Act.TOKEN_MAKE).values()))

    def test_is_made_for_a_role_that_is_held(self, world: World) -> None:
        actor = world.actor(Role.EXAMINER)
        other = Held(role=Role.VALIDATING_OFFICIAL, office=OFFICE)
        with pytest.raises(tokens.RoleNotHeld):
            tokens.make(name="More", held=other, ends_at=LATER + MINUTE, by=actor, at=LATER)

    @pytest.mark.parametrize(
        ("name", "days"), [("", 1), (" ", 1), ("x" * 81, 1), ("a\nb\x07", 1), ("Scales", 0), ("Scales", 367)]
    )
    def test_has_a_name_and_an_end_within_a_year(self, world: World, name: str, days: int) -> None:
        actor = world.actor(Role.EXAMINER)
        with pytest.raises(tokens.TokenMalformed):
            tokens.make(name=name, held=actor.held[0], ends_at=LATER + timedelta(days=days), by=actor, at=LATER)

    def test_its_last_use_is_known_to_the_minute(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        made = a_token(world.people[Role.EXAMINER], at=LATER)
        program = Program(made.secret)
        for seconds, seen in ((0, 0), (59, 0), (60, 60)):
            monkeypatch.setattr(clock, "now", lambda seconds=seconds: LATER + timedelta(seconds=seconds))
            program.get("/self")
            made.token.refresh_from_db()
            assert made.token.used_at == LATER + timedelta(seconds=seen)


class TestProblems:
    def test_of_an_address_that_is_none(self, examiner: Program) -> None:
        problem(examiner.get("/nowhere"), 404, "no-such-address")
        problem(Client().get("/api/elsewhere"), 404, "no-such-address")  # type: ignore[arg-type]

    def test_of_a_method_that_an_address_has_not(self, examiner: Program) -> None:
        answer = examiner.ask("DELETE", "/applications")
        problem(answer, 405, "method-not-allowed")
        assert set(answer.headers["Allow"].replace(" ", "").split(",")) == {"GET", "POST"}

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"\xff",
            b'"\\ud800"',
            b'{"reason": "\\u0000"}',
            b'{"reason": NaN}',
            b'{"reason": 1}',
            b'{"reason": "x", "more": 1}',
            b"[" * 100_000,
            b'{"reason": ' + b"9" * 5000 + b"}",
        ],
    )
    def test_of_a_body_that_is_none(self, world: World, body: bytes) -> None:
        official = Program.of(world.people[Role.VALIDATING_OFFICIAL], at=LATER)
        reference = world.own.matters["lodged"].reference
        problem(official.post(f"/applications/{reference}/reject", body), 400, "request-malformed")

    def test_of_a_body_that_is_too_large(self, world: World) -> None:
        official = Program.of(world.people[Role.VALIDATING_OFFICIAL], at=LATER)
        reference = world.own.matters["lodged"].reference
        body = json.dumps({"reason": "x" * 3_000_000}).encode()
        problem(official.post(f"/applications/{reference}/reject", body), 413, "request-too-large")

    def test_of_a_field_says_where(self, world: World, examiner: Program) -> None:
        body = {"parcels": True, "lines": [{"hs": "7102.31", "carats": "205.18", "value": 1.5}]}
        reference = world.own.matters["lodged"].reference
        said = problem(examiner.post(f"/applications/{reference}/examine", body), 400, "request-malformed")
        assert [each["where"] for each in said["facts"]["errors"]] == [
            "body.parcels",
            "body.lines.0.carats",
            "body.lines.0.value",
        ]

    @pytest.mark.parametrize("path", ["/applications?number=%00", "/applications/%00", "/applications?a=%00"])
    def test_of_a_character_that_nothing_has(self, examiner: Program, path: str) -> None:
        problem(examiner.get(path), 400, "request-malformed")

    def test_of_what_is_out_of_reach_is_that_of_what_does_not_exist(self, world: World, examiner: Program) -> None:
        there = problem(
            examiner.get(f"/applications/{world.elsewhere.matters['lodged'].reference}"), 404, "application-missing"
        )
        nowhere = problem(examiner.get("/applications/A-NOWHERE0"), 404, "application-missing")
        assert there | {"instance": ""} == nowhere | {"instance": ""}

    def test_of_a_failure_is_a_reference_and_no_detail(self, world: World, examiner: Program) -> None:
        reference = world.own.matters["lodged"].reference
        with mock.patch.object(desk, "hold", side_effect=RuntimeError("password=1234")):
            answer = examiner.post(f"/applications/{reference}/hold", {"reason": "It waits."}, key="once")
        said = problem(answer, 500, "node-failed")
        assert "1234" not in str(said)
        assert said["instance"] == f"urn:macle:request:{answer.headers['X-Request-ID']}"
        assert not Answer.objects.filter(key="once").exists()


class TestLists:
    def test_give_every_row_once_a_page_at_a_time(self, examiner: Program) -> None:
        whole = examiner.read("/applications?limit=200")
        assert whole["next"] is None
        found, following = [], "/applications?limit=3"
        while following:
            answer = examiner.get(following.removeprefix("/api/v1"))
            part = answer.json()  # type: ignore[attr-defined]
            found += part["items"]
            following = part["next"]
            assert answer.headers.get("Link") == (f'<{following}>; rel="next"' if following else None)
        assert found == whole["items"]
        assert len({each["reference"] for each in found}) == len(found) > 3

    def test_a_page_keeps_what_was_asked(self, examiner: Program) -> None:
        first = examiner.read("/applications?limit=1&destination=EU&state=dispatched")
        following = examiner.read(first["next"].removeprefix("/api/v1"))
        assert {each["state"] for each in first["items"] + following["items"]} == {"dispatched"}

    @pytest.mark.parametrize("after", ["x", "cm93OjA", "cm93Oi0x", "cm93Ong", "é", "cm93OjE4NDQ2NzQ0MDczNzA5NTUxNjE2"])
    def test_what_is_no_cursor_is_refused(self, examiner: Program, after: str) -> None:
        problem(examiner.get(f"/applications?after={after}"), 400, "cursor-malformed")

    @pytest.mark.parametrize("limit", ["0", "201", "x", "-1"])
    def test_a_page_has_1_to_200_rows(self, examiner: Program, limit: str) -> None:
        problem(examiner.get(f"/applications?limit={limit}"), 400, "request-malformed")

    @pytest.mark.parametrize(
        ("role", "path"),
        [
            (Role.EXAMINER, "/traders"),
            (Role.EXAMINER, "/offices"),
            (Role.EXAMINER, "/officials"),
            (Role.EXAMINER, "/partners"),
            (Role.EXAMINER, "/certificates"),
            (Role.EXAMINER, "/confirmations"),
            (Role.EXAMINER, "/blocks"),
            (Role.AUDITOR, "/audit"),
            (Role.AUDITOR, "/traders"),
        ],
    )
    def test_of_every_kind_have_rows_here(self, world: World, role: Role, path: str) -> None:
        assert Program.of(world.people[role], at=LATER).read(path)["items"]

    def test_the_audit_is_searched_by_subject_and_time(self, world: World) -> None:
        auditor = Program.of(world.people[Role.AUDITOR], at=LATER)
        subject = f"application:{world.own.matters['lodged'].reference}"
        found = auditor.read(f"/audit?subject={subject}")["items"]
        assert {each["subject"] for each in found} == {subject}
        assert auditor.read(f"/audit?subject={subject}&since=2026-11-26T00:00:00Z")["items"] == []
        problem(auditor.get("/audit?since=2026-11-26T00:00:00"), 400, "request-malformed")
        problem(auditor.get("/audit?since=0001-01-01T00:00:00%2B14:00"), 400, "request-malformed")

    def test_a_trader_reads_its_own_only(self, world: World) -> None:
        exporter = Program.of(world.people[Role.EXPORTER], at=LATER)
        assert [each["reference"] for each in exporter.read("/traders")["items"]] == [world.own.trader.reference]
        whole = exporter.read(f"/traders/{world.own.trader.reference}")
        assert whole["licences"]
        assert whole["balances"]
        problem(exporter.get(f"/traders/{world.elsewhere.trader.reference}"), 404, "out-of-reach")


class TestOnce:
    def hold(self, world: World, examiner: Program, key: str | None, reason: str = "It waits.") -> Any:
        reference = world.own.matters["examined"].reference
        return examiner.post(f"/applications/{reference}/hold", {"reason": reason}, key=key)

    @pytest.mark.parametrize("key", [None, " ", "x" * 81, "a b"])
    def test_a_write_has_a_key(self, world: World, examiner: Program, key: str | None) -> None:
        problem(self.hold(world, examiner, key), 400, "idempotency-key-missing")

    def test_the_same_request_is_done_once_and_answered_alike(self, world: World, examiner: Program) -> None:
        first = self.hold(world, examiner, "one")
        assert first.status_code == 200
        again = self.hold(world, examiner, "one")
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["Content-Type"] == first.headers["Content-Type"]
        assert again.headers["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first.headers
        assert world.own.matters["examined"].steps.filter(act="hold").count() == 1

    def test_a_refusal_is_answered_alike_too(self, world: World, examiner: Program) -> None:
        self.hold(world, examiner, "one")
        refused = self.hold(world, examiner, "two")
        problem(refused, 409, "act-not-allowed")
        assert self.hold(world, examiner, "two").content == refused.content

    def test_the_key_of_another_request_is_refused(self, world: World, examiner: Program) -> None:
        self.hold(world, examiner, "one")
        problem(self.hold(world, examiner, "one", "Another reason."), 422, "idempotency-key-reused")

    def test_keys_of_two_tokens_are_two(self, world: World, examiner: Program) -> None:
        self.hold(world, examiner, "one")
        other = Program.of(world.people[Role.EXAMINER], at=LATER)
        problem(self.hold(world, other, "one"), 409, "act-not-allowed")

    def test_the_second_is_told_while_the_first_is_under_way(self, world: World, examiner: Program) -> None:
        seen: list[Any] = []

        def slow(**given: Any) -> None:
            del given
            seen.append(self.hold(world, examiner, "one"))

        with mock.patch.object(desk, "hold", side_effect=slow):
            self.hold(world, examiner, "one")
        problem(seen[0], 409, "idempotency-under-way")

    def test_what_failed_is_tried_again_under_the_same_key(self, world: World, examiner: Program) -> None:
        with mock.patch.object(desk, "hold", side_effect=RuntimeError):
            problem(self.hold(world, examiner, "one"), 500, "node-failed")
        assert self.hold(world, examiner, "one").status_code == 200

    def test_a_claim_whose_process_was_killed_is_taken_over_later(
        self, world: World, examiner: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.hold(world, examiner, "one")
        Answer.objects.update(status=None, body=b"")
        problem(self.hold(world, examiner, "one"), 409, "idempotency-under-way")
        monkeypatch.setattr(clock, "now", lambda: LATER + idempotency.LEASE)
        problem(self.hold(world, examiner, "one"), 409, "act-not-allowed")

    def test_answers_are_forgotten_after_two_days(self, world: World, examiner: Program) -> None:
        self.hold(world, examiner, "one")
        assert idempotency.forget(at=LATER + timedelta(days=1)) == 0
        assert idempotency.forget(at=LATER + timedelta(days=2, seconds=1)) == 1
