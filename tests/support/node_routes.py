"""Every address of a node for people, with an object of the world at the end of each."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from macle.node.desk import hues
from macle.node.exporting import queries as exporting
from macle.node.exporting.pages import acts, portal
from macle.node.importing.pages import acts as importing
from macle.node.permissions import Act, Role
from tests.support.node_world import EARLIER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.support.node_world import Side, World

NOWHERE: dict[str, Any] = {
    "reference": "A-NOWHERE0",
    "number": "BW99999999",
    "name": "Nowhere Office",
    "letter": uuid.UUID(int=0),
    "identifier": "user-nobody",
    "code": "XX",
    "key": "20200101T000000000000",
}
"""What does not exist, for each part of an address; a number for the rest."""

UNKNOWN_NUMBER = 99_999_999


@dataclass(frozen=True)
class Route:
    """One address: its name, what answers, and the names of what it is about."""

    name: str
    view: Any
    parts: tuple[str, ...]

    @property
    def act(self) -> Any:
        """Return the act that the page serves; None where nobody said."""
        return getattr(self.view, "act", None)

    def __str__(self) -> str:
        return self.name


def every() -> list[Route]:
    """Return every address of the node but those for machines, which are asked through their description."""
    return list(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: Sequence[URLPattern | URLResolver], space: str) -> Iterator[Route]:
    for each in patterns:
        if isinstance(each, URLResolver) and each.namespace == "interface":
            continue
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from _walk(each.url_patterns, inner)
        else:
            name = f"{space}{each.name}"
            yield Route(name, each.callback, tuple(each.pattern.regex.groupindex))


@dataclass(frozen=True)
class Asked:
    """An address with an object at its end: the acts it needs, in the order in which it asks for them."""

    route: Route
    given: dict[str, Any]
    acts: tuple[Act, ...]
    office: str = ""
    trader: str = ""
    only: Role | None = None
    """Whose it is alone, if it is one person's."""

    @property
    def address(self) -> str:
        """Return the address."""
        return reverse(self.route.name, kwargs=self.given)

    def __str__(self) -> str:
        return " ".join([self.route.name, *(str(self.given[part]) for part in _SAYS_WHAT if part in self.given)])

    def missing(self) -> Asked:
        """Return the same address with something at its end that does not exist."""
        first = self.route.parts[0]
        nothing = UNKNOWN_NUMBER if isinstance(self.given[first], int) else NOWHERE[first]
        return Asked(self.route, self.given | {first: nothing}, self.acts)

    def plain(self, text: str) -> str:
        """Return a page without what says which object it is about: its address, and the names in it."""
        text = text.replace(self.address, "…").replace(quote(self.address, safe=""), "…")
        for value in self.given.values():
            if not isinstance(value, int):
                text = text.replace(str(value), "…").replace(quote(str(value)), "…")
        return text


_SAYS_WHAT = ("what", "name", "kind")
"""Parts of an address that say what is done, and not with what."""


_MATTERS = {
    "examine": "lodged",
    "file": "lodged",
    "reserve": "examined",
    "seal": "reserved",
    "void": "reserved",
    "spoil": "reserved",
    "validate": "sealed",
    "document": "sealed",
    "draft": "draft",
    "step": "draft",
    "check-answers": "draft",
}
"""In which state a matter is where its page of this name is of use; a validated one serves the rest."""

_SHIPMENTS = {"decide": "asked", "follow": "asked", "letter": "asked", "answered": "asked", "slip": "confirmed"}
"""Which shipment the page of this name is about; the others are about one that was presented."""

_ACTS = {each: exporting.TAGS[each] for each in (*acts._WITHOUT, *acts._WITH_REASON, *acts._DECIDED)}
_PRINTED = ("original", "sheet", "copy", "label")


def at(route: Route, world: World, side: Side) -> list[Asked]:
    """Return the address with this side's object at its end; several where a part of it says what is done."""
    space, _, name = route.name.rpartition(":")
    own = (route.act,) if isinstance(route.act, Act) else ()
    make = _MAKERS.get(space)
    if make is None or not route.parts:
        return [Asked(route, {}, own)] if not route.parts else []
    only = _OF_ONE_PERSON.get(route.name)
    return [
        Asked(route, given, (*own, *further), office, trader, only)
        for given, further, office, trader in make(name, route, world, side)
    ]


_Made = tuple[dict[str, Any], tuple[Act, ...], str, str]


_OF_ONE_PERSON = {
    "exporting:upload-report": Role.EXPORTER,
    "exporting:lodge-all": Role.EXPORTER,
    "accounts:revoke-token": Role.ADMINISTRATOR,
}
_CONFIRMED = {"confirmation", "slip", "slip-picture", "settle"}


def _of_the_desk(name: str, route: Route, world: World, side: Side) -> Iterator[_Made]:
    where = side.office, side.trader.reference
    match route.parts[0]:
        case "number" if name == "earlier-certificate":
            yield {"number": EARLIER}, (), "", ""
        case "number":
            state = "confirmed" if name in _CONFIRMED else "validated"
            yield {"number": side.certificates[state].number}, (), *where
        case "fee":
            yield {"fee": side.fees["validated"].pk}, (), *where
        case "block":
            yield {"block": world.blocks[side.office].pk}, (), side.office, ""
        case "notice":
            yield {"notice": world.notices[side.office].pk}, (), side.office, ""
        case "key":
            yield {"key": world.upload}, (), "", ""
        case _:
            yield from _of_a_matter(name, side)


def _of_a_matter(name: str, side: Side) -> Iterator[_Made]:
    where = side.office, side.trader.reference
    given: dict[str, Any] = {"reference": side.matters[_MATTERS.get(name, "validated")].reference}
    if name == "act":
        for act, tag in _ACTS.items():
            yield given | {"name": act.value.replace("_", "-")}, (tag,), *where
    elif name == "print":
        for what in _PRINTED:
            yield given | {"what": what}, (), *where
    elif name == "step":
        for step in portal.names():
            yield given | {"name": step}, (), *where
    elif name == "file":
        yield given | {"attachment": side.attachments["lodged"].pk}, (), *where
    else:
        yield given, (), *where


def _of_the_importing_desk(name: str, route: Route, world: World, side: Side) -> Iterator[_Made]:
    del route, world
    shipment = side.shipments[_SHIPMENTS.get(name, "presented")]
    given: dict[str, Any] = {"reference": shipment.reference}
    where = side.office, side.trader.reference
    if name == "decide":
        for kind, (act, _) in importing.DECIDING.items():
            yield given | {"kind": kind.value}, (act,), *where
    elif name == "follow":
        for each, following in importing.FOLLOWING.items():
            yield given | {"name": each}, (following.act,), *where
    elif name == "picture":
        yield {"reference": side.shipments["paper"].reference, "place": 0}, (), *where
    elif name == "letter":
        yield given | {"decision": shipment.decisions.all()[0].pk}, (), *where
    else:
        yield given, (), *where


def _of_traders(name: str, route: Route, world: World, side: Side) -> Iterator[_Made]:
    del route
    book = world.books[side.trader.reference]
    given: dict[str, Any] = {"reference": side.trader.reference}
    given |= {
        "end-licence": {"key": book.licence.pk},
        "end-contact": {"key": book.contact.pk},
        "change-known-party": {"key": book.party.pk},
        "remove-known-party": {"key": book.party.pk},
        "message": {"key": side.message.pk},
    }.get(name, {})
    yield given, (), "", side.trader.reference


def _of_the_registry(name: str, route: Route, world: World, side: Side) -> Iterator[_Made]:
    del name, world
    yield ({"name": side.office}, (), side.office, "") if "name" in route.parts else ({"code": "EU"}, (), "", "")


def _of_the_exchange(name: str, route: Route, world: World, side: Side) -> Iterator[_Made]:
    del route, world
    letter = side.letter
    given = {"letter": letter.pk} | ({"position": letter.parts.all()[0].position} if name == "part" else {})
    yield given, (), side.office, ""


def _of_accounts(name: str, route: Route, world: World, side: Side) -> Iterator[_Made]:
    del side
    official, examiner = world.people[Role.VALIDATING_OFFICIAL], world.people[Role.EXAMINER]
    if name == "end-deputyship":
        yield {"identifier": official.identifier, "pk": world.deputyship.pk}, (), "", ""
    elif name == "revoke-token":
        yield {"pk": world.token.pk}, (), "", ""
    elif "pk" in route.parts:
        yield {"identifier": examiner.identifier, "pk": world.grant.pk}, (), "", ""
    else:
        yield {"identifier": official.identifier}, (), "", ""


def _of_the_audit(name: str, route: Route, world: World, side: Side) -> Iterator[_Made]:
    del name, side
    yield ({"hold": world.hold.pk} if "hold" in route.parts else {"number": 1}), (), "", ""


def _of_everybody(name: str, route: Route, world: World, side: Side) -> Iterator[_Made]:
    del name, route, world, side
    yield {"digest": hues.digest()}, (), "", ""


_MAKERS: dict[str, Callable[[str, Route, World, Side], Iterator[_Made]]] = {
    "exporting": _of_the_desk,
    "importing": _of_the_importing_desk,
    "traders": _of_traders,
    "registry": _of_the_registry,
    "exchange": _of_the_exchange,
    "accounts": _of_accounts,
    "audit": _of_the_audit,
    "desk": _of_everybody,
}
