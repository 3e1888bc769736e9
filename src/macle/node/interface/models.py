"""What was answered to a write, so that the same request sent twice is done once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

LONGEST_KEY = 80
"""Characters of an idempotency key."""


class Answer(models.Model):
    """The answer to a write under an idempotency key of one token; without a status the write is under way.

    Of the request only its digest is kept. ``claim`` is changed by each process that begins the write.
    """

    token = models.ForeignKey("accounts.Token", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=LONGEST_KEY)
    digest = models.CharField(max_length=64)
    claim = models.UUIDField()
    claimed_at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    media_type = models.CharField(max_length=80, blank=True)
    body = models.BinaryField(default=b"")

    class Meta:
        """One for each key of a token."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["token", "key"], name="interface_answer_once")]

    def __str__(self) -> str:
        """Return the key and what was answered."""
        return f"{self.key} {self.status or 'under way'}"
