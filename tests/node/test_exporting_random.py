from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from macle import errors
from macle.node.exchange.models import Letter
from macle.node.exporting.actions import applications, certificates, confirmations, desk, notices, numbers, validation
from macle.node.exporting.models import Application, Block, Certificate, Intent, Number, Use
from macle.node.permissions import Actor, Held, Role
from macle.node.traders import queries as traders
from macle.scheme.confirmations import ConfirmationResult, SealState
from macle.scheme.lifecycle import CertificateState
from macle.scheme.terms import Carats, HSCode, USDollars
from tests.support import node_audit
from tests.support import node_exporting as made
from tests.support.node_exporting import BOTSWANA, EXAMINER, OFFICIAL
from tests.support.node_registry import OFFICE, PASSPHRASE

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.node_exporting import House

pytestmark = pytest.mark.django_db

ACTS_OF_A_WALK = 220
_WHY = "as chance has it"
STRANGER = Actor(
    identifier="user-rowan",
    held=tuple(Held(role=role, office="Elsewhere") for role in (Role.EXAMINER, Role.VALIDATING_OFFICIAL)),
)


WEIGHTS = (
    {"draft": 12, "lodge": 16, "examine": 14, "reserve": 18, "seal": 18, "validate": 18, "dispatch": 8}
    | {"confirm": 5, "returned": 2, "hold": 2, "release": 4, "reject": 1, "cancel": 1, "approval": 1}
    | {"void": 3, "spoil": 3, "replace": 4, "lose": 3, "find": 2, "invalidate": 2, "expire": 1, "stolen": 1}
    | {"spoil_sheet": 1, "suspicion": 1, "attach": 1, "save": 2, "crash": 3, "sign": 3}
)
"""How often each is tried."""


class Walk:
    """A day of many hands: whoever comes tries something, allowed or not."""

    def __init__(self, house: House, chance: random.Random, *, on_sheets: bool) -> None:
        self.house = house
        self.chance = chance
        self.on_sheets = on_sheets
        self.at: datetime = made.AT
        self.done: dict[str, int] = {}
        self.refused: dict[str, int] = {}

    def run(self) -> None:
        for _ in range(ACTS_OF_A_WALK):
            self.at += timedelta(minutes=self.chance.randint(1, 9))
            if self.chance.random() < 0.01:
                self.at += timedelta(days=self.chance.randint(1, 10))
            name = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            before = made.Traces.now()
            try:
                getattr(self, name)()
            except (errors.MacleError, IndexError) as error:  # Nothing is there yet, or it may not be done.
                key = f"{name} {type(error).__name__}"
                self.refused[key] = self.refused.get(key, 0) + 1
                if name not in {"sign", "validate"}:  # What was prepared or consented to before stays.
                    assert made.Traces.now() == before, key
            else:
                self.done[name] = self.done.get(name, 0) + 1

    def official(self) -> Actor:
        return self.chance.choices([OFFICIAL, EXAMINER, STRANGER, self.house.exporter], [20, 3, 1, 1])[0]

    def clerk(self) -> Actor:
        return self.chance.choices([EXAMINER, STRANGER, self.house.exporter], [20, 1, 1])[0]

    def some(self, *likely: CertificateState) -> dict[str, Any]:
        """Return an application that is probably in one of these states."""
        found = Application.objects.order_by("pk")
        fitting = found.filter(state__in=likely)
        chosen = fitting if fitting and self.chance.random() < 0.9 else found
        matter = self.chance.choice(list(chosen))
        return {"reference": matter.reference, "at": self.at}

    def sheet(self) -> str:
        block = Block.objects.filter(ended_at=None).first()
        return f"BW{block.national(block.next)}" if self.on_sheets and block else ""

    def draft(self) -> None:
        carats = self.chance.choice(["10.00", "205.18", "900.00"])
        applications.begin(
            trader=self.house.trader.reference,
            office=OFFICE,
            by=self.house.exporter,
            at=self.at,
            entered=self.house.entered(lines=[{"hs": "7102.31", "carats": carats, "value": "500.00"}]),
        )

    def lodge(self) -> None:
        applications.lodge(by=self.house.exporter, **self.some(CertificateState.DRAFT, CertificateState.DEFICIENT))

    def save(self) -> None:
        changes = {"parcels": self.chance.randint(0, 4)}
        given = self.some(CertificateState.DRAFT, CertificateState.DEFICIENT)
        applications.save(changes=changes, by=self.house.exporter, **given)

    def examine(self) -> None:
        weight = Carats(self.chance.choice([1000, 1000, 20518, 90000]))
        measured = made.measured(lines={HSCode.NON_INDUSTRIAL: (weight, USDollars(50000))})
        desk.examine(
            measured=measured,
            by=self.clerk(),
            **self.some(CertificateState.SUBMITTED, CertificateState.UNDER_EXAMINATION),
        )

    def reserve(self) -> None:
        given = self.some(CertificateState.UNDER_EXAMINATION, CertificateState.KP_APPROVED)
        desk.reserve(sheet=self.sheet(), by=self.clerk(), **given)

    def seal(self) -> None:
        desk.seal(seals=[f"SL {self.at:%H%M%S}"], by=self.clerk(), **self.some(CertificateState.RESERVED))

    def validate(self) -> None:
        given = self.some(CertificateState.SEALED)
        by = self.official()
        intent = validation.prepare(by=by, **given)
        self._consent(intent, by, given)

    def _consent(self, intent: Intent, by: Actor, given: dict[str, Any]) -> None:
        consent = made.consented(intent, by, at=given["at"])
        validation.validate(identity=intent.identity, secret=PASSPHRASE, consent=consent, by=by, **given)

    def crash(self) -> None:
        """Let the power go after the consent, or before it."""
        given = self.some(CertificateState.SEALED)
        intent = validation.prepare(by=OFFICIAL, **given)
        with pytest.MonkeyPatch.context() as patch, suppress(ZeroDivisionError):
            patch.setattr(validation, self.chance.choice(["_consent_to", "_record"]), lambda *_, **__: 1 // 0)
            self._consent(intent, OFFICIAL, given)

    def sign(self) -> None:
        given = self.some(CertificateState.SEALED)
        matter = Application.objects.get(reference=given["reference"])
        intent = self.chance.choice(list(matter.intents.all()))
        self._consent(intent, OFFICIAL, given)

    def dispatch(self) -> None:
        certificates.dispatch(by=self.official(), **self.some(CertificateState.VALIDATED))

    def confirm(self) -> None:
        certificate = self.chance.choice(list(Certificate.objects.order_by("pk")))
        slip = made.a_slip(
            certificate,
            received_on=self.at.date(),
            date_of_receipt=self.at.date(),
            parcels=self.chance.choice([3, 4, None]),
            seals=self.chance.choice(list(SealState)),
            result=self.chance.choice(list(ConfirmationResult)),
            carats=Carats(certificate.carats_hundredths),
        )
        confirmations.record(slip=slip, by=self.clerk(), at=self.at)

    def returned(self) -> None:
        desk.return_to_trader(reason=_WHY, by=self.clerk(), **self.some(CertificateState.UNDER_EXAMINATION))

    def hold(self) -> None:
        desk.hold(reason=_WHY, by=self.clerk(), **self.some(CertificateState.UNDER_EXAMINATION))

    def release(self) -> None:
        desk.release(reason=_WHY, by=self.official(), **self.some(CertificateState.HELD))

    def reject(self) -> None:
        desk.reject(reason=_WHY, by=self.official(), **self.some(CertificateState.HELD))

    def cancel(self) -> None:
        applications.cancel(reason=_WHY, by=self.house.exporter, **self.some(CertificateState.HELD))

    def attach(self) -> None:
        applications.attach(
            kind="photograph",  # type: ignore[arg-type]
            data=node_audit.a_picture(),
            name="a.png",
            by=self.clerk(),
            **self.some(CertificateState.UNDER_EXAMINATION),
        )

    def approval(self) -> None:
        desk.request_approval(by=self.clerk(), **self.some(CertificateState.UNDER_EXAMINATION))
        pending = self.some(CertificateState.PENDING_KP_APPROVAL)
        desk.approve(approved=self.chance.random() < 0.7, reason=_WHY, by=OFFICIAL, **pending)

    def void(self) -> None:
        live = (CertificateState.RESERVED, CertificateState.SEALED, CertificateState.VALIDATED, CertificateState.LOST)
        why = self.chance.choice(certificates.VOID_REASONS)
        certificates.void(why=why, words=_WHY, by=self.official(), **self.some(*live))

    def spoil(self) -> None:
        live = (CertificateState.RESERVED, CertificateState.SEALED, CertificateState.VALIDATED)
        certificates.spoil(words="", by=self.official(), **self.some(*live))

    def replace(self) -> None:
        given = self.some(CertificateState.VALIDATED, CertificateState.LOST)
        certificates.replace(reason=_WHY, by=self.official(), **given)

    def lose(self) -> None:
        given = self.some(CertificateState.VALIDATED, CertificateState.DISPATCHED)
        certificates.report_lost(reason=_WHY, by=self.official(), **given)

    def find(self) -> None:
        certificates.report_found(reason=_WHY, by=self.official(), **self.some(CertificateState.LOST))

    def invalidate(self) -> None:
        certificates.invalidate(reason=_WHY, by=self.official(), **self.some(*CertificateState))

    def expire(self) -> None:
        certificates.expire(at=self.at + timedelta(days=self.chance.choice([0, 0, 0, 50])))

    def stolen(self) -> None:
        block = self.chance.choice(list(Block.objects.filter(on_sheets=True)))
        first = block.next + self.chance.randint(-3, 3)
        notices.issue_for_sheets(
            block=block.pk, first=first, last=first + 2, since=self.at, text=_WHY, by=OFFICIAL, at=self.at
        )

    def spoil_sheet(self) -> None:
        block = self.chance.choice(list(Block.objects.filter(on_sheets=True)))
        numbers.spoil(block=block.pk, counter=block.next, why="torn", by=self.clerk(), at=self.at)

    def suspicion(self) -> None:
        given = self.some(CertificateState.UNDER_EXAMINATION)
        desk.suspect(text=_WHY, by=OFFICIAL, **given)


@pytest.mark.parametrize("seed", range(4))
def test_after_whatever_many_hands_did_everything_holds(seed: int) -> None:
    on_sheets = seed % 2 == 1
    with made.a_house(carats="9000.00", on_sheets=on_sheets) as house:
        walk = Walk(house, random.Random(seed), on_sheets=on_sheets)
        walk.run()
        assert made.faults() == []
        assert sum(walk.done.values()) > ACTS_OF_A_WALK // 3, walk.refused
        assert Certificate.objects.count() >= 2
        for certificate in Certificate.objects.select_related("application"):
            number = Number.objects.get(number=certificate.number)
            assert number.use in {Use.ISSUED, Use.VOID, Use.SPOILED}
            assert Letter.objects.filter(kind="certificate", about=f"certificate:{certificate.number}").count() == 1
            consented = certificate.application.intents.get(consented_at__isnull=False)
            assert consented.identity == certificate.identity
            matter = certificate.application
            assert matter.examined_by != matter.steps.get(act="validate").actor
        for block in Block.objects.all():
            counters = list(Number.objects.filter(block=block).values_list("counter", flat=True))
            assert len(set(counters)) == len(counters)
        assert traders.balance(house.trader, BOTSWANA).hundredths >= 0
