"""The import confirmation against its certificate."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from macle.scheme.certificates import Line, Reference
from macle.scheme.confirmations import ConfirmationResult, Count, SealState
from macle.scheme.profiles import Tolerance
from macle.scheme.profiles import load as load_profiles
from macle.scheme.rules import confirmation
from macle.scheme.terms import Carats, HSCode, ParticipantCode, USDollars
from tests.rules.cases import Case, held, of_confirmation, refused, table
from tests.support.builders import (
    PRESENTED_AT,
    a_certificate,
    a_confirmation,
    a_confirmation_setting,
    a_line,
    a_number,
    an_exporter,
    an_importer,
)

_EU = load_profiles().of("EU", on=PRESENTED_AT.date())
_MATCHES = "III.b.confirmation-matches"
_TOLERANCE = held("profile.tolerance", "measured.lines")
_IDENTITY, _OTHER_IDENTITY = bytes(32), bytes([1] * 32)


def _lines(non_industrial: str = "205.18", industrial: str = "1000.00") -> tuple[Line, ...]:
    """Return the lines of the sound certificate with these weights."""
    return a_line(carats=non_industrial), a_line(HSCode.INDUSTRIAL, industrial, "12500.50")


def _measured(parcels: int = 3, **weights: Any) -> dict[str, Any]:
    return {"measured": Count(parcels, _lines(**weights))}


def _allowing(**figures: int | None) -> dict[str, Any]:
    """Return the setting of an importing Participant with this tolerance."""
    tolerance = Tolerance(**{"hundredths": None, "basis_points": None, **figures}, source="Example Act, s. 3")
    return {"profile": dataclasses.replace(_EU, tolerance=tolerance)}


_NOUGHT = Count(3, (Line(HSCode.NON_INDUSTRIAL, Carats(0), USDollars(0)),))

CONFIRMATION = [
    Case("as declared", {}, ()),
    Case("not opened", {"measured": None}, ()),
    # Measured weight.
    Case("a hundredth more", _measured(non_industrial="205.19"), (_TOLERANCE,)),
    Case("a hundredth less", _measured(industrial="999.99"), (_TOLERANCE,)),
    Case("one hundredth where one is tolerated", _measured(industrial="999.99"), (), _allowing(hundredths=1)),
    Case(
        "two hundredths where one is tolerated", _measured(industrial="999.98"), (_TOLERANCE,), _allowing(hundredths=1)
    ),
    Case("within a thousandth of the weight", _measured(industrial="999.00"), (), _allowing(basis_points=10)),
    Case(
        "within a thousandth of all, beyond it of one heading",
        _measured(non_industrial="204.50"),
        (_TOLERANCE,),
        _allowing(basis_points=10),
    ),
    Case(
        "more than a thousandth of the weight",
        _measured(industrial="998.00"),
        (_TOLERANCE,),
        _allowing(basis_points=10),
    ),
    Case(
        "one heading for the other", _measured(non_industrial="1000.00", industrial="205.18"), (_TOLERANCE, _TOLERANCE)
    ),
    Case("all under one heading", {"measured": Count(3, (a_line(carats="1205.18"),))}, (_TOLERANCE, _TOLERANCE)),
    Case("other values", {"measured": Count(3, (a_line(value="1.00"), _lines()[1]))}, ()),
    Case("lines in another order", {"measured": Count(3, _lines()[::-1]), "declared": Count(3, _lines()[::-1])}, ()),
    Case("less, and refused", _measured(industrial="900.00") | {"result": ConfirmationResult.REFUSED}, ()),
    Case(
        "less, and endorsed",
        _measured(industrial="900.00") | {"result": ConfirmationResult.ACCEPTED_AFTER_ENDORSEMENT},
        (),
    ),
    # Seals and parcels.
    Case("broken seals", {"seals": SealState.BROKEN}, (held("AnnexII.22.seals", "seals"),)),
    Case(
        "broken seals, not opened", {"seals": SealState.BROKEN, "measured": None}, (held("AnnexII.22.seals", "seals"),)
    ),
    Case("broken seals, and refused", {"seals": SealState.BROKEN, "result": ConfirmationResult.REFUSED}, ()),
    Case("seals that customs replaced", {"seals": SealState.REPLACED_BY_CUSTOMS}, ()),
    Case("a parcel more", _measured(4), (held("AnnexII.23.contents", "measured.parcels"),)),
    Case("a parcel less, and refused", _measured(2) | {"result": ConfirmationResult.REFUSED}, ()),
    # The least content, and what is repeated from the certificate.
    Case(
        "another number", {"certificate": Reference(a_number("BW00004822"))}, (refused(_MATCHES, "certificate.number"),)
    ),
    Case(
        "the identity of the certificate",
        {"certificate": Reference(a_number(), _IDENTITY)},
        (),
        {"identity": _IDENTITY},
    ),
    Case(
        "another identity under the number",
        {"certificate": Reference(a_number(), _OTHER_IDENTITY)},
        (refused(_MATCHES, "certificate.identity"),),
        {"identity": _IDENTITY},
    ),
    Case("an identity where there is only paper", {"certificate": Reference(a_number(), _OTHER_IDENTITY)}, ()),
    Case("paper where there is an identity", {}, (), {"identity": _IDENTITY}),
    Case(
        "confirmed by another Participant",
        {"importing_participant": ParticipantCode("IN")},
        (refused(_MATCHES, "importing_participant"),),
    ),
    Case("another exporter", {"exporter": an_exporter(name="Sample Stones Ltd")}, (refused(_MATCHES, "exporter"),)),
    Case("another importer", {"importer": an_importer(town="Ghent")}, (refused(_MATCHES, "importer"),)),
    Case("other declared parcels", {"declared": Count(2, _lines())}, (refused(_MATCHES, "declared.parcels"),)),
    Case("another declared weight", {"declared": Count(3, _lines("205.19"))}, (refused(_MATCHES, "declared.lines"),)),
    Case(
        "another declared value",
        {"declared": Count(3, (a_line(value="1.00"), _lines()[1]))},
        (refused(_MATCHES, "declared.lines"),),
    ),
    Case(
        "confirmed before it was validated",
        {"confirmed_at": datetime(2026, 11, 2, 9, 29, 59, tzinfo=UTC), "date_of_receipt": date(2026, 11, 2)},
        (refused(_MATCHES, "confirmed_at"),),
    ),
    Case(
        "received the day after it was confirmed",
        {"date_of_receipt": date(2026, 11, 10)},
        (refused(_MATCHES, "date_of_receipt"),),
    ),
    Case(
        "received when it was already the next day at the office",
        {"date_of_receipt": date(2026, 11, 10), "confirmed_at": datetime(2026, 11, 9, 23, 30, tzinfo=UTC)},
        (),
    ),
    Case("received the day before it was issued, across the date line", {"date_of_receipt": date(2026, 11, 1)}, ()),
    Case(
        "received two days before it was issued",
        {"date_of_receipt": date(2026, 10, 31)},
        (refused(_MATCHES, "date_of_receipt"),),
    ),
    Case(
        "confirmed at the instant of validation",
        {"confirmed_at": datetime(2026, 11, 2, 9, 30, tzinfo=UTC), "date_of_receipt": date(2026, 11, 2)},
        (),
    ),
]


@table(CONFIRMATION)
def test_a_confirmation_says_what_came_of_its_certificate(case: Case) -> None:
    of_confirmation(case)


class TestContent:
    def test_a_declared_weight_of_nought_says_nothing(self) -> None:
        case = Case(
            "nought",
            {"declared": _NOUGHT},
            (refused("III.b.confirmation-content", "declared.lines"), refused(_MATCHES, "declared.lines")),
        )
        of_confirmation(case)


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        ("weights", "said"),
        [
            ({"industrial": "900.00"}, ["Measured 1105.18 carats in all, declared 1205.18."]),
            (
                {"non_industrial": "1000.00", "industrial": "205.18"},
                [
                    "Measured 205.18 carats of 7102.21, declared 1000.00.",
                    "Measured 1000.00 carats of 7102.31, declared 205.18.",
                ],
            ),
        ],
    )
    def test_a_difference_names_both_weights(self, weights: dict[str, Any], said: list[str]) -> None:
        found = confirmation.tolerance(subject=a_confirmation(**_measured(**weights)), setting=a_confirmation_setting())
        assert [each.what for each in found] == said

    def test_both_sides_of_a_disagreement_are_facts(self) -> None:
        subject = a_confirmation(a_certificate(parcels=4), measured=None)
        (breach,) = confirmation.confirmation_matches(subject=subject, setting=a_confirmation_setting())
        assert (breach.facts["confirmed"], breach.facts["certified"]) == (4, 3)

    def test_facts_are_plain_data(self) -> None:
        subject = a_confirmation(
            certificate=Reference(a_number("BW00004822"), _OTHER_IDENTITY),
            exporter=an_exporter(name="Sample Stones Ltd"),
            declared=Count(3, _lines("205.19")),
        )
        found = confirmation.confirmation_matches(subject=subject, setting=a_confirmation_setting(identity=_IDENTITY))
        assert [each.where for each in found] == [
            "certificate.number",
            "certificate.identity",
            "exporter",
            "declared.lines",
        ]
        for each in found:
            assert json.loads(json.dumps(each.facts)).keys() == {"confirmed", "certified"}

    def test_a_tolerance_names_its_law(self) -> None:
        setting = a_confirmation_setting(**_allowing(hundredths=1))
        (breach,) = confirmation.tolerance(subject=a_confirmation(**_measured(industrial="999.00")), setting=setting)
        assert breach.facts["source"] == "Example Act, s. 3"
