"""What fields of requests and answers are: whole numbers, days and texts, each read in one way only."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from macle.scheme.terms import Carats, USDollars

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T")
MOST_ITEMS: Final = 50


class Given(BaseModel):
    """What a request brings: nothing beside the fields that are described."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Shown(BaseModel):
    """What an answer says."""

    model_config = ConfigDict(use_attribute_docstrings=True)


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("A day is written as 2026-11-25")
    return value


def _instant(value: object) -> object:
    if isinstance(value, str) and not _INSTANT.match(value):
        raise ValueError("An instant is written as 2026-11-25T09:00:00Z")
    return value


def _of_our_time(value: date | datetime) -> date | datetime:
    if not _FIRST <= value.year <= _LAST:
        raise ValueError(f"The year lies between {_FIRST} and {_LAST}")
    return value


_FIRST: Final = 1900
_LAST: Final = 2999

Day = Annotated[
    date,
    BeforeValidator(_day),
    AfterValidator(_of_our_time),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Instant = Annotated[AwareDatetime, BeforeValidator(_instant), AfterValidator(_of_our_time)]
"""RFC 3339, with a zone."""
Hundredths = Annotated[int, Field(strict=True, ge=0, lt=Carats.limit, description="Hundredths of a carat.")]
Cents = Annotated[int, Field(strict=True, ge=0, lt=USDollars.limit, description="US cents.")]
Count = Annotated[int, Field(strict=True, ge=1, lt=10**9)]
Flag = Annotated[bool, Field(strict=True)]
Key = Annotated[int, Field(ge=1, lt=2**31)]
"""The number of a row in an address."""
Identity = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in hexadecimal."""
Line = Annotated[str, StringConstraints(max_length=200)]
"""A name, a number, a reference: at most one line."""
Words = Annotated[str, StringConstraints(max_length=4000)]
"""What a person said, in several lines; the act knows how long it may be."""
Secret = Annotated[str, StringConstraints(max_length=1024)]
Plain = dict[str, Any]
"""An object that another schema describes."""
