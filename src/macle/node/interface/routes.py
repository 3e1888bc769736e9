"""The operations of an office for machines: what each serves, what it gives, and how it can fail.

The rules of this module:

- An operation translates in, makes one call of an action or a query, translates out. Which act it serves stands beside
  it, as at a page; what the act reaches is asked by the query or the action.
- `Routes.reads` and `Routes.asks` write nothing; `Routes.writes` needs an idempotency key.
- What an operation gives is the annotation of its function: a `Shown`, or `HttpResponse` for a file. A test compares
  ``spec/openapi.json`` with what these say.
"""

from __future__ import annotations

import functools
import inspect
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Router

from macle.node.interface import idempotency, paging
from macle.node.interface.bearer import Asked, Bearer
from macle.node.permissions import Act

if TYPE_CHECKING:
    from collections.abc import Callable

    from macle.node.interface.fields import Shown

P = ParamSpec("P")
R = TypeVar("R", bound="Shown | HttpResponse")
Made = TypeVar("Made", bound="Callable[..., Any]")

COSE: Final = "application/cose"
PDF: Final = "application/pdf"

_ALWAYS: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_OF_ONE_THING: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


class Routes(Router):
    """The operations of an office, under one heading of the description."""

    def __init__(self, heading: str) -> None:
        """Keep the heading."""
        super().__init__(tags=[heading])

    def reads(self, path: str, act: Act | None, *, file: str = "") -> Callable[[Made], Made]:
        """Make the function an operation that reads; ``file`` is the media type of what it gives, if no JSON."""
        return self._made("GET", path, act, status=HTTPStatus.OK, file=file)

    def asks(self, path: str, act: Act) -> Callable[[Made], Made]:
        """Make the function an operation that reads, of what is too long for an address."""
        return self._made("POST", path, act, status=HTTPStatus.OK)

    def writes(
        self,
        path: str,
        act: Act,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        whole: bool = True,
        file: str = "",
        method: str = "POST",
    ) -> Callable[[Made], Made]:
        """Make the function an operation that writes, once for each key; ``whole`` says that it is one transaction."""
        return self._made(method, path, act, status=status, file=file, whole=whole)

    def _made(
        self,
        method: str,
        path: str,
        act: Act | None,
        *,
        status: HTTPStatus,
        file: str = "",
        whole: bool | None = None,
    ) -> Callable[[Made], Made]:
        def make(view: Made) -> Made:
            signature = inspect.signature(view, eval_str=True)
            gives = signature.return_annotation

            @functools.wraps(view)
            def answer(request: HttpRequest, **given: Any) -> HttpResponse:  # noqa: ANN401 (as the view takes them)
                asked = cast("Asked", request)
                done = functools.partial(_answered, view, asked, given, status)
                return done() if whole is None else idempotency.once(asked, done, whole=whole)

            # Types are read where the view stands, and not here.
            answer.__signature__ = signature  # type: ignore[attr-defined]
            made: Any = answer
            made.act = act
            self.add_api_operation(
                path,
                [method],
                made,
                auth=Bearer(act),
                response={int(status): None if file else gives},
                operation_id=view.__name__,
                summary=_summary(view),
                description=_description(view),
                openapi_extra=_described(path, method, act, status=status, file=file, keyed=whole is not None),
            )
            return view

        return make


def _answered(view: Callable[..., Any], request: Asked, given: dict[str, Any], status: HTTPStatus) -> HttpResponse:
    said = view(request, **given)
    if isinstance(said, HttpResponse):
        return said
    answer = HttpResponse(said.model_dump_json(), status=status, content_type="application/json")
    return paging.linked(answer, said) if isinstance(said, paging.Page) else answer


def file(data: bytes, name: str, media_type: str) -> HttpResponse:
    """Return bytes to be stored under a name."""
    said = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return HttpResponse(data, content_type=media_type, headers={"Content-Disposition": said})


def _summary(view: Callable[..., Any]) -> str:
    return inspect.cleandoc(view.__doc__ or "").split("\n", 1)[0].rstrip(".")


def _description(view: Callable[..., Any]) -> str:
    return inspect.cleandoc(view.__doc__ or "").partition("\n")[2].strip()


def _described(
    path: str, method: str, act: Act | None, *, status: HTTPStatus, file: str, keyed: bool
) -> dict[str, Any]:
    """Return what django-ninja does not say by itself: act, problems, file, key."""
    failing = [*_ALWAYS]
    if "{" in path or method != "GET":
        failing += _OF_ONE_THING
    if method != "GET":
        failing.append(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    extra: dict[str, Any] = {
        "responses": {int(each): {"$ref": "#/components/responses/Problem"} for each in sorted(failing)}
    }
    if act is not None:
        extra["x-act"] = act.value
    if file:
        extra["responses"][int(status)] = {"content": {file: {"schema": {"type": "string", "format": "binary"}}}}
    if keyed:
        extra["parameters"] = [{"$ref": "#/components/parameters/IdempotencyKey"}]
    return extra
