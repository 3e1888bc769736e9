"""Number blocks and what became of each number; and what customs may ask of a certificate."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from macle.node.exporting import queries
from macle.node.exporting.actions import numbers
from macle.node.exporting.api import shown
from macle.node.exporting.models import Number
from macle.node.exporting.pages import customs
from macle.node.interface.bearer import Asked
from macle.node.interface.fields import Flag, Given, Key, Line, Plain, Shown, Words
from macle.node.interface.paging import USUAL, After, Limit, Page, page
from macle.node.interface.routes import Routes
from macle.node.permissions import Act
from macle.proof import views

routes = Routes("Numbers")
at_the_border = Routes("Customs")

Counter = Annotated[int, Field(strict=True, ge=0, lt=10**15)]


class Allot(Given):
    """A range of numbers for an office; both ends belong to it."""

    office: Line
    lead: Line = ""
    width: Annotated[int, Field(strict=True, ge=1, le=20)]
    """Digits of the counter."""
    first: Counter
    last: Counter
    on_sheets: Flag = False


class Delivery(Given):
    """Pre-printed sheets that came; both ends belong to the delivery."""

    first: Counter
    last: Counter


@routes.reads("/blocks", Act.NUMBERS_READ)
def list_blocks(request: Asked, after: After | None = None, limit: Limit = USUAL) -> Page[shown.Block]:
    """List the blocks of numbers."""
    rows = queries.blocks_of(request.actor).prefetch_related("gaps")
    return page(request, rows, shown.block, after=after, limit=limit)


@routes.reads("/blocks/{block}/numbers", Act.NUMBERS_READ)
def list_numbers(request: Asked, block: Key, after: After | None = None, limit: Limit = USUAL) -> Page[shown.Number]:
    """List the numbers of a block that were taken, and what became of each."""
    rows = Number.objects.filter(block=queries.block(block, request.actor)).select_related("application")
    return page(request, rows, shown.number, after=after, limit=limit)


@routes.writes("/blocks", Act.BLOCK_ALLOT, status=HTTPStatus.CREATED)
def allot_block(request: Asked, given: Allot) -> shown.Block:
    """Allot a range of numbers to an office."""
    return shown.block(numbers.allot(**given.model_dump(), by=request.actor, at=request.at))


@routes.writes("/blocks/{block}/deliveries", Act.SHEETS_RECEIVE)
def receive_sheets(request: Asked, block: Key, given: Delivery) -> shown.Block:
    """Record that pre-printed sheets came."""
    numbers.receive(block=block, **given.model_dump(), by=request.actor, at=request.at)
    return shown.block(queries.block(block, request.actor))


class Look(Given):
    """What was brought."""

    what: Words
    """The text of a certificate's code, of a container's label, or a number."""


class Seen(Shown):
    """What this authority says of it; nothing is written."""

    number: str
    may_leave: bool
    mark: str
    """valid, not-valid, expired or cannot-decide."""
    word: str
    then: str
    """Why, in a sentence."""
    todo: list[str]
    certificate: Plain | None
    """The JSON view of what this authority's book has."""


@at_the_border.asks("/customs/look", Act.CUSTOMS_LOOK)
def look_at_certificate(request: Asked, given: Look) -> Seen:
    """Ask, where goods leave, whether a certificate may leave; looking changes nothing."""
    seen = customs.seen_of(given.what.strip(), at=request.at)
    return Seen(
        number=seen.number,
        may_leave=seen.may_leave,
        mark=seen.mark,
        word=seen.word,
        then=seen.then,
        todo=list(seen.todo),
        certificate=None if seen.certificate is None else views.certificate_to_json(seen.certificate),
    )
