"""Writes of the interface in a database that commits: processes that die, and processes that race."""

from __future__ import annotations

import threading
from unittest import mock

import pytest
from django.db import connection

from macle.node import clock
from macle.node.exporting.models import Application
from macle.node.interface import idempotency
from macle.node.interface.models import Answer
from macle.node.permissions import Role
from tests.support.node_interface import Program, a_token
from tests.support.node_registry import OFFICE
from tests.support.node_world import LATER, a_world

pytestmark = pytest.mark.django_db(transaction=True)


class TestKilled:
    """A process that dies within a write has done both, act and answer, or neither."""

    def test_between_act_and_answer_nothing_is_done(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock, "now", lambda: LATER)
        with a_world() as world:
            examiner = Program.of(world.people[Role.EXAMINER], at=LATER)
            reference = world.own.matters["examined"].reference

            class Killed(BaseException):
                pass

            with mock.patch.object(idempotency, "_keep", side_effect=Killed), pytest.raises(Killed):
                examiner.post(f"/applications/{reference}/hold", {"reason": "It waits."}, key="one")
            assert Application.objects.get(reference=reference).state == "under_examination"
            assert Answer.objects.get(key="one").status is None
            monkeypatch.setattr(clock, "now", lambda: LATER + idempotency.LEASE)
            answer = examiner.post(f"/applications/{reference}/hold", {"reason": "It waits."}, key="one")
            assert answer.status_code == 200
            assert Application.objects.get(reference=reference).state == "held"

    def test_sent_four_times_at_the_same_instant_it_is_done_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock, "now", lambda: LATER)
        with a_world() as world:
            secret = a_token(world.people[Role.EXPORTER], at=LATER).secret
            body = {"trader": world.own.trader.reference, "office": OFFICE}
            before, answers = Application.objects.count(), []
            together = threading.Barrier(4)

            def send() -> None:
                together.wait()
                answers.append(Program(secret).post("/applications", body, key="one"))
                connection.close()

            threads = [threading.Thread(target=send) for _ in range(4)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            assert Application.objects.count() == before + 1
            made = {each.content for each in answers if each.status_code == 201}
            assert len(made) == 1
            assert {each.status_code for each in answers} <= {201, 409}
