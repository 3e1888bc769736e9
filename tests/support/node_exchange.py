"""Builders for letters: an act that writes one, a worker that runs one round, and a carrier that keeps or refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

from django.db import transaction

from macle.node.audit import actions as audit
from macle.node.exchange import actions, worker
from macle.node.exchange.actions import Part, ToPartner
from macle.node.exchange.models import Kind
from tests.support.node_registry import AT, OFFICE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from macle.node.exchange.carriers import Carrier
    from macle.node.exchange.messages import Message
    from macle.node.exchange.models import Letter
    from macle.node.exchange.worker import Done

COSE = Part("certificate.cose", 'application/cose; typ="application/vnd.kpcs.cert.v1"', b"\xd2\x84signed")
PDF = Part("certificate.pdf", "application/pdf", b"%PDF-1.7 slip")


def a_letter(**changes: Any) -> Letter:
    """Write a letter as an act does, with the act's own line in the audit."""
    given: dict[str, Any] = {
        "to": ToPartner("ZA"),
        "kind": Kind.CERTIFICATE,
        "about": "certificate:BW0000123",
        "subject": "Kimberley Process certificate BW0000123",
        "text": "Certificate BW0000123 was validated.\n205.18 carats, Redwater Cooperative to Quayside Rough Trading.",
        "parts": (PDF, COSE),
        "office": OFFICE,
        "at": AT,
        "by_identifier": "user-vale",
    }
    given |= changes
    with transaction.atomic():
        letter = actions.post(**given)
        audit.record(
            authority="BW",
            tag="certificate:validate",
            actor="user-vale",
            subject=given["about"],
            at=given["at"],
            office=OFFICE,
        )
    return letter


@dataclass
class Carrying:
    """A carrier that keeps what it carries, and does first what it is told to."""

    carried: list[Message] = field(default_factory=list)
    first: Callable[[Message], None] | None = None
    name: str = "folder"
    sender: str = "kp@selle.example"

    def carry(self, message: Message) -> str:
        if self.first is not None:
            self.first(message)
        self.carried.append(message)
        return ""


def one_round(carrier: Carrier, *, at: datetime = AT) -> Done:
    """Let a worker do what is due at this instant."""
    return worker.run(carrier=carrier, now=lambda: at, stop=Event(), once=True)
