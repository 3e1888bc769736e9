"""Section III: trade with Participants only, and one use of one certificate in its time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from macle.scheme import lifecycle, rules
from macle.scheme.certificates import ProfileReference
from macle.scheme.profiles import load as load_profiles
from macle.scheme.rules import Stage, trade
from macle.scheme.rules.settings import EarlierPresentation
from macle.scheme.terms import ParticipantCode
from tests.rules.cases import Case, held, of_application, of_presentation, of_validation, refused, table, undecided
from tests.support.builders import ISSUED, a_certificate, a_presentation_setting, an_issuing_setting, an_origin

_SUSPENDED_DAY = date(2014, 3, 3)
"""A day on which the Central African Republic was suspended."""

_UNKNOWN_DAY = date(2004, 6, 1)
"""A day on which Lebanon may or may not have been removed."""

_ISSUER, _ORIGIN = "III.c.issuer-standing", "III.c.origin-standing"
_DESTINATION, _IMPORTING = "III.c.destination", "III.c.importing-standing"


def _issued_by(code: str, on: date, **changes: Any) -> dict[str, Any]:
    """Return the changes that make a certificate of this issuer and its own origin, dated that day."""
    issued: dict[str, Any] = {
        "number": f"{code}00000017",
        "office": "Example Town",
        "date_of_issuance": on,
        "date_of_expiry": date.fromordinal(on.toordinal() + 50),
        "validated_at": datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
        "origin": an_origin(code),
    }
    return {**issued, **changes}


APPLICATION = [
    Case(
        "an issuer that is suspended",
        {"participant": "CF", "number": None, "date_of_issuance": "2014-03-03", "date_of_expiry": "2014-04-03"},
        (refused(_ISSUER, "number"),),
        {"profile": load_profiles().of("CF", on=_SUSPENDED_DAY), "on": _SUSPENDED_DAY},
    ),
    Case(
        "an issuer of which nobody can say",
        {"participant": "LB", "number": None, "date_of_issuance": "2004-06-01", "date_of_expiry": "2004-07-01"},
        (undecided(_ISSUER, "number"),),
        {"profile": load_profiles().of("LB", on=_UNKNOWN_DAY), "on": _UNKNOWN_DAY},
    ),
    Case(
        "an origin that is suspended",
        {"origin.countries": ["CF"], "date_of_issuance": "2014-03-03", "date_of_expiry": "2014-04-03"},
        (refused(_ORIGIN, "origin.countries"),),
        {"on": _SUSPENDED_DAY},
    ),
    Case(
        "one excluded origin of two",
        {"origin": {"kind": "mixed_listed", "countries": ["BW", "KE"]}},
        (refused(_ORIGIN, "origin.countries"),),
    ),
    Case(
        "two excluded origins",
        {"origin": {"kind": "mixed_listed", "countries": ["UG", "KE"]}},
        (refused(_ORIGIN, "origin.countries"),) * 2,
    ),
    Case("an origin in a member state", {"origin.countries": ["FI"]}, ()),
    Case("no destination", {"destination": None}, (refused(_DESTINATION, "destination"),)),
    Case("the issuer as destination", {"destination": "BW"}, (refused(_DESTINATION, "destination"),)),
    Case("a member state as destination", {"destination": "BE"}, (refused(_DESTINATION, "destination"),)),
    Case("no Participant as destination", {"destination": "KE"}, (refused(_DESTINATION, "destination"),)),
    Case("a trading entity as destination", {"destination": "TW"}, ()),
    Case(
        "a suspended destination",
        {"destination": "CF", "date_of_issuance": "2014-03-03", "date_of_expiry": "2014-04-03"},
        (refused(_DESTINATION, "destination"),),
        {"on": _SUSPENDED_DAY},
    ),
    Case(
        "a destination of which nobody can say",
        {"destination": "LB", "date_of_issuance": "2004-06-01", "date_of_expiry": "2004-07-01"},
        (undecided(_DESTINATION, "destination"),),
        {"on": _UNKNOWN_DAY},
    ),
]


@table(APPLICATION)
def test_an_application_is_for_trade_between_participants(case: Case) -> None:
    of_application(case)


VALIDATION = [
    Case(
        "an issuer that is suspended",
        _issued_by("CF", _SUSPENDED_DAY),
        (refused(_ISSUER, "number"), refused(_ORIGIN, "origin.countries")),
    ),
    Case(
        "an issuer of which nobody can say",
        _issued_by("LB", _UNKNOWN_DAY, origin=an_origin("BW")),
        (undecided(_ISSUER, "number"),),
    ),
    Case(
        "an origin of which nobody can say",
        _issued_by("BW", _UNKNOWN_DAY, origin=an_origin("LB")),
        (undecided(_ORIGIN, "origin.countries"),),
    ),
    Case("no Participant as origin", {"origin": an_origin("KE")}, (refused(_ORIGIN, "origin.countries"),)),
    Case("an undisclosed origin", {"origin": an_origin()}, ()),
    Case("the issuer as destination", {"destination": ParticipantCode("BW")}, (refused(_DESTINATION, "destination"),)),
    Case(
        "a member state as destination", {"destination": ParticipantCode("BE")}, (refused(_DESTINATION, "destination"),)
    ),
    Case(
        "no Participant as destination", {"destination": ParticipantCode("KE")}, (refused(_DESTINATION, "destination"),)
    ),
    Case(
        "a destination of which nobody can say",
        _issued_by("BW", _UNKNOWN_DAY, destination=ParticipantCode("LB")),
        (undecided(_DESTINATION, "destination"),),
    ),
]


@table(VALIDATION)
def test_a_certificate_is_for_trade_between_participants(case: Case) -> None:
    of_validation(case)


_AT_ANTWERP = EarlierPresentation(
    participant=ParticipantCode("EU"), office="Antwerp", at=datetime(2026, 11, 8, 9, 0, tzinfo=UTC)
)
_AT_LISBON = EarlierPresentation(
    participant=ParticipantCode("EU"), office="Lisbon", at=datetime(2026, 11, 8, 9, 0, tzinfo=UTC)
)
_IN_DUBAI = EarlierPresentation(
    participant=ParticipantCode("AE"), office="Antwerp", at=datetime(2026, 11, 8, 9, 0, tzinfo=UTC)
)
_SOMEWHERE = EarlierPresentation(
    participant=ParticipantCode("AE"), office="", at=datetime(2026, 11, 8, 9, 0, tzinfo=UTC)
)

PRESENTATION = [
    Case("a sound certificate", {}, ()),
    Case("at the instant of validation", {}, (), {"at": datetime(2026, 11, 2, 9, 30, tzinfo=UTC)}),
    Case(
        "before it was validated",
        {},
        (refused("III.b.in-date", "validated_at"),),
        {"at": datetime(2026, 11, 2, 9, 29, 59, tzinfo=UTC)},
    ),
    Case("in the last second", {}, (), {"at": datetime(2027, 1, 1, 21, 59, 59, tzinfo=UTC)}),
    Case(
        "when the last day is over",
        {},
        (refused("III.b.in-date", "expires_at"),),
        {"at": datetime(2027, 1, 1, 22, 0, tzinfo=UTC)},
    ),
    Case(
        "an issuer that was suspended",
        _issued_by("CF", _SUSPENDED_DAY),
        (refused(_ISSUER, "number"), refused(_ORIGIN, "origin.countries")),
    ),
    Case(
        "an issuer of which nobody can say",
        _issued_by("LB", _UNKNOWN_DAY, origin=an_origin("BW")),
        (undecided(_ISSUER, "number"),),
    ),
    Case(
        "an origin of which nobody can say",
        _issued_by("BW", _UNKNOWN_DAY, origin=an_origin("LB")),
        (undecided(_ORIGIN, "origin.countries"),),
    ),
    Case(
        "an importing side that is no Participant",
        {"destination": ParticipantCode("KE")},
        (refused(_IMPORTING, "destination"),),
    ),
    Case(
        "an importing side of which nobody can say",
        _issued_by("BW", _UNKNOWN_DAY, destination=ParticipantCode("LB")),
        (undecided(_IMPORTING, "destination"),),
    ),
    Case(
        "an issuer suspended on the way",
        _issued_by("CF", date(2013, 5, 20)),
        (held("III.c.issuer-standing", "number"),),
    ),
    Case(
        "presented elsewhere",
        {},
        (refused("III.b.destination-matches", "destination"),),
        {"importing": ParticipantCode("AE")},
    ),
    *(
        Case(f"known to be {word}", {}, (refused("III.b.not-withdrawn", "number"),), {"known_status": word})
        for word in ("void", "invalidated", "replaced", "lost", "fraud_confirmed", "refused", "rejected")
    ),
    *(Case(f"known to be {word}", {}, (), {"known_status": word}) for word in ("validated", "dispatched")),
    *(
        Case(f"known to be {word}", {}, (refused("III.b.single-use", "number"),), {"known_status": word})
        for word in ("presented", "accepted", "confirmed", "archived")
    ),
    Case("presented before at the same office", {}, (), {"earlier_presentation": _AT_ANTWERP}),
    Case(
        "presented before at another office",
        {},
        (refused("III.b.single-use", "number"),),
        {"earlier_presentation": _AT_LISBON},
    ),
    Case(
        "presented before to another Participant",
        {},
        (refused("III.b.single-use", "number"),),
        {"earlier_presentation": _IN_DUBAI},
    ),
    Case(
        "presented before, nobody knows where",
        {},
        (refused("III.b.single-use", "number"),),
        {"earlier_presentation": _SOMEWHERE},
    ),
]


@table(PRESENTATION)
def test_a_certificate_enters_once_and_in_its_time(case: Case) -> None:
    of_presentation(case)


class TestNotWithdrawn:
    def test_knows_the_words_of_the_lifecycle(self) -> None:
        assert {state.value for state in lifecycle.CertificateState} >= trade._WITHDRAWN


class TestImportingStanding:
    @pytest.mark.parametrize(
        ("at", "is_participant"),
        [
            pytest.param(datetime(2020, 12, 31, 19, 59, 59, tzinfo=UTC), False, id="the last second of 2020 there"),
            pytest.param(datetime(2020, 12, 31, 20, 0, tzinfo=UTC), True, id="the first second of 2021 there"),
        ],
    )
    def test_is_judged_on_the_day_at_the_office(self, at: datetime, is_participant: bool) -> None:
        certificate = a_certificate(**_issued_by("BW", date(2020, 12, 1), destination=ParticipantCode("GB")))
        four_hours_ahead = load_profiles().of("AE", on=ISSUED)
        setting = a_presentation_setting(certificate, at=at, profile=four_hours_ahead)
        found = trade.importing_standing(subject=certificate, setting=setting)
        assert (found == []) is is_participant


class TestWhatIsSaid:
    def test_an_expired_certificate_is_called_no_forgery(self) -> None:
        certificate = a_certificate()
        setting = a_presentation_setting(certificate, at=certificate.expires_at)
        (breach,) = rules.check(stage=Stage.PRESENTATION, subject=certificate, setting=setting)
        assert breach.what == "It expired at the end of 2027-01-01 in the issuer's zone (2027-01-01 22:00 UTC)."
        assert breach.mend.startswith("An expired certificate is not a forgery: the official decides")

    def test_a_member_state_is_told_its_participant(self) -> None:
        certificate = a_certificate(destination=ParticipantCode("BE"), profile=ProfileReference("minima-1", "core"))
        found = trade.destination(subject=certificate, setting=an_issuing_setting(certificate))
        assert [each.mend for each in found] == ["Write EU."]

    def test_a_breach_of_standing_names_day_and_basis(self) -> None:
        certificate = a_certificate(**_issued_by("CF", _SUSPENDED_DAY, origin=an_origin("BW")))
        (breach,) = rules.check(
            stage=Stage.PRESENTATION, subject=certificate, setting=a_presentation_setting(certificate)
        )
        assert breach.what == "On 2014-03-03 CF was suspended (temporary suspension by administrative decision)."
        assert breach.facts["judged_at"] == _SUSPENDED_DAY

    def test_the_first_presentation_is_named(self) -> None:
        certificate = a_certificate()
        setting = a_presentation_setting(certificate, earlier_presentation=_AT_LISBON)
        (breach,) = rules.check(stage=Stage.PRESENTATION, subject=certificate, setting=setting)
        assert "at Lisbon of EU, 2026-11-08 09:00 UTC" in breach.what
