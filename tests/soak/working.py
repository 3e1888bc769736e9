"""What a worker does: take an application and bring it as far as it goes, whoever left it where it stands.

A worker begins the applications of its own, and finishes these and now and then those of others, so that two are often
at the same one. What a worker that was killed left behind is found and finished like everything else.
"""

from __future__ import annotations

import hashlib
import os
import random
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import DatabaseError

from macle import errors
from macle.node.exporting.actions import applications, certificates, desk, validation
from macle.node.exporting.models import Application, Certificate
from macle.node.permissions import Actor, Held, Role
from macle.node.registry import keys as node_keys
from macle.proof import codec
from macle.proof.keys import Usage
from macle.scheme import lifecycle
from macle.scheme.lifecycle import CertificateState
from macle.scheme.terms import Carats, HSCode, USDollars
from tests.support import node_exporting as made
from tests.support.node_registry import OFFICE, PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from django.db.models import QuerySet

    from macle.node.registry.models import Official
    from macle.proof.cose import Signer

ENDED = [
    *(state.value for state in CertificateState if lifecycle.is_terminal(state)),
    *(CertificateState.VALIDATED, CertificateState.DISPATCHED),
]
"""States in which nothing is left to do here."""

OF_OTHERS = 0.15
"""Share of the turns in which a worker takes an application of somebody else."""

VOIDED, VOIDED_CUT_OFF = 0.03, 0.2
"""Share of the reserved numbers that are voided, and of those that were cut off after the consent."""


@dataclass(frozen=True)
class Order:
    """What all workers of one database are told."""

    folder: Path
    traders: tuple[str, ...]
    validations: int
    workers: int
    begun: float = field(default_factory=time.time)

    @property
    def signatures(self) -> Path:
        """Return the file of everything that was ever given to a key."""
        return self.folder / "signatures"

    @property
    def remarks(self) -> Path:
        """Return the file of what workers met, a word a line."""
        return self.folder / "remarks"

    @property
    def failures(self) -> Path:
        """Return the file of what should not have happened."""
        return self.folder / "failures"

    def share(self, index: int) -> int:
        """Return how many certificates this worker is to bring about."""
        if index >= self.workers:
            return 0
        return self.validations // self.workers + (index < self.validations % self.workers)

    def now(self) -> datetime:
        """Return the instant: real time goes on from the day on which the tests' authority is open."""
        return made.AT + timedelta(hours=1, seconds=int(time.time() - self.begun))


class Watched:
    """A signer that writes down what it is asked to sign, before it does."""

    def __init__(self, signer: Signer, log: Path) -> None:
        self._signer, self._log = signer, log
        self.algorithm, self.key_id = signer.algorithm, signer.key_id

    def sign(self, content: bytes) -> bytes:
        _, _, _, payload = codec.decode(content, what="Sig_structure", largest=1 << 20)
        number = codec.decode_certificate(payload).number
        append(self._log, f"{number} {hashlib.sha256(content).hexdigest()}")
        return self._signer.sign(content)


def append(path: Path, line: str) -> None:
    """Add a line with one write, which a kill does not cut and other processes do not mix up."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def watch(log: Path) -> None:
    """Let every key that is opened in this process say what it signs: a second witness beside the tables."""
    opened = node_keys.signer

    @contextmanager
    def watched(official: Official, *, secret: str, at: datetime, usage: Usage = Usage.VALIDATE) -> Iterator[Signer]:
        with opened(official, secret=secret, at=at, usage=usage) as signer:
            yield Watched(signer, log)

    node_keys.signer = watched


def work(order: Order, index: int, seed: int) -> None:
    """Be one worker until there is nothing left to do."""
    watch(order.signatures)
    worker = Worker(order, index, random.Random(seed))
    while worker.turn():
        pass


class Worker:
    """One process at the desk: exporter, examiner and official in turn."""

    def __init__(self, order: Order, index: int, chance: random.Random) -> None:
        self.order, self.index, self.chance = order, index, chance
        self.trader = order.traders[index % len(order.traders)]
        self.exporter = Actor(
            identifier=f"exporter-{index}",
            held=tuple(Held(role=Role.EXPORTER, trader=each) for each in order.traders),
        )

    def turn(self) -> bool:
        """Do one application; return False if nothing is left to do."""
        try:
            application = self._choose()
            if application is None:
                return False
            self._finish(application.reference)
        except errors.Conflict as error:
            # Somebody else was faster.
            append(self.order.remarks, f"conflict {error.code}")
        except DatabaseError as error:
            self._failed(error)
        except errors.MacleError as error:
            self._failed(error)
        return True

    def _failed(self, error: Exception) -> None:
        """Write down what should not have happened, and go on."""
        append(self.order.remarks, f"failure {type(error).__name__}")
        append(self.order.failures, traceback.format_exc())

    def _choose(self) -> Application | None:
        """Return an application to go on with: one's own that was left, one of others, or a new one."""
        own = Application.objects.filter(begun_by=self.exporter.identifier)
        if self.chance.random() < OF_OTHERS and (found := self._any(Application.objects.all())):
            return found
        if found := self._any(own):
            return found
        done = Certificate.objects.filter(application__begun_by=self.exporter.identifier).count()
        if done >= self.order.share(self.index):
            return self._any(Application.objects.all())
        return applications.begin(
            trader=self.trader,
            office=OFFICE,
            by=self.exporter,
            at=self.order.now(),
            entered=entered(self.chance.randrange(100, 99_999)),
        )

    def _any(self, among: QuerySet[Application]) -> Application | None:
        open_ones = list(among.exclude(state__in=ENDED).order_by("id")[:16])
        return self.chance.choice(open_ones) if open_ones else None

    def _finish(self, reference: str) -> None:
        """Do one act after the other, each from what the database says now."""
        application = Application.objects.get(reference=reference)
        was_left = bool(application.number)
        while application.state not in ENDED:
            at = self.order.now()
            match application.status:
                case CertificateState.DRAFT:
                    applications.lodge(reference=reference, by=self._exporter_of(application), at=at)
                case CertificateState.SUBMITTED:
                    measured = made.measured(lines=lines_of(application))
                    desk.examine(reference=reference, measured=measured, by=made.EXAMINER, at=at)
                case CertificateState.UNDER_EXAMINATION:
                    desk.reserve(reference=reference, by=made.EXAMINER, at=at)
                case CertificateState.RESERVED:
                    seals = [f"SL {application.pk:06d}"]
                    desk.seal(reference=reference, seals=seals, by=made.EXAMINER, at=at)
                case CertificateState.SEALED:
                    self._validate(application, was_left=was_left, at=at)
                case state:
                    raise RuntimeError(f"Nobody here knows what to do with {state}.")
            application = Application.objects.get(reference=reference)

    def _validate(self, application: Application, *, was_left: bool, at: datetime) -> None:
        cut_off = application.intents.filter(superseded_at=None, consented_at__isnull=False).exists()
        if self.chance.random() < (VOIDED_CUT_OFF if cut_off else VOIDED):
            append(self.order.remarks, f"voided {'after consent' if cut_off else 'before consent'}")
            certificates.void(
                reference=application.reference, why="customer cancelled", words="", by=made.OFFICIAL, at=at
            )
            return
        if cut_off:
            append(self.order.remarks, "again after consent")
        elif was_left:
            append(self.order.remarks, "again after reservation")
        intent = validation.prepare(reference=application.reference, by=made.OFFICIAL, at=at)
        at = self.order.now()
        validation.validate(
            reference=application.reference,
            identity=intent.identity,
            secret=PASSPHRASE,
            consent=made.consented(intent, made.OFFICIAL, at=at),
            by=made.OFFICIAL,
            at=at,
        )

    def _exporter_of(self, application: Application) -> Actor:
        return replace(self.exporter, identifier=application.begun_by)


def entered(hundredths: int) -> dict[str, object]:
    """Return what a trader enters for a shipment of so many hundredths of a carat."""
    weight, value = str(Carats(hundredths)), str(USDollars(hundredths * 200))
    return made.House.entered(
        None,  # type: ignore[arg-type]
        lines=[{"hs": "7102.31", "carats": weight, "value": value}],
        sources=[{"kind": "production_record", "reference": "PR-2026-11", "carats": weight}],
    )


def lines_of(application: Application) -> dict[HSCode, tuple[Carats, USDollars]]:
    """Return that what was measured is what was applied for."""
    (line,) = application.entered["lines"]
    return {HSCode.NON_INDUSTRIAL: (Carats.parse(line["carats"]), USDollars.parse(line["value"]))}
