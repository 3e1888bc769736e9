"""The error families of Macle; a concrete error lives beside the function that raises it.

Each error carries a stable ``code`` for programs, the id of the rule it rests on (or None), and three
short English sentences for people: what is wrong, where, and how to mend it. Interfaces translate by
code; one module each for the command line, the API and the pages knows what a family means there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class MacleError(Exception):
    """Everything Macle raises on purpose."""

    code: ClassVar[str] = "macle"

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        mend: str = "",
        rule: str | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """Say what is wrong, where it was found and how to mend it; ``facts`` is plain data for programs."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend
        self.rule = rule
        self.facts = dict(facts or {})

    def __str__(self) -> str:
        """Return the three sentences as one line."""
        place = f"{self.where}: " if self.where else ""
        advice = f" {self.mend}" if self.mend else ""
        return f"{place}{self.what}{advice}"


class Refused(MacleError):
    """A rule of the Scheme or of a legal profile says no."""

    code = "refused"


class Untrusted(MacleError):
    """A signature, or the key that made it, is wrong."""

    code = "untrusted"


class Undecided(MacleError):
    """The trust data that would decide is missing or stale."""

    code = "undecided"


class Malformed(MacleError):
    """Something could not be read."""

    code = "malformed"


class NotPermitted(MacleError):
    """This actor may not do this."""

    code = "not-permitted"


class NotFound(MacleError):
    """There is no such thing."""

    code = "not-found"


class Conflict(MacleError):
    """A sound request meets the wrong state."""

    code = "conflict"
