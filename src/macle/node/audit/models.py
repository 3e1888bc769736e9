"""The audit's tables: one hash chain an authority, to which lines are only added.

The rules of this module:

- A line is never changed and never deleted, by no path of ours: model, manager and queries refuse it, and in production
  the database user may not either.
- A line holds digests, figures and identifiers, and no names: erasing a person later leaves the chain as it is.
- A line's digest is that of its content and of the digest before it. `Chain` has the last one, and is locked while a
  line is added, so that lines of several processes follow one another.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models

from macle import errors
from macle.node.audit.chain import Content

DIGEST_BYTES = 32


class AuditUnalterable(errors.Conflict):
    """Somebody tried to change or delete a line of the audit."""

    code = "audit-unalterable"


def _refuse() -> NoReturn:
    raise AuditUnalterable(
        "A line of the audit is never changed.", where="audit", mend="Add one that says what is right."
    )


class AppendOnly(models.QuerySet[Any]):
    """Queries that read and add, and nothing else."""

    def update(self, **_: object) -> NoReturn:
        """Refuse."""
        _refuse()

    def delete(self) -> NoReturn:
        """Refuse."""
        _refuse()

    def bulk_update(self, *_: object, **__: object) -> NoReturn:
        """Refuse."""
        _refuse()


class Unalterable(models.Model):
    """A row that is added once and stays as it is."""

    class Meta:
        """No table of its own."""

        abstract = True

    def save(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (Django's own)
        """Add the row; refuse to change one."""
        if not self._state.adding:
            raise AuditUnalterable("This row is never changed.", where=self._meta.label)
        super().save(*args, **options)

    def delete(self, *_: object, **__: object) -> NoReturn:
        """Refuse."""
        raise AuditUnalterable("This row is never deleted.", where=self._meta.label)


class Chain(models.Model):
    """Where an authority's chain ends: how many lines it has, and the digest of the last."""

    authority = models.CharField(max_length=64, primary_key=True)
    length = models.BigIntegerField()
    head = models.BinaryField(max_length=DIGEST_BYTES)

    def __str__(self) -> str:
        """Return whose chain it is and how long."""
        return f"{self.authority}: {self.length}"


class Line(models.Model):
    """One act: who did what to what, when, with plain facts."""

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="lines")
    number = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    tag = models.CharField(max_length=64)
    subject = models.CharField(max_length=96)
    office = models.CharField(max_length=120, blank=True)
    facts = models.JSONField()
    digest = models.BinaryField(max_length=DIGEST_BYTES)

    objects: ClassVar[models.Manager[Line]] = AppendOnly.as_manager()

    class Meta:
        """Lines in their order; searched by subject, person and time."""

        ordering: ClassVar = ["chain", "number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["chain", "number"], name="audit_line_once")]
        indexes: ClassVar = [
            models.Index(fields=["subject", "at"], name="audit_by_subject"),
            models.Index(fields=["actor", "at"], name="audit_by_actor"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        """Return the line in short."""
        return f"{self.number} {self.tag} {self.subject}"

    def save(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (Django's own)
        """Add the line; refuse to change one."""
        if not self._state.adding:
            _refuse()
        super().save(*args, **options)

    def delete(self, *_: object, **__: object) -> NoReturn:
        """Refuse."""
        _refuse()

    @property
    def content(self) -> Content:
        """What the line says: that of which its digest is."""
        return Content(
            authority=self.chain_id,
            number=self.number,
            at=self.at,
            actor=self.actor,
            tag=self.tag,
            subject=self.subject,
            office=self.office,
            facts=self.facts,
        )


class Evidence(models.Model):
    """A file that somebody brought, kept on the disk under its hash; it has no name here."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    media_type = models.CharField(max_length=80)
    size = models.BigIntegerField()
    pages = models.IntegerField(default=0)
    """Pages of a PDF or of a scan; nought where there are none."""
    kept_at = models.DateTimeField()
    kept_by = models.CharField(max_length=64)

    def __str__(self) -> str:
        """Return the beginning of the hash and the kind."""
        return f"{self.sha256[:16]} {self.media_type}"


class Hold(models.Model):
    """A legal hold: what belongs to the subject is not erased in ``[since, until)``, whatever its retention says."""

    subject = models.CharField(max_length=96)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    placed_by = models.CharField(max_length=64)
    lifted_by = models.CharField(max_length=64, blank=True)

    class Meta:
        """Newest first; asked by subject before anything is erased."""

        ordering: ClassVar = ["-since", "-id"]
        indexes: ClassVar = [models.Index(fields=["subject", "until"], name="hold_by_subject")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("since")), name="hold_ends_later"
            )
        ]

    def __str__(self) -> str:
        """Return what is held."""
        return f"{self.subject} since {self.since:%Y-%m-%d}"

    @property
    def stands(self) -> bool:
        """Whether nobody has lifted it."""
        return self.until is None


class HoldReason(models.Model):
    """Why a hold was placed and why lifted, in words: they may name people, so they stand apart from the interval."""

    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, primary_key=True, related_name="reason")
    placed = models.TextField(max_length=2000)
    lifted = models.TextField(max_length=2000, blank=True)

    def __str__(self) -> str:
        """Return why it was placed."""
        return self.placed
