"""Pages of one process take turns: one after the other, and nobody waits longer than the patience for a slow one."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from macle.node.desk.middleware import Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

PATIENCE = 20


class House:
    """Something that answers, and knows how many it answered at a time."""

    def __init__(self, *, slow: str = "") -> None:
        self.slow, self.goes_on = slow, threading.Event()
        self.here, self.most = 0, 0
        self.counting = threading.Lock()

    def answer(self, request: HttpRequest) -> HttpResponse:
        with self.counting:
            self.here += 1
            self.most = max(self.most, self.here)
        if request.path == self.slow:
            self.goes_on.wait(PATIENCE)
        time.sleep(0.001)
        with self.counting:
            self.here -= 1
        return HttpResponse(request.path)


def _begun(ask: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=ask)
    thread.start()
    return thread


class TestTurns:
    """What asks at the same time."""

    def test_pages_are_made_one_after_the_other(self) -> None:
        house = House()
        turns = Turns(house.answer)
        request = RequestFactory().get("/queue/")
        for each in [_begun(lambda: [turns(request) for _ in range(20)]) for _ in range(4)]:
            each.join(PATIENCE)
        assert (house.here, house.most) == (0, 1)

    @pytest.mark.parametrize("send", [False, True])
    def test_a_slow_one_holds_nobody_up(self, *, send: bool) -> None:
        house = House(slow="/slow/")
        turns = Turns(house.answer)
        slow = _begun(lambda: turns(RequestFactory().get("/slow/")))
        while not house.here:
            time.sleep(0.001)
        asked = RequestFactory().post("/quick/") if send else RequestFactory().get("/quick/")
        assert turns(asked).status_code == 200
        assert house.most == 2
        house.goes_on.set()
        slow.join(PATIENCE)

    def test_a_fault_gives_the_turn_back(self) -> None:
        def fail(request: HttpRequest) -> HttpResponse:
            raise LookupError(request.path)

        turns = Turns(fail)
        for _ in range(2):
            with pytest.raises(LookupError):
                turns(RequestFactory().get("/queue/"))
        assert not turns._turn.locked()
