"""A program at the interface: it has a token, sends JSON, and makes a key for each write."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.test import Client

from macle.node.accounts import queries, tokens

if TYPE_CHECKING:
    from django.http import HttpResponse

    from macle.node.accounts.models import User
    from macle.node.accounts.tokens import Made

BASE = "/api/v1"


def a_token(user: User, *, at: datetime, days: int = 90, name: str = "Single window") -> Made:
    """Make a token for the only role of a user."""
    actor = queries.actor(user, at=at)
    return tokens.make(name=name, held=actor.held[0], ends_at=at + timedelta(days=days), by=actor, at=at)


@dataclass
class Program:
    """Somebody's program."""

    secret: str
    client: Client = field(default_factory=Client)

    @classmethod
    def of(cls, user: User, *, at: datetime) -> Program:
        return cls(a_token(user, at=at).secret)

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = "", **headers: str) -> HttpResponse:
        """Send a request; a write gets a new key unless one is given, and none with None."""
        given = {"Authorization": f"Bearer {self.secret}", **headers}
        if method != "GET" and key is not None:
            given["Idempotency-Key"] = key or uuid.uuid4().hex
        sent: dict[str, Any] = {}
        if isinstance(body, bytes):
            sent = {"data": body, "content_type": "application/json"}
        elif body is not None:
            sent = {"data": json.dumps(body), "content_type": "application/json"}
        return self.client.generic(method, BASE + path, headers=given, **sent)  # type: ignore[return-value]

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, *, key: str | None = "", **headers: str) -> HttpResponse:
        return self.ask("POST", path, {} if body is None else body, key=key, **headers)

    def read(self, path: str) -> Any:
        """Return what an address says, which must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.content
        return answer.json()  # type: ignore[attr-defined]

    def do(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        """Do a write, which must go well, and return what came of it."""
        answer = self.ask(method, path, {} if body is None else body)
        assert answer.status_code in {200, 201}, answer.content
        return answer.json()  # type: ignore[attr-defined]


def problem(answer: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """Return a problem, which must be this one."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content
    said: dict[str, Any] = json.loads(answer.content)
    assert (answer.status_code, said["status"], said["code"]) == (status, status, code), said
    assert said["type"] == f"urn:macle:problem:{code}"
    return said
