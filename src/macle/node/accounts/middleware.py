"""Who asks: each request gets its instant, its actor and its person, or is led to what must come first.

The rules of this module:

- A session ends after half an hour without use and after twelve hours in any case (both are settings), whatever its
  cookie says; with a new password, a reset or *sign out everywhere* all others end at once.
- Nobody is an actor before the second factor is there and a password that was handed over is changed: until then only
  the pages that do that can be reached.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpResponseRedirect
from django.urls import resolve, reverse
from django.urls.exceptions import Resolver404
from django.utils import translation

from macle.node import clock
from macle.node.accounts import queries, sessions
from macle.node.accounts.models import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

SECOND_FACTORS: Final = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
SEEN_EVERY: Final = timedelta(seconds=60)
"""How exactly a session knows when it was last used: not every page is worth a write."""
HAS_SECOND_FACTOR: Final = "second-factor"

ALWAYS: Final = frozenset(
    {
        "live",
        "ready",
        "account_logout",
        "accounts:sign-out",
        "desk:appearance",
        "desk:choose",
        "desk:participant",
    }
)
FOR_PASSWORD: Final = frozenset({"account_change_password", "account_reauthenticate"})
FOR_SECOND_FACTOR: Final = frozenset(
    {
        "accounts:second-factor",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "account_reauthenticate",
    }
)


class SavedFilters:
    """The views of lists that somebody kept, read when a list is shown, and where another is kept."""

    def __init__(self, user: User | None) -> None:
        """Keep whose they are."""
        self._user = user

    @property
    def url(self) -> str:
        """Return where a view is kept; nothing where nobody signed in."""
        return reverse("accounts:save-filter") if self._user else ""

    def of(self, name: str) -> list[queries.View]:
        """Return those of one list."""
        return queries.saved_filters(self._user, of=name) if self._user else []


class Actors:
    """Sets ``request.at``, ``request.actor``, ``request.person`` and ``request.saved_filters``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep what answers."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Say who asks, and let the request go on if nothing must come first."""
        at = clock.now()
        request.at = at  # type: ignore[attr-defined]
        request.actor = queries.ANONYMOUS  # type: ignore[attr-defined]
        request.person = ""  # type: ignore[attr-defined]
        request.saved_filters = SavedFilters(None)  # type: ignore[attr-defined]
        user = request.user
        if not isinstance(user, User) or not user.is_authenticated:
            return self.get_response(request)
        if _is_over(request, at):
            logout(request)
            return self.get_response(request)
        if (first := _what_comes_first(request, user)) is not None:
            allowed, target = first
            request.person = user.name  # type: ignore[attr-defined]
            if _route(request) in allowed | ALWAYS or request.path.startswith(settings.STATIC_URL):
                return self.get_response(request)
            return HttpResponseRedirect(reverse(target))
        request.actor = queries.actor(user, at=at)  # type: ignore[attr-defined]
        request.person = user.name  # type: ignore[attr-defined]
        request.saved_filters = SavedFilters(user)  # type: ignore[attr-defined]
        if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
            # Chosen at the foot of a page, on this device.
            return self.get_response(request)
        with translation.override(user.language):
            request.LANGUAGE_CODE = translation.get_language()
            return self.get_response(request)


def _is_over(request: HttpRequest, at: datetime) -> bool:
    """Return whether the session has ended; if not, remember that it was used."""
    session = request.session
    began = session.get(sessions.BEGAN)
    if began is None:
        # Signing in says when a session began; one that does not know is none of ours.
        return True
    seen = datetime.fromisoformat(session[sessions.SEEN])
    configured = settings.CONFIGURATION
    if at - datetime.fromisoformat(began) >= timedelta(hours=configured.session_hours):
        return True
    if at - seen >= timedelta(minutes=configured.idle_minutes):
        return True
    if at - seen >= SEEN_EVERY:
        session[sessions.SEEN] = at.isoformat()
    return False


def _what_comes_first(request: HttpRequest, user: User) -> tuple[frozenset[str], str] | None:
    """Return what can be reached, and where to go, while something must come first."""
    if user.first_password_until is not None:
        return FOR_PASSWORD, "account_change_password"
    if not request.session.get(HAS_SECOND_FACTOR):
        if not get_adapter().is_mfa_enabled(user, SECOND_FACTORS):
            return FOR_SECOND_FACTOR, "accounts:second-factor"
        request.session[HAS_SECOND_FACTOR] = True
    return None


def _route(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""
