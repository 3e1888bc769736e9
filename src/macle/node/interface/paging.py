"""Lists, a page at a time: behind the key of the last row, so that no row is skipped or given twice."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, TypeVar

from django.http import HttpRequest, HttpResponse
from pydantic import Field, StringConstraints

from macle import errors
from macle.node.interface.fields import Shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet

MOST: Final = 200
USUAL: Final = 50

T = TypeVar("T")


class CursorMalformed(errors.Malformed):
    """What stands behind ``after`` is none that a list gave."""

    code = "cursor-malformed"


After = Annotated[str, StringConstraints(max_length=64)]
Limit = Annotated[int, Field(ge=1, le=MOST)]


class Page(Shown, Generic[T]):
    """One page of a list, the last one that was added first."""

    items: list[T]
    next: str | None
    """The address of the next page; null on the last one. The header ``Link`` says it too."""


def page(
    request: HttpRequest,
    rows: QuerySet[Any],
    shown: Callable[[Any], T],
    *,
    after: str | None,
    limit: int,
    key: str = "pk",
) -> Page[T]:
    """Return the rows behind the cursor, by a key that each row has for itself and that grows; the newest first.

    Raises `CursorMalformed`.
    """
    if after is not None:
        rows = rows.filter(**{f"{key}__lt": _row_of(after)})
    found = list(rows.order_by(f"-{key}")[: limit + 1])
    following = None
    if len(found) > limit:
        query = request.GET.copy()
        query["after"], query["limit"] = _cursor(getattr(found[limit - 1], key)), str(limit)
        following = f"{request.path}?{query.urlencode()}"
    return Page[Any](items=[shown(each) for each in found[:limit]], next=following)


def linked(answer: HttpResponse, page: Page[Any]) -> HttpResponse:
    """Return the answer with the header that says where the next page is."""
    if page.next:
        answer.headers["Link"] = f'<{page.next}>; rel="next"'
    return answer


def _cursor(row: int) -> str:
    return base64.urlsafe_b64encode(f"row:{row}".encode()).decode().rstrip("=")


def _row_of(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        word, _, number = text.partition(":")
        row = int(number)
    except (ValueError, binascii.Error):
        word, row = "", 0
    if word != "row" or not 0 < row < _MOST_ROWS:
        raise CursorMalformed(
            "This is no cursor of a list.", where="query.after", mend="Take the address that the page before gave."
        )
    return row


_MOST_ROWS: Final = 2**63
