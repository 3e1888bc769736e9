"""Every operation of the interface, with an object of the world at the end of its address and a body that fits it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from macle.node.permissions import Act

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.node_world import Side, World


@dataclass(frozen=True)
class Operation:
    """One operation: its name, method and address, and the act that it serves."""

    name: str
    method: str
    path: str
    act: Act | None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Asked:
    """An operation with what it is about: whose that is decides who reaches it."""

    operation: Operation
    path: str
    body: Any
    office: str = ""
    trader: str = ""

    def __str__(self) -> str:
        return self.operation.name


def every() -> list[Operation]:
    """Return every operation, as the interface itself knows them."""
    from macle.node.urls import interface  # noqa: PLC0415 (once Django is set up)

    return [
        Operation(str(each.operation_id), each.methods[0], path, getattr(each.view_func, "act", None))
        for bound in interface._get_bound_routers()
        for path, view in bound.path_operations.items()
        for each in view.operations
    ]


REASON = {"reason": "The seals are not those of the invoice."}
TEXT = {"text": "Its seals were seen elsewhere."}
CONSENT = {"identity": "00" * 32, "secret": "x", "password": "x", "code": "000000"}
GROUND = {"grounds": [{"text": "4.00 ct too little.", "source": "An invented act, section 4"}], "appeal": "A tribunal."}

_STATES = {
    "examine_application": "lodged",
    "attach_file": "lodged",
    "read_file": "lodged",
    "reserve_number": "examined",
    "seal_container": "reserved",
    "void_number": "reserved",
    "spoil_sheet": "reserved",
    "prepare_validation": "sealed",
    "read_validation": "sealed",
    "read_document": "sealed",
    "approve_validation": "sealed",
    "sign_certificate": "sealed",
    "change_application": "draft",
    "lodge_application": "draft",
    "detach_file": "lodged",
}
"""In which state a matter is where its operation is of use; a validated one serves the rest."""

_SHIPMENTS = {
    **dict.fromkeys(("read_decision", "record_endorsement"), "asked"),
    "read_signed_confirmation": "confirmed",
}
"""Which shipment an operation is about; the others are about one that was presented."""

_BODIES: dict[str, Callable[[Side], Any]] = {
    "begin_application": lambda side: {"trader": side.trader.reference, "office": side.office},
    "begin_technical": lambda side: {
        "trader": side.trader.reference,
        "office": side.office,
        "arrived_under": "ZA00012",
    },
    "change_application": lambda _: {"parcels": 4},
    "examine_application": lambda _: {
        "parcels": 3,
        "lines": [{"hs": "7102.31", "carats": 20518, "value": 4103600}],
    },
    "value_application": lambda _: {"government": 4200000},
    "record_approval": lambda _: {"approved": True, **REASON},
    "seal_container": lambda _: {"seals": ["SL 771204"]},
    "void_number": lambda _: {"why": "printer error"},
    "print_certificate": lambda _: {"what": "copy"},
    "approve_validation": lambda _: CONSENT,
    "sign_certificate": lambda _: CONSENT,
    "sign_confirmation": lambda _: CONSENT,
    "record_confirmation": lambda side: {
        "number": side.certificates["dispatched"].number,
        "arrival": "post",
        "received_on": "2026-11-25",
        "date_of_receipt": "2026-11-25",
        "opened": False,
    },
    "settle_difference": lambda _: TEXT,
    "allot_block": lambda side: {"office": side.office, "first": 8001, "last": 8002, "width": 8},
    "receive_sheets": lambda _: {"first": 6051, "last": 6060},
    "look_at_certificate": lambda side: {"what": side.certificates["validated"].number},
    "present_certificate": lambda side: {"office": side.office, "text": "KP1:NOTHING"},
    "hand_over_shipment": lambda side: {"office": side.office, "seals": ["CU 77"]},
    "record_disposal": lambda _: {"destroyed": True, **REASON},
    "receive_shipment": lambda side: {"office": side.office, "way": "post", "arrived_on": "2026-11-25"},
    "inspect_shipment": lambda _: {"seals": "intact"},
    "ask_endorsement": lambda _: TEXT,
    "subscribe_webhook": lambda _: {"url": "https://window.example/macle"},
    "record_endorsement": lambda _: {"answer": "consented"},
    **dict.fromkeys(("detain_shipment", "refuse_shipment", "return_shipment", "seize_shipment"), lambda _: GROUND),
    **dict.fromkeys(("spoil_sheet", "open_suspicion", "end_suspicion"), lambda _: TEXT),
    **dict.fromkeys(
        (
            *("withdraw_application", "return_application", "hold_application", "release_application"),
            *("reject_application", "replace_certificate", "report_lost", "report_found"),
            *("invalidate_certificate", "correct_presentation", "lift_seizure", "record_forfeiture"),
        ),
        lambda _: REASON,
    ),
}

_OF_AN_OFFICE = {"begin_technical", "present_certificate", "receive_shipment"}


def parts_of(operation: Operation, world: World, side: Side) -> dict[str, Any]:
    """Return what the parts of the operation's address are for this side's object."""
    matter = side.matters[_STATES.get(operation.name, "validated")]
    certificate = side.certificates["confirmed" if operation.name == "settle_difference" else "validated"]
    is_of_imports = operation.path.startswith("/shipments/")
    shipment = side.shipments[_SHIPMENTS.get(operation.name, "presented")]
    reference = shipment.reference if is_of_imports else matter.reference
    every_part = {
        "reference": side.trader.reference if operation.name == "read_trader" else reference,
        "number": 1 if is_of_imports else certificate.number,
        "attachment": side.attachments["lodged"].pk,
        "block": world.blocks[side.office].pk,
        "subscription": world.subscription.pk,
    }
    return {name: part for name, part in every_part.items() if f"{{{name}}}" in operation.path}


def at(operation: Operation, world: World, side: Side) -> Asked:
    """Return the operation with this side's object at its end."""
    body = _BODIES[operation.name](side) if operation.name in _BODIES else {}
    parts = parts_of(operation, world, side)
    path = operation.path.format(**parts)
    if operation.name in {"read_trader", "begin_application"}:
        return Asked(operation, path, body, trader=side.trader.reference)
    if "subscription" in parts:
        return Asked(operation, path, body)
    if "block" in parts or operation.name in _OF_AN_OFFICE:
        return Asked(operation, path, body, side.office)
    if parts or operation.name == "record_confirmation":
        return Asked(operation, path, body, side.office, side.trader.reference)
    return Asked(operation, path, body)
