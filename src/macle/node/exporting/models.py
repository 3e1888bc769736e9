"""The exporting desk's tables.

The rules of this module:

- What happened stands in `Step`, one row for each accepted act, and is never changed. An application's ``state`` is
  what its steps say, kept beside them so that a list needs no sum; only `macle.node.exporting.actions` writes it, with
  the step, and `queries.faults` finds any row in which the two differ.
- Tables that are only added to hold digests, figures and identifiers. Names, reasons and signed bytes stand in tables
  of their own (`Reason`, `Content`, ...), which an erasure after retention may empty.
- A number belongs to one application for ever. Every number of a block up to its next one has a row in `Number` or lies
  in a `Gap`: there is none without a record.
- What will be signed is written down (`Intent`) before anybody signs it; what was signed (`Certificate`) names it.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from macle.node.audit.models import AppendOnly, Unalterable
from macle.scheme.lifecycle import CertificateAct, CertificateState
from macle.scheme.terms import Carats, CertificateNumber, USDollars

_IDENTIFIER = 64
_NUMBER = 22
_DIGEST = 64
"""Letters of a SHA-256 in hexadecimal."""

_STATES = [(state.value, state.value) for state in CertificateState]
_ACTS = [(act.value, act.value) for act in CertificateAct]


class Channel(models.TextChoices):
    """How an application came."""

    PAGE = "page"
    COPY = "copy"
    UPLOAD = "upload"
    INTERFACE = "interface"
    SUCCESSOR = "successor"
    """Made by the desk in place of one whose sheet was spoiled, or that is replaced."""
    DESK = "desk"
    """Begun by an official, for goods that go back under a technical certificate."""


class Application(models.Model):
    """One application for one certificate, from the draft to the end of the certificate's life.

    ``entered`` is what the trader entered, as plain data that `macle.scheme.applications.read` takes; once lodged it is
    changed only by a return to the trader. What the desk found stands in `Examination`. The columns below it repeat
    what lists are searched by.
    """

    reference = models.CharField(max_length=16, unique=True)
    trader = models.ForeignKey(
        "traders.Trader", on_delete=models.PROTECT, to_field="reference", related_name="applications"
    )
    office = models.CharField(max_length=120)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    entered = models.JSONField()
    state = models.CharField(max_length=24, choices=_STATES, default=CertificateState.DRAFT)
    since = models.DateTimeField()
    """Since when it is in its state."""
    begun_at = models.DateTimeField()
    begun_by = models.CharField(max_length=_IDENTIFIER)
    lodged_at = models.DateTimeField(null=True)
    examined_by = models.CharField(max_length=_IDENTIFIER, blank=True)
    number = models.CharField(max_length=_NUMBER, blank=True)
    """The number of the certificate, once it is reserved."""
    succeeds = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="successor")
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replacements")
    """Whose certificate it replaces, if any: it stays so over spoiled sheets, and only the desk says it."""
    seals = models.JSONField(default=list)
    """The container's seals, as recorded when it was sealed."""
    exporter_name = models.CharField(max_length=120, blank=True)
    importer_name = models.CharField(max_length=120, blank=True)
    destination = models.CharField(max_length=2, blank=True)
    origin = models.CharField(max_length=48, blank=True)
    carats_hundredths = models.BigIntegerField(default=0)
    value_cents = models.BigIntegerField(default=0)
    due_on = models.DateField(null=True)
    """The day until which the import is to be confirmed; none where the clock has no number."""

    class Meta:
        """Searched by what waits where, by trader, by number and by destination."""

        ordering: ClassVar = ["-since", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["office", "state", "since", "examined_by"], name="application_queue"),
            models.Index(fields=["trader", "-since"], name="application_of_trader"),
            models.Index(fields=["number"], name="application_number"),
            models.Index(fields=["state", "due_on"], name="application_due"),
            models.Index(fields=["destination", "-since"], name="application_destination"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="application_number_once")
        ]

    def __str__(self) -> str:
        """Return its reference and state."""
        return f"{self.reference} {self.state}"

    @property
    def subject(self) -> str:
        """Return how the audit names it."""
        return f"application:{self.reference}"

    @property
    def status(self) -> CertificateState:
        """Return its state as the Scheme's term."""
        return CertificateState(self.state)

    @property
    def carats(self) -> Carats:
        """Return the weight applied for, or measured once it is examined."""
        return Carats(self.carats_hundredths)

    @property
    def value(self) -> USDollars:
        """Return the value applied for, or the final one once it is examined."""
        return USDollars(self.value_cents)

    @property
    def certificate_number(self) -> CertificateNumber | None:
        """Return the number as the Scheme's term, once there is one."""
        return CertificateNumber.parse(self.number) if self.number else None


class Step(Unalterable):
    """One accepted act: who did what with an application, or with its certificate, and when."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="steps")
    sequence = models.PositiveSmallIntegerField()
    act = models.CharField(max_length=24, choices=_ACTS)
    at = models.DateTimeField()
    actor = models.CharField(max_length=_IDENTIFIER)
    deputises_for = models.CharField(max_length=_IDENTIFIER, blank=True)
    facts = models.JSONField(default=dict)

    objects: ClassVar[models.Manager[Step]] = AppendOnly.as_manager()

    class Meta:
        """Steps in their order."""

        ordering: ClassVar = ["application", "sequence"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["application", "sequence"], name="step_once")]

    def __str__(self) -> str:
        """Return the step in short."""
        return f"{self.application_id} {self.sequence} {self.act}"


class Reason(models.Model):
    """Why an act was done, in the words of whoever did it."""

    step = models.OneToOneField(Step, on_delete=models.PROTECT, related_name="reason")
    text = models.CharField(max_length=2000)

    def __str__(self) -> str:
        """Return the words."""
        return self.text


class Remark(models.Model):
    """What somebody at the desk wrote beside an application, such as why it replaces another one."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="remarks")
    text = models.CharField(max_length=2000)
    at = models.DateTimeField()
    by = models.CharField(max_length=_IDENTIFIER)

    class Meta:
        """In the order in which they were written."""

        ordering: ClassVar = ["at", "id"]

    def __str__(self) -> str:
        """Return the words."""
        return self.text


class AttachmentKind(models.TextChoices):
    """What a file is evidence of."""

    INVOICE = "invoice"
    PRODUCTION_RECORD = "production record"
    IMPORT_CERTIFICATE = "import certificate"
    DECLARATION = "non-conflict declaration"
    SYNTHETIC_SCREENING = "synthetic screening"
    PACKING_LIST = "packing list"
    VALUATION = "valuation"
    PHOTOGRAPH = "photograph"
    SLIP = "returned slip"
    OTHER = "other"


class Attachment(models.Model):
    """A file beside an application; its bytes are kept by hash in the evidence store."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="attachments")
    kind = models.CharField(max_length=32, choices=AttachmentKind.choices)
    evidence = models.CharField(max_length=_DIGEST)
    name = models.CharField(max_length=120)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=_IDENTIFIER)
    ended_at = models.DateTimeField(null=True)
    """When it was taken out of a draft; the bytes stay."""

    class Meta:
        """In the order in which they came."""

        ordering: ClassVar = ["added_at", "id"]

    def __str__(self) -> str:
        """Return what it is."""
        return f"{self.kind}: {self.name}"


class Examination(models.Model):
    """What the desk weighed, counted and valued; the last one of an application counts.

    ``lines`` holds for each HS heading the measured hundredths of a carat, the final and the declared value in cents.
    The three valuations are totals in cents; which of them became final, by which rule, stands in ``valued_by``.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="examinations")
    at = models.DateTimeField()
    by = models.CharField(max_length=_IDENTIFIER)
    parcels = models.PositiveIntegerField()
    lines = models.JSONField()
    declared_cents = models.BigIntegerField()
    government_cents = models.BigIntegerField(null=True)
    independent_cents = models.BigIntegerField(null=True)
    valued_by = models.CharField(max_length=32)
    synthetics_screened = models.BooleanField(default=False)
    remark = models.CharField(max_length=2000, blank=True)

    class Meta:
        """The last one first."""

        ordering: ClassVar = ["-at", "-id"]
        get_latest_by = "id"

    def __str__(self) -> str:
        """Return whose it is."""
        return f"{self.application_id} {self.at:%Y-%m-%d}"


class Suspicion(models.Model):
    """A suspicion about an application or certificate: while it is open the trader reads *under examination*."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="suspicions")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    opened_by = models.CharField(max_length=_IDENTIFIER)
    ended_by = models.CharField(max_length=_IDENTIFIER, blank=True)
    text = models.CharField(max_length=2000)
    outcome = models.CharField(max_length=2000, blank=True)

    def __str__(self) -> str:
        """Return since when."""
        return f"{self.application_id} since {self.since:%Y-%m-%d}"


# --- Numbers and sheets -----------------------------------------------------------------------------


class Block(models.Model):
    """A range of numbers allotted to an office; both ends belong to it.

    A number's national part is ``lead`` and its counter in ``width`` digits. On pre-printed forms the numbers are the
    sheets'. ``next`` only grows, and never stands in a gap; the row is locked while a number is taken.
    """

    office = models.CharField(max_length=120)
    lead = models.CharField(max_length=8, blank=True)
    width = models.PositiveSmallIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    next = models.BigIntegerField()
    on_sheets = models.BooleanField()
    allotted_at = models.DateTimeField()
    allotted_by = models.CharField(max_length=_IDENTIFIER)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """In the order in which they were allotted."""

        ordering: ClassVar = ["allotted_at", "id"]
        indexes: ClassVar = [models.Index(fields=["office", "ended_at"], name="block_of_office")]

    def __str__(self) -> str:
        """Return its ends."""
        return f"{self.national(self.first)} to {self.national(self.last)}"

    @property
    def subject(self) -> str:
        """Return how the audit names it."""
        return f"block:{self.pk}"

    @property
    def left(self) -> int:
        """Return how many numbers can still be taken: those that were skipped ahead cannot."""
        ahead = sum(gap.last - gap.first + 1 for gap in self.gaps.all() if gap.first >= self.next)
        return max(0, int(self.last - self.next + 1 - ahead))

    def national(self, counter: int) -> str:
        """Return the national part of a number of the block."""
        return f"{self.lead}{counter:0{self.width}d}"


class Delivery(Unalterable):
    """Pre-printed sheets that came to an office; both ends belong to it."""

    block = models.ForeignKey(Block, on_delete=models.PROTECT, related_name="deliveries")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=_IDENTIFIER)
    evidence = models.CharField(max_length=_DIGEST, blank=True)

    objects: ClassVar[models.Manager[Delivery]] = AppendOnly.as_manager()

    def __str__(self) -> str:
        """Return its ends."""
        return f"{self.first} to {self.last}"


class Use(models.TextChoices):
    """What became of a number."""

    RESERVED = "reserved"
    ISSUED = "issued"
    VOID = "void"
    SPOILED = "spoiled"
    """The sheet was spoiled before or while it was printed."""


class Number(models.Model):
    """One number that was taken: what for, and what became of it. It is never given out again."""

    block = models.ForeignKey(Block, on_delete=models.PROTECT, related_name="numbers")
    counter = models.BigIntegerField()
    number = models.CharField(max_length=_NUMBER, unique=True)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, null=True, related_name="numbers")
    use = models.CharField(max_length=8, choices=Use.choices)
    taken_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=64, blank=True)
    """Why it is void or spoiled: one of the profile's reasons."""
    year = models.PositiveSmallIntegerField()
    status_index = models.BigIntegerField(null=True)
    """The place in the office's status list of the year; no number tells it."""

    class Meta:
        """A counter is taken once in its block, a place once in its list."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["block", "counter"], name="number_once"),
            models.UniqueConstraint(fields=["year", "status_index"], name="status_index_once"),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return self.number


class Gap(Unalterable):
    """Numbers that were skipped and will never be used; both ends belong to it, and gaps do not overlap."""

    block = models.ForeignKey(Block, on_delete=models.PROTECT, related_name="gaps")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    why = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.CharField(max_length=_IDENTIFIER)

    objects: ClassVar[models.Manager[Gap]] = AppendOnly.as_manager()

    def __str__(self) -> str:
        """Return its ends and why."""
        return f"{self.first} to {self.last}: {self.why}"


# --- Signing ----------------------------------------------------------------------------------------


class Intent(models.Model):
    """What is about to be signed: the exact payload, by whose key, under which identity.

    It may be superseded as long as nobody consented. Once somebody did, it is finished with the same bytes or its
    number is voided: nothing else is ever signed under that number.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="intents")
    number = models.CharField(max_length=_NUMBER)
    identity = models.CharField(max_length=_DIGEST)
    payload = models.BinaryField()
    record = models.BinaryField()
    key_id = models.CharField(max_length=16)
    holder = models.CharField(max_length=64)
    second = models.CharField(max_length=64, blank=True)
    """The holder of the further official's key, where two validate."""
    level = models.PositiveSmallIntegerField()
    validated_at = models.DateTimeField()
    prepared_at = models.DateTimeField()
    prepared_by = models.CharField(max_length=_IDENTIFIER)
    superseded_at = models.DateTimeField(null=True)
    consented_at = models.DateTimeField(null=True)

    class Meta:
        """One that stands for each application, and one consent for each number."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application"], condition=Q(superseded_at__isnull=True), name="intent_standing_once"
            ),
            models.UniqueConstraint(
                fields=["number"], condition=Q(consented_at__isnull=False), name="intent_consented_once"
            ),
        ]

    def __str__(self) -> str:
        """Return the number and identity."""
        return f"{self.number} {self.identity[:12]}"


class Approval(models.Model):
    """The consent of a further official to an intent: a signed object of its own that names the identity."""

    intent = models.ForeignKey(Intent, on_delete=models.PROTECT, related_name="approvals")
    by = models.CharField(max_length=_IDENTIFIER)
    holder = models.CharField(max_length=64)
    at = models.DateTimeField()
    signed = models.BinaryField()
    evidence = models.JSONField(default=dict)

    class Meta:
        """One for each official."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["intent", "by"], name="approval_once")]

    def __str__(self) -> str:
        """Return who approved."""
        return f"{self.intent_id} {self.holder}"


class Certificate(Unalterable):
    """A validated certificate: its identity, figures and dates."""

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="certificate")
    number = models.CharField(max_length=_NUMBER, unique=True)
    identity = models.CharField(max_length=_DIGEST, unique=True)
    key_id = models.CharField(max_length=16)
    office = models.CharField(max_length=120)
    kind = models.PositiveSmallIntegerField()
    validated_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    date_of_issuance = models.DateField()
    date_of_expiry = models.DateField()
    destination = models.CharField(max_length=2)
    carats_hundredths = models.BigIntegerField()
    value_cents = models.BigIntegerField()
    parcels = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField()
    profile_version = models.CharField(max_length=32)
    status_index = models.BigIntegerField()
    recorded_at = models.DateTimeField()

    objects: ClassVar[models.Manager[Certificate]] = AppendOnly.as_manager()

    class Meta:
        """The last one first; searched by key, by date and by destination."""

        ordering: ClassVar = ["-validated_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["key_id", "validated_at"], name="certificate_of_key"),
            models.Index(fields=["office", "-validated_at"], name="certificate_of_office"),
            models.Index(fields=["expires_at"], name="certificate_expiry"),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return self.number

    @property
    def subject(self) -> str:
        """Return how the audit names it."""
        return f"certificate:{self.number}"

    @property
    def carats(self) -> Carats:
        """Return the weight."""
        return Carats(self.carats_hundredths)

    @property
    def value(self) -> USDollars:
        """Return the value."""
        return USDollars(self.value_cents)


class Content(models.Model):
    """The signed bytes of a certificate and the full record beside them; an erasure empties them."""

    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="content")
    cose = models.BinaryField()
    record = models.BinaryField()
    consent = models.JSONField(default=dict)
    """What proves the official's consent, where the level keeps something."""

    def __str__(self) -> str:
        """Return whose it is."""
        return str(self.certificate_id)


class Printing(Unalterable):
    """One sheet or copy that was printed of a certificate, or a label."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="printings")
    what = models.CharField(max_length=16)
    """``original``, ``sheet``, ``copy`` or ``label``."""
    sheet = models.CharField(max_length=_NUMBER, blank=True)
    """The number that was scanned from the sheet before it was printed."""
    at = models.DateTimeField()
    by = models.CharField(max_length=_IDENTIFIER)

    objects: ClassVar[models.Manager[Printing]] = AppendOnly.as_manager()

    def __str__(self) -> str:
        """Return what was printed."""
        return f"{self.application_id} {self.what}"


# --- What comes back ---------------------------------------------------------------------------------


class Arrival(models.TextChoices):
    """How a confirmation came."""

    POST = "post"
    SCAN = "scan"
    FAX = "fax"
    EMAIL = "e-mail"
    LETTER = "letter"


class Confirmation(Unalterable):
    """What the importing authority confirmed of a shipment, as it came; lines as in `Examination`.

    ``measured`` is none where the container was not opened. ``differs`` names the figures in which it does not agree
    with the certificate.
    """

    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="confirmation")
    arrival = models.CharField(max_length=8, choices=Arrival.choices)
    received_on = models.DateField()
    date_of_receipt = models.DateField()
    """The day on which the importing authority received the shipment."""
    parcels = models.PositiveIntegerField(null=True)
    carats_hundredths = models.BigIntegerField(null=True)
    value_cents = models.BigIntegerField(null=True)
    seals = models.PositiveSmallIntegerField()
    result = models.PositiveSmallIntegerField()
    opened = models.BooleanField()
    differs = models.JSONField(default=list)
    evidence = models.CharField(max_length=_DIGEST, blank=True)
    """The slip's picture, in the evidence store."""
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=_IDENTIFIER)

    objects: ClassVar[models.Manager[Confirmation]] = AppendOnly.as_manager()

    class Meta:
        """The last one first."""

        ordering: ClassVar = ["-recorded_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["-recorded_at"], name="confirmation_recorded"),
            models.Index(fields=["recorded_at"], name="confirmation_differs", condition=~models.Q(differs=[])),
        ]

    def __str__(self) -> str:
        """Return whose it is."""
        return str(self.certificate_id)


class ConfirmationWords(models.Model):
    """The names and remark of a confirmation."""

    confirmation = models.OneToOneField(Confirmation, on_delete=models.PROTECT, related_name="words")
    office = models.CharField(max_length=120, blank=True)
    official = models.CharField(max_length=120, blank=True)
    importer = models.CharField(max_length=120, blank=True)
    remark = models.CharField(max_length=400, blank=True)

    def __str__(self) -> str:
        """Return the office."""
        return self.office


class Settlement(Unalterable):
    """How a difference between both books was settled on this side."""

    confirmation = models.OneToOneField(Confirmation, on_delete=models.PROTECT, related_name="settlement")
    at = models.DateTimeField()
    by = models.CharField(max_length=_IDENTIFIER)
    text = models.CharField(max_length=2000)

    objects: ClassVar[models.Manager[Settlement]] = AppendOnly.as_manager()

    def __str__(self) -> str:
        """Return how."""
        return self.text


# --- Fees -------------------------------------------------------------------------------------------


class Fee(models.Model):
    """A fee or levy that is due for an application."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="fees")
    what = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    amount_cents = models.BigIntegerField()
    due_at = models.DateTimeField()
    charged_by = models.CharField(max_length=_IDENTIFIER)

    class Meta:
        """In the order in which they were charged."""

        ordering: ClassVar = ["due_at", "id"]

    def __str__(self) -> str:
        """Return what for."""
        return self.what


class FeeEntry(Unalterable):
    """A payment towards a fee, or the waiver of a part of it."""

    fee = models.ForeignKey(Fee, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=8, choices=[("paid", "paid"), ("waived", "waived")])
    amount_cents = models.BigIntegerField()
    reference = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=2000, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=_IDENTIFIER)

    objects: ClassVar[models.Manager[FeeEntry]] = AppendOnly.as_manager()

    def __str__(self) -> str:
        """Return what and how much."""
        return f"{self.kind} {self.amount_cents}"


# --- Theft ------------------------------------------------------------------------------------------


class NoticeKind(models.TextChoices):
    """What was stolen."""

    SHEETS = "stolen sheets"
    KEY = "stolen key"


class Notice(models.Model):
    """A notice that blanks or a key were stolen: it names author, evidence, scope and end, and ends by an act."""

    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    office = models.CharField(max_length=120)
    block = models.ForeignKey(Block, on_delete=models.PROTECT, null=True, related_name="notices")
    first = models.BigIntegerField(null=True)
    last = models.BigIntegerField(null=True)
    key_id = models.CharField(max_length=16, blank=True)
    since = models.DateTimeField()
    """Since when it may have been in other hands."""
    text = models.CharField(max_length=2000)
    evidence = models.CharField(max_length=_DIGEST, blank=True)
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=_IDENTIFIER)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=_IDENTIFIER, blank=True)
    outcome = models.CharField(max_length=2000, blank=True)

    class Meta:
        """The last one first."""

        ordering: ClassVar = ["-issued_at", "-id"]

    def __str__(self) -> str:
        """Return what was stolen and when."""
        return f"{self.kind}, {self.issued_at:%Y-%m-%d}"

    @property
    def subject(self) -> str:
        """Return how the audit names it."""
        return f"notice:{self.pk}"


class Reconfirmation(Unalterable):
    """An official's answer, after a theft, for one certificate that is in the air: ours, or not."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="reconfirmations")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="reconfirmations")
    is_ours = models.BooleanField()
    at = models.DateTimeField()
    by = models.CharField(max_length=_IDENTIFIER)

    objects: ClassVar[models.Manager[Reconfirmation]] = AppendOnly.as_manager()

    class Meta:
        """One answer for each."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["notice", "certificate"], name="reconfirmed_once")]

    def __str__(self) -> str:
        """Return which."""
        return f"{self.certificate_id} {self.is_ours}"


# --- Issued before this node ------------------------------------------------------------------------


class LegacyState(models.TextChoices):
    """What became of a certificate that was issued on paper, as far as the old records say."""

    OPEN = "open"
    """Issued; the records know of no confirmation, and of nothing else."""
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    """By the importing authority."""
    VOID = "void"
    LOST = "lost"
    REPLACED = "replaced"
    EXPIRED = "expired"


class LegacyCertificate(Unalterable):
    """A certificate that was issued on paper before this node, as the authority's old records have it.

    ``lines`` holds for each HS heading its hundredths of a carat and its value in cents, where the records tell them
    apart. A void number may have had no goods, and no day.
    """

    number = models.CharField(max_length=_NUMBER, unique=True)
    state = models.CharField(max_length=12, choices=LegacyState.choices)
    date_of_issuance = models.DateField(null=True)
    date_of_expiry = models.DateField(null=True)
    date_of_confirmation = models.DateField(null=True)
    destination = models.CharField(max_length=2, blank=True)
    origin = models.CharField(max_length=48, blank=True)
    lines = models.JSONField(default=dict)
    carats_hundredths = models.BigIntegerField()
    value_cents = models.BigIntegerField()
    parcels = models.PositiveIntegerField(null=True)
    file = models.CharField(max_length=_DIGEST)
    """SHA-256 of the file from which it was taken over."""
    row = models.PositiveIntegerField()
    """Where it stood in the file, as spreadsheets count."""
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=_IDENTIFIER)

    objects: ClassVar[models.Manager[LegacyCertificate]] = AppendOnly.as_manager()

    class Meta:
        """The last one first; searched by day, and by destination."""

        ordering: ClassVar = ["-date_of_issuance", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["-date_of_issuance", "-id"], name="legacy_issued"),
            models.Index(fields=["destination", "-date_of_issuance"], name="legacy_destination"),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return self.number

    @property
    def subject(self) -> str:
        """Return how the audit names it."""
        return f"certificate:{self.number}"

    @property
    def carats(self) -> Carats:
        """Return the weight."""
        return Carats(self.carats_hundredths)

    @property
    def value(self) -> USDollars:
        """Return the value."""
        return USDollars(self.value_cents)


class LegacyNames(models.Model):
    """The names on a certificate that was issued before this node."""

    certificate = models.OneToOneField(LegacyCertificate, on_delete=models.PROTECT, related_name="names")
    exporter = models.CharField(max_length=120, blank=True)
    importer = models.CharField(max_length=120, blank=True)

    class Meta:
        """Sorted by exporter."""

        indexes: ClassVar = [models.Index(fields=["exporter"], name="legacy_exporter")]

    def __str__(self) -> str:
        """Return the exporter."""
        return self.exporter
