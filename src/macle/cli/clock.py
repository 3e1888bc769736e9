"""The one place where the clock is asked, and how an instant is said; everything below takes time as an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return this instant in UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def moment(instant: datetime) -> str:
    """Return an instant as people read it."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"
