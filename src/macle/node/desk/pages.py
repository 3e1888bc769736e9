"""What every page does: it asks who is there and whether they may, and turns an error into a page with a way on.

The rules of this module:

- A view is decorated with `page`, and its first argument then is a `Request`. A view without it is a fault that a test
  finds, because ``view.act`` is missing.
- ``page(Act.X)`` asks whether the actor may do this at all; what it reaches is asked by the query or the action.
- A page reads. Only ``post=True`` lets a form be sent.
- An error of `macle.errors` is shown with what happened, where, how to mend it and the rule with its source; any other
  is shown as a reference, which stands in the log too, and nothing else.
"""

from __future__ import annotations

import functools
import logging
import secrets
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Protocol, cast
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template import loader
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from macle import errors
from macle.node import clock
from macle.node.permissions import Act, Actor
from macle.scheme import profiles, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from django.http.response import HttpResponseBase


class Anybody(Enum):
    """Who a page is for where no act of the table is asked for."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"


PUBLIC: Final = Anybody.PUBLIC
"""For everybody: no sign-in."""
SIGNED_IN: Final = Anybody.SIGNED_IN
"""For any person who is signed in, whatever their roles."""

FAMILIES: Final[Mapping[type[errors.MacleError], HTTPStatus]] = {
    errors.Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Untrusted: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Undecided: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Malformed: HTTPStatus.BAD_REQUEST,
    errors.NotPermitted: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
}
"""What each family of errors means on the web."""

_log = logging.getLogger("macle.node.pages")


class Request(HttpRequest):
    """A request to a page: who acts, at which instant, under which name."""

    actor: Actor
    at: datetime
    person: str
    request_id: str


P = ParamSpec("P")


class View(Protocol[P]):
    """A view that says which act it serves."""

    act: Act | Anybody

    def __call__(self, request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        """Answer the request."""


def page(
    act: Act | Anybody, *, post: bool = False
) -> Callable[[Callable[Concatenate[Request, P], HttpResponseBase]], View[P]]:
    """Make the function a page for whoever may do the act; with ``post`` a form may be sent to it."""
    methods = ("GET", "HEAD", "POST") if post else ("GET", "HEAD")

    def make(view: Callable[Concatenate[Request, P], HttpResponseBase]) -> View[P]:
        @functools.wraps(view)
        def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            if act is not PUBLIC and not is_signed_in(request):
                return to_sign_in(request)
            asked = prepared(request)
            with timezone.override(zone_of(asked)):
                try:
                    if isinstance(act, Act) and not asked.actor.may(act):
                        asked.actor.require(act)
                    return view(asked, *args, **kwargs)
                except errors.MacleError as error:
                    return refusal(asked, error)

        made = cast("View[P]", answer)
        made.act = act
        return made

    return make


def is_signed_in(request: HttpRequest) -> bool:
    """Return whether somebody is signed in: the actor then has an identifier."""
    actor = getattr(request, "actor", None)
    return bool(actor and actor.identifier)


def prepared(request: HttpRequest) -> Request:
    """Return the request with an actor, an instant and a name, also where nobody is signed in."""
    asked = cast("Request", request)
    if not hasattr(asked, "actor"):
        asked.actor = Actor(identifier="")
    if not hasattr(asked, "person"):
        asked.person = ""
    if not hasattr(asked, "at"):
        asked.at = clock.now()
    return asked


def zone_of(request: Request) -> ZoneInfo:
    """Return the time in which instants are shown: that of the actor's office, else that of the authority's seat."""
    office = next((each.office for each in request.actor.held if each.office), "")
    return profiles.load().of(settings.CONFIGURATION.participant, on=request.at.date()).zone(office)


def to_sign_in(request: HttpRequest) -> HttpResponseRedirect:
    """Return the way to the sign-in page, and from there back."""
    way_back = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    return HttpResponseRedirect(f"{address('accounts:sign-in', '/sign-in')}?{urlencode({'next': way_back})}")


def address(name: str, otherwise: str = "", **names: object) -> str:
    """Return the address of the page of this name, or what was given where this node has no such page."""
    try:
        return reverse(name, kwargs=names) if names else _address(name, settings.ROOT_URLCONF)
    except NoReverseMatch:
        return otherwise


def address_of(name: str, reference: str, *more: str) -> str:
    """Return the address of the page of this name for one thing: in a list there are fifty of them."""
    return _address(name, settings.ROOT_URLCONF, _REFERENCE, *more).replace(_REFERENCE, quote(reference))


_REFERENCE: Final = "-REFERENCE-"


@functools.cache
def _address(name: str, urls: str, *references: str) -> str:
    # Sixteen of them stand around every page, and Django looks through all addresses for each.
    return reverse(name, urls, args=references)


def render(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Return the page; what the frame around every page shows comes from `macle.node.desk.context`."""
    answer = HttpResponse(loader.render_to_string(template, dict(context or {}), request), status=status)
    # A page is in the language and theme that cookies chose.
    patch_vary_headers(answer, ["Cookie"])
    return answer


def refusal(request: HttpRequest, error: errors.MacleError) -> HttpResponse:
    """Return the page that says what happened, where, how to mend it, and by which rule."""
    status = status_of(error)
    breaches: Sequence[rules.Breach] = getattr(error, "breaches", ())
    context = {
        "status": status,
        "heading": _heading(status, error),
        "error": error,
        "rule": source_of(error.rule),
        "breaches": [(breach, source_of(breach.rule)) for breach in breaches],
    }
    return render(request, "desk/error.html", context, status=status)


def status_of(error: errors.MacleError) -> HTTPStatus:
    """Return what the error means on the web."""
    for family, status in FAMILIES.items():
        if isinstance(error, family):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR


def source_of(rule: str | None) -> rules.Rule | None:
    """Return the papers of a rule, if it stands in the catalogue."""
    return rules.catalogue().get(rule) if rule else None


def _heading(status: HTTPStatus, error: errors.MacleError) -> str:
    match error:
        case errors.Untrusted():
            return _("This is not signed as it must be")
        case errors.Undecided():
            return _("This cannot be decided here and now")
        case errors.Refused():
            return _("A rule says no")
        case errors.Conflict():
            return _("This has changed, or is not in the state for it")
    return {
        HTTPStatus.BAD_REQUEST: _("This could not be read"),
        HTTPStatus.FORBIDDEN: _("You may not do this"),
        HTTPStatus.NOT_FOUND: _("There is no such thing here"),
    }.get(status, _("This was not done"))


# What Django calls where no page answers. Each ends in a page with ways on.


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 (Django's)
    """Say that there is no such page."""
    return _plain(
        request,
        HTTPStatus.NOT_FOUND,
        _("There is no such page"),
        _("The address was mistyped, or the page belongs to another version of this node."),
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Say that the browser sent what cannot be read."""
    return _plain(
        request,
        HTTPStatus.BAD_REQUEST,
        _("This could not be read"),
        _("Nothing was done. Go back, load the page again and send it once more."),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Say that this is not allowed."""
    return _plain(
        request,
        HTTPStatus.FORBIDDEN,
        _("You may not do this"),
        _("None of your roles may do this. Ask the administrator of this node if one should."),
    )


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 (Django's)
    """Say that a form did not come from a page of ours that is still good."""
    return _plain(
        request,
        HTTPStatus.FORBIDDEN,
        _("This form is no longer good"),
        _("Nothing was done. Sign-in ended or began since the page was opened. Load it again and send it once more."),
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Say that this node failed, and under which reference the log tells more."""
    reference = getattr(request, "request_id", "") or secrets.token_hex(8)
    _log.error("a page failed", exc_info=True, extra={"reference": reference})
    try:
        return _plain(
            request,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            _("This node failed"),
            _("What you sent may not have been stored. Look before you send it again."),
            reference=reference,
        )
    except Exception:  # noqa: BLE001 (the last page there is: it needs nothing that may have failed)
        return HttpResponse(
            f"This node failed. Reference: {reference}",
            content_type="text/plain; charset=utf-8",
            status=HTTPStatus.INTERNAL_SERVER_ERROR,
        )


def _plain(request: HttpRequest, status: HTTPStatus, heading: str, text: str, reference: str = "") -> HttpResponse:
    prepared(request)
    context = {"status": status, "heading": heading, "text": text, "reference": reference}
    return render(request, "desk/error.html", context, status=status)
