"""The one place where the clock is asked; everything below takes time as an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return this instant in UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
