"""What every request to the interface meets first, and its last word: no cookies, nothing but problems.

The rules of this module:

- A session is for people: cookies of a browser are taken off, so that no page elsewhere acts through them.
- Whatever Django answers where none of our operations did is said as a problem too.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from macle.node.interface import problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

PREFIX: Final = "/api/"

_SAID: Final = {
    HTTPStatus.NOT_FOUND: ("no-such-address", "There is no such address", "The interface has no such address."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "method-not-allowed",
        "This is not done here",
        "This address does not answer this method.",
    ),
}


class Machines:
    """Keeps the interface apart from the pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep what answers."""
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; as a problem where it is no answer of an operation."""
        if not request.path_info.startswith(PREFIX):
            return self._next(request)
        request.META.pop("HTTP_COOKIE", None)
        request.__dict__.pop("COOKIES", None)
        if "\0" in request.path_info or "\0" in unquote_plus(request.META.get("QUERY_STRING", "")):
            return problems.of(request, problems.RequestMalformed("The address holds a character that nothing has."))
        answer = self._next(request)
        if answer.status_code < HTTPStatus.BAD_REQUEST or answer.headers["Content-Type"] == problems.MEDIA_TYPE:
            return answer
        return _as_problem(request, answer)


def _as_problem(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    status = HTTPStatus(answer.status_code)
    if status in _SAID:
        code, title, detail = _SAID[status]
        headers = {"Allow": answer.headers["Allow"]} if "Allow" in answer.headers else None
        return problems.answer(request, status, code=code, title=title, detail=detail, headers=headers)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return problems.broken(request)
    return problems.of(request, problems.RequestMalformed("The request could not be read."))
