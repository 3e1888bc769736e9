"""The pages that belong to no office: home, the find box, language and theme, the sheet of hues."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from macle.node.desk import context, hues, lists, navigation, pages

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request

_YEAR: Final = 365 * 24 * 3600
_LONGEST_SEARCH: Final = 200


@pages.page(pages.SIGNED_IN)
def home(request: Request) -> HttpResponse:
    """Go to the first page that is open to this person."""
    for entry in navigation.shown_to(request.actor, path=request.path):
        if entry.address != request.path:
            return HttpResponseRedirect(entry.address)
    return pages.render(request, "desk/nothing.html")


@pages.page(pages.SIGNED_IN)
def find(request: Request) -> HttpResponse:
    """Go to the one thing that is called so, or list all that are."""
    text = request.GET.get("q", "").strip()[:_LONGEST_SEARCH]
    found = navigation.find(text, by=request.actor, at=request.at) if text else []
    if len(found) == 1:
        return HttpResponseRedirect(found[0].address)
    return pages.render(request, "desk/found.html", {"text": text, "found": found})


@pages.page(pages.PUBLIC, post=True)
def choose(request: Request) -> HttpResponse:
    """Keep the language, theme or density that somebody chose, and go back to where they were."""
    way_back = request.POST.get("next", "") or "/"
    if not url_has_allowed_host_and_scheme(way_back, allowed_hosts={request.get_host()}, require_https=False):
        way_back = "/"
    answer = HttpResponseRedirect(way_back)
    for cookie, name, allowed in (
        (settings.LANGUAGE_COOKIE_NAME, "language", [code for code, _ in settings.LANGUAGES]),
        (context.THEME_COOKIE, "theme", context.THEMES),
        (lists.DENSITY_COOKIE, "density", lists.DENSITIES),
    ):
        value = request.POST.get(name, "")
        if value in allowed:
            answer.set_cookie(
                cookie, value, max_age=_YEAR, secure=settings.CONFIGURATION.https, httponly=True, samesite="Lax"
            )
    return answer


@pages.page(pages.PUBLIC, post=True)
def appearance(request: Request) -> HttpResponseBase:
    """Choose language and theme on a page of their own."""
    return choose(request) if request.method == "POST" else pages.render(request, "desk/appearance.html")


@pages.page(pages.PUBLIC)
def participant(request: Request, digest: str) -> HttpResponse:  # noqa: ARG001 (Django's own)
    """Return the style sheet that sets the hues of this house and of its partners."""
    current = digest == hues.digest()
    answer = HttpResponse(hues.sheet(), content_type="text/css; charset=utf-8", status=HTTPStatus.OK)
    answer["Cache-Control"] = "public, max-age=31536000, immutable" if current else "no-cache"
    return answer
