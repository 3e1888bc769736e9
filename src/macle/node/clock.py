"""The one place where the node asks the clock; actions, queries and rules take time as an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return this instant in UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
