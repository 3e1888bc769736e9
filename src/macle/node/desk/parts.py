"""What pages give to the parts of templates: acts that may follow, and acts of two authorities along one seam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, kw_only=True)
class NextAct:
    """One act that may be done next, or may not, with the reason; for ``desk/parts/next_acts.html``."""

    label: StrOrPromise
    address: str = ""
    """Empty where it may not be done: then ``why`` says why."""
    why: StrOrPromise = ""


@dataclass(frozen=True, kw_only=True)
class SeamAct:
    """One act on one side of the seam; for ``desk/parts/seam.html``."""

    side: Literal["here", "there"]
    what: StrOrPromise
    at: datetime | None = None
    by: StrOrPromise = ""
    kind: Literal["act", "letter", "ahead"] = "act"
    """A letter between the two, or what is still expected."""
