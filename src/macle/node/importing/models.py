"""The importing desk's tables.

The rules of this module:

- What happened stands in `Step`, one row for each accepted act on the shipment or on its certificate, and is never
  changed. ``state`` and ``certificate_state`` are what the steps say, kept beside them so that a list needs no sum;
  only `macle.node.importing.actions` writes them, with the step.
- A certificate is used once: of one number at most one `Presentation` that uses it stands, and the database holds that.
  One that was recorded by mistake is corrected, never deleted. What is not genuine uses no number.
- Tables that are only added to hold digests, figures and identifiers. Signed bytes, and what was typed from paper,
  stand in `Content`, which an erasure after retention may empty.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from macle.node.audit.models import AppendOnly, Unalterable
from macle.scheme.lifecycle import CertificateAct, CertificateState, ShipmentAct, ShipmentState
from macle.scheme.terms import Carats, USDollars

_IDENTIFIER = 64
_NUMBER = 22
_DIGEST = 64
"""Letters of a SHA-256 in hexadecimal."""

_OFFICE = 120


class Way(models.TextChoices):
    """How a shipment came to the desk."""

    PRESENTED = "presented"
    """Somebody brought it with its certificate."""
    HANDED_OVER = "handed over"
    """Customs at the port of entry hands it over under seal."""
    STOPPED = "stopped"
    """Customs stopped it where it entered, and the authority decides."""
    POST = "post"
    FOUND = "found"
    """Goods without any certificate."""


class Shipment(models.Model):
    """One shipment that came to this authority, with or without a certificate.

    Figures are those that the certificate declares; without one they are none.
    """

    reference = models.CharField(max_length=16, unique=True)
    office = models.CharField(max_length=_OFFICE)
    way = models.CharField(max_length=12, choices=Way.choices)
    issuer = models.CharField(max_length=2, blank=True)
    number = models.CharField(max_length=_NUMBER, blank=True)
    identity = models.CharField(max_length=_DIGEST, blank=True)
    """That of the signed certificate; empty where there is only paper, or none."""
    announced = models.CharField(max_length=_NUMBER, blank=True)
    """The number that customs read before the certificate was presented: it says which one to expect, and no more."""
    state = models.CharField(max_length=24, choices=[(each.value, each.value) for each in ShipmentState])
    certificate_state = models.CharField(
        max_length=24, choices=[(each.value, each.value) for each in CertificateState], blank=True
    )
    since = models.DateTimeField()
    """Since when the shipment is in its state."""
    arrived_on = models.DateField()
    date_of_expiry = models.DateField(null=True)
    importer = models.ForeignKey(
        "traders.Trader", on_delete=models.PROTECT, to_field="reference", null=True, related_name="shipments"
    )
    exporter_name = models.CharField(max_length=120, blank=True)
    importer_name = models.CharField(max_length=120, blank=True)
    parcels = models.PositiveIntegerField(null=True)
    carats_hundredths = models.BigIntegerField(null=True)
    value_cents = models.BigIntegerField(null=True)
    seals = models.JSONField(default=list)
    customs_reference = models.CharField(max_length=64, blank=True)
    inspected_by = models.CharField(max_length=_IDENTIFIER, blank=True)
    due_on = models.DateField(null=True)
    """The day until which the import is to be confirmed; none where the clock has no number."""

    class Meta:
        """Searched by what waits where and by number."""

        ordering: ClassVar = ["-since", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["office", "state", "since"], name="shipment_queue"),
            models.Index(fields=["number"], name="shipment_number"),
            models.Index(fields=["importer", "-since"], name="shipment_of_importer"),
        ]

    def __str__(self) -> str:
        """Return its reference and state."""
        return f"{self.reference} {self.state}"

    @property
    def subject(self) -> str:
        """Return how the audit names it: by the certificate's number as soon as there is one."""
        return f"certificate:{self.number}" if self.number else f"shipment:{self.reference}"

    @property
    def status(self) -> ShipmentState:
        """Return its state as the Scheme's term."""
        return ShipmentState(self.state)

    @property
    def carats(self) -> Carats | None:
        """Return the declared weight."""
        return None if self.carats_hundredths is None else Carats(self.carats_hundredths)

    @property
    def value(self) -> USDollars | None:
        """Return the declared value."""
        return None if self.value_cents is None else USDollars(self.value_cents)


class Of(models.TextChoices):
    """What an act is done to; some words are used of both."""

    SHIPMENT = "shipment"
    CERTIFICATE = "certificate"


class Step(Unalterable):
    """One accepted act on a shipment or on its certificate: who did what, and when."""

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="steps")
    sequence = models.PositiveSmallIntegerField()
    of = models.CharField(max_length=12, choices=Of.choices)
    act = models.CharField(max_length=24)
    at = models.DateTimeField()
    actor = models.CharField(max_length=_IDENTIFIER)
    deputises_for = models.CharField(max_length=_IDENTIFIER, blank=True)
    facts = models.JSONField(default=dict)

    objects: ClassVar[models.Manager[Step]] = AppendOnly.as_manager()

    class Meta:
        """Steps in their order."""

        ordering: ClassVar = ["shipment", "sequence"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["shipment", "sequence"], name="import_step_once")]

    def __str__(self) -> str:
        """Return the step in short."""
        return f"{self.shipment_id} {self.sequence} {self.of} {self.act}"

    @property
    def done(self) -> ShipmentAct | CertificateAct:
        """Return the act as the Scheme's term."""
        return ShipmentAct(self.act) if self.of == Of.SHIPMENT else CertificateAct(self.act)


class Reason(models.Model):
    """Why an act was done, in the words of whoever did it."""

    step = models.OneToOneField(Step, on_delete=models.PROTECT, related_name="reason")
    text = models.CharField(max_length=2000)

    def __str__(self) -> str:
        """Return the words."""
        return self.text


class Content(models.Model):
    """What came with a shipment: the signed bytes, or what was typed from paper; an erasure empties it."""

    shipment = models.OneToOneField(Shipment, on_delete=models.PROTECT, related_name="content")
    cose = models.BinaryField(default=b"")
    typed = models.JSONField(default=dict)

    def __str__(self) -> str:
        """Return whose it is."""
        return str(self.shipment_id)


class Presentation(models.Model):
    """A certificate that was presented at an office: what was presented, and what the verifier said then.

    ``report`` has for each numbered step its result and reason, and how old the trust data was.
    """

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="presentations")
    number = models.CharField(max_length=_NUMBER)
    identity = models.CharField(max_length=_DIGEST, blank=True)
    office = models.CharField(max_length=_OFFICE)
    at = models.DateTimeField()
    by = models.CharField(max_length=_IDENTIFIER)
    carrier = models.CharField(max_length=64)
    genuine = models.CharField(max_length=16)
    in_date = models.CharField(max_length=16)
    admissible = models.CharField(max_length=16)
    report = models.JSONField(default=dict)
    uses = models.BooleanField()
    """Whether the certificate is used by it: what is not genuine uses no number."""
    corrected_at = models.DateTimeField(null=True)
    corrected_by = models.CharField(max_length=_IDENTIFIER, blank=True)

    class Meta:
        """One use of a number that stands."""

        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["number"], name="presentation_number")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["number"], condition=Q(uses=True, corrected_at__isnull=True), name="presented_once"
            )
        ]

    def __str__(self) -> str:
        """Return which certificate was presented where."""
        return f"{self.number} at {self.office}"


class Correction(models.Model):
    """Why a presentation was taken back, in the words of whoever did it."""

    presentation = models.OneToOneField(Presentation, on_delete=models.PROTECT, related_name="correction")
    text = models.CharField(max_length=2000)

    def __str__(self) -> str:
        """Return the words."""
        return self.text


class Alarm(Unalterable):
    """A certificate that was presented again elsewhere, or another one under its number: both offices are told."""

    first = models.ForeignKey(Presentation, on_delete=models.PROTECT, related_name="alarms")
    number = models.CharField(max_length=_NUMBER)
    identity = models.CharField(max_length=_DIGEST, blank=True)
    office = models.CharField(max_length=_OFFICE)
    at = models.DateTimeField()
    by = models.CharField(max_length=_IDENTIFIER)
    is_other = models.BooleanField()
    """Whether it is not the same certificate, but another one under the same number."""

    objects: ClassVar[models.Manager[Alarm]] = AppendOnly.as_manager()

    class Meta:
        """The last one first."""

        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        """Return the number and where it was presented again."""
        return f"{self.number} again at {self.office}"


class Inspection(Unalterable):
    """What the desk found when it opened a container, or that it left it closed; the last one of a shipment counts.

    ``lines`` holds for each HS heading the measured hundredths of a carat and the value in cents; figures are none
    where the container was not opened. ``breaches`` is what the rules said of it.
    """

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="inspections")
    at = models.DateTimeField()
    by = models.CharField(max_length=_IDENTIFIER)
    opened = models.BooleanField()
    seals = models.PositiveSmallIntegerField()
    """A `SealState`."""
    found_seals = models.JSONField(default=list)
    parcels = models.PositiveIntegerField(null=True)
    lines = models.JSONField(default=dict)
    carats_hundredths = models.BigIntegerField(null=True)
    value_cents = models.BigIntegerField(null=True)
    synthetic_hundredths = models.BigIntegerField(default=0)
    """Of the measured weight, how much is of synthetic diamonds."""
    breaches = models.JSONField(default=list)

    objects: ClassVar[models.Manager[Inspection]] = AppendOnly.as_manager()

    class Meta:
        """The last one first."""

        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        """Return whose it is and when."""
        return f"{self.shipment_id} {self.at}"


class Answer(models.TextChoices):
    """What the issuing authority answered."""

    CONSENTED = "consented"
    REFUSED = "refused"


class Endorsement(models.Model):
    """The issuing authority was asked to consent to a note on its certificate, and what it answered."""

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="endorsements")
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=_IDENTIFIER)
    text = models.CharField(max_length=2000)
    """What would be noted on the certificate."""
    answer = models.CharField(max_length=12, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True)
    recorded_by = models.CharField(max_length=_IDENTIFIER, blank=True)
    evidence = models.CharField(max_length=_DIGEST, blank=True)
    """The letter that answered, kept by its hash."""

    class Meta:
        """One question at a time."""

        ordering: ClassVar = ["asked_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shipment"], condition=Q(answer=""), name="endorsement_asked_once")
        ]

    def __str__(self) -> str:
        """Return whose it is and what came of it."""
        return f"{self.shipment_id} {self.answer or 'asked'}"


class Intent(models.Model):
    """The confirmation that is about to be signed: the exact payload, by whose key, under which identity.

    It may be superseded as long as nobody consented; once somebody did, it is finished with the same bytes.
    """

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="intents")
    identity = models.CharField(max_length=_DIGEST)
    payload = models.BinaryField()
    key_id = models.CharField(max_length=16)
    holder = models.CharField(max_length=64)
    level = models.PositiveSmallIntegerField()
    prepared_at = models.DateTimeField()
    prepared_by = models.CharField(max_length=_IDENTIFIER)
    superseded_at = models.DateTimeField(null=True)
    consented_at = models.DateTimeField(null=True)

    class Meta:
        """One that stands for each shipment."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shipment"], condition=Q(superseded_at__isnull=True), name="import_intent_standing_once"
            )
        ]

    def __str__(self) -> str:
        """Return whose it is."""
        return f"{self.shipment_id} {self.identity[:8]}"


class Confirmation(Unalterable):
    """What this authority confirmed of a shipment."""

    shipment = models.OneToOneField(Shipment, on_delete=models.PROTECT, related_name="confirmation")
    identity = models.CharField(max_length=_DIGEST, unique=True)
    key_id = models.CharField(max_length=16)
    confirmed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    result = models.PositiveSmallIntegerField()
    parcels = models.PositiveIntegerField(null=True)
    carats_hundredths = models.BigIntegerField(null=True)
    value_cents = models.BigIntegerField(null=True)
    level = models.PositiveSmallIntegerField()

    objects: ClassVar[models.Manager[Confirmation]] = AppendOnly.as_manager()

    def __str__(self) -> str:
        """Return whose it is."""
        return f"{self.shipment_id} {self.identity[:8]}"


class Signed(models.Model):
    """The signed bytes of a confirmation, and what proves the official's consent; an erasure empties them."""

    confirmation = models.OneToOneField(Confirmation, on_delete=models.PROTECT, related_name="content")
    cose = models.BinaryField()
    consent = models.JSONField(default=dict)

    def __str__(self) -> str:
        """Return whose it is."""
        return str(self.confirmation_id)


class Decision(Unalterable):
    """A decision of which the importer is told in a letter: detention, refusal, return or seizure."""

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=12)
    """A `macle.paper.decisions.DecisionKind`."""
    reference = models.CharField(max_length=32, unique=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=_IDENTIFIER)

    objects: ClassVar[models.Manager[Decision]] = AppendOnly.as_manager()

    class Meta:
        """In the order in which they were taken."""

        ordering: ClassVar = ["at", "id"]

    def __str__(self) -> str:
        """Return its kind and reference."""
        return f"{self.kind} {self.reference}"


class DecisionWords(models.Model):
    """What the letter of a decision says, as `macle.paper.decisions.read` takes it; an erasure empties it."""

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="words")
    data = models.JSONField(default=dict)

    def __str__(self) -> str:
        """Return whose it is."""
        return str(self.decision_id)
