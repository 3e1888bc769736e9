"""Letters of decision: what the importing authority tells a trader when it detains, refuses, returns or seizes.

What the letter says is the official's: facts from the record, grounds from the law. Each ground names its source, for
no letter states law that nobody can look up, and no letter goes out without a word on appeal. The letter is no signed
object: the stamp says that the office made it.

Source: KPCS Core Document, Section IV(d) (dissuasive and proportionate penalties), and each Participant's own law.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from macle import errors
from macle.scheme import terms
from macle.scheme.terms import CertificateNumber

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_LINE, LONGEST_PARAGRAPH = 200, 1500
MOST_LINES = 12
_IDENTITY = 64


class DecisionMalformed(errors.Malformed):
    """What was given is no decision that can be sent."""

    code = "decision-malformed"


class DecisionKind(StrEnum):
    """What was decided about a shipment."""

    DETENTION = "detention"
    REFUSAL = "refusal"
    RETURN = "return"
    SEIZURE = "seizure"


@dataclass(frozen=True, slots=True)
class Ground:
    """Why it was decided, and where that stands."""

    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One letter.

    ``identity`` is that of the signed certificate; empty where there is only paper, or no certificate at all, and then
    ``number`` is None. ``compared`` has declared and found figures: label, declared, found.
    """

    kind: DecisionKind
    language: str
    reference: str
    on: date
    number: CertificateNumber | None
    identity: bytes
    seals: tuple[str, ...]
    received: date | None
    authority: str
    addressee: tuple[str, ...]
    opening: str
    compared: tuple[tuple[str, str, str], ...]
    decided: tuple[str, ...]
    grounds: tuple[Ground, ...]
    appeal: tuple[str, ...]
    told: tuple[str, ...]
    signed_by: str
    official: str


_FIELDS = set(Decision.__dataclass_fields__)


def read(table: object) -> Decision:
    """Return the decision of plain data; raise `DecisionMalformed` with the field that is wrong."""
    if not isinstance(table, dict):
        raise DecisionMalformed("This is not an object with fields.", mend="Write { ... }.")
    strangers = sorted(set(table) - _FIELDS)
    if strangers:
        raise DecisionMalformed(
            "There is no such field.", where=terms.shown(strangers[0]), mend=f"Known: {', '.join(sorted(_FIELDS))}."
        )
    try:
        return _read(table)
    except KeyError as error:
        raise DecisionMalformed("This is missing.", where=str(error.args[0]), mend="Fill it in.") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise DecisionMalformed(f"A field holds what it cannot hold: {error}.") from error


def _read(table: Mapping[str, Any]) -> Decision:
    if table["kind"] not in {each.value for each in DecisionKind}:
        raise DecisionMalformed(
            f"{terms.shown(table['kind'])} is no decision.",
            where="kind",
            mend=f"Write one of: {', '.join(DecisionKind)}.",
        )
    number, identity = table.get("number"), table.get("identity", "")
    if len(identity) not in {0, _IDENTITY}:
        raise DecisionMalformed("An identity has 64 hexadecimal digits.", where="identity")
    return Decision(
        kind=DecisionKind(table["kind"]),
        language=_line(table.get("language", "en"), "language"),
        reference=_line(table["reference"], "reference"),
        on=date.fromisoformat(table["on"]),
        number=None if number is None else CertificateNumber.parse(number, where="number"),
        identity=bytes.fromhex(identity),
        seals=_lines(table.get("seals", []), "seals", least=0),
        received=None if table.get("received") is None else date.fromisoformat(table["received"]),
        authority=_line(table["authority"], "authority"),
        addressee=_lines(table["addressee"], "addressee"),
        opening=_paragraph(table["opening"], "opening"),
        compared=tuple(_row(row) for row in table.get("compared", [])),
        decided=_paragraphs(table["decided"], "decided"),
        grounds=_grounds(table["grounds"]),
        appeal=_paragraphs(table["appeal"], "appeal"),
        told=_paragraphs(table.get("told", []), "told", least=0),
        signed_by=_line(table.get("signed_by", table["authority"]), "signed_by"),
        official=_line(table["official"], "official"),
    )


def _grounds(rows: object) -> tuple[Ground, ...]:
    if not isinstance(rows, list) or not rows:
        raise DecisionMalformed(
            "A decision has at least one ground.", where="grounds", mend='Give each as {"text": ..., "source": ...}.'
        )
    return tuple(
        Ground(_paragraph(row["text"], "grounds.text"), _line(row["source"], "grounds.source")) for row in rows
    )


def _row(row: object) -> tuple[str, str, str]:
    cells = _lines(row, "compared")
    if len(cells) != 3:  # noqa: PLR2004 (label, declared, found)
        raise DecisionMalformed("A row compares what was declared with what was found.", where="compared")
    return cells[0], cells[1], cells[2]


def _lines(value: object, where: str, *, least: int = 1) -> tuple[str, ...]:
    if not isinstance(value, list) or not least <= len(value) <= MOST_LINES:
        raise DecisionMalformed(f"This is a list of {least} to {MOST_LINES} lines.", where=where, mend="Write [ ... ].")
    return tuple(_line(each, where) for each in value)


def _paragraphs(value: object, where: str, *, least: int = 1) -> tuple[str, ...]:
    if not isinstance(value, list) or not least <= len(value) <= MOST_LINES:
        raise DecisionMalformed(
            f"This is a list of {least} to {MOST_LINES} paragraphs.", where=where, mend="Write [ ... ]."
        )
    return tuple(_paragraph(each, where) for each in value)


def _line(value: object, where: str) -> str:
    return _printable(value, where, LONGEST_LINE)


def _paragraph(value: object, where: str) -> str:
    return _printable(value, where, LONGEST_PARAGRAPH)


def _printable(value: object, where: str, longest: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest or not terms.is_printable(value):
        raise DecisionMalformed(
            f"{terms.shown(value)} is no text that prints.", where=where, mend=f"Write 1 to {longest} characters."
        )
    return value
