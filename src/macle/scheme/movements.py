"""Does this movement need a certificate? What Sections I and III say of goods and of their movement, and nothing more.

The Core Document speaks of rough diamonds that physically leave or enter the territory of a Participant. What it does
not speak of is answered with None: then the authority is asked, and a Participant's own law may say more.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Goods(StrEnum):
    """What is moved."""

    UNSORTED = "unsorted"
    INDUSTRIAL = "industrial"
    NON_INDUSTRIAL = "non-industrial"
    POLISHED = "polished"
    SYNTHETIC = "synthetic"
    POWDER = "powder"
    JEWELLERY = "jewellery"

    @property
    def is_rough(self) -> bool:
        """Return whether these are rough diamonds of the Scheme: three headings of the HS."""
        return self in {Goods.UNSORTED, Goods.INDUSTRIAL, Goods.NON_INDUSTRIAL}


class Movement(StrEnum):
    """Where it goes, as seen from the Participant in which it is."""

    TO_PARTICIPANT = "to a Participant"
    CARRIED = "carried in person"
    WITHIN = "within one Participant"
    INTO_FREE_ZONE = "into a free zone"
    OUT_OF_FREE_ZONE = "out of a free zone"
    IN_TRANSIT = "in transit, unopened"
    IN_TRANSIT_OPENED = "in transit, opened"
    SENT_BACK = "sent back after import"
    TURNED_BACK = "turned back unopened"
    TO_STRANGER = "to a non-Participant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether a certificate is needed, why, by what source, and what follows.

    ``needed`` is None where the Core Document does not decide it. A movement that is ``forbidden`` may not take place
    at all: no certificate makes it possible.
    """

    needed: bool | None
    why: str
    source: str
    then: str
    forbidden: bool = False


def needs_certificate(*, goods: Goods, movement: Movement) -> Answer:
    """Return whether these goods need a certificate for this movement.

    Goods that are no rough diamonds need none, wherever they go: nothing is said here of other laws.

    Source: KPCS Core Document, Section I (definitions), Section III(a) to (d), Annex II-26.
    """
    return _BY_MOVEMENT[movement] if goods.is_rough else _BY_GOODS[goods]


_ROUGH: Final = "KPCS Core Document, Section I (rough diamonds)"
_BY_GOODS: Final[Mapping[Goods, Answer]] = {
    Goods.POLISHED: Answer(
        needed=False,
        why="Rough diamonds are unworked, or simply sawn, cleaved or bruted. Polished ones are not among them.",
        source=_ROUGH,
        then="Stones that are only sawn, cleaved or bruted are rough: then choose their heading.",
    ),
    Goods.SYNTHETIC: Answer(
        needed=False,
        why="A diamond of the Scheme is a natural mineral. Synthetic ones are not among them.",
        source="KPCS Core Document, Section I (diamond)",
        then="No certificate covers them: they are not to be in a shipment that has one.",
    ),
    Goods.POWDER: Answer(
        needed=False,
        why="Rough diamonds are those of 7102.10, 7102.21 and 7102.31. Dust and powder are 7105.",
        source=_ROUGH,
        then="A Participant's own law may control them.",
    ),
    Goods.JEWELLERY: Answer(
        needed=False,
        why="Rough diamonds are those of 7102.10, 7102.21 and 7102.31. Jewellery is of another heading.",
        source=_ROUGH,
        then="Loose stones that travel with it are judged by themselves.",
    ),
}
_BY_MOVEMENT: Final[Mapping[Movement, Answer]] = {
    Movement.TO_PARTICIPANT: Answer(
        needed=True,
        why="Every shipment of rough diamonds that is exported to a Participant is accompanied by a certificate.",
        source="KPCS Core Document, Section III(a)",
        then="Lodge an application before the shipment leaves.",
    ),
    Movement.CARRIED: Answer(
        needed=True,
        why="Export is the physical leaving of the territory, whoever carries it. The Core Document names no least "
        "quantity and no exception for what a person carries.",
        source="KPCS Core Document, Section I (export) and Section III(a)",
        then="Lodge an application before you leave.",
    ),
    Movement.WITHIN: Answer(
        needed=False,
        why="Export is the physical leaving of a Participant's territory, and nothing leaves it. The European Union "
        "is one Participant.",
        source="KPCS Core Document, Section I (export, Participant)",
        then="As soon as it leaves for another Participant, it needs one.",
    ),
    Movement.INTO_FREE_ZONE: Answer(
        needed=False,
        why="A free trade zone is a part of the Participant's territory: what goes in from here does not leave it.",
        source="KPCS Core Document, Section I (export, free trade zone)",
        then="What leaves the zone for another Participant needs one, by the authority that is designated for it.",
    ),
    Movement.OUT_OF_FREE_ZONE: Answer(
        needed=True,
        why="A free trade zone is a part of the Participant's territory: what leaves it for another Participant is "
        "exported, and the designated authority processes it.",
        source="KPCS Core Document, Section III(a) and Annex II-26",
        then="Lodge an application before the shipment leaves the zone.",
    ),
    Movement.IN_TRANSIT: Answer(
        needed=False,
        why="A Participant that is only passed through issues none and asks for none, as long as the shipment leaves "
        "in the identical state in which it came.",
        source="KPCS Core Document, Section III(d)",
        then="Leave the container unopened and its seals whole. The exporting Participant's certificate stays with it.",
    ),
    Movement.IN_TRANSIT_OPENED: Answer(
        needed=True,
        why="What was opened or changed does not leave in the identical state: the exemption of transit ends, and it "
        "is an import and then an export.",
        source="KPCS Core Document, Section III(a), (b) and (d)",
        then="Show it to the authority with the certificate under which it came.",
    ),
    Movement.SENT_BACK: Answer(
        needed=True,
        why="What was imported and goes back leaves the territory like any other export.",
        source="KPCS Core Document, Section I (export) and Section III(a)",
        then="Lodge an application that names the certificate under which it came as its lawful source.",
    ),
    Movement.TURNED_BACK: Answer(
        needed=None,
        why="The Core Document has no rule for a shipment that was not let in and goes back under its seals.",
        source="KPCS Core Document, Section III",
        then="Ask the authority: some Participants write a technical certificate for it.",
    ),
    Movement.TO_STRANGER: Answer(
        needed=None,
        why="No shipment of rough diamonds is exported to a non-Participant.",
        source="KPCS Core Document, Section III(c)",
        then="No certificate makes it possible.",
        forbidden=True,
    ),
}
