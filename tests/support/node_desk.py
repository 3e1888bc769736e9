"""Builders for pages: somebody who is signed in without a sign-in page, and a specimen of every part."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from macle.node.permissions import Actor, Held, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

AT = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def an_actor(*roles: Role, office: str = "Port Selle", identifier: str = "official-7") -> Actor:
    return Actor(identifier=identifier, held=tuple(Held(role=role, office=office) for role in roles))


class SignedIn:
    """Middleware that signs in whoever a test names; nobody unless one does."""

    actor: ClassVar[Actor | None] = None

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self.actor is not None:
            request.actor = self.actor  # type: ignore[attr-defined]
            request.at = AT  # type: ignore[attr-defined]
            request.person = "Tamsin Vale"  # type: ignore[attr-defined]
        return self._next(request)
