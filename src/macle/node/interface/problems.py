"""What goes wrong, as RFC 9457 says it: the one module that knows what a family of errors means to a machine.

The rules of this module:

- ``type`` and ``code`` are stable; ``title`` belongs to the type; ``detail``, ``where`` and ``mend`` are for people, in
  English.
- What a rule refuses lists every breach, each with the rule's id and its source.
- Anything that nobody foresaw is a reference, which stands in the log too, and nothing else.
"""

from __future__ import annotations

import json
import logging
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja.errors import AuthenticationError, HttpError, ValidationError

from macle import errors
from macle.node.desk import pages
from macle.node.desk.pages import status_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest

    from macle.scheme.rules import Breach

MEDIA_TYPE: Final = "application/problem+json"
URN: Final = "urn:macle:problem:"

_TITLES: Final[Mapping[type[errors.MacleError], str]] = {
    errors.Refused: "A rule says no",
    errors.Untrusted: "This is not signed as it must be",
    errors.Undecided: "This cannot be decided here and now",
    errors.Malformed: "This could not be read",
    errors.NotPermitted: "You may not do this",
    errors.NotFound: "There is no such thing here",
    errors.Conflict: "This is not in the state for it",
}

_log = logging.getLogger("macle.node.interface")


class RequestMalformed(errors.Malformed):
    """The request is not what the interface describes; ``facts["errors"]`` says where."""

    code = "request-malformed"


def answer(
    request: HttpRequest,
    status: HTTPStatus,
    *,
    code: str,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **more: Any,  # noqa: ANN401 (members of one kind of problem)
) -> HttpResponse:
    """Return a problem; members that hold nothing are left out."""
    members = {
        "type": f"{URN}{code}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "instance": f"urn:macle:request:{_reference(request)}",
        "code": code,
    }
    members |= {name: value for name, value in more.items() if value not in ("", None, [], {})}
    body = json.dumps(members, ensure_ascii=False, default=str)
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE, headers=headers)


def of(request: HttpRequest, error: errors.MacleError) -> HttpResponse:
    """Return what one of our errors means to a machine."""
    status = status_of(error)
    title = next((title for family, title in _TITLES.items() if isinstance(error, family)), "This was not done")
    breaches: Sequence[Breach] = getattr(error, "breaches", ())
    return answer(
        request,
        status,
        code=error.code,
        title=title,
        detail=error.what,
        where=error.where,
        mend=error.mend,
        rule=error.rule,
        source=_source(error.rule),
        facts=error.facts,
        breaches=[said(each) for each in breaches],
    )


def said(breach: Breach) -> dict[str, Any]:
    """Return a breach as plain data, with the source of its rule."""
    return {
        "rule": breach.rule,
        "source": _source(breach.rule),
        "outcome": breach.outcome.value,
        "where": breach.where,
        "what": breach.what,
        "mend": breach.mend,
    }


def _source(rule: str | None) -> str:
    papers = pages.source_of(rule)
    return papers.source if papers else ""


def of_any(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """Return what any error means to a machine; one that nobody foresaw goes into the log."""
    match error:
        case errors.MacleError():
            return of(request, error)
        case AuthenticationError():
            return answer(
                request,
                HTTPStatus.UNAUTHORIZED,
                code="token-refused",
                title="No token that serves",
                detail="The request has no token, or one that was revoked, has ended, or whose role is no longer held.",
                mend="Send it as Authorization: Bearer TOKEN; its holder makes a new one on the page of their account.",
                headers={"WWW-Authenticate": 'Bearer realm="macle"'},
            )
        case ValidationError():
            return of(request, _unread(error))
        case RequestDataTooBig():
            return too_large(request)
        case HttpError() | SuspiciousOperation() | MultiPartParserError() | UnreadablePostError():
            return of(request, RequestMalformed("The body of the request could not be read."))
    _log.error("a request failed", exc_info=True, extra={"reference": _reference(request)})
    return broken(request)


def too_large(request: HttpRequest) -> HttpResponse:
    """Say that the body is larger than is taken."""
    return answer(
        request,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        code="request-too-large",
        title="This is too large",
        detail="The body of the request is larger than is taken.",
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Say that this node failed, and under which reference the log tells more."""
    return answer(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        code="node-failed",
        title="This node failed",
        detail="This node failed, and nothing was done. The reference stands in its log.",
    )


def _unread(error: ValidationError) -> RequestMalformed:
    """Return every place of the request that is not as described."""
    found = [
        {"where": ".".join(str(part) for part in each["loc"] if part not in _NINJAS), "what": str(each["msg"])}
        for each in error.errors
    ]
    return RequestMalformed(
        f"{found[0]['what']}." if found else "The request is not as described.",
        where=found[0]["where"] if found else "",
        mend="See the description of the interface.",
        facts={"errors": found},
    )


_NINJAS: Final = frozenset({"given", "asked"})
"""Names of our own functions' arguments, which django-ninja puts between the part of the request and the field."""


def _reference(request: HttpRequest) -> str:
    return getattr(request, "request_id", "") or secrets.token_hex(8)
