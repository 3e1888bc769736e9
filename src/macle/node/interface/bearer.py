"""Who asks: the token that a request shows, and the one role that it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ninja.security import HttpBearer

from macle.node import clock
from macle.node.accounts import tokens
from macle.node.desk.pages import Request
from macle.node.permissions import Act

if TYPE_CHECKING:
    from django.http import HttpRequest

    from macle.node.accounts.models import Token


class Asked(Request):
    """A request to the interface: beside actor and instant the token by which it came."""

    token: Token


class Bearer(HttpBearer):
    """Takes a token that serves, and asks whether its role may do the act at all: before anything else is read."""

    def __init__(self, act: Act | None) -> None:
        """Keep the act; none means that whoever has a token may ask."""
        super().__init__()
        self.act = act

    def authenticate(self, request: HttpRequest, token: str) -> Any:  # noqa: ANN401 (django-ninja's own)
        """Return who acts, or None; raise `ActForbidden`."""
        at = clock.now()
        shown = tokens.shown(token, at=at)
        if shown is None:
            return None
        asked = cast("Asked", request)
        asked.at, asked.actor, asked.token = at, shown.actor, shown.token
        asked.person = shown.token.user.name
        if self.act is not None and not shown.actor.may(self.act):
            shown.actor.require(self.act)
        return shown
