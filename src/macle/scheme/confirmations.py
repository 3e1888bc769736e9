"""The import confirmation: what the importing authority tells the exporting authority of a shipment.

Source: KPCS Core Document, Section III(b): at least the certificate's number, the number of parcels, the
carat weight, and who exports and imports. Declared and measured figures are both sent; *not opened* is a
legal answer without measured figures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from macle import errors
from macle.scheme import terms
from macle.scheme.certificates import LONGEST_TEXT, MOST_PARCELS, is_within_limits
from macle.scheme.terms import Carats, USDollars

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from macle.scheme.certificates import ConsentLevel, Line, Party, Reference
    from macle.scheme.terms import ParticipantCode


LONGEST_REMARK = 400
"""Characters of what an official adds in their own words."""


class ConfirmationMalformed(errors.Malformed):
    """What was given cannot be an import confirmation."""

    code = "confirmation-malformed"


class SealState(IntEnum):
    """What the importing authority found of the container seals."""

    INTACT = 0
    BROKEN = 1
    REPLACED_BY_CUSTOMS = 2


class ConfirmationResult(IntEnum):
    """What became of the shipment."""

    ACCEPTED = 0
    ACCEPTED_AFTER_ENDORSEMENT = 1
    REFUSED = 2


@dataclass(frozen=True, slots=True)
class Count:
    """Parcels and lines, as declared on a certificate or as measured on arrival."""

    parcels: int
    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        """Refuse a count of nothing and two lines for one heading."""
        if type(self.parcels) is not int or not 1 <= self.parcels <= MOST_PARCELS:
            raise ConfirmationMalformed("A shipment has at least one parcel.", where="parcels")
        if not self.lines or len({line.hs for line in self.lines}) != len(self.lines):
            raise ConfirmationMalformed("There is one line for each HS heading, and at least one.", where="lines")
        if not is_within_limits(self.lines):
            raise ConfirmationMalformed("The lines together are more than any shipment holds.", where="lines")

    @property
    def carat_weight(self) -> Carats:
        """Return the exact sum of the lines' weights."""
        return Carats(sum(line.carats.hundredths for line in self.lines))

    @property
    def value(self) -> USDollars:
        """Return the exact sum of the lines' values."""
        return USDollars(sum(line.value.hundredths for line in self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportConfirmation:
    """One importing authority's confirmation of one shipment.

    ``measured`` is None where the container was not opened. ``certificate.identity`` is empty where the
    certificate came on paper only.
    """

    certificate: Reference
    importing_participant: ParticipantCode
    office: str
    importing_authority: str
    confirmed_at: datetime
    date_of_receipt: date
    exporter: Party
    importer: Party
    declared: Count
    measured: Count | None
    seals: SealState
    result: ConfirmationResult
    official: str
    consent_level: ConsentLevel
    remark: str = ""
    extensions: Mapping[int, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `ConfirmationMalformed` for the first thing that no confirmation can be."""
        for where in ("office", "importing_authority", "official"):
            _printable(getattr(self, where), where, least=1, longest=LONGEST_TEXT)
        _printable(self.remark, "remark", least=0, longest=LONGEST_REMARK)


def _printable(text: object, where: str, *, least: int, longest: int) -> None:
    """Refuse what is no text of that length, or holds characters that do not print."""
    if (
        type(text) is not str
        or not least <= len(text) <= longest
        or not terms.is_printable(text)
        or text != text.strip()
    ):
        raise ConfirmationMalformed(
            "This is not a text that can be printed.",
            where=where,
            mend=f"Give {least} to {longest} printable characters, without spaces around them.",
        )
